"""estafette decree, the doctor's line about it, notices in the list, and estafette term."""

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from casework.alert_links import alert_link
from casework.connect import connect
from casework.link_tokens import link_secret
from casework.notices import raise_notices
from desk.clock import now
from desk.commands.tools import KINDS
from desk.doctor import examine
from desk.pages import pages
from desk.settings import DeskSettings
from escalation.terms import Kind
from tests.desk.conftest import Estafette

CASES = tomllib.loads((Path(__file__).parents[1] / "escalation" / "deadlines.toml").read_text())
DECREE = ("--from", "2029", "--to", "2031", "--source", "Stcrt. 2028, 12345", "--by", "director")
RUNS_OUT = datetime(2028, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("command", ["list", "add", "import", "withdraw"])
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette("decree", command, "--help")
    assert (said.code, "Usage:" in said.out, "--json" in said.out) == (0, True, True)


def test_a_decree_is_added_listed_counted_with_and_withdrawn(town: Estafette):
    done = town("decree", "add", "2029-05-11", *DECREE, "--json").json
    assert done == {"days": ["2029-05-11"], "warnings": [], "differing": []}
    assert "vr 11 mei 2029" in town("decree", "list").out
    term = ("term", "--from", "2029-03-30", "--length", "6 weeks", "--json")
    body = town(*term).json
    assert (body["nominal_end"], body["end"]) == ("2029-05-11", "2029-05-14")
    assert (body["decrees"], body["warnings"]) == ("installed", [])
    gone = town("decree", "withdraw", "2029-05-11", "--reason", "fout", "--by", "director")
    assert (gone.code, "ordinary from now: vr 11 mei 2029" in gone.out) == (0, True)
    assert town(*term).json["end"] == "2029-05-11"
    listed = town("decree", "list", "--json").json
    assert listed["uncovered"] == [2020, 2021, 2022]
    (row,) = [row for row in listed["rows"] if row["day"] == "2029-05-11"]
    assert row["withdrawn_by"] == "director"
    assert town("decree", "withdraw", "2029-2031", "--reason", "fout", "--by", "director").code == 0
    assert town(*term).json["warnings"]


def test_a_decree_is_imported_from_a_file_in_the_form_of_ours(town: Estafette, tmp_path: Path):
    file = tmp_path / "besluit.toml"
    file.write_text('decreed = [{ day = 2029-05-12, years = [2029, 2031], source = "Stcrt. 1" }]')
    said = town("decree", "import", str(file), "--by", "director")
    assert "za 12 mei 2029" in said.out
    assert "falls on a weekend" in said.out
    assert "covers these years" in town("decree", "import", str(file), "--by", "director").out


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("decreed = [", "is not TOML"),
        ("days = []", 'has no list "decreed"'),
        ("decreed = [{ day = 2029-05-11 }]", "cannot be read"),
        ('decreed = [{ day = "2029-05-11", years = [2029, 2031], source = "S" }]', "cannot be"),
        ('decreed = [{ day = 2029-05-11, years = [2029, 2031], source = "S", x = 1 }]', "cannot"),
        ('decreed = [{ day = 2028-05-11, years = [2029, 2031], source = "S" }]', "is outside"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_an_example(
    town: Estafette, tmp_path: Path, text: str, says: str
):
    file = tmp_path / "besluit.toml"
    file.write_text(text)
    said = town("decree", "import", str(file), "--by", "director")
    assert (said.code, says in said.err, "Traceback" in said.err) == (1, True, False)
    assert len(said.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "2029-02-30", *DECREE), "is not a day"),
        (("add", "2032-05-07", *DECREE), "is outside 2029-2031"),
        (("add", *DECREE[:-1], "nobody"), "there is no contact nobody"),
        (("withdraw", "2026-05-18", "--reason", "x", "--by", "director"), "no decreed day"),
        (("withdraw", "2026-05-15", "--reason", " ", "--by", "director"), "needs a reason"),
    ],
)
def test_bad_input_is_one_sentence(town: Estafette, words: tuple[str, ...], sentence: str):
    said = town("decree", *words)
    assert (said.code, sentence in said.err) == (1, True), said.err
    assert len(said.err.strip().splitlines()) == 1


def doctors_line(at: datetime):
    return next(line for line in examine(connect(), DeskSettings(), at) if line.what == "decrees")


def test_the_doctor_warns_a_year_ahead_and_names_the_years_left_out(town: Estafette):
    early, late = doctors_line(datetime(2027, 12, 31, 22, tzinfo=UTC)), doctors_line(RUNS_OUT)
    assert (early.ok, late.ok) == (True, False)
    assert "up to 2028; none for 2020, 2021, 2022" in early.found
    assert "estafette decree import" in late.way_out
    town("decree", "add", *DECREE)
    assert doctors_line(RUNS_OUT).ok


def test_the_doctor_sees_that_the_record_of_administration_is_whole(estafette: Estafette):
    lines = {line["what"]: line for line in estafette("doctor", "--json").json}
    assert lines["administration"]["ok"]


