"""Is Prefect there, and can we work with it? Asked often and cheaply, without importing Prefect, so
that nothing of ours ever waits for it.

A server of another minor version may speak otherwise than our client: no visit is entered there.
"""

import base64
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache
from http.client import HTTPException
from importlib.metadata import version
from urllib.parse import urlsplit

HEALTH_SECONDS = 2.0
REFUSALS = {401, 403}


class Stand(Enum):
    """How the window is."""

    OPEN = auto()
    AWAY = auto()  # nobody answers, or not now
    REFUSED = auto()  # it wants a password, and not the one that it was given
    OTHER = auto()  # a server of another version, or no Prefect at all


@dataclass(frozen=True, slots=True)
class Look:
    """How the window was found, and in one sentence what to do about it; never a password."""

    stand: Stand
    says: str


def reachable() -> bool:
    """Prefect answers now and can be worked with; False when none is named."""
    return look().stand is Stand.OPEN


def look() -> Look:
    """How Prefect is right now."""
    address = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if not address.startswith(("http://", "https://")):
        return Look(Stand.AWAY, "no Prefect server is named; set PREFECT_API_URL to its API")
    where = _without_password(address)
    try:
        request = urllib.request.Request(f"{address}/admin/version", headers=_password())
        with urllib.request.urlopen(request, timeout=HEALTH_SECONDS) as answer:
            theirs = json.load(answer)
    except urllib.error.HTTPError as error:
        return _answered(error.code, where)
    except (OSError, HTTPException):
        return _away(where)
    except ValueError:
        theirs = None
    return _compared(theirs, where)


def _answered(code: int, where: str) -> Look:
    if code in REFUSALS:
        given = "refuses the password it was given" if _password() else "asks for a password"
        mend = "set PREFECT_API_AUTH_STRING to the name:password of the server, and start again"
        return Look(Stand.REFUSED, f"the Prefect server at {where} {given}; {mend}")
    return _strange(where) if code == 404 else _away(f"{where} (it answered {code})")


def _away(where: str) -> Look:
    return Look(
        Stand.AWAY, f"no Prefect server answers at {where}; start it, or correct PREFECT_API_URL"
    )


def _strange(where: str) -> Look:
    mend = "correct PREFECT_API_URL, which ends in /api"
    return Look(Stand.OTHER, f"what answers at {where} is not the API of Prefect; {mend}")


def _compared(theirs: object, where: str) -> Look:
    ours = _ours()
    if not isinstance(theirs, str) or "." not in theirs:
        return _strange(where)
    if theirs == ours:
        return Look(Stand.OPEN, f"Prefect {theirs} answers at {where}")
    said = f"the Prefect server at {where} is {theirs} and this program has {ours}"
    mend = "bring both to the same version, the server first"
    if _minor(theirs) == _minor(ours):
        return Look(Stand.OPEN, f"{said}; {mend}")
    return Look(Stand.OTHER, f"{said}, which may not understand each other; {mend}")


def _minor(number: str) -> list[str]:
    return number.split(".")[:2]


@cache
def _ours() -> str:
    return version("prefect")


def _password() -> dict[str, str]:
    if words := os.environ.get("PREFECT_API_AUTH_STRING"):
        return {"Authorization": f"Basic {base64.b64encode(words.encode()).decode()}"}
    if key := os.environ.get("PREFECT_API_KEY"):
        return {"Authorization": f"Bearer {key}"}
    return {}


def _without_password(address: str) -> str:
    """The address as it may be said: what stands before an @ in it is a secret."""
    return urlsplit(address)._replace(netloc=urlsplit(address).netloc.rpartition("@")[2]).geturl()
