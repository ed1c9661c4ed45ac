"""Which acts and facts a guard reads: it is asked, on dossiers that note what they are asked.

So the page names the act to record for a question, and no list beside the guards can drift.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from itertools import product
from typing import Any

from desk.fact_forms import sample_of
from escalation import moves
from escalation.dossier import Dossier, Recorded
from escalation.numbers import LIMITS
from escalation.shape import Guard
from escalation.terms import Length

# Any day and any limit will do: only the questions count, not the answers.
A_DAY = date(2026, 2, 20)
A_LIMIT = dict.fromkeys(LIMITS, Length.parse("1 day"))


@dataclass(frozen=True)
class Reads:
    """What a guard looks for: acts on record, and facts the proposed act states."""

    acts: tuple[str, ...]
    facts: tuple[str, ...]


@dataclass(frozen=True)
class Listening(Dossier):
    """A dossier that notes which acts and facts it was asked for."""

    kinds: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)

    def recorded(self, *kinds: str) -> Iterator[Recorded]:
        self.kinds.update(kinds)
        return super().recorded(*kinds)

    def stated(self, name: str) -> Any:
        self.names.add(name)
        return super().stated(name)


@cache
def reads(guard: Guard) -> Reads:
    """The acts and facts the guard asks for, in the order of the path.

    A guard stops asking once it knows; so it is shown an empty dossier, a full one, and full ones
    that lack one of the acts it asked for, each with facts and without.
    """
    kinds, names = set[str](), set[str]()
    everything = frozenset(_facts_by_act())
    _ask(guard, frozenset(), kinds, names)
    _ask(guard, everything, kinds, names)
    for kind in sorted(kinds):
        _ask(guard, everything - {kind}, kinds, names)
    facts = dict.fromkeys(name for act in moves.acts() for name in act.fields)
    return Reads(
        tuple(kind for kind in _facts_by_act() if kind in kinds),
        tuple(name for name in facts if name in names),
    )


def _ask(guard: Guard, present: frozenset[str], kinds: set[str], names: set[str]) -> None:
    for with_facts, stating in product((False, True), repeat=2):
        acts = tuple(
            Recorded(kind, A_DAY, facts if with_facts else {})
            for kind, facts in _facts_by_act().items()
            if kind in present
        )
        proposed = Recorded("proposed", A_DAY, _all_facts() if stating else {})
        guard.holds(
            Listening(A_DAY, acts=acts, proposed=proposed, limits=A_LIMIT, kinds=kinds, names=names)
        )


@cache
def _facts_by_act() -> Mapping[str, Mapping[str, Any]]:
    return {act.key: {name: sample_of(name) for name in act.fields} for act in moves.acts()}


@cache
def _all_facts() -> Mapping[str, Any]:
    return {name: value for facts in _facts_by_act().values() for name, value in facts.items()}
