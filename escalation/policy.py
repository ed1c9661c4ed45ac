"""A municipality's policy: its own numbers as data, laid over the path, never over the law.

Errors: PolicyError, with one line per problem, each naming the key and how to mend it.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, time
from functools import cache
from importlib import resources
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from escalation.lanes import CASE_WIDE, LANES
from escalation.path import PATH
from escalation.shape import Checkpoint, Stage
from escalation.terms import BadTerm, Kind, Length, Term, Unit

Recipient = Literal["director", "deputy", "process_director", "head_of_public_order"]
CASE = "case"  # the section for promises that belong to no stage


class PolicyError(ValueError):
    """A policy that cannot be used; `problems` has one sentence for each thing to mend."""

    def __init__(self, name: str, problems: list[str]) -> None:
        super().__init__(f"policy {name!r}: " + "; ".join(problems))
        self.problems = problems


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Rung(Strict):
    """Who is told how many working days before (negative) or after the due date."""

    offset: int = Field(ge=-60, le=250)
    to: tuple[Recipient, ...] = Field(min_length=1)


class Ladder(Strict):
    ring_at: time = Field(default=time(9, 0), strict=True)
    repeat_every: int = Field(default=5, ge=1, le=60)
    quiet_after_acknowledgement: int = Field(default=2, ge=0, le=20)
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
    article: str | None = None


class Adopt(Strict):
    stages: tuple[str, ...] = ()
    because: str = Field(min_length=1)


class PolicyFile(Strict):
    """The file as written, before it is laid over the path."""

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    in_force: date
    source: str
    by_law: ByLaw = ByLaw()
    terms: Mapping[str, Mapping[str, str]] = Field(default_factory=dict)
    ladder: Ladder | None = None
    adopt: Adopt | None = None


@dataclass(frozen=True)
class Policy:
    """A policy laid over the path: every number it sets, and the names of those it does not."""

    name: str
    in_force: date
    source: str
    by_law: str | None
    terms: Mapping[str, Length]
    ladder: Ladder
    missing: tuple[str, ...]

    def length(self, section: str, checkpoint: Checkpoint) -> Length | None:
        """The length for a checkpoint; None when the policy leaves it missing."""
        if checkpoint.length is not None:
            return Length.parse(checkpoint.length)
        return self.terms.get(f"{section}.{checkpoint.key}")

    def missing_for(self, stage: str) -> tuple[str, ...]:
        """The numbers this stage needs and the policy does not give."""
        return tuple(key for key in self.missing if key.partition(".")[0] in {stage, CASE})


def sections() -> Iterator[tuple[str, Checkpoint]]:
    """Every checkpoint the path can start, with the policy section it belongs to."""
    for stage in PATH:
        yield from ((stage.key, checkpoint) for checkpoint in stage.terms)
    for lane in LANES:
        yield from ((lane.key, checkpoint) for act in lane.acts for checkpoint in act.starts)
    yield from ((CASE, checkpoint) for checkpoint in CASE_WIDE)


@cache
def policy_numbers() -> tuple[str, ...]:
    """The keys "stage.checkpoint" a municipality sets, in the order of the path."""
    wanted = (
        f"{section}.{c.key}" for section, c in sections() if not c.by_law and c.from_fact is None
    )
    return tuple(dict.fromkeys(wanted))


@cache
def _set_elsewhere() -> dict[str, str]:
    """Keys nobody may set in a policy, with the reason."""
    reasons = {}
    for section, c in sections():
        if c.by_law:
            reasons[f"{section}.{c.key}"] = f"is set by law ({c.source.cite}); remove it"
        elif c.from_fact:
            reasons[f"{section}.{c.key}"] = "is written in the decision itself; remove it"
    return reasons


def parse(text: str, base: str | None = None) -> Policy:
    """The policy written in `text` (TOML), with what it adopts taken from `base`.

    Raises PolicyError naming every problem at once.
    """
    written = _read(text)
    problems: list[str] = []
    terms = dict(_lengths(written, problems))
    adopted = parse(base) if base is not None and base != text else None
    terms = _adopted(written, adopted, problems) | terms
    ladder = written.ladder or (adopted.ladder if adopted else None)
    if ladder is None:
        problems.append("has no [ladder]: say who is told when")
    if problems or ladder is None:
        raise PolicyError(written.name, problems)
    missing = tuple(key for key in policy_numbers() if key not in terms)
    return Policy(
        written.name, written.in_force, written.source, written.by_law.article, terms, ladder,
        missing,
    )  # fmt: skip


def _read(text: str) -> PolicyFile:
    try:
        return PolicyFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PolicyError("?", [f"is not valid TOML: {error}"]) from None
    except ValidationError as error:
        raise PolicyError(_name_in(text), [_problem(e) for e in error.errors()]) from None


def _name_in(text: str) -> str:
    return str(tomllib.loads(text).get("name", "?"))


def _problem(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "file"
    message = "is not a known setting; remove or correct it"
    return f"{where}: {message if error['type'] == 'extra_forbidden' else error['msg']}"


def _lengths(written: PolicyFile, problems: list[str]) -> Iterator[tuple[str, Length]]:
    for section, numbers in written.terms.items():
        for key, value in numbers.items():
            name = f"{section}.{key}"
            try:
                if reason := _refusal(name):
                    problems.append(f"{name} {reason}")
                else:
                    yield name, _length(name, value)
            except BadTerm as error:
                problems.append(f"{name}: {error}")


def _length(name: str, value: str) -> Length:
    """The length, if it can be a term of the kind this promise is. Raises BadTerm."""
    length = Length.parse(value)
    kinds = {c.kind: c.source for section, c in sections() if f"{section}.{c.key}" == name}
    for kind, source in kinds.items():
        Term(length, kind, source)
        if length.unit is Unit.HOURS and kind is not Kind.HOURS:
            raise BadTerm(f"this promise is due on a day; write days or weeks, not {length}")
    return length


def _refusal(name: str) -> str | None:
    if name in policy_numbers():
        return None
    return _set_elsewhere().get(name, "is not a term of the path; see estafette policy show")


def _adopted(written: PolicyFile, base: Policy | None, problems: list[str]) -> dict[str, Length]:
    if written.adopt is None or base is None:
        return {}
    known = {key.partition(".")[0] for key in policy_numbers()}
    problems += [
        f"adopt.stages: {s!r} is not a stage" for s in written.adopt.stages if s not in known
    ]
    return {k: v for k, v in base.terms.items() if k.partition(".")[0] in written.adopt.stages}


def shipped(name: str) -> str:
    """The text of a policy that comes with Estafette. Raises PolicyError when there is none."""
    file = resources.files("escalation.policies") / f"{name}.toml"
    if not file.is_file():
        raise PolicyError(name, [f"is not shipped; choose from {', '.join(shipped_names())}"])
    return file.read_text(encoding="utf-8")


def shipped_names() -> list[str]:
    folder = resources.files("escalation.policies")
    return sorted(
        f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")
    )


def missing_in(policy: Policy, stage: Stage) -> tuple[str, ...]:
    """What keeps a case under this policy out of a stage."""
    return () if stage.is_end else policy.missing_for(stage.key)
