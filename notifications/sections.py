"""The sections of a file of words, and what each may say.

A section starts with "== name ==". Which fields it may use is a closed list; a file that uses
another one, or lacks a section, is refused when it is read.

    TemplateError (ValueError)   a template file that cannot be used, by file, section and field
"""

import re
from importlib.resources import files
from string import Template

from notifications.payload import OF_NO_CASE, Language, Lead

Sections = dict[str, Template]

SECTION = re.compile(r"^== (\w+) ==\n", re.MULTILINE)

# Which section may use which field; another one is refused. Adding one is a privacy decision.
FIELDS: dict[str, frozenset[str]] = {
    "date": frozenset(),
    "moment": frozenset(),
    "by": frozenset({"date"}),
    "by_law": frozenset({"date"}),
    "first_by_law": frozenset({"date"}),
    "when": frozenset({"date"}),
    "law": frozenset(),
    "title": frozenset({"case", "subject", "by", "number"}),
    "body": frozenset({"opening", "case", "asks", "when", "link", "number"}),
    "title_without_case": frozenset({"subject", "by", "number"}),
    "body_without_case": frozenset({"opening", "asks", "when", "link", "number"}),
    "title_together": frozenset({"count", "by", "number"}),
    "body_together": frozenset({"count", "parts", "number"}),
    "part": frozenset({"opening", "case", "asks", "when", "link", "number"}),
    "part_without_case": frozenset({"opening", "asks", "when", "link", "number"}),
    "body_of_code": frozenset({"opening", "code", "number"}),
    "brief": frozenset({"link", "number"}),
    "brief_of_code": frozenset({"code"}),
} | {lead.value: frozenset(() if lead in OF_NO_CASE else {"case"}) for lead in Lead}

# Without these a message would be lost on its reader, or a repeat could not be recognised.
NEEDED: dict[str, frozenset[str]] = {
    "by": frozenset({"date"}),
    "by_law": frozenset({"date"}),
    "first_by_law": frozenset({"date"}),
    "when": frozenset({"date"}),
    "title": frozenset({"subject", "by", "number"}),
    "body": frozenset({"asks", "when", "link", "number"}),
    "title_without_case": frozenset({"subject", "by", "number"}),
    "body_without_case": frozenset({"asks", "when", "link", "number"}),
    "title_together": frozenset({"by", "number"}),
    "body_together": frozenset({"parts", "number"}),
    "part": frozenset({"opening", "asks", "when", "link", "number"}),
    "part_without_case": frozenset({"opening", "asks", "when", "link", "number"}),
    "body_of_code": frozenset({"code", "number"}),
    "brief": frozenset({"link"}),
    "brief_of_code": frozenset({"code"}),
}
ONE_LINE = ("title", "title_without_case", "title_together")


class TemplateError(ValueError):
    """A template file that cannot be used; the message names file, section and field."""


def shipped_words(language: Language) -> str:
    """The file of words that comes with Estafette."""
    return (files("notifications.templates") / f"{language}.txt").read_text("utf-8")


def read_sections(name: str, text: str) -> Sections:
    """Split a template file into its sections, each checked against `FIELDS` and `NEEDED`."""
    _, *parts = SECTION.split(text)
    titles = parts[::2]
    if sorted(titles) != sorted(FIELDS):
        odd = sorted(set(titles) ^ FIELDS.keys()) or "a section that is there twice"
        raise TemplateError(f"{name}: missing or unknown: {odd}")
    texts = (words.strip() for words in parts[1::2])
    found = dict(zip(titles, map(Template, texts), strict=True))
    for section, template in found.items():
        _check(f"{name}, section {section}", section, template)
    return found


def _check(place: str, section: str, template: Template) -> None:
    if not template.is_valid():
        raise TemplateError(f"{place}: a $ that starts no field (write $$)")
    used = template.get_identifiers()
    for field in used:
        if field not in FIELDS[section]:
            raise TemplateError(f"{place}: unknown field {field}{_known(section)}")
    if missing := sorted(NEEDED.get(section, frozenset()) - {*used}):
        raise TemplateError(f"{place}: needs ${missing[0]}, or its reader misses what counts")
    _check_shape(place, section, template.template)


def _check_shape(place: str, section: str, text: str) -> None:
    if section in list(Lead) and "\n" not in text:
        raise TemplateError(f"{place}: needs a subject line and an opening")
    if section in ONE_LINE and "\n" in text:
        raise TemplateError(f"{place}: is a subject; write it on one line")
    if not text:
        raise TemplateError(f"{place}: is empty; write its words")


def _known(section: str) -> str:
    known = ", ".join(f"${field}" for field in sorted(FIELDS[section]))
    return f" (it may use {known})" if known else " (it may use none)"
