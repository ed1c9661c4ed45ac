"""Dates that change in a replayed history: by a person's hand, and by an event."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from casework.audit import audit
from casework.ledger import ledger_of
from desk.history import History, HistoryError, parse
from desk.replay import replay, replayed_apart
from desk.retelling import Replayed

BEGIN = """
id: t
title: a test
municipality: voorbeeldstad
source: {grade: invented, where: here}
outcome: {result: none, said: nothing}
address: Voorbeeldstraat 1
steps:
"""
WHY = 'ground: "Awb 4:15", reason: "stukken ontbreken"'
STEPS = f"""
  - {{date: 2026-03-02, signal: {{}}}}
  - {{date: 2026-03-02, act: {{kind: enforcement_requested}}}}
  - {{date: 2026-03-09, term: {{promise: request_decided, pause_until: 2026-03-20, {WHY}}}}}
  - {{date: 2026-03-16, term: {{promise: request_decided, resume: true, {WHY}}}}}
  - {{date: 2026-03-17, term: {{promise: request_decided, extend: 6 weeks, {WHY}}}}}
  - date: 2026-03-18
    term: {{promise: legal_protection.request_decided, redate: 2 weeks, {WHY}}}
"""


def history(steps: str) -> History:
    return parse(BEGIN + steps, "test.yaml")


def promise(told: Replayed, key: str) -> Any:
    return next(p for p in told.promises if p.key == key and p.state == "open")


def test_a_term_is_changed_through_the_same_verbs_and_told():
    told = replayed_apart(history(STEPS))
    assert not told.surprises
    assert promise(told, "request_decided").due_on == date(2026, 4, 1)
    due = [p.due_on for p in told.promises if p.key == "request_decided"]
    assert sorted(due) == [date(2026, 4, 1), date(2026, 4, 28), date(2026, 5, 4),
                           date(2026, 5, 8), date(2026, 6, 15)]  # fmt: skip
    lines = "\n".join(told.lines())
    assert "request_decided paused until 2026-03-20 (Awb 4:15): stukken ontbreken" in lines
    assert "extended by 6 weeks" in lines


def test_played_again_a_changed_term_is_changed_once(sqlite_engine):
    first = replay(history(STEPS), sqlite_engine)
    again = replay(history(STEPS), sqlite_engine)
    key = first.cases[0]
    assert [line.what for line in ledger_of(sqlite_engine, key)] == [
        "paused", "resumed", "extended", "redated"]  # fmt: skip
    assert all(step.known for step in again.steps[1:])
    findings = {
        f.what for f in audit(sqlite_engine, datetime(2026, 3, 18, 12, tzinfo=UTC)).findings
    }
    assert "ledger-differs" not in findings


def test_moved_in_time_the_dates_of_its_terms_move_along(sqlite_engine):
    told = replay(history(STEPS), sqlite_engine, shift=timedelta(days=28))
    line = ledger_of(sqlite_engine, told.cases[0])[0]
    assert (line.on, line.until) == (date(2026, 4, 6), date(2026, 4, 17))


def test_a_change_that_can_not_be_is_a_refused_step():
    resume = f"  - {{date: 2026-03-03, expect: refused, because: [not_allowed], term: {{promise: triaged, resume: true, {WHY}}}}}\n"  # noqa: E501
    told = replayed_apart(history("  - {date: 2026-03-02, signal: {}}\n" + resume))
    assert not told.surprises
    assert "nothing to resume" in str(told.steps[-1].why)


@pytest.mark.parametrize(
    ("term", "words"),
    [
        (f"promise: triaged, {WHY}", "says not how the date changed; a term says exactly one of"),
        (f"promise: triaged, resume: true, extend: 1 week, {WHY}", "says resume and extend"),
        ('promise: triaged, resume: true, ground: "Awb 4:15"', "reason"),
        (f"promise: triage, resume: true, {WHY}", "did you mean 'triaged'"),
        (f"promise: triaged, extend: a while, {WHY}", "is not a length"),
        (f"promise: triaged, redate: soon, {WHY}", "is not a date"),
        (f'promise: triaged, pause_until: "2026-03-20T10:00+01:00", {WHY}', "without a time"),
        (f"promise: triaged, resume: true, by: nobody, {WHY}", "'nobody' is nobody"),
    ],
)
def test_a_term_that_is_not_clear_is_refused_by_step(term, words):
    steps = f"  - {{date: 2026-03-02, signal: {{}}}}\n  - {{date: 2026-03-03, term: {{{term}}}}}\n"
    with pytest.raises(HistoryError) as refused:
        history(steps)
    assert words in str(refused.value)


def test_a_day_after_an_event_is_dated_when_the_event_plays(sqlite_engine):
    until = "2 weeks after the decision on objection"
    ruling = "result: geschorst, against: order, effect: suspended, reason: te kort"
    steps = f"""
  - {{date: 2026-03-02, signal: {{}}}}
  - {{date: 2026-03-03, act: {{kind: objection_received, facts: {{against: order}}}}}}
  - {{date: 2026-03-10, act: {{kind: ruling_received, facts: {{{ruling}, until: {until}}}}}}}
  - {{date: 2026-04-01, act: {{kind: objection_decided, facts: {{result: gegrond}}}}}}
"""
    told = replay(history(steps), sqlite_engine)
    ends = sorted((p for p in told.promises if p.key == "suspension_ends"), key=lambda p: p.id)
    assert [p.state for p in ends] == ["lapsed", "open"], told.lines()
    assert "Voorlopige datum" in ends[0].derivation[0]["nl"]
    assert ends[1].due_at == datetime(2026, 4, 15, 8, tzinfo=UTC)  # ten o'clock, like the act
    assert [line.what for line in ledger_of(sqlite_engine, told.cases[0])] == ["redated"]
