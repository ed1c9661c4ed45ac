"""What rings and was not raised yet: nothing, while a watch runs."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import col

from casework.connect import reading
from casework.figures import OPEN
from models import Case, Checkpoint, UtcTime


@dataclass(frozen=True, slots=True)
class Ringing:
    """Promises of one stage and kind of term that ring: how many, and since when the first."""

    stage: str
    kind: str
    statutory: bool
    count: int
    since: datetime


def ringing(engine: Engine, now: datetime, *, longer_than: timedelta) -> list[Ringing]:
    """Promises that should have been raised at least so long ago, the first to ring first.

    One range of the watch's index, which is empty while the watch keeps up.
    """
    first = sa.func.min(col(Checkpoint.next_at), type_=UtcTime())
    kinds = (col(Case.stage), col(Checkpoint.kind), col(Checkpoint.statutory))
    query = (
        sa.select(*kinds, sa.func.count(), first)
        .join(Case, col(Case.id) == col(Checkpoint.case_id))
        .where(OPEN, col(Checkpoint.next_at) <= now - longer_than)
        .group_by(*kinds)
        .order_by(first)
    )
    with reading(engine) as session:
        return [Ringing(*row) for row in session.execute(query)]
