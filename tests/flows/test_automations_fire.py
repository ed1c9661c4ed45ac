"""On a server of its own, with Prefect's events at work: the automations alone tell operations.

The worker here only enters runs: no watch is beside it, so nobody looks for troubles by himself.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL
from prefect.settings.context import temporary_settings
from prefect.states import Crashed, Failed, Running, Scheduled

from escalation.troubles import REALLY_LATE, RUNS_CRASHED, RUNS_FAILED, RUNS_LATE
from flows.automations import DECLARED
from flows.clock import now
from flows.credential import ASKED, GIVEN
from flows.troubles import OWN, tell_of_runs
from flows.window import reachable
from tests.builders import a_contact
from tests.flows.conftest import READY_SECONDS, ROOT
from tests.flows.test_troubles import a_run, told
from tests.flows.working import POOL
from tests.postgres import free_port

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(300),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
DONE = StateType.COMPLETED
WORDS = "estafette:of-this-test-alone"
ENTERS_ONLY = """
import asyncio
from pathlib import Path
from flows.embedded import settle
settle(Path({data!r}), {port})
from flows.lookout import Lookout
from flows.settings import FlowSettings
from flows.worker import _serve
asyncio.run(_serve(FlowSettings(), Lookout()))
"""


@pytest.fixture
def port(house, tmp_path: Path, monkeypatch) -> Iterator[int]:
    """Of a server and a worker of their own, which use this test's database."""
    port = free_port()
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for name in (ASKED, GIVEN):
        monkeypatch.setenv(name, WORDS)
    # Late is marked within seconds, once a run is as late as ever.
    monkeypatch.setenv("PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS", "2")
    place = ["--data", str(tmp_path), "--port", str(port)]
    with _process(tmp_path, "-m", "flows.server", *place):
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{port}/api")
        assert eventually(reachable, READY_SECONDS)
        with _process(tmp_path, "-c", ENTERS_ONLY.format(data=str(tmp_path), port=port)):
            yield port


@pytest.fixture
def client(port: int) -> Iterator[SyncPrefectClient]:
    here = {PREFECT_API_URL: f"http://127.0.0.1:{port}/api", PREFECT_API_AUTH_STRING: WORDS}
    with temporary_settings(here), get_client(sync_client=True) as made:
        yield made


@contextmanager
def _process(data: Path, *command: str) -> Iterator[None]:
    with (data / "process.log").open("ab") as log:
        process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log, cwd=ROOT)
        try:
            yield
        finally:
            process.kill()
            process.wait()


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.3)
    return True


def reports(client: SyncPrefectClient) -> dict[str, FlowRun]:
    """The runs that automations started and that are done, by the kind of trouble."""
    found = client.read_flow_runs(limit=200)
    done = [one for one in found if one.name.startswith("storing · ") and one.state_type == DONE]
    by_kind = {one.parameters["kind"]: one for one in done}
    assert len(by_kind) == len(done), "a storm is one report"
    return by_kind


def test_each_kind_is_told_once_by_the_automations_alone_and_not_again_by_the_look(
    house, client, tmp_path
):
    a_contact(house, "ops", "operations")
    assert eventually(lambda: len(client.read_automations()) == len(DECLARED), 60)
    # Its own runs first: were they watched, the first event would be theirs.
    for end in (Crashed(), Failed()):
        a_run(client, OWN, Running(), end)
    crashed = [a_run(client, "warning", Running(), Crashed()) for _ in range(5)]
    failed = a_run(client, "watch", Running(), Failed())
    two, log = {RUNS_CRASHED, RUNS_FAILED}, tmp_path / "process.log"
    assert eventually(lambda: reports(client).keys() == two, 120), log.read_text()
    assert told(house) == [(RUNS_CRASHED, 5, "ops"), (RUNS_FAILED, 1, "ops")]
    late = a_run_nobody_takes(client)
    assert eventually(lambda: reports(client).keys() == two | {RUNS_LATE}, 60), log.read_text()
    assert client.read_flow_run(late).state_name == "Late"
    assert told(house)[2:] == [(RUNS_LATE, 1, "ops")]
    brought = {kind: (run.parameters["run"], run.parameters["of"])
               for kind, run in reports(client).items()}  # fmt: skip
    assert brought == {
        RUNS_CRASHED: (str(crashed[0].id), "warning"),
        RUNS_FAILED: (str(failed.id), "watch"),
        RUNS_LATE: (str(late), "deliver"),
    }
    assert tell_of_runs(house, now()) == 0
    assert len(told(house)) == 3


def a_run_nobody_takes(client: SyncPrefectClient) -> UUID:
    """It should have begun long ago, in a queue that stands still."""
    client.create_work_queue(name="stil", work_pool_name=POOL, concurrency_limit=0)
    return client.create_flow_run_from_deployment(
        client.read_deployment_by_name("deliver/estafette").id,
        state=Scheduled(scheduled_time=now() - REALLY_LATE - timedelta(minutes=1)),
        work_queue_name="stil",
    ).id
