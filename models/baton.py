"""The baton and what is asked around it: handovers, requests, who is at the table, who waits."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.case import Role
from models.checkpoint import Answer
from models.columns import Json, moment, one_of, says_something, when


class HandoverState(StrEnum):
    DRAFT = "draft"
    OFFERED = "offered"
    ACCEPTED = "accepted"  # read back; warm contact and report-back are still owed
    ASSIGNED = "assigned"  # by force: the receiver holds the role and still has to read back
    CONTACTED = "contacted"  # warm contact was made; the report-back is owed
    REPORTED = "reported"  # reported back; warm contact is owed
    CLOSED = "closed"
    REFUSED = "refused"
    EXPIRED = "expired"
    REVOKED = "revoked"


READ_BACK = "('accepted', 'contacted', 'reported', 'closed')"


class Handover(SQLModel, table=True):
    """An offer of a role on a case. The sender stays responsible until it is accepted.

    `principal_id` is the organisation it was offered to, when the sender named no person;
    `offered_by` is who in fact offered it, `answered_by` who answered; either may be a deputy,
    and they are never the same person. `link` is the mark of the one signed
    link that still holds; `call` says how and when a receiver wants to be called.
    """

    __tablename__ = "handovers"
    __table_args__ = (
        sa.Index(
            "uq_handovers_one_open_per_role",
            "case_id",
            "role",
            unique=True,
            **when("state IN ('offered', 'assigned')"),
        ),
        sa.Index(
            "uq_handovers_one_draft_per_sender",
            "case_id",
            "role",
            "from_contact_id",
            unique=True,
            **when("state = 'draft'"),
        ),
        sa.CheckConstraint("from_contact_id <> to_contact_id", name="to_another"),
        sa.CheckConstraint("answered_by <> offered_by", name="answered_by_another"),
        sa.CheckConstraint(
            f"state NOT IN {READ_BACK} OR {says_something('read_back')}",
            name="accepted_with_read_back",
        ),
        sa.CheckConstraint(
            f"state <> 'refused' OR {says_something('reason')}", name="refused_with_reason"
        ),
        sa.CheckConstraint(
            f"state <> 'assigned' OR ({says_something('forced_by')} AND "
            f"{says_something('forced_because')})",
            name="assigned_with_reason",
        ),
        sa.CheckConstraint(
            "offered_at IS NOT NULL OR state IN ('draft', 'revoked')", name="offered_at_a_moment"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    role: Role = one_of(Role, "handover_role")
    from_contact_id: int = Field(foreign_key="contacts.id")
    to_contact_id: int = Field(foreign_key="contacts.id", index=True)
    principal_id: int | None = Field(default=None, foreign_key="organisations.id")
    succession_id: int | None = Field(default=None, foreign_key="successions.id", index=True)
    state: HandoverState = one_of(HandoverState, "handover_state")
    packet: dict[str, Any] = Field(sa_type=Json)
    offered_at: datetime | None = moment(null=True)
    offered_by: str | None = Field(default=None, max_length=64)
    acknowledged_at: datetime | None = moment(null=True)
    answered_at: datetime | None = moment(null=True)
    answered_by: str | None = Field(default=None, max_length=64)
    read_back: str | None = Field(default=None, max_length=4000)
    reason: str | None = Field(default=None, max_length=1000)
    forced_by: str | None = Field(default=None, max_length=64)
    forced_because: str | None = Field(default=None, max_length=1000)
    call: str | None = Field(default=None, max_length=1000)
    contacted_at: datetime | None = moment(null=True)
    reported_at: datetime | None = moment(null=True)
    report: str | None = Field(default=None, max_length=4000)
    closed_at: datetime | None = moment(null=True)
    link: str | None = Field(default=None, max_length=32)


class Succession(SQLModel, table=True):
    """Somebody passes on all they hold, role by role; each is a handover of its own."""

    __tablename__ = "successions"
    __table_args__ = (sa.CheckConstraint(says_something("because"), name="has_reason"),)

    id: int | None = Field(default=None, primary_key=True)
    from_contact_id: int = Field(foreign_key="contacts.id", index=True)
    because: str = Field(max_length=1000)
    by: str = Field(max_length=64)
    begun_at: datetime = moment()


class RequestState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"


class Request(SQLModel, table=True):
    """Something a partner is asked about a case; it closes as done, not done or cannot share, and
    always with a reason."""

    __tablename__ = "requests"
    __table_args__ = (
        sa.CheckConstraint("from_contact_id <> to_contact_id", name="to_another"),
        sa.CheckConstraint(says_something("ask"), name="asks_something"),
        sa.CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL)", name="answered_has_answer"
        ),
        sa.CheckConstraint(
            f"state = 'open' OR {says_something('reason')}", name="closed_with_reason"
        ),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="closed_at_a_moment"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    from_contact_id: int = Field(foreign_key="contacts.id")
    to_contact_id: int = Field(foreign_key="contacts.id", index=True)
    organisation_id: int = Field(foreign_key="organisations.id", index=True)  # who was asked
    ask: str = Field(max_length=2000)
    asked_at: datetime = moment()
    state: RequestState = one_of(RequestState, "request_state")
    answer: Answer | None = one_of(Answer, "request_answer", nullable=True, default=None)
    reason: str | None = Field(default=None, max_length=1000)
    closed_by: str | None = Field(default=None, max_length=64)
    closed_at: datetime | None = moment(null=True)


class Partner(SQLModel, table=True):
    """An organisation at the table of a case, and when it last did something there. `silent_at` is
    empty while nothing is expected of it, or while its silence is being asked about."""

    __tablename__ = "partners"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "organisation_id"),
        sa.Index("ix_partners_silent", "silent_at", **when("silent_at IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id")
    organisation_id: int = Field(foreign_key="organisations.id", index=True)
    heard_at: datetime = moment()
    silent_at: datetime | None = moment(null=True)


class Wait(SQLModel, table=True):
    """Why nothing has to happen on a case until a day, or nothing from one partner."""

    __tablename__ = "waits"
    __table_args__ = (sa.CheckConstraint(says_something("reason"), name="has_reason"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    organisation_id: int | None = Field(default=None, foreign_key="organisations.id")
    since: datetime = moment()
    until: date
    reason: str = Field(max_length=1000)
    by: str = Field(max_length=64)
    ended_at: datetime | None = moment(null=True)
