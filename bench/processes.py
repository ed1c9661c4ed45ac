"""Processes of ours: started in a folder of their own, looked at through /proc, stopped cleanly."""

import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.postgres import free_port

ROOT = Path(__file__).parents[1]
TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS, STOP_SECONDS = 180.0, 60.0


@dataclass
class Program:
    """A program of ours and everything it started."""

    process: subprocess.Popen[bytes]
    said: Path
    ports: dict[str, int]
    began: float = field(default_factory=time.perf_counter)

    def wait_until(self, holds: Callable[[], bool]) -> float:
        """Seconds from the command until it held."""
        while not holds():
            assert self.process.poll() is None, "the program ended by itself"
            assert time.perf_counter() - self.began < START_SECONDS, "the program does not start"
            time.sleep(0.05)
        return time.perf_counter() - self.began

    def has_said_something(self) -> bool:
        return self.said.stat().st_size > 0

    def stop(self) -> float:
        """Asked to stop as Ctrl-C does; returns the seconds it took. Leaves no orphan."""
        family, began = list(self.family()), time.perf_counter()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        seconds = time.perf_counter() - began
        left = [pid for pid in family if Path(f"/proc/{pid}").exists()]
        assert not left, f"orphans: {left}"
        return seconds

    def end(self) -> None:
        """The same for programs that are not ours: what they leave behind is ended for them."""
        family = list(self.family())
        self.process.send_signal(signal.SIGINT)
        self.process.wait(STOP_SECONDS)
        for pid in family:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def family(self) -> dict[int, str]:
        """The process and its descendants, each with the module it runs."""
        found = {self.process.pid: _module(self.process.pid)}
        parents = {int(p.name): _parent(p) for p in Path("/proc").iterdir() if p.name.isdigit()}
        while more := [pid for pid, up in parents.items() if up in found and pid not in found]:
            found |= {pid: _module(pid) for pid in more}
        return found


@contextmanager
def program(*words: str, **env: str) -> Iterator[Program]:
    """`python -m WORDS` with free ports and a data folder that is gone afterwards."""
    ports = {name: free_port() for name in ("PREFECT", "SMTP", "DESK")}
    settings = {f"ESTAFETTE_{name}_PORT": str(port) for name, port in ports.items()}
    ours = ("ESTAFETTE_", "PREFECT_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with tempfile.TemporaryDirectory(prefix="estafette-bench-", ignore_cleanup_errors=True) as tmp:
        said = Path(tmp) / "said"
        settings |= {"ESTAFETTE_DATA": tmp, **env}
        with said.open("wb") as out, (Path(tmp) / "told").open("wb") as err:
            running = Program(
                subprocess.Popen(
                    [sys.executable, "-m", *words], cwd=ROOT, env=inherited | settings,
                    stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                ), said, ports,
            )  # fmt: skip
        try:
            yield running
        finally:
            if running.process.poll() is None:
                running.stop()


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def cpu_seconds(pid: int) -> float:
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def cpu_of(running: Program) -> float:
    """Processor seconds of the program and all it started, also of what has ended since."""
    return sum(_of_what_is_there(_cpu_with_ended, running))


def memory_of(running: Program) -> float:
    """Megabytes of the program and all it started."""
    return sum(_of_what_is_there(megabytes, running))


def _of_what_is_there(measure: Callable[[int], float], running: Program) -> Iterator[float]:
    for pid in running.family():
        # A process for each run ends when it likes, also while it is looked at.
        with suppress(OSError, StopIteration):
            yield measure(pid)


def _cpu_with_ended(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, words[11:15])) / TICKS


def megabytes(pid: int) -> float:
    """The process's proportional share of memory: what several use is counted once."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _module(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:  # it has just ended
        words = []
    return next((words[n + 1].decode() for n, word in enumerate(words) if word == b"-m"), "other")


def _parent(process: Path) -> int:
    try:
        return int((process / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:  # it has just ended
        return 0
