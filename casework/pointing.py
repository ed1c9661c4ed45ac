"""Which run each open visit points at, for whoever compares the rows with Prefect. By pages."""

from collections.abc import Collection, Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import col

from casework.connect import reading, transaction
from casework.visits import HERE, UNFINISHED, Visit, named
from models import Case
from models import Visit as Row


def open_visits(
    engine: Engine, now: datetime, *, after: int = 0, limit: int = 200
) -> tuple[list[Visit], int]:
    """A page of the open visits, and where the next page begins; 0 when this was the last."""
    query = sa.select(col(Row.case_id), col(Row.id)).where(HERE, col(Row.case_id) > after)
    with reading(engine) as session:
        rows = session.execute(query.order_by(col(Row.case_id)).limit(limit)).all()
    page = named(engine, [visit_id for _, visit_id in rows], now)
    return page, rows[-1].case_id if len(rows) == limit else 0


def outermost_runs(engine: Engine, limit: int) -> list[str]:
    """The runs that come first and those that come last, as the rows say."""
    query = sa.select(col(Row.run_id)).where(UNFINISHED, col(Row.run_id).is_not(None)).limit(limit)
    wakes = col(Row.wake_at)
    with reading(engine) as session:
        found = [session.execute(query.order_by(by)).scalars() for by in (wakes, wakes.desc())]
        return [run for runs in found for run in runs]


def pointed_at(engine: Engine, run_ids: Collection[str]) -> set[str]:
    """Those of these runs that carry a visit which is not over."""
    query = sa.select(col(Row.run_id)).where(col(Row.run_id).in_(run_ids), UNFINISHED)
    with reading(engine) as session:
        return {*session.execute(query).scalars()} if run_ids else set()


def is_open(engine: Engine, case_key: str, stage: str, number: int | None) -> bool | None:
    """Whether the case is at this visit now, without a number at its latest of the stage; None when
    there is no such visit."""
    query = (
        sa.select(col(Row.left_at).is_(None))
        .join(Case, col(Case.id) == col(Row.case_id))
        .where(col(Case.key) == case_key, col(Row.stage) == stage)
        .order_by(col(Row.number).desc())
    )
    if number is not None:
        query = query.where(col(Row.number) == number)
    with reading(engine) as session:
        return session.execute(query.limit(1)).scalar()


def forgotten(engine: Engine, runs: Mapping[int, str]) -> None:
    """These visits, by id, no longer point at these runs, which Prefect does not know: they are
    armed again, the nearest first. One that points at another run by now keeps it."""
    if not runs:  # a transaction that writes waits its turn, also with nothing to write
        return
    with transaction(engine) as session:
        for visit_id, run_id in runs.items():
            which = (col(Row.id) == visit_id, col(Row.run_id) == run_id)
            session.execute(sa.update(Row).where(*which).values(run_id=None, called=True))


def all_forgotten(engine: Engine, limit: int = 5000) -> int:
    """No visit that is not over points at a run any more; returns how many did."""
    some = sa.select(col(Row.id)).where(UNFINISHED, col(Row.run_id).is_not(None)).limit(limit)
    total = 0
    while True:
        with transaction(engine) as session:
            forget = sa.update(Row).where(col(Row.id).in_(some)).values(run_id=None, called=True)
            done: int = session.execute(forget).rowcount  # type: ignore[attr-defined]
        total += done
        if done < limit:
            return total


def recalled(engine: Engine, *, visits: Collection[int] = (), runs: Collection[str] = ()) -> None:
    """Arming looks once more at these visits, and at those which these runs carry."""
    if not (visits or runs):
        return
    which = col(Row.id).in_(visits) | col(Row.run_id).in_(runs)
    with transaction(engine) as session:
        session.execute(sa.update(Row).where(which, UNFINISHED).values(called=True))
