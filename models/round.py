"""The last time the watch and the audit looked at everything."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, one_of


class RoundOf(StrEnum):
    WATCH = "watch"
    AUDIT = "audit"


class Round(SQLModel, table=True):
    """The newest round of the watch that raised anything, and of the audit; a row each.

    `counted` is what it raised, or how many open cases it looked at; `found` how many findings an
    audit had, by their code. A picture for operations staff: nothing is decided by it.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        sa.CheckConstraint("seconds >= 0", name="takes_time"),
        sa.CheckConstraint("counted >= 0", name="counts_from_nothing"),
    )

    of: RoundOf = one_of(RoundOf, "round_of", primary_key=True)
    at: datetime = moment()
    seconds: float
    counted: int
    found: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
