"""Visits as their Prefect runs see them: which need a run, which run carries which.

With a hundred thousand open cases each look is a range of an index of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading, transaction
from casework.first_promises import First, first_promises
from models import Case
from models import Visit as Row

# As the partial indexes spell them: in a parameter, a planner cannot see that they serve.
UNFINISHED = sa.text("visits.completed_at IS NULL")
# Said twice: SQLite, which keeps no figures about its rows, prefers an index it can search.
CALLED = sa.text("visits.called AND visits.called = TRUE")
HERE = sa.text("visits.left_at IS NULL")
GONE = sa.text("visits.left_at IS NOT NULL")
AT_ONCE = 500  # placed in one transaction
AN_INSTANT = timedelta(microseconds=1)
NO_RUN, HAS_RUN = sa.text("visits.run_id IS NULL"), sa.text("visits.run_id IS NOT NULL")


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit and the run that carries it; it belongs at `wake_at`, and the rows say `planned_at`.

    `statutory` when a law dates one of its case's open promises, of which `first` is the nearest.
    """

    id: int
    case_key: str
    municipality: str
    stage: str
    number: int
    run_id: str | None
    wake_at: datetime
    planned_at: datetime | None
    left: bool
    version: int
    seen_version: int | None
    statutory: bool
    first: First | None


def unarmed(
    engine: Engine,
    now: datetime,
    *,
    horizon: timedelta,
    stuck_after: timedelta,
    limit: int = 100,
    but: Collection[int] = (),
) -> list[Visit]:
    """Visits whose run is missing, must come now because their case changed, or is overdue; those
    that come first, first.

    An open visit whose next moment lies beyond the horizon waits in the rows alone. A left visit
    needs its run once more, to say how the stage was left. Those in `but` are passed over.
    """
    while _place(engine) == AT_ONCE:
        pass
    with reading(engine) as session:
        ids = [*session.execute(_in_need(now, now + horizon, stuck_after, limit, but)).scalars()]
        return _visits(session, ids, now)[:limit]


def frontier(engine: Engine, now: datetime, *, horizon: timedelta, most: int) -> datetime:
    """Visits whose moment is later than this wait in the rows alone: those beyond the horizon, and
    all but the `most` nearest. What is due by now never does, however many come at that moment."""
    nth = sa.select(col(Row.wake_at)).where(UNFINISHED, col(Row.wake_at).is_not(None))
    nth = nth.order_by(col(Row.wake_at)).offset(most).limit(1)
    with reading(engine) as session:
        found = session.execute(nth).scalar()
    # Not at that moment itself, at which many more may come.
    return max(now, min(found - AN_INSTANT, now + horizon)) if found else now + horizon


def named(engine: Engine, ids: Collection[int], now: datetime) -> list[Visit]:
    """These visits as they are now, without those that are over."""
    with reading(engine) as session:
        return _visits(session, ids, now)


def armed(
    engine: Engine, visit_id: int, run_id: str, wake_at: datetime, now: datetime, version: int
) -> None:
    """The visit is carried by this run, which comes at `wake_at` and has seen this version."""
    with transaction(engine) as session:
        # Locked first: whether the case has moved on is read after whoever moves it now is done.
        locked = select(Row).where(Row.id == visit_id).with_for_update(key_share=True)
        row = session.exec(locked).one()
        row.called = _versions(session, [row.case_id])[row.case_id] != version
        row.run_id, row.wake_at, row.armed_at, row.seen_version = run_id, wake_at, now, version
        session.flush()  # now and not at the commit: an error names this place


def completed(engine: Engine, visit_id: int, now: datetime) -> None:
    """The run of a left visit has said how it was left. Twice is once."""
    with transaction(engine) as session:
        session.execute(
            sa.update(Row)
            .where(col(Row.id) == visit_id, col(Row.left_at).is_not(None))
            .where(col(Row.completed_at).is_(None))
            .values(completed_at=now)
        )


def _place(engine: Engine) -> int:
    """Visits without a run that are new or whose case changed know their next moment; how many."""
    new = (CALLED, UNFINISHED, HERE, NO_RUN)
    with reading(engine) as session:
        one = sa.select(col(Row.id)).where(*new).order_by(col(Row.wake_at)).limit(1)
        if session.execute(one).first() is None:
            return 0
    with transaction(engine) as session:
        # Locked before the moments are read: whoever changes them later calls the visit again.
        query = select(Row).where(*new).order_by(col(Row.wake_at)).limit(AT_ONCE)
        rows = session.exec(query.with_for_update(skip_locked=True, key_share=True)).all()
        cases = [row.case_id for row in rows]
        first, versions = first_promises(session, cases), _versions(session, cases)
        for row in rows:
            nearest = first.get(row.case_id)
            row.wake_at = nearest.next_at if nearest else row.entered_at
            row.seen_version, row.called = versions[row.case_id], False
            session.add(row)
        return len(rows)


def _in_need(
    now: datetime, until: datetime, stuck_after: timedelta, limit: int, but: Collection[int]
) -> Any:
    wakes, left = col(Row.wake_at), col(Row.left_at)
    # A run just armed for a left visit gets the same time to come as any other before it is chased.
    chased = CALLED & (col(Row.armed_at) <= left)
    # A left visit waits for nothing: its run went back to waiting while the case was leaving, and
    # had not seen that.
    unaware = CALLED & (wakes > now)
    reasons: tuple[tuple[Any, ...], ...] = (
        (wakes, CALLED, UNFINISHED, HERE, HAS_RUN),
        (wakes, NO_RUN, HERE, wakes <= until),
        (left, UNFINISHED, GONE, sa.or_(NO_RUN, chased, unaware)),
        (wakes, UNFINISHED, HAS_RUN, wakes <= now - stuck_after),
    )
    wanted = [
        sa.select(col(Row.id))
        .where(*reason, col(Row.id).not_in(but))
        .order_by(by)
        .limit(limit)
        .subquery()
        for by, *reason in reasons
    ]
    return sa.union(*(sa.select(one.c.id) for one in wanted))


def _visits(session: Session, ids: Collection[int], now: datetime) -> list[Visit]:
    query = sa.select(Row, Case).join(Case, col(Case.id) == col(Row.case_id))
    rows = session.execute(query.where(col(Row.id).in_(ids), UNFINISHED)).all() if ids else []
    first = first_promises(session, [row.case_id for row, _ in rows])
    visits = [_visit(row, case, first.get(row.case_id), now) for row, case in rows]
    return sorted(visits, key=lambda visit: (visit.wake_at, visit.id))


def _visit(row: Row, case: Case, first: First | None, now: datetime) -> Visit:
    changed = row.seen_version is not None and row.seen_version != case.version
    left = row.left_at is not None
    at_once = left or (changed and row.run_id is not None)
    return Visit(
        id=row.id or 0,
        case_key=case.key,
        municipality=case.municipality,
        stage=row.stage,
        number=row.number,
        run_id=row.run_id,
        wake_at=now if at_once or first is None else max(first.next_at, now),
        planned_at=row.wake_at,
        left=left,
        version=case.version,
        seen_version=row.seen_version,
        statutory=first is not None and first.statutory,
        first=first,
    )


def _versions(session: Session, case_ids: Collection[int]) -> dict[int, int]:
    query = sa.select(col(Case.id), col(Case.version)).where(col(Case.id).in_(case_ids))
    return dict(session.execute(query).all())
