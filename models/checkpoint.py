"""A dated promise. This page says checkpoint where people say promise."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, one_of, says_something, when

OF_A_HANDOVER = "state = 'open' AND handover_id IS NOT NULL"


class CheckpointState(StrEnum):
    OPEN = "open"  # somebody still has to answer
    ANSWERED = "answered"  # done, not done or cannot share, with by whom and when
    LAPSED = "lapsed"  # the case or a later act made the question void


class Answer(StrEnum):
    DONE = "done"
    NOT_DONE = "not_done"
    CANNOT_SHARE = "cannot_share"


class Checkpoint(SQLModel, table=True):
    """A promise copied from the path when a stage or act started it; later changes never move it.

    Its date is changed by another row in its place, see TermChange; triggers on both databases keep
    it so. `nominal_on` is where counting ended before the law moved it. One that `awaits` an act
    has a provisional date: the real one is `awaits_length` after it.

    `asked_id` is who must answer it besides the director, and `owed_id` who waits for that.

    `next_at` is the moment its next rung rings. An open promise always has one and a promise that
    is over never has: that is how every date has a watcher.
    """

    __tablename__ = "checkpoints"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "key", "origin"),
        sa.CheckConstraint("(state = 'open') = (next_at IS NOT NULL)", name="open_is_watched"),
        sa.CheckConstraint(
            "(state = 'answered') = (answer IS NOT NULL)", name="answered_has_answer"
        ),
        sa.CheckConstraint("(state = 'open') = (closed_at IS NULL)", name="over_has_moment"),
        sa.CheckConstraint(
            f"answer IS NULL OR answer = 'done' OR {says_something('reason')}",
            name="no_without_reason",
        ),
        sa.CheckConstraint(
            "(awaits IS NULL) = (awaits_length IS NULL)", name="awaits_with_its_length"
        ),
        # Serves the watch: statutory promises first, then by moment.
        sa.Index("ix_checkpoints_due", "statutory", "next_at", **when("state = 'open'")),
        sa.Index("ix_checkpoints_open_by_case", "case_id", **when("state = 'open'")),
        # Serves the expiry of offers, which happens when their term is over.
        sa.Index("ix_checkpoints_of_handovers", "due_at", **when(OF_A_HANDOVER)),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    key: str = Field(max_length=64)
    section: str = Field(max_length=32)  # the stage or lane of the path it comes from
    origin: str = Field(max_length=48)  # what started it: "visit:12", "act:5", "handover:3"
    visit_id: int | None = Field(default=None, foreign_key="visits.id")
    handover_id: int | None = Field(default=None, foreign_key="handovers.id")
    request_id: int | None = Field(default=None, foreign_key="requests.id")
    asked_id: int | None = Field(default=None, foreign_key="contacts.id")
    owed_id: int | None = Field(default=None, foreign_key="contacts.id")
    kind: str = Field(max_length=32)
    statutory: bool
    outlives: bool
    source: str = Field(max_length=200)
    length: str = Field(max_length=32)
    since: datetime = moment()
    due_on: date
    due_at: datetime = moment()
    nominal_on: date
    exact: bool  # due at that very moment, not at the end of the day
    derivation: list[dict[str, str]] = Field(sa_type=Json)
    awaits: str | None = Field(default=None, max_length=64)
    awaits_length: str | None = Field(default=None, max_length=32)
    state: CheckpointState = one_of(CheckpointState, "state")
    rung: int | None = None  # the last rung raised
    next_rung: int
    next_at: datetime | None = moment(null=True)
    answer: Answer | None = one_of(Answer, "answer", nullable=True, default=None)
    reason: str | None = Field(default=None, max_length=1000)
    answered_by: str | None = Field(default=None, max_length=64)
    closed_at: datetime | None = moment(null=True)


class TermWhat(StrEnum):
    PAUSED = "paused"
    RESUMED = "resumed"
    EXTENDED = "extended"
    REDATED = "redated"


class TermChange(SQLModel, table=True):
    """A line of the ledger of terms, append-only: one promise was replaced by another, and why.

    `root_id` is the promise as it was first made and `seq` counts its changes; `on` is the day the
    change takes effect. The reason is free text and stays here.
    """

    __tablename__ = "term_changes"
    __table_args__ = (
        sa.UniqueConstraint("root_id", "seq"),
        sa.CheckConstraint("seq >= 1", name="counted_from_one"),
        sa.CheckConstraint("checkpoint_id <> successor_id", name="by_another"),
        sa.CheckConstraint("(what = 'paused') = (until IS NOT NULL)", name="pause_has_a_last_day"),
        sa.CheckConstraint('until IS NULL OR until >= "on"', name="pause_ends_after_it_began"),
        sa.CheckConstraint(
            f"(what = 'extended') = {says_something('length')}", name="extension_has_a_length"
        ),
        sa.CheckConstraint(says_something("ground"), name="has_ground"),
        sa.CheckConstraint(says_something("reason"), name="has_reason"),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    root_id: int = Field(foreign_key="checkpoints.id")
    checkpoint_id: int = Field(foreign_key="checkpoints.id", unique=True)
    successor_id: int = Field(foreign_key="checkpoints.id", unique=True)
    seq: int
    what: TermWhat = one_of(TermWhat, "term_what")
    on: date
    until: date | None = None
    length: str | None = Field(default=None, max_length=32)
    nominal_on: date
    due_on: date
    due_at: datetime = moment()
    ground: str = Field(max_length=200)
    reason: str = Field(max_length=1000)
    by: str = Field(max_length=64)
    act_id: int | None = Field(default=None, foreign_key="acts.id")
    recorded_at: datetime = moment()
