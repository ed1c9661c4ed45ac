"""Objections: decided in time, counted as the law counts, and never rejected by the machine."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from casework.acts import NewAct, record_act
from casework.refusals import NotAllowed, OutOfOrder, Unmet
from casework.views import case_view
from tests.builders import (
    NOW,
    act,
    announce_order,
    impose_ban,
)
from tests.casework.looking import DAY, everything, promises

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
LAST_DAY = date(2026, 4, 13)  # six weeks after NOW, a Monday
LATE = datetime(2026, 4, 14, tzinfo=AMSTERDAM)  # the first moment after it
DECIDED = {"result": "ongegrond", "decided_by": "algemeen directeur"}


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime.combine(day, time(hour, minute), AMSTERDAM)


def objected(engine, key, when: datetime, **facts):
    return act(engine, key, "objection_received", when, **facts)


def refuses(engine, error, key, kind, when, match="", **facts):
    before = everything(engine)
    with pytest.raises(error, match=match or None) as refusal:
        act(engine, key, kind, when, **facts)
    assert everything(engine) == before
    return refusal.value


def states(engine, key, name: str) -> dict[str, str]:
    """Every promise with this key, by its last day."""
    found = case_view(engine, key, NOW).promises
    return {p.due_on.isoformat(): p.state for p in found if p.key == name}


@pytest.fixture
def ordered(engine, in_behavioural_order) -> str:
    """A case with an order, against which one can object up to and including LAST_DAY."""
    done = announce_order(engine, in_behavioural_order)
    assert dict(done.started)["objection"] == LAST_DAY.isoformat()
    return in_behavioural_order


# --- in time -------------------------------------------------------------------------------------


@pytest.mark.parametrize("received", [NOW, NOW + 10 * DAY, at(LAST_DAY, 23, 59)], ids=str)
@pytest.mark.parametrize(("committee", "last"), [(False, "2026-05-26"), (True, "2026-07-06")])
def test_it_is_decided_within_six_weeks_or_twelve_with_a_committee_of_the_end_of_its_term(
    engine, ordered, received, committee, last
):
    done = objected(engine, ordered, received, against="order", committee=committee)
    assert dict(done.started) == {"objection_decided": last}  # 25 May is Whit Monday
    assert done.warnings == ()
    assert "objection" in promises(engine, ordered, "answered")
    assert promises(engine, ordered)["objection_decided"].statutory


def test_the_decision_on_it_stops_that_clock(engine, ordered):
    objected(engine, ordered, NOW + 10 * DAY, against="order")
    act(engine, ordered, "objection_decided", NOW + 11 * DAY, **DECIDED)
    assert promises(engine, ordered, "answered")["objection_decided"].answer == "done"
    assert "objection_decided" not in promises(engine, ordered)


def test_an_objection_to_a_measure_not_on_record_says_when_its_term_ended(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    in_time = objected(engine, key, NOW, against="order", term_ended="2026-03-10")
    assert dict(in_time.started) == {"objection_decided": "2026-04-21"}
    late = objected(engine, key, NOW + DAY, against="house_ban", term_ended="2026-02-20")
    assert [warning.en[:23] for warning in late.warnings] == ["The objection seems lat"]
    assert {"late_objection", "objection_decided"} == dict(late.started).keys()


def test_an_objection_before_any_decision_is_taken_too(engine, in_behavioural_order):
    done = objected(engine, in_behavioural_order, NOW)
    assert dict(done.started) == {"objection_decided": "2026-04-13"}  # nothing else to count from
    assert done.warnings == ()


# --- apparently late -----------------------------------------------------------------------------


@pytest.mark.parametrize("received", [LATE, LATE + 30 * DAY], ids=["one moment", "a month"])
def test_a_late_objection_is_on_record_and_warned_of_and_never_rejected(engine, ordered, received):
    done = objected(engine, ordered, received, against="order", by_party="bewoner")
    assert dict(done.started).keys() == {"objection_decided", "late_objection"}
    (warning,) = done.warnings
    for words in (warning.nl, warning.en):
        assert "6:11" in words
    view = case_view(engine, ordered, NOW)
    assert view.acts[-1][1] == "objection_received"
    assert "objection_decided" in promises(engine, ordered)  # its clock runs all the same


def test_somebody_judges_within_five_working_days_whether_being_late_is_excusable(engine, ordered):
    done = objected(engine, ordered, at(LAST_DAY + DAY, 9), against="order")
    assert dict(done.started)["late_objection"] == "2026-04-21"
    assert not promises(engine, ordered)["late_objection"].statutory
    act(engine, ordered, "objection_decided", LATE + 3 * DAY, **DECIDED)
    assert "late_objection" in promises(engine, ordered, "answered")


def test_on_the_last_day_up_to_midnight_in_amsterdam_it_is_not_late(engine, ordered):
    last_moment = LATE - timedelta(microseconds=1)
    done = objected(engine, ordered, last_moment.astimezone(UTC), against="order")
    assert (done.warnings, dict(done.started).keys()) == ((), {"objection_decided"})


def test_what_was_received_in_time_and_is_written_down_later_is_not_late(engine, ordered):
    new = NewAct(kind="objection_received", at=at(LAST_DAY, 17), by="director",
                 facts={"against": "order"})  # fmt: skip
    done = record_act(engine, ordered, new, LATE + 20 * DAY)
    assert done.warnings == ()


def test_a_late_objection_recorded_twice_is_recorded_once(engine, ordered):
    objected(engine, ordered, LATE, against="order")
    before = everything(engine)
    assert objected(engine, ordered, LATE, against="order").known_already
    assert everything(engine) == before


# --- several terms at once -----------------------------------------------------------------------


@pytest.fixture
def two_terms(engine, ordered) -> str:
    """An order of 2 March and a house ban of the sixteenth, each with its objection term."""
    impose_ban(engine, ordered, NOW + 14 * DAY)
    assert states(engine, ordered, "objection") == {"2026-04-13": "open", "2026-04-28": "open"}
    return ordered


@pytest.mark.parametrize(
    ("against", "answered", "decided"),
    [("order", "2026-04-13", "2026-05-26"), ("house_ban", "2026-04-28", "2026-06-09")],
)
def test_an_objection_against_a_named_measure_is_about_that_term_only(
    engine, two_terms, against, answered, decided
):
    done = objected(engine, two_terms, NOW + 20 * DAY, against=against)
    assert dict(done.started) == {"objection_decided": decided}
    still = states(engine, two_terms, "objection")
    assert {day for day, state in still.items() if state == "answered"} == {answered}


def test_it_is_late_for_the_one_and_in_time_for_the_other(engine, two_terms):
    assert objected(engine, two_terms, LATE, against="order").warnings
    assert not objected(engine, two_terms, LATE, against="house_ban").warnings


def test_one_that_names_nothing_answers_neither_and_is_left_to_a_person(engine, two_terms):
    objected(engine, two_terms, NOW + 20 * DAY)
    assert set(states(engine, two_terms, "objection").values()) == {"open"}


def test_a_decision_of_after_the_objection_is_not_what_was_objected_to(engine, ordered):
    received = NewAct(kind="objection_received", at=NOW + 5 * DAY, by="director",
                      facts={})  # fmt: skip
    impose_ban(engine, ordered, NOW + 14 * DAY)
    done = record_act(engine, ordered, received, NOW + 15 * DAY)
    assert dict(done.started) == {"objection_decided": "2026-05-26"}


def test_an_objection_to_urgent_coercion_is_about_the_decision_written_afterwards(
    engine, in_behavioural_order
):
    key, decided = in_behavioural_order, {"decided_by": "burgemeester"}
    act(engine, key, "policy_checked", followed=True)
    act(engine, key, "urgent_coercion", NOW, urgent_because="brandgevaar", measures="afvoeren",
        measures_concrete=True, hearing_skipped="urgency", duration_motivated=True,
        **decided)  # fmt: skip
    act(engine, key, "urgent_decision_announced", NOW + DAY, objection_clause=True, **decided)
    impose_ban(engine, key, NOW + 14 * DAY)
    done = objected(engine, key, NOW + 50 * DAY, against="urgent_coercion")
    assert done.warnings
    assert states(engine, key, "objection")["2026-04-14"] == "answered"


def test_an_objection_to_a_refusal_is_about_the_refusal(engine, ordered):
    act(engine, ordered, "enforcement_requested", NOW)
    act(engine, ordered, "enforcement_refused", NOW + 7 * DAY, decided_by="wethouder",
        objection_clause=True)  # fmt: skip
    impose_ban(engine, ordered, NOW + 14 * DAY)
    done = objected(engine, ordered, NOW + 20 * DAY, against="refusal")
    assert dict(done.started) == {"objection_decided": "2026-06-01"}
    assert states(engine, ordered, "objection")["2026-04-20"] == "answered"


# --- who decides, and in what order --------------------------------------------------------------


def test_whoever_took_the_decision_does_not_decide_on_the_objection(engine, ordered):
    objected(engine, ordered, NOW + DAY, against="order")
    when = NOW + 2 * DAY
    refusal = refuses(
        engine, Unmet, ordered, "objection_decided", when, result="ongegrond",
        decided_by="Burgemeester",
    )  # fmt: skip
    assert [guard.key for guard in refusal.guards] == ["other_decider"]
    assert "Awb 10:3(3)" in str(refusal)
    act(engine, ordered, "objection_decided", when, result="ongegrond", in_person=True,
        decided_by="burgemeester")  # fmt: skip


def test_advice_is_followed_or_it_is_said_why_not(engine, ordered):
    objected(engine, ordered, NOW + DAY, against="order")
    act(engine, ordered, "advice_received", NOW + DAY, adviser="commissie", favours=False)
    when = NOW + 2 * DAY
    refusal = refuses(engine, Unmet, ordered, "objection_decided", when, **DECIDED)
    assert [guard.key for guard in refusal.guards] == ["advice_followed"]
    act(engine, ordered, "objection_decided", when, deviation_because="nieuwe feiten", **DECIDED)


def test_no_objection_is_decided_that_was_not_received(engine, ordered):
    refusal = refuses(engine, OutOfOrder, ordered, "objection_decided", NOW + DAY, **DECIDED)
    assert "'objection_received'" in str(refusal)


@pytest.mark.parametrize(("against", "answered"), [("order", "2026-05-26"),
                                                   ("house_ban", "2026-06-09")])  # fmt: skip
def test_a_decision_on_one_of_two_objections_stops_the_clock_of_that_one(
    engine, two_terms, against, answered
):
    for measure in ("order", "house_ban"):
        objected(engine, two_terms, NOW + 20 * DAY, against=measure)
    act(engine, two_terms, "objection_decided", NOW + 30 * DAY, against=against, **DECIDED)
    still = states(engine, two_terms, "objection_decided")
    assert {day for day, state in still.items() if state == "answered"} == {answered}


# --- the day it was sent -------------------------------------------------------------------------


def test_the_term_runs_from_the_day_of_sending_whatever_date_the_letter_bears(
    engine, in_behavioural_order
):
    done = announce_order(engine, in_behavioural_order, NOW, letter_date="2026-02-20")
    assert dict(done.started)["objection"] == LAST_DAY.isoformat()


def test_a_letter_dated_after_it_was_sent_is_refused_and_says_both_dates(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    facts = {"views_until": "2026-03-16", "letter_date": "2026-03-03"}
    refusal = refuses(engine, NotAllowed, key, "intention_sent", NOW, "before it was written",
                      **facts)  # fmt: skip
    for day in ("2026-03-03", "2026-03-02"):
        assert day in str(refusal)
    half_past_midnight = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)  # the third in Amsterdam
    act(engine, key, "intention_sent", half_past_midnight, **facts)
