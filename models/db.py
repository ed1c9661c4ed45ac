"""The database: which one, and how its connections behave. Nothing is connected at import."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import Engine

SQLITE_BUSY_SECONDS = 30


class DatabaseSettings(BaseSettings):
    """ESTAFETTE_DATABASE_URL, or a SQLite file in the folder ESTAFETTE_DATA."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", extra="ignore")

    data: Path = Path(".estafette")
    database_url: str = Field(default="", validate_default=True)

    @property
    def url(self) -> sa.URL:
        if self.database_url:
            return _with_driver(sa.make_url(self.database_url))
        return sa.URL.create("sqlite", database=str(self.data.absolute() / "estafette.db"))


def _with_driver(url: sa.URL) -> sa.URL:
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def engine_for(url: sa.URL | str) -> Engine:
    """An engine whose transactions do what the verbs rely on; connects at first use."""
    url = _with_driver(sa.make_url(url))
    if url.get_backend_name() != "sqlite":
        return sa.create_engine(url, pool_pre_ping=True)
    engine = sa.create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: it would begin them as readers, and a reader
    # that turns writer is refused at once instead of waiting for its turn.
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
        "busy_timeout=30000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: sa.Connection) -> None:
    reads_only = connection.get_execution_options().get("reads_only", False)
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")
