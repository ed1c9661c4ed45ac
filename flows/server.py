"""Prefect's own server, API and pages, as one process on loopback, behind a password.

    python -m flows.server --data .estafette --port 4200

`prefect server start` would make a second process and orphan it when this one is stopped; here
uvicorn runs inside. Only the embedded default uses this file.
"""

import argparse
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from flows import leash
from flows.embedded import CANNOT_START, CannotStart, at_work, host

if TYPE_CHECKING:
    import uvicorn

SHUTDOWN_SECONDS = 5


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is told to stop. Answers at /api/health once it is ready."""
    options = _parser().parse_args(arguments)
    try:
        with at_work(options.data, options.port, "server"):
            # Bound before Prefect is imported: a port in use is known at once, not seconds later.
            door = _bind(host(), options.port)
            if options.leash:
                leash.stop_with_parent()
            _server().run(sockets=[door])
    except CannotStart as error:
        print(error, file=sys.stderr)  # noqa: T201
        return CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.server", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".estafette"))
    parser.add_argument("--port", type=int, default=4200)
    parser.add_argument("--leash", action="store_true", help="stop when standard input is closed")
    return parser


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((address, port))
    except OSError as error:
        raise CannotStart(f"port {port} on {address}: {error.strerror}") from None
    return door


def _server() -> "uvicorn.Server":
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(
        create_app(final=True),
        log_level="warning",
        access_log=False,
        # Workers and browsers hold websockets open; they come back by themselves.
        timeout_graceful_shutdown=SHUTDOWN_SECONDS,
    )
    return uvicorn.Server(config)


if __name__ == "__main__":
    raise SystemExit(main())
