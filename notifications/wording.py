"""How a message is worded: a closed, typed payload in, a title and a body out.

Nothing but what a `Payload` holds and the words of a template (`notifications.sections`) can enter.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pendulum

from notifications.payload import LINK, Language, Lead, Payload
from notifications.sections import Sections, TemplateError
from notifications.words import sections

__all__ = [
    "LINK",
    "Language",
    "Lead",
    "Message",
    "Payload",
    "TemplateError",
    "compose",
    "compose_together",
]

ZONE = "Europe/Amsterdam"
A_MOMENT_BEFORE = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Message:
    """A title and a body in plain text, ready for any channel; `brief` is a body for where it must
    be short, which leads to all the same places."""

    title: str
    body: str
    brief: str = ""

    def in_brief(self) -> "Message":
        return Message(self.title, self.brief or self.body)


def compose(payload: Payload) -> Message:
    """The message for one recipient; the same payload always gives the same words."""
    words = sections(payload.language)
    without = "" if payload.case else "_without_case"
    said = _said(payload, words)
    title = words[f"title{without}"].substitute(said, by=_by(payload, words))
    body = words["body_of_code" if payload.code else f"body{without}"].substitute(said)
    return Message(title, _tidy(body), _brief(payload, words))


def compose_together(payloads: Sequence[Payload]) -> Message:
    """One message of all these alerts for one recipient, in the order in which they are given.

    Raises ValueError for none at all, for several languages, and for a code that is not alone:
    whoever asked for one must find it at once.
    """
    if len(payloads) == 1:
        return compose(payloads[0])
    if len({one.language for one in payloads}) != 1 or any(one.code for one in payloads):
        raise ValueError("a message has alerts of one language, and a code is one of its own")
    words = sections(payloads[0].language)
    said = {"count": str(len(payloads)), "number": str(min(one.number for one in payloads))}
    title = words["title_together"].substitute(said, by=_first_by_law(payloads, words))
    parts = "\n\n".join(_part(one, words) for one in payloads)
    body = words["body_together"].substitute(said, parts=parts)
    return Message(title, _tidy(body), "\n".join(_brief(one, words) for one in payloads))


def _part(payload: Payload, words: Sections) -> str:
    """What the message of several says of one alert: a few lines in a row."""
    section = words["part" if payload.case else "part_without_case"]
    part = section.substitute(_said(payload, words))
    return re.sub(r"\n{2,}", "\n", part)


def _brief(payload: Payload, words: Sections) -> str:
    # Every link, also of many: whoever has no account can reach what is asked by it alone.
    return words["brief_of_code" if payload.code else "brief"].substitute(_said(payload, words))


def _said(payload: Payload, words: Sections) -> dict[str, str]:
    """The fields of a message about one alert, whatever section uses them."""
    said = {"number": str(payload.number)} | ({"case": payload.case} if payload.case else {})
    subject, opening = words[payload.lead].substitute(said).split("\n", 1)
    code = payload.code or ""
    return said | {
        "subject": subject,
        "opening": opening,
        "asks": payload.asks,
        "when": _when(payload, words),
        "link": payload.link,
        "code": f"{code[:4]} {code[4:]}",
    }


def _date(payload: Payload, words: Sections) -> str:
    """The due day as Amsterdam's calendar has it ("di 1 dec 2026"), or nothing."""
    if payload.due is None:
        return ""
    due = payload.due if payload.at_moment else payload.due - A_MOMENT_BEFORE
    form = words["moment" if payload.at_moment else "date"].template
    local = pendulum.instance(due).in_timezone(ZONE)
    return local.format(form, locale=payload.language).replace(".", "")


def _by(payload: Payload, words: Sections) -> str:
    date = _date(payload, words)
    if payload.statutory:
        return words["by_law"].substitute(date=date).rstrip()
    return words["by"].substitute(date=date) if date else ""


def _first_by_law(payloads: Sequence[Payload], words: Sections) -> str:
    """The first lawful date of them all, which a subject must not hide."""
    lawful = [one for one in payloads if one.statutory]
    dated = [(one.due, one) for one in lawful if one.due]
    if not dated:
        return words["by_law"].substitute(date="").rstrip() if lawful else ""
    _, first = min(dated, key=lambda pair: pair[0])
    return words["first_by_law"].substitute(date=_date(first, words))


def _when(payload: Payload, words: Sections) -> str:
    date = _date(payload, words)
    dated = [words["when"].substitute(date=date)] if date else []
    lawful = [words["law"].substitute()] if payload.statutory else []
    return " ".join(dated + lawful)


def _tidy(body: str) -> str:
    return re.sub(r"\n{3,}", "\n\n", body)
