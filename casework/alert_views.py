"""Alerts and their deliveries as the doors show them, as plain values."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from casework.connect import reading
from casework.questions import for_another, question, said_by
from escalation.text import Text
from models import Alert, Case, Checkpoint, Contact, Delivery, Notice

Asked = aliased(Contact)


@dataclass(frozen=True, slots=True)
class AlertView:
    number: int
    case_key: str | None  # None: a notice about the installation
    asks: Text
    lead: str
    recipient: str
    state: str
    attempts: int
    created_at: datetime
    acknowledged: bool
    promise: str | None  # the promise's key, when the alert is about one
    waits_for: str | None  # who must answer it, when that is not for the recipient
    handover: int | None
    request: int | None
    due_on: date | None
    statutory: bool
    over: bool  # the promise was answered or lapsed since
    notice: str | None  # what a notice about the installation is about


def alert_view(engine: Engine, number: int) -> AlertView | None:
    """One alert; None when there is none of that number."""
    found = alert_list(engine, number=number, limit=1)
    return found[0] if found else None


def alert_list(
    engine: Engine,
    *,
    case_key: str | None = None,
    unsent: bool = False,
    number: int | None = None,
    limit: int = 100,
) -> list[AlertView]:
    """Alerts, newest first."""
    rows = (
        sa.select(Alert, Case.key, Contact.key, Checkpoint, Asked)  # type: ignore[call-overload]
        .outerjoin(Case, col(Case.id) == col(Alert.case_id))
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .outerjoin(Checkpoint, col(Checkpoint.id) == col(Alert.checkpoint_id))
        .outerjoin(Asked, Asked.id == Checkpoint.asked_id)
        .order_by(col(Alert.id).desc())
        .limit(limit)
    )
    if case_key:
        rows = rows.where(Case.key == case_key)
    if number is not None:
        rows = rows.where(Alert.id == number)
    if unsent:
        rows = rows.where(col(Alert.next_at).is_not(None))
    with reading(engine) as session:
        return [_alert(*row) for row in session.execute(rows)]


def deliveries(engine: Engine, number: int) -> list[tuple[int, str, str, str]]:
    """Every attempt to deliver an alert: attempt, channel, outcome, detail."""
    with reading(engine) as session:
        rows = session.exec(
            select(Delivery).where(Delivery.alert_id == number).order_by(col(Delivery.attempt))
        )
        return [(r.attempt, r.channel, r.outcome, r.detail) for r in rows]


def _alert(
    alert: Alert,
    case_key: str | None,
    recipient: str,
    about: Checkpoint | None,
    asked: Contact | None,
) -> AlertView:
    return AlertView(
        number=alert.id or 0,
        case_key=case_key,
        asks=said_by(alert, about, asked, question),
        lead=alert.lead,
        recipient=recipient,
        state=alert.state.value,
        attempts=alert.attempts,
        created_at=alert.created_at,
        acknowledged=alert.acknowledged_at is not None,
        promise=about.key if about else None,
        waits_for=asked.key if asked and for_another(alert, asked) else None,
        handover=alert.handover_id or (about.handover_id if about else None),
        request=alert.request_id or (about.request_id if about else None),
        due_on=about.due_on if about else _last_day(alert),
        statutory=alert.statutory,
        over=about is not None and about.closed_at is not None,
        notice=alert.notice.value if alert.notice else None,
    )


def _last_day(alert: Alert) -> date | None:
    """Of a notice that the decreed days run out: the last of them."""
    of_decrees = alert.notice is Notice.DECREES_RUN_OUT
    return date(int(alert.period or 0), 12, 31) if of_decrees else None
