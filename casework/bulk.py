"""Rows by the hundred: they travel to the database as one parameter, and are read there as a table.

A parameter for every value costs more than the writing itself: the driver converts each and the
server parses each. A JSON list of lists goes over at once, and the statement stays the same,
however many rows there are.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import SQLModel

from models import UtcTime

INTEGER, TEXT, MOMENT = sa.Integer(), sa.Text(), UtcTime()  # what a column of packed rows holds


def packed(rows: Iterable[Iterable[Any]]) -> dict[str, str]:
    """The rows as the parameter of a statement that reads them with `given`."""
    return {"rows": json.dumps([list(row) for row in rows], default=_in_utc)}


def given(**columns: sa.types.TypeEngine[Any]) -> sa.Subquery:
    """A table of the packed rows, with its columns in the order they were packed in."""
    rows = _Elements(sa.bindparam("rows", type_=TEXT))
    row = rows.table_valued(sa.column("value", sa.JSON())).c.value
    values = (
        sa.cast(row[place].as_string(), kind).label(name)
        for place, (name, kind) in enumerate(columns.items())
    )
    return sa.select(*values).subquery("given")


def table(name: str) -> sa.Table:
    """A table without its model: the ORM would take the packed rows for a row of values."""
    return SQLModel.metadata.tables[name]


@lru_cache(maxsize=1024)
def _in_utc(moment: datetime) -> Any:
    return MOMENT.process_bind_param(moment, _AS_TEXT)


_AS_TEXT = sqlite.dialect()


class _Elements(FunctionElement[Any]):
    """The elements of a JSON list, a row each."""

    inherit_cache = True


@compiles(_Elements, "sqlite")
def _on_sqlite(elements: _Elements, compiler: Any, **more: Any) -> str:
    return f"json_each({compiler.process(elements.clauses, **more)})"


@compiles(_Elements, "postgresql")
def _on_postgresql(elements: _Elements, compiler: Any, **more: Any) -> str:
    return f"jsonb_array_elements(CAST({compiler.process(elements.clauses, **more)} AS JSONB))"
