"""By when? Lawful dates that explain themselves (Algemene termijnenwet).

`ends` is the one door: where a term that starts at `start` ends, and why. Days, weeks, months and
years are counted on civil dates in the Netherlands, never in hours; the first day that counts is
the day after the start. Only statutory terms move when they would end on a free day.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
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
from escalation.free_days import ATW, moved_off, rolls
from escalation.spoken_dates import clock, in_words, spoken
from escalation.terms import BadTerm, Kind, Term, Unit
from escalation.text import Origin, Text

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WEEK = 7 * ONE_DAY
Steps = list[Text]


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


def day_over(day: date) -> datetime:
    """The UTC moment at which a Dutch civil day is over."""
    return datetime.combine(day + ONE_DAY, time.min, AMSTERDAM).astimezone(UTC)


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
    if rolls(term.kind, term.length):
        return _statutory(day, last, calendars.statutory, steps)
    return _unmoved(last, term, steps)


def _statutory(start: date, nominal: date, calendar: StatutoryCalendar, steps: Steps) -> Ending:
    moved = moved_off(start, nominal, calendar)
    steps = [*steps, *moved.steps, *moved.doubts]
    return _on_day(nominal, moved.end, steps, moved.article, moved.doubts)


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
    derivation = (*steps, say.ends_on(end, article))
    return Ending(nominal, end, day_over(end), derivation, article, tuple(warnings))


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
