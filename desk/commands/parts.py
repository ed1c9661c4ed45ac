"""Parts of an installation on several machines, each a process of its own: worker and desk."""

import os
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from desk import say
from desk.plainly import NOT_READY
from desk.settings import LOOPBACK, DeskSettings

if TYPE_CHECKING:
    from fastapi import FastAPI

NO_PREFECT = "PREFECT_API_URL is not set; name Prefect's API, or run everything here: estafette up"
NO_ADDRESS = (
    "ESTAFETTE_DESK_HOST lets others in, and ESTAFETTE_DESK_URL does not say where people see "
    "these pages; set it to that address, as https://estafette.example.org"
)
STOP_SECONDS = 5


def add_to(app: typer.Typer) -> None:
    for command in (worker, desk):
        app.command()(command)


def worker() -> None:
    """Run one worker for the Prefect that PREFECT_API_URL names: visits, watch and deliver.

    Several share the work, on one machine or more; each wants an ESTAFETTE_INSTANCE of its own.
    Runs until Ctrl-C or SIGTERM.
    """
    if not os.environ.get("PREFECT_API_URL"):
        say.stop(NO_PREFECT)
    DeskSettings()  # one that is out of range is said now, in one sentence
    _refuse_unready()
    os.execv(sys.executable, [sys.executable, "-m", "flows.worker"])


def desk() -> None:
    """Serve the pages that alerts lead to, the metrics and /health, and nothing else.

    They listen at ESTAFETTE_DESK_HOST and ESTAFETTE_DESK_PORT, without TLS: a proxy before them has
    that. Several may stand side by side. Runs until Ctrl-C or SIGTERM.
    """
    import uvicorn

    settings = DeskSettings()
    _refuse_unnamed(settings.desk_host)
    _refuse_unready()
    uvicorn.run(
        desk_app(settings), host=settings.desk_host, port=settings.desk_port, log_level="warning",
        access_log=False, timeout_graceful_shutdown=STOP_SECONDS,
    )  # fmt: skip


def desk_app(settings: DeskSettings) -> "FastAPI":
    """The pages with their health; nothing is read before a page is asked for."""
    from casework.connect import connect
    from desk.health_page import health_page
    from desk.pages import pages

    app = pages(settings)
    app.include_router(health_page(connect()))
    return app


def _refuse_unnamed(host: str) -> None:
    # By the address of the pages they know whether who is at the machine is alone there: two of
    # them show everybody's cases and letters, and are for nobody else (`desk.forms.is_here`).
    seen_at = urlsplit(os.environ.get("ESTAFETTE_DESK_URL", "")).hostname
    if host not in LOOPBACK and seen_at in {None, *LOOPBACK}:
        say.stop(NO_ADDRESS)


def _refuse_unready() -> None:
    """A database that is not there, or not migrated for this version, is said now, in one sentence:
    who starts this process again is so made to wait until it is."""
    from casework.connect import connect
    from casework.schema import is_behind

    if is_behind(connect()):
        say.stop(NOT_READY)
