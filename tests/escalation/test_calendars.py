"""Which days count, checked against two calendars that are not ours."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workalendar.europe import Netherlands

from escalation.calendars import (
    BadDecree,
    Decree,
    UnknownYear,
    calendars,
    days_between,
    known_decrees,
    read_decrees,
    statutory_holidays,
)

DAYS = st.dates(date(2015, 1, 1), date(2060, 12, 31))
CLOSED = st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20)
ours = calendars()


def easter(year: int) -> date:
    """Easter Sunday by the method of Gauss, as corrected for the Gregorian calendar."""
    a, b, c = year % 19, year % 4, year % 7
    century = year // 100
    m = (15 - (13 + 8 * century) // 25 + century - century // 4) % 30
    n = (4 + century - century // 4) % 7
    d = (19 * a + m) % 30
    e = (2 * b + 4 * c + 6 * d + n) % 7
    if e == 6 and (d == 29 or (d == 28 and (11 * m + 11) % 30 < 19)):
        e -= 7
    return date(year, 3, 22) + timedelta(days=d + e)


def holidays_by_hand(year: int) -> set[date]:
    """Art. 3 lid 1 and 2 since King Willem-Alexander, Sundays left out."""
    king = date(year, 4, 27)
    fixed = {date(year, 1, 1), date(year, 5, 5), date(year, 12, 25), date(year, 12, 26)}
    fixed.add(king - timedelta(days=1) if king.weekday() == 6 else king)
    moving = {easter(year) + timedelta(days=days) for days in (-2, 1, 39, 50)}
    return {day for day in fixed | moving if day.weekday() != 6}


@pytest.mark.parametrize("year", range(2014, 2101))
def test_the_computed_holidays_are_those_of_the_law(year):
    assert set(statutory_holidays(year)) == holidays_by_hand(year)


@pytest.mark.parametrize("year", range(2020, 2036))
def test_an_independent_calendar_names_the_same_holidays(year):
    theirs = {day for day, _ in Netherlands().holidays(year) if day.weekday() != 6}
    assert set(statutory_holidays(year)) == theirs


def test_an_independent_calendar_finds_the_same_days_free():
    theirs, without_decrees = Netherlands(), calendars([])
    for day in days_between(date(2020, 1, 1), date(2035, 12, 31)):
        free = not theirs.is_working_day(day)
        assert without_decrees.statutory.is_free(day) == free, day
        assert ours.working.is_working_day(day) != free, day
        decreed = day in {row.day for row in known_decrees()}
        assert ours.statutory.is_free(day) == (free or decreed), day


def test_holidays_have_names_in_both_languages():
    names = statutory_holidays(2016)
    assert (names[date(2016, 3, 25)].nl, names[date(2016, 3, 25)].en) == (
        "Goede vrijdag",
        "Good Friday",
    )
    both = names[date(2016, 5, 5)]  # Th, once in a while
    assert both.nl == "Bevrijdingsdag en Hemelvaartsdag"
    assert both.en == "Ascension Day and Liberation Day"


@pytest.mark.parametrize("year", [1900, 2101, 2500])
def test_a_year_without_known_holidays_is_refused_rather_than_taken_as_free_of_them(year):
    with pytest.raises(UnknownYear, match=str(year)):
        ours.statutory.is_free(date(year, 5, 4))  # We, Tu, We
    with pytest.raises(UnknownYear, match=str(year)):
        ours.working.add_working_days(date(year, 5, 4), 1)


@pytest.mark.parametrize("row", known_decrees(), ids=lambda row: str(row.day))
def test_a_decreed_day_is_free_in_law_yet_worked(row):
    assert ours.statutory.is_free(row.day)
    assert ours.working.is_working_day(row.day)
    assert row.source in ours.statutory.holidays(row.day.year)[row.day].nl


def test_the_decrees_that_come_along_cover_these_years_and_no_others():
    assert sorted(ours.statutory.decreed_years) == [2017, 2018, 2019, *range(2023, 2029)]
    assert len(known_decrees()) == 17
    assert ours.statutory.covers(2027)  # though no more than one day was decreed in it
    assert not ours.statutory.covers(2021)
    assert not ours.statutory.covers(2029)


def test_decrees_can_be_handed_in():
    decree = Decree(date(2029, 5, 11), 2029, 2031, "Stcrt. 2028, 1")  # Fr after Ascension
    injected = calendars([decree]).statutory
    assert injected.is_free(decree.day)
    assert injected.decreed_years == {2029, 2030, 2031}
    assert not calendars([]).statutory.is_free(decree.day)


def test_a_decree_without_a_day_covers_its_years():
    bare = calendars([Decree(None, 2029, 2031, "Stcrt. 2028, 1")]).statutory
    assert bare.decreed_years == {2029, 2030, 2031}
    assert not bare.is_free(date(2029, 5, 11))


def test_the_table_reaches_to_the_end_of_the_unbroken_years():
    gap = calendars([*known_decrees(), Decree(None, 2030, 2032, "Stcrt. 2029, 1")]).statutory
    reach = {year: gap.covered_up_to(year) for year in (2016, 2018, 2021, 2026, 2029, 2031, 2040)}
    assert reach == {
        2016: None, 2018: 2019, 2021: 2019, 2026: 2028, 2029: 2028, 2031: 2032, 2040: 2032,
    }  # fmt: skip
    assert gap.uncovered_years == (2020, 2021, 2022, 2029)
    assert calendars([]).statutory.covered_up_to(2026) is None
    assert calendars([]).statutory.uncovered_years == ()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decreed = [", "is not TOML"),
        ("", 'has no list "decreed"'),
        ("decreed = []", 'has no list "decreed"'),
        ("decreed = [2029-05-11]", 'has no list "decreed"'),
        ("decreed = [{ day = 2029-05-11 }]", "cannot be read"),
        ('decreed = [{ years = [2029], source = "S" }]', "cannot be read"),
        ('decreed = [{ years = ["2029", "2031"], source = "S" }]', "cannot be read"),
        ('decreed = [{ years = [2029, 2031], source = "S", colour = "red" }]', "cannot be read"),
        ('decreed = [{ day = 2029-05-11T00:00:00, years = [2029, 2031], source = "S" }]', "cannot"),
        ('decreed = [{ day = 2028-05-11, years = [2029, 2031], source = "S" }]', "is outside"),
    ],
)
def test_a_file_of_decrees_that_cannot_be_read_says_what_is_wrong(text, says):
    with pytest.raises(BadDecree, match=says):
        read_decrees(text)


def test_a_decreed_day_outside_its_own_period_is_refused():
    with pytest.raises(BadDecree, match="2029-05-11 is outside 2026-2028"):
        Decree(date(2029, 5, 11), 2026, 2028, "Stcrt. 2028, 1")


def test_no_bridge_day_is_free_unless_it_was_decreed():
    assert not ours.statutory.is_free(date(2027, 4, 26))  # Mo before King's Day
    assert not ours.statutory.is_free(date(2026, 5, 4))  # Mo before Liberation Day
    assert not ours.statutory.is_free(date(2025, 4, 28))  # Mo after King's Day on a Saturday


def test_closed_days_are_not_worked_but_stay_ordinary_in_law():
    christmas_eve = date(2026, 12, 24)  # Th
    closing = calendars(closed=[christmas_eve])
    assert not closing.working.is_working_day(christmas_eve)
    assert closing.working.add_working_days(date(2026, 12, 23), 1) == date(2026, 12, 28)  # Mo
    assert not closing.statutory.is_free(christmas_eve)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        (date(2026, 4, 2), 1, date(2026, 4, 7)),  # Th over Easter to Tu
        (date(2026, 4, 7), -1, date(2026, 4, 2)),  # and back
        (date(2026, 4, 4), -1, date(2026, 4, 2)),  # from Sa back to Th, Good Friday not worked
        (date(2026, 4, 4), 0, date(2026, 4, 4)),  # Sa stays when nothing is added
        (date(2025, 12, 31), 1, date(2026, 1, 2)),  # We over New Year to Fr, decreed but worked
        (date(2026, 1, 2), -2, date(2025, 12, 30)),  # Fr back over New Year to Tu
        (date(2026, 6, 1), 5, date(2026, 6, 8)),  # Mo to Mo
        (date(2026, 6, 1), 520, date(2028, 6, 16)),  # Mo, 104 weeks and 14 weekday holidays, to Fr
    ],
)
def test_working_days_are_counted_forward_and_back(day, n, expected):
    assert ours.working.add_working_days(day, n) == expected


def test_the_next_working_day_may_be_the_day_itself():
    assert ours.working.next_working_day(date(2026, 4, 2)) == date(2026, 4, 2)  # Th
    assert ours.working.next_working_day(date(2026, 4, 3)) == date(2026, 4, 7)  # Good Friday to Tu


def test_a_moment_is_refused_where_a_day_is_needed():
    moment = datetime(2026, 4, 3, 12, tzinfo=UTC)  # Good Friday; would pass for an ordinary day
    for question in (
        ours.statutory.is_free,
        ours.working.is_working_day,
        lambda day: ours.working.add_working_days(day, 1),
    ):
        with pytest.raises(TypeError, match="not a moment"):
            question(moment)


@given(DAYS, st.integers(1, 300), CLOSED)
@settings(deadline=None)
def test_adding_working_days_is_stepping_day_by_day(day, n, closed):
    working = calendars(closed=closed).working
    landed = working.add_working_days(day, n)
    passed = days_between(day + timedelta(days=1), landed)
    assert working.is_working_day(landed)
    assert sum(working.is_working_day(one) for one in passed) == n


@given(DAYS, st.integers(-300, 300))
@settings(deadline=None)
def test_working_days_added_and_taken_away_lead_back(day, n):
    start = ours.working.next_working_day(day)
    assert ours.working.add_working_days(ours.working.add_working_days(start, n), -n) == start


@given(DAYS, st.integers(-60, 60), CLOSED)
@settings(deadline=None)
def test_closing_a_day_never_brings_a_date_nearer(day, n, closed):
    plain = ours.working.add_working_days(day, n)
    closing = calendars(closed=closed).working.add_working_days(day, n)
    assert abs(closing - day) >= abs(plain - day)
