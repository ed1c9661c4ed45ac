"""A real Prefect server for the session, started as the embedded default starts it."""

import gc
import os
import shutil
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.engine import Engine

from flows import bells
from flows.clock import now
from flows.settings import FlowSettings, engine
from flows.window import reachable
from tests.builders import a_case, a_town
from tests.prefect_home import HOME, PORT

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from tests.flows.working import Workers

ROOT = Path(__file__).parents[2]
READY_SECONDS = 90
# What crashes in one test starts no run in another, and none comes by itself beside those a test
# made. How automations fire: test_automations_fire.py.
CALM = {
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_SCHEDULER_ENABLED": "false",
}


@pytest.fixture(scope="session")
def server() -> Iterator[Path]:
    """The data folder of a running server; when its parent lets go of the leash it is gone."""
    command = [sys.executable, "-m", "flows.server", "--data", str(HOME), "--port", str(PORT)]
    with (HOME / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--leash"], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT,
            env=os.environ | CALM,
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


@pytest.fixture
def waiting(house: Engine, prefect: "SyncPrefectClient", workers: "Workers") -> str:
    """A case whose visit was entered and waits."""
    from tests.flows.working import arm

    key = a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    return key


@pytest.fixture(autouse=True)
def not_stopping() -> Iterator[None]:
    bells.STOPPING.clear()
    yield
    bells.STOPPING.clear()
