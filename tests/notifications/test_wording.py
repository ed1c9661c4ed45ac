"""A message holds the payload's fields and our own words, and nothing else."""

import re
import sys
from datetime import UTC, datetime, timedelta, timezone
from subprocess import run

import pytest
from pydantic import ValidationError

from escalation.baton import HANDOVER_NEWS, REQUEST_NEWS
from notifications.payload import LANGUAGES, OF_NO_CASE
from notifications.sections import FIELDS, NEEDED, read_sections, shipped_words
from notifications.wording import Lead, Payload, TemplateError, compose, compose_together
from notifications.words import sections

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


CODE = "04711234"


def a_payload(**other):
    return Payload(**(FACTS | other))


def of_lead(lead, **other):
    """Only what is about the installation itself, and a code, belongs to no case."""
    case = {"case": None} if lead in OF_NO_CASE else {}
    code = {"code": CODE} if lead is Lead.CODE else {}
    return a_payload(lead=lead, **case, **code, **other)


def test_the_fields_of_a_message_are_a_closed_list():
    assert set(Payload.model_fields) == {*FACTS, "code"}
    ours = {"date", "subject", "opening", "by", "when", "count", "parts"}
    assert set().union(*FIELDS.values()) <= set(Payload.model_fields) | ours
    assert all(needed <= FIELDS[section] for section, needed in NEEDED.items())


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
    if lead is not Lead.CODE:
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
        ("antwoord: $link", "antwoord", "section body: needs [$]link"),
        ("$opening [#$number]", "$opening", "section part: needs [$]number"),
        ("$subject$by [#", "$subject\n$by [#", "section title: is a subject; write it on one"),
        ("Dit is een wettelijke termijn.", "", "section law: is empty"),
        ("$code", "$link", r"section body_of_code: unknown field link [(]it may use [$]code"),
        ("ddd D MMM YYYY\n", "$date\n", r"section date: unknown field date [(]it may use none[)]"),
    ],
)
def test_a_broken_template_is_refused_by_file_section_and_field(before, after, says):
    text = shipped_words("nl")
    with pytest.raises(TemplateError, match=rf"nl\.txt.*{says}"):
        read_sections("nl.txt", text.replace(before, after, 1))


# --- several alerts in one message ----------------------------------------------------------------

NEXT = "https://e.example/alerts"


def several(language="nl"):
    """What a law dates first, as they come from the outbox."""
    late = FACTS["due"] + timedelta(days=9)
    return [
        of_lead(Lead.DUE, number=31, statutory=True, due=late, language=language,
                link=f"{NEXT}/31"),
        of_lead(Lead.REMINDER, number=12, statutory=True, language=language, link=f"{NEXT}/12"),
        of_lead(Lead.OFFERED, number=9, case="2026-00007", language=language, due=None,
                asks="Neemt u de zaak aan?", link=f"{NEXT}/9"),
        of_lead(Lead.CHECKUP, number=40, language=language, due=None, link=f"{NEXT}/40"),
    ]  # fmt: skip


@pytest.mark.parametrize("lead", Lead)
def test_one_alert_by_itself_is_worded_as_ever(lead):
    assert compose_together([of_lead(lead)]) == compose(of_lead(lead))


def test_several_alerts_are_one_message_with_a_neutral_subject():
    assert compose_together(several()).title == (
        "Estafette: 4 berichten voor u, eerste wettelijke termijn di 1 dec 2026 [#9]"
    )
    assert compose_together(several("en")).title == (
        "Estafette: 4 messages for you, first statutory deadline Tue 1 Dec 2026 [#9]"
    )
    assert compose_together(several()[2:]).title == "Estafette: 2 berichten voor u [#9]"


def test_a_subject_tells_of_a_lawful_term_also_when_no_day_is_known():
    undated = [of_lead(Lead.DUE, statutory=True, due=None), *several()[2:]]
    assert compose_together(undated).title == (
        "Estafette: 3 berichten voor u, wettelijke termijn [#9]"
    )


