"""The numbers a municipality sets, by "stage.word", and those it cannot set because a law does.

Three kinds: terms (when a promise is due), counts (how many are needed) and limits (how long a
measure lasts at most). Terms are read from the path; counts and limits are named here.
"""

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from typing import Any

from escalation.lanes import CASE_WIDE, LANES
from escalation.path import PATH, STAGES
from escalation.shape import Checkpoint
from escalation.terms import BadTerm, Kind, Length, Term, Unit
from escalation.text import Text

CASE = "case"  # the section for promises that belong to no stage


@dataclass(frozen=True, slots=True)
class Count:
    """How many of something, from `least` to `most`."""

    means: Text
    least: int
    most: int


# fmt: off
_OBSERVATIONS = Text("objectieve waarnemingen die nodig zijn", "objective observations needed")
COUNTS = {
    "behavioural_order.warnings": Count(
        Text("waarschuwingen die aan een last voorafgaan", "warnings that come before an order"),
        0, 5),
    "behavioural_order.observations": Count(_OBSERVATIONS, 1, 20),
    "house_closure.observations": Count(_OBSERVATIONS, 1, 20),
    "case.reports": Count(
        Text("meldingen waarna de aanpak opnieuw wordt bekeken",
             "reports after which the approach is looked at again"), 2, 20),
    "case.refusals": Count(
        Text("keren niet overgenomen waarna de procesregisseur beslist",
             "times not taken over after which the process director decides"), 1, 5),
}
LIMITS = {
    "warning.validity": Text("hoe lang een waarschuwing hoogstens geldt",
                             "how long a warning holds at most"),
    "behavioural_order.duration": Text("hoe lang een last hoogstens duurt",
                                       "how long an order lasts at most"),
    "house_closure.duration": Text("hoe lang een sluiting hoogstens duurt",
                                   "how long a closure lasts at most"),
    "case.reports_within": Text("de tijd waarbinnen meldingen worden geteld",
                                "the time within which reports are counted"),
    "case.waiting": Text("hoe lang een zaak hoogstens mag wachten",
                         "how long a case may wait at most"),
    "case.contact_unchecked": Text("hoe lang een contact hoogstens onbevestigd blijft",
                                   "how long a contact stays unconfirmed at most"),
}
# Ten years: longer is a slip of the pen, and no calendar knows its holidays.
LONGEST = {Unit.HOURS: 9999, Unit.DAYS: 3650, Unit.WORKING_DAYS: 2600, Unit.WEEKS: 520,
           Unit.MONTHS: 120, Unit.YEARS: 10}
# fmt: on


def sections() -> Iterator[tuple[str, Checkpoint]]:
    """Every checkpoint the path can start, with the policy section it belongs to."""
    for stage in PATH:
        yield from ((stage.key, checkpoint) for checkpoint in stage.terms)
    for lane in LANES:
        yield from ((lane.key, checkpoint) for act in lane.acts for checkpoint in act.starts)
    yield from ((CASE, checkpoint) for checkpoint in CASE_WIDE)


@cache
def policy_numbers() -> tuple[str, ...]:
    """The terms "stage.checkpoint" a municipality sets, in the order of the path."""
    wanted = (
        f"{section}.{c.key}" for section, c in sections() if not c.by_law and c.from_fact is None
    )
    return tuple(dict.fromkeys(wanted))


@cache
def every_number() -> tuple[str, ...]:
    """Every term, count and limit a complete policy sets, stage by stage."""
    keys = (*policy_numbers(), *COUNTS, *LIMITS)
    order = list(dict.fromkeys(section_of(key) for key in policy_numbers()))
    return tuple(sorted(keys, key=lambda key: order.index(section_of(key))))


def section_of(key: str) -> str:
    return key.partition(".")[0]


def in_a_lane(key: str) -> bool:
    """Whether a number belongs to a lane, which runs beside every stage."""
    return section_of(key) not in {*STAGES, CASE}


