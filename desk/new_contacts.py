"""Slips in what somebody typed about a contact, found before they are stored."""

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from desk import say

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from casework.people import NewOrganisation
    from notifications.channels import Channels

# Functions that rules, notices and policies turn to, or that everybody has; others are free.
FUNCTIONS = (
    "case_director", "process_director", "head_of_public_order", "mayor", "administrator",
    "operations", "care_worker", "case_worker", "enforcement_jurist", "police_officer",
)  # fmt: skip
NEARLY = 0.85
A_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")
MAILS = ("mailto://", "mailtos://")


def refuse_nearly_known(function: str) -> None:
    """Stops at a slip of the pen in a function Estafette turns to; other words are free."""
    plain = re.sub(r"[\s-]+", "_", function.strip().lower())
    near = get_close_matches(plain, FUNCTIONS, n=1, cutoff=NEARLY)
    if near and function not in FUNCTIONS:
        say.stop(
            f"{function!r} is nearly a function Estafette turns to; did you mean {near[0]}? "
            "Write that, or a word that differs more"
        )


def refuse_odd_address(channel: str, address: str) -> None:
    """Stops at a channel there is not, and at an address that it cannot reach."""
    from notifications.channels import Channels

    channels = Channels.from_env()
    if channel not in channels.by_name:
        known = ", ".join(sorted(channels.by_name))
        say.stop(f"there is no channel {channel!r}; the channels are {known}")
    if reaches(channels, channel, address):
        return
    if _mails(channels, channel):
        say.stop(
            f"--address: channel {channel!r} sends mail; write a mail address, such as "
            "naam@gemeente.example"
        )
    say.stop(
        f"--address: channel {channel!r} cannot reach that; write one address as its service knows "
        "it, such as +31600000000 for a telephone"
    )


def reaches(channels: "Channels", channel: str, address: str) -> bool:
    """Whether this address is one the channel can reach; one that is shared needs none."""
    if channels.by_name[channel].shared:
        return True
    if _mails(channels, channel) and not A_MAILBOX.fullmatch(address):
        return False
    return channels.takes(channel, address)


def _mails(channels: "Channels", channel: str) -> bool:
    url = channels.by_name[channel].url.get_secret_value()
    return channel == "mail" or url.lower().startswith(MAILS)


def home_of(
    engine: "Engine", key: str, municipality: str | None, kind: str | None
) -> "NewOrganisation":
    """The organisation as it is known, or a new one. Stops when what was typed contradicts it."""
    from casework.people import NewOrganisation, known_organisation

    known = known_organisation(engine, key)
    if known is None:
        if municipality is None:
            say.stop(f"organisation {key!r} is new; say whose it is with --municipality")
        return NewOrganisation(
            key=key, name=key, kind=kind or "municipality", municipality=municipality
        )
    for name, typed in (("municipality", municipality), ("kind", kind)):
        is_now = getattr(known, name)
        if typed is not None and typed != is_now:
            say.stop(
                f"--{name}: organisation {key} is known with {name} {is_now!r}, not {typed!r}; "
                f"leave --{name} out, or correct it or the organisation"
            )
    return known
