"""The mail server is out of order: nothing is lost, and no more comes twice than must.

What each outage is: tests/faults/outages_page.py. Each takes seconds, so it is played once and all
promises are held against it; the long ones take minutes: nightly.
"""

from datetime import timedelta

import pytest

from tests.faults.outages import play
from tests.faults.outages_page import LONG, QUICK, stated
from tests.faults.outcomes import Row, counted, played

OUTAGES = QUICK | LONG
CUT, TAKEN = "drops us in mid-message", "takes the text, drops us"
AGAIN, KILLED = "; sent again by hand", "is fine; two senders are killed"
NO_ANSWER = {CUT, TAKEN, "hangs after the text"}
HOUR = timedelta(hours=1)


def nothing_is_lost(name: str, row: Row) -> None:
    assert row.alerts > 0
    assert row.lost == 0


def only_what_got_no_answer_comes_twice(name: str, row: Row) -> None:
    if name in {TAKEN + AGAIN, KILLED}:
        assert 0 < row.twice <= row.perhaps
    else:
        assert row.twice == 0


def what_got_no_answer_is_perhaps(name: str, row: Row) -> None:
    assert (row.perhaps > 0) == (name.removesuffix(AGAIN) in {*NO_ANSWER, KILLED})


def only_what_was_cut_off_and_left_at_that_misses_its_reader(name: str, row: Row) -> None:
    assert (row.others > 0) == (name == CUT)


def afterwards_no_more_goes_in_a_minute_than_the_channel_takes(name: str, row: Row) -> None:
    assert 0 < row.in_a_minute <= OUTAGES[name].per_minute


def nothing_goes_while_an_alert_with_a_date_of_law_could(name: str, row: Row) -> None:
    assert row.overtaken == 0


def a_server_that_is_out_of_order_is_tried_now_and_then(name: str, row: Row) -> None:
    """At most every ten minutes but for the beginning, however much waits. One that says no is not
    out of order: it may mean this one reader."""
    if name in LONG:
        assert row.tries < 20 + OUTAGES[name].lasts / timedelta(minutes=9)


def whoever_can_be_told_another_way_is(name: str, row: Row) -> None:
    if "(550)" in name:
        assert max(row.elsewhere["jurist (chat)"], row.elsewhere["admin (chat)"]) < HOUR
    if name in LONG:
        assert {"jurist (chat)", "admin (chat)"} <= set(row.elsewhere)


def the_page_says_so(name: str, row: Row) -> None:
    said = stated()[name]
    found = {"alerts": row.alerts, "lost": row.lost, "others told": row.others}
    assert {column: int(said[column]) for column in found} == found
    assert (said["twice"] != "0") == (row.twice > 0)


PROMISES = (
    nothing_is_lost,
    only_what_got_no_answer_comes_twice,
    what_got_no_answer_is_perhaps,
    only_what_was_cut_off_and_left_at_that_misses_its_reader,
    afterwards_no_more_goes_in_a_minute_than_the_channel_takes,
    nothing_goes_while_an_alert_with_a_date_of_law_could,
    a_server_that_is_out_of_order_is_tried_now_and_then,
    whoever_can_be_told_another_way_is,
    the_page_says_so,
)


@pytest.mark.parametrize("name", QUICK)
def test_an_outage_of_the_mail_server_loses_nothing_and_keeps_every_promise(name):
    row = played(OUTAGES[name])
    for holds in PROMISES:
        holds(name, row)


@pytest.mark.nightly
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", LONG)
def test_a_long_outage_of_the_mail_server_loses_nothing_and_keeps_every_promise(name):
    row = played(OUTAGES[name])
    for holds in PROMISES:
        holds(name, row)


def test_an_outage_ends_alike_on_either_database(engine):
    with play(engine, QUICK["gone for 60 s"]) as story:
        row = counted(story)
    assert (row.lost, row.twice, row.overtaken) == (0, 0, 0)


def test_the_page_tells_of_every_outage_and_of_no_other():
    assert list(stated()) == list(OUTAGES)
