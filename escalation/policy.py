"""A municipality's policy: its own numbers as data, laid over the path, never over the law.

How a policy is written: docs/policy.md. Errors: PolicyError, with one line per problem, each naming
the key and how to mend it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from importlib import resources
from typing import Any

from escalation.numbers import (
    CASE,
    COUNTS,
    LIMITS,
    accepts,
    every_number,
    in_a_lane,
    kind_of,
    meaning_of,
    number,
    policy_numbers,
    refusal,
    section_of,
    sections,
    shuts,
)
from escalation.policy_file import (
    KINDS,
    Ladder,
    PolicyError,
    PolicyFile,
    Recipient,
    Rung,
    name_in,
    read,
    tables,
)
from escalation.shape import Checkpoint, Stage
from escalation.terms import Length

__all__ = [
    "CASE", "COUNTS", "LIMITS", "Ladder", "Policy", "PolicyError", "Recipient", "Rung",
    "accepts", "every_number", "in_a_lane", "kind_of", "meaning_of", "missing_in", "parse",
    "policy_numbers", "sections", "shipped", "shipped_names", "shuts",
]  # fmt: skip
Numbers = dict[str, Length | int]


@dataclass(frozen=True)
class Policy:
    """A policy laid over the path: every number it sets, and the names of those it does not.

    `adopted` names the numbers it took over; `ladder_adopted` says that it does not tell itself who
    is told when, and promises ring by the ladder it was laid over. `in_force` is None when no day
    is known, and `in_force_unknown` says why. `notes` are shown, never interpreted.
    """

    name: str
    in_force: date | None
    source: str
    by_law: str | None
    terms: Mapping[str, Length]
    counts: Mapping[str, int]
    limits: Mapping[str, Length]
    landlord_first: bool
    ladder: Ladder
    missing: tuple[str, ...]
    ladder_adopted: bool
    adopted: tuple[str, ...]
    adopted_because: str | None
    in_force_unknown: str | None
    withdrawn: date | None
    notes: Mapping[str, tuple[str, ...]]

    def length(self, section: str, checkpoint: Checkpoint) -> Length | None:
        """The length for a checkpoint; None when the policy leaves it missing."""
        if checkpoint.length is not None:
            return Length.parse(checkpoint.length)
        return self.terms.get(f"{section}.{checkpoint.key}")

    def missing_for(self, stage: str) -> tuple[str, ...]:
        """The numbers this stage needs and the policy does not give."""
        return tuple(key for key in self.missing if stage in shuts(key))

    def number(self, key: str) -> Length | int | None:
        """The term, count or limit of this name; None when it is missing."""
        return self.terms.get(key) or self.limits.get(key) or self.counts.get(key)


def parse(text: str, base: str | None = None) -> Policy:
    """The policy written in `text` (TOML), with what it adopts taken from `base`.

    A policy without a ladder rings by the one of `base`, so that every promise rings. Raises
    PolicyError naming every problem at once.
    """
    written = tables(text)
    problems: list[str] = []
    file = read(written, problems)
    numbers = dict(_numbers(written, problems))
    ground = parse(base) if base is not None and base != text else None
    adopted = _adopted(file, ground, problems)
    ladder = (file and file.ladder) or (ground and ground.ladder)
    if file and not ladder:
        problems.append("has no [ladder]: say who is told when")
    if problems or not file or not ladder:
        raise PolicyError(name_in(written), problems)
    return _laid(file, ladder, numbers, {k: v for k, v in adopted.items() if k not in numbers})


def _numbers(written: Mapping[str, Any], problems: list[str]) -> Iterator[tuple[str, Length | int]]:
    """Every number of the file that can be used; what is wrong with the others in `problems`."""
    for kind, key, value in _written_numbers(written, problems):
        try:
            if reason := refusal(kind, key):
                problems.append(f"{kind}.{key} {reason}")
            else:
                yield key, number(kind, key, value)
        except ValueError as error:
            problems.append(f"{kind}.{key}: {error}")


def _written_numbers(
    written: Mapping[str, Any], problems: list[str]
) -> Iterator[tuple[str, str, Any]]:
    for kind in KINDS:
        for section, table in _table(written.get(kind, {}), kind, problems).items():
            if "." in section:  # the whole name in quotes
                yield kind, section, table
                continue
            for word, value in _table(table, f"{kind}.{section}", problems).items():
                yield kind, f"{section}.{word}", value


def _table(value: Any, where: str, problems: list[str]) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    problems.append(f"{where}: wants a table; write [{where}] and a line for each number below it")
    return {}


def _adopted(file: PolicyFile | None, ground: Policy | None, problems: list[str]) -> Numbers:
    """The numbers of the stages it names and of the lanes, as `ground` has them.

    A lane runs beside every stage and is never shut: an objection is not refused for a number.
    """
    if file is None:
        return {}
    named = file.adopt.stages if file.adopt else ()
    known = tuple(dict.fromkeys(section_of(key) for key in every_number()))
    problems += [
        f"adopt.stages: {s!r} is not a stage; choose from {', '.join(known)}"
        for s in named
        if s not in known
    ]
    taken: Numbers = {**ground.terms, **ground.counts, **ground.limits} if ground else {}
    return {key: n for key, n in taken.items() if section_of(key) in named or in_a_lane(key)}


def _laid(file: PolicyFile, ladder: Ladder, own: Numbers, adopted: Numbers) -> Policy:
    numbers = adopted | own
    return Policy(
        name=file.name,
        in_force=file.in_force,
        source=file.source,
        by_law=file.by_law.article,
        terms={k: n for k, n in numbers.items() if isinstance(n, Length) and k not in LIMITS},
        counts={k: n for k, n in numbers.items() if isinstance(n, int)},
        limits={k: n for k, n in numbers.items() if isinstance(n, Length) and k in LIMITS},
        landlord_first=file.rules.landlord_first,
        ladder=ladder,
        missing=tuple(key for key in every_number() if key not in numbers),
        ladder_adopted=file.ladder is None,
        adopted=tuple(key for key in every_number() if key in adopted),
        adopted_because=file.adopt.because if file.adopt else None,
        in_force_unknown=file.in_force_unknown,
        withdrawn=file.withdrawn,
        notes=file.notes,
    )


def completed(policy: Policy, base: Policy, newest: Policy) -> Policy:
    """A policy pinned long ago, with the numbers nobody knew of then.

    Only those that its `base` did not have either are taken from the `newest` default: what the
    municipality left missing stays missing.
    """
    unknown_then = {key for key in policy.missing if key in base.missing}
    return replace(
        policy,
        terms={**_only(newest.terms, unknown_then), **policy.terms},
        counts={**_only(newest.counts, unknown_then), **policy.counts},
        limits={**_only(newest.limits, unknown_then), **policy.limits},
        missing=tuple(key for key in policy.missing if key not in unknown_then),
    )


def _only(numbers: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: number for key, number in numbers.items() if key in keys}


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
