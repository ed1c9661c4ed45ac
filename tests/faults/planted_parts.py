"""Parts of a planted installation: the outside machine it calls, and looking at processes."""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, TypeVar

Found = TypeVar("Found")


class Outside:
    """Somebody else's machine, which counts the heartbeats it gets."""

    def __init__(self) -> None:
        self.beats = 0
        outside = self

        class Receiver(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outside.beats += 1
                self.send_response(200)
                self.end_headers()

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
        self.url = f"http://127.0.0.1:{self._server.server_port}/estafette"

    @contextmanager
    def serve(self) -> Iterator["Outside"]:
        thread = Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(10)


def descendants(pid: int) -> list[int]:
    try:
        listed = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [found for child in map(int, listed) for found in (child, *descendants(child))]


def cmdline(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def until(look: Callable[[], Found], seconds: float) -> Found:
    """What `look` finds, as soon as it finds anything; the outside world has no event to await."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.3)
    raise AssertionError(f"waited {seconds} seconds in vain")


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
