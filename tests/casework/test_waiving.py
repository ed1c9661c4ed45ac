"""Waiving: by a named person above the case, with a reason, and in sight for good."""

import pytest

from casework.acts import NewAct, record_act
from casework.refusals import NotAllowed, NotFound, Unmet
from casework.stages import decide, reopen
from casework.views import case_view
from escalation.shape import WAIVERS
from tests.builders import AN_ORDER, NOW, a_contact, act, evidence, go
from tests.casework.looking import DAY, everything

# An order that does not weigh the home: that guard is the municipality's own.
HOME = {"home_weighed": "staat in het advies van de commissie"}
NO_CARE = {"care_consulted": "de zorg antwoordt niet"}


def enter(engine, key, **more) -> int:
    """Into the warning, of a case whose care was never asked."""
    seen = case_view(engine, key, NOW).version
    return decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="exhausted",
                  **more)  # fmt: skip


def refused(engine, key, error, match="", **more):
    before = everything(engine)
    with pytest.raises(error, match=match or None) as refusal:
        enter(engine, key, **more)
    assert everything(engine) == before
    return refusal.value


def prepared(engine, key) -> str:
    act(engine, key, "pattern_established", serious=True, repeated=True)
    act(engine, key, "lighter_means_recorded", means="brief", result="geen effect")
    return key


@pytest.fixture
def care_silent(engine, in_outreach_care) -> str:
    """All a warning asks, but care has not answered whether it would harm the help."""
    return prepared(engine, in_outreach_care)


# --- who may -------------------------------------------------------------------------------------


def test_a_guard_of_policy_is_waived_by_a_named_person_above_the_case(engine, care_silent):
    a_contact(engine, "mayor", "mayor")
    refusal = refused(engine, care_silent, Unmet)
    assert [guard.key for guard in refusal.guards] == ["care_consulted"]
    assert refusal.guards[0].waived_by == WAIVERS
    enter(engine, care_silent, waive=NO_CARE, waived_by="mayor")
    assert case_view(engine, care_silent, NOW).stage == "warning"


@pytest.mark.parametrize("person", ["head", "process"])
def test_each_function_above_the_case_may_waive(engine, care_silent, person):
    enter(engine, care_silent, waive=NO_CARE, waived_by=person)
    assert case_view(engine, care_silent, NOW).waived[0].by == person


@pytest.mark.parametrize(
    ("person", "function"),
    [(None, "case_director"), ("deputy", "case_worker"), ("care", "care_worker"),
     ("jurist", "enforcement_jurist")],
)  # fmt: skip
def test_nobody_in_another_function_may_and_is_told_who_can(engine, care_silent, person, function):
    refusal = refused(engine, care_silent, NotAllowed, waive=NO_CARE, waived_by=person)
    for word in (function, "care_consulted", *WAIVERS):
        assert word in str(refusal)


def test_a_person_nobody_knows_waives_nothing(engine, care_silent):
    refused(engine, care_silent, NotFound, "nobody", waive=NO_CARE, waived_by="nobody")


# --- what may be waived --------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_waiving_needs_a_reason(engine, care_silent, reason):
    refused(engine, care_silent, NotAllowed, "needs a reason: care_consulted",
            waive={"care_consulted": reason}, waived_by="head")  # fmt: skip


@pytest.mark.parametrize(
    "guard", ["by_law", "lighter_means", "serious_and_repeated", "warning_in_force", "moon_phase"]
)
def test_a_guard_of_law_or_of_another_stage_is_waived_by_nobody(engine, care_silent, guard):
    waive = NO_CARE | {guard: "het mag van mij"}
    refused(engine, care_silent, NotAllowed, f"can not be waived here: {guard}",
            waive=waive, waived_by="head")  # fmt: skip


def test_what_is_not_waived_still_refuses(engine, in_outreach_care):
    act(engine, in_outreach_care, "dwelling_recorded", rental=True)
    prepared(engine, in_outreach_care)
    refusal = refused(engine, in_outreach_care, Unmet, waive=NO_CARE, waived_by="head")
    assert [guard.key for guard in refusal.guards] == ["landlord_first"]


def order(engine, key, at=NOW, **more) -> None:
    facts = AN_ORDER | {"home_weighed": False, "hearing_skipped": "urgency"}
    new = NewAct(kind="order_announced", at=at, by="director", facts=facts)
    record_act(engine, key, new, at, **more)


