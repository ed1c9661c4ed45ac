"""The pages: two read-only ones for who is at the machine, and where the links in messages lead.

Those two are the list of cases and the local mailbox, which shows letters with who they are for;
nobody else sees them. The others show keys, questions and dates, never a name or an address.
Looking changes nothing: a mail scanner that follows a link does no harm. Only a signed link
(`desk/alert_pages.py`, `desk/link_pages.py`) leads to a page where something can be changed, by
whom it is for alone.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from desk.clock import now
from desk.say import when
from desk.settings import DeskSettings

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI
    from fastapi.templating import Jinja2Templates
    from sqlalchemy.engine import Engine

TEMPLATES = Path(__file__).with_name("templates")
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def pages(settings: DeskSettings) -> "FastAPI":
    """The pages as an application; nothing is read before a page is asked for."""
    from fastapi import FastAPI, Request, Response
    from fastapi.staticfiles import StaticFiles
    from fastapi.templating import Jinja2Templates
    from starlette.middleware.base import RequestResponseEndpoint

    from casework.connect import connect
    from desk.alert_pages import alert_pages
    from desk.forms import is_foreign
    from desk.letter_links import pieces
    from desk.link_pages import link_pages
    from desk.metrics_page import metrics_page
    from desk.showing import Showing

    app = FastAPI(title="Estafette", docs_url=None, redoc_url=None, openapi_url=None)
    look = Jinja2Templates(TEMPLATES)
    look.env.filters["when"] = when
    look.env.filters["pieces"] = pieces
    engine = connect()

    @app.post("/out")
    def forget(request: Request) -> Response:
        reply = look.TemplateResponse(request, "forgotten.html", {})
        Showing(engine).forget(reply)
        return reply

    app.include_router(machine_pages(look, engine, settings))
    app.include_router(alert_pages(look, engine))
    app.include_router(link_pages(look, engine))
    app.include_router(metrics_page(engine))

    @app.middleware("http")
    async def guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
        if is_foreign(request):
            reply: Response = look.TemplateResponse(request, "foreign.html", {}, 403)
        else:
            reply = await call_next(request)
        reply.headers["Content-Security-Policy"] = POLICY
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Referrer-Policy"] = "no-referrer"
        return reply

    app.mount("/static", StaticFiles(directory=TEMPLATES / "static"))
    return app


def machine_pages(look: "Jinja2Templates", engine: "Engine", settings: DeskSettings) -> "APIRouter":
    """Who waits where, and the local mailbox, for whoever is at the machine."""
    from fastapi import APIRouter, Depends, HTTPException, Request, Response

    from casework.views import case_list
    from desk.forms import is_here
    from escalation.path import STAGES
    from notifications.mailbox import letters

    def only_here(request: Request) -> None:
        if not is_here(request):
            raise HTTPException(404, "Deze pagina is er alleen op de machine zelf.")

    router = APIRouter(dependencies=[Depends(only_here)])

    @router.get("/")
    def home(request: Request) -> Response:
        cases = [(c, STAGES[c.stage].dutch) for c in case_list(engine)]
        told = {"cases": cases, "prefect": settings.prefect_url, "at": now()}
        return look.TemplateResponse(request, "home.html", told)

    @router.get("/mail")
    def mail(request: Request) -> Response:
        found = letters(settings.mailbox, limit=50)
        return look.TemplateResponse(request, "mail.html", {"letters": found})

    return router


@contextmanager
def served(settings: DeskSettings) -> Iterator[None]:
    """The pages answer on loopback, on a thread of their own, until the block ends."""
    import uvicorn

    config = uvicorn.Config(
        pages(settings), host="127.0.0.1", port=settings.desk_port, log_level="error",
        access_log=False, timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, name="pages", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=5)
