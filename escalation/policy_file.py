"""A policy as written: the tables of its TOML file, read with every fault named.

Its numbers are read in policy.py; here is everything else.
"""

import reprlib
import tomllib
from collections.abc import Mapping
from datetime import date, datetime, time
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    model_validator,
)

Recipient = Literal["director", "deputy", "process_director", "head_of_public_order"]
KINDS = ("terms", "counts", "limits")  # the tables that hold numbers


def _day(value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    raise ValueError("wants a day, such as 2025-02-08")


def _texts(value: Any) -> tuple[str, ...]:
    texts = (value,) if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not all(isinstance(text, str) for text in texts):
        raise ValueError("wants a text or a list of texts; put numbers and dates in quotes")
    return tuple(texts)


Day = Annotated[date, BeforeValidator(_day)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Note = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class PolicyError(ValueError):
    """A policy that cannot be used; `problems` has one sentence for each thing to mend."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"policy {name!r}: " + "; ".join(problems))
        self.problems = problems


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rung(Strict):
    """Who is told how many working days before (negative) or after the due date."""

    offset: int = Field(ge=-60, le=250, strict=True)
    to: tuple[Recipient, ...] = Field(min_length=1)


class Ladder(Strict):
    ring_at: time = Field(default=time(9, 0), strict=True)
    repeat_every: int = Field(default=5, ge=1, le=60, strict=True)
    quiet_after_acknowledgement: int = Field(default=2, ge=0, le=20, strict=True)
    rungs: tuple[Rung, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def climbs_and_covers_the_due_date(self) -> Self:
        offsets = [rung.offset for rung in self.rungs]
        if offsets != sorted(set(offsets)):
            raise ValueError("the rungs must climb: each offset once, in order")
        if 0 not in offsets:
            raise ValueError("one rung must have offset 0, the due date itself")
        return self


class ByLaw(Strict):
    article: Words | None = None


class Rules(Strict):
    landlord_first: bool = Field(default=True, strict=True)


class Adopt(Strict):
    stages: tuple[str, ...] = ()
    because: Words


class PolicyFile(Strict):
    """The file as written, before it is laid over the path; its numbers are not judged yet."""

    name: str = Field(pattern=r"^[a-z0-9-]+$", max_length=64)
    in_force: Day | None = None
    in_force_unknown: Words | None = None
    withdrawn: Day | None = None
    source: Words
    by_law: ByLaw = ByLaw()
    rules: Rules = Rules()
    terms: Any = None
    counts: Any = None
    limits: Any = None
    ladder: Ladder | None = None
    adopt: Adopt | None = None
    notes: Mapping[str, Note] = Field(default_factory=dict)

    @model_validator(mode="after")
    def ends_after_it_begins(self) -> Self:
        if self.in_force and self.withdrawn and self.withdrawn < self.in_force:
            raise ValueError("withdrawn lies before in_force; correct one of them")
        return self


WANTED = {
    "string_type": "wants a text in quotes",
    "string_pattern_mismatch": 'wants small letters, digits and hyphens, such as "aalten-2025"',
    "int_type": "wants a whole number without quotes",
    "bool_type": "wants true or false without quotes",
    "tuple_type": 'wants a list, such as ["signal"]',
    "time_type": "wants a time of day without quotes, such as 09:00:00",
    "date_from_datetime_parsing": "wants a day, such as 2025-02-08",
    "date_parsing": "wants a day, such as 2025-02-08",
    "date_from_datetime_inexact": "wants a day, such as 2025-02-08",
}
MENDED = {
    "missing": "is missing; add it",
    "too_short": "is empty; name at least one",
    "string_too_short": "is empty; say it in words, or leave the whole line out",
    "string_pattern_mismatch": "small letters, digits and hyphens, such as de-bilt",
}
FIELDS = {
    field
    for model in (PolicyFile, ByLaw, Rules, Adopt, Ladder, Rung)
    for field in model.model_fields
}


def tables(text: str) -> dict[str, Any]:
    """The text as TOML. Raises PolicyError when it is not."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number of too many digits
        raise PolicyError("?", [f"is not valid TOML: {error}"]) from None


def name_in(written: Mapping[str, Any]) -> str:
    name = written.get("name")
    return name if isinstance(name, str) else "?"


def read(written: Mapping[str, Any], problems: list[str]) -> PolicyFile | None:
    """The file with its settings checked; None when there are faults, added to `problems`."""
    if ("in_force" in written) == ("in_force_unknown" in written):
        problems.append(
            "in_force: write either in_force with a day, or in_force_unknown with the reason why "
            "no day is known"
        )
    try:
        return PolicyFile.model_validate(written)
    except ValidationError as error:
        problems += [_problem(fault) for fault in error.errors()]
        return None


def _problem(fault: Any) -> str:
    where = ".".join(str(part) for part in fault["loc"]) or "file"
    return f"{where}: {_said(fault)}"


def _said(fault: Any) -> str:
    match fault["type"]:
        case "extra_forbidden":
            return _unknown(fault["loc"])
        case "value_error":
            return str(fault["ctx"]["error"])
        case "model_type" | "mapping_type" | "dict_type":
            return f"wants a table; write [{fault['loc'][0]}] and its settings below it"
    if fault["type"] in WANTED:
        return f"{WANTED[fault['type']]}, not {reprlib.repr(fault['input'])}"
    return str(MENDED.get(fault["type"], fault["msg"]))


def _unknown(loc: tuple[Any, ...]) -> str:
    if loc[0] == "rules" and len(loc) > 1:
        return "is not a known setting; write a rule Estafette does not know under [notes]"
    near = get_close_matches(str(loc[-1]), FIELDS, n=1, cutoff=0.7)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"is not a known setting; {hint}remove or correct it"
