"""Acts: recorded once, judged as of their day, starting and settling promises."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from casework.acts import NewAct, record_act
from casework.refusals import NotAllowed, NotFound, OutOfOrder, Unmet
from casework.views import case_view
from escalation.facts import BadFacts
from escalation.moves import Unknown, acts
from tests.builders import (
    A_CLOSURE,
    AN_ORDER,
    NOW,
    a_case,
    act,
    announce_closure,
    announce_order,
    go,
    impose_ban,
    threat,
)
from tests.casework.looking import DAY, at_once, everything, kinds, promises, raise_all

LATER = NOW + 30 * DAY
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ORDER, CLOSURE = AN_ORDER, A_CLOSURE
EXTENSION = {
    "duration_motivated": True, "objection_clause": True, "serious_fear": "dreigt terug te keren",
    "decided_by": "burgemeester",
}  # fmt: skip


def recorded(engine, key, kind, now=NOW, **more):
    options = {"at": now, "by": "director"} | {
        k: more.pop(k) for k in ("at", "by", "ground", "reference") if k in more
    }
    aside = {name: more.pop(name, None) for name in ("waive", "waived_by")}
    return record_act(engine, key, NewAct(kind=kind, facts=more, **options), now, **aside)


def refuses(engine, error, key, kind, match=None, **more):
    before = everything(engine)
    with pytest.raises(error, match=match) as refused:
        recorded(engine, key, kind, **more)
    assert everything(engine) == before
    return refused.value


# --- recording -----------------------------------------------------------------------------------


def test_an_act_is_on_record_with_who_when_and_on_what_ground(engine, in_signal):
    yesterday = NOW - DAY
    done = recorded(
        engine, in_signal, "site_visited", at=yesterday, by="deputy", ground="mandaat 3",
        result="muziek gehoord",
    )  # fmt: skip
    view = case_view(engine, in_signal, NOW)
    assert view.acts == [(yesterday, "site_visited", "deputy", {"result": "muziek gehoord"})]
    assert (done.known_already, done.version, done.started) == (False, view.version, ())
    line = view.journal[-1]
    assert (line.what, line.actor, line.at, line.data["act"]) == (
        "act", "deputy", NOW, "site_visited",
    )  # fmt: skip
    assert "muziek" not in str(view.journal)


@pytest.mark.parametrize("reference", [None, "Z-1"])
def test_an_act_recorded_twice_is_recorded_once(engine, in_signal, reference):
    first = recorded(engine, in_signal, "site_visited", reference=reference, result="stil")
    before = everything(engine)
    again = recorded(engine, in_signal, "site_visited", reference=reference, result="stil")
    assert (again.known_already, again.version) == (True, first.version)
    assert everything(engine) == before


@pytest.mark.parametrize(
    "other", [{"result": "lawaai"}, {"at": NOW - timedelta(seconds=1)}, {"by": "deputy"}],
    ids=["fact", "moment", "person"],
)  # fmt: skip
def test_another_act_of_the_same_kind_is_another_act(engine, in_signal, other):
    recorded(engine, in_signal, "site_visited", result="stil")
    assert not recorded(
        engine, in_signal, "site_visited", **{"result": "stil"} | other
    ).known_already


def test_the_same_reference_on_another_case_is_another_act(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    recorded(engine, in_signal, "site_visited", reference="Z-1")
    assert not recorded(engine, other, "site_visited", reference="Z-1").known_already


def test_one_act_sent_twice_at_once_is_recorded_once(engine, in_signal):
    got = at_once(*[lambda: recorded(engine, in_signal, "site_visited", reference="Z-1")] * 2)
    assert sorted(g.known_already for g in got) == [False, True]
    assert kinds(engine, in_signal).count("act") == 1


@pytest.mark.parametrize(
    ("kind", "more", "error", "match"),
    [
        ("flog", {}, Unknown, "unknown act 'flog'"),
        ("order_announced", ORDER, Unknown, "belongs to stage 'behavioural_order'"),
        ("site_visited", {"shoe_size": 44}, BadFacts, "not a fact of this act"),
        ("observation_recorded", {}, BadFacts, "'by' is needed"),
        ("site_visited", {"by": "nobody"}, NotFound, "contact nobody"),
        ("site_visited", {"at": NOW + timedelta(microseconds=1)}, NotAllowed, "before it is done"),
        ("site_visited", {"waive": {"heard": "x"}}, NotAllowed, "can not be waived here: heard"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_refused_act_changes_nothing(engine, in_signal, kind, more, error, match):
    refuses(engine, error, in_signal, kind, match, **more)


def test_an_act_on_no_case_is_refused(engine):
    with pytest.raises(NotFound, match="2026-00077"):
        recorded(engine, "2026-00077", "site_visited")


def test_an_act_needs_a_moment_with_its_zone():
    with pytest.raises(ValidationError):
        NewAct(kind="site_visited", at=datetime(2026, 3, 2, 9), by="director")  # noqa: DTZ001


@pytest.mark.parametrize("until", ["9999-12-31", "2150-01-01", "1700-01-01"])
def test_a_date_beyond_every_calendar_is_refused_and_not_a_crash(engine, in_warning, until):
    refuses(
        engine, BadFacts, in_warning, "warning_delivered", "year", valid_until=until,
        proof_of_delivery="baliebon",
    )  # fmt: skip


# --- guards --------------------------------------------------------------------------------------


def test_a_coercive_act_lists_every_guard_it_does_not_meet(engine, in_behavioural_order):
    nothing = {"form": "penalty", "measures": "rustig zijn", "decided_by": "burgemeester"}
    refusal = refuses(engine, Unmet, in_behavioural_order, "order_announced", **nothing)
    assert [g.key for g in refusal.guards] == [
        "heard", "own_policy_followed", "order_within_policy", "proportionate", "order_complete",
        "measures_concrete", "order_term", "home_weighed", "objection_clause",
    ]  # fmt: skip
    for guard in refusal.guards:
        assert guard.asks.nl in str(refusal)
        assert guard.source.cite in str(refusal)


def test_a_second_order_for_the_same_breach_is_refused_until_the_first_is_over(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    announce_order(engine, key, in_force_until="2026-03-20T17:00+01:00")
    refusal = refuses(
        engine, Unmet, key, "order_announced", **ORDER, hearing_skipped="urgency"
    )  # fmt: skip
    assert [g.key for g in refusal.guards] == ["no_other_sanction"]
    act(engine, key, "order_withdrawn", NOW + DAY)
    recorded(engine, key, "order_announced", NOW + 2 * DAY, **ORDER, hearing_skipped="urgency")


def test_an_act_is_judged_as_the_dossier_stood_on_its_day(engine, in_behavioural_order):
    key = in_behavioural_order
    act(engine, key, "intention_sent", NOW + DAY, views_until="2026-03-10")
    act(engine, key, "policy_checked", NOW + 2 * DAY, followed=True)
    act(engine, key, "views_heard", NOW + 9 * DAY)
    backdated = {"at": NOW + 5 * DAY, "now": NOW + 10 * DAY, **ORDER}
    refusal = refuses(engine, Unmet, key, "order_announced", **backdated)
    assert [g.key for g in refusal.guards] == ["heard"]
    recorded(engine, key, "order_announced", at=NOW + 9 * DAY, now=NOW + 10 * DAY, **ORDER)


def test_an_act_is_judged_by_the_law_as_it_stood_on_its_day(engine):
    then = datetime(2023, 12, 20, 9, tzinfo=UTC)
    key = a_case(engine, "assessment", now=then)
    threat(engine, key, then, ground="b", harm="violence", origin="near_dwelling")
    with pytest.raises(Unmet, match="closure_ground"):
        go(engine, key, "danger", then)
    after = datetime(2024, 1, 2, 9, tzinfo=UTC)
    dates = {"effective_at": "2024-01-03", "until": "2024-03-03"}
    go(engine, key, "danger", after)
    refusal = refuses(
        engine, Unmet, key, "closure_announced", at=then, now=after, **CLOSURE | dates
    )  # fmt: skip
    assert [g.key for g in refusal.guards] == ["closure_ground"]


def test_a_house_ban_is_extended_to_four_weeks_at_most_and_after_hearing_again(
    engine, in_behavioural_order
):
    key, extension = in_behavioural_order, NOW + 8 * DAY
    impose_ban(engine, key)
    facts = EXTENSION | {"until": "2026-03-31"}
    refusal = refuses(engine, Unmet, key, "house_ban_extended", now=extension, **facts)
    assert [g.key for g in refusal.guards] == ["heard_again_ban", "four_weeks_at_most"]
    act(engine, key, "views_heard", extension)
    done = recorded(
        engine, key, "house_ban_extended", now=extension, **facts | {"until": "2026-03-30"}
    )
    assert ("ban_ends", "2026-03-30") in done.started


# --- what an act starts --------------------------------------------------------------------------


def test_an_announced_order_starts_its_terms_and_says_so(engine, in_behavioural_order):
    done = announce_order(
        engine, in_behavioural_order, compliance_until="2026-03-16", in_force_until="2026-09-01"
    )
    assert dict(done.started) == {
        "objection": "2026-04-13", "complied": "2026-03-16", "evaluated": "2026-03-30",
        "evaluated_again": "2026-05-25", "order_ends": "2026-09-01",
    }  # fmt: skip


def test_a_fact_that_is_not_stated_starts_no_term(engine, in_behavioural_order):
    done = announce_order(
        engine, in_behavioural_order, in_force_until=None, deviation_because="derde terugval"
    )
    assert {"complied", "order_ends"}.isdisjoint(dict(done.started))


def test_terms_run_from_when_it_was_done_not_from_when_it_was_written_down(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    act(engine, key, "intention_sent", views_until="2026-03-02")
    act(engine, key, "views_heard", NOW)
    act(engine, key, "policy_checked", NOW, followed=True)
    done = recorded(engine, key, "order_announced", at=NOW + DAY, now=NOW + 9 * DAY, **ORDER)
    assert dict(done.started)["objection"] == "2026-04-14"


@pytest.mark.parametrize(
    ("announced", "last_day"),
    [
        (date(2026, 2, 20), "2026-04-07"),  # Good Friday, weekend and Easter Monday passed over
        (date(2026, 4, 2), "2026-05-18"),  # Ascension Day and the Friday decreed with it, weekend
        (date(2026, 3, 2), "2026-04-13"),
    ],
)
def test_a_term_of_law_moves_off_free_days_and_explains_itself(engine, announced, last_day):
    at = datetime(announced.year, announced.month, announced.day, 10, tzinfo=AMSTERDAM)
    key = a_case(engine, "behavioural_order", now=at)
    done = announce_order(engine, key, at)
    assert dict(done.started)["objection"] == last_day
    objection = promises(engine, key)["objection"]
    assert (objection.statutory, objection.source) == (True, "Awb 6:7, 6:8(1)")
    assert objection.due_at == datetime.combine(
        date.fromisoformat(last_day) + DAY, datetime.min.time(), AMSTERDAM
    )
    for step in objection.derivation:
        assert step["nl"]
        assert step["en"]
    assert "Algemene termijnenwet" in objection.derivation[-1]["nl"]


def test_an_act_late_in_the_evening_counts_from_the_day_it_was_in_amsterdam(
    engine, in_behavioural_order
):
    late = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)  # half past midnight on the fourth
    done = announce_order(engine, in_behavioural_order, late)
    assert dict(done.started)["objection"] == "2026-04-15"


def test_a_date_a_decision_states_is_that_date_whatever_day_it_is(engine, in_warning):
    done = recorded(
        engine, in_warning, "warning_delivered", valid_until="2026-04-05", proof_of_delivery="bon"
    )  # Easter Sunday
    assert dict(done.started)["warning_lapses"] == "2026-04-05"
    promise = promises(engine, in_warning)["warning_lapses"]
    assert "05-04-2026" in promise.derivation[0]["nl"]
    assert (promise.exact, promise.statutory) == (False, False)


def test_a_moment_a_decision_states_is_due_at_that_very_moment(engine, in_house_closure):
    announce_closure(
        engine, in_house_closure, effective_at="2026-03-05T10:00+01:00",
        until="2026-06-05T10:00+02:00",
    )  # fmt: skip
    effect, end = (promises(engine, in_house_closure)[k] for k in ("takes_effect", "closure_ends"))
    assert (effect.exact, effect.due_at) == (True, datetime(2026, 3, 5, 9, tzinfo=UTC))
    assert (end.exact, end.due_at) == (True, datetime(2026, 6, 5, 8, tzinfo=UTC))
    raise_all(engine, datetime(2026, 3, 5, 8, 59, 59, tzinfo=UTC))
    assert promises(engine, in_house_closure)["takes_effect"].rung != 0
    raise_all(engine, datetime(2026, 3, 5, 9, tzinfo=UTC))
    assert promises(engine, in_house_closure)["takes_effect"].rung == 0


# --- what an act settles -------------------------------------------------------------------------


def test_an_act_answers_the_promise_that_asked_for_it(engine, in_signal):
    act(engine, in_signal, "reporter_informed", LATER)
    answered = promises(engine, in_signal, "answered")["acknowledged"]
    assert (answered.answer, answered.next_at) == ("done", None)
    assert "triaged" in promises(engine, in_signal)


def test_an_act_answers_only_promises_of_its_own_section(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key)
    threat(engine, key)
    go(engine, key, "danger")
    announce_closure(engine, key)
    evaluated = promises(engine, key)["evaluated"]
    assert evaluated.section == "house_closure"
    act(engine, key, "order_withdrawn", NOW + DAY)
    assert promises(engine, key)["evaluated"].id == evaluated.id


def test_an_announced_order_answers_what_was_prepared_and_ends_the_wait_for_views(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    act(engine, key, "policy_checked", followed=True)
    assert "prepared" in promises(engine, key)
    act(engine, key, "intention_sent", views_until="2026-03-16")
    assert "prepared" in promises(engine, key, "answered")
    recorded(engine, key, "order_announced", **ORDER, hearing_skipped="urgency")
    assert "views_in" in promises(engine, key, "lapsed")
    assert {"prepared", "views_in"}.isdisjoint(promises(engine, key))


@pytest.mark.parametrize(("stage", "kind"), [
    ("behavioural_order", "order_announced"), ("house_closure", "closure_announced"),
])  # fmt: skip
def test_a_decision_without_an_intention_answers_what_was_prepared(engine, stage, kind):
    key, facts = a_case(engine, stage), ORDER if kind == "order_announced" else CLOSURE
    act(engine, key, "policy_checked", followed=True)
    recorded(engine, key, kind, **facts | {"hearing_skipped": "urgency"})
    assert "prepared" in promises(engine, key, "answered")


def test_a_closure_that_is_shortened_and_then_extended_has_one_end_at_a_time(
    engine, in_house_closure
):
    key = in_house_closure
    announce_closure(engine, key)
    act(engine, key, "closure_shortened", NOW + DAY, until="2026-04-01T12:00+02:00", reason="rust")
    assert str(promises(engine, key)["closure_ends"].due_on) == "2026-04-01"
    act(engine, key, "views_heard", NOW + 2 * DAY)
    act(engine, key, "housing_inquiry_recorded", NOW + 2 * DAY)
    act(engine, key, "closure_extended", NOW + 2 * DAY, **EXTENSION | {"until": "2026-05-01"})
    ends = [p for p in case_view(engine, key, NOW).promises if p.key == "closure_ends"]
    assert [str(p.due_on) for p in ends if p.state == "open"] == ["2026-05-01"]
    assert len(ends) == 3


def test_when_an_act_answers_the_last_promise_the_next_step_is_asked(engine):
    key = a_case(engine, "assessment")
    act(engine, key, "joint_analysis_signed", LATER)
    step = promises(engine, key)["next_step"]
    assert str(step.due_on) == "2026-04-10"  # five working days after 1 April, over Easter
    assert step.section == "case"


def test_what_happens_beside_the_stages_can_be_recorded_even_after_closing(engine, in_signal):
    act(engine, in_signal, "note_added", text="voor")
    go(engine, in_signal, "unfounded")
    act(engine, in_signal, "note_added", LATER, text="na")
    act(engine, in_signal, "ruling_received", LATER, result="ongegrond")
    assert kinds(engine, in_signal).count("act") == 3


def test_an_act_answers_nothing_that_was_promised_after_its_day(engine, in_signal):
    recorded(engine, in_signal, "reporter_informed", at=NOW - 2 * DAY)
    assert "acknowledged" in promises(engine, in_signal)
    recorded(engine, in_signal, "reporter_informed", at=NOW)
    assert "acknowledged" not in promises(engine, in_signal)


# --- one thing after another ---------------------------------------------------------------------

OUT_OF_ORDER = {
    "order_withdrawn": ({}, "order_announced"),
    "penalty_forfeited": ({"amount": 500}, "order_announced"),
    "collection_decided": ({"amount": 500, "decided_by": "x"}, "penalty_forfeited"),
    "penalty_paid": ({}, "penalty_forfeited"),
    "urgent_decision_announced": ({"decided_by": "x"}, "urgent_coercion"),
    "house_ban_extended": ({"until": "2026-03-28", "decided_by": "x"}, "house_ban_imposed"),
    "house_ban_ended": ({}, "house_ban_imposed"),
    "house_closed": ({}, "closure_announced"),
    "closure_shortened": ({"until": "2026-04-01", "reason": "x"}, "closure_announced"),
    "house_reopened": ({}, "closure_announced"),
    "objection_decided": ({}, "objection_received"),
    "enforcement_granted": ({}, "enforcement_requested"),
    "enforcement_refused": ({"decided_by": "x"}, "enforcement_requested"),
    "emergency_order_extended": (
        {"until": "2026-03-04", "decided_by": "x"}, "emergency_order_given"),
    "emergency_order_ended": ({}, "emergency_order_given"),
}  # fmt: skip


@pytest.mark.parametrize("kind", OUT_OF_ORDER)
def test_what_follows_on_something_waits_for_it_and_says_for_what(
    engine, in_behavioural_order, kind
):
    facts, first = OUT_OF_ORDER[kind]
    refuses(engine, OutOfOrder, in_behavioural_order, kind, f"comes after '{first}'", **facts)


def test_every_act_that_follows_another_is_held_to_it_here():
    elsewhere = {
        "warning_withdrawn",
        "closure_extended",
    }  # of a stage the case has left, or not yet
    assert {a.key for a in acts() if a.follows} == OUT_OF_ORDER.keys() | elsewhere


def test_out_of_order_is_judged_on_the_day_it_was_done(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key, NOW + 2 * DAY)
    refuses(engine, OutOfOrder, key, "order_withdrawn", at=NOW + DAY, now=NOW + 3 * DAY)
    recorded(engine, key, "order_withdrawn", at=NOW + 2 * DAY, now=NOW + 3 * DAY)


# --- beside the stages ---------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ["signal", "voluntary_care", "aftercare"])
def test_an_emergency_order_is_given_in_any_stage_and_its_guards_judge_it(engine, stage):
    key = a_case(engine, stage)
    facts = {"until": "2026-03-03T20:00+01:00", "measures": "vertrek", "decided_by": "burgemeester"}
    refusal = refuses(engine, Unmet, key, "emergency_order_given", **facts)
    assert [g.key for g in refusal.guards] == [
        "serious_fear_of_disorder", "heard", "lighter_means", "proportionate", "measures_concrete",
        "objection_clause",
    ]  # fmt: skip
    act(engine, key, "lighter_means_recorded", means="gesprek", result="geen effect")
    done = recorded(
        engine, key, "emergency_order_given", serious_fear="dreigende rellen",
        hearing_skipped="urgency", duration_motivated=True, measures_concrete=True,
        objection_clause=True, **facts,
    )  # fmt: skip
    assert dict(done.started) == {"objection": "2026-04-13", "emergency_ends": "2026-03-03"}
    assert case_view(engine, key, NOW).stage == stage
