"""A message holds the payload's fields and our own words, and nothing else."""

import sys
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files
from subprocess import run

import pytest
from pydantic import ValidationError

from escalation.baton import HANDOVER_NEWS, REQUEST_NEWS
from notifications.wording import (
    FIELDS,
    OF_NO_CASE,
    Lead,
    Payload,
    TemplateError,
    compose,
    read_sections,
    sections,
)

LANGUAGES = ("nl", "en")
FACTS = {
    "number": 123,
    "case": "2026-00042",
    "asks": "Is de waarschuwing uitgereikt?",
    "lead": Lead.REMINDER,
    "due": datetime(2026, 12, 1, 23, tzinfo=UTC),  # 24:00 in Amsterdam
    "at_moment": False,
    "statutory": False,
    "link": "https://estafette.example:8443/zaak/2026-00042",
    "language": "nl",
}


def a_payload(**other):
    return Payload(**(FACTS | other))


def of_lead(lead, **other):
    """Only what is about the installation itself belongs to no case."""
    case = {"case": None} if lead in OF_NO_CASE else {}
    return a_payload(lead=lead, **case, **other)


def test_the_fields_of_a_message_are_a_closed_list():
    assert set(Payload.model_fields) == set(FACTS)
    ours = {"date", "subject", "opening", "by", "when"}
    assert set().union(*FIELDS.values()) <= set(FACTS) | ours


@pytest.mark.parametrize("field", ["name", "address", "note", "measure"])
def test_no_other_field_can_enter(field):
    with pytest.raises(ValidationError, match="Extra inputs"):
        a_payload(**{field: "KANARIE"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("asks", "Eerste regel\nBcc: iemand@example.org"),
        ("asks", "Eerste regel\r"),
        ("asks", "Eerste\u2028tweede"),
        ("asks", "omge\u202ekeerd"),
        ("asks", "x" * 161),
        ("asks", ""),
        ("asks", "  "),
        ("case", "2026-42"),
        ("case", "2026-00042\n"),
        ("case", "2026-00042 KANARIE"),
        ("case", "٢٠٢٦-٠٠٠٤٢"),
        ("number", 0),
        ("lead", "KANARIE"),
        ("language", "de"),
        ("link", "https://estafette.example/zaak?name=KANARIE"),
        ("link", "https://estafette.example/zaak#KANARIE"),
        ("link", "https://KANARIE:x@estafette.example/zaak"),
        ("link", "https://estafette.example/zaak KANARIE"),
        ("link", "https://estafette.example/%4B"),
        ("link", "https://estafette.example/\n"),
        ("link", "javascript:KANARIE"),
        ("due", datetime(2026, 12, 1)),  # noqa: DTZ001
        ("due", datetime(2026, 12, 1, tzinfo=timezone(timedelta(hours=1)))),
    ],
)
def test_a_field_takes_only_what_it_is_for_and_the_refusal_repeats_nothing(field, value):
    with pytest.raises(ValidationError) as refused:
        a_payload(**{field: value})
    assert "KANARIE" not in str(refused.value)


def test_a_payload_cannot_be_changed_after_it_was_checked():
    with pytest.raises(ValidationError, match="frozen"):
        a_payload().asks = "Wie?"


def test_the_subject_says_case_question_date_and_number_and_nothing_else():
    message = compose(a_payload())
    assert message.title == "Estafette 2026-00042: 1 vraag voor u, uiterlijk di 1 dec 2026 [#123]"
    english = compose(a_payload(language="en"))
    assert english.title == "Estafette 2026-00042: 1 question for you, by Tue 1 Dec 2026 [#123]"


