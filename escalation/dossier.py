"""What the guards are shown: the recorded acts of a case, and nothing they could change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from escalation.terms import Length


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded act: its kind, the Amsterdam day it was done, and the facts it carries."""

    kind: str
    on: date
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Dossier:
    """A case as the guards see it on `today` (an Amsterdam day).

    `proposed` is the act somebody wants to record; guards on formal content judge it before it
    exists. `judging` is the stage or lane whose guards ask. `by_law` is the article of the
    municipal by-law, None when the policy names none; `counts`, `limits` and `landlord_first` are
    the policy's own numbers and rules, by "stage.word".
    """

    today: date
    signals: int = 0
    acts: tuple[Recorded, ...] = ()
    proposed: Recorded | None = None
    judging: str = ""
    by_law: str | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, Length] = field(default_factory=dict)
    landlord_first: bool = True
    care_on_offer: bool = False
    waived: frozenset[str] = frozenset()

    def recorded(self, *kinds: str) -> Iterator[Recorded]:
        """The acts of these kinds, in the order they were done."""
        return (act for act in self.acts if act.kind in kinds)

    def has(self, kind: str, **facts: Any) -> bool:
        """Whether an act of this kind was recorded that carries all these facts."""
        return any(
            all(act.facts.get(name) == wanted for name, wanted in facts.items())
            for act in self.recorded(kind)
        )

    def last(self, *kinds: str) -> Recorded | None:
        """The most recent act of these kinds; of several on one day the one recorded last."""
        return max(reversed(list(self.recorded(*kinds))), key=lambda act: act.on, default=None)

    def happened_after(self, kind: str, *earlier: str) -> bool:
        """Whether an act of `kind` was recorded on or after the last of the `earlier` ones."""
        first, then = self.last(*earlier), self.last(kind)
        return then is not None and (first is None or then.on >= first.on)

    def stated(self, name: str) -> Any:
        """A fact of the proposed act; None when it carries none."""
        return self.proposed.facts.get(name) if self.proposed else None
