"""Reports about one address: when so many came that the approach is looked at again. Pure."""

from collections.abc import Collection
from datetime import date

from escalation.standing import longest
from escalation.terms import Length


def forces_review(reports: Collection[date], new: date, needed: int, within: Length) -> bool:
    """Whether the report of the day `new` is one of `needed` in some stretch of that length.

    `reports` are the days of all reports, that one too, in any order: one may be written down late.
    """
    stretches = ((first, longest(first, within)) for first in set(reports) if first <= new)
    return any(
        new <= last and sum(first <= day <= last for day in reports) >= needed
        for first, last in stretches
    )


def in_one_stretch(one: date, other: date, within: Length) -> bool:
    """Whether both days fall in one stretch of that length, whichever came first."""
    first, last = sorted((one, other))
    return last <= longest(first, within)
