"""Asking partners, waiting and counting from the command line."""

from datetime import timedelta

import pytest

from desk.clock import now
from desk.say import AMSTERDAM
from tests.desk.conftest import Estafette

SIGNAL = ("signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldstraat 1")
TODAY = now().astimezone(AMSTERDAM).date()
UNTIL = str(TODAY + timedelta(days=40))


@pytest.fixture
def key(town: Estafette) -> str:
    """A case, and a care organisation beside the municipality."""
    said = town("contact", "add", "wijkteam", "--name", "Voorbeeld Wijkteam", "--function",
                "care_worker", "--organisation", "zorg", "--municipality", "voorbeeldstad",
                "--address", "wijkteam@voorbeeld.example", "--kind", "care")  # fmt: skip
    assert said.code == 0, said.err
    return str(town(*SIGNAL, "--json").json["case_key"])


def asked(town: Estafette, key: str, *more: str, to: str = "wijkteam"):
    return town("case", "ask", key, "--to", to, "--what", "Is er hulp?", "--by", "director", *more)


@pytest.mark.parametrize("command", ["case ask", "case requests", "case reply", "case withdraw",
                                     "case wait", "case waits", "case partners",
                                     "contact statistics"])  # fmt: skip
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette(*command.split(), "--help")
    assert said.code == 0
    assert "--json" in said.out


def test_a_partner_is_asked_and_answers(town: Estafette, key: str):
    said = asked(town, key)
    assert said.code == 0, said.err
    assert "request 1 is with wijkteam, to be answered by" in said.out
    assert asked(town, key, "--json").json["id"] == 1
    assert "wijkteam" in town("case", "partners", key).out
    told = town("case", "reply", "1", "cannot_share", "--reason", "beroepsgeheim",
                "--by", "wijkteam")  # fmt: skip
    assert told.out == f"{key}: request 1 is answered: cannot_share.\n"
    shown = town("case", "requests", key).out
    for words in ("director", "wijkteam", "zorg", "cannot_share", "Is er hulp?", "beroepsgeheim"):
        assert words in shown
    [row] = town("case", "requests", key, "--json").json
    assert (row["state"], row["answer"], row["closed_by"]) == (
        "answered", "cannot_share", "wijkteam",
    )  # fmt: skip
    assert town("audit", "--json").json["findings"] == []


def test_an_organisation_as_a_whole_is_asked(town: Estafette, key: str):
    assert asked(town, key, to="zorg").code == 0
    [row] = town("case", "requests", key, "--json").json
    assert (row["receiver"], row["organisation"]) == ("wijkteam", "zorg")


def test_a_request_is_withdrawn(town: Estafette, key: str):
    asked(town, key)
    said = town("case", "withdraw", "1", "--reason", "niet nodig", "--by", "director")
    assert said.out == f"{key}: request 1 is withdrawn.\n"
    assert town("case", "requests", key, "--json").json[0]["state"] == "withdrawn"


def test_a_case_waits_and_a_partner_of_it_waits(town: Estafette, key: str):
    asked(town, key)
    stated = ("--until", UNTIL, "--reason", "vakantie", "--by", "director")
    assert f"{key} waits until" in town("case", "wait", key, *stated).out
    assert "zorg waits until" in town("case", "wait", key, *stated, "--partner", "zorg").out
    shown = town("case", "waits", key).out
    assert "zorg" in shown
    assert "vakantie" in shown
    assert [w["until"] for w in town("case", "waits", key, "--json").json] == [UNTIL, UNTIL]
    over = town("case", "wait", key, "--over", "--by", "director", "--json").json
    assert over["until"] is None
    assert "waits no longer" in town("case", "wait", key, "--over", "--by", "director").out
    [seen] = town("case", "partners", key, "--json").json
    assert seen["waits_until"] == UNTIL


def test_partners_are_counted(town: Estafette, key: str):
    assert "No partner" in town("contact", "statistics").out
    asked(town, key)
    town("case", "reply", "1", "done", "--reason", "ja", "--by", "wijkteam")
    [row] = town("contact", "statistics", "--json").json
    assert (row["organisation"], row["asked"], row["done"], row["silent"]) == ("zorg", 1, 1, 0)
    shown = town("contact", "statistics", "--since", str(TODAY)).out
    assert "Requests:" in shown
    assert "Answer times:" in shown
    assert "Handovers:" not in shown
    assert shown.count("zorg") == 2
    after = str(TODAY + timedelta(days=1))
    assert town("contact", "statistics", "--since", after, "--json").json == []


def test_a_case_nobody_was_asked_about_says_so(town: Estafette, key: str):
    assert "Nothing was asked" in town("case", "requests", key).out
    assert "No partner" in town("case", "partners", key).out
    assert "never waited" in town("case", "waits", key).out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("case", "reply", "1", "perhaps", "--reason", "x"), "'perhaps' is not an answer"),
        (("case", "reply", "99", "done", "--reason", "x"), "there is no request 99"),
        (("case", "reply", "1", "done", "--reason", "x"), "is yours; whoever was asked"),
        (("case", "withdraw", "1", "--reason", " "), "needs a reason"),
        (("case", "answer", "KEY", "request_answered", "done"), "estafette case reply 1"),
        (("case", "ask", "KEY", "--to", "director", "--what", "x"), "goes to somebody else"),
        (("case", "wait", "KEY"), "needs --until and --reason"),
        (("case", "wait", "KEY", "--until", "soon", "--reason", "x"), "'soon' is not a date"),
        (("case", "wait", "KEY", "--until", "2099-01-01", "--reason", "x"), "case.waiting"),
        (("case", "wait", "KEY", "--until", UNTIL, "--reason", "x", "--partner", "politie"),
         "there is no partner politie"),
    ],
)  # fmt: skip
def test_what_can_not_be_is_one_clear_sentence(town: Estafette, key: str, words, sentence):
    asked(town, key)
    said = town(*(key if word == "KEY" else word for word in words), "--by", "director")
    assert said.code == 1
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_day_that_is_none_is_refused(estafette: Estafette):
    said = estafette("contact", "statistics", "--since", "May")
    assert (said.code, said.err) == (1, "'May' is not a date; write it as 2026-05-14\n")
