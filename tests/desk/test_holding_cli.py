"""Asking from the command line who held a case when, who reported it, and what they may be told."""

from datetime import timedelta

import pytest

from desk.clock import now
from tests.desk.conftest import Estafette

SIGNAL = (
    "signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldstraat 1",
    "--reporter", "Voorbeeld Melder", "--reporter-contact", "melder@voorbeeld.example",
)  # fmt: skip


@pytest.fixture
def key(town: Estafette) -> str:
    return str(town(*SIGNAL, "--json").json["case_key"])


@pytest.mark.parametrize("command", ["holder", "holders", "reporters", "reporter-text"])
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette("case", command, "--help")
    assert said.code == 0
    assert "--json" in said.out


def test_who_holds_a_case_and_who_ever_did(town: Estafette, key: str):
    said = town("case", "holder", key)
    assert said.code == 0, said.err
    for words in ("case_director", "director", "gemeente"):
        assert words in said.out
    answer = town("case", "holder", key, "--json").json
    assert answer["state"] == "open"
    assert answer["roles"]["case_director"]["person"] == "director"
    [first] = town("case", "holders", key, "--json").json
    assert (first["role"], first["until"]) == ("case_director", None)
    assert "director" in town("case", "holders", key).out


def test_before_a_case_was_open_nobody_held_it(town: Estafette, key: str):
    said = town("case", "holder", key, "--at", "2020-03-03T14:00")
    assert said.code == 0
    assert "was not open yet on di 3 mrt 2020 14:00, so nobody held it" in said.out


def test_a_moment_is_typed_in_dutch_time_or_with_its_zone(town: Estafette, key: str):
    for at in ("2020-03-03 14:00", "2020-03-03T13:00+00:00"):
        assert "di 3 mrt 2020 14:00" in town("case", "holder", key, "--at", at).out
    refused = town("case", "holder", key, "--at", "gisteren")
    assert (refused.code, refused.err) == (
        1, "'gisteren' is not a moment; write it as 2026-11-23 14:05 (Dutch time) or with its "
        "zone\n",
    )  # fmt: skip


@pytest.mark.parametrize("columns", ["80", "240"])
def test_the_why_of_a_date_gets_the_width_of_the_terminal(
    town: Estafette, key: str, monkeypatch: pytest.MonkeyPatch, columns: str
):
    monkeypatch.setenv("COLUMNS", columns)
    [why, *_] = [p["derivation"][-1]["nl"] for p in town("case", "show", key, "--json").json[
        "promises"]]  # fmt: skip
    drawn = town("case", "show", key).out.splitlines()
    assert max(len(line) for line in drawn) <= int(columns)
    # Its first words stand side by side, wherever the line is broken after them.
    begin = " ".join(why.split()[:4])
    assert any(begin in line for line in drawn)
    assert any("signal.triaged" in line for line in drawn)
    header = any("waarom die datum" in line for line in drawn)
    assert header is (columns == "240")


def test_the_future_is_not_asked(town: Estafette, key: str):
    later = (now() + timedelta(days=2)).isoformat()
    said = town("case", "holder", key, "--at", later)
    assert said.code == 1
    assert "is still to come; nobody knows who holds the case then" in said.err


def test_the_director_sees_who_reported_and_others_hear_whom_to_ask(town: Estafette, key: str):
    said = town("case", "reporters", key, "--by", "director")
    assert said.code == 0, said.err
    assert "Voorbeeld Melder" in said.out
    assert "melder@voorbeeld.example" in said.out
    refused = town("case", "reporters", key, "--by", "care")
    assert refused.code == 1
    assert "ask director" in refused.err
    assert "Melder" not in refused.err
    shown = town("case", "show", key).out + town("case", "show", key, "--json").out
    assert "Voorbeeld Melder" not in shown
    assert "melder@" not in shown
    assert "reporters_seen" in shown


def test_the_text_for_a_reporter_comes_in_two_languages(town: Estafette, key: str):
    dutch = town("case", "reporter-text", key).out
    assert dutch.startswith("Beste melder,")
    assert key in dutch
    english = town("case", "reporter-text", key, "--language", "en", "--json").json
    assert english["text"].startswith("Dear reporter,")
    refused = town("case", "reporter-text", key, "--language", "fr")
    assert refused.code == 1
    assert "there are no words in 'fr'" in refused.err
