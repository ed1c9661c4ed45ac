"""By when? Lawful dates that explain themselves (Algemene termijnenwet, "Atw").

`ends` is the one door: where a term that starts at `start` ends, and why. Days, weeks, months and
years are counted on civil dates in the Netherlands, never in hours; the first day that counts is
the day after the start. Only statutory terms move when they would end on a free day.

    BadTerm (ValueError)   a length or term that cannot be, or cannot be counted from this start
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Self
from zoneinfo import ZoneInfo

from escalation import derivation as say
from escalation.calendars import (
    ONE_DAY,
    SATURDAY,
    Calendars,
    StatutoryCalendar,
    WorkingCalendar,
    days_between,
)
from escalation.spoken_dates import clock, in_words, spoken
from escalation.text import Origin, Source, Text

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
ATW = "Algemene termijnenwet"
WEEK = 7 * ONE_DAY
Steps = list[Text]


class BadTerm(ValueError):
    """A length or term that cannot be; the message says what would be allowed."""


class Kind(StrEnum):
    """Why a term holds; it decides whether the end may move (stored words, never reused)."""

    STATUTORY = "statutory"  # set in an Act: moves off free days (Atw art. 1 to 3)
    STATUTORY_EXCLUDED = "statutory_excluded"  # set in an Act that excepts it from the Atw
    DECISION_SET = "decision_set"  # written in a letter or order
    POLICY = "policy"  # the municipality's own; may count working days
    BACKWARD = "backward"  # counted back from a day (Atw art. 1 lid 2)
    HOURS = "hours"  # elapsed time from a moment
    EFFECT_PERIOD = "effect_period"  # a ban or closure, by the clock on the wall
    EVENT_RELATIVE = "event_relative"  # "three days after the ruling"


class Unit(StrEnum):
    """What a length counts in."""

    HOURS = "hours"
    DAYS = "days"
    WORKING_DAYS = "working days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


# The longest statutory terms the Atw still extends; a year is too long already (art. 4).
LONGEST = {Unit.DAYS: 90, Unit.WEEKS: 12, Unit.MONTHS: 3, Unit.YEARS: 0}
UNIT_BY_WORD = {unit.value: unit for unit in Unit} | {unit.value[:-1]: unit for unit in Unit}


@dataclass(frozen=True, slots=True)
class Length:
    """How long: a whole number of one unit. Zero means at once."""

    n: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.n < 0:
            raise BadTerm(f"a length cannot be negative: {self.n} {self.unit}")

    @classmethod
    def parse(cls, text: str) -> Self:
        """The length that "6 weeks", "1 week" or "10 working days" says.

        Raises:
            BadTerm: anything else.
        """
        found = re.fullmatch(r"([0-9]{1,4}) +([a-z]+(?: +[a-z]+)?)", text.strip().lower())
        unit = UNIT_BY_WORD.get(" ".join(found[2].split())) if found else None
        if not found or not unit:
            raise BadTerm(
                f'"{text}" is not a length: write a whole number up to 9999 and a unit, such as '
                f'"6 weeks" or "1 day"; the units are {", ".join(Unit)}'
            )
        return cls(int(found[1]), unit)

    def __str__(self) -> str:
        return self.words.en

    @property
    def words(self) -> Text:
        return in_words(self.n, self.unit)


@dataclass(frozen=True, slots=True)
class Term:
    """A length, why it holds, and where it comes from."""

    length: Length
    kind: Kind
    source: Source

    def __post_init__(self) -> None:
        unit = self.length.unit
        if unit is Unit.WORKING_DAYS and self.kind is not Kind.POLICY:
            raise BadTerm(f"only a policy term counts working days, not a {self.kind} term")
        if self.kind is Kind.HOURS and unit is not Unit.HOURS:
            raise BadTerm(f"an hours term needs a length in hours, not {self.length}")


@dataclass(frozen=True, slots=True)
class Ending:
    """Where a term ends, and why.

    `end` is the last day (Dutch civil date), `nominal_end` where it fell before the law moved it.
    `due_at` is the UTC moment it is over: the end of `end` (24:00, so 00:00 of the day after), or
    an exact moment for hours and clock periods. Start a following term from `end`, not `due_at`.
    """

    nominal_end: date
    end: date
    due_at: datetime
    derivation: tuple[Text, ...]
    article: str
    warnings: tuple[Text, ...] = ()


def ends(start: date | datetime, term: Term, calendars: Calendars) -> Ending:
    """Where `term` ends when it starts at `start`, which is not counted itself.

    A moment must be aware; terms counted in days use the Dutch civil date it falls on.

    Raises:
        BadTerm: `start` is naive, or a date where a moment is needed, or the end is out of reach.
    """
    try:
        return _ends(start, term, calendars)
    except BadTerm:
        raise
    except (OverflowError, ValueError) as error:  # beyond the year 9999, or unknown holidays
        raise BadTerm(f"{term.length} from {start} cannot be counted: {error}") from error


def _ends(start: date | datetime, term: Term, calendars: Calendars) -> Ending:
    moment = _utc(start) if isinstance(start, datetime) else None
    if term.length.unit is Unit.HOURS:
        return _in_hours(moment, term)
    if term.kind is Kind.EFFECT_PERIOD and moment:
        return _by_the_clock(moment, term)
    day = moment.astimezone(AMSTERDAM).date() if moment else _plain(start)
    steps = [say.civil_day(day)] if moment and moment.date() != day else []
    if term.length.unit is Unit.WORKING_DAYS:
        return _in_working_days(day, term, calendars.working, steps)
    last = _count(day, term)
    steps += _counting(day, last, term)
    if term.kind is Kind.STATUTORY and not _too_long(term.length):
        return _statutory(day, last, calendars.statutory, steps)
    return _unmoved(last, term, steps)


def _statutory(start: date, nominal: date, calendar: StatutoryCalendar, steps: Steps) -> Ending:
    """Art. 1: not on a free day. Art. 2: two ordinary days in a term of three days or more."""
    rolled = end = calendar.next_ordinary_day(nominal)
    not_last, articles = calendar.free_days(nominal, rolled - ONE_DAY), ["1"]
    if not_last:
        steps.append(say.not_a_last_day(not_last))
    if _art_2_applies(start, nominal) and not _two(calendar.ordinary_days(start + ONE_DAY, rolled)):
        end = calendar.next_ordinary_day(rolled + ONE_DAY)
        not_last = calendar.free_days(start + ONE_DAY, end)
        steps.append(say.one_ordinary_day(not_last, rolled, end))
        articles.append("2")
    if any(why for _, why in not_last):
        articles.append("3")
    if end == nominal:
        steps.append(say.ordinary(nominal))
    doubts = [say.no_decree(year) for year in _years_in_doubt(start, nominal, end, calendar)]
    return _on_day(nominal, end, steps + doubts, f"{ATW} art. {', '.join(articles)}", doubts)


def _art_2_applies(start: date, nominal: date) -> bool:
    return (nominal - start).days >= 3


def _years_in_doubt(
    start: date, nominal: date, end: date, calendar: StatutoryCalendar
) -> list[int]:
    """Years without a loaded decree in which one more free day could move the end."""
    first, covers = nominal, calendar.covers
    if _art_2_applies(start, nominal) and covers(end.year):
        days = calendar.ordinary_days(start + ONE_DAY, end)
        if not _two(day for day in days if covers(day.year)):
            first = start + ONE_DAY
    return [year for year in range(first.year, end.year + 1) if not covers(year)]


def _unmoved(last: date, term: Term, steps: Steps) -> Ending:
    why = say.too_long(term.length.unit) if term.kind is Kind.STATUTORY else say.UNMOVED[term.kind]
    return _on_day(last, last, [*steps, why], _article(term))


def _in_working_days(day: date, term: Term, calendar: WorkingCalendar, steps: Steps) -> Ending:
    end, first = calendar.add_working_days(day, term.length.n), day + ONE_DAY
    steps += _counting(day, end, term)
    weekends = any(
        passed.weekday() >= SATURDAY for passed in days_between(first, min(end, day + WEEK))
    )
    holidays = calendar.weekdays_off(first, end)
    if holidays or weekends:
        steps.append(say.not_worked(holidays, weekends))
    return _on_day(end, end, steps, _article(term))


def _in_hours(moment: datetime | None, term: Term) -> Ending:
    if not moment:
        raise BadTerm(f"{term.length} run from a moment; a date alone does not say which")
    elapsed = timedelta(hours=term.length.n)
    due_at = moment - elapsed if term.kind is Kind.BACKWARD else moment + elapsed
    return _at_moment(moment, due_at, term, [say.UNMOVED[Kind.HOURS]])


def _by_the_clock(moment: datetime, term: Term) -> Ending:
    """The first moment on the last day at which the Dutch clock has reached the starting time.

    So the first of two when that time comes twice, and the jump itself when the clock skips it.
    """
    start, why = moment.astimezone(AMSTERDAM), say.UNMOVED[term.kind]
    if term.length.n == 0:
        return _at_moment(moment, moment, term, [why])
    last = _count(start.date(), term)
    end = datetime.combine(last, start.time().replace(fold=0), AMSTERDAM)
    steps = _short_month(start, last, term)
    if end.astimezone(UTC).astimezone(AMSTERDAM).time() != end.time():
        steps.append(say.no_such_time(f"{end:%H:%M}"))
        end = end.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    return _at_moment(moment, end.astimezone(UTC), term, [*steps, why])


def _at_moment(start: datetime, due_at: datetime, term: Term, steps: Steps) -> Ending:
    begins, end, article = start.astimezone(AMSTERDAM), due_at.astimezone(AMSTERDAM), _article(term)
    counted = say.counted_back if term.kind is Kind.BACKWARD else say.from_moment
    first = counted(term.length.words, term.source.cite, clock(begins), clock(end))
    steps = [first, *_clock_change(start, due_at), *steps, say.ends_at(end, article)]
    return Ending(end.date(), end.date(), due_at, tuple(steps), article)


def _clock_change(start: datetime, due_at: datetime) -> Steps:
    earlier, later = sorted((start, due_at))
    hours, rest = divmod(later - earlier, timedelta(hours=1))
    before, after = (at.astimezone(AMSTERDAM).dst() for at in (earlier, later))
    if before == after or rest:
        return []
    return [say.clock_changed(ahead=bool(after), hours=in_words(hours, Unit.HOURS))]


def _on_day(
    nominal: date, end: date, steps: Steps, article: str, warnings: Sequence[Text] = ()
) -> Ending:
    over = datetime.combine(end + ONE_DAY, time.min, AMSTERDAM).astimezone(UTC)
    derivation = (*steps, say.ends_on(end, article))
    return Ending(nominal, end, over, derivation, article, tuple(warnings))


def _counting(start: date, last: date, term: Term) -> Steps:
    if term.length.n == 0:
        return [say.at_once(start)]
    counted = say.counted_back if term.kind is Kind.BACKWARD else say.counted
    first = counted(term.length.words, term.source.cite, spoken(start), spoken(last))
    return [first, *_short_month(start, last, term)]


def _short_month(start: date, last: date, term: Term) -> Steps:
    by_month = term.length.unit in (Unit.MONTHS, Unit.YEARS)
    return [say.shorter_month(start.day, last)] if by_month and last.day != start.day else []


def _count(start: date, term: Term) -> date:
    """The last day counted; with BACKWARD the last one back."""
    n = -term.length.n if term.kind is Kind.BACKWARD else term.length.n
    match term.length.unit:
        case Unit.YEARS:
            return _add_months(start, 12 * n)
        case Unit.MONTHS:
            return _add_months(start, n)
        case Unit.WEEKS:
            return start + n * WEEK
        case _:
            return start + n * ONE_DAY


def _add_months(day: date, n: int) -> date:
    """The same day `n` months on, or the last day of that month when it has no such day."""
    year, month = divmod(12 * day.year + day.month - 1 + n, 12)
    first = date(year, month + 1, 1)
    return first.replace(day=min(day.day, monthrange(year, month + 1)[1]))


def _too_long(length: Length) -> bool:
    """Art. 4: so long that the Atw leaves a statutory term alone."""
    return length.n > LONGEST[length.unit]


def _article(term: Term) -> str:
    """The rule that says the end stays put; the term's own source where no Act says so."""
    if term.source.origin is Origin.LAW and term.kind is Kind.BACKWARD:
        return f"{ATW} art. 1(2)"
    if term.source.origin is Origin.LAW and term.kind in (Kind.STATUTORY, Kind.HOURS):
        return f"{ATW} art. 4"
    return term.source.cite


def _utc(start: datetime) -> datetime:
    """The moment in UTC, as a plain datetime (pendulum's own type must not leak into rows)."""
    if start.utcoffset() is None:
        raise BadTerm(f"a moment needs a time zone: {start.isoformat()}")
    utc = start.astimezone(UTC)
    return datetime.combine(_plain(utc), utc.time(), UTC)


def _plain(day: date) -> date:
    return date.fromordinal(day.toordinal())


def _two(days: Iterable[date]) -> bool:
    return len(list(islice(days, 2))) == 2
