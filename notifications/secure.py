"""Certificates for mail are read once, not for every message. Apprise reads them each time.

That costs 20 ms a message, also for mail without TLS, and more than all the rest of sending it. So
Apprise's mail module finds a stand-in under the name `ssl`, whose `create_default_context` lends
one context to all messages. It checks certificates as before:

- what is lent is only ever used to begin TLS; whoever wants to change it (`verify=no` in a URL)
  gets a context of its own, and nobody else's check is weakened;
- it is made anew when the certificates this machine trusts change, and every hundred messages,
  for what cannot be seen of them at once (wires read no clock, so it is not every hour);
- in a release of Apprise that goes about it another way nothing is replaced, and it does as it
  always did; `tests/notifications/test_secure.py` then says so.
"""

import os
import ssl
import threading
from types import ModuleType
from typing import Any

LENDINGS = 100  # of one context; making one takes 20 ms, so this costs 0.2 ms a message


class Trust:
    """The context that is lent, and what the certificates looked like when it was made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._seen: object = None
        self._left = 0

    def context(self) -> ssl.SSLContext:
        """What `ssl.create_default_context()` makes, lent a hundred times at most."""
        with self._lock:
            seen = _certificates()
            if self._context is None or seen != self._seen or not self._left:
                self._context = ssl.create_default_context()
                self._seen, self._left = seen, LENDINGS
            self._left -= 1
            return self._context


class Lent:
    """Begins TLS with the shared context; anything else is done to a context of its own."""

    def __init__(self, trust: Trust) -> None:
        object.__setattr__(self, "_trust", trust)
        object.__setattr__(self, "_own", None)

    def wrap_socket(self, *args: Any, **kwargs: Any) -> Any:
        """As of any context. Raises ssl.SSLError when the other side is not to be trusted."""
        context = self._own or self._trust.context()
        return context.wrap_socket(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mine(), name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._mine(), name, value)

    def _mine(self) -> ssl.SSLContext:
        if self._own is None:
            object.__setattr__(self, "_own", ssl.create_default_context())
        own: ssl.SSLContext = self._own
        return own


class StandIn(ModuleType):
    """The module `ssl`, in which a default context is lent."""

    def __init__(self, trust: Trust) -> None:
        super().__init__("ssl", "ssl, with a default context that is lent")
        self._trust = trust

    def create_default_context(self, *args: Any, **kwargs: Any) -> Any:
        """Lent; asked for with anything particular, one of the caller's own."""
        if args or kwargs:
            return ssl.create_default_context(*args, **kwargs)
        return Lent(self._trust)

    def __getattr__(self, name: str) -> Any:
        return getattr(ssl, name)


def lend_certificates() -> bool:
    """Apprise's mail lends its context from now on. False, and nothing is replaced, when this
    Apprise does not make it where we know it to. Called twice is called once."""
    try:
        from apprise.plugins.email import smtp

        makes_it = smtp.AppriseSMTPController.__enter__.__code__.co_names
    except (ImportError, AttributeError):
        return False
    found = getattr(smtp, "ssl", None)
    if isinstance(found, StandIn):
        return True
    if found is not ssl or "create_default_context" not in makes_it:
        return False
    vars(smtp)["ssl"] = StandIn(Trust())
    return True


def _certificates() -> object:
    """Changes when what this machine trusts does, as far as can be seen at once."""
    places = ssl.get_default_verify_paths()
    return tuple((place, _stamp(place)) for place in (places.cafile, places.capath))


def _stamp(place: str | None) -> object:
    try:
        found = os.stat(place) if place else None  # noqa: PTH116
    except OSError:
        return None
    return found and (found.st_ino, found.st_mtime_ns, found.st_size)
