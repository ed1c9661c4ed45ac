"""A place to measure runs in: a Prefect server that counts, its database, and rows of ours."""

import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import State
from prefect.settings import (
    PREFECT_API_AUTH_STRING,
    PREFECT_API_URL,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
)
from prefect.settings.context import temporary_settings
from prefect.states import Scheduled
from prefect.workers.process import ProcessWorker
from sqlalchemy.engine import Engine

from bench.clones import engine_of
from bench.counted import CALLS
from bench.processes import ROOT, Program, answers, program
from bench.world import Databases, Heap, databases
from flows.declared import A_CASE, NAME
from flows.deployments import declare
from flows.embedded import settle
from models import Checkpoint, UtcTime, Visit
from tests.postgres import free_port

POOL, PROCESSES = "estafette", "processes"
LOOPBACK = "http://127.0.0.1"
OURS = (
    PREFECT_API_URL,
    PREFECT_API_AUTH_STRING,
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
    PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED,
)


@dataclass(frozen=True, slots=True)
class Place:
    """The server answers, knows our deployments and the bare ones, and holds no run yet."""

    kind: str
    folder: str
    port: int
    server: Program
    prefect: sa.Engine  # its database, beside it
    rows: Engine
    client: SyncPrefectClient

    def calls(self) -> dict[str, int]:
        """What the server was asked since this was last asked, by path."""
        with urllib.request.urlopen(f"{LOOPBACK}:{self.port}{CALLS}", timeout=30) as answer:
            return dict(json.load(answer))

    def ask(self, query: str, **values: Any) -> Any:
        """One value out of Prefect's database."""
        with self.prefect.connect() as connection:
            return connection.execute(sa.text(query), values).scalar()

    def run(
        self, deployment: str, at: datetime, name: str, tags: Sequence[str] = (), **parameters: Any
    ) -> UUID:
        """A new run of "flow/deployment", Scheduled for that moment."""
        found = self.client.read_deployment_by_name(deployment).id
        waits: State[None] = Scheduled(scheduled_time=at)
        made = self.client.create_flow_run_from_deployment(
            found, name=name, tags=tags, parameters=parameters, state=waits
        )
        return made.id

    def move(self, run: UUID, at: datetime) -> None:
        waits: State[None] = Scheduled(scheduled_time=at)
        self.client.set_flow_run_state(run, waits)


@contextmanager
def places(kind: str, cases: int, **env: str) -> Iterator[Place]:
    """A place on this kind of database, with so many quiet cases; gone afterwards. `env` is for
    the server."""
    _find_binaries()
    with ExitStack() as stack:
        base = stack.enter_context(databases(kind))
        rows = stack.enter_context(base.copy(Heap(cases, each=4, due=0)))
        _quiet(rows)
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="estafette-bench-", ignore_cleanup_errors=True)
        )
        database, port = _database(base, folder), free_port()
        words = [word for word in (folder, str(port), _asynchronous(database)) if word]
        server = stack.enter_context(program("bench.counted", *words, **env))
        server.wait_until(lambda: answers(f"{LOOPBACK}:{port}/api/health"))
        stack.enter_context(temporary_settings(_client_settings(folder, port)))
        client = stack.enter_context(get_client(sync_client=True))
        _deploy(client)
        yield Place(kind, folder, port, server, engine_of(database), rows, client)


def _database(base: Databases, folder: str) -> str:
    if base.kind == "sqlite":
        return f"sqlite:///{folder}/prefect/prefect.db"
    address = base.address("postgres")
    admin = engine_of(address).execution_options(isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text("CREATE DATABASE prefect"))
    return base.address("prefect")


def _asynchronous(address: str) -> str:
    is_lite = address.startswith("sqlite")
    return "" if is_lite else address.replace("postgresql://", "postgresql+asyncpg://")


def _client_settings(folder: str, port: int) -> dict[Any, Any]:
    """What a process of ours that speaks to this server has in its environment."""
    before = dict(os.environ)
    try:
        settle(Path(folder), port)
        return {setting: os.environ[setting.name] for setting in OURS if setting.name in os.environ}
    finally:
        os.environ.clear()
        os.environ.update(before)


def _find_binaries() -> None:
    """Prefect wants pg_trgm, which the wheels leave out and Debian does not."""
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        os.environ.setdefault("PG_BINDIR", str(found))


def _quiet(rows: Engine) -> None:
    """Every promise lies beyond the horizon, so that no visit is armed by itself; none is of law,
    or a run in the ordinary queue would be made anew in the other."""
    beyond = sa.literal(datetime.now(UTC) + timedelta(days=500), UtcTime())
    with rows.begin() as connection:
        connection.execute(sa.update(Checkpoint).values(next_at=beyond, statutory=False))
        connection.execute(sa.update(Visit).values(run_id=None, wake_at=beyond, seen_version=1))


def _deploy(client: SyncPrefectClient) -> None:
    declare(client, POOL)
    template = ProcessWorker.get_default_base_job_template()
    client.create_work_pool(
        WorkPoolCreate(name=PROCESSES, type="process", base_job_template=template)
    )
    _deployment(client, "signal", PROCESSES, "flows.stages.signal", A_CASE)
    for pool in (POOL, PROCESSES):
        _deployment(client, "bare", pool, "bench.raw_prefect.bare", None)


def _deployment(
    client: SyncPrefectClient, flow: str, pool: str, entrypoint: str, takes: Any
) -> None:
    client.create_deployment(
        flow_id=client.create_flow_from_name(flow),
        name=pool if flow == "bare" or pool != POOL else NAME,
        entrypoint=entrypoint,
        work_pool_name=pool,
        job_variables={"working_dir": str(ROOT)} if pool == PROCESSES else {},
        parameter_openapi_schema=takes or {"type": "object", "properties": {}},
    )
