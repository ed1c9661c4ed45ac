"""Real endpoints for the wires: mail servers and a webhook that answer as they are told."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from pydantic import SecretStr

from notifications.channels import Channel, Channels

MAIL = "mailto://127.0.0.1:{port}?from=estafette%40localhost&to={{address}}&cto=1&rto=1"
HOOK = "json://127.0.0.1:{port}/hook?cto=1&rto=1"


def mail_at(port, patience=30.0):
    return Channels({"mail": Channel(url=SecretStr(MAIL.format(port=port)))}, patience)


def hook_at(port, more="", patience=30.0):
    url = SecretStr(HOOK.format(port=port) + more)
    return Channels({"hook": Channel(url=url, shared=True)}, patience)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class _Answers:
    """A mail server's behaviour: what it says to a recipient, to the text, and after how long."""

    def __init__(self, rcpt, data, after, cut):
        self.rcpt, self.data, self.after, self.cut = rcpt, data, after, cut
        self.taken = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.rcpt:
            return self.rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        await asyncio.sleep(self.after)
        self.taken.append(envelope)
        if self.cut:
            server.transport.abort()
        return self.data


@contextmanager
def mail_server(rcpt="", data="250 OK", after=0.0, cut=False) -> Iterator[tuple[int, list]]:
    answers = _Answers(rcpt, data, after, cut)
    controller = Controller(answers, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port, answers.taken
    finally:
        controller.stop()


@contextmanager
def silent_server() -> Iterator[int]:
    """Takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def webhook(status=200, after=0.0, drip=0, cut=False) -> Iterator[tuple[int, list]]:
    taken = []

    class Hook(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def do_POST(self):
            text = self.rfile.read(int(self.headers["Content-Length"]))
            taken.append((dict(self.headers), text))
            time.sleep(after)
            with contextlib.suppress(OSError):  # the other side has left
                self.answer()

        def answer(self):
            for _ in range(drip):
                self.wfile.write(b"H")
                time.sleep(0.3)
            if not (cut or drip):
                self.send_response(status)
                self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/other")
                self.end_headers()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server.server_port, taken
    finally:
        server.shutdown()
        server.server_close()
