"""Receivers on this machine, in a process of their own: a mail server and a webhook that count."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True, slots=True)
class Receiver:
    process: subprocess.Popen[str]
    port: int

    def taken(self) -> int:
        """How many messages it took since it was last asked."""
        assert self.process.stdin
        assert self.process.stdout
        print("how many", file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())


@contextmanager
def running(kind: str) -> Iterator[Receiver]:
    """A receiver of this kind, "mail" or "webhook", until the block ends."""
    command = [sys.executable, "-m", "bench.receivers", kind]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        yield Receiver(process, int(process.stdout.readline()))
        assert process.stdin
        process.stdin.close()


@contextmanager
def _mail(taken: list[int]) -> Iterator[int]:
    from notifications import mailbox

    class Counts:
        async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
            taken.append(1)
            return "250 OK"

    listener = mailbox._listener("127.0.0.1", 0)
    controller = mailbox._controller(Counts(), listener)  # type: ignore[arg-type]
    controller.start()
    yield controller.port
    controller.stop()


@contextmanager
def _webhook(taken: list[int]) -> Iterator[int]:
    class Counts(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            taken.append(1)
            self.send_response(200)
            self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Counts)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def _main(kind: str) -> None:
    taken: list[int] = []
    with {"mail": _mail, "webhook": _webhook}[kind](taken) as port:
        print(port, flush=True)
        for _ in sys.stdin:
            print(len(taken), flush=True)
            taken.clear()


if __name__ == "__main__":
    _main(sys.argv[1])
