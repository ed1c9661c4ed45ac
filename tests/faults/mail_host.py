"""A mail server that can be out of order in every way a mail server is, and well again a moment on.

It is real: SMTP over loopback. It keeps what it took, so that a test can count at the far end.
"""

import asyncio
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

NUMBER = re.compile(r"\[#(\d+)\]")
FOR_EVER = 3600.0  # seconds; the other side gives up long before


class Weather(StrEnum):
    """How the mail server is."""

    FINE = "takes all"
    GONE = "refuses the connection"
    LATER = "says 451 to the recipient"
    NEVER = "says 550 to the recipient"
    MUTE = "hangs after the connection"
    SILENT = "hangs after the text"
    CUTS_MIDWAY = "drops the connection in mid-message"
    CUTS_AT_END = "takes the text, drops the connection"


REFUSES = {Weather.LATER: "451 not now", Weather.NEVER: "550 not here"}


class MailHost:
    """The server, on a port that stays its own while nobody listens there."""

    def __init__(self) -> None:
        self.weather = Weather.FINE
        self.taken: list[tuple[str, frozenset[int]]] = []  # to whom, and the alerts in it
        self.tries = 0  # connections it accepted
        self.on_text: Callable[[], None] = lambda: None  # called when it has a text, before it says
        self._loop = asyncio.new_event_loop()
        self._open: asyncio.AbstractServer | None = None
        # Bound and never listening: it refuses connections, and keeps others from the port.
        self._place = _bound(0)
        self.port: int = self._place.getsockname()[1]

    def turn(self, weather: Weather) -> None:
        """From now on it is like this."""
        asyncio.run_coroutine_threadsafe(self._turn(weather), self._loop).result(10)

    @contextmanager
    def serve(self) -> Iterator["MailHost"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        try:
            self.turn(Weather.FINE)
            yield self
        finally:
            self.turn(Weather.GONE)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()
            self._place.close()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.weather in REFUSES:
            return REFUSES[self.weather]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.taken.append((envelope.rcpt_tos[0], _numbers(envelope.content)))
        self.on_text()
        if self.weather is Weather.SILENT:
            await asyncio.sleep(FOR_EVER)
        if self.weather is Weather.CUTS_AT_END:
            server.transport.abort()
        return "250 OK"

    async def _turn(self, weather: Weather) -> None:
        self.weather = weather
        if weather is Weather.GONE and self._open is not None:
            self._open.close()
            self._open = None
            for task in asyncio.all_tasks() - {asyncio.current_task()}:
                task.cancel()  # a conversation it was in
            await asyncio.sleep(0)
        elif weather is not Weather.GONE and self._open is None:
            self._open = await self._loop.create_server(self._answer, sock=_bound(self.port))

    def _answer(self) -> asyncio.BaseProtocol:
        self.tries += 1
        if self.weather is Weather.MUTE:
            return asyncio.Protocol()
        return _Conversation(self, hostname="estafette", loop=self._loop)


class _Conversation(SMTP):
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        if self.event_handler.weather is not Weather.CUTS_MIDWAY:
            return await super().smtp_DATA(arg)
        await self.push("354 go on")
        await self._reader.readline()
        self.transport.abort()
        await asyncio.sleep(FOR_EVER)  # what it had already read is not answered


def _bound(port: int) -> socket.socket:
    # With the protocol named, or asyncio leaves Nagle's algorithm on and every mail waits 40 ms.
    place = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    return place


def numbers_in(text: bytes | str) -> frozenset[int]:
    """The numbers of the alerts in a text: of one, or of several in a digest."""
    said = text if isinstance(text, str) else text.decode()
    return frozenset(map(int, NUMBER.findall(said)))


def _numbers(content: Any) -> frozenset[int]:
    """The numbers of the alerts in a message: of one, or of several in a digest."""
    mail = message_from_bytes(content, policy=policy.default)
    body = mail.get_body(("plain",))  # type: ignore[attr-defined]
    return numbers_in(body.get_content())
