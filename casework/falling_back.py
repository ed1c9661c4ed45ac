"""Falling back: what did not arrive, or nobody saw, goes another way, and never twice the same.

First by the next channel of the same person, then to the deputy, then a level up. The alert itself
stays, and is still tried. Who administers the contacts hears who cannot be reached.
"""

from collections.abc import Iterator
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.administration import one_at_a_time
from casework.cases import find
from casework.connect import reading, transaction
from casework.customs import Customs
from casework.outgoing import UNSENT, over
from casework.presence import is_absent, with_function
from casework.readdressing import about_the_same, has_same, put_out
from casework.unreached import tell_administrators
from casework.ways import further_ways, in_order
from models import (
    Alert,
    AlertState,
    Case,
    Contact,
    Delivery,
    Notice,
    Organisation,
)

UP_THE_LINE = ("process_director", "head_of_public_order")
NOT_ARRIVED = (*UNSENT, AlertState.PERHAPS)
# The other side said no, or could not be named: the same way will not do tomorrow either.
FOR_GOOD = frozenset({
    "refused", "untrusted", "bad-address", "unknown-channel", "bad-channel", "nobody",
})  # fmt: skip


def fall_back(engine: Engine, now: datetime, limit: int, customs: Customs) -> None:
    """At most `limit` alerts whose time has come have another alert in their place beside them.

    Each once: what falls back is marked so in the same transaction.
    """
    with reading(engine) as session:  # a look first: on SQLite a write waits for every other
        due = _due(session, now, limit)
    for number in due:
        with transaction(engine) as session:
            alert = _held(session, number)
            if alert.falls_back_at is not None and alert.falls_back_at <= now:
                _fall_back(session, alert, now, customs)


def next_to_fall_back(session: Session) -> datetime | None:
    """The moment the next alert falls back; None when none does."""
    coming = col(Alert.falls_back_at)
    return session.exec(select(sa.func.min(coming)).where(coming.is_not(None))).one()


def _due(session: Session, now: datetime, limit: int) -> list[int]:
    query = (
        select(Alert.id)
        .where(col(Alert.falls_back_at) <= now)
        .order_by(col(Alert.statutory).desc(), col(Alert.falls_back_at), col(Alert.id))
        .limit(limit)
    )
    return [number for number in session.exec(query) if number is not None]


def _held(session: Session, number: int) -> Alert:
    """The alert as it is now, behind its case: that is locked first, here and everywhere."""
    alert = session.get_one(Alert, number)
    if alert.case_id is None:
        one_at_a_time(session)
    else:
        find(session, session.get_one(Case, alert.case_id).key)
    session.refresh(alert, with_for_update=True)
    return alert


def _fall_back(session: Session, alert: Alert, now: datetime, customs: Customs) -> None:
    alert.falls_back_at = None
    session.add(alert)
    session.flush()
    if _seen(session, alert) or over(session, [alert], now):
        return
    person = session.get_one(Contact, alert.recipient_id)
    home = session.get_one(Organisation, person.organisation_id)
    town = _town(session, alert, home)
    new = next(_others(session, alert, person, home, town, customs, now), None)
    if new is not None:
        _put_beside(session, alert, *new, now)
    at_an_end = new is None and alert.state in NOT_ARRIVED
    if at_an_end or (alert.state is AlertState.FAILED and _for_good(session, alert)):
        tell_administrators(session, person, town, now)


def _town(session: Session, alert: Alert, home: Organisation) -> str:
    """The municipality whose people see to it: the case's, which a partner may be outside of."""
    if alert.case_id is None:
        return home.municipality
    return session.get_one(Case, alert.case_id).municipality


def _seen(session: Session, alert: Alert) -> bool:
    """Whether this alert was acknowledged, or the same to the same person by another channel."""
    same = about_the_same(alert, alert.recipient_id)
    seen = select(Alert.id).where(*same, col(Alert.acknowledged_at).is_not(None))
    return session.exec(seen).first() is not None


def _others(
    session: Session,
    alert: Alert,
    person: Contact,
    home: Organisation,
    town: str,
    customs: Customs,
    now: datetime,
) -> Iterator[tuple[Contact, str]]:
    """Who else can be told, by which channel ("" for their first), the nearest first. A code goes
    nowhere where others read along."""
    order = customs.manners_of(person.key, home.key).order
    ways = in_order(person, further_ways(session, [person]), order)
    tried = _tried(session, alert, first=ways[0].channel)
    secret = alert.notice is Notice.CODE
    for way in ways:
        if way.channel not in tried and not (secret and customs.is_shared(way.channel)):
            yield person, way.channel
    if alert.notice is not None or alert.state is AlertState.DELIVERED:
        return
    deputy = session.get(Contact, person.deputy_id) if person.deputy_id else None
    near = [deputy] if deputy and not is_absent(session, deputy, now) else []
    above = (with_function(session, town, word, now) for word in UP_THE_LINE)
    for other in (*near, *filter(None, above)):
        if other.id != person.id and not has_same(session, other, alert):
            yield other, ""


def _tried(session: Session, alert: Alert, *, first: str) -> set[str]:
    """The channels by which this person was tried already, or is going to be: one that names no
    channel goes by the first."""
    same = select(Alert.id).where(*about_the_same(alert, alert.recipient_id))
    went = select(Delivery.channel).where(
        col(Delivery.alert_id).in_(same), Delivery.recipient_id == alert.recipient_id
    )
    named = select(Alert.channel).where(col(Alert.id).in_(same))
    return {*session.exec(went), *(channel or first for channel in session.exec(named))}


def _put_beside(session: Session, alert: Alert, to: Contact, channel: str, now: datetime) -> None:
    about = alert.model_dump(include={
        "case_id", "checkpoint_id", "rung", "handover_id", "request_id", "event", "notice",
        "period", "how_many", "lead", "statutory",
    })  # fmt: skip
    new = Alert(
        **about, recipient_id=to.id or 0, channel=channel, instead_of=alert.id, created_at=now,
        state=AlertState.WAITING, next_at=now,
    )  # fmt: skip
    if put_out(session, new) and alert.case_id is not None:
        case, actor = session.get_one(Case, alert.case_id), journal.SYSTEM
        journal.append(
            session, case, now, actor, "fell_back", alert=alert.id, to=to.key, channel=channel
        )


def _for_good(session: Session, alert: Alert) -> bool:
    last = (
        select(Delivery.detail)
        .where(Delivery.alert_id == alert.id)
        .order_by(col(Delivery.attempt).desc())
        .limit(1)
    )
    return session.exec(last).first() in FOR_GOOD
