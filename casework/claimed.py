"""A leased alert with all that is needed to word and send it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from casework.questions import question_in_message, said_by
from casework.ways import Reach
from escalation.notices import due_of
from escalation.text import Text
from models import Alert, Case, Checkpoint, CheckpointState, Contact, Notice

Asked, Clock = aliased(Contact), aliased(Checkpoint)
NEWS_WITH_A_DATE = ("offered", "assigned", "deputy", "unreached", "asked")
CLOCKS = ("handover_answered", "handover_urgent", "read_back_owed", "request_answered")


@dataclass(frozen=True, slots=True)
class Lease:
    """The alerts of one message, which a sender has for a while."""

    token: str
    numbers: tuple[int, ...]  # in the order in which they are told
    reach: Reach
    organisation: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """What one alert of a message says; `address` never leaves the sender.

    Those with the same `token` are one message.
    """

    number: int
    token: str
    case_key: str | None  # None: a notice about the installation
    asks: Text
    lead: str
    due_at: datetime | None
    at_moment: bool
    statutory: bool
    channel: str
    address: str = field(repr=False)
    language: str
    recipient: str  # a contact's key
    recipient_id: int
    organisation: str  # theirs
    organisation_id: int
    account: bool  # without one the recipient answers by a signed link
    handover: int | None  # what it is about, also when it is about a promise of that handover
    request: int | None  # likewise
    code: int | None  # the one-time code it brings


def claimed(session: Session, leases: Sequence[Lease]) -> list[Claimed]:
    """All that is leased, message by message, each in the order of its lease."""
    numbers = [number for lease in leases for number in lease.numbers]
    found = {alert.id: (alert, *more) for alert, *more in session.execute(_rows(numbers))}
    return [_one(lease, *found[number]) for lease in leases for number in lease.numbers]


def _one(
    lease: Lease,
    alert: Alert,
    key: str | None,
    person: Contact,
    row: Checkpoint | None,
    asked: Contact | None,
) -> Claimed:
    return Claimed(
        number=alert.id or 0,
        token=lease.token,
        case_key=key,
        asks=said_by(alert, row, asked, question_in_message),
        lead=alert.lead,
        due_at=_due_at(alert, row),
        at_moment=bool(row and row.exact),
        statutory=alert.statutory,
        channel=lease.reach.channel,
        address=lease.reach.address,
        language=person.language,
        recipient=person.key,
        recipient_id=person.id or 0,
        organisation=lease.organisation,
        organisation_id=person.organisation_id,
        account=person.account,
        handover=alert.handover_id or (row.handover_id if row else None),
        request=alert.request_id or (row.request_id if row else None),
        code=int(alert.period or 0) if alert.notice is Notice.CODE else None,
    )


def _rows(numbers: list[int]) -> sa.Select[tuple[Alert, str, Contact, Checkpoint, Contact]]:
    rows: sa.Select[tuple[Alert, str, Contact, Checkpoint, Contact]] = (
        sa.select(Alert, Case.key, Contact, Checkpoint, Asked)  # type: ignore[call-overload]
        .outerjoin(Case, col(Case.id) == col(Alert.case_id))
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .outerjoin(
            Checkpoint,
            col(Checkpoint.id) == sa.func.coalesce(col(Alert.checkpoint_id), _clock_of_the_news()),
        )
        .outerjoin(Asked, Asked.id == Checkpoint.asked_id)
        .where(col(Alert.id).in_(numbers))
    )
    return rows


def _clock_of_the_news() -> sa.ColumnElement[int | None]:
    """The promise whose date a message about a handover or request names: the open one, or else
    the newest. Its number changes with its date."""
    about = sa.or_(
        col(Clock.handover_id) == col(Alert.handover_id),
        col(Clock.request_id) == col(Alert.request_id),
    )
    newest = (
        sa.select(Clock.id)  # type: ignore[call-overload]
        .where(col(Clock.case_id) == col(Alert.case_id))  # this has an index
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
