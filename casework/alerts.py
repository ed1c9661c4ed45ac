"""The outbox: claim, send elsewhere, record. And acknowledging, which is not doing."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from casework import journal
from casework.administration import one_at_a_time
from casework.administration import record as record_administration
from casework.cases import find
from casework.connect import reading, transaction
from casework.people import acting
from casework.policies import calendars_now, policy_of
from casework.questions import question_in_message, said_by
from casework.readdressing import to_deputies
from casework.refusals import NotFound
from escalation.notices import due_of
from escalation.rungs import AMSTERDAM, rings_at
from escalation.text import Text
from models import (
    Alert,
    AlertState,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    Delivery,
    Outcome,
)

Asked, Clock = aliased(Contact), aliased(Checkpoint)
LEASE = timedelta(minutes=2)  # longer than any one send; a crashed sender's alert waits this long
NEWS_WITH_A_DATE = ("offered", "assigned", "deputy", "unreached", "asked")
CLOCKS = ("handover_answered", "handover_urgent", "read_back_owed", "request_answered")
FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A leased alert with all that is needed to word and send it; `address` never leaves the
    sender."""

    number: int
    token: str
    case_key: str | None  # None: a notice about the installation
    asks: Text
    lead: str
    due_at: datetime | None
    at_moment: bool
    statutory: bool
    channel: str
    address: str
    language: str
    recipient: str  # a contact's key
    account: bool  # without one the recipient answers by a signed link
    handover: int | None  # what it is about, also when it is about a promise of that handover
    request: int | None  # likewise


def claim(
    engine: Engine,
    now: datetime,
    limit: int = 20,
    lease: timedelta = LEASE,
    *,
    case_key: str | None = None,
) -> list[Claimed]:
    """At most `limit` alerts are leased to the caller until now + `lease`, statutory first.

    Of one case only when `case_key` names it. An alert whose lease ran out is leased again and its
    lost attempt recorded as "perhaps".
    """
    token = str(uuid.uuid4())
    to_deputies(engine, now, limit, case_key)
    with transaction(engine) as session:
        rows = _to_send(session, now, limit, case_key)
        _record_lost(session, [row for row in rows if row.state is AlertState.LEASED], now)
        if rows:
            session.execute(
                sa.update(Alert)
                .where(col(Alert.id).in_([row.id for row in rows]))
                .values(
                    state=AlertState.LEASED,
                    token=token,
                    next_at=now + lease,
                    attempts=Alert.attempts + 1,
                )
            )
        return _claimed(session, [row.id or 0 for row in rows], token)


def record(
    engine: Engine, number: int, token: str, outcome: str, detail: str, now: datetime
) -> bool:
    """The attempt's outcome is on record: "delivered", "perhaps" or "failed".

    False when the lease was lost meanwhile: another sender has the alert, and this attempt is
    already down as "perhaps". A failed alert is tried again, for as long as it takes.
    """
    with transaction(engine) as session:
        row = session.exec(
            select(Alert).where(Alert.id == number, Alert.token == token).with_for_update()
        ).first()
        if row is None:
            return False
        said = Outcome(outcome)
        session.add(_delivery(row, _channel_of(session, row), said, detail, now))
        row.token, row.state = None, AlertState(said.value)
        row.next_at = now + _wait(row) if row.state is AlertState.FAILED else None
        session.add(row)
        return True


def next_to_send(engine: Engine) -> datetime | None:
    """The moment the next alert can be sent or its lease runs out; None when none is waiting."""
    with reading(engine) as session:
        return session.exec(
            select(sa.func.min(Alert.next_at)).where(col(Alert.next_at).is_not(None))
        ).one()


def acknowledge(engine: Engine, number: int, *, by: str, now: datetime) -> str:
    """The alert was seen, and its promise is quiet for the policy's number of working days.

    Answers nothing. Returns "quiet", "known" (acknowledged before) or "moved on" (the promise is
    over or has climbed since this message, which changes nothing). A term of law still rings on
    its own date. Returns "seen" for a notice about the installation: it returns on its next rung.
    """
    with transaction(engine) as session:
        alert = session.get(Alert, number)
        if alert is None:
            raise NotFound("alert", number, "see: estafette alert list")
        case = _case_of(session, alert)
        actor = acting(session, by, now).key
        if alert.acknowledged_at is not None:
            return "known"
        alert.acknowledged_at, alert.acknowledged_by = now, actor
        session.add(alert)
        if case is None:
            record_administration(session, now, actor, "acknowledged", alert=number)
            return "seen"
        quieted = _quiet(session, case, alert, now)
        journal.append(session, case, now, actor, "acknowledged", alert=number, quiet=quieted)
        return "quiet" if quieted else "moved on"


