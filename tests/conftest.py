"""Shared by all tests: a real SQLite file and a real PostgreSQL, both built by the migrations."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.connect import connect
from casework.schema import migrate
from tests.builders import NOW
from tests.postgres import postgres

# Nothing a developer has set for a real installation may reach the tests.
for name in [name for name in os.environ if name.startswith(("ESTAFETTE_", "PREFECT_"))]:
    del os.environ[name]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server for this session, with a migrated database to copy from."""
    with postgres() as url:
        admin = sa.create_engine(_psycopg(url), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text("CREATE DATABASE template"))
        template = connect(url.replace("/postgres", "/template"))
        migrate(template, NOW)
        template.dispose()
        admin.dispose()
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    file = tmp_path_factory.mktemp("template") / "estafette.db"
    engine = connect(f"sqlite:///{file}")
    migrate(engine, NOW)
    engine.dispose()  # the last connection to close folds the write-ahead log into the file
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty, migrated database of its own for each test, on both databases."""
    yield from _database(request, tmp_path, request.param)


@pytest.fixture
def sqlite_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The same on SQLite alone, for what does not depend on the database."""
    yield from _database(request, tmp_path, "sqlite")


def _database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[Engine]:
    if kind == "sqlite":
        file = tmp_path / "estafette.db"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        made = connect(f"sqlite:///{file}")
    else:
        made = connect(copy_of_template(request.getfixturevalue("postgres_url")))
    yield made
    made.dispose()


def copy_of_template(url: str) -> str:
    """A new database on the session's server, copied from the migrated one."""
    name = f"t{next(_numbers)}"
    admin = sa.create_engine(_psycopg(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE template"))
    admin.dispose()
    return url.replace("/postgres", f"/{name}")


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


_numbers = iter(range(1, 1_000_000))
