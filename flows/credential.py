"""Who may look through the window: one name and password for Prefect's API and pages.

An operator's own, from PREFECT_SERVER_API_AUTH_STRING or PREFECT_API_AUTH_STRING, or else one made
at the first start, in a file that only this user can read. Processes hand it on in their
environment; it is in no command line, no log and no row.

    CredentialError (ValueError)   it can not be used; never shows it
"""

import ipaddress
import os
import secrets
from pathlib import Path

from casework.secret_files import kept_secret

ASKED, GIVEN = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
NAME = "estafette"
RANDOM_BYTES = 32
SHORTEST = 16  # characters of a password that other machines may try


class CredentialError(ValueError):
    """The credential can not be used. Never shows it."""


def credential(home: Path) -> dict[str, str]:
    """What the server asks and what its clients give, by variable; the file is made at first use.

    Raises CredentialError and OSError.
    """
    asked = os.environ.get(ASKED) or os.environ.get(GIVEN) or _kept(home / "credential")
    return {ASKED: asked, GIVEN: os.environ.get(GIVEN) or asked}


def refuse_weak(asked: str, host: str) -> None:
    """Nobody on another machine is let in on a guess. Raises CredentialError."""
    if ipaddress.ip_address(host).is_loopback:
        return
    name, colon, password = asked.partition(":")
    if not (name and colon and len(password) >= SHORTEST):
        raise CredentialError(
            f"Prefect would listen on {host}, where other machines reach it, and its password is "
            f"too short; set {ASKED} to name:password with at least {SHORTEST} random characters, "
            "or to nothing for one of our own"
        )


def _kept(file: Path) -> str:
    kept = kept_secret(file, lambda: f"{NAME}:{secrets.token_urlsafe(RANDOM_BYTES)}")
    found = kept.decode("ascii", "replace")
    name, colon, password = found.partition(":")
    if not (name and colon and len(password) >= SHORTEST):
        raise CredentialError(f"{file} holds no name:password; delete it, and start again")
    return found
