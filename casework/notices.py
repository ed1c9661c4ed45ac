"""Notices: alerts about the installation itself, which belong to no case."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import one_at_a_time, record
from casework.connect import reading, transaction
from casework.decree_views import coverage
from casework.journal import SYSTEM
from casework.presence import is_absent
from escalation.notices import AMSTERDAM, rung_at
from models import Alert, AlertState, Contact, Notice

TOLD = ("administrator", "process_director")  # the first of these functions that anybody has


def raise_notices(engine: Engine, now: datetime) -> int:
    """Whoever administers the installation is told that the decreed days run out, or have.

    Once per rung (12, 6, 3 and 1 month ahead, and at the end) and recipient; several rungs that
    passed meanwhile are raised as one. Returns how many alerts wait in the outbox because of it.
    """
    with reading(engine) as session:  # a look first: on SQLite a write waits for every other
        if not _untold(session, now):
            return 0
    with transaction(engine) as session:
        one_at_a_time(session)
        untold = _untold(session, now)
        session.add_all(untold)
        if untold:
            of = untold[0]
            said = {"notice": of.notice, "period": of.period, "rung": of.rung, "to": len(untold)}
            record(session, now, SYSTEM, "notice_raised", **said)
        return len(untold)


def _untold(session: Session, now: datetime) -> list[Alert]:
    last_year = coverage(session, now.astimezone(AMSTERDAM).year).up_to
    rung = rung_at(last_year, now) if last_year is not None else None
    if rung is None:
        return []
    told = select(Alert.recipient_id).where(
        Alert.notice == Notice.DECREES_RUN_OUT, Alert.period == str(last_year), Alert.rung == rung
    )
    known = set(session.exec(told))
    people = [person for person in who_hears(session, TOLD, now) if person not in known]
    return [
        about_installation(Notice.DECREES_RUN_OUT, str(last_year), rung, person, now)
        for person in people
    ]


def about_installation(
    notice: Notice, period: str, rung: int, recipient: int, now: datetime
) -> Alert:
    """An alert about the installation itself, which waits to be sent to one person."""
    return Alert(
        notice=notice,
        period=period,
        rung=rung,
        lead="installation",
        recipient_id=recipient,
        statutory=False,
        created_at=now,
        state=AlertState.WAITING,
        next_at=now,
    )


def who_hears(session: Session, functions: Sequence[str], now: datetime) -> list[int]:
    """Everybody with the first of these functions somebody has; the deputy of whoever is absent.

    An absent person without a deputy is told all the same: a mailbox keeps what it gets.
    """
    for function in functions:
        people = (
            select(Contact)
            .where(Contact.function == function, col(Contact.left_at).is_(None))
            .order_by(col(Contact.id))
        )
        if found := session.exec(people).all():
            return list(dict.fromkeys(_or_deputy(session, person, now) for person in found))
    return []


def _or_deputy(session: Session, person: Contact, now: datetime) -> int:
    deputy = person.deputy_id if is_absent(session, person, now) else None
    return deputy or person.id or 0
