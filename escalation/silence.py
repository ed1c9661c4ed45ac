"""Silence: which events count as something happening, and when silence is spoken of.

A case on which nothing happens for so many working days is a case nobody carries; the same goes for
a partner at its table. A stated wait explains silence until a day, and no longer.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from escalation.calendars import Calendars
from escalation.counting import ends
from escalation.policy import Ladder
from escalation.rungs import AMSTERDAM, rings_at
from escalation.terms import Kind, Length, Term
from escalation.text import proposal

# What is written down or passed on, while nothing happens in the case itself.
CHANGES_NOTHING = frozenset({"note_added", "reason_recorded", "reporter_informed"})


@dataclass(frozen=True, slots=True)
class Spoken:
    """The moment silence is spoken of, and the day of the wait that ends then, if one does."""

    at: datetime
    wait: date | None


def stirs(act: str) -> bool:
    """Whether an act of this kind is a meaningful event, so that silence begins anew."""
    return act not in CHANGES_NOTHING


def spoken_of(
    since: datetime, length: Length, wait: date | None, ladder: Ladder, calendars: Calendars
) -> Spoken:
    """When silence since that moment is spoken of: on its last day, without a reminder before it,
    and not before the day of a wait, if that is later.

    Raises BadTerm when that is out of reach.
    """
    last = ends(since, Term(length, Kind.POLICY, proposal()), calendars).end
    silent = rings_at(last, 0, ladder.ring_at, calendars.working)
    if wait is None:
        return Spoken(silent, None)
    over = rings_at(wait, 0, ladder.ring_at, calendars.working)
    return Spoken(over, wait) if over > silent else Spoken(silent, None)


def begins(day: date) -> datetime:
    """The first moment of a day in the Netherlands, in UTC."""
    return datetime.combine(day, time.min, tzinfo=AMSTERDAM).astimezone(UTC)


def ends_with(day: date) -> datetime:
    """The moment a day in the Netherlands is over, in UTC."""
    return begins(day + timedelta(days=1))
