"""Lapsing: open promises that nobody has to answer any more."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlmodel import Session, select

from models import Case, Checkpoint, CheckpointState, Visit


def lapse(
    session: Session,
    case: Case,
    now: datetime,
    keys: Collection[str],
    *,
    section: str | None = None,
) -> None:
    """Open promises with these keys, of this section when given, are over without an answer."""
    rows = open_promises(session, case)
    meant = [row for row in rows if row.key in keys and section in {None, row.section}]
    lapse_rows(session, meant, now)


def lapse_visit(session: Session, case: Case, visit: Visit, now: datetime) -> None:
    """The visit's open promises are over without an answer, but those that outlive the stage."""
    rows = open_promises(session, case)
    meant = [row for row in rows if row.visit_id == visit.id and not row.outlives]
    lapse_rows(session, meant, now)


def lapse_rows(session: Session, rows: Iterable[Checkpoint], now: datetime) -> None:
    """These promises are over without an answer."""
    for row in rows:
        row.state, row.next_at, row.closed_at = CheckpointState.LAPSED, None, now
        session.add(row)
    session.flush()


def open_promises(session: Session, case: Case) -> list[Checkpoint]:
    rows = select(Checkpoint).where(
        Checkpoint.case_id == case.id, Checkpoint.state == CheckpointState.OPEN
    )
    return list(session.exec(rows))