def test_each_alert_has_its_own_part_in_the_given_order_and_the_end_is_said_once():
    body = compose_together(several()).body
    numbers = re.findall(r" \[#(\d+)\]$", body, re.MULTILINE)
    assert numbers == ["31", "12", "9", "40"]
    assert (
        "In zaak 2026-00007 krijgt u een overdracht aangeboden. U kunt ja of nee zeggen. [#9]\n"
        "Neemt u de zaak aan?\n"
        "Bekijk de zaak en geef antwoord: https://e.example/alerts/9\n\n"
    ) in body
    assert "Uiterlijk: do 10 dec 2026. Dit is een wettelijke termijn.\nBekijk" in body
    assert body.count("Dan is het hetzelfde bericht.") == 1
    assert body.endswith("\n[#9]")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_hundred_alerts_make_one_whole_message_with_every_number_and_link(language):
    many = [a_payload(number=n, link=f"{NEXT}/{n}", language=language) for n in range(1, 101)]
    message = compose_together(many)
    lines = message.body.splitlines()
    assert all(any(line.endswith(f" [#{n}]") for line in lines) for n in range(1, 101))
    assert all(any(line.endswith(f"{NEXT}/{n}") for line in lines) for n in range(1, 101))
    assert not {"$", "{", "}", "None"} & set(message.body.split())
    assert "100" in message.title
    assert "\n\n\n" not in message.body


def test_a_message_is_never_of_no_alert_nor_in_two_languages():
    with pytest.raises(ValueError, match="alerts of one language"):
        compose_together([])
    with pytest.raises(ValueError, match="alerts of one language"):
        compose_together([*several(), *several("en")])


def test_where_it_must_be_short_the_subject_and_every_link_go():
    alone = compose(a_payload()).in_brief()
    assert alone.title == compose(a_payload()).title
    assert alone.body == FACTS["link"]
    together = compose_together(several()).in_brief()
    assert together.body.splitlines() == [f"{NEXT}/{n}" for n in (31, 12, 9, 40)]
    code = compose(of_lead(Lead.CODE, due=None)).in_brief()
    assert "0471 1234" in code.body
    assert "tien minuten" in code.body
    assert len(code.title + code.body) < 140


# --- a one-time code ------------------------------------------------------------------------------


def test_a_code_is_told_in_groups_with_how_long_it_holds_and_what_we_never_do():
    message = compose(of_lead(Lead.CODE, due=None))
    assert message.title == "Estafette: uw code [#123]"
    for words in ("\n0471 1234\n", "geldt tien minuten en werkt één keer", "nooit via de telefoon"):
        assert words in message.body
    english = compose(of_lead(Lead.CODE, due=None, language="en"))
    assert english.title == "Estafette: your code [#123]"
    for words in ("\n0471 1234\n", "for ten minutes and works once", "never ask", "telephone"):
        assert words in english.body


def test_a_message_with_a_code_leads_nowhere_and_its_subject_does_not_show_it():
    message = compose(of_lead(Lead.CODE))
    assert "http" not in message.body
    assert not re.search(r"0471|1234", message.title)


@pytest.mark.parametrize("code", ["1234567", "123456789", "1234 5678", "1234567a", "١٢٣٤٥٦٧٨", ""])
def test_a_code_is_eight_digits_and_a_refusal_does_not_repeat_it(code):
    with pytest.raises(ValidationError) as refused:
        a_payload(case=None, lead=Lead.CODE, code=code)
    assert not code or code not in str(refused.value)


def test_a_code_is_there_exactly_when_the_message_brings_one():
    for facts in ({"lead": Lead.CODE, "case": None}, {"code": CODE}):
        with pytest.raises(ValidationError, match="exactly when its lead is code"):
            a_payload(**facts)


def test_a_code_is_never_bundled_nor_printed():
    code = of_lead(Lead.CODE)
    with pytest.raises(ValueError, match="a code is one of its own"):
        compose_together([code, *several()])
    assert CODE not in repr(code)


@pytest.mark.parametrize("event", [*HANDOVER_NEWS, *REQUEST_NEWS, "skipped"])
def test_every_event_of_a_handover_or_request_has_a_lead_of_its_own(event):
    assert Lead(event) in sections("nl").keys() & sections("en").keys()


def test_wording_needs_neither_apprise_nor_a_mail_server():
    code = "import sys, notifications.wording; print({'apprise', 'aiosmtpd'} & set(sys.modules))"
    assert run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"
