"""The schema and the data every installation starts with.

NewerSchema (RuntimeError)   a newer version of Estafette migrated this database
"""

from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import administered, record
from casework.connect import transaction
from casework.decrees import load_shipped_decrees
from casework.journal import SYSTEM
from casework.policies import load_policy, record_policy
from escalation.policy import shipped
from models import PolicyVersion

MIGRATIONS = Path(__file__).parents[1] / "migrations"
MIGRATING = 20_260_302  # a number nobody else locks


class NewerSchema(RuntimeError):
    """The database is at a revision this version has never heard of."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"the database is at {revision}, which is newer than this version of Estafette knows; "
            "nothing was changed. Bring this machine to the version that migrated it"
        )


def migrate(engine: Engine, now: datetime, revision: str = "head") -> str:
    """The schema is at `revision`; decreed days and the default policy are loaded and on record,
    and so is an upgrade of a schema that was there.

    Idempotent, also for two processes that start at once; returns the revision reached. Raises
    NewerSchema; what runs already on this version may go on meanwhile (migrations/README.md).
    """
    if engine.url.database and engine.dialect.name == "sqlite":
        Path(engine.url.database).parent.mkdir(parents=True, exist_ok=True)
    with engine.execution_options(migrates=True).begin() as connection:
        _one_at_a_time(connection)
        before = _revision(connection)
        if before is not None and not is_known(before):
            raise NewerSchema(before)
        config = _config()
        config.attributes |= {"connection": connection, "now": now}
        command.upgrade(config, revision)
        after = _revision(connection)
    with transaction(engine) as session:
        _one_at_a_time(session.connection())
        begun = not administered(session)
        load_shipped_decrees(session, now, record_anyhow=begun)
        _load_default_policy(session, now, record_anyhow=begun)
        if before not in (None, after):
            record(session, now, SYSTEM, "schema_upgraded", **{"from": before, "to": after})
    return revision_of(engine) or "none"


def _one_at_a_time(connection: sa.Connection) -> None:
    """Two processes that start together take turns; on SQLite every writer does anyhow."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATING)))


def revision_of(engine: Engine) -> str | None:
    """The revision the database is at; None when it was never migrated."""
    with engine.connect() as connection:
        return _revision(connection)


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def is_known(revision: str) -> bool:
    """Whether this version has the migration that leads to it."""
    known = ScriptDirectory.from_config(_config()).walk_revisions()
    return revision in {script.revision for script in known}


def is_behind(engine: Engine) -> bool:
    """Whether this version has a migration that the database lacks; a newer schema lacks none."""
    at = revision_of(engine)
    return at is None or (is_known(at) and at != newest_revision())


def newest_revision() -> str | None:
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def _load_default_policy(session: Session, now: datetime, *, record_anyhow: bool) -> None:
    serves_all = select(PolicyVersion).where(PolicyVersion.municipality == "")
    row = session.exec(serves_all.order_by(col(PolicyVersion.id).desc())).first()
    if row is None or record_anyhow:
        row = row or load_policy(session, shipped("default"), "", now)
        record_policy(session, row, SYSTEM, now)
