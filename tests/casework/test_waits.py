"""Waiting: a reason and a day quiet silence until that day, and not for ever."""

from datetime import UTC, date, datetime

import pytest

from casework.absences import away
from casework.promises import answer
from casework.refusals import NotAllowed, NotFound
from casework.requests import ask
from casework.stages import reopen
from casework.waits import end_wait, wait, waits_of
from casework.words import Answer
from tests.builders import NOW, TOWN, a_contact, act, go
from tests.casework.handing import accepted, offered
from tests.casework.looking import DAY, at_once, everything, kinds, promises, raise_all, rows
from tests.casework.test_requests import unchanged
from tests.casework.test_silence import FIRST, LATER, told_of, watched

CARE = f"zorg-{TOWN}"
UNTIL = date(2026, 5, 1)
OVER = datetime(2026, 5, 1, 7, 0, tzinfo=UTC)
REASON = "de zitting is op 30 april"
LONGEST = date(2026, 6, 1)  # thirteen weeks after Monday 2 March


def waiting(engine, case, **more):
    options = {"until": UNTIL, "reason": REASON, "by": "director", "now": NOW, **more}
    return wait(engine, case, **options)


def ended(engine, case, **more):
    return end_wait(engine, case, **{"by": "director", "now": LATER, **more})


def asked_care(engine, case):
    ask(engine, case, to="care", what="Is er hulp?", by="director", now=NOW)


def partner_watched(engine):
    [row] = rows(engine, "partners")
    return row["silent_at"]


# --- the case ------------------------------------------------------------------------------------


def test_a_stated_wait_quiets_a_case_until_its_day_and_then_asks(engine, in_signal):
    got = waiting(engine, in_signal)
    assert (got.until, got.partner) == (UNTIL, None)
    assert watched(engine, in_signal) == OVER
    raise_all(engine, datetime(2026, 5, 1, 6, 59, tzinfo=UTC))
    assert not {"case_silent", "wait_over"} & promises(engine, in_signal).keys()
    raise_all(engine, OVER)
    asked = promises(engine, in_signal)["wait_over"]
    assert (asked.due_on, told_of(engine, asked)) == (UNTIL, ["director"])
    raise_all(engine, OVER + 10 * DAY)
    assert "process" in told_of(engine, asked)
    assert "case_silent" not in promises(engine, in_signal)


def test_a_wait_shorter_than_silence_changes_nothing(engine, in_signal):
    waiting(engine, in_signal, until=date(2026, 3, 10))
    assert watched(engine, in_signal) == FIRST
    raise_all(engine, FIRST)
    assert "case_silent" in promises(engine, in_signal)


def test_a_wait_ends_the_question_that_was_open(engine, in_signal):
    raise_all(engine, FIRST)
    waiting(engine, in_signal, now=FIRST)
    assert "case_silent" in promises(engine, in_signal, "lapsed")
    assert watched(engine, in_signal) == OVER


def test_after_the_wait_was_asked_about_silence_is_counted_from_the_answer(engine, in_signal):
    waiting(engine, in_signal)
    raise_all(engine, OVER)
    answer(engine, in_signal, "wait_over", given=Answer.DONE, by="director", now=OVER)
    assert watched(engine, in_signal) == datetime(2026, 5, 27, 7, 0, tzinfo=UTC)
    raise_all(engine, watched(engine, in_signal))
    assert "case_silent" in promises(engine, in_signal)


def test_an_event_while_waiting_leaves_the_wait_as_it_is(engine, in_signal):
    waiting(engine, in_signal)
    act(engine, in_signal, "site_visited", LATER)
    assert watched(engine, in_signal) == OVER
    late = OVER - 2 * DAY
    act(engine, in_signal, "site_visited", late)
    assert watched(engine, in_signal) > OVER  # that is when it would be silent again


def test_a_wait_says_why_in_its_own_row_alone(engine, in_signal):
    waiting(engine, in_signal)
    [seen] = waits_of(engine, in_signal)
    assert (seen.reason, seen.until, seen.by, seen.partner) == (REASON, UNTIL, "director", None)
    assert kinds(engine, in_signal)[-1] == "waiting"
    raise_all(engine, OVER)
    for table in ("journal", "alerts", "checkpoints"):
        assert REASON not in str(rows(engine, table))


def test_the_same_wait_twice_is_one_and_another_takes_its_place(engine, in_signal):
    first = waiting(engine, in_signal)
    before = everything(engine)
    assert waiting(engine, in_signal, now=LATER) == first
    assert everything(engine) == before
    waiting(engine, in_signal, until=date(2026, 4, 1), now=LATER)
    old, new = waits_of(engine, in_signal)
    assert (old.ended_at, new.ended_at) == (LATER, None)
    assert watched(engine, in_signal) == datetime(2026, 4, 1, 7, 0, tzinfo=UTC)


