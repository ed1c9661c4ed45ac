"""Waiving: a guard of policy is set aside by a person in the right function, with a reason."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from casework.refusals import NotAllowed
from escalation.moves import not_waivable
from escalation.shape import Guard
from models import Contact


@dataclass(frozen=True, slots=True)
class Waived:
    """The guards somebody set aside, and why."""

    by: str
    reasons: Mapping[str, str]

    @property
    def guards(self) -> frozenset[str]:
        return frozenset(self.reasons)


def waived(guards: Iterable[Guard], reasons: Mapping[str, str], by: Contact) -> Waived:
    """What `by` waives of these guards.

    Raises NotAllowed for a guard that is not asked here or is set by law, for one without a
    reason, and when the person's function may not waive it.
    """
    asked = {guard.key: guard for guard in guards}
    if wrong := not_waivable(reasons.keys(), asked.values()):
        raise NotAllowed(f"can not be waived here: {', '.join(wrong)}")
    if empty := sorted(key for key, reason in reasons.items() if not reason.strip()):
        raise NotAllowed(f"waiving needs a reason: {', '.join(empty)}")
    for key in reasons:
        may = asked[key].waived_by
        if by.function not in may:
            raise NotAllowed(
                f"{by.key} is {by.function} and can not waive {key!r}; that is for one of "
                f"{', '.join(may)}: name that person as the one who waives (--waived-by)"
            )
    return Waived(by.key, dict(reasons))
