"""Acknowledging: an alert was seen, by one or by several. That is not doing what it asks."""

from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework import journal
from casework.administration import one_at_a_time
from casework.administration import record as record_administration
from casework.cases import find
from casework.connect import transaction
from casework.outgoing import void_others
from casework.people import acting
from casework.policies import calendars_now, policy_of
from casework.refusals import NotAllowed, NotFound
from escalation.rungs import AMSTERDAM, rings_at
from models import (
    Acknowledgement,
    Alert,
    AlertState,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
)

RESENT = (AlertState.PERHAPS, AlertState.FAILED)


def acknowledge(engine: Engine, number: int, *, by: str, now: datetime) -> str:
    """The alert was seen, and its promise is quiet for the policy's number of working days. By its
    reader: the same is not sent by another channel any more.

    Several people can acknowledge one alert, each once. Answers nothing. Returns "quiet", "known"
    (by the same person before) or "moved on" (the promise is over or has climbed since this
    message, which changes nothing). A term of law still rings on its own date. Returns "seen" for a
    notice about the installation: it returns on its next rung.
    """
    with transaction(engine) as session:
        alert, case = _held(session, number)
        actor = acting(session, by, now).key
        if _knows(session, number, actor):
            return "known"
        alert.acknowledged_at, alert.falls_back_at = alert.acknowledged_at or now, None
        session.add_all((alert, Acknowledgement(alert_id=number, by=actor, at=now)))
        session.flush()
        if session.get_one(Contact, alert.recipient_id).key == actor:
            void_others(session, alert)
        if case is None:
            record_administration(session, now, actor, "acknowledged", alert=number)
            return "seen"
        quieted = _quiet(session, case, alert, now)
        journal.append(session, case, now, actor, "acknowledged", alert=number, quiet=quieted)
        return "quiet" if quieted else "moved on"


def resend(engine: Engine, number: int, *, by: str, now: datetime) -> None:
    """An alert that perhaps arrived, or failed, is sent once more at once, whatever the hour.

    Raises NotAllowed for one that arrived, that is void or on its way; NotFound.
    """
    with transaction(engine) as session:
        alert, case = _held(session, number)
        actor = acting(session, by, now).key
        if alert.state not in RESENT:
            raise NotAllowed(f"alert {number} is {alert.state.value}; there is nothing to resend")
        alert.state, alert.next_at, alert.by_hand = AlertState.WAITING, now, True
        session.add(alert)
        if case is None:
            record_administration(session, now, actor, "resent", alert=number)
        else:
            journal.append(session, case, now, actor, "resent", alert=number)


def _knows(session: Session, number: int, actor: str) -> bool:
    known = select(Acknowledgement.id).where(
        Acknowledgement.alert_id == number, Acknowledgement.by == actor
    )
    return session.exec(known).first() is not None


def _held(session: Session, number: int) -> tuple[Alert, Case | None]:
    """The alert as it is now, and its case, locked; None for a notice. No sender takes the alert
    until the transaction ends: somebody may have been first. Raises NotFound."""
    alert, case = session.get(Alert, number), None
    if alert is None:
        raise NotFound("alert", number, "see: estafette alert list")
    if alert.case_id is None:
        one_at_a_time(session)
    else:
        case = find(session, session.get_one(Case, alert.case_id).key)
    session.refresh(alert, with_for_update=True)
    return alert, case


def _quiet(session: Session, case: Case, alert: Alert, now: datetime) -> bool:
    row = session.get(Checkpoint, alert.checkpoint_id) if alert.checkpoint_id else None
    if row is None or row.state is not CheckpointState.OPEN or row.rung != alert.rung:
        return False
    ladder = policy_of(session, case.policy_id).ladder
    today = now.astimezone(AMSTERDAM).date()
    calendar = calendars_now(session).working
    until = rings_at(today, ladder.quiet_after_acknowledgement, ladder.ring_at, calendar)
    assert row.next_at is not None
    if not (row.statutory and row.next_rung <= 0):
        row.next_at = max(row.next_at, until)
    session.add(row)
    return True
