"""What the verbs refuse, in words a person can act on.

Refusal
├── NotFound      there is no such case, contact, promise, alert or handover
├── CaseMoved     the case changed since the page was shown
├── Unmet         guards still refuse; lists every question with its source
├── Incomplete    the policy gives no number this stage needs
└── NotAllowed    it can not be done in this state, or by this person
    ├── OutOfOrder    what the act follows on is not on record
    └── IncompletePacket  parts of a handover's packet are missing; lists every one, and what is
                          wrong with the others
"""

from collections.abc import Iterable

from escalation.packet import PARTS
from escalation.shape import Guard


class Refusal(Exception):
    """Nothing changed; the message says why and how to go on."""


class NotFound(Refusal):
    def __init__(self, kind: str, key: object, way_out: str = "") -> None:
        super().__init__(f"there is no {kind} {key}" + (f"; {way_out}" if way_out else ""))


class CaseMoved(Refusal):
    def __init__(self, case: str, seen: int, now_at: int) -> None:
        super().__init__(
            f"case {case} moved on since you looked (you saw version {seen}, it is at {now_at}); "
            "look again and decide on what it says now"
        )


class Unmet(Refusal):
    def __init__(self, what: str, guards: Iterable[Guard]) -> None:
        self.guards = tuple(guards)
        lines = (f"  - {g.asks.nl} [{g.key}; {g.source.cite}]" for g in self.guards)
        super().__init__("\n".join([f"{what} is refused; not yet met:", *lines]))


class Incomplete(Refusal):
    def __init__(self, policy: str, stage: str, missing: Iterable[str]) -> None:
        self.missing = tuple(missing)
        super().__init__(
            f"policy {policy!r} gives no number for {', '.join(self.missing)}; "
            f"set it in the policy before a case enters {stage!r}"
        )


class NotAllowed(Refusal):
    pass


class OutOfOrder(NotAllowed):
    def __init__(self, act: str, follows: Iterable[str]) -> None:
        before = " or ".join(repr(kind) for kind in follows)
        super().__init__(
            f"{act!r} comes after {before}, which is not on record by then; record that first"
        )


class IncompletePacket(NotAllowed):
    def __init__(self, missing: Iterable[str], wrong: Iterable[str] = ()) -> None:
        self.missing, self.wrong = tuple(missing), tuple(wrong)
        lines = [f"  - {name}: {PARTS[name].en}" for name in self.missing]
        lines += [f"  - {fault}" for fault in self.wrong]
        first = "the packet is not complete; say in words what is missing and offer again:"
        super().__init__("\n".join([first, *lines]))
