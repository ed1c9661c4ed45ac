"""Acknowledging and resending: somebody saw it, which answers nothing; somebody sends it again."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.acknowledging import acknowledge, resend
from casework.administration import administration
from casework.claiming import LEASE, claim
from casework.notices import raise_notices
from casework.promises import answer
from casework.refusals import NotAllowed, NotFound
from casework.words import Answer
from tests.builders import act, announce_order
from tests.casework.looking import DAY, at_once, everything, raise_all, rows
from tests.casework.outbox import send, state_of

DUE = datetime(2026, 3, 9, 8, tzinfo=UTC)  # "triaged" rings on Monday 9 March at nine


@pytest.fixture
def rung(engine, in_signal) -> int:
    """The number of the one alert of the one promise of a case, that rang at DUE."""
    act(engine, in_signal, "reporter_informed")
    raise_all(engine, DUE)
    return int(rows(engine, "alerts")[-1]["id"])


def rings_at(engine):
    (promise,) = rows(engine, "checkpoints", "state = 'open'")
    return promise["next_at"]


def acks(engine) -> list[tuple[int, str]]:
    return [(row["alert_id"], row["by"]) for row in rows(engine, "acknowledgements")]


# --- acknowledging -------------------------------------------------------------------------------


def test_several_people_can_acknowledge_each_once(engine, rung):
    said = [acknowledge(engine, rung, by=who, now=DUE) for who in
            ("director", "deputy", "director", "process", "deputy")]  # fmt: skip
    assert said == ["quiet", "quiet", "known", "quiet", "known"]
    assert acks(engine) == [(rung, "director"), (rung, "deputy"), (rung, "process")]
    journalled = rows(engine, "journal", "kind = 'acknowledged'")
    assert [line["actor"] for line in journalled] == ["director", "deputy", "process"]


def test_it_was_first_seen_when_the_first_saw_it(engine, rung):
    acknowledge(engine, rung, by="director", now=DUE)
    acknowledge(engine, rung, by="deputy", now=DUE + DAY)
    assert rows(engine, "alerts", f"id = {rung}")[0]["acknowledged_at"] == DUE


def test_acknowledging_quiets_for_working_days_and_answers_nothing(engine, rung):
    before = rings_at(engine)
    assert acknowledge(engine, rung, by="director", now=DUE) == "quiet"
    assert rings_at(engine) > before
    (promise,) = rows(engine, "checkpoints", "state = 'open'")
    assert (promise["answer"], promise["closed_at"]) == (None, None)


def test_two_who_acknowledge_at_once_are_both_on_record_and_the_same_one_once(engine, rung):
    said = at_once(
        *[lambda: acknowledge(engine, rung, by="director", now=DUE)] * 2,
        lambda: acknowledge(engine, rung, by="deputy", now=DUE),
    )
    assert sorted(said) == ["known", "quiet", "quiet"]
    assert sorted(acks(engine)) == [(rung, "deputy"), (rung, "director")]


def test_a_message_of_a_promise_that_climbed_says_so_and_changes_nothing(engine, rung):
    raise_all(engine, DUE + 2 * DAY)
    before = rows(engine, "checkpoints")
    assert acknowledge(engine, rung, by="director", now=DUE + 2 * DAY) == "moved on"
    assert rows(engine, "checkpoints") == before
    assert rows(engine, "journal", "kind = 'acknowledged'")[-1]["data"]["quiet"] is False


def test_a_message_of_a_promise_that_is_over_says_so_and_changes_nothing(engine, rung, in_signal):
    answer(engine, in_signal, "triaged", given=Answer.DONE, by="director", now=DUE)
    before = rows(engine, "checkpoints")
    assert acknowledge(engine, rung, by="director", now=DUE) == "moved on"
    assert rows(engine, "checkpoints") == before


def test_a_term_of_law_still_rings_on_its_own_date(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order)
    term = min(rows(engine, "checkpoints", "statutory AND state = 'open'"),
               key=lambda row: row["due_at"])  # fmt: skip
    now = term["next_at"]
    raise_all(engine, now)
    (alert, *_) = rows(engine, "alerts", f"checkpoint_id = {term['id']}")
    assert alert["rung"] < 0
    coming = rows(engine, "checkpoints", f"id = {term['id']}")[0]["next_at"]
    assert acknowledge(engine, alert["id"], by="director", now=now) == "quiet"
    assert rows(engine, "checkpoints", f"id = {term['id']}")[0]["next_at"] == coming


def test_a_notice_is_seen_by_each_who_says_so_and_is_on_record(engine):
    raise_notices(engine, datetime(2028, 1, 1, tzinfo=UTC))
    (notice,) = rows(engine, "alerts")
    said = [acknowledge(engine, notice["id"], by=who, now=DUE) for who in ("process", "head")]
    assert said == ["seen", "seen"]
    assert [entry.actor for entry in administration(engine)[:2]] == ["head", "process"]


def test_acknowledging_while_it_is_being_sent_keeps_the_senders_lease(engine, rung):
    claimed = claim(engine, DUE)
    acknowledge(engine, rung, by="director", now=DUE)
    assert state_of(engine, rung) == "leased"
    assert {one.number for one in claimed} >= {rung}


# --- resending -----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["timeout", "refused"])
def test_what_perhaps_arrived_or_failed_is_sent_once_more_and_journalled(engine, rung, code):
    send(engine, DUE, mail=code)
    assert state_of(engine, rung) in {"perhaps", "failed"}
    resend(engine, rung, by="process", now=DUE)
    (line,) = rows(engine, "journal", "kind = 'resent'")
    assert (line["actor"], line["data"]) == ("process", {"alert": rung})
    assert [sent.numbers for sent in send(engine, DUE)] == [(rung,)]
    attempts = rows(engine, "deliveries", f"alert_id = {rung}")
    assert [row["attempt"] for row in attempts] == [1, 2]


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


@pytest.mark.parametrize("state", ["waiting", "leased", "delivered", "void"])
def test_nothing_else_is_resent_and_the_refusal_says_why(engine, rung, in_signal, state):
    if state == "leased":
        claim(engine, DUE)
    if state == "delivered":
        send(engine, DUE)
    if state == "void":
        answer(engine, in_signal, "triaged", given=Answer.DONE, by="director", now=DUE)
        send(engine, DUE)
    assert state_of(engine, rung) == state
    unchanged(engine, NotAllowed, f"alert {rung} is {state}; there is nothing to resend",
              lambda: resend(engine, rung, by="process", now=DUE))  # fmt: skip


def test_an_alert_nobody_knows_and_a_person_nobody_knows_resend_nothing(engine, rung):
    unchanged(engine, NotFound, "estafette alert list",
              lambda: resend(engine, 999, by="process", now=DUE))  # fmt: skip
    unchanged(engine, NotFound, "contact nobody",
              lambda: resend(engine, rung, by="nobody", now=DUE))  # fmt: skip


def test_resending_and_sending_at_once_never_break_each_other(engine, rung):
    send(engine, DUE, mail="refused")
    later = DUE + timedelta(hours=2)
    said = at_once(lambda: resend(engine, rung, by="process", now=later),
                   lambda: claim(engine, later), lambda: claim(engine, later))  # fmt: skip
    assert said[0] is None or isinstance(said[0], NotAllowed)
    assert not [one for one in said[1:] if isinstance(one, Exception)]
    send(engine, later + LEASE)
    assert state_of(engine, rung) == "delivered"


def test_a_notice_that_failed_is_resent_on_record(engine):
    now = datetime(2028, 1, 1, tzinfo=UTC)
    raise_notices(engine, now)
    (notice,) = rows(engine, "alerts")
    send(engine, now, mail="timeout")
    resend(engine, notice["id"], by="process", now=now)
    entry = administration(engine)[0]
    assert (entry.kind, entry.data) == ("resent", {"alert": notice["id"]})
