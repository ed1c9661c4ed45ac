"""Where Prefect's pages are, and how to log in."""

import os
from typing import TYPE_CHECKING, Any

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from desk.settings import DeskSettings

SERVER, CLIENT = "PREFECT_SERVER_API_AUTH_STRING", "PREFECT_API_AUTH_STRING"
SHOW = typer.Option(False, "--show-password", help="Show on this screen what to log in with.")


def add_to(app: typer.Typer) -> None:
    app.command()(window)


def window(show_password: bool = SHOW, as_json: bool = say.AS_JSON) -> None:
    """Tell where Prefect's pages are and how to log in: who waits where, what is late, what failed.

    They ask for one thing: the whole line, with the name and the colon in it.
    """
    from desk.settings import DeskSettings

    told = _told(DeskSettings(), show_password)
    say.answer(told, as_json, lambda: _page(told))


def _told(settings: "DeskSettings", show: bool) -> dict[str, Any]:
    from desk.window import window

    found = window(settings, now()).url.removesuffix("/api")  # the one the doctor looks at
    embedded = found == settings.prefect_url
    told = {
        "prefect": _address(found),
        "password_in": _kept_in(settings, embedded),
        "seen_elsewhere": embedded and settings.seen_elsewhere,
    }
    return told | {"password": _password(settings, embedded)} if show else told


def _kept_in(settings: "DeskSettings", embedded: bool) -> str:
    by_hand = next((name for name in (SERVER, CLIENT) if os.environ.get(name)), None)
    return by_hand or (str(settings.credential) if embedded else CLIENT)


def _password(settings: "DeskSettings", embedded: bool) -> str:
    from desk.window import kept_password

    given = os.environ.get(CLIENT, "")
    found = (kept_password(settings) or given) if embedded else given
    if not found:
        say.stop("there is no password yet; it is made at the first start: estafette up")
    return found


def _address(url: str) -> str:
    from urllib.parse import urlsplit

    return urlsplit(url)._replace(netloc=urlsplit(url).netloc.rpartition("@")[2]).geturl()


def _page(told: dict[str, Any]) -> list[str]:
    lines = [f"Prefect's pages   {told['prefect']}/runs"]
    if "password" in told:
        lines += [f"log in with       {told['password']}"]
        lines += ["                  the whole line; it is the only thing the page asks for"]
    else:
        what = "the file" if "/" in told["password_in"] else "the variable"
        lines += [f"log in with       what is in {what} {told['password_in']}"]
        lines += ["                  to see it: estafette window --show-password"]
    if told["seen_elsewhere"]:
        lines += ["                  other machines reach these pages, and without TLS before them"]
        lines += ["                  the password can be overheard: docs/window.md"]
    return lines
