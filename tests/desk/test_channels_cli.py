"""estafette channel, template and contact way: what cannot work is refused before it is used."""

import stat
from pathlib import Path

import pytest

from desk.send_test import MEND
from escalation.manners import READ
from notifications.channels import Channel
from notifications.sections import FIELDS, shipped_words
from notifications.wording import Lead
from tests.desk.conftest import Estafette

BY = ("--by", "director")
MAIL = "[channels.mail]\nurl = 'mailto://mail.example:25?from=e%40a.example&to={address}'\n"
SMS = (
    "[channels.sms]\nurl = 'msgbird://${SMS_TOKEN}/+31600000000/{address}'\n"
    "brief = true\nper_minute = 60\n"
)
ROOM = "[channels.room]\nurl = '${ROOM_URL}'\nshared = true\n"
SECRETS = {
    "SMS_TOKEN": "KANARIEabcdefghijklmnopqr", "ROOM_URL": "json://user:KANARIE@room.example/in"
}  # fmt: skip


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANNELS_FILE", "SECRETS", "TEMPLATES"):
        monkeypatch.delenv(f"ESTAFETTE_{name}", raising=False)
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def write(tmp_path: Path):
    """A channels file with these sections."""

    def to(*sections: str) -> str:
        (tmp_path / "new.toml").write_text("\n".join(sections))
        return str(tmp_path / "new.toml")

    return to


@pytest.fixture
def saved(town: Estafette, write) -> Estafette:
    """A town with a channels file of its own."""
    assert town("channel", "save", write(MAIL, SMS, ROOM)).code == 0
    return town


def refused(run: Estafette, *words: str) -> str:
    said = run(*words)
    assert (said.code, said.out) == (1, "")
    assert "Traceback" not in said.err
    assert "KANARIE" not in said.err
    return said.err


# --- the file -------------------------------------------------------------------------------------


def test_without_a_file_there_is_the_local_mailbox(town: Estafette):
    assert town("channel", "list", "--json").json == [
        {"channel": "mail", "shared": False, "brief": False, "per_minute": None}
    ]


def test_channels_are_listed_by_name_and_never_by_url(saved: Estafette):
    assert [row["channel"] for row in saved("channel", "list", "--json").json] == [
        "mail", "sms", "room",
    ]  # fmt: skip
    page = saved("channel", "list").out
    assert page.splitlines()[2].split() == ["sms", "–", "yes", "60"]
    assert "KANARIE" not in page
    assert "://" not in page


def test_a_checked_file_changes_nothing(town: Estafette, folder: Path, write):
    said = town("channel", "check", write(MAIL, ROOM))
    assert said.out == "new.toml can be used: mail, room.\n"
    assert not (folder / "channels.toml").exists()


def test_a_saved_file_is_read_by_this_user_alone_and_the_former_is_kept(
    saved: Estafette, folder: Path, write
):
    place, before = folder / "channels.toml", folder / "channels.toml.before"
    former = place.read_text()
    assert not before.exists()
    said = saved("channel", "save", write(MAIL, ROOM))
    assert "takes it over, if it was started with these secrets" in said.out
    assert before.read_text() == former
    assert place.read_text() == "\n".join((MAIL, ROOM))
    assert [stat.S_IMODE(file.stat().st_mode) for file in (place, before)] == [0o600, 0o600]
    assert saved("channel", "save", str(place)).code == 0
    assert before.read_text() == former


