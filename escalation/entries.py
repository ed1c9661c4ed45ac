"""What the ledger of a promised date is made of: its entries, and the date as it stands.

BadChange (ValueError)   a change that cannot be made; says what would be allowed
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from escalation.terms import Kind, Length, Unit
from escalation.text import Text

YEARS = range(1995, 2091)  # as for the dates in facts: within the years whose holidays are known


class BadChange(ValueError):
    """A change that cannot be made to this term; the message says what would be allowed."""


class What(StrEnum):
    """What a change does to a date (stored words, never reused)."""

    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    REDATED = "redated"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. `on` is the day it takes effect.

    A pause has `until`, its last day at the latest; an extension `length`; a re-dating `to` and,
    where the new date was counted from something, the `steps` that say how.
    """

    what: What
    on: date
    until: date | None = None
    length: Length | None = None
    to: date | datetime | None = None
    ground: str = ""
    steps: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause after `first` up to and including `last`, and the date as it stood without it."""

    first: date
    last: date
    ground: str
    before: "Standing"


@dataclass(frozen=True, slots=True)
class Standing:
    """A promised date as it stands.

    `counts_from` is the day before the first day that counts, `rolls` whether the end moves off
    free days. `still` are the pauses, as a day and the last day after it that does not count.
    """

    kind: Kind
    unit: Unit | None
    counts_from: date
    rolls: bool
    nominal: date
    end: date
    due_at: datetime
    exact: bool
    derivation: tuple[Text, ...] = ()
    still: tuple[tuple[date, date], ...] = ()
    pause: Pause | None = None

    def paused_on(self, day: date) -> Pause | None:
        """The pause that runs on this day; one whose last day is past is over by itself."""
        return self.pause if self.pause and day <= self.pause.last else None
