"""The schema and the data every installation starts with."""

from datetime import datetime
from pathlib import Path

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
from models import Decree

MIGRATIONS = Path(__file__).parents[1] / "migrations"


def migrate(engine: Engine, now: datetime, revision: str = "head") -> str:
    """The schema is at `revision`; decreed days and the default policy are loaded.

    Idempotent; returns the revision reached.
    """
    if engine.url.database and engine.dialect.name == "sqlite":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    with engine.begin() as connection:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    with transaction(engine) as session:
        _load_decrees(session, now)
        load_policy(session, shipped("default"), "", now)
    return revision_of(engine) or "none"


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
