"""Which events count as something happening, and when silence is spoken of."""

from datetime import UTC, date, datetime

import pytest

from escalation.calendars import calendars
from escalation.moves import acts
from escalation.policy import parse, shipped
from escalation.silence import begins, ends_with, spoken_of, stirs
from escalation.terms import Length

POLICY = parse(shipped("default"))
SINCE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday, 10:00 in Amsterdam


def spoken(since=SINCE, length="15 working days", wait=None):
    return spoken_of(since, Length.parse(length), wait, POLICY.ladder, calendars())


def test_every_act_is_an_event_but_what_is_only_written_down_or_passed_on():
    quiet = {act.key for act in acts() if not stirs(act.key)}
    assert quiet == {"note_added", "reason_recorded", "reporter_informed"}


def test_silence_is_spoken_of_on_its_last_working_day_and_not_before():
    # Fifteen working days after Monday 2 March is Monday 23 March.
    assert spoken().at == datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
    assert spoken().wait is None


def test_holidays_are_no_silence():
    # Good Friday, Easter Monday and King's Day do not count.
    since = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
    assert spoken(since, "20 working days").at.date() == date(2026, 5, 4)


@pytest.mark.parametrize(
    ("wait", "at"),
    [
        (date(2026, 3, 10), datetime(2026, 3, 23, 8, 0, tzinfo=UTC)),
        (date(2026, 3, 23), datetime(2026, 3, 23, 8, 0, tzinfo=UTC)),
        (date(2026, 3, 24), datetime(2026, 3, 24, 8, 0, tzinfo=UTC)),
        (date(2026, 4, 20), datetime(2026, 4, 20, 7, 0, tzinfo=UTC)),  # the clock went forward
    ],
)
def test_a_wait_quiets_until_its_day_and_never_shortens_silence(wait, at):
    got = spoken(wait=wait)
    assert (got.at, got.wait) == (at, wait if wait > date(2026, 3, 23) else None)


def test_a_day_begins_and_ends_by_the_dutch_clock():
    assert begins(date(2026, 3, 29)) == datetime(2026, 3, 28, 23, 0, tzinfo=UTC)
    assert ends_with(date(2026, 3, 29)) == datetime(2026, 3, 29, 22, 0, tzinfo=UTC)
