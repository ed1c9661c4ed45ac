"""Shared by all tests: a real SQLite file and a real PostgreSQL, both built by the migrations."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.connect import connect
from casework.schema import migrate
from tests.builders import NOW
from tests.postgres import postgres

Build = Callable[[Engine], Any]

# Nothing a developer has set for a real installation may reach the tests.
for name in [name for name in os.environ if name.startswith(("ESTAFETTE_", "PREFECT_"))]:
    del os.environ[name]

from tests import prefect_home  # noqa: E402, F401  before anything imports Prefect


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


SaidBy = Callable[[logging.Logger], list[logging.LogRecord]]


@pytest.fixture
def said_by(caplog: pytest.LogCaptureFixture) -> SaidBy:
    """What one logger said: a thread that outlives the test before it may say something too."""
    return lambda log: [record for record in caplog.records if record.name == log.name]


class Worlds:
    """Databases in which something was built once, for each test that begins there.

    Cheaper than building it again: a copy is one file, or one CREATE DATABASE.
    """

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request, self._folder = request, folder
        self._built: dict[tuple[str, Build], str] = {}
        self._engine: Engine | None = None
        self._stage: Stage | None = None

    def copy(self, kind: str, build: Build, into: Path) -> Engine:
        """An engine on a database of its own, in which `build` was run."""
        template = self._template(kind, build)
        if kind == "sqlite":
            file = into / "estafette.db"
            file.write_bytes(Path(template).read_bytes())
            return connect(f"sqlite:///{file}")
        return connect(copy_of_template(self._request.getfixturevalue("postgres_url"), template))

    def begin(self, kind: str, build: Build) -> Engine:
        """The same on one engine for all tests: no statement is compiled twice and PostgreSQL
        makes no new database. What the test before left there is gone."""
        if kind == "postgresql":
            self._stage = self._stage or Stage(self._request.getfixturevalue("postgres_url"))
            self._stage.set(build)
            return self._stage.engine
        template = Path(self._template(kind, build))
        now = self._folder / "now.db"
        self._engine = self._engine or connect(f"sqlite:///{now}")
        self._engine.dispose()
        for file in self._folder.glob("now.db*"):
            file.unlink()
        now.write_bytes(template.read_bytes())
        return self._engine

    def close(self) -> None:
        for engine in (self._engine, self._stage and self._stage.engine):
            if engine is not None:
                engine.dispose()

    def _template(self, kind: str, build: Build) -> str:
        if (kind, build) not in self._built:
            self._built[kind, build] = self._build(kind, build)
        return self._built[kind, build]

    def _build(self, kind: str, build: Build) -> str:
        if kind == "sqlite":
            (self._folder / "templates").mkdir(exist_ok=True)
            name = str(self._folder / "templates" / f"{build.__name__}.db")
            empty = self._request.getfixturevalue("sqlite_template").read_bytes()
            Path(name).write_bytes(empty)
            engine = connect(f"sqlite:///{name}")
        else:
            engine = connect(copy_of_template(self._request.getfixturevalue("postgres_url")))
            name = str(engine.url.database)
        build(engine)
        engine.dispose()  # PostgreSQL copies only what nobody is connected to
        return name


class Stage:
    """One PostgreSQL database whose rows are set back to a beginning, kept in a schema of its own.

    Setting back is what no verb can do: it passes by the triggers that keep history.
    """

    def __init__(self, url: str) -> None:
        self.engine = connect(copy_of_template(url))
        with self.engine.begin() as connection:
            tables = sa.inspect(connection).get_table_names()
            self._tables = [name for name in tables if name != "alembic_version"]
            sequence = sa.text("SELECT pg_get_serial_sequence(:table, 'id')")
            self._counted = {
                name: connection.execute(sequence, {"table": name}).scalar_one()
                for name in self._tables
                if any(c["name"] == "id" for c in sa.inspect(connection).get_columns(name))
            }
        self._kept: dict[Build | None, str] = {}
        self._keep(None)

    def set(self, build: Build) -> None:
        """The rows are as they were when `build` had just been run."""
        if build in self._kept:
            self._back_to(self._kept[build])
        else:
            self._back_to(self._kept[None])
            build(self.engine)
            self._keep(build)

    def _keep(self, build: Build | None) -> None:
        schema = f"kept_{len(self._kept)}"
        copies = [f"CREATE TABLE {schema}.{t} AS TABLE public.{t}" for t in self._tables]
        self._run([f"CREATE SCHEMA {schema}", *copies])
        self._kept[build] = schema

    def _back_to(self, schema: str) -> None:
        self._run([
            "SET LOCAL session_replication_role = replica",
            *(f"DELETE FROM public.{t}" for t in self._tables),
            *(f"INSERT INTO public.{t} SELECT * FROM {schema}.{t}" for t in self._tables),
            *(f"SELECT setval('{s}', (SELECT coalesce(max(id), 0) + 1 FROM public.{t}), false)"
              for t, s in self._counted.items() if s),
            *(f"ALTER TABLE public.{t} ENABLE TRIGGER USER" for t in self._disarmed()),
        ])  # fmt: skip

    def _disarmed(self) -> list[str]:
        """Tables whose triggers a test took away to plant a fault."""
        query = "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgenabled <> 'O'"
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query)).scalars())

    def _run(self, statements: list[str]) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql("; ".join(statements))


@pytest.fixture(scope="session")
def worlds(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Worlds]:
    made = Worlds(request, tmp_path_factory.mktemp("worlds"))
    yield made
    made.close()


def _database(request: pytest.FixtureRequest, tmp_path: Path, kind: str) -> Iterator[Engine]:
    if kind == "sqlite":
        file = tmp_path / "estafette.db"
        file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
        made = connect(f"sqlite:///{file}")
    else:
        made = connect(copy_of_template(request.getfixturevalue("postgres_url")))
    yield made
    made.dispose()


def copy_of_template(url: str, template: str = "template") -> str:
    """A new database on the session's server, copied from the migrated one or another."""
    name = f"t{next(_numbers)}"
    admin = sa.create_engine(_psycopg(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    admin.dispose()
    return url.replace("/postgres", f"/{name}")


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


_numbers = iter(range(1, 1_000_000))
