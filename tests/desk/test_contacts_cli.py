"""estafette contact: who there is, who is away, and what to expect of an organisation."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.desk.conftest import Estafette

BY = ("--by", "director")
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # ten o'clock in Amsterdam


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    """The commands read their clock by this name."""
    for module in ("contacts", "organisations"):
        monkeypatch.setattr(f"desk.commands.{module}.now", lambda: moment)


@pytest.fixture
def monday(town: Estafette, monkeypatch: pytest.MonkeyPatch) -> Estafette:
    at(monkeypatch, MONDAY)
    return town


def refused(run: Estafette, says: str, *words: str) -> None:
    said = run(*words)
    assert said.code == 1
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


@pytest.mark.parametrize(
    "command", ["show", "absent", "confirm", "leave", "organisation", "card"]
)  # fmt: skip
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette("contact", command, "--help")
    assert said.code == 0
    assert "--json" in said.out


def test_a_contact_is_added_and_shown(monday: Estafette):
    added = monday(
        "contact", "add", "wijkteam", "--name", "Voorbeeld Wijkteam", "--function", "care_worker",
        "--organisation", "zorg", "--municipality", "voorbeeldstad", "--kind", "care",
        "--address", "wijkteam@voorbeeld.example", "--deputy", "care", "--fixed", "--no-account",
    )  # fmt: skip
    assert added.code == 0, added.err
    got = monday("contact", "show", "wijkteam", "--json").json
    assert (got["fixed"], got["account"], got["deputy"], got["absent"], got["roles"]) == (
        True, False, "care", False, 0,
    )  # fmt: skip
    assert got["confirmed_at"] == "2026-03-02T09:00:00+00:00"
    assert got["check_at"] == "2026-09-02T07:00:00+00:00"
    page = monday("contact", "show", str(got["number"])).out
    for words in ("wijkteam", "Voorbeeld Wijkteam", "care_worker at zorg", "deputy: care",
                  "signed link", "asked again: wo 2 sep 2026 09:00"):  # fmt: skip
        assert words in page
    assert "Voorbeeld" not in monday("contact", "list").out


def test_an_absence_is_noted_shown_and_over_when_they_are_back(monday: Estafette):
    noted = monday("contact", "absent", "director", "--until", "2026-03-09T09:00", *BY, "--json")
    assert noted.json == {
        "contact": "director", "absent_from": "2026-03-02T09:00:00+00:00",
        "absent_until": "2026-03-09T09:00:00+01:00",
    }  # fmt: skip
    page = monday("contact", "show", "director").out
    assert "absent now; deputy stands in" in page
    assert "away from ma 2 mrt 2026 10:00 until ma 9 mrt 2026 09:00" in page
    assert monday("contact", "absent", "director", "--back", *BY).out == "director is back.\n"
    assert "away" not in monday("contact", "show", "director").out


def test_an_absence_is_planned_beside_a_present_one_and_called_off(monday: Estafette):
    monday("contact", "absent", "director", "--until", "2026-03-03T09:00", *BY)
    june = ("--from", "2026-06-01T09:00+02:00")
    said = monday("contact", "absent", "director", *june, *BY)
    assert said.out == "director is absent from ma 1 jun 2026 09:00 until further notice.\n"
    assert len(monday("contact", "show", "director", "--json").json["absences"]) == 2
    monday("contact", "absent", "director", *june, "--back", *BY)
    assert len(monday("contact", "show", "director", "--json").json["absences"]) == 1


def test_what_can_not_be_is_refused_in_one_sentence(monday: Estafette):
    refused(monday, "begins before it ends", "contact", "absent", "director", "--until",
            "2026-03-01", *BY)  # fmt: skip
    refused(monday, "no contact nobody", "contact", "show", "nobody")
    refused(monday, "no contact nobody", "contact", "confirm", "nobody", *BY)
    refused(monday, "no organisation nergens", "contact", "card", "nergens")
    refused(monday, "'moon' is not a day", "contact", "organisation", "gemeente", "--hours",
            "moon 09:00-17:00", *BY)  # fmt: skip
    refused(monday, "somebody else", "contact", "add", "a", "--name", "A", "--function", "b",
            "--organisation", "c", "--municipality", "d", "--address", "e@d.example",
            "--deputy", "a")  # fmt: skip


NEW = {
    "key": "nieuw", "--name": "Voorbeeld Nieuw", "--function": "case_worker",
    "--organisation": "gemeente", "--address": "nieuw@voorbeeld.example",
}  # fmt: skip


def new(**other: str) -> list[str]:
    options = NEW | {f"--{name}": value for name, value in other.items() if name != "key"}
    options["key"] = other.get("key", options["key"])
    rest = [word for name, value in options.items() if name != "key" for word in (name, value)]
    return ["contact", "add", options["key"], *rest]


def test_the_municipality_is_only_needed_of_a_new_organisation(monday: Estafette):
    assert monday(*new()).code == 0
    assert monday(*new(municipality="voorbeeldstad", kind="municipality")).code == 0
    refused(monday, "organisation 'wijkteam' is new; say whose it is with --municipality",
            *new(key="ander", organisation="wijkteam"))  # fmt: skip


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("case_directer", "case_director"), ("casedirector", "case_director"),
        ("Case Director", "case_director"), ("CASE_DIRECTOR", "case_director"),
        ("process-director", "process_director"), ("head_of_public_orders", "head_of_public_order"),
        ("mayors", "mayor"), ("administrater", "administrator"),
        ("police_offcer", "police_officer"),
    ],
)  # fmt: skip
def test_a_slip_in_a_function_is_refused_with_what_was_meant(
    monday: Estafette, typed: str, meant: str
):
    refused(monday, f"did you mean {meant}?", *new(function=typed))
    assert monday("contact", "show", "nieuw").code == 1


@pytest.mark.parametrize(
    "word", ["case_worker", "care_worker", "social_worker", "coordinator", "youth_worker", "wijk"]
)
def test_a_known_function_and_a_word_of_ones_own_are_taken(monday: Estafette, word: str):
    said = monday(*new(function=word))
    assert said.code == 0, said.err


def test_what_contradicts_a_known_organisation_is_refused_by_name(monday: Estafette):
    refused(monday, "--municipality: organisation gemeente is known with municipality "
            "'voorbeeldstad', not 'elders'; leave --municipality out",
            *new(municipality="elders"))  # fmt: skip
    refused(monday, "--kind: organisation gemeente is known with kind 'municipality', not 'care'; "
            "leave --kind out", *new(kind="care"))  # fmt: skip
    assert monday("contact", "show", "nieuw").code == 1


@pytest.mark.parametrize("address", ["nieuw", "+31612345678", "@voorbeeld.example", "nieuw@"])
def test_an_address_that_no_mail_can_reach_is_refused(monday: Estafette, address: str):
    refused(monday, "--address: channel 'mail' sends mail; write a mail address",
            *new(address=address))  # fmt: skip
    assert monday("contact", "show", "nieuw").code == 1


def test_only_a_channel_that_mails_each_person_wants_a_mail_address(
    monday: Estafette, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    file = tmp_path / "channels.toml"
    file.write_text(
        '[channels.post]\nurl = "mailto://127.0.0.1:8025?from=e%40localhost&to={address}"\n'
        '[channels.berichten]\nurl = "json://127.0.0.1:8026/{address}"\n'
        '[channels.allen]\nurl = "mailto://127.0.0.1:8025?from=e%40localhost&to=a%40b.example"\n'
        "shared = true\n"
    )
    monkeypatch.setenv("ESTAFETTE_CHANNELS_FILE", str(file))
    refused(monday, "channel 'post' sends mail", *new(channel="post", address="nieuw"))
    for channel in ("berichten", "allen"):
        said = monday(*new(channel=channel, address="nieuw"))
        assert said.code == 0, said.err
    refused(monday, "there is no channel 'mail'; the channels are allen, berichten, post", *new())


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("key", {"key": "Regie Noord"}),
        ("organisation", {"organisation": "Zorg Noord", "municipality": "voorbeeldstad"}),
        ("municipality", {"organisation": "zorg", "municipality": "Voorbeeld Stad"}),
    ],
)
def test_a_key_that_can_not_be_says_how_a_key_is_written(monday: Estafette, field, other):
    refused(monday, f"{field}: small letters, digits and hyphens, such as regie-noord",
            *new(**other))  # fmt: skip


def test_a_language_that_can_not_be_says_which_there_are(monday: Estafette):
    refused(monday, "language: nl or en", *new(language="de"))


def test_the_last_day_of_an_absence_belongs_to_it(monday: Estafette):
    until = ("--until", "2026-12-10", *BY)
    noted = monday("contact", "absent", "director", *until, "--json").json
    assert noted["absent_until"] == "2026-12-11T00:00:00+01:00"
    said = monday("contact", "absent", "director", *until)
    assert said.out == (
        "director is absent from ma 2 mrt 2026 10:00 up to and including do 10 dec 2026.\n"
    )
    assert "up to and including do 10 dec 2026" in monday("contact", "show", "director").out


def test_an_absence_from_a_day_begins_with_it_also_when_the_clocks_change(monday: Estafette):
    days = ("--from", "2026-03-29", "--until", "2026-03-29")  # summer time begins
    noted = monday("contact", "absent", "director", *days, *BY, "--json").json
    assert (noted["absent_from"], noted["absent_until"]) == (
        "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00",
    )  # fmt: skip
    said = monday("contact", "absent", "director", *days, *BY)
    assert said.out == (
        "director is absent from zo 29 mrt 2026 up to and including zo 29 mrt 2026.\n"
    )


def test_a_contact_is_confirmed_and_leaves(monday: Estafette):
    said = monday("contact", "confirm", "care", *BY)
    assert said.out == "Contact care still holds; asked again wo 2 sep 2026 09:00.\n"
    assert monday("contact", "leave", "care", *BY, "--json").json == {
        "contact": "care", "left": True,
    }  # fmt: skip
    assert "care" not in [row["contact"] for row in monday("contact", "list", "--json").json]
    assert "left ma 2 mrt 2026 10:00" in monday("contact", "show", "care").out


def test_who_holds_a_case_does_not_leave(monday: Estafette):
    monday("signal", "add", "--municipality", "voorbeeldstad", "--address", "Voorbeeldstraat 1")
    refused(monday, "estafette handover pass-on director", "contact", "leave", "director", *BY)


def test_an_organisation_says_what_to_expect_of_it_and_when_it_is_open(
    monday: Estafette, monkeypatch: pytest.MonkeyPatch
):
    said = monday(
        "contact", "organisation", "gemeente", "--function", "mediation", "--function", "advice",
        "--hours", "ma-vr 9:00-12:30, 13:00-17:00", "--can", "bemiddelen", "--cannot", "dwingen",
        "--when", "bij ruzie tussen buren", "--how-fast", "binnen twee dagen", *BY, "--json",
    )  # fmt: skip
    assert said.code == 0, said.err
    got = said.json
    assert got["hours"] == "mon-fri 09:00-12:30, 13:00-17:00"
    assert (got["functions"], got["is_open"], got["opens_next"]) == (
        ["mediation", "advice"], True, None,
    )  # fmt: skip
    page = monday("contact", "card", "gemeente").out
    for words in ("does: mediation, advice", "can: bemiddelen", "cannot: dwingen", "open now",
                  "how fast: binnen twee dagen"):  # fmt: skip
        assert words in page
    at(monkeypatch, datetime(2026, 4, 2, 16, tzinfo=UTC))  # the evening before Good Friday
    page = monday("contact", "card", "gemeente").out
    assert "closed now; opens di 7 apr 2026 09:00" in page


def test_what_is_left_out_stays_and_an_empty_text_takes_away(monday: Estafette):
    monday("contact", "organisation", "gemeente", "--can", "bemiddelen", "--hours",
           "mon 09:00-10:00", *BY)  # fmt: skip
    got = monday("contact", "organisation", "gemeente", "--cannot", "dwingen", "--hours", "",
                 *BY, "--json").json  # fmt: skip
    assert got["card"] == {"can": "bemiddelen", "cannot": "dwingen"}
    assert (got["hours"], got["is_open"]) == ("", None)
