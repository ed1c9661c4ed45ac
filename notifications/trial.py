"""Is this a channel that can work? Tried out at start, so no mistake waits for an alert to show.

    ChannelError (ValueError)   a channel that cannot work: its name, what is wrong, how to mend it

Messages of errors are shown to people and kept in logs: they hold no URL and no secret.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote

from notifications.wire import ADDRESS, PATIENCE, connect, known_scheme, understood

if TYPE_CHECKING:
    from apprise import Apprise
    from apprise.plugins.base import NotifyBase

NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
VARIABLE = re.compile(r"\$\{([A-Z][A-Z0-9_]*)\}")
ADDRESSES = ("trial@example.org", "+31600000000", "trial")  # a mailbox, a telephone, a name


class ChannelError(ValueError):
    """A channel that cannot work; the message names it and says how to mend it."""


def filled(name: str, url: str, secrets: Mapping[str, str]) -> str:
    """The URL with every `${NAME}` filled in.

    A secret that is the whole URL is taken as it is; one that is a part of it is quoted.
    """
    missing = [variable for variable in VARIABLE.findall(url) if not secrets.get(variable)]
    if missing:
        raise ChannelError(
            f"channel {name}: set the variable {missing[0]}, its url needs it; or put it in a file "
            "of that name in the folder ESTAFETTE_SECRETS"
        )
    if "${" in VARIABLE.sub("", url):
        raise ChannelError(f"channel {name}: write a variable as ${{NAME}}, in capitals")
    if whole := VARIABLE.fullmatch(url):
        return secrets[whole[1]]
    return VARIABLE.sub(lambda found: quote(secrets[found[1]], safe=""), url)


def try_out(name: str, url: str, shared: bool) -> None:
    """Build the service as `send` would; nothing is sent. Raises: ChannelError."""
    if not NAME.fullmatch(name):
        raise ChannelError(f"channel {name[:64]!r}: use lower case letters, digits, - and _")
    if url.count(ADDRESS) != (0 if shared else 1):
        raise ChannelError(
            f"channel {name}: put {ADDRESS} in its url once, where the recipient belongs; "
            "or write shared = true, without it, when everybody reads the same place"
        )
    if not known_scheme(url):
        raise ChannelError(
            f"channel {name}: its url does not start with a service that Apprise knows; "
            "mailto:// and json:// are two of them"
        )
    one = _trial(url)
    if one is None:
        raise ChannelError(f"channel {name}: Apprise cannot read its url; check host, port, tokens")
    _check_service(name, one[0])


def _trial(url: str) -> "Apprise | None":
    """The service with the kind of address it understands; with any, when it understands none."""
    tried = [(connect(url, address, 1, PATIENCE), address) for address in ADDRESSES]
    read = [(one, address) for one, address in tried if one is not None]
    fit = (one for one, address in read if understood(one, address))
    return next(fit, read[0][0] if read else None)


def _check_service(name: str, service: "NotifyBase") -> None:
    # A retry or a second recipient inside one call hides which of them arrived.
    if len(service) != 1 or getattr(service, "cc", None) or getattr(service, "bcc", None):
        raise ChannelError(
            f"channel {name}: one attempt at one recipient; take retry, cc, bcc and any other "
            "recipient out of its url"
        )
    if getattr(service, "template", None):  # Apprise reads it from the disk
        raise ChannelError(f"channel {name}: take template out of its url; no file is sent along")
    if service.socket_connect_timeout + service.socket_read_timeout >= PATIENCE:
        raise ChannelError(
            f"channel {name}: make cto and rto in its url less than {PATIENCE:.0f} seconds together"
        )
