"""Which days count: the calendar of the law and the calendar of a municipality's desk.

Two calendars, because they differ. A day equated with a holiday by royal decree stops a statutory
term from ending on it, yet people are at work that day, so it counts as a working day.

Dates are civil dates in the Netherlands. Years without known holidays are refused (`UnknownYear`),
never taken for years without holidays.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from types import MappingProxyType

from escalation.decrees import BadDecree, Decree, known_decrees, read_decrees
from escalation.text import Text

__all__ = [
    "BadDecree", "Calendars", "Decree", "StatutoryCalendar", "UnknownYear", "WorkingCalendar",
    "calendars", "days_between", "known_decrees", "read_decrees", "statutory_holidays",
]  # fmt: skip

SATURDAY, SUNDAY = 5, 6
ONE_DAY = timedelta(days=1)
CLOSED = Text("gesloten", "closed")


class UnknownYear(ValueError):
    """A year whose holidays nobody can tell us."""


@cache
def statutory_holidays(year: int) -> MappingProxyType[date, Text]:
    """The holidays of art. 3 lid 1 and 2 that can be computed, by name; Sundays left out.

    5 May and Good Friday are in it every year, though neither is a public holiday every year.
    """
    from holidays import country_holidays  # here, because importing it takes a tenth of a second

    # Good Friday and 5 May moved between these categories before; test_calendars.py keeps watch.
    dutch, english = (
        country_holidays("NL", years=year, categories=("public", "optional"), language=language)
        for language in ("nl", "en_US")
    )
    if not dutch:
        raise UnknownYear(f"the holidays of {year} are not known")
    return MappingProxyType(
        {
            day: Text(name.replace("; ", " en "), english[day].replace("; ", " and "))
            for day, name in sorted(dutch.items())
            if day.weekday() != SUNDAY
        }
    )


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from `first` up to and including `last`."""
    for number in range(first.toordinal(), last.toordinal() + 1):
        yield date.fromordinal(number)


@dataclass(frozen=True)
class StatutoryCalendar:
    """The free days of the Algemene termijnenwet: weekends, holidays and decreed days."""

    decrees: tuple[Decree, ...] = ()
    _holidays: dict[int, dict[date, Text]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    @cached_property
    def decreed_years(self) -> frozenset[int]:
        """The years for which a decree is loaded; outside them a free day may be missing."""
        periods = (range(row.first_year, row.last_year + 1) for row in self.decrees)
        return frozenset(year for period in periods for year in period)

    def covers(self, year: int) -> bool:
        return year in self.decreed_years

    def covered_up_to(self, year: int) -> int | None:
        """The last of the unbroken row of covered years that `year` is in; when it is in none, the
        last covered year before it. None when there is no such year."""
        if not self.covers(year):
            return max((known for known in self.decreed_years if known < year), default=None)
        while self.covers(year + 1):
            year += 1
        return year

    @property
    def uncovered_years(self) -> tuple[int, ...]:
        """Years without a decree that lie between years with one."""
        known = self.decreed_years or {0}
        return tuple(year for year in range(min(known), max(known)) if not self.covers(year))

    def holidays(self, year: int) -> dict[date, Text]:
        """Holidays and decreed days of a year with their names; not to be changed."""
        if year not in self._holidays:
            decreed = {
                row.day: _name(row) for row in self.decrees if row.day and row.day.year == year
            }
            self._holidays[year] = decreed | statutory_holidays(year)
        return self._holidays[year]

    def is_free(self, day: date) -> bool:
        """A Saturday, a Sunday, a holiday, or a day equated with one by decree."""
        _refuse_moment(day)
        return day.weekday() >= SATURDAY or day in self.holidays(day.year)

    def next_ordinary_day(self, day: date) -> date:
        """`day` itself when it is not free, else the first day after it that is not."""
        while self.is_free(day):
            day += ONE_DAY
        return day

    def ordinary_days(self, first: date, last: date) -> Iterator[date]:
        return (day for day in days_between(first, last) if not self.is_free(day))

    def free_days(self, first: date, last: date) -> list[tuple[date, Text | None]]:
        """The free days from `first` up to `last`, each with its name; a mere weekend has none."""
        days = days_between(first, last)
        return [(day, self.holidays(day.year).get(day)) for day in days if self.is_free(day)]


@dataclass(frozen=True)
class WorkingCalendar:
    """The days a municipality works: Monday to Friday, except holidays and its own closed days.

    Decreed days are ordinary working days here.
    """

    closed: frozenset[date] = frozenset()
    _days: dict[int, tuple[date, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def is_working_day(self, day: date) -> bool:
        _refuse_moment(day)
        if day.weekday() >= SATURDAY or day in self.closed:
            return False
        return day not in statutory_holidays(day.year)

    def add_working_days(self, day: date, n: int) -> date:
        """The n-th working day after `day`, or before it when `n` is negative.

        `day` itself is not counted, and is the answer when `n` is 0, working day or not.
        """
        _refuse_moment(day)
        if n == 0:
            return day
        year, days = day.year, self.working_days(day.year)
        place = bisect_right(days, day) + n - 1 if n > 0 else bisect_left(days, day) + n
        while place >= len(days):
            place -= len(days)
            year, days = year + 1, self.working_days(year + 1)
        while place < 0:
            year, days = year - 1, self.working_days(year - 1)
            place += len(days)
        return days[place]

    def next_working_day(self, day: date) -> date:
        """`day` itself when it is a working day, else the first one after it."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def working_days(self, year: int) -> tuple[date, ...]:
        """Every working day of a year, in order."""
        if year not in self._days:
            whole_year = days_between(date(year, 1, 1), date(year, 12, 31))
            self._days[year] = tuple(day for day in whole_year if self.is_working_day(day))
        return self._days[year]

    def weekdays_off(self, first: date, last: date) -> list[tuple[date, Text]]:
        """The Mondays to Fridays from `first` up to `last` that are not worked, and why."""
        names = dict.fromkeys(self.closed, CLOSED)
        for year in range(first.year, last.year + 1):
            names |= statutory_holidays(year)
        days = sorted(day for day in names if first <= day <= last and day.weekday() < SATURDAY)
        return [(day, names[day]) for day in days]


@dataclass(frozen=True, slots=True)
class Calendars:
    """What counting needs: the calendar of the law and the one of the municipality's desk."""

    statutory: StatutoryCalendar
    working: WorkingCalendar


def calendars(decrees: Iterable[Decree] | None = None, closed: Iterable[date] = ()) -> Calendars:
    """Calendars with the given decreed days (else the ones we come with) and closed days.

    Keep and reuse the result: it remembers each year it was asked about.
    """
    rows = known_decrees() if decrees is None else tuple(decrees)
    return Calendars(StatutoryCalendar(rows), WorkingCalendar(frozenset(closed)))


def _name(row: Decree) -> Text:
    return Text(
        f"gelijkgesteld bij koninklijk besluit: {row.source}",
        f"equated by royal decree: {row.source}",
    )


def _refuse_moment(day: date) -> None:
    # A datetime is a date to Python, but is never found among holidays: it would pass as ordinary.
    if isinstance(day, datetime):
        raise TypeError(f"a date is needed here, not a moment: {day.isoformat()}")
