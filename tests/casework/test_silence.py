"""Silence: an open case is always watched for it, and it is asked about when it lasts."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from casework.audit import audit
from casework.chores import do_chores
from casework.connect import transaction
from casework.intake import receive_signal
from casework.ledger import redate_term
from casework.policies import _parsed
from casework.promises import answer, next_due, raise_due
from casework.refusals import NotAllowed
from casework.requests import ask, reply
from casework.stages import reopen
from casework.stock import take_stock
from casework.words import Answer
from models import Case, UtcTime
from tests.builders import NOW, a_case, a_contact, a_signal, act, go
from tests.casework.looking import (
    DAY,
    at_once,
    behind_the_back,
    everything,
    kinds,
    promises,
    raise_all,
    rows,
)
from tests.casework.test_requests import unchanged

# Nothing since Monday 2 March: the last of fifteen working days is Monday 23.
FIRST = datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
LATER = NOW + 3 * DAY


def watched(engine, case):
    [row] = rows(engine, "cases", f"key = '{case}'")
    return row["silent_at"]


def stirred_at(engine, case):
    [row] = rows(engine, "cases", f"key = '{case}'")
    return row["stirred_at"]


def told_of(engine, promise):
    """Who was told of this promise, in the order in which it rang."""
    who = {r["id"]: r["key"] for r in rows(engine, "contacts")}
    return [who[r["recipient_id"]] for r in rows(engine, "alerts", f"checkpoint_id = {promise.id}")]


def answered(engine, case, key, now=LATER, by="director", **more):
    return answer(engine, case, key, given=Answer.DONE, by=by, now=now, **more)


# --- what is asked, and whom ---------------------------------------------------------------------


def test_a_new_case_is_watched_from_the_moment_it_opens(engine, in_signal):
    assert stirred_at(engine, in_signal) == NOW
    assert watched(engine, in_signal) == FIRST
    assert "case_silent" not in promises(engine, in_signal)


def test_silence_is_never_spoken_of_early(engine, in_signal):
    raise_all(engine, FIRST - timedelta(seconds=1))
    assert "case_silent" not in promises(engine, in_signal)
    assert watched(engine, in_signal) == FIRST


def test_silence_rings_for_the_director_and_climbs_to_the_process_director(engine, in_signal):
    raise_all(engine, FIRST)
    asked = promises(engine, in_signal)["case_silent"]
    assert str(asked.due_on) == "2026-03-23"
    assert told_of(engine, asked) == ["director"]
    assert {r["lead"] for r in rows(engine, "alerts", f"checkpoint_id = {asked.id}")} == {"due"}
    assert watched(engine, in_signal) is None
    raise_all(engine, FIRST + DAY)
    assert told_of(engine, asked)[1:] == ["director", "deputy"]
    raise_all(engine, FIRST + 3 * DAY)
    assert told_of(engine, asked)[3:] == ["process"]
    raise_all(engine, FIRST + 7 * DAY)
    assert "head" in told_of(engine, asked)


def test_silence_is_asked_once_however_often_the_watch_looks(engine, in_signal):
    raise_all(engine, FIRST)
    raise_all(engine, FIRST)
    take_stock(engine, in_signal, "signal", FIRST)
    assert len(rows(engine, "checkpoints", "key = 'case_silent'")) == 1
    assert kinds(engine, in_signal).count("silence_asked") == 1


def test_two_watchers_at_once_ask_once(engine, in_signal):
    results = at_once(*[lambda: raise_due(engine, FIRST)] * 2)
    assert not [r for r in results if isinstance(r, Exception)]
    raise_all(engine, FIRST)
    assert len(rows(engine, "checkpoints", "key = 'case_silent'")) == 1


def test_the_watch_wakes_for_silence_and_only_then(engine, in_signal):
    raise_all(engine, NOW)
    for key in list(promises(engine, in_signal)):
        behind_the_back(engine, "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, "
                        f"closed_at = due_at WHERE key = '{key}'")  # fmt: skip
    assert next_due(engine) == FIRST


def test_what_rings_by_now_rings_before_silence_is_asked_about(engine, in_signal):
    while raise_due(engine, FIRST, limit=1) and "case_silent" not in promises(engine, in_signal):
        pass
    ringing = "state = 'open' AND key <> 'case_silent' AND next_at <= :now"
    with engine.connect() as connection:
        left = connection.execute(
            sa.text(f"SELECT count(*) FROM checkpoints WHERE {ringing}").bindparams(
                sa.bindparam("now", FIRST, UtcTime())))  # fmt: skip
        assert left.scalar_one() == 0


def test_no_more_is_asked_in_one_go_than_the_limit_and_in_the_end_all_is(engine, in_signal):
    for number in range(3):
        a_case(engine, address=f"Voorbeeldlaan {number}")
    asked = []
    for _times in range(2):
        with transaction(engine) as session:
            assert do_chores(session, FIRST, limit=2) == 2
        asked.append(len(rows(engine, "checkpoints", "key = 'case_silent'")))
    assert asked == [2, 4]


def test_looking_at_more_cases_asks_the_database_no_more(engine, in_signal):
    a_case(engine, address="Voorbeeldplein 1")
    looked_at(engine, 2)  # contacts nobody looked at yet are looked at too, once
    said = [statements(engine, lambda: looked_at(engine, 2))]
    for number in range(4):
        a_case(engine, address=f"Voorbeeldlaan {number}")
    said.append(statements(engine, lambda: looked_at(engine, 6)))
    assert said[0] == said[1]


def looked_at(engine, cases):
    """The watch looks at these cases, none of which turns out to be silent."""
    with transaction(engine) as session:
        session.execute(sa.update(Case).values(silent_at=NOW))
        assert do_chores(session, NOW, limit=50) == cases


def statements(engine, call):
    """How many statements that takes."""
    said = []
    sa.event.listen(engine, "before_cursor_execute", lambda *one: said.append(one[2]))
    call()
    return len(said)


def test_one_case_alone_can_be_looked_at(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    raise_due(engine, FIRST, case_key=in_signal)
    assert "case_silent" in promises(engine, in_signal)
    assert "case_silent" not in promises(engine, other)


# --- what stirs a case ---------------------------------------------------------------------------


def joined(engine, case):
    assert receive_signal(engine, a_signal(received_at=LATER), LATER).how == "joined"


def replied(engine, case):
    number = ask(engine, case, to="care", what="Is er hulp?", by="director", now=NOW).id
    reply(engine, number, given=Answer.DONE, reason="ja", by="care", now=LATER)


STIRS = {
    "an act": lambda engine, case: act(engine, case, "site_visited", LATER),
    "a decision": lambda engine, case: go(engine, case, "take_up", LATER),
    "an answer": lambda engine, case: answered(engine, case, "triaged"),
    "a new signal": joined,
    "a reply": replied,
}


@pytest.mark.parametrize("what", STIRS)
def test_silence_begins_anew_with(engine, in_signal, what):
    STIRS[what](engine, in_signal)
    assert stirred_at(engine, in_signal) == LATER
    assert watched(engine, in_signal) == datetime(2026, 3, 26, 8, 0, tzinfo=UTC)


QUIET = {
    "a note": lambda engine, case: act(engine, case, "note_added", LATER, text="x"),
    "word to the reporter": lambda engine, case: act(engine, case, "reporter_informed", LATER),
    "asking": lambda engine, case: ask(engine, case, to="care", what="x", by="director", now=LATER),
    "a rung": lambda engine, case: raise_all(engine, LATER),
}


@pytest.mark.parametrize("what", QUIET)
def test_silence_is_not_broken_by(engine, in_signal, what):
    QUIET[what](engine, in_signal)
    assert (stirred_at(engine, in_signal), watched(engine, in_signal)) == (NOW, FIRST)


def test_an_event_ends_the_question_about_silence(engine, in_signal):
    raise_all(engine, FIRST)
    act(engine, in_signal, "site_visited", FIRST)
    assert "case_silent" in promises(engine, in_signal, "lapsed")
    # Good Friday and Easter Monday do not count, and the clock went forward.
    assert watched(engine, in_signal) == datetime(2026, 4, 15, 7, 0, tzinfo=UTC)


def test_answering_the_question_begins_silence_anew_and_a_second_time_it_is_asked_again(
    engine, in_signal
):
    raise_all(engine, FIRST)
    answered(engine, in_signal, "case_silent", FIRST)
    assert promises(engine, in_signal, "answered")["case_silent"].answer == "done"
    raise_all(engine, watched(engine, in_signal))
    assert [r["origin"] for r in rows(engine, "checkpoints", "key = 'case_silent'")] == [
        "silence:1", "silence:2",
    ]  # fmt: skip


def test_an_act_recorded_late_counts_from_when_it_was_recorded(engine, in_signal):
    act(engine, in_signal, "site_visited", LATER)
    act(engine, in_signal, "site_visited", NOW + DAY)  # `now` of another desk runs behind
    assert stirred_at(engine, in_signal) == LATER


# --- the end of a case ---------------------------------------------------------------------------


def test_a_closed_case_is_not_silent_and_a_reopened_one_is_watched_again(engine, in_signal):
    raise_all(engine, FIRST)
    go(engine, in_signal, "unfounded", FIRST)
    assert watched(engine, in_signal) is None
    assert "case_silent" not in promises(engine, in_signal)
    raise_all(engine, FIRST + 90 * DAY)
    assert "case_silent" not in promises(engine, in_signal)
    at = FIRST + 100 * DAY
    reopen(engine, in_signal, stage="signal", by="director", reason="weer overlast", now=at)
    assert (stirred_at(engine, in_signal), watched(engine, in_signal) > at) == (at, True)


def test_every_open_case_is_watched_at_every_moment(engine):
    keys = [a_case(engine, stage, address=f"Voorbeeldlaan {stage}")
            for stage in ("signal", "voluntary_care", "warning", "aftercare")]  # fmt: skip
    for days in range(0, 70, 7):
        raise_all(engine, NOW + days * DAY)
        found = {f.what for f in audit(engine, NOW + days * DAY).findings}
        assert not found & {"silence-unwatched", "silence-not-asked"}
    assert all("case_silent" in promises(engine, key) for key in keys)


# --- what goes wrong -----------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["case_silent", "wait_over"])
def test_a_question_about_silence_gets_no_other_date(engine, in_signal, key):
    raise_all(engine, FIRST)
    behind_the_back(engine, f"UPDATE checkpoints SET key = '{key}' WHERE key = 'case_silent'",
                    "checkpoints")  # fmt: skip
    unchanged(engine, NotAllowed, "estafette case wait", lambda: redate_term(
        engine, in_signal, key, to=(LATER + 90 * DAY).date(), on=LATER.date(), by="director",
        ground="x", reason="y", now=FIRST))  # fmt: skip


def test_a_case_that_can_not_be_counted_keeps_no_other_waiting_and_is_noticed(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    behind_the_back(engine, "UPDATE cases SET stirred_at = '9998-12-30T00:00:00.000000+00:00', "
                    f"silent_at = opened_at WHERE key = '{in_signal}'")  # fmt: skip
    before = len(kinds(engine, in_signal))
    raise_due(engine, FIRST)
    raise_due(engine, FIRST + timedelta(hours=2))
    assert "case_silent" in promises(engine, other)
    assert "case_silent" not in promises(engine, in_signal)
    assert kinds(engine, in_signal)[before:].count("silence_put_off") >= 1


def test_a_damaged_policy_is_put_off_told_once_and_asked_when_mended(engine, in_signal):
    [text] = {r["text"] for r in rows(engine, "policy_versions", "id = 1")}
    _break_policies(engine)
    for hours in range(5):
        raise_all(engine, FIRST + timedelta(hours=hours))
    assert len(rows(engine, "journal", "kind = 'silence_put_off'")) == 1
    at = FIRST + timedelta(hours=5)
    assert "silence-not-asked" in {f.what for f in audit(engine, at).findings}
    with engine.begin() as connection:
        mend = sa.text("UPDATE policy_versions SET text = :text WHERE id = 1")
        connection.execute(mend, {"text": text})
    raise_all(engine, at + timedelta(hours=1))
    assert "case_silent" in promises(engine, in_signal)
    assert "silence-not-asked" not in {f.what for f in audit(engine, at).findings}


def test_people_can_still_answer_in_a_case_whose_policy_was_damaged(engine, in_signal):
    _break_policies(engine)
    answered(engine, in_signal, "acknowledged")
    assert watched(engine, in_signal) == datetime(2026, 3, 26, 8, 0, tzinfo=UTC)


def _break_policies(engine):
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE policy_versions SET text = 'name = '"))
    _parsed.cache_clear()


# --- the joint analysis --------------------------------------------------------------------------


def test_the_joint_analysis_is_renewed_after_eight_weeks_whatever_the_stage(engine):
    key = a_case(engine, "assessment")
    act(engine, key, "joint_analysis_signed", NOW)
    assert str(promises(engine, key)["analysis_renewed"].due_on) == "2026-04-27"
    go(engine, key, "help_first")
    assert "analysis_renewed" in promises(engine, key)
    act(engine, key, "joint_analysis_signed", NOW + 50 * DAY)
    assert "analysis_renewed" in promises(engine, key, "answered")
    assert str(promises(engine, key)["analysis_renewed"].due_on) == "2026-06-16"


def test_a_joint_analysis_that_is_not_renewed_rings(engine):
    key = a_case(engine, "assessment")
    act(engine, key, "joint_analysis_signed", NOW)
    go(engine, key, "help_first")
    asked = promises(engine, key)["analysis_renewed"]
    raise_all(engine, datetime(2026, 4, 30, 8, 0, tzinfo=UTC))
    assert {"director", "deputy"} <= set(told_of(engine, asked))


def test_in_aftercare_no_analysis_is_renewed(engine):
    key = a_case(engine, "assessment")
    act(engine, key, "joint_analysis_signed", NOW)
    go(engine, key, "help_first")
    go(engine, key, "works")
    assert "analysis_renewed" in promises(engine, key, "lapsed")
    assert "analysis_renewed" not in promises(engine, key)


def test_a_question_about_silence_says_nothing_to_a_person_without_a_role(engine, in_signal):
    a_contact(engine, "buiten", "care_worker")
    raise_all(engine, FIRST + 30 * DAY)
    assert "buiten" not in told_of(engine, promises(engine, in_signal)["case_silent"])
    before = everything(engine)
    raise_all(engine, FIRST + 30 * DAY)
    assert everything(engine) == before