def shuts(key: str) -> tuple[str, ...]:
    """The stages that cannot be entered while this number is missing."""
    section = section_of(key)
    return (section,) if section in STAGES else tuple(stage.key for stage in PATH)


def kind_of(key: str) -> str:
    """The table of the policy file that a number is written in."""
    return "counts" if key in COUNTS else "limits" if key in LIMITS else "terms"


def meaning_of(key: str) -> Text:
    """What a number says; for a term, the question that must be answered by then."""
    if key in COUNTS:
        return COUNTS[key].means
    if key in LIMITS:
        return LIMITS[key]
    return next(c.asks for section, c in sections() if f"{section}.{c.key}" == key)


def accepts(key: str) -> str:
    """What may be written for a number: a range, or the units its length may have."""
    if key in COUNTS:
        return f"{COUNTS[key].least} to {COUNTS[key].most}"
    return ", ".join(unit for unit in Unit if _fits(key, unit))


def _fits(key: str, unit: Unit) -> bool:
    try:
        number(kind_of(key), key, f"1 {unit}")
    except BadTerm:
        return False
    return True


@cache
def _set_elsewhere() -> dict[str, str]:
    """What nobody may set in a policy, with the reason: by its whole key, and a law by its word."""
    reasons = {}
    for section, c in sections():
        if c.by_law:
            reasons[c.key] = f"is set by law ({c.source.cite}); remove it"
            reasons[f"{section}.{c.key}"] = reasons[c.key]
        elif c.from_fact:
            reasons[f"{section}.{c.key}"] = "is written in the decision itself; remove it"
    return reasons


def refusal(kind: str, key: str) -> str | None:
    """Why this number cannot be set in this table; None when it can."""
    section, _, word = key.partition(".")
    if section == "house_ban":
        return "is set by law (Gemeentewet 151d(3)); remove it"
    if key in every_number():
        belongs = kind_of(key)
        return None if kind == belongs else f"belongs under [{belongs}]; move it there"
    elsewhere = _set_elsewhere()
    return elsewhere.get(key) or elsewhere.get(word) or _unknown(kind, key)


def _unknown(kind: str, key: str) -> str:
    near = get_close_matches(key, every_number(), n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}?" if near else "see estafette policy show default"
    return f"is not a {kind[:-1]} of the path; {hint}"


def number(kind: str, key: str, value: Any) -> Length | int:
    """The value written for a number. Raises ValueError saying what it should be."""
    if kind == "counts":
        return _count(COUNTS[key], value)
    if not isinstance(value, str):
        raise ValueError(f'wants a length in quotes, such as "6 weeks", not {reprlib.repr(value)}')
    length = Length.parse(value)
    if length.n > LONGEST[length.unit]:
        raise BadTerm(f"{length} is longer than ten years; write a shorter length")
    return _limit(length) if kind == "limits" else _term(key, length)


def _count(count: Count, value: Any) -> int:
    # In Python a truth value is a whole number too; in a policy it is a slip.
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError(f"wants a whole number without quotes, not {reprlib.repr(value)}")
    if not count.least <= value <= count.most:
        wanted = f"wants a number from {count.least} to {count.most}"
        raise ValueError(f"{wanted}, not {reprlib.repr(value)}")
    return value


def _limit(length: Length) -> Length:
    if length.n == 0 or length.unit in {Unit.HOURS, Unit.WORKING_DAYS}:
        raise BadTerm(f"wants one or more days, weeks, months or years, not {length}")
    return length


def _term(key: str, length: Length) -> Length:
    """The length, if it can be a term of the kind this promise is. Raises BadTerm."""
    kinds = {c.kind: c.source for section, c in sections() if f"{section}.{c.key}" == key}
    for kind, source in kinds.items():
        Term(length, kind, source)
        if length.unit is Unit.HOURS and kind is not Kind.HOURS:
            raise BadTerm(f"this promise is due on a day; write days or weeks, not {length}")
    return length
