"""When each rung of a promise rings, and for whom. Pure; all moments are UTC.

Rungs are counted in working days from the due date and ring at the policy's local hour. Rung 0 of
a promise with an exact moment (hours, the end of a ban or closure) rings at that moment.
"""

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from zoneinfo import ZoneInfo

from escalation.calendars import WorkingCalendar
from escalation.policy import Ladder, Rung

AMSTERDAM = ZoneInfo("Europe/Amsterdam")


@dataclass(frozen=True, slots=True)
class Step:
    """The next rung of a promise: its offset in working days and the moment it rings."""

    offset: int
    at: datetime


@lru_cache(maxsize=16_384)
def rings_at(due_on: date, offset: int, ring_at: time, calendar: WorkingCalendar) -> datetime:
    """The moment a rung rings, for a promise due at the end of `due_on`."""
    day = calendar.add_working_days(due_on, offset) if offset else due_on
    return datetime.combine(day, ring_at, tzinfo=AMSTERDAM).astimezone(UTC)


def moment_of(
    offset: int, due_on: date, exact: datetime | None, ladder: Ladder, calendar: WorkingCalendar
) -> datetime:
    """When this rung rings; `exact` is the due moment of a promise that has one.

    No reminder rings after its own due moment, and no repeat before it.
    """
    if exact is not None and offset == 0:
        return exact
    at = rings_at(due_on, offset, ladder.ring_at, calendar)
    if exact is None:
        return at
    return min(at, exact) if offset < 0 else max(at, exact)


def offset_after(offset: int, ladder: Ladder) -> int:
    """The rung that follows; after the last one it repeats for as long as nobody answers."""
    offsets = [rung.offset for rung in ladder.rungs]
    place = bisect_right(offsets, offset)
    if place < len(offsets):
        return offsets[place]
    last = offsets[-1]
    return last + ((offset - last) // ladder.repeat_every + 1) * ladder.repeat_every


def first_step(
    since: datetime, due_on: date, exact: datetime | None, ladder: Ladder, calendar: WorkingCalendar
) -> Step:
    """The first rung that rings after `since`, and never one later than the due rung."""
    for rung in ladder.rungs:
        at = moment_of(rung.offset, due_on, exact, ladder, calendar)
        if at > since or rung.offset == 0:
            return Step(rung.offset, at)
    raise AssertionError("a ladder always has a rung 0")


def latest_passed(
    offset: int,
    now: datetime,
    due_on: date,
    exact: datetime | None,
    ladder: Ladder,
    calendar: WorkingCalendar,
) -> tuple[int, Step]:
    """From a rung that rings: the last one that should have rung by now, and the one to come.

    After an outage several may have passed; they are raised as one, so nobody is flooded.
    """
    while True:
        following = offset_after(offset, ladder)
        at = moment_of(following, due_on, exact, ladder, calendar)
        if at > now:
            return offset, Step(following, at)
        offset = following


def rungs_passed(first: int, last: int, ladder: Ladder) -> tuple[Rung, ...]:
    """The rungs that ring as one when those from `first` to `last` have passed, lowest first.

    A repeat after the last rung is that rung again.
    """
    rung_of_last = max((r for r in ladder.rungs if r.offset <= last), key=lambda r: r.offset)
    passed = tuple(r for r in ladder.rungs if first <= r.offset <= last)
    return passed or (rung_of_last,)
