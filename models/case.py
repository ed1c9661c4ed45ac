"""A case, the signals that fed it, the stages it visited and the people who held it."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, one_of, when


class CaseNumber(SQLModel, table=True):
    """The last number handed out in a year; one row a year, so numbers never repeat."""

    __tablename__ = "case_numbers"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class Case(SQLModel, table=True):
    """One nuisance case at one address.

    `stirred_at` is its last meaningful event, and `silent_at` the moment silence is spoken of
    unless something happens before; empty while that question is open, and when it is closed.

    `director_id` points at the open case_director assignment. The key is deferred, so that the
    case and its first director, or two successive directors, appear together or not at all.
    """

    __tablename__ = "cases"
    __table_args__ = (
        sa.Index(
            "uq_cases_one_open_per_address",
            "municipality",
            "address_key",
            "strand",
            unique=True,
            **when("closed_at IS NULL"),
        ),
        sa.CheckConstraint("(closed_at IS NULL) = (result IS NULL)", name="closed_has_result"),
        # Serves the count of reports about an address, also on cases that are closed.
        sa.Index("ix_cases_address", "municipality", "address_key"),
        # Serves the watch over silence.
        sa.Index("ix_cases_silent", "silent_at", **when("silent_at IS NOT NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=16, unique=True)
    municipality: str = Field(max_length=64)
    address: str = Field(max_length=200)
    address_key: str = Field(max_length=200)
    strand: int = Field(default=1)  # 2, 3, … only when a person opened a separate case on purpose
    stage: str = Field(max_length=32)
    version: int = Field(default=1)
    policy_id: int = Field(foreign_key="policy_versions.id")
    director_id: uuid.UUID = Field(
        sa_column=sa.Column(
            sa.Uuid(),
            sa.ForeignKey(
                "assignments.id",
                name="fk_cases_director_id_assignments",
                deferrable=True,
                initially="DEFERRED",
                use_alter=True,
            ),
            nullable=False,
            unique=True,
        )
    )
    opened_at: datetime = moment()
    closed_at: datetime | None = moment(null=True)
    result: str | None = Field(default=None, max_length=32)
    stirred_at: datetime | None = moment(null=True)
    silent_at: datetime | None = moment(null=True)


class Role(StrEnum):
    DIRECTOR = "case_director"
    CARE = "care_lead"
    ENFORCEMENT = "enforcement_lead"


class Assignment(SQLModel, table=True):
    """Who held a role on a case, from when until when; open while `until` is empty.

    The holder is a named person; the `principal` is the organisation that took it on, when the role
    was offered to an organisation.

    The key is made before the row exists, because the case must be able to point at it first.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        sa.Index(
            "uq_assignments_one_open_per_role",
            "case_id",
            "role",
            unique=True,
            **when("until IS NULL"),
        ),
        sa.CheckConstraint("until IS NULL OR until >= since", name="ends_after_it_began"),
    )

    id: uuid.UUID = Field(default_factory=uuid.uuid4, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    role: Role = one_of(Role, "role")
    contact_id: int = Field(foreign_key="contacts.id", index=True)
    principal_id: int | None = Field(default=None, foreign_key="organisations.id")
    since: datetime = moment()
    until: datetime | None = moment(null=True)


class Signal(SQLModel, table=True):
    """One report, verbatim; `reference` holds the source's own number with where it came from, so a
    repeat is recognised and nothing else is taken for one."""

    __tablename__ = "signals"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(max_length=200, unique=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    received_at: datetime = moment()
    channel: str = Field(max_length=32)
    nature: str = Field(max_length=32)
    acute: bool = False
    text: str = ""


class Reporter(SQLModel, table=True):
    """The reporter's identity, in a table of its own because fewer people may see it."""

    __tablename__ = "reporters"

    signal_id: int = Field(foreign_key="signals.id", primary_key=True)
    name: str = Field(max_length=200)
    contact: str = Field(default="", max_length=320)


class Visit(SQLModel, table=True):
    """A case's stay in one stage, and the Prefect run that shows it.

    A visit is left when the case moves on, and completed when its run has said so.
    `seen_version` is the case's version when the run was last armed; when the case has moved on
    since, the run must come now. `called` says so, and that the visit is new: arming looks at those
    alone. A trigger sets it whenever a case's version moves on.

    `wake_at` is the moment the run comes; without a run, the moment one is armed for.
    """

    __tablename__ = "visits"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "stage", "number"),
        sa.Index("uq_visits_one_open_per_case", "case_id", unique=True, **when("left_at IS NULL")),
        sa.Index("ix_visits_to_arm", "wake_at", **when("completed_at IS NULL")),
        # Each serves one question of arming, or the waiting lists.
        sa.Index(
            "ix_visits_called", "called", "wake_at", **when("called AND completed_at IS NULL")
        ),
        sa.Index(
            "ix_visits_leaving", "left_at", **when("completed_at IS NULL AND left_at IS NOT NULL")
        ),
        sa.Index(
            "ix_visits_in_rows", "wake_at", "stage", **when("run_id IS NULL AND left_at IS NULL")
        ),
        sa.Index("ix_visits_run_id", "run_id", **when("run_id IS NOT NULL")),
        sa.Index("ix_visits_waiting", "stage", "wake_at", **when("left_at IS NULL")),
        sa.CheckConstraint("(left_at IS NULL) = (left_for IS NULL)", name="left_for_somewhere"),
        sa.CheckConstraint(
            "completed_at IS NULL OR left_at IS NOT NULL", name="completed_after_leaving"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    stage: str = Field(max_length=32)
    number: int
    entered_at: datetime = moment()
    left_at: datetime | None = moment(null=True)
    left_for: str | None = Field(default=None, max_length=32)
    left_how: str | None = Field(default=None, max_length=64)
    run_id: str | None = Field(default=None, max_length=36)
    armed_at: datetime | None = moment(null=True)
    wake_at: datetime | None = moment(null=True)
    seen_version: int | None = None
    called: bool = Field(default=True, sa_column_kwargs={"server_default": sa.true()})
    completed_at: datetime | None = moment(null=True)


class Act(SQLModel, table=True):
    """What was done, by whom, when and on what ground."""

    __tablename__ = "acts"
    __table_args__ = (sa.UniqueConstraint("case_id", "reference"),)

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id", index=True)
    visit_id: int | None = Field(default=None, foreign_key="visits.id")
    kind: str = Field(max_length=64)
    at: datetime = moment()
    by: str = Field(max_length=64)
    ground: str | None = Field(default=None, max_length=200)
    facts: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    reference: str = Field(max_length=100)
    recorded_at: datetime = moment()
