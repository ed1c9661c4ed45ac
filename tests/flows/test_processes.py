"""The worker process: what it leaves behind when it is killed, its successor tidies up."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from prefect.client.schemas.objects import StateType

from casework.alert_views import alert_list
from flows.clock import now
from flows.declared import IN_PROCESS
from tests.builders import a_case
from tests.flows.conftest import PORT, ROOT
from tests.flows.working import runs

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@contextmanager
def a_worker(data: Any, log: Any) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "flows.worker", "--data", str(data), "--port", str(PORT)]
    process = subprocess.Popen(
        [*command, "--leash"], stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        process.stdin.close()


def eventually(true: Callable[[], bool], seconds: float = 40) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True


@pytest.mark.timeout(180)
def test_a_killed_worker_loses_nothing_and_its_successor_says_what_happened(
    house, prefect, server, tmp_path, monkeypatch
):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", "9")

    def watching() -> set[StateType | None]:
        found = prefect.read_flow_runs()
        return {run.state_type for run in found if run.name.startswith("watch · ")}

    a_case(house, "signal", now())
    with (tmp_path / "worker.log").open("wb") as log:
        with a_worker(server, log) as first:
            assert eventually(lambda: bool(runs(prefect, "melding")))
            assert eventually(lambda: waits(prefect, "melding"))
            assert eventually(lambda: watching() == {StateType.RUNNING})
            first.kill()
        with a_worker(server, log) as second:
            assert eventually(lambda: watching() == {StateType.CRASHED, StateType.RUNNING})
            assert prefect.read_work_pool("estafette").type == IN_PROCESS
            a_case(house, "assessment", now(), address="Voorbeeldlaan 3")
            assert eventually(lambda: waits(prefect, "beoordeling"))
            second.stdin.close()  # the parent is gone
            assert second.wait(20) is not None
    assert watching() == {StateType.CRASHED, StateType.COMPLETED}
    told = [(alert.case_key, alert.asks, alert.recipient) for alert in alert_list(house)]
    assert len(told) == len(set(told))


def waits(client: Any, name: str) -> bool:
    found = runs(client, name)
    return [run.state_name for run in found] == ["Scheduled"] and found[0].run_count > 0
