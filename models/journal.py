"""The journals: what happened to a case, and what administrators changed. Append-only, chained."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, when


class JournalEntry(SQLModel, table=True):
    """One thing that happened. A trigger on both databases refuses updates and deletes.

    `hash` covers what happened and `previous`, the hash of the entry before it on the same case,
    so a change behind the database's back shows. A raised rung is unique here: that is what makes
    it happen once. Category, organisation, legal basis and scope are labels for sharing, which the
    hash leaves out.
    """

    __tablename__ = "journal"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "seq"),
        sa.Index(
            "uq_journal_rung_raised_once",
            "checkpoint_id",
            "rung",
            unique=True,
            **when("rung IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    case_id: int = Field(foreign_key="cases.id")
    seq: int
    at: datetime = moment()
    actor: str = Field(max_length=64)
    kind: str = Field(max_length=32)
    data: dict[str, Any] = Field(sa_type=Json)
    checkpoint_id: int | None = Field(default=None, foreign_key="checkpoints.id")
    rung: int | None = None
    category: str = Field(default="process", max_length=16)
    organisation: str | None = Field(default=None, max_length=64)
    legal_basis: str | None = Field(default=None, max_length=64)
    scope: str = Field(default="case", max_length=32)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class AdministrationEntry(SQLModel, table=True):
    """One change to what every case counts with: a decree, a policy. Who made it, and when.

    A trigger on both databases refuses updates and deletes; each entry is chained to the one
    before it, and no two to the same.
    """

    __tablename__ = "administration"
    __table_args__ = (sa.UniqueConstraint("previous"),)

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = moment()
    actor: str = Field(max_length=64)
    kind: str = Field(max_length=32)
    data: dict[str, Any] = Field(sa_type=Json)
    previous: str = Field(max_length=64)
    hash: str = Field(max_length=64)