def test_stated_twice_at_once_it_is_stated_once(engine, in_signal):
    got = at_once(*[lambda: waiting(engine, in_signal)] * 2)
    assert got[0] == got[1]
    assert len(waits_of(engine, in_signal)) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"until": NOW.date()}, NotAllowed, "ends on a day still to come"),
        ({"until": date(2026, 2, 1)}, NotAllowed, "ends on a day still to come"),
        ({"until": date(2026, 6, 2)}, NotAllowed, r"case.waiting.*2026-06-01"),
        ({"until": date(9999, 1, 1)}, NotAllowed, "case.waiting"),
        ({"reason": "  "}, NotAllowed, "needs a reason"),
        ({"reason": "x" * 1001}, NotAllowed, "at most 1000"),
        ({"by": "nobody"}, NotFound, "contact nobody"),
        ({"partner": CARE}, NotFound, "at its table: nobody"),
    ],
)
def test_a_refused_wait_changes_nothing(engine, in_signal, wrong, error, match):
    unchanged(engine, error, match, lambda: waiting(engine, in_signal, **wrong))


@pytest.mark.parametrize("by", ["jurist", "care", "deputy", "head"])
def test_only_who_holds_a_role_or_directs_says_that_a_case_waits(engine, in_signal, by):
    asked_care(engine, in_signal)
    says = f"{by} can not say whether case {in_signal} waits"
    unchanged(engine, NotAllowed, says, lambda: waiting(engine, in_signal, by=by))
    waiting(engine, in_signal)
    unchanged(engine, NotAllowed, says, lambda: ended(engine, in_signal, by=by))


def test_a_lead_a_stand_in_and_the_process_director_say_that_a_case_waits(engine, in_signal):
    accepted(engine, offered(engine, in_signal).id)
    assert waiting(engine, in_signal, by="care", now=LATER).until == UNTIL
    away(engine, "director", since=LATER, by="director", now=LATER)
    assert ended(engine, in_signal, by="deputy").until is None
    assert waiting(engine, in_signal, by="process", now=LATER).until == UNTIL


def test_a_partner_says_of_itself_alone_that_it_waits(engine, in_signal):
    asked_care(engine, in_signal)
    a_contact(engine, "collega", "care_worker", organisation=CARE)
    assert waiting(engine, in_signal, partner=CARE, by="collega").until == UNTIL
    unchanged(engine, NotAllowed, "somebody of that partner",
              lambda: waiting(engine, in_signal, partner=CARE, by="jurist"))  # fmt: skip
    unchanged(engine, NotAllowed, "can not say", lambda: waiting(engine, in_signal, by="collega"))
    assert ended(engine, in_signal, partner=CARE, by="collega").until is None


def test_the_longest_wait_is_allowed(engine, in_signal):
    assert waiting(engine, in_signal, until=LONGEST).until == LONGEST


def test_a_day_that_begins_in_amsterdam_has_begun(engine, in_signal):
    late = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)  # already 1 May in Amsterdam
    unchanged(engine, NotAllowed, "still to come", lambda: waiting(engine, in_signal, now=late))


def test_a_wait_that_is_over_early_makes_silence_count_from_then(engine, in_signal):
    waiting(engine, in_signal)
    assert ended(engine, in_signal).until is None
    assert watched(engine, in_signal) == datetime(2026, 3, 26, 8, 0, tzinfo=UTC)
    assert kinds(engine, in_signal)[-1] == "wait_ended"
    before = everything(engine)
    ended(engine, in_signal, now=LATER + DAY)
    assert everything(engine) == before


def test_a_closed_case_does_not_wait_and_forgets_its_waits(engine, in_signal):
    waiting(engine, in_signal)
    go(engine, in_signal, "unfounded", LATER)
    [seen] = waits_of(engine, in_signal)
    assert seen.ended_at == LATER
    unchanged(engine, NotAllowed, "is closed", lambda: waiting(engine, in_signal, now=LATER))
    reopen(engine, in_signal, stage="signal", by="director", reason="weer overlast", now=LATER)
    assert watched(engine, in_signal) == datetime(2026, 3, 26, 8, 0, tzinfo=UTC)


# --- one partner ---------------------------------------------------------------------------------


def test_a_partner_waits_while_the_case_does_not(engine, in_signal):
    asked_care(engine, in_signal)
    waiting(engine, in_signal, partner=CARE)
    assert partner_watched(engine) == OVER
    assert watched(engine, in_signal) == FIRST
    raise_all(engine, OVER)
    asked = promises(engine, in_signal)["partner_wait_over"]
    assert set(told_of(engine, asked)) == {"care", "director"}
    assert partner_watched(engine) is None


def test_a_partner_that_waits_no_longer_is_silent_from_then(engine, in_signal):
    asked_care(engine, in_signal)
    waiting(engine, in_signal, partner=CARE)
    ended(engine, in_signal, partner=CARE)
    # Twenty working days after Thursday 5 March is Thursday 2 April.
    assert partner_watched(engine) == datetime(2026, 4, 2, 7, 0, tzinfo=UTC)
    [seen] = waits_of(engine, in_signal)
    assert (seen.partner, seen.ended_at) == (CARE, LATER)


def test_while_the_case_waits_no_partner_is_called_silent(engine, in_signal):
    asked_care(engine, in_signal)
    waiting(engine, in_signal)
    assert partner_watched(engine) > OVER
    raise_all(engine, OVER)
    assert "partner_silent" not in promises(engine, in_signal)
