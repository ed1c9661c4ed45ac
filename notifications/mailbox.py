"""The local mailbox of the embedded default: mail that stays on this machine, one file a letter.

A Maildir: a letter is written in `tmp`, synced, and only then linked into `new`, so a reader in
another process never sees half a letter and a crash loses none that was accepted.

    MailboxError (OSError)   the mailbox cannot listen: which port, and the variable to change
"""

import errno
import logging
import mailbox
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import AbstractServer
    from collections.abc import Coroutine

    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, Envelope, Session

THIS_MACHINE = ("127.0.0.1", "localhost")
LARGEST = 256 * 1024  # bytes; our own are about one, a hundred alerts together under a hundred
NUMBER = re.compile(r"estafette-([0-9]{1,18})")


class MailboxError(OSError):
    """The mailbox cannot listen; the message names the port and the variable to change."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it was received; `number` is the alert's, None when it came from elsewhere."""

    received: datetime
    to: str
    subject: str
    body: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Receives mail on loopback and keeps it in `folder`."""

    folder: Path

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 8025) -> Iterator[int]:
        """Receive in a thread of its own until the block ends; gives the port (0: any free one).

        Raises: MailboxError, at once, when it cannot listen there.
        """
        with _listener(host, port) as listener:
            controller = _controller(_Keeper(self.folder), listener)
            controller.start()
            try:
                yield controller.port
            finally:
                controller.stop()


def letters(folder: Path, limit: int | None = None) -> list[Letter]:
    """The letters, newest first; safe while another process receives."""
    found = [place for part in ("new", "cur") for place in (folder / part).glob("[!.]*")]
    dated = sorted(((moment, place) for place in found if (moment := _stored(place))), reverse=True)
    read = (_letter(place, moment) for moment, place in dated[:limit])
    return [letter for letter in read if letter]


class _Keeper:
    """Stores each mail before it says 250; what cannot be stored is asked to come again."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for part in ("tmp", "new", "cur"):  # Maildir makes them only when it makes the folder
            (folder / part).mkdir(mode=0o700, exist_ok=True)
        self._maildir = mailbox.Maildir(folder)

    async def handle_DATA(  # noqa: N802
        self, server: "SMTP", session: "Session", envelope: "Envelope"
    ) -> str:
        try:
            self._maildir.add(envelope.original_content or b"")
        except (OSError, mailbox.Error):
            return "452 cannot be stored now"
        return "250 stored"


def _listener(host: str, port: int) -> socket.socket:
    if host not in THIS_MACHINE:
        raise MailboxError(f"the mailbox listens on this machine only, not on {host}")
    # Bound here and not by aiosmtpd, which takes five seconds to say that a port is in use. With
    # the protocol named, or asyncio leaves Nagle's algorithm on and every mail waits 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen()
    except OSError as wrong:
        listener.close()
        why = "is in use" if wrong.errno == errno.EADDRINUSE else "cannot be opened"
        raise MailboxError(f"port {port} {why}; set ESTAFETTE_SMTP_PORT to a free port") from None
    return listener


def _controller(keeper: _Keeper, listener: socket.socket) -> "Controller":
    from aiosmtpd.controller import Controller

    # aiosmtpd logs senders and recipients.
    logging.getLogger("mail.log").setLevel(logging.ERROR)

    class Listening(Controller):
        def _create_server(self) -> "Coroutine[None, None, AbstractServer]":
            return self.loop.create_server(self._factory_invoker, sock=listener)

    host, port = listener.getsockname()[:2]
    return Listening(keeper, hostname=host, port=port, data_size_limit=LARGEST, ident="Estafette")


def _stored(place: Path) -> int | None:
    try:
        return place.stat().st_mtime_ns
    except FileNotFoundError:
        return None  # another reader has just moved or removed it


def _letter(place: Path, moment: int) -> Letter | None:
    try:
        mail = message_from_bytes(place.read_bytes(), policy=policy.default)
    except FileNotFoundError:
        return None
    assert isinstance(mail, EmailMessage)
    number = NUMBER.fullmatch(mail.get("X-Idempotency-Key", ""))
    return Letter(
        received=datetime.fromtimestamp(moment / 1e9, UTC),
        to=str(mail.get("To", "")),
        subject=str(mail.get("Subject", "")),
        body=_body(mail),
        number=int(number[1]) if number else None,
    )


def _body(mail: EmailMessage) -> str:
    text = mail.get_body(("plain",))
    content = text.get_payload(decode=True) if text else b""
    assert isinstance(content, bytes)
    return "\n".join(content.decode("utf-8", "replace").splitlines())
