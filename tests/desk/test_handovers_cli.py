"""estafette handover: every step of passing on a role, typed; what is shown fits 80 columns, and a
refusal is one clear sentence."""

import json
import re
from collections.abc import Callable
from datetime import date

import pytest

from desk.say import when
from tests.desk.conftest import Estafette, Said
from tests.desk.test_cli import PACKET, a_case

BY, CARE = ("--by", "director"), ("--by", "care")
LEAD = ("--role", "care_lead", "--to", "care")
READ_BACK = ("--read-back", "Ik bel dinsdag aan en laat vrijdag weten hoe het ging.")


@pytest.fixture
def key(town: Estafette) -> str:
    said = town(
        "contact", "add", "process", "--name", "Voorbeeld Proces", "--function",
        "process_director", "--organisation", "gemeente", "--municipality", "voorbeeldstad",
        "--address", "process@voorbeeld.example",
    )  # fmt: skip
    assert said.code == 0, said.err
    return a_case(town)


@pytest.fixture
def handover(town: Estafette) -> Callable[..., Said]:
    """Types a command about handovers that is not refused."""

    def type_in(*words: str) -> Said:
        said = town("handover", *words)
        assert said.code == 0, said.err
        return said

    return type_in


@pytest.fixture
def offered(handover, key) -> str:
    return str(handover("offer", key, *LEAD, *PACKET, *BY, "--json").json["id"])


def test_a_handover_goes_from_offer_to_report_back(handover, offered):
    assert "accept or refuse it" in handover("acknowledge", offered, *CARE).out
    assert "asked to call you" in handover("call", offered, "--how", "dinsdagochtend", *CARE).out
    assert "care holds care_lead" in handover("accept", offered, *READ_BACK, *CARE).out
    assert "now contacted" in handover("contacted", offered, *BY).out
    done = handover("report", offered, "--report", "Wij zijn binnen en komen vaker.", *CARE)
    assert "It is closed" in done.out
    shown = handover("show", offered, "--json").json
    assert (shown["state"], shown["read_back"]) == ("closed", READ_BACK[1])
    assert (shown["missing"], shown["completeness"], shown["clocks"]) == ([], 1.0, [])


def test_an_offer_says_who_holds_the_role_meanwhile_and_by_when_an_answer_is_promised(
    handover, key
):
    first = handover("offer", key, *LEAD, *PACKET, *BY).out
    assert "on offer to care; director holds it meanwhile." in first
    due = handover("show", "1", "--json").json["clocks"]
    [answered] = [when(date.fromisoformat(clock["due_on"])) for clock in due
                  if clock["key"] == "handover_answered"]  # fmt: skip
    assert f"An answer is promised by {answered}." in first
    handover("accept", "1", *READ_BACK, *CARE)
    onward = ("--role", "care_lead", "--to", "deputy")
    second = handover("offer", key, *onward, *PACKET, *BY).out
    assert "on offer to deputy; care holds it meanwhile." in second


@pytest.mark.parametrize("given", ["not_done", "cannot_share"])
def test_what_was_answered_after_the_handover_is_shown_with_its_reason(handover, offered, given):
    word = {"not_done": "niet gedaan", "cannot_share": "mag niet delen"}[given]
    handover("accept", offered, *READ_BACK, *CARE)
    handover("contacted", offered, "--given", given, "--reason", "Nooit thuis getroffen.", *CARE)
    shown = handover("show", offered).out
    assert f"aanvaard; gesproken: {word}" in shown
    assert f"{word} (care): Nooit thuis getroffen." in " ".join(shown.split())
    said = handover("report", offered, "--given", given, "--report", "Beroepsgeheim.", *CARE).out
    assert f"report-back: {given}" in said
    shown = handover("show", offered).out
    assert f"terugmelding: {word}" in " ".join(shown.split())
    assert "  niet teruggemeld" in shown
    assert "  teruggemeld" not in shown
    found = handover("show", offered, "--json").json
    assert found["contact"] == {"answer": given, "by": "care", "reason": "Nooit thuis getroffen."}
    assert found["reported"] == {"answer": given, "by": "care", "reason": "Beroepsgeheim."}


def test_a_refusal_says_who_holds_the_role_and_who_is_asked_how_to_go_on(handover, key):
    said = []
    for to in ("care", "deputy"):
        made = handover("offer", key, "--role", "care_lead", "--to", to, *PACKET, *BY, "--json")
        refusal = ("refuse", str(made.json["id"]), "--reason", "Geen plek.", "--by", to)
        said.append(handover(*refusal).out)
    assert all("is refused; director holds care_lead." in words for words in said)
    assert "Its sender is asked how to go on, by " in said[0]
    assert "The process director is asked to decide who gets it, by " in said[1]
    again = handover("refuse", "1", "--reason", "Geen plek.", *CARE).out
    assert "asked" not in again