def _case_of(session: Session, alert: Alert) -> Case | None:
    """The alert's case, locked; None for a notice. The alert is as it is now: somebody may have
    been first."""
    case = None
    if alert.case_id is None:
        one_at_a_time(session)
    else:
        case = find(session, session.get_one(Case, alert.case_id).key)
    session.refresh(alert)
    return case


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


def _to_send(session: Session, now: datetime, limit: int, case_key: str | None) -> list[Alert]:
    due = (
        select(Alert)
        .where(col(Alert.next_at) <= now)
        .order_by(col(Alert.statutory).desc(), col(Alert.next_at))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if case_key is not None:
        due = due.where(
            Alert.case_id == select(Case.id).where(Case.key == case_key).scalar_subquery()
        )
    return list(session.exec(due))


def _record_lost(session: Session, rows: list[Alert], now: datetime) -> None:
    for row in rows:
        channel = _channel_of(session, row)
        session.add(_delivery(row, channel, Outcome.PERHAPS, "lease-ran-out", now))
    session.flush()


def _delivery(row: Alert, channel: str, outcome: Outcome, detail: str, now: datetime) -> Delivery:
    return Delivery(
        alert_id=row.id or 0,
        attempt=row.attempts,
        channel=channel,
        outcome=outcome,
        detail=detail,
        at=now,
    )


def _channel_of(session: Session, row: Alert) -> str:
    return session.get_one(Contact, row.recipient_id).channel


def _wait(row: Alert) -> timedelta:
    """Twice as long each time up to an hour, a little spread so that not all come back at once."""
    # Capped before doubling: after months of failures the power would not fit in a date.
    wait: timedelta = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 10), LONGEST_RETRY)
    return wait * Random(f"{row.id}:{row.attempts}").uniform(0.8, 1.2)


def _claimed(session: Session, numbers: list[int], token: str) -> list[Claimed]:
    rows = session.execute(
        sa.select(Alert, Case.key, Contact, Checkpoint, Asked)  # type: ignore[call-overload]
        .outerjoin(Case, col(Case.id) == col(Alert.case_id))
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .outerjoin(
            Checkpoint,
            col(Checkpoint.id) == sa.func.coalesce(col(Alert.checkpoint_id), _clock_of_the_news()),
        )
        .outerjoin(Asked, Asked.id == Checkpoint.asked_id)
        .where(col(Alert.id).in_(numbers))
        .order_by(col(Alert.statutory).desc(), col(Alert.id))
    )
    return [
        Claimed(
            number=alert.id or 0,
            token=token,
            case_key=key,
            asks=said_by(alert, row, asked, question_in_message),
            lead=alert.lead,
            due_at=_due_at(alert, row),
            at_moment=bool(row and row.exact),
            statutory=alert.statutory,
            channel=person.channel,
            address=person.address,
            language=person.language,
            recipient=person.key,
            account=person.account,
            handover=alert.handover_id or (row.handover_id if row else None),
            request=alert.request_id or (row.request_id if row else None),
        )
        for alert, key, person, row, asked in rows
    ]


def _clock_of_the_news() -> sa.ColumnElement[int | None]:
    """The promise whose date a message about a handover or request names: the open one, or else
    the newest. Its number changes with its date."""
    about = sa.or_(
        col(Clock.handover_id) == col(Alert.handover_id),
        col(Clock.request_id) == col(Alert.request_id),
    )
    newest = (
        sa.select(Clock.id)  # type: ignore[call-overload]
        .where(about, col(Clock.key).in_(CLOCKS), col(Alert.event).in_(NEWS_WITH_A_DATE))
        .order_by((col(Clock.state) == CheckpointState.OPEN).desc(), col(Clock.id).desc())
        .limit(1)
    )
    clock: sa.ColumnElement[int | None] = newest.correlate(Alert).scalar_subquery()
    return clock


def _due_at(alert: Alert, about: Checkpoint | None) -> datetime | None:
    if alert.notice is not None:
        return due_of(alert.notice, alert.period or "")
    return about.due_at if about else None
