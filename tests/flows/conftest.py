"""A real Prefect server for the session, started as the embedded default starts it.

Prefect reads its settings at import, so they are set here, before any test module imports it.
"""

import atexit
import gc
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import Engine

from flows import bells
from flows.embedded import settle
from flows.settings import FlowSettings, engine
from flows.window import reachable
from tests.builders import a_town
from tests.postgres import free_port

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from tests.flows.working import Workers

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90
HOME, PORT = Path(tempfile.mkdtemp(prefix="estafette-flows-")), free_port()
settle(HOME, PORT)
# What crashes in one test must start no run in another. How they fire: test_automations.py.
NO_AUTOMATIONS = {"PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false"}
atexit.register(shutil.rmtree, HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The data folder of a running server; when its parent lets go of the leash it is gone."""
    command = [sys.executable, "-m", "flows.server", "--data", str(HOME), "--port", str(PORT)]
    with (HOME / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--leash"], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT,
            env=os.environ | NO_AUTOMATIONS,
        )  # fmt: skip
    try:
        deadline = time.monotonic() + READY_SECONDS
        while not reachable():
            assert process.poll() is None, (HOME / "server.log").read_text()
            assert time.monotonic() < deadline, "Prefect did not start"
            time.sleep(0.1)
        yield HOME
        process.stdin.close()
        assert process.wait(60) is not None, "no orphan stays when the parent is gone"
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def workers(server: Path) -> Iterator["Workers"]:
    """Two of our workers, which enter visits when a test says so."""
    from prefect.client.orchestration import get_client
    from prefect.events.worker import EventsWorker

    from flows.deployments import declare
    from tests.flows.working import Workers

    with get_client(sync_client=True) as client:
        declare(client, FlowSettings().work_pool)
    with Workers() as both:
        yield both
    # Prefect leaves its connections for events to the end of the process; tests end before that.
    EventsWorker.drain_all(timeout=10, at_exit=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture
def house(
    sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """An own database for one test, which the flows use too; a town's people are in it."""
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    engine.cache_clear()
    a_town(sqlite_engine)
    yield sqlite_engine
    engine().dispose()
    engine.cache_clear()


@pytest.fixture
def prefect(workers: "Workers", house: Engine) -> Iterator["SyncPrefectClient"]:
    """A client of the server, which holds no runs of another test."""
    from prefect.client.orchestration import get_client

    with get_client(sync_client=True) as client:
        yield client
        for run in client.read_flow_runs():
            client.delete_flow_run(run.id)


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    bells.STOPPING.clear()
    yield
    bells.STOPPING.clear()
