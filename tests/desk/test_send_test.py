"""estafette doctor --send-test: one real message by each channel, and what to do when it failed."""

from pathlib import Path

import pytest

from notifications.mailbox import Mailbox, letters
from tests.desk.conftest import Estafette
from tests.notifications.servers import free_port, mail_server, make_ca, receiver, safe_mail_server

MAIL = (
    "[channels.mail]\nurl = 'mailto://127.0.0.1:{port}?from=e%40a.example&to={{address}}"
    "&cto=2&rto=2'\n"
)
ROOM = "[channels.room]\nurl = 'json://127.0.0.1:{port}/in?cto=2&rto=2'\nshared = true\n"
NTFY = "[channels.ntfy]\nurl = 'ntfy://127.0.0.1:{port}/{{address}}?cto=2&rto=2'\n"


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CHANNELS_FILE", "SECRETS", "TEMPLATES"):
        monkeypatch.delenv(f"ESTAFETTE_{name}", raising=False)


def tried(run: Estafette, *words: str):
    said = run("doctor", "--send-test", *words, "--json")
    return {
        line["what"].removeprefix("test of "): line
        for line in said.json
        if line["what"].startswith("test of ")
    }


def test_without_the_flag_nothing_is_sent(town: Estafette, folder: Path):
    with receiver() as (port, taken):
        (folder / "channels.toml").write_text(ROOM.format(port=port))
        assert not [ln for ln in town("doctor", "--json").json if "test of" in ln["what"]]
    assert taken == []


def test_one_message_goes_by_each_channel_to_the_address_of_the_contact(
    town: Estafette, folder: Path
):
    with mail_server() as (smtp, mails), receiver() as (port, posts):
        (folder / "channels.toml").write_text(MAIL.format(port=smtp) + ROOM.format(port=port))
        got = tried(town, "--to", "director")
    assert {name: line["ok"] for name, line in got.items()} == {"mail": True, "room": True}
    (mail,) = mails
    assert mail.rcpt_tos == ["director@voorbeeld.example"]
    assert b"proefbericht" in mail.content
    assert len(posts) == 1


def test_the_local_mailbox_is_tried_without_a_contact(
    town: Estafette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    with Mailbox(tmp_path / "box").serve(port=0) as port:
        monkeypatch.setenv("ESTAFETTE_SMTP_PORT", str(port))
        assert tried(town)["mail"]["ok"]
    (letter,) = letters(tmp_path / "box")
    assert letter.to == "proef@estafette.example"
    assert "U hoeft niets te doen." in letter.body


def test_a_mailbox_that_does_not_run_is_said_to_be_that(
    town: Estafette, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", str(free_port()))
    assert tried(town)["mail"]["way_out"] == "start the local mailbox: estafette up"


def test_a_channel_that_needs_an_address_asks_for_somebody_who_has_one(
    town: Estafette, folder: Path
):
    with receiver() as (port, taken):
        (folder / "channels.toml").write_text(
            MAIL.format(port=free_port()) + NTFY.format(port=port)
        )
        nobody, director = tried(town), tried(town, "--to", "director")
    assert "--to KEY" in nobody["ntfy"]["way_out"]
    assert "estafette contact way add director --channel ntfy" in director["ntfy"]["way_out"]
    assert not nobody["ntfy"]["ok"]
    assert taken == []


ALL = """
[channels.mail]
url = "mailtos://estafette:${MAIL_PASSWORD}@127.0.0.1:%(mail)d?mode=starttls&from=e%%40a.example&to={address}"
[channels.teams]
url = "workflow://127.0.0.1:%(teams)d/WORKFLOW-1/${TEAMS_SIGN}"
shared = true
[channels.ntfy]
url = "ntfy://${NTFY_TOKEN}@127.0.0.1:%(plain)d/{address}"
[channels.sms]
url = "smseagle://${SMS_TOKEN}@127.0.0.1:%(plain)d/{address}"
brief = true
[channels.webhook]
url = "jsons://estafette:${HOOK_PASSWORD}@127.0.0.1:%(teams)d/in"
shared = true
"""


def test_mail_teams_ntfy_text_messages_and_a_webhook_are_set_up_and_tried_in_one_go(
    town: Estafette, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ca, secrets, file = make_ca(tmp_path / "ca"), tmp_path / "secrets", tmp_path / "new.toml"
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(ca.root))
    secrets.mkdir()
    for name in ("MAIL_PASSWORD", "TEAMS_SIGN", "NTFY_TOKEN", "SMS_TOKEN", "HOOK_PASSWORD"):
        (secrets / name).write_text("tk_geheimwoord\n")
    monkeypatch.setenv("ESTAFETTE_SECRETS", str(secrets))
    by, way = ("--by", "director"), ("contact", "way", "add", "director", "--channel")
    with (
        safe_mail_server(ca, "estafette", "tk_geheimwoord") as (mail, letters_),
        receiver(status=202, authority=ca) as (teams, cards),
        receiver(answer=b'{"result": [{"status": "ok"}]}') as (plain, posts),
    ):
        file.write_text(ALL % {"mail": mail, "teams": teams, "plain": plain})
        assert town("channel", "save", str(file)).code == 0
        assert town(*way, "ntfy", "--address", "wacht", *by).code == 0
        assert town(*way, "sms", "--address", "+31600000001", *by).code == 0
        got = tried(town, "--to", "director")
    assert [name for name, line in got.items() if line["ok"]] == [
        "mail", "teams", "ntfy", "sms", "webhook",
    ]  # fmt: skip
    assert (len(letters_), len(cards), len(posts)) == (1, 2, 2)


@pytest.mark.parametrize(
    ("status", "code", "says"),
    [
        (403, "refused", "says no for good"),
        (503, "deferred", "says later"),
        (401, "bad-login", "check the name, password or token"),
    ],
)
def test_what_the_other_side_says_leads_to_what_to_do(
    town: Estafette, folder: Path, status: int, code: str, says: str
):
    with receiver(status=status) as (port, _):
        (folder / "channels.toml").write_text(ROOM.format(port=port))
        line = tried(town)["room"]
    assert line["found"] == f"failed ({code})"
    assert says in line["way_out"]


def test_a_mail_server_that_refuses_nobody_there_and_no_trust_are_told_apart(
    town: Estafette, folder: Path, tmp_path: Path
):
    found = {}
    with mail_server(rcpt="550 no such user") as (smtp, _):
        (folder / "channels.toml").write_text(MAIL.format(port=smtp))
        found["refused"] = tried(town, "--to", "care")["mail"]["found"]
    (folder / "channels.toml").write_text(ROOM.format(port=free_port()))
    found["unreachable"] = tried(town)["room"]["found"]
    with receiver(authority=make_ca(tmp_path / "theirs")) as (port, _):
        (folder / "channels.toml").write_text(ROOM.format(port=port).replace("json://", "jsons://"))
        found["untrusted"] = tried(town)["room"]["found"]
    assert found == {code: f"failed ({code})" for code in found}


def test_the_page_shows_no_address_and_no_url_and_its_exit_code_says_that_it_failed(
    town: Estafette, folder: Path
):
    (folder / "channels.toml").write_text(ROOM.format(port=free_port()))
    said = town("doctor", "--send-test", "--to", "director")
    assert said.code == 1
    assert "NOT OK  test of room" in said.out
    assert "voorbeeld.example" not in said.out
    assert "json://" not in said.out


def test_to_whom_is_refused_without_the_flag_and_for_nobody(town: Estafette):
    assert "add --send-test" in town("doctor", "--to", "director").err
    assert "no contact nobody" in town("doctor", "--send-test", "--to", "nobody").err
