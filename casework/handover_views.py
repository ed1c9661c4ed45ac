"""Handovers as sender and receiver both see them: plain values, with the clocks that run."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import people
from casework.batons import WAITING
from casework.clocks import clocks_of
from casework.connect import reading
from casework.questions import question
from casework.refusals import NotFound
from escalation.baton import REPORT_BACK, WARM_CONTACT
from escalation.packet import completeness, missing
from escalation.text import Text
from models import Alert, Case, Checkpoint, Contact, Handover, Organisation


@dataclass(frozen=True, slots=True)
class ClockView:
    """A promise of the handover that is still open."""

    promise: int
    key: str
    asks: Text
    due_on: date
    due_at: datetime
    exact: bool


@dataclass(frozen=True, slots=True)
class Given:
    """How a promise was answered, done, not done or cannot share, by whom and why."""

    answer: str
    by: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class HandoverDetail:
    """One handover: who passes what to whom, how far it is, and what was said."""

    id: int
    case_key: str
    version: int  # of its case, to answer with
    role: str
    sender: str
    receiver: str
    principal: str | None  # the organisation it was offered to
    state: str
    packet: dict[str, Any]
    missing: tuple[str, ...]
    completeness: float
    clocks: tuple[ClockView, ...]
    offered_at: datetime | None
    acknowledged_at: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    read_back: str | None
    reason: str | None
    forced_by: str | None
    forced_because: str | None
    call: str | None
    contacted_at: datetime | None
    contact: Given | None  # whether sender and receiver spoke since
    reported_at: datetime | None
    reported: Given | None  # whether it was reported back; `report` says what, or why not
    report: str | None
    closed_at: datetime | None
    succession: int | None


def handover_view(engine: Engine, handover_id: int) -> HandoverDetail:
    """Everything about one handover. Raises NotFound."""
    with reading(engine) as session:
        found = session.execute(_rows().where(col(Handover.id) == handover_id)).first()
        if found is None:
            raise NotFound("handover", handover_id, "see: estafette handover list")
        return _detail(session, *found)


def handover_list(
    engine: Engine,
    *,
    case_key: str | None = None,
    contact: str | None = None,
    pending: bool = False,
) -> list[HandoverDetail]:
    """Handovers, newest first: of a case, of somebody on either side, or only those that wait for
    their receiver. A contact's list holds no drafts but their own. Raises NotFound for an unknown
    contact."""
    with reading(engine) as session:
        rows = _rows()
        if case_key is not None:
            rows = rows.where(col(Case.key) == case_key)
        if contact is not None:
            rows = rows.where(_seen_by(session, contact))
        if pending:
            rows = rows.where(col(Handover.state).in_(WAITING))
        return [_detail(session, *row) for row in session.execute(rows).all()]


def _rows() -> sa.Select[Any]:
    rows: sa.Select[Any] = (
        sa.select(Handover, Case, Organisation.key)  # type: ignore[call-overload]
        .join(Case, col(Case.id) == col(Handover.case_id))
        .outerjoin(Organisation, col(Organisation.id) == col(Handover.principal_id))
        .order_by(col(Handover.id).desc())
    )
    return rows


def _seen_by(session: Session, key: str) -> sa.ColumnElement[bool]:
    """A sender sees all of it; a receiver, their organisation and who was told of it once it is
    no draft."""
    person = people.contact(session, key)
    told = sa.select(col(Alert.handover_id)).where(
        col(Alert.recipient_id) == person.id, col(Alert.handover_id).is_not(None)
    )
    received = sa.or_(
        col(Handover.to_contact_id) == person.id,
        col(Handover.answered_by) == person.key,
        col(Handover.principal_id) == person.organisation_id,
        col(Handover.id).in_(told),
    )
    offered = col(Handover.offered_at).is_not(None)
    return sa.or_(col(Handover.from_contact_id) == person.id, offered & received)


def _detail(session: Session, row: Handover, case: Case, principal: str | None) -> HandoverDetail:
    return HandoverDetail(
        id=row.id or 0,
        case_key=case.key,
        version=case.version,
        role=row.role.value,
        sender=session.get_one(Contact, row.from_contact_id).key,
        receiver=session.get_one(Contact, row.to_contact_id).key,
        principal=principal,
        state=row.state.value,
        packet=dict(row.packet),
        missing=missing(row.packet),
        completeness=completeness(row.packet),
        clocks=_clocks(session, row),
        offered_at=row.offered_at,
        acknowledged_at=row.acknowledged_at,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        read_back=row.read_back,
        reason=row.reason,
        forced_by=row.forced_by,
        forced_because=row.forced_because,
        call=row.call,
        contacted_at=row.contacted_at,
        contact=_given(session, row, WARM_CONTACT.key),
        reported_at=row.reported_at,
        reported=_given(session, row, REPORT_BACK.key),
        report=row.report,
        closed_at=row.closed_at,
        succession=row.succession_id,
    )


def _given(session: Session, row: Handover, key: str) -> Given | None:
    answered = select(Checkpoint).where(
        Checkpoint.handover_id == row.id, Checkpoint.key == key, col(Checkpoint.answer).is_not(None)
    )
    found = session.exec(answered.order_by(col(Checkpoint.id).desc())).first()
    if found is None or found.answer is None:
        return None
    return Given(found.answer.value, found.answered_by, found.reason)


def _clocks(session: Session, row: Handover) -> tuple[ClockView, ...]:
    return tuple(
        ClockView(
            promise=clock.id or 0,
            key=clock.key,
            asks=question(clock.section, clock.key),
            due_on=clock.due_on,
            due_at=clock.due_at,
            exact=clock.exact,
        )
        for clock in clocks_of(session, row)
    )
