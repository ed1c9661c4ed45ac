"""What a term is: how long, and why it holds. Where one ends is counted in counting.py.

BadTerm (ValueError)   a length or term that cannot be, or cannot be counted from its start
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from escalation.spoken_dates import in_words
from escalation.text import Source, Text


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
