"""The worker process while Prefect is away or will not have it: said, and nothing waits for it."""

import re
import subprocess
import sys

import pytest

from casework.alert_views import alert_list
from casework.intake import receive_signal
from flows.clock import now
from flows.credential import ASKED, GIVEN
from tests.builders import a_case, a_signal
from tests.flows.conftest import ROOT
from tests.flows.test_loops import FOUR_HOURS
from tests.flows.test_processes import a_worker, eventually, waits

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"), pytest.mark.timeout(400),
]  # fmt: skip
LONG = 150


@pytest.fixture
def worked(house, tmp_path, monkeypatch):
    """A house whose worker sends to nobody; given is what the worker says."""
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", "9")
    monkeypatch.setenv("ESTAFETTE_INSTANCE", "of-this-test")
    return tmp_path / "worker.log"


def an_urgent_call(house) -> str:
    """The case of a call whose four hours are over."""
    call = a_signal(address="Voorbeeldplein 1", received_at=now() - FOUR_HOURS, acute=True)
    return receive_signal(house, call, now()).case_key


def raised(house) -> set[str]:
    return {alert.case_key for alert in alert_list(house)}


@pytest.mark.nightly
def test_a_worker_with_a_wrong_password_says_so_once_and_raises(
    house, prefect, server, worked, monkeypatch
):
    monkeypatch.setenv(ASKED, "estafette:wrong-password")
    monkeypatch.setenv(GIVEN, "estafette:wrong-password")
    key = an_urgent_call(house)
    with worked.open("wb") as log, a_worker(server, log) as worker:
        assert eventually(lambda: key in raised(house), LONG)
        assert eventually(lambda: "watch runs without Prefect" in worked.read_text())
        assert worker.poll() is None
    said = worked.read_text()
    assert said.count("refuses the password it was given; set PREFECT_API_AUTH_STRING") == 1
    assert ("wrong-password" in said, "Traceback" in said) == (False, False)


@pytest.mark.nightly
def test_a_worker_whose_server_comes_later_raises_at_once_and_makes_up_for_the_visits(
    house, prefect, server, worked, monkeypatch
):
    """The server is away by its address: the worker looks where it will be."""
    key = an_urgent_call(house)
    a_case(house, "assessment", now(), address="Voorbeeldlaan 3")
    with Later(server, worked) as later:
        assert eventually(lambda: key in raised(house), LONG)
        assert "no Prefect server answers at" in worked.read_text()
        later.comes()
        assert eventually(lambda: waits(prefect, "beoordeling"), LONG)
    said = worked.read_text()
    assert said.count("no Prefect server answers at") == 1
    assert re.search(r"lookout Prefect \S+ answers at", said)
    assert "Traceback" not in said


class Later:
    """A worker of the session's server that reaches it only once it has come: through a door of
    ours that is closed at first."""

    def __init__(self, server, log) -> None:
        from tests.postgres import free_port

        self._server, self._log, self._port = server, log, free_port()
        self._open: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Later":
        command = [sys.executable, "-m", "flows.worker", "--data", str(self._server)]
        with self._log.open("wb") as log:
            self._start([*command, "--port", str(self._port), "--leash"], log)
        return self

    def comes(self) -> None:
        from tests.flows.conftest import PORT

        self._start([sys.executable, "-c", DOOR, str(self._port), str(PORT)], None)

    def _start(self, command, log) -> None:
        self._open.append(subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log
        ))  # fmt: skip

    def __exit__(self, *_: object) -> None:
        for process in self._open:
            process.kill()
            process.wait()
            process.stdin.close()


DOOR = """
import asyncio, sys
async def pump(source, sink):
    while data := await source.read(65536):
        sink.write(data); await sink.drain()
    sink.close()
async def through(reader, writer):
    there, back = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)
async def main():
    server = await asyncio.start_server(through, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()
asyncio.run(main())
"""


def test_declaring_while_prefect_is_away_says_so_and_what_to_do():
    away = {"PREFECT_API_URL": "http://127.0.0.1:9/api", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "flows.deployments"], cwd=ROOT, env=away, capture_output=True,
        text=True, timeout=LONG,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        "no Prefect server answers at http://127.0.0.1:9/api; start it, or correct "
        "PREFECT_API_URL\n"
    )
