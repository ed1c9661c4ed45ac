"""A small real installation to plant faults in: `estafette up` in a folder and on ports of its own.

The people in it are told at any hour, each alert by itself. Mail goes to a server that can be out
of order; the heartbeat goes to a receiver that counts. Whoever closes it leaves no process behind.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from casework.schema import migrate
from tests.builders import a_case, a_contact, a_town
from tests.faults.mail_host import MailHost
from tests.faults.planted_parts import Outside, cmdline, descendants, end, until
from tests.faults.planted_rows import Rows
from tests.faults.planted_window import Window
from tests.postgres import free_port

ROOT = Path(__file__).parents[2]
CHANNELS = """\
[channels.mail]
url = "mailto://127.0.0.1:{port}?from=estafette%40localhost&to={{address}}"
[everybody]
hours = "always"
digest_at = "never"
budget = "none"
"""
# The command of a checkout, where this suite runs: no installing, no other Python.
COMMAND = """\
#!/bin/sh
exec {python} -m desk.cli "$@"
"""
USUAL = {"PREFECT": 4200, "SMTP": 8025, "DESK": 8080}
PLACE = "/srv/estafette"  # the folder as the page names it
SMALL = "size=300m"


@dataclass(frozen=True)
class Said:
    """What a command printed, both streams in order, and its exit code."""

    text: str
    code: int


class Installation(Window, Rows):
    """The whole of it, while it stands. `folder` is the operator's working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / ".estafette"
        self.ports = {name: free_port() for name in USUAL}
        self.mail, self.outside = MailHost(), Outside()
        self.process: subprocess.Popen[bytes] | None = None
        self.says: dict[str, str] = {}  # words of the fault that is planted: a case, a run
        self.elsewhere: dict[str, str] = {}  # what a second machine has in its environment
        self.promised = {}
        self._open = ExitStack()
        self._beside: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> "Installation":
        try:
            self._furnish()
            self.start()
            until(self.is_well, 180)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def env(self) -> dict[str, str]:
        ours = {f"ESTAFETTE_{name}_PORT": str(port) for name, port in self.ports.items()}
        ours |= {"ESTAFETTE_HEARTBEAT_URL": self.outside.url, "COLUMNS": "110"}
        kept = {n: v for n, v in os.environ.items() if not n.startswith(("ESTAFETTE_", "PREFECT_"))}
        return kept | ours | {"PYTHONPATH": str(ROOT)}

    # --- standing and falling -----------------------------------------------------------------

    def start(self) -> None:
        """`estafette up` runs, said where to look, and has its worker."""
        with (self.folder / "up.log").open("ab") as log:
            self.process = subprocess.Popen(
                ["./estafette", "up", "--json"], cwd=self.folder, env=self.env,
                stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )  # fmt: skip
        assert self.process.stdout is not None
        said = b""
        while not said.endswith(b"\n}\n"):
            line = self.process.stdout.readline()
            assert line, (self.folder / "up.log").read_text()
            said += line
        until(lambda: not self.wrong() & {"prefect", "workers"}, 180)

    def stop(self) -> None:
        """As with Ctrl-C: every process of it is gone, the stopped ones too."""
        if self.process is None:
            return
        family = descendants(self.process.pid)
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(60)
        finally:
            for pid in (self.process.pid, *family):
                if Path(f"/proc/{pid}").exists():
                    os.kill(pid, signal.SIGKILL)
            if self.process.stdout:
                self.process.stdout.close()
            self.process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def child(self, module: str) -> int:
        """The process under `up` that runs this module, once it is there."""
        return int(until(lambda: next(iter(self._children(module)), None), 60) or 0)

    def close(self) -> None:
        try:
            self.ends_beside()
            self.stop()
        finally:
            self._open.close()

    # --- what a person does -------------------------------------------------------------------

    def runs(self, command: str, elsewhere: bool = False) -> Said:
        """A command as the operator types it, in a shell in the operator's folder."""
        env = self.env | (self.elsewhere if elsewhere else {})
        done = subprocess.run(
            ["sh", "-c", command], cwd=self.folder, env=env, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=False,
        )  # fmt: skip
        return Said(self._usual(done.stdout), done.returncode)

    def json(self, words: str) -> Any:
        """What the program answers to `estafette WORDS --json`."""
        done = subprocess.run(
            ["./estafette", *shlex.split(words), "--json"], cwd=self.folder, env=self.env,
            capture_output=True, timeout=90, check=False,
        )  # fmt: skip
        return json.loads(done.stdout)

    def starts_beside(self, command: list[str], **env: str) -> None:
        """A second process beside `up`."""
        with (self.folder / "beside.log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=self.folder, env=self.env | env, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log,
            )  # fmt: skip
        self._beside.append(process)

    def ends_beside(self) -> None:
        """Every process beside `up` is gone."""
        while self._beside:
            end(self._beside.pop())

    # --- how it is ----------------------------------------------------------------------------

    def wrong(self) -> set[str]:
        """The lines of the doctor that are not ok."""
        return {line["what"] for line in self.json("doctor") if not line["ok"]}

    def findings(self) -> set[tuple[str, str]]:
        """What the audit finds: of which case, and what."""
        return {(one["case_key"], one["what"]) for one in self.json("audit")["findings"]}

    def is_well(self) -> bool:
        """The doctor and the audit have nothing to say."""
        return not self.wrong() and not self.findings()

    # --- inside -------------------------------------------------------------------------------

    def _furnish(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        command = self.folder / "estafette"
        command.write_text(COMMAND.format(python=sys.executable))
        command.chmod(0o755)
        self._open.enter_context(self.mail.serve())
        self._open.enter_context(self.outside.serve())
        (self.data / "channels.toml").write_text(CHANNELS.format(port=self.mail.port))
        engine, now = self.engine, datetime.now(UTC)
        migrate(engine, now)
        a_town(engine)
        a_contact(engine, "beheer", "operations")
        for number, stage in enumerate(("assessment", "voluntary_care", "outreach_care")):
            a_case(engine, stage, now, address=f"Voorbeeldstraat {number + 1}")
        engine.dispose()

    def _children(self, module: str) -> list[int]:
        if self.process is None:
            return []
        family = descendants(self.process.pid)
        return [pid for pid in family if f"\0{module}\0" in cmdline(pid)]

    def _usual(self, text: str) -> str:
        """The throw-away folder and its ports, by the names they have in an ordinary place."""
        text = text.replace(str(self.folder), PLACE)
        for name, port in self.ports.items():
            text = re.sub(rf"\b{port}\b", str(USUAL[name]), text)
        return text.rstrip()


@contextmanager
def installed() -> Iterator[Installation]:
    """An installation in a throw-away folder, healthy to begin with."""
    with (
        tempfile.TemporaryDirectory(prefix="estafette-") as folder,
        Installation(Path(folder)) as house,
    ):
        yield house


@contextmanager
def on_a_small_disk() -> Iterator[Installation]:
    """The same with a disk of its own under its data, on which little more than what is asked for
    is free. Only root can mount one."""
    with tempfile.TemporaryDirectory(prefix="estafette-") as folder:
        data = Path(folder) / ".estafette"
        data.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", SMALL, "tmpfs", str(data)], check=True)
        try:
            with Installation(Path(folder)) as house:
                yield house
        finally:
            subprocess.run(["umount", str(data)], check=True)
