"""Where a signed link leads: one handover or one request, to be answered without an account.

The pages lead nowhere else. What somebody typed is never lost: it stays in the form until it is
accepted, also while they ask for a code and enter it. Opening changes nothing.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request, Response
from fastapi.templating import Jinja2Templates
from sqlalchemy.engine import Engine

from casework.link_tokens import link_secret
from casework.link_views import AskView, LinkView
from casework.links import BadLink, NotShown, UnclearReply, opened, reader, reply_by_link
from casework.refusals import Refusal
from desk.clock import now
from desk.forms import form
from desk.handover_page import SEVERITIES
from desk.showing import Prompt, Showing
from escalation.link_replies import FIELDS, GONE, LONGEST, Reply
from escalation.packet import RISKS

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
CHOICES = {
    Reply.ACCEPT: "Ik neem de zaak over",
    Reply.REFUSE: "Ik neem de zaak niet over",
    Reply.CALL: "Bel mij",
    Reply.SPOKE: "Ja, wij hebben elkaar gesproken",
    Reply.NOT_SPOKEN: "Nee, wij hebben elkaar niet gesproken",
    Reply.REPORT_DONE: "Ik meld terug hoe het gaat",
    Reply.REPORT_NOT_DONE: "Ik kan niets melden",
    Reply.REPORT_CANNOT_SHARE: "Ik mag dit niet delen",
    Reply.ANSWER_DONE: "Gedaan",
    Reply.ANSWER_NOT_DONE: "Niet gedaan",
    Reply.ANSWER_CANNOT_SHARE: "Ik mag dit niet delen",
}
OWED = {"warm_contact": "not_spoken", "report_back": "report"}  # the field of each promise
NOT_SAVED = "Dit lukte niet. Uw tekst staat er nog. Probeer het nog eens."
# fmt: on


def words_for_pages() -> dict[str, object]:
    """What the templates of these pages use besides what a link shows."""
    return {
        "roles": ROLES, "severities": SEVERITIES, "risks": RISKS, "parts": PARTS,
        "longest": LONGEST, "choices": CHOICES,
    }  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class LinkPages:
    """The pages of a link, and what can be pressed there."""

    look: Jinja2Templates
    engine: Engine
    showing: Showing

    def question(
        self,
        request: Request,
        token: str,
        said: dict[str, str],
        wrong: str = "",
        status: int | None = None,
        prompt: Prompt | None = None,
    ) -> Response:
        """What is asked, with all that was typed so far; `wrong` is about the field of the button
        that was pressed, or about the code."""
        try:
            view = opened(self.engine, token, secret=link_secret(), now=now())
        except BadLink:
            return self.gone(request, said.get(field_of(said), ""))
        name, fields = page_of(view)
        at = field_of(said)
        if prompt is not None:
            fields += ("code",) if prompt.waits else ()
        if prompt is not None and prompt.wrong:
            wrong, at = prompt.said, "code"
        return self._page(
            request, name, status or (prompt.status if prompt else 200), view=view, said=said,
            wrong=wrong, at=at, fields=fields, prompt=prompt,
        )  # fmt: skip

    def answer(self, request: Request, token: str, said: dict[str, str]) -> Response:
        """The answer is given, or the page says what is still needed for it."""
        try:
            return self._tried(request, token, said, self.showing.whose(request))
        except NotShown:
            contact = self._reader(token)
        if contact is None:
            return self.gone(request, said.get(field_of(said), ""))
        code = said.get("code")
        prompt = self._asked(contact) if code is None else self.showing.entered(contact, code)
        if prompt is not None:
            return self.question(request, token, said, prompt=prompt)
        reply = self._tried(request, token, said, contact)
        self.showing.remember(reply, contact)
        return reply

    def another_code(self, request: Request, token: str, said: dict[str, str]) -> Response:
        """A new code is on its way, and what was typed is still there."""
        contact = self._reader(token)
        if contact is None:
            return self.gone(request, said.get(field_of(said), ""))
        return self.question(request, token, said, prompt=self.showing.sent(contact))

    def gone(self, request: Request, typed_here: str = "") -> Response:
        return self._page(request, "link_gone.html", 404, sentence=GONE.nl, typed=typed_here)

    def _tried(
        self, request: Request, token: str, said: dict[str, str], shown: int | None
    ) -> Response:
        """The answer is given by whom has shown who they are, or the page says why it can not be.

        Raises NotShown when it could be given by somebody else.
        """
        words = said.get(field_of(said), "")
        try:
            given = reply_by_link(
                self.engine, token, reply=said.get("reply", ""), words=words, shown=shown,
                secret=link_secret(), now=now(),
            )  # fmt: skip
        except NotShown:
            raise
        except BadLink:
            return self.gone(request, words)
        except UnclearReply as unclear:
            kept = self._kept(token, said)
            return self.question(request, token, said, unclear.text.nl, 422, kept)
        except Refusal:
            return self.question(request, token, said, NOT_SAVED, 409)
        return self._page(
            request, "link_done.html", given=given.value, words=words, shown=shown,
            holds=self._reader(token) is not None,
        )  # fmt: skip

    def _asked(self, contact: int) -> Prompt:
        """A code is on its way, or was a moment ago."""
        if waiting := self.showing.waiting(contact):
            return waiting
        return self.showing.sent(contact)

    def _kept(self, token: str, said: dict[str, str]) -> Prompt | None:
        """The field for the code stays when it was there: what is in it was not looked at."""
        contact = self._reader(token) if "code" in said else None
        return self.showing.waiting(contact) if contact is not None else None

    def _reader(self, token: str) -> int | None:
        """Whom the link is for, as long as it holds."""
        try:
            return reader(self.engine, token, secret=link_secret(), now=now())
        except BadLink:
            return None

    def _page(self, request: Request, name: str, status: int = 200, **told: object) -> Response:
        shown = self.look.TemplateResponse(request, name, words_for_pages() | told, status)
        shown.headers["Cache-Control"] = "no-store"
        return shown


def link_pages(look: Jinja2Templates, engine: Engine) -> APIRouter:
    """The two routes of a link: to see it, and to answer it."""
    router, pages = APIRouter(prefix="/o/{token}"), LinkPages(look, engine, Showing(engine))

    @router.api_route("", methods=["GET", "HEAD"])
    def show(request: Request, token: str) -> Response:
        return pages.question(request, token, {})

    @router.post("")
    def answer(request: Request, token: str, said: dict[str, str] = Depends(form)) -> Response:
        if "ask" in said:
            said = {**said, "reply": said["ask"], "code": ""}
            return pages.another_code(request, token, said)
        return pages.answer(request, token, said)

    return router
