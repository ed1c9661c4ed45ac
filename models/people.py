"""Who there is: organisations and the people who can hold a case or be told of a date."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from models.columns import moment


class Organisation(SQLModel, table=True):
    __tablename__ = "organisations"

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    name: str = Field(max_length=200)
    kind: str = Field(max_length=32)  # municipality, care, landlord, police, …
    municipality: str = Field(max_length=64, index=True)


class Contact(SQLModel, table=True):
    """A person with a function, the channel to reach them by, and who stands in for them."""

    __tablename__ = "contacts"
    __table_args__ = (
        sa.CheckConstraint("deputy_id IS NULL OR deputy_id <> id", name="deputy_is_another"),
        sa.CheckConstraint(
            "absent_until IS NULL OR absent_from < absent_until", name="absence_has_length"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(max_length=64, unique=True)
    organisation_id: int = Field(foreign_key="organisations.id", index=True)
    name: str = Field(max_length=200)
    function: str = Field(max_length=64)  # case_director, process_director, care_worker, …
    channel: str = Field(max_length=64)
    address: str = Field(max_length=320)
    language: str = Field(default="nl", max_length=2)
    deputy_id: int | None = Field(default=None, foreign_key="contacts.id")
    absent_from: datetime | None = moment(null=True)
    absent_until: datetime | None = moment(null=True)
