"""Databases to measure on, and cases in bulk: copies of one real case, so that every rule holds."""

import shutil
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel, col

from casework import journal
from casework.connect import connect
from casework.schema import migrate
from models import Assignment, Case, Checkpoint, JournalEntry, Visit
from tests.builders import NOW, a_case, a_contact, a_town
from tests.postgres import FAST, postgres

DUE = datetime(2026, 6, 1, 7, 0, tzinfo=UTC)  # a Monday, 9:00 in Amsterdam: when rungs ring
LATER = DUE + timedelta(days=365)  # nothing is silent yet: that is another question
DURABLE = ("max_connections=200",)  # everything else as PostgreSQL comes: fsync, full page writes
KINDS = ("sqlite", "postgresql", "postgresql, no fsync")
DIRECTORS = 20
FIRST = 1000  # the number of the first copied row


@dataclass(frozen=True, slots=True)
class Heap:
    """`cases` open cases with `each` open promises, of which `due` (else all) ring by DUE.

    All at DUE itself, or spread over the `days` up to it, as after an outage.
    """

    cases: int
    each: int = 1
    due: int | None = None
    days: int = 1

    @property
    def promises(self) -> int:
        return self.cases * self.each


class Databases:
    """Migrated databases filled once per heap, and handed out as copies."""

    def __init__(self, kind: str, folder: Path, url: str) -> None:
        self.kind, self._folder, self._url = kind, folder, url
        self._filled: dict[Heap, str] = {}
        self._made = 0

    @contextmanager
    def copy(self, heap: Heap) -> Iterator[Engine]:
        """A database of its own with this heap, gone afterwards."""
        if heap not in self._filled:
            self._filled[heap] = self._fill(heap)
        name = self._copy(self._filled[heap])
        engine = connect(self.address(name))
        try:
            yield engine
        finally:
            engine.dispose()
            self._drop(name)

    def address(self, name: str) -> str:
        if self.kind == "sqlite":
            return f"sqlite:///{self._folder}/{name}"
        return self._url.replace("/postgres", f"/{name}")

    def _fill(self, heap: Heap) -> str:
        name = self._name()
        if self.kind != "sqlite":
            self._admin(f"CREATE DATABASE {name}")
        engine = connect(self.address(name))
        migrate(engine, NOW)
        fill(engine, heap)
        engine.dispose()
        return name

    def _copy(self, source: str) -> str:
        name = self._name()
        if self.kind == "sqlite":
            shutil.copyfile(self._folder / source, self._folder / name)
        else:
            self._admin(f"CREATE DATABASE {name} TEMPLATE {source}")
            self._admin("CHECKPOINT")  # writing the copy to disk is not what we measure
        return name

    def _drop(self, name: str) -> None:
        if self.kind == "sqlite":
            for file in self._folder.glob(f"{name}*"):
                file.unlink()
        else:
            self._admin(f"DROP DATABASE {name} WITH (FORCE)")

    def _name(self) -> str:
        self._made += 1
        return f"bench{self._made}"

    def _admin(self, statement: str) -> None:
        engine = sa.create_engine(
            connect(self._url).url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        )
        with engine.connect() as connection:
            connection.execute(sa.text(statement))


@contextmanager
def databases(kind: str) -> Iterator[Databases]:
    """A place for databases of this kind: a folder, or a server of our own."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="estafette-bench-"))
        settings = DURABLE if kind == "postgresql" else FAST
        url = "" if kind == "sqlite" else stack.enter_context(postgres(settings))
        yield Databases(kind, Path(folder), url)


def fill(engine: Engine, heap: Heap) -> None:
    """The heap is there, made of copies of a case that came in as a signal."""
    a_town(engine)
    for number in range(DIRECTORS):
        a_contact(engine, f"director-{number}", "case_director", deputy="deputy")
    a_case(engine)
    with engine.begin() as connection:
        _fill(connection, heap)
        connection.execute(sa.delete(Checkpoint).where(col(Checkpoint.case_id) < FIRST))
        connection.execute(sa.update(Case).values(silent_at=LATER))
        if engine.dialect.name == "postgresql":
            _move_sequences(connection)
    if engine.dialect.name == "postgresql":
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM ANALYZE"))  # as autovacuum does within minutes


def copies_of_one(
    connection: sa.Connection, model: type[SQLModel], changes: Iterable[dict[str, Any]]
) -> None:
    """Rows like one that is there, each with its changes."""
    table = SQLModel.metadata.tables[str(model.__tablename__)]
    pattern = dict(connection.execute(sa.select(table).limit(1)).mappings().one())
    connection.execute(sa.insert(table), [pattern | change for change in changes])


def _fill(connection: sa.Connection, heap: Heap) -> None:
    cases = range(FIRST, FIRST + heap.cases)
    directors = sa.text("SELECT id FROM contacts WHERE key LIKE 'director-%' ORDER BY id")
    holders = connection.execute(directors).scalars().all()
    holds = {n: uuid.uuid4() for n in cases}
    # fmt: off
    copies_of_one(connection, Case, (
        {"id": n, "key": f"2026-{n:06}", "address_key": f"voorbeeldstraat {n}",
         "director_id": holds[n]} for n in cases))
    copies_of_one(connection, Assignment, (
        {"id": holds[n], "case_id": n, "contact_id": holders[n % DIRECTORS]} for n in cases))
    copies_of_one(connection, Visit, ({"id": n, "case_id": n} for n in cases))
    copies_of_one(connection, JournalEntry, (
        {"id": n, **journal.line(n, 1, journal.BEGIN, NOW, journal.SYSTEM, "opened", {})}
        for n in cases))
    # fmt: on
    copies_of_one(connection, Checkpoint, _promises(heap))


def _promises(heap: Heap) -> Iterator[dict[str, Any]]:
    """Every fifth is a statutory one, as on the path; those not due ring over the next 200 days."""
    day_ends = datetime.combine(DUE.date(), time(22, 0), tzinfo=UTC)
    due = heap.promises if heap.due is None else heap.due
    for n in range(heap.promises):
        # Spread over the table like everything else: a promise that is due is not a new one.
        rings_now = n * due // heap.promises < (n + 1) * due // heap.promises
        wait = timedelta(days=-(n % heap.days) if rings_now else 1 + n % 200)
        case = FIRST + n % heap.cases
        yield {
            "id": FIRST + n, "case_id": case, "visit_id": case, "origin": f"visit:{case}:{n}",
            "statutory": n % 5 == 0, "due_on": DUE.date() + wait, "due_at": day_ends + wait,
            "rung": None, "next_rung": 0, "next_at": DUE + wait,
        }  # fmt: skip


def _move_sequences(connection: sa.Connection) -> None:
    for table in ("cases", "visits", "journal", "checkpoints"):
        connection.execute(sa.text(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        ))  # fmt: skip
