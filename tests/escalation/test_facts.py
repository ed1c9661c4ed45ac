"""What an act may carry is checked at the door and comes back from storage as it went in."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from escalation.facts import FIELDS, BadFacts, checked, restored, stored
from escalation.moves import act_named, acts
from escalation.standing import AGAINST, EFFECTS, end_of

ORDER = act_named("order_announced")
CLOSURE = act_named("closure_announced")
BAN = act_named("house_ban_imposed")
COMPLETE = {
    "form": "coercion", "measures": "stil na 22 uur", "objection_clause": True,
    "decided_by": "burgemeester",
}  # fmt: skip


def problems_of(act, facts) -> list[str]:
    with pytest.raises(BadFacts) as refused:
        checked(act, facts)
    return refused.value.problems


def test_every_problem_is_named_at_once():
    wrong = {"shoe_size": 44, "form": "flogging", "amount": "-5", "compliance_until": "soon"}
    said = " / ".join(problems_of(ORDER, wrong))
    for words in ("'shoe_size' is not a fact of this act", "measures", "'measures' is needed",
                  "'decided_by' is needed", "one of: penalty", "zero or more",
                  "'compliance_until'"):  # fmt: skip
        assert words in said


def test_an_act_without_facts_says_so():
    assert problems_of(act_named("care_accepted"), {"name": "x"}) == [
        "'name' is not a fact of this act; it takes form"
    ]


@pytest.mark.parametrize("given_as", ["2026-02-20", date(2026, 2, 20)])
def test_a_day_is_a_day(given_as):
    facts = checked(ORDER, COMPLETE | {"compliance_until": given_as})
    assert facts["compliance_until"] == date(2026, 2, 20)


@pytest.mark.parametrize(
    "wrong",
    ["20-02-2026", "2026-02-30", "tomorrow", "", 5, datetime(2026, 2, 20, 9, tzinfo=UTC)],
)
def test_what_is_not_a_day_is_refused(wrong):
    assert len(problems_of(ORDER, COMPLETE | {"compliance_until": wrong})) == 1


@pytest.mark.parametrize(
    "given_as",
    [
        "2026-12-14T10:00+01:00",
        "2026-12-14T09:00:00Z",
        datetime(2026, 12, 14, 9, tzinfo=UTC),
        datetime(2026, 12, 14, 10, tzinfo=timezone(timedelta(hours=1))),
    ],
)
def test_a_moment_keeps_its_instant(given_as):
    facts = checked(ORDER, COMPLETE | {"in_force_until": given_as})
    assert facts["in_force_until"] == datetime(2026, 12, 14, 9, tzinfo=UTC)


def test_a_moment_may_be_a_whole_day():
    facts = checked(ORDER, COMPLETE | {"in_force_until": "2026-12-14"})
    assert facts["in_force_until"] == date(2026, 12, 14)
    assert not isinstance(facts["in_force_until"], datetime)


@pytest.mark.parametrize(
    "wrong", ["2026-12-14T10:00", datetime(2026, 12, 14, 9), "10:00", 1.5, True]  # noqa: DTZ001
)  # fmt: skip
def test_a_moment_without_its_zone_is_refused(wrong):
    assert len(problems_of(ORDER, COMPLETE | {"in_force_until": wrong})) == 1


@pytest.mark.parametrize("name", ["compliance_until", "in_force_until"])
@pytest.mark.parametrize("year", ["0001", "1812", "2101", "9999"])
def test_a_day_no_calendar_covers_is_refused_at_the_door(name, year):
    assert len(problems_of(ORDER, COMPLETE | {name: f"{year}-12-31"})) == 1


@pytest.mark.parametrize(("said", "meant"), [
    (True, True), ("yes", True), ("Ja", True), ("TRUE", True), (False, False), ("no", False),
    ("Nee", False), ("false", False),
])  # fmt: skip
def test_yes_and_no_are_understood_in_both_languages(said, meant):
    facts = checked(BAN, {"until": "2026-03-12", "adult": said, "decided_by": "burgemeester"})
    assert facts["adult"] is meant


@pytest.mark.parametrize("said", ["perhaps", "", 1, 0, "1"])
def test_anything_but_yes_or_no_is_refused(said):
    wrong = {"until": "2026-03-12", "adult": said, "decided_by": "burgemeester"}
    assert problems_of(BAN, wrong) == ["'adult': wants yes or no"]


@pytest.mark.parametrize("said", ["many", "12,50", "-1", -1, "1e3", None])
def test_an_amount_is_whole_euros(said):
    assert problems_of(ORDER, COMPLETE | {"amount": said})
    assert checked(ORDER, COMPLETE | {"amount": "500"})["amount"] == 500


@pytest.mark.parametrize("said", ["", "   ", "\n"])
def test_a_fact_in_words_is_not_empty(said):
    assert problems_of(ORDER, COMPLETE | {"measures": said}) == ["'measures': wants a few words"]


def test_a_needed_fact_that_is_none_is_missing():
    assert "'measures' is needed" in problems_of(ORDER, COMPLETE | {"measures": None})


def test_every_checked_field_is_one_some_act_can_carry():
    known = {name for act in acts() for name in act.fields}
    assert set(FIELDS) <= known


# --- what is in order by itself and not together -------------------------------------------------

RULING = act_named("ruling_received")


@pytest.mark.parametrize(("facts", "problem"), [
    ({"effect": "ended"}, "'against' is needed"),
    ({"effect": "suspended", "until": "2026-05-01"}, "'against' is needed"),
    ({"effect": "suspended", "against": "order"}, "'until' is needed"),
    ({"effect": "redated", "against": "closure"}, "'until' is needed"),
])  # fmt: skip
def test_an_outcome_says_what_it_changes_and_until_when(facts, problem):
    (said,) = problems_of(RULING, {"result": "gegrond"} | facts)
    assert problem in said


@pytest.mark.parametrize("facts", [
    {}, {"against": "order"}, {"effect": "stands"}, {"effect": "ended", "against": "order"},
    {"effect": "suspended", "against": "order", "until": "6 weeks after objection_decided"},
    {"effect": "suspended", "against": "order", "until": "2 weeks after the ruling"},
    {"effect": "effects_kept", "against": "closure"},
])  # fmt: skip
def test_an_outcome_that_says_enough_is_taken(facts):
    assert checked(RULING, {"result": "gegrond"} | facts)["result"] == "gegrond"


@pytest.mark.parametrize("against", ["last", "de last", "Order", ""])
def test_what_an_outcome_is_about_is_one_of_the_known_measures(against):
    (said,) = problems_of(RULING, {"result": "gegrond", "against": against})
    assert "order" in said
    assert "closure" in said


def test_every_measure_can_be_named_by_what_is_recorded_against_it():
    for measure in AGAINST:
        assert checked(RULING, {"result": "x", "against": measure})["against"] == measure
    for effect in set(EFFECTS) - {"suspended", "redated"}:
        facts = {"result": "x", "against": "order", "effect": effect}
        assert checked(RULING, facts)["effect"] == effect


def test_a_closure_does_not_end_before_it_begins():
    ends = {"effective_at": "2026-03-05", "until": "2026-03-04", "decided_by": "burgemeester"}
    assert problems_of(CLOSURE, ends) == ["'until' (2026-03-04) is before 'effective_at' "
                                          "(2026-03-05)"]  # fmt: skip
    over_midnight = ends | {"effective_at": "2026-03-04T23:30+00:00"}  # the fifth in Amsterdam
    assert len(problems_of(CLOSURE, over_midnight)) == 1
    assert checked(CLOSURE, ends | {"until": "2026-03-05"})
    by_the_clock = ends | {"effective_at": "2026-03-05T20:00+01:00"}
    assert len(problems_of(CLOSURE, by_the_clock | {"until": "2026-03-05T20:00+01:00"})) == 1
    assert checked(CLOSURE, by_the_clock | {"until": "2026-03-05T20:01+01:00"})


def in_time(value: date) -> tuple[date, float]:
    return end_of(value), value.timestamp() if isinstance(value, datetime) else 0


words = st.text(min_size=1).map(str.strip).filter(bool)
days = st.dates(date(2000, 1, 1), date(2090, 12, 31))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2090, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


@given(st.fixed_dictionaries(
    {"effective_at": st.one_of(days, moments), "until": st.one_of(days, moments),
     "decided_by": words},
    optional={"compliance_until": days, "urgent_because": words, "objection_clause": st.booleans()},
))  # fmt: skip
def test_facts_come_back_from_json_as_they_went_in(facts):
    begins, ends = sorted((facts["effective_at"], facts["until"]), key=in_time)
    assume(not isinstance(begins, datetime) or begins != ends)
    facts["effective_at"], facts["until"] = begins, ends
    known = checked(CLOSURE, facts)
    back = restored(CLOSURE, json.loads(json.dumps(stored(known))))
    assert back == known
    assert {name: type(value) for name, value in back.items()} == {
        name: type(value) for name, value in known.items()
    }


def test_a_stored_fact_the_act_no_longer_takes_is_left_out_and_breaks_nothing():
    assert restored(act_named("care_accepted"), {"form": "care", "old_word": 1}) == {"form": "care"}
