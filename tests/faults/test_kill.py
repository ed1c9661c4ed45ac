"""kill -9 in the middle of the demo: nothing promised is lost, nobody is told twice of a rung.

The whole tree runs for real: Prefect's server, the worker, the mailbox. Slow, so one story.
"""

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from casework.alert_views import alert_list, deliveries
from casework.audit import audit
from casework.connect import connect
from casework.intake import receive_signal
from casework.signals import NewSignal
from casework.views import case_view
from notifications.mailbox import letters
from tests.faults.planted_parts import cmdline, descendants, until
from tests.postgres import free_port

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds children in /proc"),
    pytest.mark.timeout(420),
]
COMMAND = [sys.executable, "-m", "desk.cli", "demo", "--json"]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator["Demo"]:
    with closing(Demo(tmp_path / "data")) as running:
        running.ready = running.told_where_to_look()
        yield running


class Demo:
    """`estafette demo` in a folder and on ports of its own."""

    def __init__(self, data: Path) -> None:
        self.data, self.stopped = data, False
        self.ready: dict[str, Any] = {}
        names = ("PREFECT", "SMTP", "DESK")
        self.env = os.environ | {"ESTAFETTE_DATA": str(data), "PYTHONPATH": str(ROOT)}
        self.env |= {f"ESTAFETTE_{name}_PORT": str(free_port()) for name in names}
        self.log = data.with_suffix(".log").open("wb")
        self.process = subprocess.Popen(
            COMMAND, env=self.env, cwd=ROOT, stdout=subprocess.PIPE, stderr=self.log
        )

    def told_where_to_look(self) -> dict[str, Any]:
        """What `--json` prints once everything is there, up to its closing brace."""
        assert self.process.stdout is not None
        said = b""
        while not said.endswith(b"\n}\n"):
            line = self.process.stdout.readline()
            assert line, "the demo ended before it was ready"
            said += line
        return dict(json.loads(said))

    def child(self, module: str) -> int:
        """The process that runs this module, once it is there."""
        return int(until(lambda: next(iter(self._children(module)), None), 60))

    def _children(self, module: str) -> list[int]:
        pids = descendants(self.process.pid)
        return [pid for pid in pids if f"\0{module}\0" in cmdline(pid)]

    def close(self) -> None:
        if self.stopped:
            return
        self.stopped = True
        family = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            self.code = self.process.wait(60)
        finally:
            self.orphans = [pid for pid in family if Path(f"/proc/{pid}/cmdline").exists()]
            for pid in self.orphans:
                os.kill(pid, signal.SIGKILL)
            self.log.close()
            if self.process.stdout:
                self.process.stdout.close()


def test_killing_worker_and_server_in_mid_demo_loses_no_promise_and_doubles_no_alert(demo: Demo):
    engine = connect(f"sqlite:///{demo.data / 'estafette.db'}")
    begin = datetime.now(UTC)
    # Twelve urgent signals whose four hours end one after another in the next minute.
    keys = [
        receive_signal(
            engine,
            NewSignal(
                municipality="arnhem",
                address=f"Voorbeeldplein {n}",
                acute=True,
                received_at=begin - timedelta(hours=4) + timedelta(seconds=10 + 5 * n),
            ),
            begin,
        ).case_key
        for n in range(12)
    ]
    until(lambda: told(engine, keys[1]), 60)
    os.kill(demo.child("flows.worker"), signal.SIGKILL)
    until(lambda: told(engine, keys[4]), 90)
    os.kill(demo.child("flows.server"), signal.SIGKILL)
    until(lambda: told(engine, keys[7]), 90)
    os.kill(demo.child("flows.worker"), signal.SIGKILL)
    os.kill(demo.child("flows.server"), signal.SIGKILL)
    until(lambda: all(told(engine, key) for key in keys), 120)
    until(lambda: not alert_list(engine, unsent=True), 120)

    alerts = [a for key in keys for a in alert_list(engine, case_key=key)]
    about = Counter((a.case_key, a.promise, a.lead, a.recipient) for a in alerts)
    assert set(about.values()) == {1}, "one alert per promise, rung and person"
    received = Counter(letter.number for letter in letters(demo.data / "mailbox"))
    for alert in alerts:
        # A sender killed between sending and recording sends again: that, and only that, may
        # put a message in the mailbox twice, and the attempts say so.
        assert 1 <= received[alert.number] <= len(deliveries(engine, alert.number))
    lost = [f for f in audit(engine, datetime.now(UTC)).findings if f.what != "no-run"]
    assert lost == []
    until(lambda: audit(engine, datetime.now(UTC)).clean, 120)
    engine.dispose()

    demo.close()
    assert (demo.code, demo.orphans) == (0, [])


def told(engine: Any, key: str) -> bool:
    """The case's urgent promise was raised."""
    view = case_view(engine, key, datetime.now(UTC))
    return any(p.key == "acute_call" and p.rung is not None for p in view.promises)
