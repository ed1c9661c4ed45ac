"""One real message through each channel, to see whether it arrives and what to do when not."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from desk.line import Line

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from notifications.channels import Channels

OF_NO_ALERT = 0
TEST_ADDRESS = "proef@estafette.example"  # only for the mailbox on this machine
TITLE = "Estafette: proefbericht / test message"
BODY = """Dit is een proefbericht van Estafette. U hoeft niets te doen.

This is a test message of Estafette. You need do nothing."""
NO_MAILBOX = "start the local mailbox: estafette up"
MEND = {
    "timeout": "it may have arrived, look there; the other side answers too slowly, ask why",
    "cut-off": "it may have arrived, look there; the other side hung up, ask why",
    "unreachable": "check host and port in its url, and whether this machine may connect there",
    "refused": "the other side says no for good; check the address and the sender (from) in its "
    "url, and what it may send",
    "deferred": "the other side says later; try again in some minutes, and look at its limits",
    "bad-login": "check the name, password or token in its url and the secret they come from",
    "untrusted": "this machine does not trust the other side's certificate, or it offers no TLS; "
    "add its authority (SSL_CERT_FILE for mail, REQUESTS_CA_BUNDLE for web services), or correct "
    "mode in its url",
    "not-started": "try again; too much was hanging at the same time",
    "bad-address": "its service does not understand that address; correct it with the contact",
    "bad-channel": "its service cannot use its url with that address; correct one of them",
}
UNSAID = "its service did not take it and did not say why; check every part of its url"


def try_channels(engine: "Engine", channels: "Channels", to: str | None) -> list[Line]:
    """A message was sent through each channel that could be tried: to the address that `to` has
    there, to nobody in particular when it is shared. Raises NotFound for a contact nobody knows."""
    from casework.ways import ways_of

    addresses = {way.channel: way.address for way in ways_of(engine, to)} if to else {}
    addresses |= {name: TEST_ADDRESS for name in _local(channels) if name not in addresses}
    return [_try(channels, name, addresses.get(name), to) for name in channels.by_name]


def _try(channels: "Channels", name: str, address: str | None, to: str | None) -> Line:
    from notifications.channels import Outcome, send
    from notifications.wording import Message

    what = f"test of {name}"
    if address is None and not channels.by_name[name].shared:
        return Line(what, False, "not tried: no address to send to", _whom(name, to))
    attempt = send(channels, name, address or "", Message(TITLE, BODY), OF_NO_ALERT)
    if attempt.outcome is Outcome.DELIVERED:
        return Line(what, True, "the other side took the message")
    mend = MEND.get(attempt.detail, UNSAID)
    if attempt.detail == "unreachable" and name in _local(channels):
        mend = NO_MAILBOX
    return Line(what, False, f"{attempt.outcome.value} ({attempt.detail})", mend)


def _whom(name: str, to: str | None) -> str:
    if to is None:
        return "say to whom: --to KEY, a contact that has an address there"
    add = f"estafette contact way add {to} --channel {name} --address … --by …"
    return f"name somebody who has one: {add}"


def _local(channels: "Channels") -> Iterator[str]:
    """The channels that are the mailbox on this machine, when no file names any."""
    from notifications.channels import local_mail
    from notifications.settings import WireSettings

    local = local_mail(WireSettings().smtp_port)
    return (name for name, channel in channels.by_name.items() if channel == local)
