"""Who there is: organisations and the people who can hold a case or be told of a date."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import Json, moment, when


class Organisation(SQLModel, table=True):
    """A partner at the table. `hours` are its opening hours by day of the week ("mon": [["09:00",
    "17:00"]]), empty while nobody stated them; `card` is its expectation card: what it can, what it
    cannot, when, and how fast."""

    __tablename__ = "organisations"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=32)  # municipality, care, landlord, police, …
    municipality: str = Field(max_length=64, index=True)
    functions: list[str] = Field(default_factory=list, sa_type=Json)  # what it does for others
    hours: dict[str, Any] = Field(default_factory=dict, sa_type=Json)
    card: dict[str, Any] = Field(default_factory=dict, sa_type=Json)


class Contact(SQLModel, table=True):
    """A person with a function, the channel to reach them by first, and who stands in for them.

    A `fixed` contact is whom others turn to for this function of the organisation. One without an
    `account` answers by a signed link. `check_at` is when somebody is asked again whether the
    contact still holds; empty when nobody has looked yet, or the person left.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        sa.CheckConstraint("deputy_id IS NULL OR deputy_id <> id", name="deputy_is_another"),
        sa.CheckConstraint("left_at IS NULL OR check_at IS NULL", name="who_left_is_not_checked"),
        sa.Index("ix_contacts_to_check", "check_at", **when("left_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    organisation_id: int = Field(foreign_key="organisations.id", index=True)
    name: str = Field(max_length=200)
    function: str = Field(max_length=64)  # case_director, care_worker, operations, …
    channel: str = Field(max_length=64)
    address: str = Field(max_length=320)
    language: str = Field(default="nl", max_length=2)
    deputy_id: int | None = Field(default=None, foreign_key="contacts.id")
    fixed: bool = False
    account: bool = True
    confirmed_at: datetime | None = moment(null=True)
    check_at: datetime | None = moment(null=True)
    left_at: datetime | None = moment(null=True)


class Way(SQLModel, table=True):
    """Another channel to reach somebody by, in the order of `rank`, when the one before fails."""

    __tablename__ = "ways"
    __table_args__ = (
        sa.UniqueConstraint("contact_id", "rank"),
        sa.UniqueConstraint("contact_id", "channel"),
        sa.CheckConstraint("rank >= 1", name="after_the_first"),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contacts.id")
    rank: int
    channel: str = Field(max_length=64)
    address: str = Field(max_length=320)


class Absence(SQLModel, table=True):
    """A time in which somebody is not there; their deputy stands in. Without `until` it lasts
    until further notice. `routed_at` is when what waited for them was passed on;
    before that, `routed_to` is the last case of which it was."""

    __tablename__ = "absences"
    __table_args__ = (
        sa.CheckConstraint("until IS NULL OR since < until", name="has_length"),
        sa.Index("ix_absences_to_route", "since", **when("routed_at IS NULL")),
    )

    id: int | None = Field(default=None, primary_key=True)
    contact_id: int = Field(foreign_key="contacts.id", index=True)
    since: datetime = moment()
    until: datetime | None = moment(null=True)
    recorded_at: datetime = moment()
    routed_at: datetime | None = moment(null=True)
    routed_to: int | None = None
