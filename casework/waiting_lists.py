"""Waiting lists: which cases wait in a stage, the most urgent first, and where they wait."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col

from casework.connect import reading
from casework.first_promises import First, first_promises
from escalation.text import Text
from models import Case, Visit

# As the partial index spells it: in a parameter, a planner cannot see that it serves.
NO_RUN = sa.text("visits.run_id IS NULL")
HERE = sa.text("visits.left_at IS NULL")


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of a stage's waiting list."""

    case_key: str
    number: int
    since: datetime
    waits_for: Text | None
    next_at: datetime | None
    due_at: datetime | None


def waiting_list(engine: Engine, stage: str, limit: int = 200) -> list[Waiting]:
    """The cases waiting in a stage, the most urgent first; two statements, however many wait."""
    query = sa.select(Visit, col(Case.key)).join(Case, col(Case.id) == col(Visit.case_id))
    nearest = query.where(HERE, col(Visit.stage) == stage).order_by(col(Visit.wake_at))
    with reading(engine) as session:
        return _lines(session, [(v, key) for v, key in session.execute(nearest.limit(limit))])


def waiting(engine: Engine, frontier: datetime) -> dict[str, tuple[int, int, int]]:
    """By stage how many cases wait there; and how many of those without a run in Prefect, because
    they come after the frontier, and not yet."""
    with reading(engine) as session:
        total = _counted(session, HERE)
        without = _counted(session, HERE, NO_RUN)
        far = _counted(session, HERE, NO_RUN, col(Visit.wake_at) > frontier)
        return {
            stage: (count, far.get(stage, 0), without.get(stage, 0) - far.get(stage, 0))
            for stage, count in total.items()
        }


def _counted(session: Session, *which: Any) -> dict[str, int]:
    query = sa.select(col(Visit.stage), sa.func.count()).where(*which).group_by(col(Visit.stage))
    return dict(session.execute(query).all())


def _lines(session: Session, rows: list[tuple[Visit, str]]) -> list[Waiting]:
    first = first_promises(session, [visit.case_id for visit, _ in rows])
    lines = [_line(visit, key, first.get(visit.case_id)) for visit, key in rows]
    # What was raised since a visit was placed waits for something later.
    return sorted(lines, key=lambda line: (line.next_at is None, line.next_at, line.case_key))


def _line(visit: Visit, key: str, first: First | None) -> Waiting:
    if first is None:
        return Waiting(key, visit.number, visit.entered_at, None, None, None)
    asks = first.asks
    return Waiting(key, visit.number, visit.entered_at, asks, first.next_at, first.due_at)