def test_a_file_is_saved_where_the_variable_says(
    town: Estafette, tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ESTAFETTE_CHANNELS_FILE", str(tmp_path / "etc/channels.toml"))
    said = town("channel", "save", write(MAIL), "--json")
    assert said.json == {
        "file": str(tmp_path / "etc/channels.toml"), "channels": ["mail"], "before": None
    }  # fmt: skip
    assert (tmp_path / "etc/channels.toml").read_text() == MAIL


@pytest.mark.parametrize("verb", ["check", "save"])
@pytest.mark.parametrize(
    ("sections", "says"),
    [
        (["[channels.room"], "is not TOML"),
        ([MAIL, "[channels.x]\nurl='nosuch://KANARIE/{address}'"], "channel x: its url does not"),
        ([MAIL, "[channels.x]\nurl='slack://KANARIE/{address}'"], "channel x: Apprise cannot read"),
        ([MAIL, "[channels.x]\nurl='json://${NO_SUCH}/{address}'"], "set the variable NO_SUCH"),
        ([MAIL, "[channels.x]\nurll='KANARIE'\nurl='json://a'"], "channels.x.urll: is not a known"),
        ([MAIL, "[everybody]\nbudget = 0"], "everybody, budget: write how many"),
        ([MAIL, "[people.director]\nbudgt = 2"], "people.director, budgt: is not a known setting"),
        ([MAIL, "[people.directr]\nbudget = 2"], "people.directr: nobody knows that key; did you "
         "mean director?"),
        ([MAIL, "[organisations.gemeent]\nbudget = 2"], "did you mean gemeente?"),
        ([MAIL, "[people.director]\nchannels = ['pigeon']"], "there is no channel 'pigeon'"),
        ([MAIL, SMS, "[people.director]\nchannels = ['sms', 'mail']"],
         "contact director is to be reached by sms and has no address there"),
        ([ROOM], "contact director is reached by mail, and there is no such channel"),
        (["[channels.mail]\nurl='msgbird://${SMS_TOKEN}/+31600000000/{address}'"],
         "contact care has an address that mail cannot reach"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_by_name_and_changes_nothing(
    saved: Estafette, folder: Path, write, verb: str, sections: list[str], says: str
):
    before = (folder / "channels.toml").read_text()
    assert says in refused(saved, "channel", verb, write(*sections))
    assert (folder / "channels.toml").read_text() == before
    assert not (folder / "channels.toml.before").exists()


def test_a_refusal_names_everybody_who_would_be_lost_and_no_address(saved: Estafette, write):
    lines = refused(saved, "channel", "save", write(ROOM)).splitlines()
    assert lines[0] == "new.toml can not be used; nothing was changed:"
    assert [line.split()[1] for line in lines[1:]] == ["care", "deputy", "director"]
    assert not any("@" in line for line in lines)


def test_a_further_way_is_kept_too(saved: Estafette, write):
    saved("contact", "way", "add", "care", "--channel", "sms", "--address", "+31600000001", *BY)
    says = refused(saved, "channel", "save", write(MAIL, ROOM))
    assert "contact care is reached by sms, and there is no such channel" in says
    assert "+316" not in says


DOCUMENTATION = Path(__file__).parents[2] / "docs/alerts.md"


def test_the_file_the_documentation_shows_can_be_put_to_use(
    town: Estafette, folder: Path, write, monkeypatch: pytest.MonkeyPatch
):
    shown = DOCUMENTATION.read_text("utf-8").split("```toml\n")[1].split("```")[0]
    for name in ("MAIL_PASSWORD", "SMS_TOKEN", "HOOK_PASSWORD"):
        monkeypatch.setenv(name, "geheim-woord")
    monkeypatch.setenv("NTFY_TOKEN", "tk_geheimwoord")
    monkeypatch.setenv(
        "TEAMS_URL",
        "https://prod-11.westeurope.logic.azure.com:443/workflows/0123456789abcdef0123456789abcdef"
        "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun"
        f"&sv=1.0&sig={'x' * 43}",
    )
    added = town(
        "contact", "add", "regie-noord", "--name", "Voorbeeld Noord", "--function", "case_director",
        "--organisation", "gemeente", "--address", "noord@voorbeeld.example",
    )  # fmt: skip
    assert added.code == 0, added.err
    said = town("channel", "save", write(shown))
    assert said.code == 0, said.err
    page = town("channel", "show", "regie-noord").out
    assert "regie-noord of gemeente is reached by teams, then mail\n" in page
    assert "hours: mon-fri 07:30-17:00" in page
    assert "when nobody saw it, after: 4 hours" in page


def test_every_word_of_the_file_and_every_section_of_the_words_is_documented():
    page = DOCUMENTATION.read_text("utf-8")
    words = {*Channel.model_fields, *READ, *FIELDS.keys() - {*Lead}, *MEND}
    assert [word for word in sorted(words) if f"`{word}`" not in page] == []


def test_the_doctor_sees_a_file_that_was_edited_by_hand(town: Estafette, folder: Path):
    def line(what: str):
        return {line["what"]: line for line in town("doctor", "--json").json}[what]

    assert line("reach")["ok"]
    (folder / "channels.toml").write_text(ROOM)
    assert "contact care is reached by mail, and there is no such channel" in line("reach")["found"]
    (folder / "channels.toml").write_text(MAIL + "[people.care]\nbudget = 0")
    assert "people.care, budget: write how many" in line("reach")["found"]
    (folder / "channels.toml").write_text("[channels.x]\nurl = 'nosuch://KANARIE/{address}'")
    assert not line("channels")["ok"]
    assert "channel x: its url does not start" in line("channels")["found"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[channels.x]\nurl = 'nosuch://KANARIE/{address}'", "channel x: its url does not start"),
        (MAIL + "[people.care]\nbudget = 0", "people.care, budget: write how many"),
        (MAIL + "[people.care]\nchannels = ['pigeon']", "there is no channel 'pigeon'"),
    ],
)
def test_estafette_does_not_start_with_a_file_that_cannot_work(
    town: Estafette, folder: Path, text: str, says: str
):
    (folder / "channels.toml").write_text(text)
    assert says in refused(town, "up")


# --- how somebody is reached ----------------------------------------------------------------------


def test_somebody_is_shown_with_their_ways_and_manners_without_an_address(saved: Estafette, write):
    saved("contact", "way", "add", "director", "--channel", "sms", "--address", "+31600000001", *BY)
    manners = "[people.director]\nbudget = 'none'\nchannels = ['room', 'sms', 'mail']\n"
    assert saved("channel", "save", write(MAIL, SMS, ROOM, manners)).code == 0
    assert saved("channel", "show", "director", "--json").json == {
        "contact": "director", "organisation": "gemeente", "hours": "mon-fri 08:00-18:00",
        "digest_at": "08:30", "budget": "none", "fall_back_after": "1 hour",
        "unseen_after": "1 day",
        "channels": [{"channel": name, "reaches": True} for name in ("room", "sms", "mail")],
    }  # fmt: skip
    page = saved("channel", "show", "director").out
    assert "director of gemeente is reached by room, then sms, then mail" in page
    assert "interruptions a day: no limit" in page
    assert "@" not in page + saved("channel", "show", "care").out
    assert "+316" not in page


def test_without_manners_somebody_is_reached_as_listed_and_as_shipped(town: Estafette):
    body = town("channel", "show", "care", "--json").json
    assert body["channels"] == [{"channel": "mail", "reaches": True}]
    assert (body["budget"], body["digest_at"]) == (3, "08:30")
    assert "there is no contact nobody" in refused(town, "channel", "show", "nobody")


# --- further ways ---------------------------------------------------------------------------------


def test_a_way_is_added_listed_and_removed(saved: Estafette):
    way = ("contact", "way")
    added = saved(*way, "add", "care", "--channel", "sms", "--address", "+31600000001", *BY)
    assert (added.code, added.out) == (0, "care is reached by mail, then sms.\n")
    assert saved(*way, "add", "care", "--channel", "room", *BY, "--json").json == {
        "contact": "care", "channels": ["mail", "sms", "room"]
    }  # fmt: skip
    assert saved(*way, "list", "care").out == "care is reached by mail, then sms, then room.\n"
    assert saved(*way, "remove", "care", "sms", *BY).out == "care is reached by mail, then room.\n"


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("add", "care", "--channel", "pigeon", "--address", "x"), "there is no channel 'pigeon'"),
        (("add", "care", "--channel", "mail", "--address", "geen adres"), "write a mail address"),
        (("add", "care", "--channel", "sms", "--address", "a@b.example"), "'sms' cannot reach"),
        (("add", "care", "--channel", "sms", "--address", ""), "'sms' cannot reach that"),
        (("add", "nobody", "--channel", "room"), "there is no contact nobody"),
        (("remove", "care", "mail"), "is how care is reached first"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(saved: Estafette, words: tuple[str, ...], says: str):
    assert says in refused(saved, "contact", "way", *words, *BY)
    assert saved("contact", "way", "list", "care").out == "care is reached by mail.\n"


# --- words ----------------------------------------------------------------------------------------


@pytest.fixture
def words(tmp_path: Path):
    """A file of words in Dutch, with one thing replaced."""

    def with_(old: str = "", new: str = "") -> str:
        file = tmp_path / "ours.txt"
        file.write_text(shipped_words("nl").replace(old, new, 1) if old else shipped_words("nl"))
        return str(file)

    return with_


def test_words_are_shown_saved_and_used(estafette: Estafette, folder: Path, words):
    assert "== title ==" in estafette("template", "show", "nl").out
    said = estafette("template", "save", "nl", words("\nuw code\n", "\nde code\n"))
    assert (said.code, str(folder / "templates/nl.txt") in said.out) == (0, True)
    shown = estafette("template", "show", "nl", "--json").json
    assert (shown["own"], "\nde code\n" in shown["words"]) == (True, True)
    assert not estafette("template", "show", "en", "--json").json["own"]


@pytest.mark.parametrize("verb", [("check",), ("save", "nl")])
@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("$asks", "$asks $reporter", "ours.txt, section body: unknown field reporter"),
        ("== law ==", "law", "ours.txt: missing or unknown: ['law']"),
        ("$asks", "$asks $ 5", "ours.txt, section body: a $ that starts no field"),
    ],
)
def test_words_that_cannot_be_used_are_refused_by_file_section_and_field(
    estafette: Estafette, folder: Path, words, verb: tuple[str, ...], old: str, new: str, says: str
):
    assert says in refused(estafette, "template", *verb, words(old, new))
    assert not (folder / "templates").exists()


def test_a_language_that_is_not_ours_is_refused(estafette: Estafette, words):
    assert "'de' is not a language" in refused(estafette, "template", "save", "de", words())


def test_damaged_words_are_told_by_show_and_by_the_doctor(estafette: Estafette, folder: Path):
    (folder / "templates").mkdir()
    (folder / "templates/nl.txt").write_text("== title ==\n")
    said = estafette("template", "show", "nl")
    assert (said.code, "== title ==" in said.out, "cannot be" in said.err) == (0, True, True)
    lines = {line["what"]: line for line in estafette("doctor", "--json").json}
    assert not lines["own words"]["ok"]
    assert "nl.txt: missing or unknown" in lines["own words"]["found"]


@pytest.mark.parametrize(
    "command",
    ["channel list", "channel check", "channel save", "channel show", "contact way add",
     "contact way remove", "contact way list", "template show", "template check", "template save",
     "doctor"],
)  # fmt: skip
def test_every_command_explains_itself_and_offers_json(estafette: Estafette, command: str):
    said = estafette(*command.split(), "--help")
    assert (said.code, "--json" in said.out) == (0, True)


def test_a_place_that_cannot_be_written_to_is_one_sentence(
    town: Estafette, tmp_path: Path, write, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ESTAFETTE_CHANNELS_FILE", str(tmp_path / "file/channels.toml"))
    assert "cannot read or write" in refused(town, "channel", "save", write(MAIL))