def test_a_statutory_deadline_is_named_in_subject_and_body():
    message = compose(a_payload(statutory=True))
    assert ", wettelijke termijn di 1 dec 2026 [#123]" in message.title
    assert "Uiterlijk: di 1 dec 2026. Dit is een wettelijke termijn." in message.body
    english = compose(a_payload(statutory=True, language="en"))
    assert ", statutory deadline Tue 1 Dec 2026 [#123]" in english.title


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("lead", Lead)
@pytest.mark.parametrize("due", [None, FACTS["due"]])
@pytest.mark.parametrize("statutory", [False, True])
def test_every_message_is_whole_and_ends_with_its_number(language, lead, due, statutory):
    message = compose(of_lead(lead, language=language, due=due, statutory=statutory))
    named = "" if lead in OF_NO_CASE else " 2026-00042"
    assert message.title.startswith(f"Estafette{named}: ")
    assert message.title.endswith(" [#123]")
    assert "\n" not in message.title
    assert len(message.title) < 120
    assert message.body.endswith("\n[#123]")
    assert FACTS["asks"] in message.body
    assert FACTS["link"] in message.body
    assert not {"$", "{", "}", "None"} & set(message.body.split())
    assert "\n\n\n" not in message.body


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_message_about_the_installation_names_no_case(language):
    message = compose(of_lead(Lead.INSTALLATION, language=language, link="https://e.example/a/1"))
    assert "2026-00042" not in message.title + message.body
    assert {"nl": "beheerder", "en": "administrator"}[language] in message.title


@pytest.mark.parametrize(
    "facts", [{"case": None}, {"lead": Lead.INSTALLATION}, {"case": None, "lead": Lead.NOTICE}]
)
def test_a_message_names_its_case_unless_it_is_about_the_installation(facts):
    with pytest.raises(ValidationError, match="names its case, unless"):
        a_payload(**facts)


@pytest.mark.parametrize(
    ("due", "at_moment", "shown"),
    [
        (datetime(2026, 12, 1, 23, tzinfo=UTC), False, "di 1 dec 2026"),  # 24:00, winter
        (datetime(2026, 7, 1, 22, tzinfo=UTC), False, "wo 1 jul 2026"),  # 24:00, summer
        (datetime(2026, 3, 29, 22, tzinfo=UTC), False, "zo 29 mrt 2026"),  # the clock went forward
        (datetime(2026, 10, 25, 23, tzinfo=UTC), False, "zo 25 okt 2026"),  # and back
        (datetime(2026, 12, 31, 23, tzinfo=UTC), False, "do 31 dec 2026"),
        (datetime(2026, 12, 1, 12, tzinfo=UTC), False, "di 1 dec 2026"),
        (datetime(2026, 12, 1, 13, tzinfo=UTC), True, "di 1 dec 2026 om 14:00"),
        (datetime(2026, 7, 1, 22, tzinfo=UTC), True, "do 2 jul 2026 om 00:00"),
    ],
)
def test_the_date_is_the_last_day_on_the_calendar_of_amsterdam(due, at_moment, shown):
    message = compose(a_payload(due=due, at_moment=at_moment))
    assert f", uiterlijk {shown} [" in message.title
    assert f"Uiterlijk: {shown}." in message.body


def test_a_dollar_sign_in_a_question_stays_a_dollar_sign():
    assert "Kost het $100 of ${link}?" in compose(a_payload(asks="Kost het $100 of ${link}?")).body


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_is_read_and_checked(language):
    assert sections(language).keys() == FIELDS.keys()


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("$asks", "$asks\n$reporter", "section body: unknown field reporter"),
        ("$subject$by", "$subject $asks", "section title: unknown field asks"),
        ("$asks", "$asks $ 5", "section body: a [$] that starts no field"),
        ("== law ==", "== lav ==", "missing or unknown: ['lav', 'law']".replace("[", r"\[")),
        ("1 vraag voor u\n", "", "section reminder: needs a subject line"),
        ("== law ==", "== law ==\n== law ==", "there twice"),
    ],
)
def test_a_broken_template_is_refused_by_file_section_and_field(before, after, says):
    text = (files("notifications.templates") / "nl.txt").read_text("utf-8")
    with pytest.raises(TemplateError, match=rf"nl\.txt.*{says}"):
        read_sections("nl.txt", text.replace(before, after, 1))


@pytest.mark.parametrize("event", [*HANDOVER_NEWS, *REQUEST_NEWS, "skipped"])
def test_every_event_of_a_handover_or_request_has_a_lead_of_its_own(event):
    assert Lead(event) in sections("nl").keys() & sections("en").keys()


def test_wording_needs_neither_apprise_nor_a_mail_server():
    code = "import sys, notifications.wording; print({'apprise', 'aiosmtpd'} & set(sys.modules))"
    assert run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
