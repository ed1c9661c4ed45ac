"""Showing who you are: a one-time code for everybody, and then a session in this browser."""

from dataclasses import dataclass

from fastapi import Request, Response
from sqlalchemy.engine import Engine

from casework.codes import Checked, NoWayOfTheirOwn, TooManyCodes, ask, check, code_waits
from casework.customs import Customs
from casework.link_sessions import LASTS, session_for, whose
from casework.link_tokens import link_secret
from desk.clock import now
from desk.forms import public_url
from desk.say import AMSTERDAM
from escalation.manners import book
from notifications.channels import Channels

COOKIE = "estafette_session"
# fmt: off
SENT = ("Wij hebben u een code gestuurd, langs de weg waarlangs u ook onze berichten krijgt. "
        "De code geldt tien minuten.")
SENT_BEFORE = "Wij hebben u net een code gestuurd. Vul die in, of vraag een nieuwe."
EMPTY = "Vul de code in die wij u hebben gestuurd."
TOO_MANY = ("Er zijn in een uur vijf codes gevraagd. Wij sturen nu geen nieuwe. "
            "Dat kan weer vanaf {at} uur.")
NO_OWN_WAY = ("Wij kunnen u geen code sturen: waar u onze berichten krijgt, lezen anderen mee. "
              "Vraag uw beheerder om een adres van uzelf.")
WHY_NOT = {
    Checked.NO_CODE: "Een code heeft acht cijfers. Kijk of u ze allemaal hebt ingevuld.",
    Checked.WRONG: "Deze code klopt niet. Kijk in het nieuwste bericht met een code, en probeer "
                   "het nog eens.",
    Checked.USED: "Deze code is al een keer gebruikt. Vraag een nieuwe code.",
    Checked.EXPIRED: "Deze code is verlopen: hij geldt tien minuten. Vraag een nieuwe code.",
    Checked.VOID: "Er is te vaak een verkeerde code ingevuld. Vraag een nieuwe code.",
    Checked.NONE: "Er is geen code die nog geldt. Vraag een nieuwe code.",
}
# fmt: on


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a page says to somebody who has not shown who they are."""

    said: str
    wrong: bool = False
    waits: bool = True  # there is a code to enter
    status: int = 200
    fresh: bool = True  # it answers what somebody has just pressed


@dataclass(frozen=True, slots=True)
class Showing:
    """Codes and sessions as the pages use them."""

    engine: Engine

    def whose(self, request: Request) -> int | None:
        """The number of the contact who has shown who they are in this browser, if anybody."""
        given = request.cookies.get(COOKIE, "")
        return whose(self.engine, given, secret=link_secret(), now=now())

    def waiting(self, contact: int) -> Prompt | None:
        """What a page says that is only looked at: that there is a code to enter, or nothing."""
        return Prompt(SENT_BEFORE, fresh=False) if self._waits(contact) else None

    def sent(self, contact: int) -> Prompt:
        """A code is on its way to the contact, unless that would be too many."""
        try:
            ask(self.engine, contact, now=now(), customs=_customs())
        except TooManyCodes as many:
            at = f"{many.again_at.astimezone(AMSTERDAM):%H:%M}"
            return Prompt(TOO_MANY.format(at=at), True, self._waits(contact), 429)
        except NoWayOfTheirOwn:
            return Prompt(NO_OWN_WAY, True, self._waits(contact), 409)
        return Prompt(SENT)

    def entered(self, contact: int, code: str) -> Prompt | None:
        """None when the code is right; it is used then."""
        if not code.strip():
            waits = self._waits(contact)
            return Prompt(EMPTY if waits else WHY_NOT[Checked.NONE], True, waits, 422)
        got = check(self.engine, contact, code, secret=link_secret(), now=now())
        if got is Checked.RIGHT:
            return None
        return Prompt(WHY_NOT[got], True, self._waits(contact), 422)

    def remember(self, reply: Response, contact: int) -> None:
        """This browser need not show for twelve hours again that it is the contact's."""
        reply.set_cookie(
            COOKIE, session_for(self.engine, contact, secret=link_secret(), now=now()),
            max_age=int(LASTS.total_seconds()), path="/", httponly=True, samesite="lax",
            secure=_is_secure(),
        )  # fmt: skip

    def forget(self, reply: Response) -> None:
        reply.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=_is_secure())

    def _waits(self, contact: int) -> bool:
        return code_waits(self.engine, contact, now=now())


def _customs() -> Customs:
    channels = Channels.from_env()
    manners = book(channels.manners, channels.by_name)
    return Customs(manners.of, channels.per_minute, channels.is_shared)


def _is_secure() -> bool:
    return public_url().lower().startswith("https:")
