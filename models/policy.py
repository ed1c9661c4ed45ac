"""What was decided beforehand: policy versions and the days equated by decree."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import moment, says_something, when


class PolicyVersion(SQLModel, table=True):
    """A policy as loaded, with the text it adopts numbers from; a case keeps the one it began with.

    The newest version of a municipality serves its new cases; rows without a municipality serve
    every municipality that has none of its own.
    """

    __tablename__ = "policy_versions"
    __table_args__ = (sa.UniqueConstraint("name", "digest", "municipality"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(max_length=64)
    municipality: str = Field(default="", max_length=64, index=True)
    digest: str = Field(max_length=64)
    text: str
    base: str | None = None
    loaded_at: datetime = moment()


class Decree(SQLModel, table=True):
    """A day equated with a holiday by royal decree (Algemene termijnenwet art. 3(3)).

    A row without a day says that the decree covers its years: those without a day of their own
    have none. Rows stay for ever, so that the table can be read as it was at any moment: a day that
    was wrong is withdrawn, and may be loaded anew. A trigger on both databases keeps it so.
    """

    __tablename__ = "decrees"
    __table_args__ = (
        sa.CheckConstraint("first_year <= last_year", name="period_has_years"),
        sa.CheckConstraint(says_something("source"), name="has_source"),
        sa.CheckConstraint(
            "(withdrawn_at IS NULL) = (withdrawn_by IS NULL)", name="withdrawn_by_somebody"
        ),
        sa.CheckConstraint(
            "withdrawn_at IS NULL OR withdrawn_at >= loaded_at",
            name="withdrawn_after_it_was_loaded",
        ),
        sa.Index("uq_decrees_day_in_force", "day", unique=True, **when("withdrawn_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    day: date | None = None
    first_year: int
    last_year: int
    source: str = Field(max_length=200)
    loaded_at: datetime = moment()
    withdrawn_at: datetime | None = moment(null=True)
    withdrawn_by: str | None = Field(default=None, max_length=64)
