"""News of a handover or a request: one alert for whoever it is meant for, or who stands in."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.presence import present, with_function
from casework.readdressing import put_out
from escalation.baton import lead_of
from models import Alert, AlertState, Case, Contact, Handover, Request

DECIDERS = ("process_director", "head_of_public_order")


def tell(
    session: Session,
    case: Case,
    to: Contact,
    event: str,
    now: datetime,
    *,
    handover: Handover | None = None,
    request: Request | None = None,
) -> bool:
    """News of this handover or request waits in the outbox for `to`, or for who stands in.

    When neither is there it goes up the line. Nobody is told the same twice: then it is False. What
    happens again has a number of its own, as in "call:2".
    """
    person = reached(session, case, to, now)
    alert = Alert(
        case_id=case.id,
        handover_id=handover.id if handover else None,
        request_id=request.id if request else None,
        event=event,
        lead=lead_of(event),
        recipient_id=person.id or 0,
        statutory=False,
        created_at=now,
        state=AlertState.WAITING,
        next_at=now,
    )
    return not _told_before(session, alert) and put_out(session, alert)


def reached(session: Session, case: Case, to: Contact, now: datetime) -> Contact:
    """`to`, or the deputy, or who decides in the municipality: the first who is there.

    When nobody is there it is `to` all the same: a mailbox keeps what it gets.
    """
    return present(session, to, now) or decider(session, case, now) or to


def decider(session: Session, case: Case, now: datetime) -> Contact | None:
    """The process director of the case's municipality, else the head of public order, or who
    stands in for them; None when nobody of these is there."""
    able = (with_function(session, case.municipality, function, now) for function in DECIDERS)
    return next((person for person in able if person is not None), None)


def _told_before(session: Session, alert: Alert) -> bool:
    about: sa.ColumnElement[bool] = col(Alert.handover_id) == alert.handover_id
    if alert.handover_id is None:
        about = col(Alert.request_id) == alert.request_id
    same = select(Alert.id).where(
        about, Alert.event == alert.event, Alert.recipient_id == alert.recipient_id
    )
    return session.exec(same).first() is not None
