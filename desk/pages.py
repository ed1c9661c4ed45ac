"""Where the links in alerts lead: a few read-only pages on loopback.

They show keys, questions and dates, never a name or an address, and change nothing: a mail scanner
that follows a link does no harm. Acting is done on the command line, which the pages spell out;
only a signed link (`desk/link_pages.py`) leads to a page that can be answered.
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
    from fastapi import FastAPI

TEMPLATES = Path(__file__).with_name("templates")
POLICY = (
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)


def pages(settings: DeskSettings) -> "FastAPI":
    """The pages as an application; nothing is read before a page is asked for."""
    from fastapi import FastAPI, HTTPException, Request, Response
    from fastapi.staticfiles import StaticFiles
    from fastapi.templating import Jinja2Templates
    from starlette.middleware.base import RequestResponseEndpoint

    from casework.alert_views import alert_view
    from casework.connect import connect
    from casework.handover_views import handover_view
    from casework.views import case_list
    from desk.alert_ways import ways
    from desk.link_pages import link_pages
    from escalation.path import STAGES
    from notifications.mailbox import letters

    app = FastAPI(title="Estafette", docs_url=None, redoc_url=None, openapi_url=None)
    look = Jinja2Templates(TEMPLATES)
    look.env.filters["when"] = when
    engine = connect()

    @app.get("/")
    def home(request: Request) -> Response:
        cases = [(c, STAGES[c.stage].dutch) for c in case_list(engine)]
        told = {"cases": cases, "prefect": settings.prefect_url, "at": now()}
        return look.TemplateResponse(request, "home.html", told)

    @app.get("/alerts/{number}")
    def alert(request: Request, number: int) -> Response:
        found = alert_view(engine, number)
        if found is None:
            raise HTTPException(404, "Dit bericht bestaat niet.")
        about = handover_view(engine, found.handover) if found.handover else None
        told = {"alert": found, "ways": ways(found, about)}
        return look.TemplateResponse(request, "alert.html", told)

    @app.get("/mail")
    def mail(request: Request) -> Response:
        found = letters(settings.mailbox, limit=50)
        return look.TemplateResponse(request, "mail.html", {"letters": found})

    app.include_router(link_pages(look, engine))

    @app.middleware("http")
    async def guarded(request: Request, call_next: RequestResponseEndpoint) -> Response:
        reply = await call_next(request)
        reply.headers["Content-Security-Policy"] = POLICY
        reply.headers["X-Content-Type-Options"] = "nosniff"
        reply.headers["Referrer-Policy"] = "no-referrer"
        return reply

    app.mount("/static", StaticFiles(directory=TEMPLATES / "static"))
    return app


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
