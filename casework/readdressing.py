"""Readdressing: a message that was not sent yet goes to who stands in, and never twice."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from casework.connect import transaction
from casework.presence import not_there, present
from models import Alert, AlertState, Case, Contact, Notice

NOT_SENT = (AlertState.WAITING, AlertState.FAILED)
# Whether a contact still holds is asked of that contact, and a code is for who asked for it.
FOR_THEM_ALONE = (Notice.CONTACT_CHECK, Notice.CODE)
ABOUT = ("checkpoint_id", "rung", "handover_id", "request_id", "event", "notice", "period")


def to_deputies(engine: Engine, now: datetime, limit: int, case_key: str | None = None) -> None:
    """At most `limit` alerts to somebody who is away and that are to be sent now, of one case when
    it is named, are for the deputy, unless the deputy is away too or has the same message already.
    """
    with transaction(engine) as session:
        numbers = _to_absent(session, now, limit, case_key)
    # Each by itself: a message somebody else writes just now to the same deputy is waited for, and
    # who waits while holding other messages would keep that writer waiting too.
    for number in numbers:
        with transaction(engine) as session:
            _to_deputy(session, number, now)


def has_same(session: Session, person: Contact, alert: Alert) -> bool:
    """Whether the person has an alert about the same, which would make another one of it two."""
    return _has_same(session, person.id or 0, alert)


def readdress(session: Session, alert: Alert, to: Contact) -> bool:
    """The alert is for somebody else; False, and as it is, when it was sent or is being sent, when
    somebody else readdressed it, or when they have the same."""
    mine = (
        sa.update(Alert)
        .where(
            col(Alert.id) == alert.id,
            col(Alert.recipient_id) == alert.recipient_id,
            col(Alert.state).in_(NOT_SENT),
        )
        .values(recipient_id=to.id, channel="")
        .execution_options(synchronize_session=False)
    )
    try:
        with session.begin_nested():
            changed: int = session.execute(mine).rowcount  # type: ignore[attr-defined]
    except IntegrityError:
        if not has_same(session, to, alert):
            raise
        changed = 0
    session.refresh(alert)
    return changed == 1


def put_out(session: Session, alert: Alert) -> bool:
    """The new alert waits in the outbox; False when its recipient got the same one meanwhile."""
    try:
        with session.begin_nested():
            session.add(alert)
    except IntegrityError:
        if not _has_same(session, alert.recipient_id, alert):
            raise
        return False
    return True


def _to_absent(session: Session, now: datetime, limit: int, case_key: str | None) -> list[int]:
    query = (
        select(Alert.id)
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .where(
            col(Alert.next_at) <= now,
            col(Alert.state).in_(NOT_SENT),
            col(Contact.deputy_id).is_not(None),
            *(col(Alert.notice).is_distinct_from(notice) for notice in FOR_THEM_ALONE),
            not_there(now),
        )
        .order_by(col(Alert.statutory).desc(), col(Alert.next_at), col(Alert.id))
        .limit(limit)
        # What another sender has just now is that sender's to readdress.
        .with_for_update(of=Alert, skip_locked=True)
    )
    if case_key is not None:
        of_case = select(Case.id).where(Case.key == case_key).scalar_subquery()
        query = query.where(Alert.case_id == of_case)
    return [number for number in session.exec(query) if number is not None]


def _to_deputy(session: Session, number: int, now: datetime) -> None:
    alert = session.get_one(Alert, number)
    person = session.get_one(Contact, alert.recipient_id)
    deputy = present(session, person, now)
    if deputy is None or deputy.id == person.id or has_same(session, deputy, alert):
        return
    readdress(session, alert, deputy)


def about_the_same(alert: Alert, recipient_id: int) -> list[sa.ColumnElement[bool]]:
    """The condition that an alert tells this person the same, by whatever channel."""
    about = {name: getattr(alert, name) for name in ABOUT}
    same = [getattr(Alert, name) == value for name, value in about.items() if value is not None]
    return [col(Alert.recipient_id) == recipient_id, *same]


def _has_same(session: Session, recipient_id: int, alert: Alert) -> bool:
    known = select(Alert.id).where(*about_the_same(alert, recipient_id))
    return session.exec(known).first() is not None
