"""The command line teaches, answers in JSON too, and refuses in one clear sentence."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.desk.conftest import Estafette

SIGNAL = ("signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldstraat 1")
PACKET = (
    "--severity", "medium", "--risk", "none", "--summary", "Geluid in de nacht.",
    "--if-then", "Bel de wijkagent.", "--not-shared", "Niets over behandeling.",
    "--ask-whom", "De zorgcoördinator.", "--told-person", "Weet ervan.",
    "--told-reporter", "Weet ervan.",
)  # fmt: skip


def a_case(town: Estafette) -> str:
    said = town(*SIGNAL, "--json")
    assert said.code == 0, said.err
    return str(said.json["case_key"])


def test_help_needs_neither_prefect_nor_a_database():
    """Quick because nothing heavy is imported; the time itself is measured in bench/."""
    code = (
        "import sys; sys.argv = ['estafette', '--help']\n"
        "from desk import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print(sorted({'prefect', 'sqlmodel', 'sqlalchemy', 'apprise'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    "command",
    ["up", "demo", "watch", "doctor", "window", "migrate", "audit", "mend", "metrics", "term",
     "replay",
     "mailbox", "signal add", "signal import", "case list", "case show", "case act", "case acts",
     "case decide", "case answer", "case reopen", "handover offer", "handover draft",
     "handover offer-draft", "handover assign", "handover revoke", "handover show",
     "handover list", "handover acknowledge", "handover accept", "handover refuse",
     "handover call", "handover contacted", "handover report", "alert list", "alert ack",
     "contact add",
     "contact list", "contact absent", "policy list", "policy check", "policy load"],
)  # fmt: skip
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette(*command.split(), "--help")
    assert said.code == 0
    assert "Usage:" in said.out
    if command != "watch":
        assert "--json" in said.out


def test_a_signal_opens_a_case_that_is_held_listed_drawn_and_audited_clean(town: Estafette):
    key = a_case(town)
    listed = town("case", "list", "--json").json
    assert [(row["key"], row["holder"]) for row in listed] == [(key, "director")]
    drawn = town("case", "show", key).out
    for word in (key, "melding", "bemoeizorg", "woningsluiting", "zorg", "rechtsbescherming",
                 "Is beslist wie deze melding oppakt?", "werkdagen", "director", "opened",
                 "take_up"):  # fmt: skip
        assert word in drawn
    report = town("audit", "--json")
    assert (report.code, report.json["checked"], report.json["findings"]) == (0, 1, [])


def test_a_second_signal_at_the_address_says_that_it_joined(town: Estafette):
    key = a_case(town)
    assert town(*SIGNAL, "--text", "weer").out.strip() == (
        f"The signal joined the open case at this address: {key}"
    )


def test_a_case_travels_by_decisions_acts_answers_and_a_handover(town: Estafette):
    key = a_case(town)
    by = ("--by", "director")
    assert town("case", "decide", key, "take_up", *by).code == 0
    assert town("case", "answer", key, "analysed", *by).code == 0
    assert town("case", "decide", key, "help_first", *by, "--json").json["stage"] == (
        "voluntary_care"
    )
    offered = town(
        "handover", "offer", key, "--to", "care", "--role", "care_lead", *PACKET, *by, "--json"
    )
    number = str(offered.json["id"])
    accepted = town(
        "handover", "accept", number, "--by", "care", "--read-back",
        "Ik leg vóór vrijdag contact en meld wat het opleverde.", "--json",
    )  # fmt: skip
    assert accepted.json["state"] == "accepted"
    assert town("case", "act", key, "care_offered", "-f", "form=conversation", *by).code == 0
    shown = town("case", "show", key, "--json").json
    assert shown["holders"] == {"case_director": "director", "care_lead": "care"}
    assert {p["state"] for p in shown["promises"] if p["key"] == "offered"} == {"answered"}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("case", "show", "2026-99999"), "there is no case 2026-99999"),
        (("case", "decide", "KEY", "fly", "--by", "director"), "its exits are take_up"),
        (("case", "decide", "KEY", "--to", "moon", "--reason", "x", "--by", "director"),
         "unknown stage 'moon'"),
        (("case", "decide", "KEY", "take_up", "--by", "nobody"), "there is no contact nobody"),
        (("case", "decide", "KEY", "take_up", "--by", "director", "--version", "7"), "moved on"),
        (("case", "act", "KEY", "dance", "--by", "director"), "unknown act 'dance'"),
        (("case", "act", "KEY", "warning_delivered", "--by", "director"), "belongs to stage"),
        (("case", "act", "KEY", "care_offered", "-f", "wrong", "--by", "director"), "NAME=VALUE"),
        (("case", "act", "KEY", "care_offered", "-f", "colour=red", "--by", "director"),
         "'colour' is not a fact of this act"),
        (("case", "act", "KEY", "note_added", "-f", "text=x", "--at", "soon", "--by", "director"),
         "'soon' is not a moment"),
        (("case", "act", "KEY", "note_added", "-f", "text=x", "--at", "2126-01-01T10:00+01:00",
          "--by", "director"), "before it is done"),
        (("case", "answer", "KEY", "triaged", "not_done", "--by", "director"), "needs a reason"),
        (("case", "answer", "KEY", "triaged", "maybe", "--by", "director"), "not an answer"),
        (("case", "answer", "KEY", "unknown", "--by", "director"), "there is no promise"),
        (("handover", "accept", "77", "--read-back", "ik doe het morgen", "--by", "care"),
         "there is no handover 77"),
        (("alert", "ack", "77", "--by", "director"), "there is no alert 77"),
        (("signal", "add", "--municipality", "Geen Sleutel", "--address", "x y z"),
         "municipality: small letters, digits and hyphens, such as regie-noord"),
        (("signal", "add", "--municipality", "leegstad", "--address", "Voorbeeldstraat 2"),
         "leegstad has no case director"),
        (("term", "--from", "2026-02-30", "--length", "6 weeks"), "is not a date"),
        (("term", "--from", "2026-02-20", "--length", "6 moons"), "6 moons"),
        (("term", "--from", "2026-02-20", "--length", "6 weeks", "--kind", "magic"), "not a kind"),
        (("policy", "check", "nowhere"), "is not shipped"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_in_one_sentence_and_changes_nothing(
    town: Estafette, words: tuple[str, ...], sentence: str
):
    key = a_case(town)
    before = town("case", "show", key, "--json").out
    said = town(*(key if word == "KEY" else word for word in words))
    assert said.code != 0
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert town("case", "show", key, "--json").out == before


def test_a_refused_measure_lists_every_unmet_question_with_its_source(town: Estafette):
    key = a_case(town)
    said = town("case", "decide", key, "--to", "warning", "--reason", "spoed", "--by", "director")
    assert said.code == 1
    for word in ("serious_and_repeated", "Gemeentewet 151d(1)", "lighter_means", "care_consulted"):
        assert word in said.err


def test_a_term_reads_like_a_sentence_and_prints_its_parts(estafette: Estafette):
    words = ("term", "--from", "2026-02-20", "--length", "6 weeks", "--kind", "statutory")
    assert "dinsdag 7 april 2026" in estafette(*words).out
    body = estafette(*words, "--json").json
    assert (body["nominal_end"], body["end"]) == ("2026-04-03", "2026-04-07")
    assert body["derivation"]
    back = estafette("term", "--from", "2026-04-15", "--length", "10 days", "--backward", "--json")
    assert back.json["end"] == "2026-04-05"


def test_an_import_is_checked_whole_before_anything_is_stored(town: Estafette, tmp_path: Path):
    rows = [
        {"municipality": "voorbeeldstad", "address": f"Voorbeeldlaan {n}", "reference": f"m{n}",
         "received_at": "2026-03-02T10:00+01:00"}
        for n in (1, 2)
    ]  # fmt: skip
    file = tmp_path / "signals.jsonl"
    file.write_text("\n".join(json.dumps(r) for r in [*rows, rows[0] | {"colour": "red"}]))
    said = town("signal", "import", str(file))
    assert said.code == 1
    assert "signal 3" in said.err
    assert "colour" in said.err
    assert town("case", "list", "--json").json == []
    file.write_text("\n".join(json.dumps(r) for r in rows))
    assert town("signal", "import", str(file), "--json").json["counts"]["opened"] == 2
    assert town("signal", "import", str(file), "--json").json["counts"]["known"] == 2


def test_a_database_that_was_never_made_says_how_to_make_it(
    estafette: Estafette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path / "elsewhere"))
    said = estafette("case", "list")
    assert (said.code, "estafette migrate" in said.err) == (1, True)
    assert estafette("migrate").code == 0
    assert estafette("case", "list").out.strip() == "No open cases."


def test_a_damaged_database_and_an_unknown_address_are_named(
    estafette: Estafette, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    (folder / "estafette.db").write_bytes(b"this is no database, only words" * 100)
    assert "damaged" in estafette("case", "list").err
    monkeypatch.setenv("ESTAFETTE_DATABASE_URL", "oracle://nowhere")
    assert "ESTAFETTE_DATABASE_URL" in estafette("case", "list").err
    monkeypatch.setenv("ESTAFETTE_DATABASE_URL", "postgresql://app:secret@127.0.0.1:9/none")
    said = estafette("case", "list")
    assert "can not be reached" in said.err
    assert "secret" not in said.err


def test_a_locked_database_is_said_and_nothing_is_lost(
    town: Estafette, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("models.db.SQLITE_BUSY_MILLISECONDS", 50)
    holder = sqlite3.connect(folder / "estafette.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    said = town(*SIGNAL)
    holder.execute("ROLLBACK")
    holder.close()
    assert (said.code, "locked" in said.err) == (1, True)
    assert town("case", "list", "--json").json == []
    assert a_case(town)


def test_the_doctor_says_of_each_thing_whether_it_is_ok_or_what_to_do(
    estafette: Estafette, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ESTAFETTE_PREFECT_PORT", "9")
    said = estafette("doctor", "--json")
    lines = {line["what"]: line for line in said.json}
    assert said.code == 1
    assert {what for what, line in lines.items() if not line["ok"]} == {
        "prefect", "workers", "deployments", "last audit",
    }  # fmt: skip
    assert lines["prefect"]["way_out"] == "run: estafette up"


def test_a_wrong_setting_is_named(estafette: Estafette, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", "many")
    said = estafette("mailbox")
    assert said.code == 1
    assert "smtp_port" in said.err.lower()
