"""The words a case history may use, as the path knows them; another is refused by name."""

import datetime as dt
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
)

from casework.closing import RESULTS
from escalation import moves
from escalation.path import PATH
from escalation.policy import sections
from escalation.shape import Guard
from escalation.terms import BadTerm, Length, Unit

# How a step is refused, when it is not for an unmet guard; `because` may name these too.
REFUSALS = ("out_of_place", "incomplete", "not_allowed", "not_found", "bad_facts")


class Strict(BaseModel):
    """A place in a history that takes these words and no other."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


def _known(kind: str, words: Callable[[], Iterable[str]]) -> AfterValidator:
    """A word the path knows; another is refused with the nearest one and the whole list."""

    def check(value: str) -> str:
        known = tuple(dict.fromkeys(words()))
        if value in known:
            return value
        near = get_close_matches(value, known, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise ValueError(f"{value!r} is not {kind}; {hint}known are {', '.join(known)}")

    return AfterValidator(check)


@cache
def guards() -> dict[str, Guard]:
    """Every guard of the path, of its stages and its acts, by key."""
    found = [guard for stage in PATH for guard in stage.guards]
    found += [guard for act in moves.acts() for guard in act.guards]
    return {guard.key: guard for guard in found}


def _promises() -> Iterable[str]:
    yield from (checkpoint.key for _section, checkpoint in sections())
    yield from (f"{section}.{checkpoint.key}" for section, checkpoint in sections())


def _day_or_moment(value: Any) -> dt.date | None:
    if value is None or isinstance(value, dt.date):
        return value
    text = str(value)
    try:
        if len(text) == len("2021-05-26"):
            return dt.date.fromisoformat(text)
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"{text!r} is not a date; write 2021-05-26, or a moment with its zone such as "
            "2020-12-14T10:00+01:00, or null"
        ) from None
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} is a moment without a zone; write {text}+01:00 or +02:00")
    return moment


def _length(value: str) -> str:
    if Length.parse(value).unit is Unit.WORKING_DAYS:
        raise ValueError("wants hours, days, weeks, months or years; working days depend on dates")
    return value


def _any_length(value: str) -> str:
    return str(Length.parse(value))


def _day_or_length(value: Any) -> dt.date | str:
    """A day or moment, or a length counted from the step, such as "4 weeks"."""
    try:
        return _length(str(value))
    except BadTerm:
        found = _day_or_moment(value)
    if found is None:
        raise ValueError('wants a date such as 2021-05-26, or a length such as "4 weeks"')
    return found


ActKey = Annotated[str, _known("an act", lambda: (act.key for act in moves.acts()))]
ExitKey = Annotated[str, _known("an exit", lambda: (e.key for s in PATH for e in s.exits))]
StageKey = Annotated[str, _known("a stage", lambda: (s.key for s in PATH))]
Promise = Annotated[str, _known("a promise", _promises)]
GuardKey = Annotated[str, _known("a guard", guards)]
Refusing = Annotated[str, _known("a guard", lambda: (*guards(), *REFUSALS))]
Result = Annotated[str, _known("a result", lambda: RESULTS)]
Day = Annotated[dt.date | None, PlainValidator(_day_or_moment)]
After = Annotated[str, AfterValidator(_length)]
DayOrAfter = Annotated[dt.date | str, PlainValidator(_day_or_length)]
Longer = Annotated[str, AfterValidator(_any_length)]
Approx = Annotated[str, BeforeValidator(str), Field(pattern=r"^(19|20)\d\d(-(0[1-9]|1[0-2]))?$")]
Words = Annotated[str, Field(min_length=1)]
