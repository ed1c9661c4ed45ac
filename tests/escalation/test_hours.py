"""Opening hours: written as people write them, and right by the clock on the wall."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.calendars import WorkingCalendar
from escalation.hours import AMSTERDAM, DAYS, BadHours, is_open, next_opening, parse, spoken

CALENDAR = WorkingCalendar()
OFFICE = parse("mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00")
MINUTE = timedelta(minutes=1)


def local(*moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("sat 10:00-12:00", {"sat": [["10:00", "12:00"]]}),
        ("mon, wed 9:00-17:00", {"mon": [["09:00", "17:00"]], "wed": [["09:00", "17:00"]]}),
        ("ma 13:00-17:00, 09:00-12:00", {"mon": [["09:00", "12:00"], ["13:00", "17:00"]]}),
        ("Mon 09:00-12:00; mon 12:00-13:00", {"mon": [["09:00", "12:00"], ["12:00", "13:00"]]}),
        ("sat - sun 00:00 - 24:00", {"sat": [["00:00", "24:00"]], "sun": [["00:00", "24:00"]]}),
        ("", {}),
    ],
)
def test_hours_are_read_as_people_write_them(text, kept):
    assert parse(text) == kept


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mon 17:00-09:00", "ends before it begins"),
        ("mon 09:00-09:00", "ends before it begins"),
        ("mon 22:00-06:00", "hours over midnight are two"),
        ("mon 09:00-12:00, 11:00-13:00", "overlap"),
        ("mon-fri 09:00-12:00; wed 08:00-09:30", "on wed 08:00-09:30 and 09:00-12:00 overlap"),
        ("moon 09:00-12:00", "'moon' is not a day of the week; the days are mon, tue"),
        ("fri-mon 09:00-12:00", "runs backwards"),
        ("mon 09:00-25:00", "not a time; it goes from 00:00 to 24:00"),
        ("mon 09:61-12:00", "not a time"),
        ("mon 9-17", "write them as"),
        ("mon", "write them as"),
        ("09:00-17:00", "write them as"),
        ("always", "write them as"),
    ],
)
def test_hours_that_can_not_be_are_refused_with_what_is_wrong(text, says):
    with pytest.raises(BadHours, match=says):
        parse(text)


def test_hours_are_told_as_people_write_them():
    assert spoken(OFFICE) == "mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00"
    assert spoken(parse("mon 09:00-10:00; tue 09:00-11:00; thu 09:00-11:00")) == (
        "mon 09:00-10:00; tue 09:00-11:00; thu 09:00-11:00"
    )
    assert spoken({}) == ""


MINUTES = st.integers(0, 1439).map(lambda n: f"{n // 60:02}:{n % 60:02}")


@st.composite
def opening_hours(draw) -> dict[str, list[list[str]]]:
    found = {}
    for day in draw(st.sets(st.sampled_from(DAYS), min_size=1)):
        times = sorted(draw(st.sets(MINUTES, min_size=2, max_size=6)))
        found[day] = [[a, b] for a, b in zip(times[::2], times[1::2], strict=False)]
    return {day: found[day] for day in DAYS if day in found}


@given(opening_hours())
def test_what_is_told_is_read_back_as_the_same_hours(hours):
    assert parse(spoken(hours)) == hours


@pytest.mark.parametrize(
    ("moment", "is_there"),
    [
        (local(2026, 3, 2, 8, 59), False),
        (local(2026, 3, 2, 9, 0), True),
        (local(2026, 3, 2, 12, 29), True),
        (local(2026, 3, 2, 12, 30), False),
        (local(2026, 3, 7, 10, 0), True),  # Saturday
        (local(2026, 3, 8, 10, 0), False),  # Sunday
        (local(2026, 4, 27, 10, 0), False),  # King's Day, a Monday
        (local(2026, 4, 28, 10, 0), True),
        (local(2026, 7, 1, 9, 0), True),  # summer time
        (local(2026, 7, 1, 8, 59), False),
    ],
)
def test_somebody_is_there_by_the_clock_on_the_wall_and_not_on_holidays(moment, is_there):
    assert is_open(OFFICE, moment, CALENDAR) is is_there


def test_on_a_day_the_municipality_is_closed_nobody_is_there():
    closed = WorkingCalendar(frozenset({date(2026, 3, 2)}))
    assert not is_open(OFFICE, local(2026, 3, 2, 10), closed)
    assert next_opening(OFFICE, local(2026, 3, 2, 10), closed) == local(2026, 3, 3, 9)


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        (local(2026, 3, 2, 10), local(2026, 3, 2, 10)),  # open: now
        (local(2026, 3, 2, 12, 45), local(2026, 3, 2, 13)),
        (local(2026, 3, 6, 18), local(2026, 3, 7, 10)),
        (local(2026, 3, 7, 12), local(2026, 3, 9, 9)),
        (local(2026, 4, 2, 18), local(2026, 4, 4, 10)),  # over Good Friday
        (local(2026, 4, 4, 13), local(2026, 4, 7, 9)),  # over Easter
        (local(2026, 3, 28, 13), local(2026, 3, 30, 9)),  # the clock went forward
        (local(2026, 10, 24, 13), local(2026, 10, 26, 9)),  # and back
    ],
)
def test_it_opens_next_on_the_day_and_hour_it_says(moment, opens):
    assert next_opening(OFFICE, moment, CALENDAR) == opens


@pytest.mark.parametrize(
    ("hours", "moment", "opens"),
    [
        # On 29 March 2026 there is no time between 02:00 and 03:00.
        ("sun 02:30-04:00", local(2026, 3, 29, 1), local(2026, 3, 29, 3)),
        ("sun 02:10-02:50", local(2026, 3, 29, 1), local(2026, 4, 5, 2, 10)),
        # On 25 October 2026 the hour from 02:00 comes twice.
        ("sun 01:00-02:30", local(2026, 10, 25, 2, 40), local(2026, 10, 25, 2, 0, fold=1)),
        ("sun 02:20-02:30", local(2026, 10, 25, 2, 40), local(2026, 10, 25, 2, 20, fold=1)),
    ],
)
def test_hours_in_the_night_of_a_clock_change(hours, moment, opens):
    assert next_opening(parse(hours), moment, CALENDAR) == opens


def test_without_hours_it_never_opens():
    assert next_opening({}, local(2026, 3, 2, 10), CALENDAR) is None


BEGINS = [datetime(2026, month, day, tzinfo=UTC) for month, day in ((3, 28), (10, 24), (12, 24))]


@given(opening_hours(), st.sampled_from(BEGINS), st.integers(0, 3 * 1440))
def test_between_now_and_the_next_opening_nobody_is_there(hours, begin, minutes):
    moment = begin + minutes * MINUTE
    opens = next_opening(hours, moment, CALENDAR)
    assert opens is not None
    assert opens >= moment
    assert is_open(hours, opens, CALENDAR)
    steps = min(int((opens - moment) / MINUTE), 3 * 1440)
    assert not any(is_open(hours, moment + n * MINUTE, CALENDAR) for n in range(0, steps, 31))
    assert opens == moment or not is_open(hours, opens - MINUTE, CALENDAR)
