"""Moments that are none: what somebody wrote past every verb into a column of moments.

SQLite takes any text there, PostgreSQL takes "infinity". It stops nobody, for it is read as long
ago (models/columns.py); here it is named, by its table, key and column, and never told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import SQLModel

from models import UtcTime, moment_in

# What belongs to an open case, and what belongs to none and is few. The others are history that the
# database lets nobody change, or that nothing waits for.
OF_A_CASE = (
    "assignments", "visits", "checkpoints", "alerts", "handovers", "requests", "partners", "waits",
    "acts", "signals",
)  # fmt: skip
OF_NONE = ("contacts", "absences", "policy_versions", "successions", "rounds")
# Not as we spell a moment; whether it tells one all the same is looked at afterwards.
ODD = {
    "sqlite": """t."{0}" IS NOT NULL
        AND (t."{0}" NOT GLOB '[0-9][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]T*Z'
             OR t."{0}" >= '9999' OR julianday(t."{0}") IS NULL)""",
    "postgresql": """NOT isfinite(t."{0}") OR t."{0}" >= '9999-01-01'""",
}
BY_CASE = "JOIN cases k ON k.id = t.{of} WHERE k.closed_at IS NULL"
# Of the two largest tables only what something still waits for.
WAITS = {
    "checkpoints": " AND t.state = 'open'",
    "alerts": " AND (t.next_at IS NOT NULL OR t.falls_back_at IS NOT NULL)",
}
# Alerts about the installation belong to no case.
UNSENT_NOTICES = "WHERE t.case_id IS NULL AND t.next_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class NoMoment:
    """Where something is stored that is no moment; of which case, if of any."""

    case_key: str | None
    table: str
    row: str
    column: str

    def __str__(self) -> str:
        return f"{self.table} {self.row}, {self.column}"


def no_moments(connection: sa.Connection, limit: int) -> Iterator[NoMoment]:
    """Every such place in the rows of open cases and of none that something waits for; of `limit`
    rows a table."""
    yield from _in("cases", "k.key", BY_CASE.format(of="id"), connection, limit)
    for table in OF_A_CASE:
        waits = BY_CASE.format(of="case_id") + WAITS.get(table, "")
        yield from _in(table, "k.key", waits, connection, limit)
    yield from _in("alerts", "NULL", UNSENT_NOTICES, connection, limit)
    for table in OF_NONE:
        yield from _in(table, "NULL", "WHERE 1 = 1", connection, limit)


def _in(
    table: str, case: str, where: str, connection: sa.Connection, limit: int
) -> Iterator[NoMoment]:
    columns = moments_of(table)
    odd = " OR ".join(f"({ODD[connection.dialect.name].format(name)})" for name in columns)
    (key,) = SQLModel.metadata.tables[table].primary_key
    told = ", ".join(f'CAST(t."{name}" AS VARCHAR(64))' for name in (key.name, *columns))
    query = sa.text(f"SELECT {case}, {told} FROM {table} t {where} AND ({odd}) LIMIT :most")
    for of, row, *stored in connection.execute(query, {"most": limit}):
        for column, value in zip(columns, stored, strict=True):
            if value is not None and moment_in(value) is None:
                yield NoMoment(of, table, row, column)


def moments_of(table: str) -> list[str]:
    """The columns of a table that hold moments."""
    columns = SQLModel.metadata.tables[table].columns
    return [column.name for column in columns if isinstance(column.type, UtcTime)]