def test_the_list_says_which_answer_is_due_and_the_hour_when_it_is_one_of_hours(handover, key):
    def due() -> str:
        return handover("list").out.splitlines()[1]

    handover("offer", key, *LEAD, *PACKET, *BY)
    assert "gezien" in due()
    handover("acknowledge", "1", *CARE)
    assert "antwoord" in due()
    handover("accept", "1", *READ_BACK, *CARE)
    assert "gesproken" in due()
    handover("contacted", "1", *CARE)
    assert "terugmelding" in due()
    assert not re.search(r"\d\d:\d\d", due())
    urgent = (*PACKET, "--severity", "urgent")
    handover("offer", key, "--role", "care_lead", "--to", "deputy", *urgent, *BY)
    assert re.search(r"antwoord\s.*\d\d:\d\d$", due())


def test_no_list_is_wider_than_a_hundred_columns_and_nothing_is_left_out(town, handover, key):
    long = "voorbeeld-met-een-heel-lange-sleutel"
    said = town(
        "contact", "add", long, "--name", "Voorbeeld", "--function", "care_worker",
        "--organisation", "gemeente", "--municipality", "voorbeeldstad",
        "--address", "lang@voorbeeld.example",
    )  # fmt: skip
    assert said.code == 0, said.err
    handover("offer", key, "--role", "care_lead", "--to", long, *PACKET, *BY)
    asked = ("--to", long, "--what", "Een lange vraag over geluid.\nEn nog een. \x1b[31m" * 9)
    assert town("case", "ask", key, *asked, *BY).code == 0
    for words in (("handover", "list"), ("alert", "list"), ("case", "requests", key),
                  ("contact", "statistics"), ("case", "partners", key)):  # fmt: skip
        lines = town(*words).out.splitlines()
        assert max(len(line) for line in lines) <= 100, words
        assert "\x1b" not in "".join(lines)
    assert "by: " in town("handover", "list").out
    assert town("case", "requests", key).out.count("nog een") == 9


def test_an_open_action_says_which_handover_it_is_about(handover, key):
    handover("offer", key, *LEAD, *PACKET, *BY)
    handover("accept", "1", *READ_BACK, *CARE)
    handover("offer", key, "--role", "enforcement_lead", "--to", "deputy", *PACKET, *BY)
    shown = " ".join(handover("show", "2").out.split())
    assert "gesproken? (overdracht 1) Uiterlijk" in shown


def test_reporting_back_explains_its_answers_by_its_own_option(town):
    told = " ".join(town("handover", "report", "--help").out.replace("│", " ").split())
    assert "--report says what happened, or why not" in told
    assert "--reason" not in told


@pytest.mark.parametrize(
    "words", [("offer",), ("assign", "--because", "Zorg is aan zet.", "--by", "process"),
              ("offer-draft",)],
)  # fmt: skip
def test_missing_parts_are_named_as_the_options_that_fill_them(town, handover, key, words):
    by = () if "--by" in words else BY
    about = ("1",) if words == ("offer-draft",) else (key, *LEAD)
    if words == ("offer-draft",):
        handover("draft", key, *LEAD, *PACKET[:4], *BY)
    said = town("handover", words[0], *about, *words[1:], *PACKET[:4], *by)
    assert said.code == 1
    assert "  - --told-person: " in said.err
    assert "told_person" not in said.err
    assert "--risk: " not in said.err


def test_passing_on_is_asked_after_by_number(town):
    said = town("handover", "progress", "regie")
    assert (said.code, said.err) == (
        1, "'regie' is not the number of a succession; see them all: estafette handover progress\n",
    )  # fmt: skip


