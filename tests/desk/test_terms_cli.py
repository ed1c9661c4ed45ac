"""Changing a promised date from the command line, and seeing why it is what it is."""

from datetime import date, timedelta

import pytest

from desk.clock import now
from desk.say import AMSTERDAM
from tests.desk.conftest import Estafette

SIGNAL = ("signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldstraat 1")
WHY = ("--ground", "Awb 4:15", "--reason", "stukken ontbreken", "--by", "director")
TODAY = now().astimezone(AMSTERDAM).date()
LATER = str(TODAY + timedelta(days=9))


@pytest.fixture
def key(town: Estafette) -> str:
    """A case with a term of law that runs for eight weeks."""
    case = str(town(*SIGNAL, "--json").json["case_key"])
    assert town("case", "act", case, "enforcement_requested", "--by", "director").code == 0
    return case


def due(town: Estafette, key: str, promise: str = "request_decided") -> date:
    rows = town("case", "show", key, "--json").json["promises"]
    [found] = [r for r in rows if r["key"] == promise and r["state"] == "open"]
    return date.fromisoformat(found["due_on"])


@pytest.mark.parametrize("command", ["pause", "resume", "extend", "redate", "ledger"])
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette("case", command, "--help")
    assert said.code == 0
    assert "--json" in said.out
    if command != "ledger":
        assert "Kept in the ledger, never in a message." in said.out


def test_a_term_is_paused_resumed_extended_and_redated(town: Estafette, key: str):
    before = due(town, key)
    said = town("case", "pause", key, "request_decided", "--until", LATER, *WHY)
    assert said.code == 0, said.err
    assert "request_decided is due" in said.out
    assert due(town, key) > before
    assert due(town, key, "pause_over") == TODAY + timedelta(days=9)
    assert town("case", "resume", key, "request_decided", *WHY).code == 0
    assert due(town, key) == before
    longer = town("case", "extend", key, "request_decided", "--length", "6 weeks", *WHY, "--json")
    assert date.fromisoformat(longer.json["due_on"]) == due(town, key) > before
    to = str(TODAY + timedelta(days=30))
    assert town("case", "redate", key, "request_decided", "--to", to, *WHY).code == 0
    assert str(due(town, key)) == to
    made = [line["what"] for line in town("case", "ledger", key, "--json").json]
    assert made == ["paused", "resumed", "extended", "redated"]
    assert town("audit", "--json").json["findings"] == []


def test_the_ledger_and_the_case_show_what_was_changed_and_on_what_ground(town, key):
    assert "was ever changed" in town("case", "ledger", key).out
    town("case", "pause", key, "request_decided", "--until", LATER, *WHY)
    ledger = town("case", "ledger", key).out
    for words in ("legal_protection.request_decided", f"paused until {LATER}", "Awb 4:15",
                  "stukken ontbreken", "director"):  # fmt: skip
        assert words in ledger
    shown = town("case", "show", key).out
    for words in ("opgeschort per", "(Awb 4:15, director)", "Opgeschort na"):
        assert words in shown
    assert "stukken ontbreken" not in shown


def test_a_moment_is_a_moment(town: Estafette, key: str):
    noon = f"{LATER}T12:00+00:00"
    said = town("case", "redate", key, "request_decided", "--to", noon, *WHY, "--json")
    assert (said.json["exact"], said.json["due_at"]) == (True, f"{LATER}T12:00:00+00:00")


def test_the_same_change_twice_is_made_once(town: Estafette, key: str):
    words = ("case", "extend", key, "request_decided", "--length", "6 weeks", *WHY)
    assert town(*words).code == 0
    assert "already" in town(*words).out
    assert len(town("case", "ledger", key, "--json").json) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("pause", "--until", "soon"), "'soon' is not a date; write it as 2026-05-14"),
        (("pause", "--until", "2020-01-01"), "can not end on 2020-01-01"),
        (("resume",), "the term is not paused, so there is nothing to resume"),
        (("extend", "--length", "a while"), "is not a length"),
        (("extend", "--length", "0 days"), "a length of its own"),
        (("redate", "--to", "somewhere in May"), "is not a moment"),
    ],
)
def test_a_change_that_can_not_be_is_one_clear_sentence(town, key, words, sentence):
    command, *more = words
    said = town("case", command, key, "request_decided", *more, *WHY)
    assert said.code == 1
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
