"""Visits as their Prefect runs see them: which need a run, which run carries which."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.connect import reading, transaction
from casework.questions import question
from escalation.text import Text
from models import Case, Checkpoint, CheckpointState
from models import Visit as Row


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that needs its run made or moved to `wake_at`."""

    id: int
    case_key: str
    municipality: str
    stage: str
    number: int
    run_id: str | None
    wake_at: datetime
    left: bool
    version: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """One line of a stage's waiting list."""

    case_key: str
    number: int
    since: datetime
    waits_for: Text | None
    next_at: datetime | None
    due_at: datetime | None


def unarmed(
    engine: Engine,
    now: datetime,
    *,
    horizon: timedelta,
    stuck_after: timedelta,
    limit: int = 100,
) -> list[Visit]:
    """Visits whose run is missing, must come now because their case changed, or is overdue.

    An open visit whose next moment lies beyond the horizon waits in the rows alone. A left visit
    needs its run once more, to say how the stage was left.
    """
    query = _query().where(_needs_a_run(now, horizon, stuck_after)).limit(limit)
    with reading(engine) as session:
        return [_visit(row, now) for row in session.execute(query)]


def armed(
    engine: Engine, visit_id: int, run_id: str, wake_at: datetime, now: datetime, version: int
) -> None:
    """The visit is carried by this run, which comes at `wake_at` and has seen this version."""
    with transaction(engine) as session:
        session.execute(
            sa.update(Row)
            .where(col(Row.id) == visit_id)
            .values(run_id=run_id, wake_at=wake_at, armed_at=now, seen_version=version)
        )


def completed(engine: Engine, visit_id: int, now: datetime) -> None:
    """The run of a left visit has said how it was left. Twice is once."""
    with transaction(engine) as session:
        session.execute(
            sa.update(Row)
            .where(col(Row.id) == visit_id, col(Row.left_at).is_not(None))
            .where(col(Row.completed_at).is_(None))
            .values(completed_at=now)
        )


def waiting_list(engine: Engine, stage: str, now: datetime, limit: int = 200) -> list[Waiting]:
    """The cases waiting in a stage, the most urgent first."""
    with reading(engine) as session:
        rows = session.exec(
            select(Case.key, Row.number, Row.entered_at, Case.id)
            .join(Case, col(Case.id) == col(Row.case_id))
            .where(Row.stage == stage, col(Row.left_at).is_(None))
            .order_by(_next_at().asc().nulls_last(), col(Row.id))
            .limit(limit)
        ).all()
        return [_waiting(session, *row) for row in rows]


def _waiting(
    session: Session, key: str, number: int, since: datetime, case_id: int | None
) -> Waiting:
    first = session.exec(
        select(Checkpoint)
        .where(Checkpoint.case_id == case_id, Checkpoint.state == CheckpointState.OPEN)
        .order_by(col(Checkpoint.next_at), col(Checkpoint.id))
    ).first()
    if first is None:
        return Waiting(key, number, since, None, None, None)
    asks = question(first.section, first.key)
    return Waiting(key, number, since, asks, first.next_at, first.due_at)


def _next_at() -> Any:
    return (
        select(func.min(Checkpoint.next_at))
        .where(Checkpoint.case_id == Row.case_id, Checkpoint.state == CheckpointState.OPEN)
        .correlate(Row)
        .scalar_subquery()
    )


def _query() -> Any:
    return (
        select(
            Row.id,
            Case.key,
            Case.municipality,
            Row.stage,
            Row.number,
            Row.run_id,
            Row.left_at,
            Row.seen_version,
            Case.version,
            _next_at(),
        )  # type: ignore[call-overload]
        .join(Case, col(Case.id) == col(Row.case_id))
        .order_by(col(Row.wake_at), col(Row.id))
    )


def _needs_a_run(now: datetime, horizon: timedelta, stuck_after: timedelta) -> Any:
    unfinished = col(Row.completed_at).is_(None)
    left = col(Row.left_at).is_not(None)
    missing = col(Row.run_id).is_(None)
    changed = col(Row.seen_version).is_distinct_from(col(Case.version))
    overdue = col(Row.wake_at) <= now - stuck_after
    # A run just armed for a left visit gets the same time to come as any other before it is chased.
    return unfinished & sa.or_(
        ~left & missing & (_next_at() <= now + horizon),
        ~left & ~missing & changed,
        left & missing,
        left & ~missing & changed & (col(Row.armed_at) <= col(Row.left_at)),
        # A left visit waits for nothing: its run went back to waiting while the case was leaving.
        left & ~missing & (col(Row.wake_at) > now),
        overdue & ~missing,
    )


def _visit(row: Any, now: datetime) -> Visit:
    changed = row.seen_version is not None and row.seen_version != row.version
    left = row.left_at is not None
    wake_at = now if left or changed else max(row[9] or now, now)
    return Visit(
        row.id,
        row.key,
        row.municipality,
        row.stage,
        row.number,
        row.run_id,
        wake_at,
        left,
        row.version,
    )
