"""The format of a dated history: mild about missing dates, strict about words, and every mistake
named with where it is and how to mend it."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from desk.history import History, HistoryError, parse

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
BEGIN = """
id: t
title: a test
municipality: voorbeeldstad
source: {grade: invented, where: here}
outcome: {result: none, said: nothing}
address: Voorbeeldstraat 1
"""
SIGNAL = "  - {date: 2026-03-02, signal: {}}\n"


def history(steps: str, top: str = "") -> History:
    return parse(f"{BEGIN}{top}\nsteps:\n{steps}", "test.yaml")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def days(text: str) -> list[str]:
    return [f"{p.at.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}" for p in history(text).placed]


def test_a_null_date_plays_right_after_the_step_before_it():
    assert days("""
  - {date: 2024-05-21, signal: {}}
  - {date: null, decide: {exit: take_up}}
  - {after: 2 weeks, decide: {exit: warn}}
  - {date: 2024-06-19, act: {kind: note_added, facts: {text: x}}}
""") == ["2024-05-21 10:00", "2024-05-21 10:00", "2024-06-04 10:00", "2024-06-19 10:00"]


def test_undated_steps_at_the_beginning_are_counted_back_from_the_first_date():
    assert days("""
  - signal: {}
  - {after: 1 month, decide: {exit: take_up}}
  - {date: 2024-03-31, after: 1 week, decide: {exit: warn}}
""") == ["2024-02-24 10:00", "2024-03-24 10:00", "2024-03-31 10:00"]


def test_an_approximate_date_plays_on_its_first_day_when_the_order_allows():
    assert days("""
  - {approx: 2011, signal: {}}
  - {approx: 2011-06, decide: {exit: take_up}}
  - {approx: 2011, decide: {exit: warn}}
""") == ["2011-01-01 10:00", "2011-06-01 10:00", "2011-06-01 10:00"]


def test_a_length_among_the_facts_is_counted_from_its_step():
    placed = history("""
  - {date: 2026-01-31, signal: {}}
  - act: {kind: intention_sent, facts: {views_until: 1 month}}
  - date: 2026-01-31T18:00+01:00
    act: {kind: house_ban_imposed, facts: {until: 10 days, adult: yes, decided_by: m}}
