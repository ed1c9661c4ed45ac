"""Looking past the verbs: at the rows, at two callers at once, at a verb that has to wait."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel

import models
from casework.alert_views import alert_list
from casework.policies import load_policy
from casework.promises import raise_due
from casework.views import PromiseView, case_view
from tests.builders import NOW

assert models  # defines the tables
T = SQLModel.metadata.tables
DAY = timedelta(days=1)


def rows(engine: Engine, table: str, where: str = "1 = 1") -> list[dict[str, Any]]:
    with engine.connect() as connection:
        query = sa.select(T[table]).where(sa.text(where)).order_by(*T[table].primary_key)
        return [dict(row) for row in connection.execute(query).mappings()]


def everything(engine: Engine) -> dict[str, list[Any]]:
    """All there is, to show that a refusal changed nothing."""
    with engine.connect() as connection:
        return {
            name: list(connection.execute(sa.select(t).order_by(*t.primary_key)).all())
            for name, t in T.items()
        }


def behind_the_back(engine: Engine, sql: str, *without: str) -> None:
    """Runs SQL no verb would run, after taking away these triggers ("journal", "assignments")."""
    with engine.begin() as connection:
        for table in without:
            _drop_triggers(connection, table)
        connection.execute(sa.text(sql))


def without_keys(engine: Engine, sql: str, *without: str) -> None:
    """The same where foreign keys are not looked at either, as in a shell on SQLite."""
    with engine.execution_options(migrates=True).begin() as connection:
        for table in without:
            _drop_triggers(connection, table)
        if connection.dialect.name == "postgresql":
            connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        connection.execute(sa.text(sql))


def _drop_triggers(connection: sa.Connection, table: str) -> None:
    if connection.dialect.name == "sqlite":
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :t"
        for (name,) in connection.execute(sa.text(query), {"t": table}).all():
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def promises(engine: Engine, case: str, state: str = "open") -> dict[str, PromiseView]:
    """A case's promises in this state, by key; the newest of each."""
    found = sorted(case_view(engine, case, NOW).promises, key=lambda p: p.id)
    return {p.key: p for p in found if p.state == state}


def kinds(engine: Engine, case: str) -> list[str]:
    """What the journal says happened, oldest first."""
    return [line.what for line in case_view(engine, case, NOW).journal]


def raise_all(engine: Engine, now: datetime) -> int:
    total = 0
    while raised := raise_due(engine, now):
        total += raised
    return total


def told(engine: Engine, case: str) -> list[tuple[str, str]]:
    """Who was told what about a case, oldest first: ("director", "due")."""
    return [(a.recipient, a.lead) for a in reversed(alert_list(engine, case_key=case))]


def a_policy(engine: Engine, text: str, municipality: str = "", now: datetime = NOW) -> None:
    from casework.connect import transaction

    with transaction(engine) as session:
        load_policy(session, text, municipality, now)


# --- two at once ---------------------------------------------------------------------------------


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """What each call answers, or the error it raises, when all start at the same instant."""
    ready = threading.Barrier(len(calls))

    def start(call: Callable[[], Any]) -> Any:
        ready.wait(10)
        try:
            return call()
        except Exception as error:
            return error

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(start, calls))


@contextmanager
def held(engine: Engine, *sqls: str):
    """Another transaction has done this and not yet said so. Yields a way to start a call that
    has to wait for it; on leaving, the other transaction is over."""
    with ThreadPoolExecutor(1) as thread, engine.begin() as other:
        for sql in sqls:
            other.execute(sa.text(sql))

        def start(call: Callable[[], Any]) -> Future[Any]:
            waiting = thread.submit(call)
            _until_it_waits(engine, waiting)
            return waiting

        yield start


def _until_it_waits(engine: Engine, call: Future[Any]) -> None:
    if engine.dialect.name == "sqlite":
        return  # it has to wait before its first word; there is nothing to see in between
    deadline = time.monotonic() + 20
    query = sa.text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as looking:
        while not looking.execute(query).scalar_one() and not call.done():
            assert time.monotonic() < deadline, "the call neither waits nor ends"
