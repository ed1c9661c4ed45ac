"""What a channel can take: paused when it seems out of order, tried now and then, slow if it must.

Senders agree because they read it from rows.
"""

from datetime import timedelta
from itertools import pairwise

import pytest

from casework.alerts import next_to_send, record
from casework.claiming import LEASE, claim
from escalation.interruptions import Manners
from tests.builders import NOW
from tests.casework.looking import at_once, rows
from tests.casework.outbox import (
    HOUR,
    MINUTE,
    an_alert,
    customs_of,
    messages,
    outbox,
    send,
    state_of,
)

SECOND = timedelta(seconds=1)
PEOPLE = ("care", "jurist", "head", "process", "director", "deputy")
BACK = customs_of(Manners(fall_back_after=HOUR))
PROBE = timedelta(seconds=30)


@pytest.fixture
def waiting(engine, in_signal) -> list[int]:
    """Twelve alerts, to six people."""
    return [an_alert(engine, who) for who in (*PEOPLE, *PEOPLE)]


def fail_one_by_one(engine, how_many, now=NOW, detail="deferred", customs=BACK) -> None:
    for _ in range(how_many):
        (one,) = claim(engine, now, 1, customs=customs)
        record(engine, one.token, "failed", detail, now, customs=customs)


def attempts(engine) -> int:
    return len(rows(engine, "deliveries"))


def test_three_failures_in_a_row_of_several_people_pause_the_channel(engine, waiting):
    fail_one_by_one(engine, 2)
    assert len(claim(engine, NOW, 1, customs=BACK)) == 1
    fail_one_by_one(engine, 1)
    assert claim(engine, NOW, customs=BACK) == []
    assert attempts(engine) == 3


def test_failures_of_one_person_do_not_pause_it_for_the_others(engine, in_signal):
    for _ in range(5):
        an_alert(engine, "care")
    fail_one_by_one(engine, 5)
    an_alert(engine, "jurist")
    assert [one.recipient for one in claim(engine, NOW, customs=BACK)] == ["jurist"]


def test_a_channel_that_is_gone_is_paused_though_only_one_person_was_to_get_it(engine, in_signal):
    for _ in range(5):
        an_alert(engine, "care")
    fail_one_by_one(engine, 3, detail="unreachable")
    assert claim(engine, NOW, customs=BACK) == []


def test_what_the_other_side_refused_for_good_shows_that_it_is_there(engine, waiting):
    for detail in ("deferred", "deferred", "refused", "deferred", "deferred"):
        fail_one_by_one(engine, 1, detail=detail, customs=customs_of())
    assert len(claim(engine, NOW, customs=BACK)) > 1


def test_another_channel_is_not_paused_with_it(engine, waiting):
    number = an_alert(engine, "care", channel="teams")
    fail_one_by_one(engine, 3)
    assert [one.number for one in claim(engine, NOW, customs=BACK)] == [number]


def test_large_messages_that_fail_pause_it_as_small_ones_do(engine, in_signal):
    bundling = customs_of(Manners(budget=3, fall_back_after=HOUR))
    for who in PEOPLE[:3]:
        for _ in range(15):
            an_alert(engine, who)
    fail_bundles = messages(claim(engine, NOW, 3, customs=bundling))
    for bundle in fail_bundles:
        record(engine, bundle[0].token, "failed", "deferred", NOW, customs=bundling)
    assert attempts(engine) == 45
    later = NOW + 2 * PROBE
    assert len(messages(claim(engine, later, customs=bundling))) == 1


def test_one_message_at_a_time_tries_a_paused_channel(engine, waiting):
    fail_one_by_one(engine, 3)
    assert len(claim(engine, NOW + PROBE, customs=BACK)) == 1
    # It is on its way; nobody else tries until it is back.
    assert claim(engine, NOW + PROBE, customs=BACK) == []
    assert claim(engine, NOW + LEASE, customs=BACK) == []


def test_senders_that_look_at_once_try_a_paused_channel_with_one_message(engine, waiting):
    fail_one_by_one(engine, 3)
    found = at_once(*[lambda: claim(engine, NOW + PROBE, customs=BACK)] * 3)
    assert sum(len(claimed) for claimed in found) == 1


def test_a_channel_that_stays_out_of_order_is_tried_less_and_less_and_never_given_up(
    engine, waiting
):
    fail_one_by_one(engine, 3)
    tried, now = [], NOW
    while now < NOW + HOUR:
        now = max(next_to_send(engine), now + SECOND)
        for message in messages(claim(engine, now, customs=customs_of())):
            tried.append(now)
            record(engine, message[0].token, "failed", "deferred", now, customs=customs_of())
    waits = [int((b - a).total_seconds()) for a, b in pairwise(tried)]
    assert waits[:4] == sorted(waits[:4])
    assert min(waits) >= 59
    assert 600 <= max(waits) <= 700
    assert len(tried) < 15


