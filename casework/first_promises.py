"""What each of many cases waits for first, in one look."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.questions import question
from escalation.text import Text
from models import Checkpoint

# As the partial index spells it: in a parameter, a planner cannot see that it serves.
OPEN = sa.text("checkpoints.state = 'open'")


@dataclass(frozen=True, slots=True)
class First:
    """A case's nearest open promise; `statutory` when a law dates any of its open promises."""

    asks: Text
    next_at: datetime
    due_at: datetime
    exact: bool
    raised: bool
    statutory: bool


def first_promises(session: Session, case_ids: Collection[int]) -> dict[int, First]:
    """By case; one without an open promise is not in it."""
    if not case_ids:
        return {}
    query = select(Checkpoint).where(OPEN, col(Checkpoint.case_id).in_(case_ids))
    found: dict[int, First] = {}
    for row in session.exec(query.order_by(col(Checkpoint.next_at), col(Checkpoint.id))):
        if row.case_id not in found:
            found[row.case_id] = _first(row)
        elif row.statutory:
            found[row.case_id] = replace(found[row.case_id], statutory=True)
    return found


def _first(row: Checkpoint) -> First:
    return First(
        asks=question(row.section, row.key),
        next_at=row.next_at or row.due_at,
        due_at=row.due_at,
        exact=row.exact,
        raised=row.rung is not None,
        statutory=row.statutory,
    )
