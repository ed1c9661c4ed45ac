"""Prefect's API as the doctor asks it: plain HTTP, nothing of Prefect is imported.

NoWindow (RuntimeError)   the server did not answer, or not so that anything can be read
"""

import base64
import json
import os
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

from desk.settings import DeskSettings

SECONDS = 3.0
HALF = timedelta(seconds=0.5)  # the header counts whole seconds; this is its middle
CLIENT = "estafette-doctor"
SWITCHED_OFF = "it answered 422"  # to who asks for a token


class NoWindow(RuntimeError):
    """The server did not answer as it should."""


@dataclass(slots=True)
class Window:
    """A Prefect server: where it is, what it said first, and what else it says when asked."""

    url: str
    version: str | None = None
    asks_password: bool = False
    password: str = field(default="", repr=False)  # name:password, given when it asks for one
    clock_apart: timedelta | None = None  # how far our clock is ahead of the server's
    _headers: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_open(self) -> bool:
        return self.version is not None

    @property
    def knows_forms(self) -> bool | None:
        """Whether it takes changes only with a token of its own, so that no other page can make
        them in a browser (CSRF). None: it can not be asked."""
        if not self.is_open:
            return None
        try:
            given = self.ask(f"/csrf-token?client={CLIENT}")
        except NoWindow as error:
            return False if str(error) == SWITCHED_OFF else None
        return True if isinstance(given, dict) and "token" in given else None

    @property
    def on_loopback(self) -> bool:
        return urlsplit(self.url).hostname in {"127.0.0.1", "localhost", "::1"}

    def ask(self, path: str, wanted: dict[str, Any] | None = None) -> Any:
        """What the API says at this path; with `wanted` it is posted. None: there is no such thing.

        Raises NoWindow.
        """
        body = None if wanted is None else json.dumps(wanted).encode()
        if wanted is not None and "Prefect-Csrf-Client" not in self._headers:
            self._headers |= {"Prefect-Csrf-Client": CLIENT} | self._csrf()
        headers = self._headers | {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}{path}", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                return json.load(reply)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return None
            raise NoWindow(f"it answered {error.code}") from None
        except (OSError, ValueError, HTTPException):
            raise NoWindow("it did not answer") from None

    def _csrf(self) -> dict[str, str]:
        """The token a server with CSRF protection wants; one without has none to give."""
        try:
            given = self.ask(f"/csrf-token?client={CLIENT}")
        except NoWindow as error:
            if str(error) == SWITCHED_OFF:
                return {}
            raise
        known = isinstance(given, dict) and "token" in given
        return {"Prefect-Csrf-Token": given["token"]} if known else {}

    def look(self, now: datetime) -> None:
        """The server's version and clock, and whether it asks for a password, are known; it stays
        closed when nothing answers."""
        began = time.monotonic()
        request = urllib.request.Request(f"{self.url}/admin/version", headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as reply:
                self.version, dated = str(json.load(reply)), reply.headers["Date"]
        except urllib.error.HTTPError as error:
            self._refused(error.code, now)
        except (OSError, ValueError, HTTPException):
            return
        else:
            if dated:
                ours = now + timedelta(seconds=time.monotonic() - began)
                self.clock_apart = ours - parsedate_to_datetime(dated).astimezone(UTC) - HALF

    def _refused(self, code: int, now: datetime) -> None:
        first = not self.asks_password
        self.asks_password = self.asks_password or code == 401
        if self.asks_password and first and self.password:
            said = base64.b64encode(self.password.encode()).decode()
            self._headers["Authorization"] = f"Basic {said}"
            self.look(now)


def window(settings: DeskSettings, now: datetime) -> Window:
    """The embedded server of these settings; without one, that which PREFECT_API_URL names."""
    given = os.environ.get("PREFECT_API_AUTH_STRING", "")
    embedded = Window(f"{settings.prefect_url}/api", password=given or _kept_if_any(settings))
    embedded.look(now)
    elsewhere = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if embedded.is_open or embedded.asks_password or not elsewhere.startswith("http"):
        return embedded
    named = Window(elsewhere, password=given)  # ours is told to no other server
    named.look(now)
    return named


def _kept_if_any(settings: DeskSettings) -> str:
    """A file that can not be read holds no password; the doctor has a line about that."""
    with suppress(OSError, ValueError):
        return kept_password(settings)
    return ""


def kept_password(settings: DeskSettings) -> str:
    """The name and password of the embedded server, the operator's or ours; "" when there is none
    yet. Raises OSError or ValueError when the file is there and is not for us, or damaged."""
    set_by_hand = os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")
    file = settings.credential
    return set_by_hand or (file.read_text("ascii").strip() if file.exists() else "")
