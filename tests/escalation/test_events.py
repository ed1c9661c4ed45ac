"""Days that wait for an event: read, stored as words, and read back as they were."""

import json
from datetime import date

import pytest

from escalation.events import AfterEvent, after_event, at_once
from escalation.facts import BadFacts, checked, restored, stored
from escalation.moves import act_named
from escalation.terms import BadTerm, Length, Unit

ORDER = act_named("order_announced")
CLOSURE = act_named("closure_announced")
WARNING = act_named("warning_delivered")
THREE_DAYS = AfterEvent(Length(3, Unit.DAYS), "ruling_received")


def one(act, name, value):
    """The fact as it is understood, whatever else the act needs."""
    needs = {need: {"decided_by": "burgemeester"}.get(need, True) for need in act.needs}
    try:
        return checked(act, {name: value} | {k: v for k, v in needs.items() if k != name})[name]
    except BadFacts as error:
        mine = [problem for problem in error.problems if repr(name) in problem]
        if mine:
            raise BadFacts(act.key, mine) from None
        return restored(act, {name: value})[name]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("3 days after ruling_received", THREE_DAYS),
        ("3 days after the ruling", THREE_DAYS),
        ("3  days  after  The Ruling", THREE_DAYS),
        ("3 days na de uitspraak", THREE_DAYS),
        ("2 weeks after the decision on objection",
         AfterEvent(Length(2, Unit.WEEKS), "objection_decided")),
        ("0 days after house_closed", AfterEvent(Length(0, Unit.DAYS), "house_closed")),
    ],
)  # fmt: skip
def test_an_event_is_an_act_of_the_path_or_a_word_for_one(said, meant):
    assert after_event(said) == meant
    assert after_event(str(meant)) == meant


@pytest.mark.parametrize("said", ["2026-03-04", "soon", "after", "the ruling", ""])
def test_other_words_name_no_event(said):
    assert after_event(said) is None


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("3 days after the party", '"the party" is not an event: write an act of the path'),
        ("a while after the ruling", '"a while" is not a length'),
        ("9999 years after the ruling", "write at most ten years"),
    ],
)
def test_an_event_or_length_nobody_knows_is_refused(said, words):
    with pytest.raises(BadTerm, match=words):
        after_event(said)


@pytest.mark.parametrize(
    ("act", "name"),
    [(ORDER, "compliance_until"), (ORDER, "in_force_until"), (CLOSURE, "effective_at"),
     (CLOSURE, "until"), (act_named("intention_sent"), "views_until")],
)  # fmt: skip
def test_a_fact_that_waits_is_stored_as_words_and_comes_back(act, name):
    assert one(act, name, "3 days after the ruling") == THREE_DAYS
    assert one(act, name, THREE_DAYS) == THREE_DAYS
    kept = json.loads(json.dumps(stored({name: THREE_DAYS})))
    assert kept == {name: "3 days after ruling_received"}
    assert restored(act, kept) == {name: THREE_DAYS}


@pytest.mark.parametrize("said", ["at once", "immediately", "At  once"])
def test_compliance_may_be_wanted_at_once(said):
    assert at_once(said) == AfterEvent(Length(0, Unit.DAYS), "")
    found = one(ORDER, "compliance_until", said)
    assert found.itself
    assert restored(ORDER, stored({"compliance_until": found})) == {"compliance_until": found}


@pytest.mark.parametrize(
    ("act", "name", "said"),
    [(ORDER, "in_force_until", "at once"), (WARNING, "valid_until", "3 days after the ruling"),
     (WARNING, "valid_until", "at once")],
)  # fmt: skip
def test_a_warning_needs_a_date_and_only_compliance_is_at_once(act, name, said):
    with pytest.raises(BadFacts):
        one(act, name, said)


def test_a_date_is_a_date_as_before():
    assert one(ORDER, "compliance_until", "2026-02-20") == date(2026, 2, 20)
