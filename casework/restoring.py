"""Restoring: a row that was deleted by hand is there again, exactly as it was."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, SQLModel, col, select

from models import Assignment, Removal, Settled

# What others refer to first.
IN_ORDER = ("visits", "handovers", "assignments", "checkpoints", "alerts", "deliveries")
ON_POSTGRESQL = """
    INSERT INTO {table} SELECT (jsonb_populate_record(NULL::{table}, r.was{but})).*
    FROM removals r WHERE r.id = :id"""
ON_SQLITE = "INSERT INTO {table} ({columns}) SELECT {values} FROM removals r WHERE r.id = :id"


Named = tuple[str, str]  # a row, by its table and number


@dataclass(frozen=True, slots=True)
class Restored:
    """Rows that are back, and rows the database does not take back: by table and number."""

    restored: tuple[Named, ...]
    refused: tuple[Named, ...]


def restore(session: Session, case_id: int | None, by: str, now: datetime) -> Restored:
    """Every deleted row of the case is back and its removal settled; of none: those of no case.

    One whose place was taken since stays away, and its removal stands.
    """
    restored: list[Named] = []
    refused: list[Named] = []
    for removal in _unsettled(session, case_id):
        came_back = _put_back(session, removal)
        (restored if came_back else refused).append((removal.of, removal.row_key))
        if came_back:
            _settle(session, removal, Settled.RESTORED, by, now)
    return Restored(tuple(restored), tuple(refused))


def accept(session: Session, case_id: int | None, by: str, now: datetime) -> tuple[Named, ...]:
    """What was deleted of the case and is still away need not come back; no copy of it is kept.

    Whoever deletes lawfully, when a term of retention is over, says so in the same transaction.
    """
    removals = list(_unsettled(session, case_id))
    for removal in removals:
        _settle(session, removal, Settled.ACCEPTED, by, now)
    return tuple((removal.of, removal.row_key) for removal in removals)


def _unsettled(session: Session, case_id: int | None) -> Iterable[Removal]:
    of_case = col(Removal.case_id) == case_id if case_id else col(Removal.case_id).is_(None)
    rows = session.exec(
        select(Removal)
        .where(of_case, col(Removal.settled_at).is_(None), col(Removal.of).in_(IN_ORDER))
        .order_by(col(Removal.id))
        .with_for_update()
    ).all()
    return sorted(rows, key=lambda row: (IN_ORDER.index(row.of), _number(row)))


def _number(row: Removal) -> int:
    """An alert that went instead of another was made after it."""
    return int(row.row_key) if row.row_key.isdecimal() else 0


def _put_back(session: Session, removal: Removal) -> bool:
    if _insert(session, removal):
        return True
    # The database wants a case to point at an open director, and this one ended with the case.
    ended = (removal.was or {}).get("until") if removal.of == "assignments" else None
    if ended is None or not _insert(session, removal, "until"):
        return False
    assignment = session.get_one(Assignment, UUID(removal.row_key))
    assignment.until = datetime.fromisoformat(ended)
    session.add(assignment)
    session.flush()
    return True


def _insert(session: Session, removal: Removal, but: str = "") -> bool:
    """The row is there as it was, `but` for this column, which is empty."""
    try:
        with session.begin_nested():
            session.execute(_inserting(session, removal, but), {"id": removal.id})
    except IntegrityError:
        return False
    return True


def _inserting(session: Session, removal: Removal, but: str) -> sa.TextClause:
    if session.get_bind().dialect.name == "postgresql":
        without = f" - '{but}'" if but else ""
        return sa.text(ON_POSTGRESQL.format(table=removal.of, but=without))
    known = SQLModel.metadata.tables[removal.of].columns.keys()
    names = [name for name in known if name in (removal.was or {}) and name != but]
    columns = ", ".join(f'"{name}"' for name in names)
    values = ", ".join(f"r.was ->> '{name}'" for name in names)
    return sa.text(ON_SQLITE.format(table=removal.of, columns=columns, values=values))


def _settle(session: Session, removal: Removal, how: Settled, by: str, now: datetime) -> None:
    session.execute(
        sa.update(Removal)
        .where(col(Removal.id) == removal.id)
        .values(was=sa.null(), settled_at=now, settled_how=how, settled_by=by)
        .execution_options(synchronize_session=False)
    )
