"""What was decided beforehand: policy versions and the days equated by decree."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import moment


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
    """A day equated with a holiday by royal decree (Algemene termijnenwet art. 3(3))."""

    __tablename__ = "decrees"

    day: date = Field(primary_key=True)
    first_year: int
    last_year: int
    source: str = Field(max_length=200)
    loaded_at: datetime = moment()
