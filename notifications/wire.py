"""The Apprise call, and all we know about how Apprise behaves. Nobody else imports Apprise.

Apprise logs addresses and message text, urllib3 logs URLs: neither may reach a log here.
"""

import logging
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from notifications import evidence, secure
from notifications.markdown import as_markdown

if TYPE_CHECKING:
    from apprise import Apprise, AppriseAsset
    from apprise.logger import NotifyLogEntry
    from apprise.plugins.base import NotifyBase

    from notifications.wording import Message

    Collector = Callable[[NotifyLogEntry, NotifyBase | None], None]

ADDRESS = "{address}"  # where a channel's URL takes the one recipient
PATIENCE = 30.0  # seconds; after that Apprise gives up and only "perhaps" can be said
# Seconds a server may stay silent (per socket operation): well below PATIENCE, so that a silent
# server is a known failure where it can be one.
SILENCE = {"cto": "10", "rto": "10"}


class Outcome(StrEnum):
    """What is known after an attempt (stored words, never reused)."""

    DELIVERED = "delivered"  # the other side took it
    PERHAPS = "perhaps"  # it was handed over and no answer came: it may have arrived
    FAILED = "failed"  # it did not arrive


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt at one recipient; `detail` is a code and holds no address and no text."""

    outcome: Outcome
    detail: str


def connect(url: str, address: str, number: int, patience: float) -> "Apprise | None":
    """A fresh Apprise that holds this one service, or None when Apprise cannot use the URL.

    Fresh for every message: a mail service that is used twice waits 5.5 seconds in between.
    """
    _ready()
    from apprise import Apprise, ContentLocation

    one = Apprise(asset=_asset(patience), location=ContentLocation.HOSTED)
    addressed = url.replace(ADDRESS, quote(address, safe=""))
    return one if one.add(_with_defaults(addressed, number)) else None


def in_apprise_form(url: str) -> str:
    """The URL as Apprise writes it, of one that a service shows for copying (Microsoft Teams does);
    any other as it is."""
    if not url.lower().startswith("https://"):
        return url
    _ready()
    from apprise import Apprise, ContentLocation

    one = Apprise(asset=_asset(PATIENCE), location=ContentLocation.HOSTED)
    return str(one[0].url()) if one.add(url) else url  # type: ignore[no-untyped-call]


def known_scheme(url: str) -> bool:
    """True when Apprise has a service for the scheme of this URL."""
    return _service(url) is not None


def takes_headers(url: str) -> bool:
    """True when the service of this URL sends headers of ours along. In the URL of others a name
    with a plus is something else, a recipient's telephone number for one."""
    described = getattr(_service(url), "template_kwargs", {})
    return bool(described.get("headers", {}).get("prefix") == "+")


def _service(url: str) -> "type[NotifyBase] | None":
    _ready()
    from apprise.manager_plugins import NotificationManager

    schemes = NotificationManager()  # type: ignore[no-untyped-call]
    try:
        found: type[NotifyBase] = schemes[url.partition("://")[0].lower()]
    except KeyError:
        return None
    return found


def understood(one: "Apprise", address: str) -> bool:
    """True when Apprise reads the address as this one recipient.

    It reads o'brien@example.org as "o" at brien@example.org, who would then get the mail.
    """
    recipients = getattr(one[0], "targets", None)
    if recipients and isinstance(recipients[0], tuple):  # mail: name and address
        return [mailbox.lower() for _, mailbox in recipients] == [address.lower()]
    return recipients is None or bool(recipients)


def notify(one: "Apprise", message: "Message") -> Attempt:
    """Send, and say what is known. Takes at most the patience `one` was made with."""
    entries: list[NotifyLogEntry] = []
    markdown = one[0].resolve_format("text") == "markdown"
    with one.notify(
        as_markdown(message.body) if markdown else message.body,
        title=message.title,
        body_format="markdown" if markdown else "text",
        log_level=logging.DEBUG,
        log_callback=_into(entries),
    ) as result:
        service = next(iter(result), None)
    if service is None or not service.attempts:
        return Attempt(Outcome.FAILED, "nobody")
    # Not service.status: that is SUCCESS for an "optional" service that failed.
    return _judge(service.attempts[-1].status.name, entries)


def _judge(status: str, entries: "list[NotifyLogEntry]") -> Attempt:
    if status == "SUCCESS":
        return Attempt(Outcome.DELIVERED, "ok")
    if status == "TIMEOUT" and not entries:
        # It still waited behind services that hang, and Apprise has taken it out of the queue.
        return Attempt(Outcome.FAILED, "not-started")
    detail = "timeout" if status == "TIMEOUT" else evidence.reason(entries)
    return Attempt(Outcome.PERHAPS if detail in evidence.UNSURE else Outcome.FAILED, detail)


def _into(entries: "list[NotifyLogEntry]") -> "Collector":
    def collect(entry: "NotifyLogEntry", service: "NotifyBase | None") -> None:
        if service is not None:  # None: about the call as a whole
            entries.append(entry)

    return collect


def _ready() -> None:
    """Import Apprise, spare it work, and keep addresses, text and URLs out of every log.

    Before each call, since another program's logging set-up may undo it. The level is DEBUG because
    the evidence of what happened is logged there; without a handler it goes nowhere else.
    """
    if "apprise" not in sys.modules:
        with warnings.catch_warnings():
            # It imports imghdr for pgpy, and 3.11 and 3.12 call that deprecated.
            warnings.filterwarnings("ignore", "'imghdr' is deprecated", DeprecationWarning)
            import apprise.utils.pgp  # noqa: F401
    secure.lend_certificates()
    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)
    log.propagate, log.disabled = False, False
    if not any(isinstance(handler, logging.NullHandler) for handler in log.handlers):
        log.addHandler(logging.NullHandler())
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _asset(patience: float) -> "AppriseAsset":
    from apprise import AppriseAsset

    return AppriseAsset(
        app_id="Estafette",
        app_desc="Estafette",
        app_url="",
        image_url_mask="",  # else several services show a picture from github.com
        image_url_logo="",
        http_redirects=False,  # a message goes where the administrator said, or nowhere
        interpret_emojis=False,
        timezone="Europe/Amsterdam",
        language="nl",
        service_timeout=patience,
    )


def _with_defaults(url: str, number: int) -> str:
    """The URL with our time limits, and headers that mark a machine's mail and a repeat."""
    extra = dict(SILENCE)
    if takes_headers(url):
        extra["+Auto-Submitted"] = "auto-generated"
        extra["+X-Idempotency-Key"] = f"estafette-{number}"
    query = url.partition("?")[2]  # not urlsplit: Apprise URLs may have a # before the query
    given = {name for name, _ in parse_qsl(query.replace("+", "%2B"), keep_blank_values=True)}
    added = "&".join(f"{name}={value}" for name, value in extra.items() if name not in given)
    return f"{url}{'&' if '?' in url else '?'}{added}"
