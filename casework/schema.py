"""The schema and the data every installation starts with."""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.connect import reading, transaction
from casework.policies import load_policy
from escalation.calendars import known_decrees
from escalation.policy import shipped
from models import Decree, PolicyVersion

MIGRATIONS = Path(__file__).parents[1] / "migrations"
MIGRATING = 20_260_302  # a number nobody else locks


def migrate(engine: Engine, now: datetime, revision: str = "head") -> str:
    """The schema is at `revision`; decreed days and the default policy are loaded.

    Idempotent, also for two processes that start at once; returns the revision reached.
    """
    if engine.url.database and engine.dialect.name == "sqlite":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    with engine.begin() as connection:
        _one_at_a_time(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with transaction(engine) as session:
        _one_at_a_time(session.connection())
        _load_decrees(session, now)
        if (
            session.exec(select(PolicyVersion.id).where(PolicyVersion.municipality == "")).first()
            is None
        ):
            load_policy(session, shipped("default"), "", now)
    return revision_of(engine) or "none"


def _one_at_a_time(connection: sa.Connection) -> None:
    """Two processes that start together take turns; on SQLite every writer does anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))


def revision_of(engine: Engine) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def last_decreed_year(engine: Engine) -> int | None:
    """The last year whose decreed days are loaded; None when none are."""
    with reading(engine) as session:
        return session.exec(select(func.max(Decree.last_year))).one()


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _load_decrees(session: Session, now: datetime) -> None:
    known = set(session.exec(select(col(Decree.day))))
    for row in known_decrees():
        if row.day not in known:
            session.add(
                Decree(
                    day=row.day,
                    first_year=row.first_year,
                    last_year=row.last_year,
                    source=row.source,
                    loaded_at=now,
                )
            )
