"""A small real installation to plant faults in: `estafette up` in a folder and on ports of its own.

The people in it are told at any hour, each alert by itself. Mail goes to a server that can be out
of order; the heartbeat goes to a receiver that counts. Whoever closes it leaves no process behind.
"""

import base64
import json
import os
import re
import shlex
import signal
import sqlite3
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from casework.alert_views import deliveries
from casework.connect import connect
from casework.intake import NewSignal, receive_signal
from casework.schema import migrate
from casework.views import case_view
from tests.builders import TOWN, a_case, a_contact, a_town
from tests.faults.mail_host import MailHost
from tests.faults.planted_parts import Outside, cmdline, descendants, end, until
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
SOON = timedelta(seconds=8)
SMALL = "size=300m"
FOUR_HOURS = timedelta(hours=4)
OVER = {"COMPLETED", "FAILED", "CRASHED", "CANCELLED"}


@dataclass(frozen=True)
class Said:
    """What a command printed, both streams in order, and its exit code."""

    text: str
    code: int


class Installation:
    """The whole of it, while it stands. `folder` is the operator's working folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / ".estafette"
        self.ports = {name: free_port() for name in USUAL}
        self.mail, self.outside = MailHost(), Outside()
        self.process: subprocess.Popen[bytes] | None = None
        self.says: dict[str, str] = {}  # words of the fault that is planted: a case, a run
        self.elsewhere: dict[str, str] = {}  # what a second machine has in its environment
        self._promised: dict[str, datetime] = {}  # when each case's urgent promise is due
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

    @property
    def prefect(self) -> str:
        return f"http://127.0.0.1:{self.ports['PREFECT']}"

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
        return until(lambda: next(iter(self._children(module)), None), 60)

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

    def ask(self, path: str, body: Any = None, method: str | None = None) -> Any:
        """What Prefect's API answers, asked with the installation's own password."""
        headers = {"Content-Type": "application/json", "Prefect-Csrf-Client": "planted"}
        known = base64.b64encode(self.password.encode()).decode()
        headers["Authorization"] = f"Basic {known}"
        if method or body is not None:
            headers |= self._token(headers)
        request = urllib.request.Request(
            f"{self.prefect}/api{path}", headers=headers, method=method,
            data=None if body is None else json.dumps(body).encode(),
        )  # fmt: skip
        with urllib.request.urlopen(request, timeout=10) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    @property
    def password(self) -> str:
        """What its pages and API ask for: NAME:PASSWORD."""
        return (self.data / "prefect" / "credential").read_text().strip()

    def place(self, address: str) -> str:
        """Where a page of Prefect is; `artifact:KEY` is the newest artifact of that key."""
        kind, _, key = address.partition(":")
        if kind == "artifact":
            address = f"/artifacts/artifact/{self.artifact(key)['id']}"
        return f"{self.prefect}/v2{address}"

    def artifact(self, key: str) -> Any:
        """The newest artifact of this key."""
        wanted = {"artifacts": {"key": {"any_": [key]}}, "sort": "CREATED_DESC", "limit": 1}
        return self.ask("/artifacts/filter", wanted)[0]

    def deployment(self, flow: str) -> Any:
        """What Prefect has of our deployment of this flow."""
        return self.ask(f"/deployments/name/{flow}/estafette")

    def runs_of(self, case: str) -> list[Any]:
        """The runs of a case's visits, oldest first."""
        found = self.ask("/flow_runs/filter", {"flow_runs": {"name": {"like_": case}}})
        return sorted(found, key=lambda run: str(run["created"]))

    def run_that_waits(self, case: str) -> Any:
        """The case's run once it has looked and waits; None before."""
        waits = [run for run in self.runs_of(case) if run["state_name"] == "Scheduled"]
        return next((r for r in waits if "wacht" in (r["state"]["message"] or "")), None)

    def workers(self) -> list[str]:
        """Those of our work pool that are online, by name."""
        known = self.ask("/work_pools/estafette/workers/filter", {})
        return [worker["name"] for worker in known if worker["status"] == "ONLINE"]

    def audit_now(self) -> None:
        """A run of the audit, as with Quick run on its page, is over."""
        audit = self.deployment("audit")["id"]
        run = self.ask(f"/deployments/{audit}/create_flow_run", {"state": {"type": "SCHEDULED"}})
        until(lambda: self.ask(f"/flow_runs/{run['id']}")["state_type"] in OVER, 90)

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

    # --- rows ---------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        return connect(f"sqlite:///{self.data / 'estafette.db'}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a person with the database's file and `sqlite3` reads or changes."""
        with closing(sqlite3.connect(self.data / "estafette.db", timeout=30)) as by_hand, by_hand:
            return by_hand.execute(sql).fetchall()

    def behind_the_back(self, sql: str, table: str) -> None:
        """SQL that a trigger of this table refuses, without it; afterwards it is there again. The
        trigger that tells what is deleted stays all the while."""
        known = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = "
        triggers = self.rows(f"{known}'{table}' AND name NOT LIKE 'tells_removal%'")
        for name, _ in triggers:
            self.rows(f"DROP TRIGGER {name}")
        self.rows(sql)
        for _, made in triggers:
            self.rows(made)

    def urgent(self, within: timedelta = SOON) -> str:
        """The key of a new case whose urgent promise rings after this time; it is remembered."""
        engine, now = self.engine, datetime.now(UTC)
        signal = NewSignal(
            municipality=TOWN, address=f"Voorbeeldplein {len(self._promised) + 1}", acute=True,
            received_at=now - FOUR_HOURS + within,
        )  # fmt: skip
        key = receive_signal(engine, signal, now).case_key
        engine.dispose()
        self._promised[key] = now + within
        return key

    def told(self, key: str) -> bool:
        """The case's urgent promise was raised."""
        engine = self.engine
        view = case_view(engine, key, datetime.now(UTC))
        engine.dispose()
        return any(p.key == "acute_call" and p.rung is not None for p in view.promises)

    def redated(self, key: str, due: datetime) -> None:
        """The urgent promise of this case is due then."""
        self._promised[key] = due

    def all_told(self) -> bool:
        """Every urgent promise that is due was raised, whatever was planted meanwhile."""
        now = datetime.now(UTC)
        return all(self.told(key) for key, due in self._promised.items() if due <= now)

    def doubled(self) -> list[int]:
        """Alerts that arrived more often than there were attempts: none, ever."""
        engine = self.engine
        arrived = Counter(number for _, numbers in self.mail.taken for number in numbers)
        found = [n for n, times in arrived.items() if times > len(deliveries(engine, n))]
        engine.dispose()
        return found

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

    def _token(self, headers: dict[str, str]) -> dict[str, str]:
        address = f"{self.prefect}/api/csrf-token?client=planted"
        request = urllib.request.Request(address, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return {"Prefect-Csrf-Token": json.load(answer)["token"]}


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
