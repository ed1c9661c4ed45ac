"""Slips in what somebody typed about a contact, found before they are stored."""

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

from desk import say

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from casework.people import NewOrganisation

# Functions that rules, notices and policies turn to, or that everybody has; others are free.
FUNCTIONS = (
    "case_director", "process_director", "head_of_public_order", "mayor", "administrator",
    "care_worker", "case_worker", "enforcement_jurist", "police_officer",
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
    """Stops at a channel there is not, and at an address that no mail can reach."""
    from notifications.channels import Channels

    known = Channels.from_env().by_name
    if channel not in known:
        say.stop(f"there is no channel {channel!r}; the channels are {', '.join(sorted(known))}")
    to = known[channel]
    mails = channel == "mail" or to.url.get_secret_value().lower().startswith(MAILS)
    if mails and not to.shared and not A_MAILBOX.fullmatch(address):
        say.stop(
            f"--address: channel {channel!r} sends mail; write a mail address, such as "
            "naam@gemeente.example"
        )


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