@pytest.fixture
def notice(town: Estafette) -> str:
    """The number of a notice that waits for the administrator."""
    words = ("contact", "add", "beheer", "--name", "Voorbeeld Beheer", "--function",
             "administrator", "--organisation", "gemeente", "--municipality", "voorbeeldstad",
             "--address", "beheer@voorbeeld.example")  # fmt: skip
    assert town(*words).code == 0
    assert raise_notices(connect(), RUNS_OUT) == 1
    return str(town("alert", "list", "--json").json[0]["number"])


def test_a_notice_is_listed_and_acknowledged(town: Estafette, notice: str):
    shown = town("alert", "list").out
    assert "installation" in shown
    assert "gelijkgestelde dagen" in shown
    assert "comes back" in town("alert", "ack", notice, "--by", "beheer").out
    assert "nothing changed" in town("alert", "ack", notice, "--by", "beheer").out


def test_the_page_of_a_notice_says_what_to_do_and_names_no_case(town: Estafette, notice: str):
    from fastapi.testclient import TestClient

    link = alert_link(connect(), int(notice), to="beheer", secret=link_secret(), now=now())
    page = TestClient(pages(DeskSettings())).get(f"/a/{link}")
    assert page.status_code == 200
    assert "estafette decree import" in page.text
    assert "None" not in page.text


# --- estafette term ------------------------------------------------------------------------------


def words_for(case: dict, length: str) -> list[str]:
    back = ["--backward"] if case["kind"] == "backward" else ["--kind", case["kind"]]
    return ["term", "--from", case["start"].isoformat(), "--length", length, *back, "--json"]


@pytest.mark.parametrize("case", CASES["case"], ids=lambda case: case["name"])
def test_every_dated_case_comes_out_the_same_on_the_command_line(estafette: Estafette, case: dict):
    body = estafette(*words_for(case, case["length"])).json
    assert (body["nominal_end"], body["end"]) == (str(case["nominal"]), str(case["end"]))
    assert all(step["nl"] and step["en"] for step in body["derivation"])


@pytest.mark.parametrize("case", CASES["moment"], ids=lambda case: case["name"])
def test_every_case_with_a_moment_too(estafette: Estafette, case: dict):
    body = estafette(*words_for(case, case["length"])).json
    assert datetime.fromisoformat(body["due_at"]) == case["due_at"]


@pytest.mark.parametrize("kind", Kind)
def test_each_kind_of_term_is_told_in_dutch_and_english(estafette: Estafette, kind: Kind):
    start, length = ("2026-02-20T14:05+01:00", "4 hours") if kind is Kind.HOURS else (
        "2026-02-20", "6 weeks"
    )  # fmt: skip
    both = estafette("term", "--from", start, "--length", length, "--kind", kind.value)
    assert both.code == 0, both.err
    dutch, english = both.out.strip().splitlines()
    assert "eindigt" in dutch
    assert "ends" in english
    one = estafette(
        "term", "--from", start, "--length", length, "--kind", kind.value, "--language", "en"
    )
    assert one.out.strip() == english
    assert kind.value in KINDS.split(", ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("2026-02-20", "6 fortnights"), "the units are hours, days, working days"),
        (("2026-02-20", "-3 days"), "is not a length"),
        (("2026-02-20T10:00", "3 days"), "in which time zone"),
        (("2026-02-31", "3 days"), "is not a date"),
        (("31-02", "3 days"), "is not a date"),
        (("", "3 days"), "is not a date"),
        (("9999-12-31", "3 days"), "cannot be counted"),
        (("9999-12-31T23:59+00:00", "3 days"), "cannot be counted"),
        (("0001-01-01T00:00+14:00", "3 days"), "cannot be counted"),
        (("2026-02-20", "9999 years", "--kind", "decision_set"), "cannot be counted"),
        (("2026-02-20", "4 hours", "--kind", "hours"), "run from a moment"),
        (("2026-02-20", "5 working days"), "only a policy term counts working days"),
        (("2026-02-20", "5 days", "--kind", "hours"), "needs a length in hours"),
        (("2026-02-20", "5 days", "--kind", "magic"), "is not a kind"),
        (("2026-02-20", "5 days", "--language", "de"), "choose nl or en"),
    ],
)
def test_odd_input_is_one_clear_sentence(estafette: Estafette, words: tuple[str, ...], says: str):
    start, length, *more = words
    said = estafette("term", "--from", start, "--length", length, *more)
    assert (said.code, said.out) == (1, "")
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_length_of_nothing_is_at_once(estafette: Estafette):
    said = estafette("term", "--from", "2026-02-20", "--length", "0 days", "--json")
    assert said.json["end"] == "2026-02-20"


def test_counting_a_term_makes_no_database(
    estafette: Estafette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path / "elsewhere"))
    said = estafette("term", "--from", "2026-04-02", "--length", "6 weeks", "--json")
    assert (said.json["decrees"], said.json["end"]) == ("shipped", "2026-05-18")
    assert not (tmp_path / "elsewhere").exists()