""").placed
    assert placed[1].facts["views_until"] == date(2026, 2, 28)
    assert placed[2].facts["until"] == at("2026-02-10T18:00+01:00")


# fmt: off
IN_THE_SECOND_STEP = [
    ("- {act: {kind: house_bann}}",
     "step 2, act.kind: 'house_bann' is not an act; did you mean 'house_ban"),
    ("- {decide: {exit: tke_up}}",
     "step 2, decide.exit: 'tke_up' is not an exit; did you mean 'take_up'?"),
    ("- {decide: {to: prison, reason: x}}",
     "step 2, decide.to: 'prison' is not a stage; known are signal, assessment"),
    ("- {decide: {to: warning}}",
     "step 2, decide: a move `to` a stage needs a `reason`"),
    ("- {decide: {}}",
     "step 2, decide: name an `exit`, or a stage `to`"),
    ("- {decide: {exit: warn, waive: {nothing: x}}}",
     "'nothing' is not a guard"),
    ("- {act: {kind: note_added, facts: {txt: x}}}",
     "step 2: act 'note_added': 'txt' is not a fact of this act; it takes text"),
    ("- {act: {kind: note_added}}",
     "step 2: act 'note_added': 'text' is needed"),
    ("- {note: x}",
     "step 2: says nothing that happened; a step says exactly one of signal, act"),
    ("- {signal: {}, decide: {exit: warn}}",
     "step 2: says signal and decide; a step says exactly one"),
    ("- {decide: {exit: warn}, because: [by_law]}",
     "step 2: says `because` of a refusal; add `expect: refused`"),
    ("- {decide: {exit: warn}, expect: refused, because: [bylaw]}",
     "'bylaw' is not a guard; did you mean 'by_law'?"),
    ("- {decide: {exit: warn}, remark: x}",
     "step 2, remark: is not a word of this format; known here are date, approx"),
    ("- {act: {kind: note_added, fact: {}}}",
     "known here are kind, by, facts, ground, waive"),
    ("- {date: 2026-02-30, decide: {exit: warn}}",
     "step 2, date: '2026-02-30' is not a date; write 2021-05-26"),
    ("- {date: '2026-03-03 10:00', decide: {exit: warn}}",
     "is a moment without a zone"),
    ("- {date: 2026-03-01, decide: {exit: warn}}",
     "step 2: is dated 2026-03-01 but the step before it plays at 2026-03-02 10:00"),
    ("- {date: 2026-03-03, after: 1 day, decide: {exit: warn}}",
     "step 2: has a date and `after`; remove one"),
    ("- {after: 3 working days, decide: {exit: warn}}",
     "step 2, after: wants hours, days"),
    ("- {after: soon, decide: {exit: warn}}",
     'step 2, after: "soon" is not a length'),
    ("- {approx: spring, decide: {exit: warn}}",
     "step 2, approx: 'spring'"),
    ("- {act: {kind: note_added, by: mayor, facts: {text: x}}}",
     "step 2: 'mayor' is nobody; add it under `people`; known are deputy, director"),
    ("- {act: {kind: note_added, waived_by: mayor, facts: {text: x}}}",
     "step 2: 'mayor' is nobody; add it under `people`"),
    ("- {act: {kind: objection_received, facts: {against: everything}}}",
     "step 2: act 'objection_received': 'against': wants one of: warning, order"),
    ("- {act: {kind: ruling_received, facts: {against: order, effect: suspended, result: x}}}",
     "'until' is needed: say until when it is suspended"),
    ("- {act: {kind: ruling_received, facts: {until: 2 weeks after never, result: x}}}",
     '"never" is not an event: write an act of the path'),
    ("- {offer: {role: boss, to: care}}",
     "step 2, offer.role: "),
    ("- {offer: {role: care_lead, to: care, packet: {colour: red}}}",
     "step 2, offer.packet.colour: is not a word of this format; known here are severity, risks"),
    ("- {assign: {role: care_lead, to: care}}",
     "step 2, assign.because: is needed; add it"),
    ("- {assign: {role: care_lead, to: mayor, because: x}}",
     "step 2: 'mayor' is nobody; add it under `people`"),
    ("- {accept: {role: care_lead, warm: yes}}",
     "step 2, accept.warm: is not a word of this format; known here are role, read_back, spoke"),
    ("- {report: {role: care_lead}}",
     "step 2, report.report: is needed; add it"),
    ("- {contacted: {}}",
     "step 2, contacted.role: is needed; add it"),
    ("- {ask: {to: mayor, what: x}}",
     "step 2: 'mayor' is nobody"),
    ("- {reply: {given: maybe, reason: x}}",
     "step 2, reply.given: "),
    ("- {reply: {given: not_done}}",
     "step 2, reply.reason: is needed; add it"),
    ("- {wait: {until: soon, reason: x}}",
     "step 2, wait.until: 'soon' is not a date; write 2021-05-26"),
    ("- {wait: {until: 2026-04-01T10:00+02:00, reason: x}}",
     "step 2: until wants a date, without a time"),
    ("- {wait: {until: 2026-04-01, reason: x, partner: mayor}}",
     "step 2: 'mayor' is nobody"),
    ("- {expire: {role: care_lead}}",
     "step 2, expire: is not a word of this format"),
    ("- {answer: {promise: revieuw}}",
     "'revieuw' is not a promise; did you mean 'review'?"),
    ("- {answer: {promise: triaged, given: not_done}}",
     "step 2, answer: the answer not_done needs a `reason`"),
    ("- {decide: {to: closed, reason: x, result: vanished}}",
     "'vanished' is not a result; known are resolved"),
]
IN_THE_FILE = [
    ("steps: [",
     "line 7 is not YAML"),
    ("steps:\n  - {signal: {}, signal: {}}",
     "line 8 states 'signal' a second time"),
    ("steps: []",
     "steps: wants at least one"),
    ("steps: 3",
     "steps: wants a list: one line with a dash for each"),
    ("steps:\n  - signal: loud",
     "step 1, signal: wants words and values under it"),
    ("",
     "steps: is needed; add it"),
    ("steps:\n  - {date: 2026-03-02, decide: {exit: take_up}}",
     "a case begins with a signal"),
    ("steps:\n  - {signal: {}}",
     "step 1: no step has a date; give at least one"),
    ("steps:\n  - {after: 1 day, signal: {}}",
     "step 1: has `after` but no step before it"),
    ("colour: red\nsteps:\n  - {date: 2026-03-02, signal: {}}",
     "colour: is not a word of this format; known here are id, title"),
    ("by_law: 2:79\npolicy: default\nsteps:\n  - {date: 2026-03-02, signal: {}}",
     "name a `by_law` or a `policy`"),
    ("people: {x: {key: x, function: y, deputy: z}}\nsteps:\n  - {date: 2026-03-02, signal: {}}",
     "people.x: the deputy 'z' is nobody"),
]
# fmt: on


def says_where(text: str) -> str:
    with pytest.raises(HistoryError) as refused:
        parse(f"{BEGIN.strip()}\n{text}", "test.yaml")
    said = str(refused.value)
    assert all(line.startswith("test.yaml, ") for line in said.splitlines())
    return said


@pytest.mark.parametrize(("text", "says"), IN_THE_SECOND_STEP)
def test_a_mistake_in_a_step_says_which_step_and_how_to_mend_it(text, says):
    said = says_where(f"steps:\n{SIGNAL}  {text}")
    assert "step 2" in said
    assert says in said


@pytest.mark.parametrize(("text", "says"), IN_THE_FILE)
def test_a_mistake_in_the_file_says_where_and_how_to_mend_it(text, says):
    assert says in says_where(text)


def test_every_mistake_is_named_at_once():
    with pytest.raises(HistoryError) as refused:
        history("  - {date: soon, signal: {}}\n  - {act: {kind: x}}\n  - {decide: {exit: y}}")
    assert len(refused.value.problems) == 3


def test_a_real_address_is_refused():
    with pytest.raises(HistoryError, match="could be somebody's home"):
        parse(BEGIN.replace("Voorbeeldstraat", "Dorpsstraat") + f"steps:\n{SIGNAL}", "test.yaml")


@pytest.mark.parametrize("text", ["", "just words", "[1, 2]", "\t"])
def test_a_file_that_is_no_history_is_refused(text):
    with pytest.raises(HistoryError, match=r"test\.yaml"):
        parse(text, "test.yaml")
