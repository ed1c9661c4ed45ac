"""Where a term ends when days in it do not count: later by what stood still, never earlier."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice

from escalation import derivation as say
from escalation.calendars import ONE_DAY, Calendars, days_between
from escalation.counting import AMSTERDAM, day_over, ends
from escalation.entries import Pause, Standing
from escalation.terms import Kind, Length, Term, Unit
from escalation.text import Text, policy

ATW = "Algemene termijnenwet art. 1, 2 en 3"


def paused(before: Standing, pause: Pause, told: Text, calendars: Calendars) -> Standing:
    """The date when the days of this pause do not count; `told` says so in its derivation."""
    days = (pause.last - pause.first).days
    still = (*before.still, (pause.first, pause.last)) if days else before.still
    start = replace(before, still=still, pause=pause, derivation=(*before.derivation, told))
    if not days:
        return start
    shift = _by_the_clock if before.exact else _by_days
    return shift(start, pause, calendars)


def on_day(now: Standing, nominal: date, end: date, steps: Iterable[Text]) -> Standing:
    """Due at the end of `end`."""
    derivation, due_at = (*now.derivation, *steps), day_over(end)
    return replace(now, nominal=nominal, end=end, due_at=due_at, exact=False, derivation=derivation)


def at_moment(now: Standing, moment: datetime, steps: Iterable[Text]) -> Standing:
    """Due at that very moment."""
    day = moment.astimezone(AMSTERDAM).date()
    derivation, due_at = (*now.derivation, *steps), moment.astimezone(UTC)
    return replace(now, nominal=day, end=day, due_at=due_at, exact=True, derivation=derivation)


def _by_the_clock(now: Standing, pause: Pause, calendars: Calendars) -> Standing:
    """The same time on the Dutch clock, as many days later as stood still."""
    days = Length((pause.last - pause.first).days, Unit.DAYS)
    moved = ends(now.due_at, Term(days, Kind.EFFECT_PERIOD, policy(pause.ground)), calendars)
    return at_moment(now, moved.due_at, moved.derivation[-1:])


def _by_days(now: Standing, pause: Pause, calendars: Calendars) -> Standing:
    if now.unit is Unit.WORKING_DAYS:
        days = days_between(pause.first + ONE_DAY, pause.last)
        lost = sum(calendars.working.is_working_day(day) for day in days)
        end = calendars.working.add_working_days(now.end, lost)
        return on_day(now, end, end, [say.ends_on(end, pause.ground)])
    nominal = now.nominal + (pause.last - pause.first)
    if now.rolls:
        return _rolled(now, nominal, pause.last, calendars)
    return on_day(now, nominal, nominal, [say.ends_on(nominal, pause.ground)])


def _rolled(now: Standing, nominal: date, still: date, calendars: Calendars) -> Standing:
    """Off free days again (art. 1), with two ordinary days among those that count (art. 2).

    Not on a day that stands still either, which a pause that began after counting ended could do.
    """
    calendar, first = calendars.statutory, max(nominal, still)
    once = end = calendar.next_ordinary_day(first)
    steps = [say.not_a_last_day(calendar.free_days(first, end - ONE_DAY))] if end > first else []
    if _count(now, days_between(now.counts_from + ONE_DAY, nominal)) == 3 and not _two(
        now, end, calendars
    ):
        end = calendar.next_ordinary_day(end + ONE_DAY)
        free = calendar.free_days(now.counts_from + ONE_DAY, end)
        steps.append(say.one_ordinary_day(free, once, end))
    end = max(end, now.end)  # a decreed day that was withdrawn must not bring the date forward
    years = range(nominal.year, end.year + 1)
    steps += [say.no_decree(year) for year in years if not calendar.covers(year)]
    return on_day(now, nominal, end, [*steps, say.ends_on(end, ATW)])


def _two(now: Standing, end: date, calendars: Calendars) -> bool:
    days = calendars.statutory.ordinary_days(now.counts_from + ONE_DAY, end)
    return _count(now, days) >= 2


def _count(now: Standing, days: Iterable[date]) -> int:
    """How many of the days do not stand still; more than three is three."""
    moving = (day for day in days if not any(first < day <= last for first, last in now.still))
    return len(list(islice(moving, 3)))
