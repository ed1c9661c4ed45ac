"""How a message is worded: a closed, typed payload in, a title and a body out.

Nothing else can enter a message: no name, no address, no measure, no text a person typed. The words
are in `templates/nl.txt` and `templates/en.txt`, one section per part of the message.

    TemplateError (ValueError)   a template file that cannot be used, by file, section and field
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib.resources import files
from string import Template
from typing import Annotated, Literal, Self

import pendulum
from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

Language = Literal["nl", "en"]
Sections = dict[str, Template]

CASE = r"^[0-9]{4}-[0-9]{5,}$"
# No user, query or fragment: only places, and only characters that no mail program rewrites.
LINK = r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9._~-]+)*/?$"
ZONE = "Europe/Amsterdam"
A_MOMENT_BEFORE = timedelta(microseconds=1)
SECTION = re.compile(r"^== (\w+) ==\n", re.MULTILINE)


class TemplateError(ValueError):
    """A template file that cannot be used; the message names file, section and field."""


class Lead(StrEnum):
    """What brings the message to this person (stored words, never reused)."""

    REMINDER = "reminder"
    DUE = "due"
    OVERDUE = "overdue"
    OFFERED = "offered"  # a handover waits for your answer
    REFUSED = "refused"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    EXPIRED = "expired"
    LAPSED = "lapsed"
    REVOKED = "revoked"
    DECIDE = "decide"
    ASSIGNED = "assigned"
    TAKEN = "taken"
    READ_BACK = "read_back"
    OFFERED_ON = "offered_on"  # a role you hold, by somebody else
    PASSED = "passed"
    CALL = "call"
    CONTACTED = "contacted"
    NOT_CONTACTED = "not_contacted"
    REPORTED = "reported"
    CASE_CLOSED = "case_closed"
    DEPUTY = "deputy"
    UNREACHED = "unreached"  # whoever was asked is away, and nobody stands in
    ASKED = "asked"  # a request waits for your answer
    ANSWERED = "answered"
    WITHDRAWN = "withdrawn"
    NOTICE = "notice"
    SKIPPED = "skipped"  # nobody could be reached on the step below yours
    INSTALLATION = "installation"  # about Estafette itself, and no case
    CHECKUP = "checkup"  # whether a contact still holds; about no case either


OF_NO_CASE = frozenset({Lead.INSTALLATION, Lead.CHECKUP})


# Which section may use which field; a template that uses another one is refused when it is read.
FIELDS: dict[str, frozenset[str]] = {
    "date": frozenset(),
    "moment": frozenset(),
    "by": frozenset({"date"}),
    "by_law": frozenset({"date"}),
    "when": frozenset({"date"}),
    "law": frozenset(),
    "title": frozenset({"case", "subject", "by", "number"}),
    "body": frozenset({"opening", "case", "asks", "when", "link", "number"}),
    "title_without_case": frozenset({"subject", "by", "number"}),
    "body_without_case": frozenset({"opening", "asks", "when", "link", "number"}),
} | {lead.value: frozenset(() if lead in OF_NO_CASE else {"case"}) for lead in Lead}


class Payload(BaseModel):
    """All that a message may hold. Only what is about the installation itself has no case.

    `asks` is a question from the path table. `due` is in UTC. A due date ends at 24:00 Amsterdam
    time, so 00:00 is shown as the day before, unless `at_moment` says that the time itself counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    number: int = Field(ge=1)
    case: Annotated[str, StringConstraints(pattern=CASE, max_length=20)] | None
    asks: Annotated[str, StringConstraints(min_length=1, max_length=160)]
    lead: Lead
    due: AwareDatetime | None
    at_moment: bool
    statutory: bool
    link: Annotated[str, StringConstraints(pattern=LINK, max_length=400)]
    language: Language

    @field_validator("asks")
    @classmethod
    def _one_printable_line(cls, asks: str) -> str:
        # isprintable also refuses line separators and marks that turn the writing direction.
        if asks.isprintable() and asks.strip():
            return asks
        raise ValueError("must be one line of printable characters")

    @field_validator("due")
    @classmethod
    def _in_utc(cls, due: datetime | None) -> datetime | None:
        if due is None or due.utcoffset() == timedelta(0):
            return due
        raise ValueError("must be in UTC")

    @model_validator(mode="after")
    def _about_a_case_or_the_installation(self) -> Self:
        if (self.case is None) == (self.lead in OF_NO_CASE):
            return self
        raise ValueError("names its case, unless it is about the installation")


@dataclass(frozen=True, slots=True)
class Message:
    """A title and a body in plain text, ready for any channel."""

    title: str
    body: str


def compose(payload: Payload) -> Message:
    """The message for one recipient; the same payload always gives the same words."""
    words = sections(payload.language)
    said = {"number": str(payload.number)} | ({"case": payload.case} if payload.case else {})
    without = "" if payload.case else "_without_case"
    subject, opening = words[payload.lead].substitute(said).split("\n", 1)
    date = _date(payload, words)
    by = _by(payload, date, words)
    when = _when(payload, date, words)
    title = words[f"title{without}"].substitute(said, subject=subject, by=by)
    body = words[f"body{without}"].substitute(
        said, opening=opening, asks=payload.asks, when=when, link=payload.link
    )
    return Message(title, re.sub(r"\n{3,}", "\n\n", body))


def _date(payload: Payload, words: Sections) -> str:
    """The due day as Amsterdam's calendar has it ("di 1 dec 2026"), or nothing."""
    if payload.due is None:
        return ""
    due = payload.due if payload.at_moment else payload.due - A_MOMENT_BEFORE
    form = words["moment" if payload.at_moment else "date"].template
    local = pendulum.instance(due).in_timezone(ZONE)
    return local.format(form, locale=payload.language).replace(".", "")


def _by(payload: Payload, date: str, words: Sections) -> str:
    if payload.statutory:
        return words["by_law"].substitute(date=date).rstrip()
    return words["by"].substitute(date=date) if date else ""


def _when(payload: Payload, date: str, words: Sections) -> str:
    dated = [words["when"].substitute(date=date)] if date else []
    lawful = [words["law"].substitute()] if payload.statutory else []
    return " ".join(dated + lawful)


@cache
def sections(language: Language) -> Sections:
    """The words of one language. Raises: TemplateError, when the file is not what we know."""
    name = f"{language}.txt"
    return read_sections(name, (files("notifications.templates") / name).read_text("utf-8"))


def read_sections(name: str, text: str) -> Sections:
    """Split a template file into its sections, each checked against `FIELDS`."""
    _, *parts = SECTION.split(text)
    titles = parts[::2]
    if sorted(titles) != sorted(FIELDS):
        odd = sorted(set(titles) ^ FIELDS.keys()) or "a section that is there twice"
        raise TemplateError(f"{name}: missing or unknown: {odd}")
    texts = (words.strip() for words in parts[1::2])
    found = dict(zip(titles, map(Template, texts), strict=True))
    for section, template in found.items():
        _check(name, section, template)
    return found


def _check(name: str, section: str, template: Template) -> None:
    if not template.is_valid():
        raise TemplateError(f"{name}, section {section}: a $ that starts no field (write $$)")
    for field in template.get_identifiers():
        if field not in FIELDS[section]:
            raise TemplateError(f"{name}, section {section}: unknown field {field}")
    if section in list(Lead) and "\n" not in template.template:
        raise TemplateError(f"{name}, section {section}: needs a subject line and an opening")
