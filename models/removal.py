"""What was taken out of the rows by hand, and what came of that."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, one_of, when


class Settled(StrEnum):
    RESTORED = "restored"  # the row is back, as it was
    ACCEPTED = "accepted"  # it need not come back: put back otherwise, or its retention was over


class Removal(SQLModel, table=True):
    """A row that was deleted. Triggers on both databases write it, in whatever way the row went.

    `was` is the whole row as the database held it, until the removal is settled; `case_id` is
    empty for an alert about the installation. It has no moment: a database tells no time here.
    """

    __tablename__ = "removals"
    __table_args__ = (
        sa.CheckConstraint(
            "(settled_at IS NULL) = (settled_how IS NULL)", name="settled_one_way_or_other"
        ),
        # A copy that is of no more use is no longer kept.
        sa.CheckConstraint("settled_at IS NULL OR was IS NULL", name="settled_keeps_no_copy"),
        sa.Index("ix_removals_unsettled", "case_id", **when("settled_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    of: str = Field(max_length=32)  # the table
    row_key: str = Field(max_length=36)
    case_id: int | None = None
    was: dict[str, Any] | None = Field(default=None, sa_type=Json, nullable=True)
    settled_at: datetime | None = moment(null=True)
    settled_how: Settled | None = one_of(Settled, "settled_how", nullable=True, default=None)
    settled_by: str | None = Field(default=None, max_length=64)