def test_what_waits_for_a_paused_channel_is_not_tried_in_vain_and_is_watched(engine, waiting):
    fail_one_by_one(engine, 3)
    claim(engine, NOW, customs=BACK)
    untried = [row for row in outbox(engine) if row["state"] == "waiting"]
    assert len(untried) == 9
    for row in untried:
        assert row["attempts"] == 0
        assert NOW < row["next_at"] <= NOW + PROBE


def test_what_waits_for_a_paused_channel_falls_back_as_what_failed_does(engine, waiting):
    fail_one_by_one(engine, 3)
    claim(engine, NOW, customs=BACK)
    assert {row["falls_back_at"] for row in outbox(engine)} == {NOW + HOUR}
    send(engine, NOW + HOUR, BACK, mail="deferred")
    director = [row for row in outbox(engine) if row["to"] == "director"]
    assert all(row["attempts"] == 0 for row in director)
    stood_in = {row["instead_of"] for row in outbox(engine) if row["to"] == "deputy"}
    assert {row["id"] for row in director} <= stood_in
    # To the deputy, and not to the director once more by the channel that is out of order.
    assert all(row["channel"] == "" for row in outbox(engine))


def test_without_manners_what_waits_for_a_paused_channel_only_waits(engine, waiting):
    fail_one_by_one(engine, 3, customs=customs_of())
    claim(engine, NOW, customs=customs_of())
    assert {row["falls_back_at"] for row in outbox(engine)} == {None}


def test_it_opens_again_after_a_success(engine, waiting):
    fail_one_by_one(engine, 3)
    (probe,) = claim(engine, NOW + PROBE, customs=BACK)
    assert record(engine, probe.token, "delivered", "ok", NOW + PROBE, customs=BACK)
    later = NOW + 3 * PROBE
    assert len(send(engine, later, BACK)) == 11
    assert all(state_of(engine, number) == "delivered" for number in waiting)


def test_what_was_tried_in_vain_comes_no_later_than_what_was_not(engine, waiting):
    fail_one_by_one(engine, 3)
    at = NOW + PROBE
    for _ in range(6):  # out of order for long: what was tried waits ever longer for its next try
        for one in claim(engine, at, customs=BACK):
            record(engine, one.token, "failed", "deferred", at, customs=BACK)
        at += HOUR
    (probe, *_) = claim(engine, at, customs=BACK)
    record(engine, probe.token, "delivered", "ok", at, customs=BACK)
    tried = {row["alert_id"] for row in rows(engine, "deliveries")}
    assert tried <= {one.number for one in claim(engine, at, customs=BACK)} | {probe.number}


def test_a_sender_that_crashed_says_nothing_about_the_channel(engine, waiting):
    fail_one_by_one(engine, 3)
    (lost,) = claim(engine, NOW + PROBE, customs=BACK)
    later = NOW + PROBE + LEASE
    again = claim(engine, later, customs=BACK)
    assert len(again) == 1
    details = [row["detail"] for row in rows(engine, "deliveries", f"alert_id = {lost.number}")]
    assert details[-1] == "lease-ran-out"


# --- so many a minute ----------------------------------------------------------------------------

SLOW = customs_of(per_minute={"mail": 4})


def test_a_channel_takes_so_many_messages_a_minute_and_no_more(engine, waiting):
    sent = [len(send(engine, NOW + n * 15 * SECOND, SLOW)) for n in range(13)]
    assert sum(sent) == 12
    assert max(sum(sent[n : n + 4]) for n in range(10)) == 4


def test_what_is_on_its_way_is_counted(engine, waiting):
    assert len(claim(engine, NOW, customs=SLOW)) == 4
    assert claim(engine, NOW + SECOND, customs=SLOW) == []


def test_senders_that_look_at_once_share_what_it_takes(engine, waiting):
    found = at_once(*[lambda: claim(engine, NOW, customs=SLOW)] * 3)
    assert sum(len(claimed) for claimed in found) == 4


def test_a_message_of_many_alerts_is_one_of_the_minute(engine, waiting):
    bundling = customs_of(Manners(budget=9), per_minute={"mail": 4})
    sent = send(engine, NOW, bundling)
    assert [len(message.numbers) for message in sent] == [2, 2, 2, 2]


def test_what_does_not_fit_in_this_minute_goes_in_the_next_what_a_law_dates_first(engine, waiting):
    send(engine, NOW, SLOW)
    number = an_alert(engine, "care", NOW, law=True)
    send(engine, NOW + SECOND, SLOW)
    sent = send(engine, NOW + MINUTE + SECOND, SLOW)
    assert len(sent) == 4
    assert sent[0].numbers == (number,)