def test_a_draft_says_what_is_missing_and_with_which_option_it_is_filled(handover, key):
    parts = ("--severity", "high", "--summary", "Geluid in de nacht.")
    drafted = handover("draft", key, *LEAD, *parts, *BY)
    for words in ("--risk: the risks as codes", "--if-then:", "--not-shared:", "--ask-whom:",
                  "--told-person:", "--told-reporter:", "handover offer-draft 1"):  # fmt: skip
        assert words in drafted.out
    assert "--summary:" not in drafted.out
    shown = handover("show", "1").out
    assert "2 van 8 delen, 25%" in shown
    assert "ONTBREEKT: wat te doen als het erger wordt" in shown
    assert "Offer it: " in handover("draft", key, *LEAD, *PACKET[2:], *BY).out
    with pytest.raises(AssertionError, match="moved on"):
        handover("offer-draft", "1", "--version", "77", *BY)
    offered = handover("offer-draft", "1", *BY, "--json").json
    assert (offered["id"], offered["state"]) == (1, "offered")
    assert handover("show", "1", "--json").json["packet"]["severity"] == "high"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("packet.yaml", "severity: medium\nrisks: [dog, go_in_pairs]\nsummary: uit een bestand\n"),
        ("packet.toml", 'severity = "medium"\nrisks = ["dog", "go_in_pairs"]\n'
                        'summary = "uit een bestand"\n'),
        ("packet.json", '{"severity": "medium", "risks": ["dog", "go_in_pairs"], '
                        '"summary": "uit een bestand"}'),
    ],
)  # fmt: skip
def test_a_packet_may_stand_in_a_file_and_an_option_goes_before_it(
    handover, key, tmp_path, name, text
):
    (tmp_path / name).write_text(text)
    file = ("--packet", str(tmp_path / name), "--severity", "high")
    handover("draft", key, *LEAD, *file, *BY)
    packet = handover("show", "1", "--json").json["packet"]
    assert packet["summary"] == "uit een bestand"
    assert (packet["severity"], packet["risks"]) == ("high", ["dog", "go_in_pairs"])


def test_refused_twice_it_is_for_the_process_director_to_assign(town, handover, key):
    for to in ("care", "deputy"):
        made = handover("offer", key, "--role", "care_lead", "--to", to, *PACKET, *BY, "--json")
        number = str(made.json["id"])
        handover("refuse", number, "--reason", "Geen plek deze maand.", "--by", to)
    refused = town("handover", "offer", key, *LEAD, *PACKET, *BY)
    assert (refused.code, "the process director" in refused.err) == (1, True)
    forced = handover("assign", key, *LEAD, "--because", "Zorg is aan zet.", "--by", "process")
    assert "care, who holds it from now and has to read back handover 3" in forced.out
    shown = handover("show", "3").out
    said = ("toegewezen, nog terug te lezen", "process: Zorg is aan zet.", "Geluid in de nacht.",
            "Deze zaak is u toegewezen. Wat neemt u op u?")  # fmt: skip
    assert [words for words in said if words not in shown] == []
    assert "Geen plek deze maand." in handover("show", "2").out
    assert handover("accept", "3", *READ_BACK, *CARE, "--json").json["state"] == "accepted"


def test_what_is_shown_fits_eighty_columns_and_steers_no_terminal(handover, key):
    long = "Een heel lang verhaal over geluid. " * 12
    packet = (*PACKET, "--summary", f"{long}\nTweede regel \x1b[31mrood\x1b[0m")
    handover("offer", key, *LEAD, *packet, *BY)
    lines = handover("show", "1").out.splitlines()
    assert max(len(line) for line in lines) <= 80
    assert "\x1b" not in "".join(lines)
    assert any("Tweede regel" in line for line in lines)
    clocks = lines[lines.index("Nog te beantwoorden") + 1 :]
    assert len([line for line in clocks if "mrt" in line or "2026" in line or "2027" in line]) >= 2


def test_handovers_are_listed_by_case_by_contact_and_by_what_waits(handover, offered, key):
    def listed(*words: str) -> list[int]:
        return [row["id"] for row in handover("list", *words, "--json").json]

    assert listed() == listed("--case", key) == listed("--pending") == [1]
    assert listed("--contact", "care") == listed("--contact", "director") == [1]
    assert listed("--contact", "deputy") == []
    assert "care_lead" in handover("list").out
    handover("revoke", offered, *BY)
    assert listed("--pending") == []
    assert handover("list", "--pending").out.strip() == "No handovers."
    assert listed() == [1]


