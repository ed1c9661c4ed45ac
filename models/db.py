"""The database: which one, and how its connections behave. Nothing is connected at import."""

import sqlite3
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import Engine

SQLITE_BUSY_MILLISECONDS = 30_000
SWITCHING_TURNS = 20


class DatabaseUrlError(ValueError):
    """ESTAFETTE_DATABASE_URL is not an address Estafette can use. Never shows the address: it may
    hold a password."""

    def __init__(self) -> None:
        super().__init__(
            "ESTAFETTE_DATABASE_URL is not an address Estafette can use; "
            "give sqlite:////FOLDER/FILE or postgresql://USER:PASSWORD@HOST/NAME"
        )


class DatabaseSettings(BaseSettings):
    """ESTAFETTE_DATABASE_URL, or a SQLite file in the folder ESTAFETTE_DATA."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", extra="ignore")

    data: Path = Path(".estafette")
    database_url: str = Field(default="", validate_default=True)

    @property
    def url(self) -> sa.URL:
        if self.database_url:
            return usable(self.database_url)
        return sa.URL.create("sqlite", database=str(self.data.absolute() / "estafette.db"))


def usable(given: sa.URL | str) -> sa.URL:
    """The address with the driver we come with. Raises DatabaseUrlError."""
    try:
        url = sa.make_url(given)
    except sa.exc.ArgumentError:
        raise DatabaseUrlError from None
    if url.get_backend_name() not in {"sqlite", "postgresql"}:
        raise DatabaseUrlError
    return url.set(drivername="postgresql+psycopg") if url.drivername == "postgresql" else url


def engine_for(url: sa.URL | str) -> Engine:
    """An engine whose transactions do what the verbs rely on; connects at first use.

    With the execution option `migrates` a transaction on SQLite may leave foreign keys behind that
    point nowhere; whoever uses it looks for those before the end.
    """
    url = usable(url)
    if url.get_backend_name() != "sqlite":
        engine = sa.create_engine(url, pool_pre_ping=True, hide_parameters=True)
        sa.event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = sa.create_engine(url, connect_args={"timeout": 0}, hide_parameters=True)
    sa.event.listen(engine, "connect", _prepare_sqlite)
    sa.event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    from models.postgresql import AnyMoment  # whoever has SQLite need not wait for its driver

    connection.adapters.register_loader("timestamptz", AnyMoment)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver must not open transactions by itself: it would begin them as readers, and a reader
    # that turns writer is refused at once instead of waiting for its turn.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout={SQLITE_BUSY_MILLISECONDS}",  # first: what follows may have to wait
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")
    _write_ahead(connection)


def _write_ahead(connection: sqlite3.Connection) -> None:
    # Of two connections that switch a new file at once, SQLite refuses one without letting it wait.
    # Taking a turn as writer does wait, and after it the other has switched.
    for _ in range(SWITCHING_TURNS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        else:
            return
    connection.execute("PRAGMA journal_mode=WAL")


def _begin_immediate(connection: sa.Connection) -> None:
    options = connection.get_execution_options()
    # A table that is made anew is dropped first, which rows that refer to it would forbid.
    held = "OFF" if options.get("migrates") else "ON"
    connection.exec_driver_sql(f"PRAGMA foreign_keys={held}")
    connection.exec_driver_sql("BEGIN" if options.get("reads_only") else "BEGIN IMMEDIATE")
