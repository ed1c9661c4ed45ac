"""Column types and names every table shares. Imported before the first table is defined."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


# Moments beyond these have no place in a Dutch calendar; what is no moment is read as the first.
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 12, 30, tzinfo=UTC)


def moment_in(stored: Any) -> datetime | None:
    """The moment that is stored as this, on either database; None when it is none."""
    try:
        moment = stored if isinstance(stored, datetime) else datetime.fromisoformat(stored)
    except (ValueError, TypeError):
        return None
    # Written by hand, past every verb: were it read as naive, one row would stop the watch.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment if moment < LAST else None


class UtcTime(sa.TypeDecorator[datetime]):
    """A moment in UTC: timestamptz on PostgreSQL, sortable ISO text on SQLite.

    A naive datetime is refused on the way in; what comes out is aware. What is stored and is no
    moment comes out as long ago, so that it stops nobody; the audit names it (casework/moments.py).
    """

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.String(27))
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a moment needs a time zone: {value.isoformat()}")
        moment = value.astimezone(UTC)
        # Always microseconds and Z, so that the text sorts as the moments do.
        return f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z" if dialect.name == "sqlite" else moment

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = moment_in(value) or LONG_AGO
        return moment.astimezone(UTC) if dialect.name == "postgresql" else moment


Json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def moment(*, null: bool = False, index: bool = False) -> Any:
    """A UTC moment column."""
    return Field(sa_type=UtcTime, nullable=null, index=index, default=None if null else ...)


def one_of(words: type[StrEnum], name: str, **more: Any) -> Any:
    """A column that holds one of the words, kept by a CHECK on both databases."""
    column = sa.Enum(
        words,
        native_enum=False,
        create_constraint=True,
        name=name,
        length=32,
        values_callable=lambda members: [member.value for member in members],
    )
    return Field(sa_type=column, **more)


def when(condition: str) -> dict[str, Any]:
    """The WHERE of a partial index, for both databases."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def says_something(column: str) -> str:
    """The condition that a column is neither empty nor blank."""
    return f"({column} IS NOT NULL AND length(trim({column})) > 0)"
