"""A municipality's own rules are what the guards ask of its cases, and no other municipality's."""

import re

import pytest

from casework.refusals import NotAllowed, Unmet
from casework.stages import decide
from casework.views import case_view
from escalation.policy import shipped
from tests.builders import AN_ORDER, NOW, TOWN, a_case, act, announce_order, evidence, go
from tests.casework.looking import DAY, a_policy, everything

WARNING = {"valid_until": "2026-11-01", "proof_of_delivery": "baliebon"}
TWO_WARNINGS = ("behavioural_order.warnings = 1", "behavioural_order.warnings = 2")
THREE_SIGHTINGS = ("behavioural_order.observations = 1", "behavioural_order.observations = 3")
NO_BY_LAW = ('[by_law]\narticle = "2:79"', "")
ANY_LANDLORD = ("landlord_first = true", "landlord_first = false")
A_QUARTER = (
    'behavioural_order.duration = "12 months"', 'behavioural_order.duration = "3 months"'
)  # fmt: skip


def with_policy(engine, *changes: tuple[str, str]) -> None:
    """The town's own policy: the default one, with these words in place of those."""
    text = re.sub(r"(?m)^#.*\n", "", shipped("default")).replace('"default"', '"eigen"')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    a_policy(engine, text, TOWN)


def refused(engine, key, exit_key, **more) -> list[str]:
    before = everything(engine)
    with pytest.raises(Unmet) as refusal:
        go(engine, key, exit_key, **more)
    assert everything(engine) == before
    return [guard.key for guard in refusal.value.guards]


def test_without_a_by_law_there_is_no_power_and_nobody_can_waive_that(engine):
    with_policy(engine, NO_BY_LAW)
    key = a_case(engine, "outreach_care")
    evidence(engine, key)
    assert refused(engine, key, "exhausted") == ["by_law"]
    seen = case_view(engine, key, NOW).version
    with pytest.raises(NotAllowed, match="can not be waived here: by_law"):
        decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="exhausted",
               waive={"by_law": "het moet"}, waived_by="head")  # fmt: skip


def test_an_order_waits_for_as_many_warnings_as_the_policy_wants(engine):
    with_policy(engine, TWO_WARNINGS)
    key = a_case(engine, "warning")
    evidence(engine, key)  # one warning
    assert refused(engine, key, "persists") == ["warning_in_force"]
    act(engine, key, "warning_delivered", NOW + DAY, **WARNING)
    go(engine, key, "persists", NOW + DAY)


def test_a_warning_that_was_withdrawn_is_none(engine, in_warning):
    evidence(engine, in_warning)
    act(engine, in_warning, "warning_withdrawn", NOW + DAY, reason="verkeerde bewoner")
    assert refused(engine, in_warning, "persists", now=NOW + DAY) == ["warning_in_force"]


def test_an_order_waits_for_as_many_observations_as_the_policy_wants(engine):
    with_policy(engine, THREE_SIGHTINGS)
    key = a_case(engine, "warning")
    evidence(engine, key)  # the police, once
    act(engine, key, "observation_recorded", by="video")
    for by in ("neighbours", "landlord", "care"):
        act(engine, key, "observation_recorded", by=by)
    assert refused(engine, key, "persists") == ["facts_verified"]
    act(engine, key, "observation_recorded", NOW + DAY, by="measurement")
    go(engine, key, "persists", NOW + DAY)


@pytest.mark.parametrize(("changes", "unmet"), [((), ["landlord_first"]), ((ANY_LANDLORD,), None)])
def test_the_landlord_acts_first_where_the_policy_says_so(engine, changes, unmet):
    with_policy(engine, *changes)
    key = a_case(engine, "outreach_care")
    evidence(engine, key)
    act(engine, key, "dwelling_recorded", rental=True)
    if unmet:
        assert refused(engine, key, "exhausted") == unmet
        act(engine, key, "landlord_step_recorded", NOW + DAY, step="aanmaning")
    go(engine, key, "exhausted", NOW + DAY)


def test_an_order_ends_within_what_the_policy_allows_or_says_why_not(engine):
    with_policy(engine, A_QUARTER)
    key = a_case(engine, "behavioural_order")
    with pytest.raises(Unmet) as refusal:
        announce_order(engine, key, in_force_until="2026-06-03")
    assert [guard.key for guard in refusal.value.guards] == ["order_within_policy"]
    act(engine, key, "order_announced", NOW, **AN_ORDER | {"in_force_until": "2026-06-02"})


def test_a_case_is_judged_by_the_policy_it_began_under(engine, in_warning):
    evidence(engine, in_warning)
    with_policy(engine, TWO_WARNINGS)
    go(engine, in_warning, "persists")


def test_an_order_for_another_breach_stands_beside_the_first(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key, breach="geluid in de nacht")
    before = everything(engine)
    for breach in (None, "geluid in de nacht"):
        said = {"breach": breach} if breach else {}
        with pytest.raises(Unmet) as refusal:
            act(engine, key, "order_announced", NOW + DAY,
                **AN_ORDER | {"hearing_skipped": "urgency"} | said)  # fmt: skip
        assert [guard.key for guard in refusal.value.guards] == ["no_other_sanction"]
    assert everything(engine) == before
    announce_order(engine, key, NOW + DAY, breach="loslopende honden")
