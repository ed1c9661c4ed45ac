"""Runs migrations on the connection it is given, or on the configured database."""

from typing import Any

import sqlalchemy as sa
from alembic import context
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString

import models
from models.db import DatabaseSettings, engine_for

assert models  # defines the tables


def render_item(kind: str, item: Any, _context: Any) -> str | bool:
    """Keeps migrations free of imports from the application."""
    if kind == "type" and isinstance(item, models.UtcTime):
        return 'sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")'
    if kind == "type" and isinstance(item, AutoString):
        length = item.impl.length  # type: ignore[attr-defined]
        return f"sa.String(length={length})" if length else "sa.String()"
    return False


def run(connection: sa.Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_item=render_item,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()
    if connection.dialect.name == "sqlite":
        lost = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if lost:
            raise RuntimeError(f"after migrating, rows point nowhere: {lost[:3]}; nothing is kept")


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    with engine_for(DatabaseSettings().url).execution_options(migrates=True).begin() as own:
        run(own)
