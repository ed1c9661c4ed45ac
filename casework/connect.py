"""The database connection and the one transaction each verb runs in."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import Engine
from sqlmodel import Session

from models.db import DatabaseSettings, engine_for


def connect(url: str | None = None) -> Engine:
    """An engine for `url`, else for ESTAFETTE_DATABASE_URL, else the SQLite file in
    ESTAFETTE_DATA. Connects at first use."""
    return engine_for(url or DatabaseSettings().url)


@contextmanager
def transaction(engine: Engine) -> Iterator[Session]:
    """All of the block or nothing of it. On SQLite writers wait for each other here."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A look that changes nothing and waits for nobody."""
    with Session(engine.execution_options(reads_only=True)) as session:
        yield session
