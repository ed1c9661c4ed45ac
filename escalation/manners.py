"""How people want to be reached, as an administrator writes it: [everybody], [organisations.KEY]
and [people.KEY] of the channels file.

What a person wants goes before their organisation, that before everybody, and that before what
Estafette comes with.

    BadManners (ValueError)   a setting that cannot be: its place, and how to write it
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import time, timedelta
from difflib import get_close_matches
from typing import Any

from escalation.hours import BadHours, parse, spoken
from escalation.interruptions import Manners

SHIPPED = Manners(
    hours=parse("mon-fri 08:00-18:00"),
    digest_at=time(8, 30),
    budget=3,
    fall_back_after=timedelta(hours=1),
    unseen_after=timedelta(days=1),
)
SECTIONS = ("everybody", "organisations", "people")
NEARLY = 0.6
LONGEST = timedelta(days=365)
UNITS = (("day", 24 * 60), ("hour", 60), ("minute", 1))  # in minutes
TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
AFTER = re.compile(r"([1-9][0-9]{0,5}) (minute|hour|day)s?")


class BadManners(ValueError):
    """A setting that cannot be; the message names its place and says how to write it."""


@dataclass(frozen=True, slots=True)
class Book:
    """The manners of all people: settings by section, each already checked."""

    everybody: Mapping[str, Any] = field(default_factory=dict)
    organisations: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, person: str, organisation: str) -> Manners:
        """How the person with this key, of the organisation with that key, wants to be reached."""
        theirs = {**self.organisations.get(organisation, {}), **self.people.get(person, {})}
        return replace(SHIPPED, **{**self.everybody, **theirs})


def book(tables: Mapping[str, Any], channels: Collection[str] | None = None) -> Book:
    """The manners these tables say; with `channels` no other one may be named in them.

    Raises: BadManners, for the first setting that cannot be.
    """
    _known("the channels file", tables, SECTIONS)

    def read(place: str, table: object) -> dict[str, Any]:
        return _settings(place, table, channels)

    return Book(
        everybody=read("everybody", tables.get("everybody", {})),
        **{
            section: {
                key: read(f"{section}.{key}", table)
                for key, table in _table(section, tables.get(section, {})).items()
            }
            for section in ("organisations", "people")
        },
    )


def as_written(manners: Manners) -> dict[str, str | int | list[str]]:
    """The manners in the words of the file; `channels` is empty when it is as they are listed."""
    return {
        "hours": spoken(manners.hours) if manners.hours else "always",
        "digest_at": f"{manners.digest_at:%H:%M}" if manners.digest_at else "never",
        "budget": manners.budget or "none",
        "fall_back_after": _length(manners.fall_back_after),
        "unseen_after": _length(manners.unseen_after),
        "channels": list(manners.order),
    }


def _length(length: timedelta | None) -> str:
    if length is None:
        return "never"
    minutes = length // timedelta(minutes=1)
    unit, size = next((unit, size) for unit, size in UNITS if minutes % size == 0)
    many = minutes // size
    return f"{many} {unit}{'s' if many > 1 else ''}"


def _settings(place: str, table: object, channels: Collection[str] | None) -> dict[str, Any]:
    """The settings of one table, by the name they have in Manners."""
    found: dict[str, Any] = {}
    for key, value in _table(place, table).items():
        _known(place, [key], READ)
        name, read = READ[key]
        try:
            found[name] = read(value)
        except ValueError as wrong:
            raise BadManners(f"{place}, {key}: {wrong}") from None
    _refuse_strange(place, found.get("order", ()), channels)
    return found


def _refuse_strange(place: str, order: Collection[str], channels: Collection[str] | None) -> None:
    for name in order:
        if channels is not None and name not in channels:
            raise BadManners(
                f"{place}, channels: there is no channel {name!r}; the channels are "
                f"{', '.join(sorted(channels))}"
            )


def _table(place: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise BadManners(f"{place}: is a table; write [{place}] and its settings below it")


def _known(place: str, words: Collection[str], known: Collection[str]) -> None:
    for word in words:
        if word not in known:
            near = get_close_matches(word, known, n=1, cutoff=NEARLY)
            hint = f"did you mean {near[0]}? " if near else ""
            raise BadManners(
                f"{place}, {word}: is not a known setting; {hint}Known are {', '.join(known)}"
            )


def _hours(value: object) -> Mapping[str, list[list[str]]] | None:
    if value == "always":
        return None
    how = 'write it as "mon-fri 08:00-18:00", or "always"'
    if not isinstance(value, str) or not value.strip():
        raise ValueError(how)
    try:
        return parse(value)
    except BadHours as wrong:
        raise ValueError(f'{wrong}; or write "always"') from None


def _digest(value: object) -> time | None:
    if value == "never":
        return None
    if isinstance(value, time):
        return value.replace(second=0, microsecond=0)
    if isinstance(value, str) and (said := TIME.fullmatch(value)):
        return time(int(said[1]), int(said[2]))
    raise ValueError('write a time of the day as "08:30", or "never"')


def _budget(value: object) -> int | None:
    if value == "none":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise ValueError('write how many messages a day, 1 or more, or "none" for no limit')


def _after(value: object) -> timedelta | None:
    if value == "never":
        return None
    if isinstance(value, str) and (said := AFTER.fullmatch(value)):
        length = timedelta(**{f"{said[2]}s": int(said[1])})
        if length <= LONGEST:
            return length
    raise ValueError('write it as "30 minutes", "4 hours" or "1 day", a year at most, or "never"')


def _order(value: object) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    if names and all(isinstance(name, str) and name for name in names):
        if len(set(names)) == len(names):
            return tuple(names)
        raise ValueError("names a channel twice; name each once, in the order in which to try them")
    raise ValueError('write the channels in the order in which to try them, as ["teams", "mail"]')


# The word in the file, its name in Manners, and how it is read.
READ: dict[str, tuple[str, Callable[[object], object]]] = {
    "hours": ("hours", _hours),
    "digest_at": ("digest_at", _digest),
    "budget": ("budget", _budget),
    "fall_back_after": ("fall_back_after", _after),
    "unseen_after": ("unseen_after", _after),
    "channels": ("order", _order),
}
