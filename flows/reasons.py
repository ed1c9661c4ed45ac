"""Why a run failed, in words an operator can act on; never the text of an error.

An error of the database quotes the row it is about. So only its kind and the database's own code
are looked at, and what Prefect shows is written here.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import ParamSpec

from httpx import HTTPError
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import Failed
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, TimeoutError

from casework.refusals import NotFound
from flows import logs, spans
from flows.discretion import kind_at, origin

Takes = ParamSpec("Takes")
A_CASE_KEY = re.compile(r"\d{4}-\d{1,9}")
NOTHING_LOST = "Er gaat niets verloren: wat afgesproken is wordt door watch gemeld."
COMES_BACK = "Het bezoek komt vanzelf terug, op het volgende moment of als er iets verandert."
KEPT_GOING = "De volgende run neemt het over."


@dataclass(frozen=True, slots=True)
class Trouble:
    """A kind of trouble: the errors it shows itself by, what it is and what to do about it.

    `codes` begin the codes that SQLite and PostgreSQL give; without codes every such error counts.
    """

    errors: tuple[type[Exception], ...]
    codes: tuple[str, ...]
    what: str
    do: str
    passes: bool = True  # what is tried again can then go well


# The first that fits. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
TROUBLES = (
    Trouble(
        (NotFound,), (), "de zaak of dit bezoek staat niet in de database",
        "Zet de rij terug uit een back-up; is deze run met de hand gestart, verwijder hem dan.",
        passes=False,
    ),
    Trouble(
        (DBAPIError,), ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001", "57014"),
        "de database is bezet (op slot)",
        "Duurt het langer dan een minuut, zoek dan wie haar vasthoudt.",
    ),
    Trouble(
        (DBAPIError,), ("SQLITE_FULL", "SQLITE_IOERR", "53100", "58030"),
        "de schijf van de database is vol of stuk",
        "Maak ruimte; zie: estafette doctor.",
    ),
    Trouble(
        (DBAPIError,), ("SQLITE_READONLY", "25006"), "de database is alleen te lezen",
        "Geef de gebruiker van dit proces schrijfrechten.",
    ),
    Trouble(
        (DBAPIError,), ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"),
        "de database is beschadigd", "Zet een back-up terug.",
    ),
    Trouble(
        (DBAPIError,), ("SQLITE_ERROR", "42P01", "42703"),
        "de database past niet bij deze versie van Estafette",
        "Draai estafette migrate, of start overal dezelfde versie.",
    ),
    Trouble(
        (OperationalError, InterfaceError, TimeoutError), (), "de database is niet bereikbaar",
        "Start de database of herstel de verbinding; zie: estafette doctor.",
    ),
    Trouble(
        (HTTPError, PrefectHTTPStatusError), (), "Prefect gaf geen antwoord",
        "Zie of de server van Prefect draait: estafette doctor.",
    ),
)  # fmt: skip
OURS = Trouble(
    (Exception,), (), "een fout van Estafette zelf",
    "Meld de plaats hierboven aan de makers, zonder gegevens van de zaak.",
)  # fmt: skip


def failed(error: Exception, case: str | None = None, then: str = "") -> State[None]:
    """The state of a run that broke off by `error`, also for the trace it is part of."""
    said = reason(error, case, then)
    logs.run_logger().error(said)  # on the first page that is seen of the run
    spans.end_failed(said)
    return Failed(message=said)


def reason(error: Exception, case: str | None = None, then: str = "") -> str:
    """Which case, what kind of trouble and where, that nothing is lost, and what to do."""
    trouble = trouble_of(origin(error))
    key, place = key_in(case or ""), kind_at(origin(error)).replace(" at ", ", ")
    # The kind of trouble comes early: Prefect's pages cut a message off.
    said = f"{key}{': ' if key else ''}{trouble.what} ({place})."
    again = then if trouble.passes else ""
    return " ".join(part for part in (said, NOTHING_LOST, again, trouble.do) if part)


def key_in(typed: str) -> str:
    """The case key; empty when it is none: a run that somebody starts by hand takes any text, a
    name too."""
    return typed if A_CASE_KEY.fullmatch(typed) else ""


def trouble_of(error: Exception) -> Trouble:
    """The kind of trouble; OURS when it is none that an operator could know."""
    return next((one for one in TROUBLES if _fits(one, error)), OURS)


def explained(run: Callable[Takes, State[None]]) -> Callable[Takes, State[None]]:
    """A flow without a case that says why it failed, and is otherwise as it was."""

    @wraps(run)
    def explaining(*given: Takes.args, **named: Takes.kwargs) -> State[None]:
        try:
            return run(*given, **named)
        except Exception as error:
            return failed(error, then=KEPT_GOING)

    return explaining


def _fits(trouble: Trouble, error: Exception) -> bool:
    if not isinstance(error, trouble.errors):
        return False
    return not trouble.codes or _code(error).startswith(trouble.codes)


def _code(error: Exception) -> str:
    """ "SQLITE_BUSY" or "55P03": what the database calls it; empty when it said nothing."""
    cause = getattr(error, "orig", None)
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None)
    return code or ""
