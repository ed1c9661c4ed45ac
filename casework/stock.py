"""Taking stock of a visit: what is promised, what rings now, what the case waits for."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.cases import find
from casework.chores import do_chores
from casework.connect import transaction
from casework.lateness import Tally, counted
from casework.questions import question
from casework.raising import raise_batch
from casework.refusals import NotFound
from escalation.text import Text
from models import Case, Checkpoint, Visit


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise as a visit looks at it."""

    id: int
    key: str
    section: str
    asks: Text
    due_at: datetime
    exact: bool
    state: str
    statutory: bool
    next_at: datetime | None
    rung: int | None

    @property
    def raised(self) -> bool:
        return self.rung is not None


@dataclass(frozen=True, slots=True)
class Stock:
    """A visit at one moment. `here` is false once the case has left; then it says for where."""

    visit_id: int
    case_key: str
    municipality: str
    stage: str
    number: int
    version: int
    here: bool
    left_for: str | None
    left_how: str | None
    promises: tuple[Promise, ...]
    waits_for: Promise | None
    next_at: datetime | None


def take_stock(
    engine: Engine, case_key: str, stage: str, now: datetime, *, number: int | None = None
) -> Stock:
    """What rings for this case by `now` is raised, and the visit is described as it is then.

    `number` is the visit's own; without it the latest visit of the stage is meant. Taken twice at
    the same moment changes nothing more. Raises NotFound.
    """
    late = Tally()
    stock = _take(engine, case_key, stage, now, number, late)
    counted(engine, late)
    return stock


def _take(
    engine: Engine, case_key: str, stage: str, now: datetime, number: int | None, late: Tally
) -> Stock:
    with transaction(engine) as session:
        case = find(session, case_key)
        visit = _visit(session, case, stage, number)
        raise_batch(session, now, 1000, case.id, late)
        if do_chores(session, now, limit=1000, case_id=case.id):
            raise_batch(session, now, 1000, case.id, late)  # what rings because of them
        session.expire_all()
        promises = _promises(session, case)
        waits = min(
            (p for p in promises if p.next_at is not None),
            key=lambda p: p.next_at or now,
            default=None,
        )
        return Stock(
            visit_id=visit.id or 0,
            case_key=case.key,
            municipality=case.municipality,
            stage=visit.stage,
            number=visit.number,
            version=case.version,
            here=visit.left_at is None,
            left_for=visit.left_for,
            left_how=visit.left_how,
            promises=promises,
            waits_for=waits,
            next_at=waits.next_at if waits else None,
        )


def _visit(session: Session, case: Case, stage: str, number: int | None) -> Visit:
    visits = select(Visit).where(Visit.case_id == case.id, Visit.stage == stage)
    if number is not None:
        visits = visits.where(Visit.number == number)
    found = session.exec(visits.order_by(col(Visit.number).desc())).first()
    if found is None:
        raise NotFound("visit of", f"{case.key} to {stage}")
    return found


def _promises(session: Session, case: Case) -> tuple[Promise, ...]:
    rows = session.exec(
        select(Checkpoint)
        .where(Checkpoint.case_id == case.id)
        .order_by(
            sa.case((col(Checkpoint.state) == "open", 0), else_=1),
            col(Checkpoint.due_at),
            col(Checkpoint.id),
        )
    )
    return tuple(
        Promise(
            row.id or 0,
            row.key,
            row.section,
            question(row.section, row.key),
            row.due_at,
            row.exact,
            row.state.value,
            row.statutory,
            row.next_at,
            row.rung,
        )
        for row in rows
    )
