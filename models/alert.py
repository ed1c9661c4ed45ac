"""The outbox: one row per recipient and channel, and every attempt to deliver it."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import moment, one_of, when

ABOUT_ONE_THING = """
    CASE WHEN checkpoint_id IS NULL THEN 0 ELSE 1 END + CASE WHEN handover_id IS NULL THEN 0 ELSE 1
    END + CASE WHEN request_id IS NULL THEN 0 ELSE 1 END
    + CASE WHEN notice IS NULL THEN 0 ELSE 1 END = 1"""
SAYS_WHAT_RANG = """
    (rung IS NOT NULL) = (checkpoint_id IS NOT NULL OR notice IS NOT NULL)
    AND (handover_id IS NOT NULL OR request_id IS NOT NULL) = (event IS NOT NULL)
    AND (notice IS NULL) = (period IS NULL)"""


class AlertState(StrEnum):
    WAITING = "waiting"  # to be sent from next_at on
    LEASED = "leased"  # a sender has it until next_at; after that it may be sent again
    FAILED = "failed"  # the last attempt failed; the next is at next_at
    DELIVERED = "delivered"
    PERHAPS = "perhaps"  # the receiver may have it; never repeated without a person
    VOID = "void"  # nothing is left to say: answered meanwhile, or the same person got it otherwise


class Outcome(StrEnum):
    """How one attempt went; the words are among those of AlertState."""

    DELIVERED = "delivered"
    PERHAPS = "perhaps"
    FAILED = "failed"


class Notice(StrEnum):
    """What an alert about the installation itself says; such an alert belongs to no case."""

    DECREES_RUN_OUT = "decrees_run_out"  # `period` is the last year with decreed days
    CONTACT_CHECK = "contact_check"  # `period` is the contact's number and the month
    UNREACHED = "unreached"  # `period` is the contact's number and the week
    CODE = "code"  # somebody's one-time code; `period` is its number
    # Troubles, told to operations: `period` is the number of the alert about the same before it.
    RUNS_LATE = "runs_late"
    RUNS_CRASHED = "runs_crashed"
    RUNS_FAILED = "runs_failed"
    AUDIT_FINDINGS = "audit_findings"
    AUDIT_SILENT = "audit_silent"
    PROMISES_LATE = "promises_late"
    OUTBOX_STUCK = "outbox_stuck"


class Alert(SQLModel, table=True):
    """A message to one person about one promise, handover, request or notice; its id is the number
    people see.

    The row holds no text: the words are made from the key of the promise when it is sent. `channel`
    is the way it goes; empty: the recipient's first at the moment of sending. `instead_of` is the
    alert that could not be delivered or was not seen, and `falls_back_at` when the same is said of
    this one. `how_many` is what a notice about a trouble counts.
    """

    __tablename__ = "alerts"
    __table_args__ = (
        sa.UniqueConstraint("checkpoint_id", "rung", "recipient_id", "channel"),
        sa.UniqueConstraint("handover_id", "event", "recipient_id", "channel"),
        sa.UniqueConstraint("request_id", "event", "recipient_id", "channel"),
        sa.UniqueConstraint("notice", "period", "rung", "recipient_id", "channel"),
        sa.CheckConstraint(ABOUT_ONE_THING, name="about_one_thing"),
        sa.CheckConstraint("(case_id IS NULL) = (notice IS NOT NULL)", name="notice_has_no_case"),
        # Without its rung, event or period an alert would slip through the unique keys above.
        sa.CheckConstraint(SAYS_WHAT_RANG, name="says_what_rang"),
        sa.CheckConstraint(
            "(state IN ('waiting', 'leased', 'failed')) = (next_at IS NOT NULL)",
            name="unsent_is_watched",
        ),
        sa.CheckConstraint("(state = 'leased') = (token IS NOT NULL)", name="lease_has_token"),
        sa.CheckConstraint(
            "state <> 'void' OR falls_back_at IS NULL", name="void_does_not_fall_back"
        ),
        sa.CheckConstraint("instead_of IS NULL OR instead_of <> id", name="instead_of_another"),
        # Serves the senders: statutory first, then by moment.
        sa.Index("ix_alerts_to_send", "statutory", "next_at", **when("next_at IS NOT NULL")),
        sa.Index("ix_alerts_on_their_way", "token", **when("token IS NOT NULL")),
        sa.Index("ix_alerts_to_fall_back", "falls_back_at", **when("falls_back_at IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int | None = Field(default=None, foreign_key="cases.id", index=True)
    checkpoint_id: int | None = Field(default=None, foreign_key="checkpoints.id")
    rung: int | None = None
    handover_id: int | None = Field(default=None, foreign_key="handovers.id")
    request_id: int | None = Field(default=None, foreign_key="requests.id")
    event: str | None = Field(default=None, max_length=32)
    notice: Notice | None = one_of(Notice, "notice", nullable=True, default=None)
    period: str | None = Field(default=None, max_length=16)
    how_many: int | None = None
    lead: str = Field(max_length=16)
    recipient_id: int = Field(foreign_key="contacts.id", index=True)
    channel: str = Field(default="", max_length=64)
    instead_of: int | None = Field(default=None, foreign_key="alerts.id")
    falls_back_at: datetime | None = moment(null=True)
    statutory: bool
    created_at: datetime = moment()
    state: AlertState = one_of(AlertState, "alert_state")
    next_at: datetime | None = moment(null=True)
    token: str | None = Field(default=None, max_length=36)
    attempts: int = 0
    acknowledged_at: datetime | None = moment(null=True)  # when somebody first did
    by_hand: bool = False  # somebody asked to send it once more, which waits for nothing


class Acknowledgement(SQLModel, table=True):
    """Somebody saw an alert. Several people can; each once."""

    __tablename__ = "acknowledgements"
    __table_args__ = (sa.UniqueConstraint("alert_id", "by"),)

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alerts.id")
    by: str = Field(max_length=64)
    at: datetime = moment()


class Delivery(SQLModel, table=True):
    """One attempt to deliver one alert. `detail` is a code; it never holds an address or text.

    `message` is the number of the message it went in: that of the first alert there. One that was
    `counted` interrupted its recipient: it held nothing a law dates, nor what they asked for.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        sa.UniqueConstraint("alert_id", "attempt"),
        sa.Index("ix_deliveries_of_recipient", "recipient_id", "at"),
        sa.Index("ix_deliveries_by_channel", "channel", "at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alerts.id")
    message: int
    recipient_id: int = Field(foreign_key="contacts.id")
    counted: bool
    attempt: int
    channel: str = Field(max_length=64)
    outcome: Outcome = one_of(Outcome, "outcome")
    detail: str = Field(max_length=64)
    at: datetime = moment()


class Code(SQLModel, table=True):
    """A one-time code somebody asked for on a page, to show that the link is theirs.

    The code itself is nowhere: it is made from `nonce` and the secret of the installation.
    """

    __tablename__ = "codes"
    __table_args__ = (
        sa.CheckConstraint("made_at < expires_at", name="holds_for_a_while"),
        sa.CheckConstraint("tries >= 0", name="tries_are_counted"),
        sa.Index("ix_codes_of_contact", "contact_id", "made_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contacts.id")
    nonce: str = Field(max_length=64)
    made_at: datetime = moment()
    expires_at: datetime = moment()
    tries: int = 0
    used_at: datetime | None = moment(null=True)
