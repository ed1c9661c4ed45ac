"""Where a signed link leads: one handover or one request, to be answered without an account.

The pages lead nowhere else. What somebody typed is never lost: it stays in the form until it is
accepted. Opening changes nothing.
"""

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from sqlalchemy.engine import Engine

from casework.link_views import AskView, LinkView
from desk.clock import now
from desk.handover_page import SEVERITIES
from escalation.link_replies import FIELDS, GONE, LONGEST
from escalation.packet import RISKS

if TYPE_CHECKING:
    from fastapi import APIRouter
    from fastapi.templating import Jinja2Templates

LARGEST = 64 * 1024  # bytes of a form; the longest texts together are a tenth of it
# fmt: off
ROLES = {
    "case_director": "de regie",
    "care_lead": "de leiding van de zorg",
    "enforcement_lead": "de leiding van de handhaving",
}
PARTS = {
    "summary": "Wat er speelt",
    "if_then": "Wat te doen als het erger wordt",
    "not_shared": "Wat u niet mag delen",
    "ask_whom": "Aan wie u daar meer over vraagt",
    "told_person": "Wat de persoon weet",
    "told_reporter": "Wat de melder weet",
}
OWED = {"warm_contact": "not_spoken", "report_back": "report"}  # the field of each promise
NOT_SAVED = "Dit lukte niet. Uw tekst staat er nog. Probeer het nog eens."
# fmt: on


def words_for_pages() -> dict[str, object]:
    """What the templates of these pages use besides what a link shows."""
    return {
        "roles": ROLES, "severities": SEVERITIES, "risks": RISKS, "parts": PARTS,
        "longest": LONGEST,
    }  # fmt: skip


def typed(body: bytes) -> dict[str, str]:
    """The fields of a form as they were typed; a browser's line ends are ours again."""
    fields = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    return {name: text.replace("\r\n", "\n").replace("\0", "") for name, text in fields}


def field_of(said: dict[str, str]) -> str:
    """The field that belongs to the button that was pressed; none of ours when there is none."""
    return {reply.value: field for reply, field in FIELDS.items()}.get(said.get("reply", ""), "")


def page_of(view: LinkView | AskView) -> tuple[str, tuple[str, ...]]:
    """The template that shows this, and the fields it has to type in."""
    if isinstance(view, AskView):
        return "link_request.html", ("answer",)
    if view.read_back is not None:
        return "link_owed.html", tuple(OWED[term.promise] for term in view.owed)
    return "link.html", ("accept", "call") if view.assigned else ("accept", "refuse", "call")


def link_pages(look: "Jinja2Templates", engine: Engine) -> "APIRouter":
    """The two routes of a link: to see it, and to answer it."""
    from fastapi import APIRouter, Depends, HTTPException, Request, Response

    from casework.link_tokens import link_secret
    from casework.links import BadLink, UnclearReply, opened, reply_by_link
    from casework.refusals import Refusal

    router = APIRouter()

    async def form(request: Request) -> dict[str, str]:
        body = b""
        async for chunk in request.stream():
            body += chunk
            if len(body) > LARGEST:
                raise HTTPException(413, "Dit is te lang.")
        try:
            return typed(body)
        except ValueError:
            raise HTTPException(400, "Dit formulier is niet te lezen.") from None

    def page(request: Request, name: str, status: int = 200, **told: object) -> Response:
        shown = look.TemplateResponse(request, name, words_for_pages() | told, status)
        shown.headers["Cache-Control"] = "no-store"
        return shown

    def gone(request: Request, typed_here: str = "") -> Response:
        return page(request, "link_gone.html", 404, sentence=GONE.nl, typed=typed_here)

    def question(
        request: Request, token: str, said: dict[str, str], wrong: str = "", status: int = 200
    ) -> Response:
        at = field_of(said)
        try:
            view = opened(engine, token, secret=link_secret(), now=now())
        except BadLink:
            return gone(request, said.get(at, ""))
        name, fields = page_of(view)
        told = {"view": view, "said": said, "wrong": wrong, "at": at, "fields": fields}
        return page(request, name, status, **told)

    def still_holds(token: str) -> bool:
        try:
            opened(engine, token, secret=link_secret(), now=now())
        except BadLink:
            return False
        return True

    @router.get("/o/{token}")
    def show(request: Request, token: str) -> Response:
        return question(request, token, {})

    @router.post("/o/{token}")
    def answer(request: Request, token: str, said: dict[str, str] = Depends(form)) -> Response:
        words = said.get(field_of(said), "")
        try:
            given = reply_by_link(
                engine, token, reply=said.get("reply", ""), words=words, secret=link_secret(),
                now=now(),
            )  # fmt: skip
        except BadLink:
            return gone(request, words)
        except UnclearReply as unclear:
            return question(request, token, said, unclear.text.nl, 422)
        except Refusal:
            return question(request, token, said, NOT_SAVED, 409)
        holds = still_holds(token)
        return page(request, "link_done.html", given=given.value, words=words, holds=holds)

    return router
