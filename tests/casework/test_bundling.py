"""Bundling, with rows: quiet hours, one digest, a budget; what a law dates is exempt and first."""

from datetime import UTC, datetime, time, timedelta

import pytest

from casework.acknowledging import resend
from casework.alerts import next_to_send, record
from casework.claiming import LEASE, claim, look_again
from casework.connect import transaction
from casework.customs import AT_ONCE
from escalation.hours import AMSTERDAM, parse
from escalation.interruptions import MOST, SAFE, Manners
from models import Alert, AlertState, Code, Notice
from tests.casework.looking import DAY, at_once, rows
from tests.casework.outbox import (
    HOUR,
    MINUTE,
    Sent,
    an_alert,
    customs_of,
    messages,
    outbox,
    send,
    state_of,
)

OFFICE = parse("mon-fri 08:00-18:00")
SHIPPED = customs_of(Manners(OFFICE, time(8, 30), 3))
CRASHED = "lease-ran-out"


def march(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment in March 2026 in the Netherlands; the 2nd is a Monday."""
    return datetime(2026, 3, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


NOON = march(2, 12)


def next_at(engine, number: int):
    return rows(engine, "alerts", f"id = {number}")[0]["next_at"]


def a_day_of(engine, how_many: int, now=NOON, to="care") -> list[Sent]:
    """So many messages that interrupt, one after the other."""
    sent = []
    for n in range(how_many):
        an_alert(engine, to, now + n * MINUTE)
        sent += send(engine, now + n * MINUTE, SHIPPED)
    return sent


# --- held until its moment -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "lead", "goes"),
    [
        (march(2, 19), "due", march(3, 8)),
        (march(6, 19), "due", march(9, 8)),
        (march(2, 12), "reminder", march(3, 8, 30)),
        (march(6, 12), "reminder", march(9, 8, 30)),
        (march(28, 23), "due", march(30, 8)),  # over the change of the clock
    ],
)
def test_what_must_wait_is_held_until_its_moment_and_goes_then(engine, in_signal, now, lead, goes):
    number = an_alert(engine, "care", now, lead=lead, due=now + 60 * DAY)
    assert send(engine, now, SHIPPED) == []
    assert (state_of(engine, number), next_at(engine, number)) == ("waiting", goes)
    assert next_to_send(engine) == goes
    assert send(engine, goes - timedelta(microseconds=1), SHIPPED) == []
    assert [sent.numbers for sent in send(engine, goes, SHIPPED)] == [(number,)]


def test_a_reminder_of_what_is_due_before_the_digest_does_not_wait_for_it(engine, in_signal):
    mondays = customs_of(Manners(parse("mon 08:00-18:00"), time(8, 30), 3))
    soon = an_alert(engine, "care", NOON, lead="reminder", due=march(6))
    late = an_alert(engine, "care", NOON, lead="reminder", due=march(20))
    assert [sent.numbers for sent in send(engine, NOON, mondays)] == [(soon,)]
    assert next_at(engine, late) == march(9, 8, 30)


def test_what_can_wait_joins_one_message_in_the_morning(engine, in_signal):
    numbers = [an_alert(engine, "care", NOON + n * HOUR, lead="reported") for n in range(5)]
    for n in range(5):
        assert send(engine, NOON + n * HOUR, SHIPPED) == []
    urgent = an_alert(engine, "care", march(3, 6), lead="due")
    assert send(engine, march(3, 7), SHIPPED) == []
    assert [sent.numbers for sent in send(engine, march(3, 8), SHIPPED)] == [(urgent,)]
    assert [sent.numbers for sent in send(engine, march(3, 8, 30), SHIPPED)] == [tuple(numbers)]


def test_over_the_budget_the_rest_waits_for_the_digest(engine, in_signal):
    assert len(a_day_of(engine, 5)) == 3
    assert [row["next_at"] for row in outbox(engine)][3:] == [march(3, 8, 30)] * 2
    assert [sent.numbers for sent in send(engine, march(3, 8, 30), SHIPPED)] == [(4, 5)]


def test_the_budget_of_one_is_not_that_of_another(engine, in_signal):
    assert len(a_day_of(engine, 4)) == 3
    assert len(a_day_of(engine, 4, to="jurist")) == 3


def test_what_failed_costs_nothing_and_what_perhaps_arrived_does(engine, in_signal):
    for n, code in enumerate(("refused", "deferred", "timeout", "cut-off", "ok")):
        an_alert(engine, "care", NOON + n * MINUTE)
        (one,) = [
            message[0] for message in messages(claim(engine, NOON + n * MINUTE, customs=SHIPPED))
            if message[0].recipient == "care"
        ][:1]  # fmt: skip
        outcome = {"ok": "delivered", "timeout": "perhaps", "cut-off": "perhaps"}.get(
            code, "failed"
        )
        record(engine, one.token, outcome, code, NOON + n * MINUTE)
    number = an_alert(engine, "care", NOON + HOUR)
    claim(engine, NOON + HOUR, customs=SHIPPED)
    assert next_at(engine, number) == march(3, 8, 30)


# --- what a law dates, and what was asked for ----------------------------------------------------


def test_what_a_law_dates_goes_first_in_a_message_and_costs_nothing(engine, in_signal):
    a_day_of(engine, 3)
    over = an_alert(engine, "care", NOON + HOUR, lead="due")
    law = an_alert(engine, "care", NOON + HOUR, lead="due", law=True)
    assert [sent.numbers for sent in send(engine, NOON + HOUR, SHIPPED)] == [(law,)]
    assert next_at(engine, over) == march(3, 8, 30)
    both = an_alert(engine, "jurist", NOON, lead="due"), an_alert(engine, "jurist", NOON, law=True)
    assert [sent.numbers for sent in send(engine, NOON + HOUR, SHIPPED)] == [both[::-1]]
    counted = {row["alert_id"]: row["counted"] for row in rows(engine, "deliveries")}
    assert (counted[law], counted[both[0]], counted[1]) == (False, False, True)


@pytest.mark.parametrize(
    ("due", "goes"), [(march(20), march(3, 8)), (march(3, 23), march(2, 19)), (None, march(3, 8))]
)
def test_what_a_law_dates_waits_for_the_opening_only_when_that_is_soon_enough(
    engine, in_signal, due, goes
):
    number = an_alert(engine, "care", march(2, 19), law=True, due=due)
    sent = send(engine, march(2, 19), SHIPPED)
    assert [one.numbers for one in sent] == ([(number,)] if goes == march(2, 19) else [])
    assert goes == march(2, 19) or next_at(engine, number) == goes
    assert due is None or goes <= due - SAFE or goes == march(2, 19)


def test_a_message_of_law_on_its_way_takes_nothing_from_the_budget(engine, in_signal):
    a_day_of(engine, 2)
    an_alert(engine, "care", NOON + HOUR, law=True)
    assert len(claim(engine, NOON + HOUR, customs=SHIPPED)) == 1
    number = an_alert(engine, "care", NOON + HOUR)
    assert [one.number for one in claim(engine, NOON + HOUR, customs=SHIPPED)] == [number]


def a_code(engine, to="care", now=NOON, **more) -> int:
    """The number of an alert that brings a one-time code, which holds for a quarter of an hour."""
    with transaction(engine) as session:
        code = Code(contact_id=1, nonce="x", made_at=now, expires_at=now + 15 * MINUTE, **more)
        session.add(code)
        session.flush()
        period = str(code.id)
    return an_alert(engine, to, now, lead="code", case_id=None, checkpoint_id=None,
                    notice=Notice.CODE, period=period)  # fmt: skip


def test_what_is_sent_again_by_hand_goes_at_once_at_night_and_over_the_budget(engine, in_signal):
    lost = a_day_of(engine, 3)[-1].numbers[0]
    held = an_alert(engine, "care", NOON + HOUR)
    with transaction(engine) as session:
        row = session.get_one(Alert, lost)
        row.state = AlertState.PERHAPS
        session.add(row)
    night = march(2, 23)
    resend(engine, lost, by="process", now=night)
    assert [one.numbers for one in send(engine, night, SHIPPED)] == [(lost,)]
    assert state_of(engine, held) == "waiting", "nothing else goes along"
    assert not rows(engine, "alerts", f"id = {lost}")[0]["by_hand"]


def test_what_is_held_is_planned_anew_when_the_manners_change(engine, in_signal):
    number = an_alert(engine, "care", march(2, 20))
    assert send(engine, march(2, 20), SHIPPED) == []
    look_again(engine, march(2, 21))
    assert send(engine, march(2, 21), SHIPPED) == [], "the same manners hold it again"
    look_again(engine, march(2, 22))
    assert [one.numbers for one in send(engine, march(2, 22), AT_ONCE)] == [(number,)]


def test_a_code_somebody_asked_for_goes_at_once_by_itself_and_costs_nothing(engine, in_signal):
    a_day_of(engine, 3)
    night = march(2, 23)
    number = a_code(engine, now=night)
    held = an_alert(engine, "care", night)
    assert [sent.numbers for sent in send(engine, night, SHIPPED)] == [(number,)]
    assert next_at(engine, held) == march(3, 8)
    assert rows(engine, "deliveries", f"alert_id = {number}")[0]["counted"] is False


def test_a_code_that_ran_out_or_was_used_is_not_sent_any_more(engine, in_signal):
    late, used = a_code(engine), a_code(engine, used_at=NOON)
    assert send(engine, NOON + 15 * MINUTE, SHIPPED) == []
    assert [state_of(engine, number) for number in (late, used)] == ["void", "void"]


# --- one token, one message ----------------------------------------------------------------------


def test_one_token_is_one_message_to_one_person_by_one_channel(engine, in_signal):
    for who in ("care", "jurist", "head"):
        for lead in ("due", "overdue", "asked"):
            an_alert(engine, who, NOON, lead=lead)
    found = messages(claim(engine, NOON, customs=SHIPPED))
    assert [len(message) for message in found] == [3, 3, 3]
    for message in found:
        assert len({(one.token, one.recipient, one.channel, one.address) for one in message}) == 1
        assert record(engine, message[0].token, "delivered", "ok", NOON, customs=SHIPPED)
        assert not record(engine, message[0].token, "delivered", "ok", NOON, customs=SHIPPED)
    by_message = {row["message"] for row in rows(engine, "deliveries")}
    assert by_message == {min(one.number for one in message) for message in found}


def test_a_limit_is_of_messages_and_never_splits_one(engine, in_signal):
    for who in ("care", "jurist", "head"):
        for _ in range(4):
            an_alert(engine, who, NOON)
    assert [len(message) for message in messages(claim(engine, NOON, 2, customs=SHIPPED))] == [4, 4]
    assert [len(message) for message in messages(claim(engine, NOON, 2, customs=SHIPPED))] == [4]


def test_what_does_not_fit_in_a_message_goes_in_the_next(engine, in_signal):
    for _ in range(MOST + 3):
        an_alert(engine, "care", NOON)
    found = messages(claim(engine, NOON, customs=SHIPPED))
    assert [len(message) for message in found] == [MOST, 3]


def test_who_does_not_bundle_gets_each_alert_by_itself_in_opening_hours(engine, in_signal):
    hours_only = customs_of(Manners(OFFICE))
    for _ in range(3):
        an_alert(engine, "care", march(2, 19))
    assert send(engine, march(2, 19), hours_only) == []
    assert [sent.numbers for sent in send(engine, march(3, 8), hours_only)] == [(1,), (2,), (3,)]


# --- senders that crash, and senders beside each other -------------------------------------------


def test_a_crash_in_mid_bundle_repeats_the_bundle_as_a_whole_and_is_down_as_perhaps(
    engine, in_signal
):
    numbers = tuple(an_alert(engine, "care", NOON) for _ in range(4))
    (lost,) = messages(claim(engine, NOON, customs=SHIPPED))
    again = send(engine, NOON + LEASE, SHIPPED)
    assert [sent.numbers for sent in again] == [numbers]
    assert not record(engine, lost[0].token, "delivered", "ok", NOON + LEASE, customs=SHIPPED)
    told = [(row["alert_id"], row["outcome"], row["message"]) for row in rows(engine, "deliveries")]
    assert told == [(n, "perhaps", 1) for n in numbers] + [(n, "delivered", 1) for n in numbers]


def test_a_lost_message_and_its_repeat_are_two_of_the_budget(engine, in_signal):
    an_alert(engine, "care", NOON)
    claim(engine, NOON, customs=SHIPPED)
    assert len(send(engine, NOON + LEASE, SHIPPED)) == 1
    sent = a_day_of(engine, 3, NOON + HOUR)
    assert len(sent) == 1


def test_the_budget_counts_what_is_on_its_way(engine, in_signal):
    for n in range(5):
        an_alert(engine, "care", NOON + n * timedelta(seconds=1))
        claim(engine, NOON + n * timedelta(seconds=1), customs=SHIPPED)
    flying = [row for row in outbox(engine) if row["state"] == "leased"]
    assert len(flying) == 3
    assert {row["next_at"] for row in outbox(engine)[3:]} == {march(3, 8, 30)}


@pytest.mark.parametrize("customs", [SHIPPED, customs_of()])
def test_what_was_lost_and_is_not_sent_again_in_this_look_is_lost_once(engine, in_signal, customs):
    # What a claim looks at and has no place for must not be recorded as lost each time.
    for who in ("care", "jurist", "head", "process"):
        an_alert(engine, who, NOON)
    claim(engine, NOON, customs=customs)
    for _ in range(4):
        assert len(messages(claim(engine, NOON + LEASE, 1, customs=customs))) == 1
    lost = rows(engine, "deliveries", f"detail = '{CRASHED}'")
    assert sorted(row["alert_id"] for row in lost) == [1, 2, 3, 4]


def test_a_slow_sender_may_not_record_what_another_look_gave_up(engine, in_signal):
    for who in ("care", "jurist"):
        an_alert(engine, who, NOON)
    slow = {one.recipient: one.token for one in claim(engine, NOON, customs=SHIPPED)}
    (again,) = claim(engine, NOON + LEASE, 1, customs=SHIPPED)
    for who, token in slow.items():
        assert not record(engine, token, "delivered", "ok", NOON + LEASE), who
    assert record(engine, again.token, "delivered", "ok", NOON + LEASE)
    assert len(send(engine, NOON + LEASE, SHIPPED)) == 1


def test_what_was_lost_outside_hours_is_held_and_nobody_has_it(engine, in_signal):
    number = an_alert(engine, "care", march(2, 17, 59))
    claim(engine, march(2, 17, 59), customs=SHIPPED)
    assert claim(engine, march(2, 18, 5), customs=SHIPPED) == []
    row = rows(engine, "alerts", f"id = {number}")[0]
    assert (row["state"], row["token"], row["next_at"]) == ("waiting", None, march(3, 8))


def test_two_senders_at_once_never_spend_the_same_budget(engine, in_signal):
    for _ in range(3):
        for _ in range(4):
            an_alert(engine, "care", NOON, lead="due")
        at_once(*[lambda: claim(engine, NOON, customs=SHIPPED)] * 3)
    assert len({row["token"] for row in outbox(engine) if row["token"]}) <= 3
