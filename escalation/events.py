"""Days that wait for something to happen: "3 days after the ruling", or "at once".

BadTerm (ValueError)   words that look like such a day and cannot be one
"""

import re
from dataclasses import dataclass

from escalation.terms import BadTerm, Length, Unit

ITSELF = ""  # the event is the act that states the day
AT_ONCE = ("at once", "immediately", "meteen", "onmiddellijk")
# At most ten years, so that the real date can always be counted once the event is there.
DAYS = {Unit.HOURS: 1, Unit.DAYS: 1, Unit.WORKING_DAYS: 2, Unit.WEEKS: 7, Unit.MONTHS: 31,
        Unit.YEARS: 366}  # fmt: skip
MOST_DAYS = 3660
ALIASES = {
    "the ruling": "ruling_received",
    "de uitspraak": "ruling_received",
    "the decision on objection": "objection_decided",
    "de beslissing op bezwaar": "objection_decided",
}


@dataclass(frozen=True, slots=True)
class AfterEvent:
    """A day not known yet: that long after an act of this kind, or at once after the act itself."""

    length: Length
    event: str

    def __str__(self) -> str:
        return f"{self.length} after {self.event}" if self.event else AT_ONCE[0]

    @property
    def itself(self) -> bool:
        """Whether it waits for nothing but the act that states it."""
        return self.event == ITSELF


def at_once(text: str) -> AfterEvent | None:
    """The day of the act itself, when the text says "at once" or "immediately"."""
    said = " ".join(text.lower().split())
    return AfterEvent(Length(0, Unit.DAYS), ITSELF) if said in AT_ONCE else None


def after_event(text: str) -> AfterEvent | None:
    """What "3 days after ruling_received" says; None for text that names no event.

    Raises:
        BadTerm: no length, one of more than ten years, or an act the path does not know.
    """
    found = re.fullmatch(r"(.+?) (?:after|na) (.+)", " ".join(text.split()))
    return AfterEvent(_length(found[1]), _event(found[2])) if found else None


def _length(text: str) -> Length:
    length = Length.parse(text)
    if length.n * DAYS[length.unit] > MOST_DAYS:
        raise BadTerm(f'"{text}" is too long after an event: write at most ten years')
    return length


def _event(words: str) -> str:
    from escalation.moves import acts  # here, because the path's guards read this file

    key = ALIASES.get(words.lower(), words)
    known = {act.key for act in acts()}
    if key not in known:
        raise BadTerm(
            f'"{words}" is not an event: write an act of the path, such as "ruling_received" or '
            f'"objection_decided", or {_listed()}'
        )
    return key


def _listed() -> str:
    return ", ".join(f'"{alias}"' for alias in ALIASES)
