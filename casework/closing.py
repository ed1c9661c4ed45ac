"""The end of a case is the end of its handovers: nobody takes over or owes word of it any more."""

from datetime import datetime

from sqlmodel import Session, col, select

from casework.telling import tell
from models import Case, Contact, Handover, HandoverState

BEFORE_READ_BACK = {HandoverState.DRAFT, HandoverState.OFFERED, HandoverState.ASSIGNED}
OWING = {HandoverState.ACCEPTED, HandoverState.CONTACTED, HandoverState.REPORTED}


def end_handovers(session: Session, case: Case, now: datetime) -> None:
    """Within a transaction: what waited for an answer is revoked and its receiver told; what was
    accepted is closed and its sender told. Their promises are the caller's to end."""
    ending = select(Handover).where(
        Handover.case_id == case.id, col(Handover.state).in_(BEFORE_READ_BACK | OWING)
    )
    for row in session.exec(ending.order_by(col(Handover.id))).all():
        _tell(session, case, row, now)
        if row.state in OWING:
            row.state, row.closed_at = HandoverState.CLOSED, now
        else:
            row.state, row.answered_at = HandoverState.REVOKED, now
        session.add(row)
    session.flush()


def _tell(session: Session, case: Case, row: Handover, now: datetime) -> None:
    if row.state in OWING:
        sender = session.get_one(Contact, row.from_contact_id)
        tell(session, case, sender, "case_closed", now, handover=row)
    elif row.state is not HandoverState.DRAFT:
        receiver = session.get_one(Contact, row.to_contact_id)
        tell(session, case, receiver, "revoked", now, handover=row)
