"""Alerts and their deliveries as the doors show them, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from casework.connect import reading
from casework.questions import for_another, question, said_by
from casework.refusals import NotFound
from escalation.text import Text
from models import Acknowledgement, Alert, Case, Checkpoint, Contact, Delivery, Notice

Asked = aliased(Contact)
Row = TypeVar("Row", Delivery, Acknowledgement)


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
    how_many: int | None  # what a notice about a trouble counts


@dataclass(frozen=True, slots=True)
class Attempted:
    """One attempt to deliver an alert; `message` is the number of the message it went in."""

    at: datetime
    channel: str
    outcome: str
    detail: str
    message: int


@dataclass(frozen=True, slots=True)
class AlertDetail:
    """An alert with all that happened to it; `seen` are the keys of who saw it, and when."""

    alert: AlertView
    next_at: datetime | None
    instead_of: int | None
    attempts: tuple[Attempted, ...]
    seen: tuple[tuple[str, datetime], ...]


def alert_detail(engine: Engine, number: int) -> AlertDetail:
    """One alert and all that happened to it. Raises NotFound."""
    with reading(engine) as session:
        view, row = view_in(session, number), session.get(Alert, number)
        if view is None or row is None:
            raise NotFound("alert", number, "see: estafette alert list")
        tried = _of(session, Delivery, number, Delivery.attempt)
        seen = _of(session, Acknowledgement, number, Acknowledgement.at)
        attempts = tuple(
            Attempted(r.at, r.channel, r.outcome.value, r.detail, r.message) for r in tried
        )
        seen_by = tuple((r.by, r.at) for r in seen)
        return AlertDetail(view, row.next_at, row.instead_of, attempts, seen_by)


def alert_view(engine: Engine, number: int) -> AlertView | None:
    """One alert; None when there is none of that number."""
    with reading(engine) as session:
        return view_in(session, number)


def view_in(session: Session, number: int) -> AlertView | None:
    """The same, within a look at more."""
    found = session.execute(_rows().where(col(Alert.id) == number)).first()
    return _alert(*found) if found else None


def alert_list(
    engine: Engine,
    *,
    case_key: str | None = None,
    unsent: bool = False,
    number: int | None = None,
    limit: int = 100,
) -> list[AlertView]:
    """Alerts, newest first."""
    rows = _rows().limit(limit)
    if case_key:
        rows = rows.where(col(Case.key) == case_key)
    if number is not None:
        rows = rows.where(col(Alert.id) == number)
    if unsent:
        rows = rows.where(col(Alert.next_at).is_not(None))
    with reading(engine) as session:
        return [_alert(*row) for row in session.execute(rows)]


def _rows() -> sa.Select[Any]:
    rows: sa.Select[Any] = (
        sa.select(Alert, Case.key, Contact.key, Checkpoint, Asked)  # type: ignore[call-overload]
        .outerjoin(Case, col(Case.id) == col(Alert.case_id))
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .outerjoin(Checkpoint, col(Checkpoint.id) == col(Alert.checkpoint_id))
        .outerjoin(Asked, Asked.id == Checkpoint.asked_id)
        .order_by(col(Alert.id).desc())
    )
    return rows


def deliveries(engine: Engine, number: int) -> list[tuple[int, str, str, str]]:
    """Every attempt to deliver an alert: attempt, channel, outcome, detail."""
    with reading(engine) as session:
        rows = _of(session, Delivery, number, Delivery.attempt)
        return [(r.attempt, r.channel, r.outcome, r.detail) for r in rows]


def _of(session: Session, table: type[Row], number: int, order: Any) -> Sequence[Row]:
    return session.exec(select(table).where(table.alert_id == number).order_by(col(order))).all()


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
        how_many=alert.how_many,
    )


def _last_day(alert: Alert) -> date | None:
    """Of a notice that the decreed days run out: the last of them."""
    of_decrees = alert.notice is Notice.DECREES_RUN_OUT
    return date(int(alert.period or 0), 12, 31) if of_decrees else None
