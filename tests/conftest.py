"""Shared by all tests: a real SQLite file and a real PostgreSQL, both built by the migrations."""

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


class Worlds:
    """Databases in which something was built once, to copy from for each test that begins there.

    Cheaper than building it again: a copy is one file, or one CREATE DATABASE.
    """

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request, self._folder = request, folder
        self._built: dict[tuple[str, Callable[[Engine], Any]], str] = {}
        self._engines: dict[str, Engine] = {}
        self._database = ""

    def copy(self, kind: str, build: Callable[[Engine], Any], into: Path) -> Engine:
        """An engine on a database of its own, in which `build` was run."""
        template = self._template(kind, build)
        if kind == "sqlite":
            file = into / "estafette.db"
            file.write_bytes(Path(template).read_bytes())
            return connect(f"sqlite:///{file}")
        return connect(copy_of_template(self._request.getfixturevalue("postgres_url"), template))

    def begin(self, kind: str, build: Callable[[Engine], Any]) -> Engine:
        """The same on one engine for all tests, so that no statement is compiled twice: half the
        time of a short test. The database of the test before is gone."""
        template = self._template(kind, build)
        if kind not in self._engines:
            self._engines[kind] = self._engine(kind)
        engine = self._engines[kind]
        engine.dispose()
        if kind == "sqlite":
            for file in self._folder.glob("now.db*"):
                file.unlink()
            (self._folder / "now.db").write_bytes(Path(template).read_bytes())
        else:
            url = self._request.getfixturevalue("postgres_url")
            drop(url, self._database)
            self._database = copy_of_template(url, template).rpartition("/")[2]
        return engine

    def _engine(self, kind: str) -> Engine:
        if kind == "sqlite":
            return connect(f"sqlite:///{self._folder / 'now.db'}")
        engine = connect(self._request.getfixturevalue("postgres_url"))
        sa.event.listen(engine, "do_connect", self._to_the_newest)
        return engine

    def _to_the_newest(self, _dialect: Any, _record: Any, _words: Any, named: Any) -> None:
        named["dbname"] = self._database

    def _template(self, kind: str, build: Callable[[Engine], Any]) -> str:
        if (kind, build) not in self._built:
            self._built[kind, build] = self._build(kind, build)
        return self._built[kind, build]

    def _build(self, kind: str, build: Callable[[Engine], Any]) -> str:
        if kind == "sqlite":
            name = str(self._folder / f"{build.__name__}.db")
            empty = self._request.getfixturevalue("sqlite_template").read_bytes()
            Path(name).write_bytes(empty)
            engine = connect(f"sqlite:///{name}")
        else:
            engine = connect(copy_of_template(self._request.getfixturevalue("postgres_url")))
            name = str(engine.url.database)
        build(engine)
        engine.dispose()  # PostgreSQL copies only what nobody is connected to
        return name


@pytest.fixture(scope="session")
def worlds(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Worlds:
    return Worlds(request, tmp_path_factory.mktemp("worlds"))


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


def drop(url: str, name: str) -> None:
    """The database is gone, whoever was still connected; nothing for an empty name."""
    if name:
        admin = sa.create_engine(_psycopg(url), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://")


_numbers = iter(range(1, 1_000_000))
