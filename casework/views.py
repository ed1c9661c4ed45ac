"""Read-only answers for the doors, as plain values."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.case_parts import (
    ExitView,
    HandoverView,
    Line,
    PromiseView,
    ReportView,
    WaivedView,
    acts_of,
    exits_of,
    handovers_of,
    journal_of,
    promises_of,
    reports_of,
    visits_of,
    waived_of,
)
from casework.cases import look_up
from casework.connect import reading
from casework.policies import policy_of
from casework.returning import TERMS
from models import Assignment, Case, Checkpoint, CheckpointState, Contact, Partner

__all__ = [
    "CaseView", "ExitView", "HandoverView", "Line", "Listed", "PromiseView", "ReportView",
    "WaivedView", "case_list", "case_view", "rings_at", "timeline",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the case list."""

    key: str
    municipality: str
    stage: str
    holder: str | None
    version: int
    next_at: datetime | None
    closed: bool


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as its director sees it. `rings_at` is when something happens next by itself: a
    promise rings, an offer runs out, or the case or a partner has been silent for too long."""

    key: str
    municipality: str
    address: str
    stage: str
    version: int
    policy: str
    opened_at: datetime
    closed_at: datetime | None
    result: str | None
    rings_at: datetime | None
    reports: list[ReportView]
    holders: dict[str, str]
    visits: list[tuple[str, int, datetime, datetime | None, str | None]]
    promises: list[PromiseView]
    acts: list[tuple[datetime, str, str, dict[str, Any]]]
    handovers: list[HandoverView]
    exits: list[ExitView]
    journal: list[Line]
    waived: list[WaivedView]


def case_view(engine: Engine, key: str, now: datetime) -> CaseView:
    """Everything the case page shows. Raises NotFound."""
    with reading(engine) as session:
        case = look_up(session, key)
        return CaseView(
            key=case.key,
            municipality=case.municipality,
            address=case.address,
            stage=case.stage,
            version=case.version,
            policy=policy_of(session, case.policy_id).name,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            result=case.result,
            rings_at=_rings_at(session, case),
            reports=reports_of(session, case),
            holders=_holders(session, case),
            visits=visits_of(session, case),
            promises=promises_of(session, case),
            acts=acts_of(session, case),
            handovers=handovers_of(session, case),
            exits=exits_of(session, case, now),
            journal=journal_of(session, case),
            waived=waived_of(session, case),
        )


def rings_at(engine: Engine, key: str) -> datetime | None:
    """When something happens next to the case by itself, see CaseView. Raises NotFound."""
    with reading(engine) as session:
        return _rings_at(session, look_up(session, key))


def timeline(engine: Engine, key: str) -> list[Line]:
    """What happened to the case, oldest first, without personal data. Raises NotFound."""
    with reading(engine) as session:
        return journal_of(session, look_up(session, key))


def case_list(engine: Engine, *, include_closed: bool = False, limit: int = 200) -> list[Listed]:
    """Cases, those whose next date comes first on top."""
    next_at = (
        select(sa.func.min(Checkpoint.next_at))
        .where(Checkpoint.case_id == Case.id)
        .correlate(Case)
        .scalar_subquery()
    )
    rows = (
        select(Case, Contact.key, next_at)
        .outerjoin(Assignment, col(Assignment.id) == col(Case.director_id))
        .outerjoin(Contact, col(Contact.id) == col(Assignment.contact_id))
        .order_by(next_at.asc().nulls_last(), col(Case.id))
        .limit(limit)
    )
    if not include_closed:
        rows = rows.where(col(Case.closed_at).is_(None))
    with reading(engine) as session:
        return [
            Listed(
                case.key,
                case.municipality,
                case.stage,
                holder if not case.closed_at else None,
                case.version,
                soonest,
                case.closed_at is not None,
            )
            for case, holder, soonest in session.exec(rows)
        ]


def _rings_at(session: Session, case: Case) -> datetime | None:
    rung = select(sa.func.min(Checkpoint.next_at)).where(Checkpoint.case_id == case.id)
    offer_ends = select(sa.func.min(Checkpoint.due_at)).where(
        Checkpoint.case_id == case.id,
        Checkpoint.state == CheckpointState.OPEN,
        col(Checkpoint.handover_id).is_not(None),
        col(Checkpoint.key).in_(TERMS),
    )
    partner = select(sa.func.min(Partner.silent_at)).where(Partner.case_id == case.id)
    moments = [session.exec(each).one() for each in (rung, offer_ends)]
    if case.closed_at is None:
        moments += [case.silent_at, session.exec(partner).one()]
    return min((moment for moment in moments if moment is not None), default=None)


def _holders(session: Session, case: Case) -> dict[str, str]:
    rows = session.exec(
        select(Assignment.role, Contact.key)
        .join(Contact, col(Contact.id) == col(Assignment.contact_id))
        .where(Assignment.case_id == case.id, col(Assignment.until).is_(None))
    )
    return {str(role): key for role, key in rows}
