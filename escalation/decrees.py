"""Decrees as they are written: the rows of a table of days equated with a holiday.

BadDecree (ValueError)   a decree that cannot be; says what is wrong and how to write it
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Self

A_ROW = (
    'write decreed = [ { day = 2029-05-11, years = [2029, 2031], source = "Stcrt. …" }, … ]; '
    "a row without a day covers years in which no day was decreed"
)
KNOWN_FROM, KNOWN_UP_TO = 1950, 2100  # beyond these no holidays are known
MOST_YEARS = 10  # a decree covers three; so many can only be a slip that would silence the alarm
LONGEST_SOURCE = 200


class BadDecree(ValueError):
    """A decree that cannot be: its period, its source, or a day that lies outside its period."""


@dataclass(frozen=True, slots=True)
class Decree:
    """A day equated with a holiday by a royal decree that covers `first_year` to `last_year`.

    Without a day: only that the decree covers these years, which may have no day of their own.
    """

    day: date | None
    first_year: int
    last_year: int
    source: str

    def __post_init__(self) -> None:
        if self.day and not self.first_year <= self.day.year <= self.last_year:
            raise BadDecree(
                f"{self.day} is outside {self.first_year}-{self.last_year}, the years this decree "
                "covers; correct the day or the years"
            )

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> Self:
        """The row of a TOML file: `years`, `source` and, unless no day is named, `day`.

        Raises BadDecree.
        """
        match row:
            case {"years": [int(first), int(last)], "source": str(source), **rest} if (
                rest.keys() <= {"day"} and type(rest.get("day")) in (date, type(None))
            ):
                return cls(rest.get("day"), first, last, source)
        raise BadDecree(f"a row cannot be read: {dict(row)}; {A_ROW}")


def read_decrees(text: str) -> tuple[Decree, ...]:
    """The rows of a TOML file in the form of decreed_days.toml. Raises BadDecree."""
    try:
        rows = tomllib.loads(text).get("decreed")
    except tomllib.TOMLDecodeError as error:
        raise BadDecree(f"the file is not TOML: {error}; {A_ROW}") from error
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise BadDecree(f'the file has no list "decreed" of rows; {A_ROW}')
    return tuple(map(Decree.read, rows))


@cache
def known_decrees() -> tuple[Decree, ...]:
    """The decreed days that come with Estafette (decreed_days.toml)."""
    return read_decrees(Path(__file__).with_name("decreed_days.toml").read_text("utf-8"))


def usable(row: Decree) -> Decree:
    """The row with its source trimmed, fit for the table.

    Raises BadDecree for a blank or endless source, or a period no decree covers.
    """
    source, years = " ".join(row.source.split()), f"{row.first_year}-{row.last_year}"
    if not source:
        raise BadDecree("a decree needs its source, such as Stcrt. 2025, 12345")
    if len(source) > LONGEST_SOURCE:
        raise BadDecree(f"the source is too long; name it in at most {LONGEST_SOURCE} characters")
    if row.last_year < row.first_year:
        raise BadDecree(f"{years} ends before it begins; give the first year first")
    if not KNOWN_FROM <= row.first_year <= row.last_year <= KNOWN_UP_TO:
        raise BadDecree(f"{years} is no period of a decree; check both years")
    if row.last_year - row.first_year >= MOST_YEARS:
        raise BadDecree(f"{years} is too long for one decree; load each decree by itself")
    return replace(row, source=source)
