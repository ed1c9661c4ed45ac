"""Where the link of an alert leads: what is asked, how to do it, and that its reader has seen it.

Opening changes nothing: programs that check mail open links too. The page shows keys, questions and
dates, never a name, and leads nowhere else.
"""

from collections.abc import Callable
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy.engine import Engine

from casework.alert_links import AlertPage, BadLink, NotShown, OldLink, opened_alert, seen_by_link
from casework.handover_views import handover_view
from casework.link_tokens import link_secret
from desk.alert_ways import ways
from desk.clock import now
from desk.forms import form
from desk.showing import Prompt, Showing
from escalation.link_replies import GONE, PAST

# fmt: off
STATES = {
    "waiting": "wordt zo bezorgd",
    "leased": "wordt nu bezorgd",
    "failed": "nog niet gelukt, wordt weer geprobeerd",
    "delivered": "bezorgd",
    "perhaps": "misschien bezorgd",
    "void": "hoeft niet meer",
}
SEEN = {
    "quiet": "Wij weten dat u dit bericht hebt gezien, en herinneren u er een paar dagen niet aan. "
             "De vraag blijft openstaan tot zij is beantwoord.",
    "known": "Dat wisten wij al. Er is niets veranderd.",
    "moved on": "Wij weten dat u dit bericht hebt gezien. De vraag is sindsdien verder: zij is "
                "beantwoord of vervallen, of er is een nieuwer bericht over. Daaraan verandert dit "
                "niets.",
    "seen": "Wij weten dat u dit bericht hebt gezien.",
}
BY_LAW = "Op de dag van een wettelijke termijn hoort u toch van ons."
RETURNS = "Het komt terug tot het is gedaan."
# fmt: on


@dataclass(frozen=True, slots=True)
class AlertPages:
    """The pages of alerts, and what can be pressed there."""

    look: Jinja2Templates
    engine: Engine
    showing: Showing

    def shown(
        self,
        request: Request,
        token: str,
        prompt: Prompt | None = None,
        *,
        got: str = "",
        reader: int | None = None,
        code: str = "",
    ) -> Response:
        """The page as it is now; `reader` has just shown who they are."""
        page = opened_alert(self.engine, token, secret=link_secret(), now=now())
        alert = page.alert
        about = handover_view(self.engine, alert.handover) if alert.handover else None
        told = {
            "alert": alert, "page": page, "ways": ways(alert, about), "place": f"/a/{token}",
            "state": STATES[alert.state], "got": said(got, page), "prompt": prompt, "code": code,
            "somebody": reader or self.showing.whose(request),
        }  # fmt: skip
        if prompt is None and told["somebody"] != page.reader:
            told["prompt"] = self.showing.waiting(page.reader)
        return self._page(request, "alert.html", prompt.status if prompt else 200, told)

    def sent(self, request: Request, token: str) -> Response:
        """A code is on its way to whom the alert is for."""
        page = opened_alert(self.engine, token, secret=link_secret(), now=now())
        return self.shown(request, token, self.showing.sent(page.reader))

    def seen(self, request: Request, token: str, typed: dict[str, str]) -> Response:
        """The alert is seen by its reader, if this is who they show they are."""
        page = opened_alert(self.engine, token, secret=link_secret(), now=now())
        code = typed.get("code", "")
        try:
            got = self._seen(token, self.showing.whose(request))
        except NotShown:
            if prompt := self.showing.entered(page.reader, code):
                return self.shown(request, token, prompt, code=code)
            got = self._seen(token, page.reader)
            reply = self.shown(request, token, got=got, reader=page.reader)
            self.showing.remember(reply, page.reader)
            return reply
        return self.shown(request, token, got=got)

    def tried(self, request: Request, call: Callable[[], Response]) -> Response:
        """What the call answers, or a page that says why the link opens nothing. Only that it has
        expired is told: any other cause would help whoever tries tokens."""
        try:
            return call()
        except OldLink as old:
            told = {"sentence": PAST.nl, "title": "Deze link is verlopen", "number": old.alert}
            return self._page(request, "link_gone.html", 410, told)
        except BadLink:
            return self._page(request, "link_gone.html", 404, {"sentence": GONE.nl})

    def _seen(self, token: str, shown: int | None) -> str:
        return seen_by_link(self.engine, token, shown=shown, secret=link_secret(), now=now())

    def _page(self, request: Request, name: str, status: int, told: dict[str, object]) -> Response:
        page = self.look.TemplateResponse(request, name, told, status)
        page.headers["Cache-Control"] = "no-store"
        return page


def said(got: str, page: AlertPage) -> str:
    """What acknowledging came to, in words; nothing when nobody did."""
    more = {"quiet": BY_LAW} if page.alert.statutory else {}
    more |= {"seen": RETURNS} if page.alert.notice else {}
    return " ".join(filter(None, (SEEN.get(got), more.get(got))))


def alert_pages(look: Jinja2Templates, engine: Engine) -> APIRouter:
    """The routes of an alert's link: to look, to ask a code, and to have seen it."""
    router, pages = APIRouter(prefix="/a/{token}"), AlertPages(look, engine, Showing(engine))

    @router.api_route("", methods=["GET", "HEAD"])
    def show(request: Request, token: str) -> Response:
        return pages.tried(request, lambda: pages.shown(request, token))

    @router.post("/code")
    def send(request: Request, token: str) -> Response:
        return pages.tried(request, lambda: pages.sent(request, token))

    @router.post("/seen")
    def see(request: Request, token: str, typed: dict[str, str] = Depends(form)) -> Response:
        return pages.tried(request, lambda: pages.seen(request, token, typed))

    return router
