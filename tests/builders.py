"""Builders: a case as a test needs it, made through the same verbs as in real life.

Names are invented and look it.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.acts import NewAct, record_act
from casework.intake import receive_signal
from casework.people import NewContact, NewOrganisation, add_contact, add_organisation
from casework.signals import NewSignal
from casework.stages import decide
from casework.views import case_view

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Amsterdam
TOWN = "voorbeeldstad"
PACKET = {
    "severity": "medium",
    "risks": ["dog", "go_in_pairs"],
    "summary": "Geluid in de nacht, al weken.",
    "if_then": "Bij escalatie: bel de wijkagent.",
    "not_shared": "Niets over behandeling.",
    "ask_whom": "De zorgcoördinator van Zorg Voorbeeld.",
    "told_person": "De bewoner weet van deze overdracht.",
    "told_reporter": "De melder weet dat een ander het overneemt.",
}
# Facts of decisions that lack nothing; a test says what it leaves out or changes.
AN_ORDER: dict[str, Any] = {
    "form": "coercion", "measures": "stil na 22 uur", "measures_concrete": True,
    "at_once_because": "herhaling voorkomen kost geen tijd", "in_force_until": "2026-08-30",
    "duration_motivated": True, "home_weighed": True, "objection_clause": True,
    "decided_by": "burgemeester",
}  # fmt: skip
A_BAN: dict[str, Any] = {
    "until": "2026-03-12", "adult": True, "duration_motivated": True, "home_weighed": True,
    "objection_clause": True, "hearing_skipped": "urgency", "decided_by": "burgemeester",
}  # fmt: skip
A_CLOSURE: dict[str, Any] = {
    "effective_at": "2026-03-03T20:00+01:00", "until": "2026-05-31T20:00+02:00",
    "urgent_because": "brandgevaar", "hearing_skipped": "urgency", "duration_motivated": True,
    "home_weighed": True, "objection_clause": True, "decided_by": "burgemeester",
}  # fmt: skip


def a_town(engine: Engine, town: str = TOWN) -> None:
    """A municipality with people in every function, and a care organisation."""
    add_organisation(engine, NewOrganisation(
        key=f"gemeente-{town}", name="Gemeente Voorbeeldstad", kind="municipality",
        municipality=town))  # fmt: skip
    add_organisation(engine, NewOrganisation(
        key=f"zorg-{town}", name="Zorg Voorbeeld", kind="care", municipality=town))  # fmt: skip
    a_contact(engine, "deputy", "case_worker", town)
    a_contact(engine, "director", "case_director", town, deputy="deputy")
    a_contact(engine, "process", "process_director", town)
    a_contact(engine, "head", "head_of_public_order", town)
    a_contact(engine, "care", "care_worker", town, organisation=f"zorg-{town}")
    a_contact(engine, "jurist", "enforcement_jurist", town)


def a_contact(engine: Engine, key: str, function: str, town: str = TOWN, **more: Any) -> None:
    add_contact(engine, NewContact(**{
        "key": key, "organisation": f"gemeente-{town}", "name": f"Voorbeeld {key.title()}",
        "function": function, "address": f"{key}@voorbeeld.example", **more}))  # fmt: skip


def a_signal(**more: Any) -> NewSignal:
    return NewSignal(**{
        "municipality": TOWN, "address": "Voorbeeldstraat 1", "received_at": NOW,
        "nature": "noise", **more})  # fmt: skip


def a_case(engine: Engine, stage: str = "signal", now: datetime = NOW, **signal: Any) -> str:
    """The key of a case that has travelled to `stage` by ordinary decisions."""
    key = receive_signal(engine, a_signal(received_at=now, **signal), now).case_key
    if ROADS[stage]:
        act(engine, key, "reporter_informed", now)
    for reached, exit_key in ROADS[stage]:
        if reached in {"warning", "behavioural_order"}:
            evidence(engine, key, now)
        if reached == "house_closure":
            threat(engine, key, now)
        go(engine, key, exit_key, now)
    return key


def go(engine: Engine, key: str, exit_key: str, now: datetime = NOW, **more: Any) -> int:
    with engine.connect().execution_options(reads_only=True) as looking:
        seen = sa.text("SELECT version FROM cases WHERE key = :key")
        version = looking.execute(seen, {"key": key}).scalar_one()
    return decide(
        engine, key, by="director", seen_version=version, now=now, exit_key=exit_key, **more
    )


def act(engine: Engine, key: str, kind: str, at: datetime = NOW, **facts: Any) -> Any:
    return record_act(engine, key, NewAct(kind=kind, at=at, by="director", facts=facts), at)


def evidence(engine: Engine, key: str, now: datetime = NOW) -> None:
    """Everything the guards of warning and order ask, and a warning that still holds."""
    act(engine, key, "pattern_established", now, serious=True, repeated=True)
    act(engine, key, "observation_recorded", now, by="police")
    act(engine, key, "lighter_means_recorded", now, means="bemiddeling", result="geen effect")
    act(engine, key, "care_consult_answered", now, answer="geen bezwaar")
    if case_view(engine, key, now).stage == "warning":
        until = (now + timedelta(days=270)).date()
        act(engine, key, "warning_delivered", now, valid_until=until, proof_of_delivery="baliebon")


def threat(engine: Engine, key: str, now: datetime = NOW, **more: Any) -> None:
    """Everything the guards of a closure ask."""
    found = {"ground": "a", "harm": "safety", "origin": "dwelling", **more}
    act(engine, key, "threat_established", now, **found)
    act(engine, key, "observation_recorded", now, by="sworn_report")
    act(engine, key, "lighter_means_recorded", now, means="aanschrijving", result="geen effect")
    act(engine, key, "housing_inquiry_recorded", now, result="opvang bij familie")
    act(engine, key, "policy_checked", now, followed=True)


def announce_order(engine: Engine, key: str, at: datetime = NOW, **more: Any) -> Any:
    """Intention, views and a complete order, all at once; what it started is in the answer.

    A fact given as None is left out.
    """
    act(engine, key, "intention_sent", at, views_until=at.date())
    act(engine, key, "views_heard", at)
    act(engine, key, "policy_checked", at, followed=True)
    return act(engine, key, "order_announced", at, **stated(AN_ORDER | more))


def impose_ban(engine: Engine, key: str, at: datetime = NOW, **more: Any) -> Any:
    """A complete house ban of ten days, and what goes before it."""
    act(engine, key, "housing_inquiry_recorded", at, result="bij zus")
    act(engine, key, "policy_checked", at, followed=True)
    until = {"until": (at + timedelta(days=10)).date()}
    return act(engine, key, "house_ban_imposed", at, **stated(A_BAN | until | more))


def announce_closure(engine: Engine, key: str, at: datetime = NOW, **more: Any) -> Any:
    """A complete closure; what it asks of the dossier is there since the case came to it."""
    return act(engine, key, "closure_announced", at, **stated(A_CLOSURE | more))


def stated(facts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}


_TO_CARE = (("assessment", "take_up"), ("voluntary_care", "help_first"))
_TO_WARNING = (*_TO_CARE, ("outreach_care", "refused"), ("warning", "exhausted"))
ROADS: dict[str, tuple[tuple[str, str], ...]] = {
    "signal": (),
    "assessment": _TO_CARE[:1],
    "voluntary_care": _TO_CARE,
    "outreach_care": _TO_WARNING[:3],
    "warning": _TO_WARNING,
    "behavioural_order": (*_TO_WARNING, ("behavioural_order", "persists")),
    "house_closure": (_TO_CARE[0], ("house_closure", "danger")),
    "aftercare": (*_TO_CARE, ("aftercare", "works")),
}