@pytest.mark.parametrize(
    ("said", "error"),
    [({}, Unmet), ({"waive": HOME}, NotAllowed),
     ({"waive": HOME, "waived_by": "jurist"}, NotAllowed),
     ({"waive": {"home_weighed": " "}, "waived_by": "head"}, NotAllowed),
     ({"waive": {"by_law": "het mag"}, "waived_by": "head"}, NotAllowed)],
    ids=["not waived", "by the director", "by the jurist", "without a reason", "of law"],
)  # fmt: skip
def test_a_guard_of_an_act_is_waived_by_the_same_rules(engine, in_behavioural_order, said, error):
    act(engine, in_behavioural_order, "policy_checked", followed=True)
    before = everything(engine)
    with pytest.raises(error):
        order(engine, in_behavioural_order, **said)
    assert everything(engine) == before


def test_a_waived_guard_of_an_act_is_journalled_with_the_act(engine, in_behavioural_order):
    key = in_behavioural_order
    act(engine, key, "policy_checked", followed=True)
    order(engine, key, waive=HOME, waived_by="head")
    view = case_view(engine, key, NOW)
    line = view.journal[-1]
    assert (line.data["act"], line.data["waived"]) == ("order_announced", ["home_weighed"])
    assert [(w.guard, w.by, w.reason) for w in view.waived] == [
        ("home_weighed", "head", HOME["home_weighed"])
    ]
    assert HOME["home_weighed"] not in str(view.journal)


def test_waiving_for_one_decision_waives_nothing_in_the_next(engine, care_silent):
    key = care_silent
    enter(engine, key, waive=NO_CARE, waived_by="head")
    go(engine, key, "relapse_to_care")
    refusal = refused(engine, key, Unmet)
    assert [guard.key for guard in refusal.guards] == ["care_consulted"]


# --- in sight ------------------------------------------------------------------------------------


def test_it_is_journalled_without_its_reason_and_kept_in_the_dossier_with_it(engine, care_silent):
    enter(engine, care_silent, waive=NO_CARE, waived_by="head")
    view = case_view(engine, care_silent, NOW)
    decided = next(line for line in reversed(view.journal) if line.what == "decided")
    assert (decided.actor, decided.data["waived"]) == ("director", ["care_consulted"])
    assert "antwoordt niet" not in str(view.journal)
    said = {"of": "waived: care_consulted", "text": NO_CARE["care_consulted"]}
    assert [a[1:] for a in view.acts if a[3] == said] == [("reason_recorded", "head", said)]


def test_a_waived_guard_stays_in_sight_after_the_case_moved_on_closed_and_opened_again(
    engine, care_silent
):
    key = care_silent
    enter(engine, key, waive=NO_CARE, waived_by="head")
    shown = case_view(engine, key, NOW).waived
    assert [(w.guard, w.by, w.at, w.reason) for w in shown] == [
        ("care_consulted", "head", NOW, NO_CARE["care_consulted"])
    ]
    go(engine, key, "stopped", NOW + DAY)
    assert case_view(engine, key, NOW).waived == shown
    go(engine, key, "calm", NOW + 2 * DAY, result="resolved")
    assert case_view(engine, key, NOW).waived == shown
    reopen(engine, key, stage="assessment", by="director", reason="weer klachten",
           now=NOW + 3 * DAY)  # fmt: skip
    assert case_view(engine, key, NOW).waived == shown


def test_each_waiver_is_shown_oldest_first(engine, care_silent):
    key = care_silent
    enter(engine, key, waive=NO_CARE, waived_by="head")
    evidence(engine, key, NOW + DAY)
    go(engine, key, "persists", NOW + DAY)
    act(engine, key, "policy_checked", NOW + DAY, followed=True)
    order(engine, key, waive=HOME, waived_by="process", at=NOW + 2 * DAY)
    assert [(w.guard, w.by, w.at) for w in case_view(engine, key, NOW).waived] == [
        ("care_consulted", "head", NOW), ("home_weighed", "process", NOW + 2 * DAY),
    ]  # fmt: skip


def test_a_decision_taken_twice_waives_once(engine, care_silent):
    key, seen = care_silent, case_view(engine, care_silent, NOW).version
    enter(engine, key, waive=NO_CARE, waived_by="head")
    before = everything(engine)
    decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="exhausted",
           waive=NO_CARE, waived_by="head")  # fmt: skip
    assert everything(engine) == before
    assert len(case_view(engine, key, NOW).waived) == 1
