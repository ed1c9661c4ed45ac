"""How a promised date changes: paused, resumed, extended, re-dated, by entries of a ledger.

`applied` is one entry, `fold` all of them in order; the same entries always give the same date. A
pause of a day up to a last day means: the days after the first, the last one included, do not
count. It moves a date on and never forward, and always has a last day, so that a promise always
has a date. A change made during a pause is made to the date as it stood without the pause.

    BadChange (ValueError)   a change that cannot be made here; says what would be allowed
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime

from escalation import derivation as say
from escalation.calendars import Calendars, UnknownYear
from escalation.counting import AMSTERDAM, ends
from escalation.entries import YEARS, BadChange, Entry, Pause, Standing, What
from escalation.free_days import rolls
from escalation.shifting import at_moment, on_day, paused
from escalation.spoken_dates import clock, spoken
from escalation.terms import BadTerm, Kind, Term, Unit
from escalation.text import policy

__all__ = ["YEARS", "BadChange", "Entry", "Pause", "Standing", "What", "applied", "fold"]


def fold(root: Standing, entries: Iterable[tuple[Entry, Calendars]]) -> Standing:
    """The date after all entries, each with the calendars as they were known when it was made.

    Raises:
        BadChange: an entry that could not have been made.
    """
    for entry, calendars in entries:
        root = applied(root, entry, calendars)
    return root


def applied(now: Standing, entry: Entry, calendars: Calendars) -> Standing:
    """The date after this entry.

    Raises:
        BadChange: it cannot be made here; the message says what would be allowed.
    """
    _known(entry.on)
    try:
        after = _BY_WHAT[entry.what](now, entry, calendars)
    except (BadTerm, UnknownYear, OverflowError) as error:
        raise BadChange(f"the new date cannot be counted: {error}") from error
    _known(after.end)
    return after


def _known(day: date) -> None:
    if day.year not in YEARS:
        raise BadChange(f"{day}: wants a year from {YEARS[0]} up to {YEARS[-1]}")


def _paused(now: Standing, entry: Entry, calendars: Calendars) -> Standing:
    """Awb 4:15 and whatever else suspends a term."""
    last = _last_day(entry)
    if (running := now.paused_on(entry.on)) and entry.on != running.last:
        raise BadChange(
            f"the term is paused up to {running.last} already; resume it first, or pause it anew "
            "from that day"
        )
    earliest = max([now.counts_from, *(stood for _first, stood in now.still)])
    if not earliest <= entry.on <= now.end:
        raise BadChange(
            f"a pause may begin from {earliest} up to {now.end}, when the term ends; "
            f"not on {entry.on}"
        )
    told = say.paused(entry.on, last, entry.ground)
    return paused(now, Pause(entry.on, last, entry.ground, now), told, calendars)


def _last_day(entry: Entry) -> date:
    if entry.until is None:
        raise BadChange("a pause needs a last day, so that the promise keeps a date")
    _known(entry.until)
    if entry.until < entry.on:
        raise BadChange(f"a pause from {entry.on} can not end on {entry.until}, before it begins")
    return entry.until


def _resumed(now: Standing, entry: Entry, calendars: Calendars) -> Standing:
    if now.pause is None:
        raise BadChange("the term is not paused, so there is nothing to resume")
    pause, before = replace(now.pause, last=entry.on), now.pause.before
    if not pause.first <= entry.on <= now.pause.last:
        raise BadChange(
            f"the pause runs from {pause.first} up to {now.pause.last}; resume on a day in it, "
            f"not on {entry.on}"
        )
    told = say.resumed(pause.first, pause.last, pause.ground)
    return replace(paused(before, pause, told, calendars), pause=None)


def _extended(now: Standing, entry: Entry, calendars: Calendars) -> Standing:
    """Counted on from where counting ended, then off free days if statutory (Awb 7:10(3))."""
    running = now.paused_on(entry.on)
    if running is None:
        return replace(_longer(now, entry, calendars), pause=None)
    longer = _longer(running.before, entry, calendars)
    told = say.paused(running.first, running.last, running.ground)
    return paused(longer, replace(running, before=longer), told, calendars)


def _longer(now: Standing, entry: Entry, calendars: Calendars) -> Standing:
    length = entry.length
    if length is None or length.n == 0:
        raise BadChange('an extension needs a length of its own, such as "6 weeks"')
    if length.unit is Unit.HOURS and not now.exact:
        raise BadChange("this term ends on a day; extend it by days, weeks, months or years")
    told = replace(now, derivation=(*now.derivation, say.extended(length.words, entry.ground)))
    if now.exact:
        kind = Kind.HOURS if length.unit is Unit.HOURS else Kind.EFFECT_PERIOD
        ending = ends(now.due_at, Term(length, kind, policy(entry.ground)), calendars)
        return at_moment(told, ending.due_at, ending.derivation)
    kind = Kind.DECISION_SET if now.kind in {Kind.BACKWARD, Kind.HOURS} else now.kind
    ending = ends(now.nominal, Term(length, kind, policy(entry.ground)), calendars)
    end, steps = max(ending.end, now.end), list(ending.derivation)
    if end > ending.end:  # the old end was moved off free days further than the new one is
        steps.append(say.ends_on(end, entry.ground))
    longer = on_day(told, ending.nominal_end, end, steps)
    return replace(longer, unit=length.unit, rolls=rolls(now.kind, length))


def _redated(now: Standing, entry: Entry, _calendars: Calendars) -> Standing:
    """The date as a court or a decision states it: nothing rolls, and a pause is over."""
    if entry.to is None:
        raise BadChange("a re-dating needs the new date, or the moment with its zone")
    _known(entry.to)
    stated = replace(now, rolls=False, unit=None, pause=None, derivation=entry.steps)
    if not isinstance(entry.to, datetime):
        return on_day(stated, entry.to, entry.to, [say.redated(spoken(entry.to), entry.ground)])
    if entry.to.utcoffset() is None:
        raise BadChange("a moment needs its zone, such as 2026-12-14T10:00+01:00")
    local = clock(entry.to.astimezone(AMSTERDAM))
    return at_moment(stated, entry.to, [say.redated(local, entry.ground)])


_BY_WHAT = {
    What.PAUSED: _paused,
    What.RESUMED: _resumed,
    What.EXTENDED: _extended,
    What.REDATED: _redated,
}