def test_an_offer_to_an_organisation_says_what_to_expect_of_it(town, handover, key):
    zorg = ("--organisation", "zorg", "--kind", "care", "--municipality", "voorbeeldstad")
    for words in (
        ("add", "wijkteam", "--name", "Voorbeeld Team", "--function", "care_worker", *zorg,
         "--address", "team@voorbeeld.example"),
        ("organisation", "zorg", "--how-fast", "binnen een week", *BY),
    ):  # fmt: skip
        said = town("contact", *words)
        assert said.code == 0, said.err
    made = handover("offer", key, "--role", "care_lead", "--to", "zorg", *PACKET, *BY)
    assert "binnen een week" in made.out
    shown = handover("show", "1").out
    assert "wijkteam (zorg)" in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("offer", "KEY", "--role", "boss", "--to", "care", *BY), "'boss' is not a role; choose"),
        (("offer", "KEY", "--role", "care_lead", "--to", "nobody", *PACKET, *BY),
         "there is no contact or organisation nobody"),
        (("offer", "KEY", "--role", "care_lead", "--to", "director", *PACKET, *BY),
         "a handover goes to somebody else"),
        (("offer", "KEY", *LEAD, *BY), "the packet is not complete"),
        (("offer", "KEY", *LEAD, *PACKET, "--risk", "dogg", *BY), "did you mean 'dog'?"),
        (("offer", "KEY", *LEAD, *PACKET, "--severity", "huge", *BY), "'huge' is no severity"),
        (("offer", "KEY", *LEAD, *PACKET, "--summary", "x\n" * 11, *BY), "more than 10 lines"),
        (("offer", "KEY", *LEAD, *PACKET, "--version", "77", *BY), "moved on"),
        (("offer", "KEY", *LEAD, "--packet", "odd.yaml", *BY), "'colour' is no part of a packet"),
        (("offer", "KEY", *LEAD, "--packet", "torn.yaml", *BY), "torn.yaml: line 1"),
        (("offer", "KEY", *LEAD, "--packet", "list.json", *BY), "list.json: holds no packet"),
        (("offer", "KEY", *LEAD, "--packet", "torn.toml", *BY), "torn.toml: "),
        (("offer", "KEY", *LEAD, "--packet", "binary.yaml", *BY), "not text in UTF-8"),
        (("offer", "KEY", *LEAD, "--packet", "absent.yaml", *BY), "absent.yaml"),
        (("assign", "KEY", *LEAD, *PACKET, "--because", "x", *BY), "only the process director"),
        (("assign", "KEY", *LEAD, *PACKET, "--because", " ", "--by", "process"), "needs a reason"),
        (("accept", "1", *READ_BACK, *CARE), "there is no handover 1"),
        (("acknowledge", "1", *CARE), "there is no handover 1"),
        (("show", "1"), "there is no handover 1"),
        (("list", "--contact", "nobody"), "there is no contact nobody"),
        (("contacted", "1", "--given", "maybe", *CARE), "'maybe' is not an answer; choose"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence_and_changes_nothing(
    town, key, tmp_path, monkeypatch, words, sentence
):
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("odd.yaml", b"colour: red"), ("torn.yaml", b"severity: [low"), ("list.json", b"[1]"),
        ("torn.toml", b"severity = low"), ("binary.yaml", b"\xff\xfe\x00"),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(text)
    before = town("case", "show", key, "--json").out
    said = town("handover", *(key if word == "KEY" else word for word in words))
    assert said.code != 0
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert town("case", "show", key, "--json").out == before
    assert town("handover", "list", "--json").json == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("accept", "1", *CARE), "Missing option '--read-back'"),
        (("accept", "1", "--read-back", "Geluid in de nacht.", *CARE), "in your own words"),
        (("accept", "1", *READ_BACK, *BY), "was not offered to director"),
        (("accept", "1", *READ_BACK, "--version", "77", *CARE), "moved on"),
        (("refuse", "1", *CARE), "Missing option '--reason'"),
        (("refuse", "1", "--reason", " ", *CARE), "needs a reason"),
        (("refuse", "1", "--reason", "Vol.", "--version", "77", *CARE), "moved on"),
        (("revoke", "1", "--version", "77", *BY), "moved on"),
        (("assign", "KEY", *LEAD, *PACKET, "--because", "x", "--version", "77", "--by",
          "process"), "moved on"),
        (("accept", "1", "--read-back", "1 2 3 4 5", *CARE), "in your own words"),
        (("call", "1", "--how", " ", *CARE), "say how and when"),
        (("contacted", "1", *CARE), "was not accepted yet"),
        (("report", "1", "--report", "Wij zijn binnen.", *CARE), "was not accepted yet"),
        (("offer-draft", "1", "--by", "deputy"), "holds neither this role"),
        (("offer", "KEY", "--role", "care_lead", "--to", "deputy", *PACKET, *BY),
         "handover 1 of this role is still on offer"),
    ],
)  # fmt: skip
def test_what_is_on_offer_is_answered_by_the_rules_or_not_at_all(
    town, offered, key, words, sentence
):
    before = town("handover", "show", offered, "--json").out
    said = town("handover", *(key if word == "KEY" else word for word in words))
    assert said.code != 0
    assert sentence in " ".join(said.err.replace("│", " ").split())
    assert town("handover", "show", offered, "--json").out == before


def test_every_answer_is_json_too(handover, key):
    drafted = handover("draft", key, *LEAD, "--summary", "x", *BY, "--json").json
    assert drafted["missing"][0] == "severity"
    assert json.loads(handover("list", "--json").out)[0]["id"] == drafted["id"]
