"""One child process of the tree: started, started again when it ends by itself, and stopped.

What it says is in a log of its own. It ends when we are gone, even by kill -9: its standard input
is a pipe from this process, and when that closes it stops.
"""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
FIRST_WAIT, LONGEST_WAIT, WELL_AFTER = 1.0, 30.0, 60.0
STOP_SECONDS = 12.0
CANNOT_START = 78  # the exit code of a child whose last line says why; flows.embedded has it too
LARGEST_LOG = 5_000_000  # bytes; then it is put aside at the next start

Say = Callable[[str], None]


class Child:
    """A child process that is started again when it ends by itself."""

    def __init__(
        self, name: str, command: list[str], log: Path, env: dict[str, str], lock: int
    ) -> None:
        self.name, self.log = name, log
        self.process: subprocess.Popen[bytes] | None = None
        self._command, self._env, self._lock = command, env, lock
        self._wait, self._began = FIRST_WAIT, 0.0
        self._again_at: float | None = None
        self._said = ""

    def start(self) -> None:
        with _appending(self.log) as log:
            self.process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # the leash: never written to, closed when we are gone
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._env,
                cwd=ROOT,
                start_new_session=True,  # Ctrl-C is for the parent, which then stops the children
                pass_fds=(self._lock,),  # the folder is taken until the last child is gone
            )
        self._began, self._again_at = time.monotonic(), None

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self.process.poll() if self.process else 0

    def last_line(self) -> str:
        """What it said last, in its log."""
        return self.log.read_text("utf-8", "replace").strip().rpartition("\n")[2]

    def tend(self, say: Say) -> None:
        """Started again if it ended by itself; later each time when it does so often."""
        code, now = self.exit_code(), time.monotonic()
        if code is None:
            return
        if self._again_at is None:
            lived_well = now - self._began > WELL_AFTER
            self._wait = FIRST_WAIT if lived_well else min(self._wait * 2, LONGEST_WAIT)
            self._again_at = now + self._wait
            self._tell(say, code)
        elif now >= self._again_at:
            self._start_again(say)

    def _tell(self, say: Say, code: int) -> None:
        why = f"signal {-code}" if code < 0 else f"exit code {code}"
        line = f"the {self.name} ended ({why}) and is started again; its log: {self.log}"
        if code == CANNOT_START:
            line = f"the {self.name} can not start and is tried again: {self.last_line()}"
        if code != CANNOT_START or line != self._said:  # what does not change is said once
            say(line)
        self._said = line

    def _start_again(self, say: Say) -> None:
        try:
            self.start()
        except OSError as error:  # no room for its log, or no memory: later perhaps
            self._again_at = time.monotonic() + LONGEST_WAIT
            say(f"the {self.name} can not be started now: {error.strerror}")

    def stop(self) -> None:
        """The process is gone: asked first, then made."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            self.process.stdin.close()


def _appending(log: Path) -> IO[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    return log.open("ab")
