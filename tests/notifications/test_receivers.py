"""The services we ship with, each against a real receiver of its kind: one call, one message."""

import json
import logging
import sys
from email import message_from_bytes
from pathlib import Path

import pytest
from pydantic import SecretStr

from notifications.channels import Attempt, Channel, Channels, Outcome, send
from notifications.markdown import as_markdown
from notifications.wire import takes_headers
from notifications.wording import Message
from tests.notifications.servers import mail_server, make_ca, receiver, safe_mail_server

LINK = "https://estafette.voorbeeld.example/a/AB_c-d_E"
MESSAGE = Message(
    "Estafette 2026-00042: 1 vraag voor u [#7]",
    f"Is het gedaan?\nUiterlijk: vr 6 mrt 2026.\n\nZie en antwoord: {LINK}\n\n[#7]",
)
ANNA = "kanarie.anna@voorbeeld.example"
DELIVERED = Attempt(Outcome.DELIVERED, "ok")
MAIL = (
    "mailtos://estafette:{password}@127.0.0.1:{port}?mode={mode}&from=estafette%40localhost"
    "&to={{address}}&cto=2&rto=2"
)
TEAMS = "workflow://127.0.0.1:{port}/WORKFLOW-1/HANDTEKENING_geheim?cto=2&rto=2"
NTFY = "ntfy://{login}127.0.0.1:{port}/{{address}}?cto=2&rto=2"


def failed(detail):
    return Attempt(Outcome.FAILED, detail)


@pytest.fixture
def ca(tmp_path, monkeypatch):
    """This machine trusts one private authority, for mail and for web services."""
    made = make_ca(tmp_path / "ca")
    monkeypatch.setenv("SSL_CERT_FILE", str(made.root))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(made.root))
    return made


def by(url, address="", message=MESSAGE, *, shared=False):
    channels = Channels({"way": Channel(url=SecretStr(url), shared=shared)})
    return send(channels, "way", address, message, 7)


# --- mail with STARTTLS and login -----------------------------------------------------------------


def mail(port, password="geheim-woord", mode="starttls", message=MESSAGE):
    return by(MAIL.format(port=port, password=password, mode=mode), ANNA, message)


def test_mail_goes_over_tls_after_login_once_and_with_its_number(ca):
    with safe_mail_server(ca, "estafette", "geheim-woord") as (port, taken):
        assert mail(port) == DELIVERED
    (envelope,) = taken
    letter = message_from_bytes(envelope.content)
    assert envelope.rcpt_tos == [ANNA]
    assert letter["X-Idempotency-Key"] == "estafette-7"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter["Subject"] == MESSAGE.title
    assert letter.get_payload(decode=True).decode().splitlines() == MESSAGE.body.splitlines()


def test_a_wrong_password_is_said_to_be_the_login_and_nothing_is_sent(ca):
    with safe_mail_server(ca, "estafette", "geheim-woord") as (port, taken):
        assert mail(port, password="verkeerd") == failed("bad-login")
    assert taken == []


def test_a_login_where_none_is_offered_is_said_to_be_the_login():
    with mail_server() as (port, taken):
        assert mail(port, mode="insecure") == failed("bad-login")
    assert taken == []


def test_mail_that_asks_tls_never_goes_without_it():
    with mail_server() as (port, taken):
        assert mail(port) == failed("untrusted")
    assert taken == []


def test_a_mail_server_of_an_authority_nobody_trusts_gets_nothing(ca, tmp_path):
    with safe_mail_server(make_ca(tmp_path / "theirs"), "estafette", "geheim-woord") as (port, got):
        assert mail(port) == failed("untrusted")
    assert got == []


def test_a_mail_server_under_the_name_of_another_gets_nothing(tmp_path, monkeypatch):
    theirs = make_ca(tmp_path / "theirs", name="elders.example")
    monkeypatch.setenv("SSL_CERT_FILE", str(theirs.root))
    with safe_mail_server(theirs, "estafette", "geheim-woord") as (port, got):
        url = MAIL.format(port=port, password="geheim-woord", mode="starttls")
        assert by(url + "&smtp=localhost", ANNA) == failed("untrusted")
        assert by(url, ANNA) == DELIVERED
    assert len(got) == 1


# --- a web service --------------------------------------------------------------------------------


def test_a_web_service_over_tls_gets_the_message_with_its_number(ca):
    with receiver(authority=ca) as (port, taken):
        url = f"jsons://gebruiker:geheim-woord@127.0.0.1:{port}/in?cto=2&rto=2"
        assert by(url, shared=True) == DELIVERED
    ((path, headers, text),) = taken
    assert path.rstrip("/") == "/in"
    assert headers["X-Idempotency-Key"] == "estafette-7"
    assert headers["Authorization"].startswith("Basic ")
    said = json.loads(text)
    assert (said["title"], said["message"]) == (MESSAGE.title, MESSAGE.body)
    assert said["attachments"] == []


@pytest.mark.parametrize("scheme", ["jsons", "workflow"])
def test_a_web_service_that_cannot_be_trusted_gets_nothing(tmp_path, scheme):
    with receiver(authority=make_ca(tmp_path / "theirs")) as (port, taken):
        url = f"{scheme}://127.0.0.1:{port}/abc/def?cto=2&rto=2"
        assert by(url, shared=True) == failed("untrusted")
    assert taken == []


def test_a_web_service_that_does_not_know_us_is_said_to_be_the_login():
    with receiver(status=401) as (port, _):
        assert by(f"json://127.0.0.1:{port}/?cto=2&rto=2", shared=True) == failed("bad-login")


# --- Microsoft Teams ------------------------------------------------------------------------------


def card(taken):
    ((path, _, text),) = taken
    assert path.startswith("/workflows/WORKFLOW-1/triggers/manual/paths/invoke?")
    (attachment,) = json.loads(text)["attachments"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    return attachment["content"]


def test_teams_gets_a_card_with_our_text_and_nothing_else(ca):
    with receiver(status=202, authority=ca) as (port, taken):
        assert by(TEAMS.format(port=port), shared=True) == DELIVERED
    shown = card(taken)
    assert [(part["type"], part["text"]) for part in shown.pop("body")] == [
        ("TextBlock", MESSAGE.title),
        ("TextBlock", as_markdown(MESSAGE.body)),
    ]
    assert shown == {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard", "version": "1.4", "msteams": {"width": "full"},
    }  # fmt: skip


def test_a_link_in_teams_is_whole_and_can_be_clicked(ca):
    with receiver(status=202, authority=ca) as (port, taken):
        by(TEAMS.format(port=port), shared=True)
    assert f"]({LINK})" in card(taken)["body"][1]["text"]


def test_the_number_is_in_the_card(ca):
    with receiver(status=202, authority=ca) as (port, taken):
        by(TEAMS.format(port=port), shared=True)
    assert "[#7]" in card(taken)["body"][0]["text"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a_b*c`d~e", r"a\_b\*c\`d\~e"),
        ("[x](y) <at>Anna</at>", r"\[x\](y) \<at\>Anna\</at\>"),
        ("- niet\n+ een\n1. lijst", "\\- niet  \n\\+ een  \n1\\. lijst"),
        ("# kop", r"\# kop"),
        ("een\n\ntwee", "een\n\ntwee"),
        (f"Zie {LINK}.", rf"Zie [https://estafette.voorbeeld.example/a/AB\_c-d\_E]({LINK})."),
    ],
)
def test_as_markdown_our_text_reads_as_it_was_written(text, shown):
    assert as_markdown(text) == shown


@pytest.mark.parametrize(("status", "detail"), [(429, "deferred"), (500, "deferred"),
                                                (400, "refused"), (401, "bad-login")])  # fmt: skip
def test_what_teams_answers_is_what_is_said(ca, status, detail):
    with receiver(status=status, authority=ca) as (port, _):
        assert by(TEAMS.format(port=port), shared=True) == failed(detail)


@pytest.mark.parametrize(
    ("host", "place", "version"),
    [
        ("prod-11.westeurope.logic.azure.com", "/workflows", "2016-06-01"),
        ("default0123456789abcdef0123456789abcd.64.environment.api.powerplatform.com",
         "/powerautomate/automations/direct/workflows", "1"),
    ],
)  # fmt: skip
def test_the_url_that_teams_shows_for_copying_leads_to_just_that_place(ca, host, place, version):
    flow, sign = "0123456789abcdef" * 2, "Handtekening_-" + "x" * 29
    place += f"/{flow}/triggers/manual/paths/invoke?api-version={version}"
    place += f"&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig={sign}"
    text = "[channels.teams]\nurl = '${TEAMS_URL}'\nshared = true"
    channels = Channels.from_toml(text, {"TEAMS_URL": f"https://{host}:443{place}"})
    with receiver(status=202, authority=ca) as (port, taken):
        url = channels.by_name["teams"].url.get_secret_value()
        assert by(url.replace(f"{host}:443", f"127.0.0.1:{port}"), shared=True) == DELIVERED
    assert [path for path, _, _ in taken] == [place]


# --- ntfy -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("login", ["", "tk_geheimwoord@", "gebruiker:geheim-woord@"])
def test_ntfy_gets_the_message_for_one_topic_with_its_number(login):
    with receiver() as (port, taken):
        assert by(NTFY.format(login=login, port=port), "wachtdienst") == DELIVERED
    ((path, headers, text),) = taken
    assert path == "/"
    said = json.loads(text)
    assert said == {"topic": "wachtdienst", "title": MESSAGE.title, "message": MESSAGE.body}
    assert "[#7]" in said["title"]
    assert bool(login) is ("Authorization" in headers)


@pytest.mark.parametrize(
    ("status", "answer", "detail"),
    [
        (429, b'{"code":42901,"http":429,"error":"limit reached"}', "deferred"),
        (500, b'{"code":50001,"http":500,"error":"internal"}', "deferred"),
        (403, b'{"code":40301,"http":403,"error":"forbidden"}', "refused"),
        (401, b'{"code":40101,"http":401,"error":"unauthorized"}', "bad-login"),
        (502, b"<html>", "deferred"),
    ],
)
def test_what_ntfy_answers_is_what_is_said(status, answer, detail):
    with receiver(status=status, answer=answer) as (port, _):
        assert by(NTFY.format(login="", port=port), "wachtdienst") == failed(detail)


@pytest.mark.parametrize("address", ["wacht dienst", "een,twee", "../wacht", "een/twee", ""])
def test_ntfy_goes_to_exactly_this_one_topic_or_nowhere(address):
    with receiver() as (port, taken):
        assert by(NTFY.format(login="", port=port), address) == failed("bad-address")
    assert taken == []


# --- text messages --------------------------------------------------------------------------------


def test_a_text_message_is_the_subject_and_the_link_of_each_alert():
    message = Message(MESSAGE.title, MESSAGE.body, LINK)
    with receiver(answer=b'{"result": [{"status": "ok"}]}') as (port, taken):
        url = SecretStr(f"smseagle://geheim@127.0.0.1:{port}/{{address}}?cto=2&rto=2")
        channels = Channels({"sms": Channel(url=url, brief=True)})
        assert send(channels, "sms", "+31600000001", message, 7) == DELIVERED
    ((_, _, text),) = taken
    said = json.loads(text)["params"]
    assert said["to"] == "+31600000001"
    assert said["message"].splitlines() == [MESSAGE.title, LINK]


# --- all of them ----------------------------------------------------------------------------------


def test_whatever_takes_headers_gets_the_number_in_one():
    takes = {"mailto", "mailtos", "json", "jsons", "xml", "form", "ncloud", "nctalk", "mailgun"}
    others = {"ntfy", "workflow", "slack", "signal", "cm", "mmost", "nosuch"}
    assert {scheme for scheme in takes | others if takes_headers(f"{scheme}://x")} == takes


@pytest.mark.parametrize("scheme", ["form", "xml"])
def test_other_web_services_get_the_number_in_a_header_too(scheme):
    with receiver() as (port, taken):
        assert by(f"{scheme}://127.0.0.1:{port}/?cto=2&rto=2", shared=True) == DELIVERED
    assert taken[0][1]["X-Idempotency-Key"] == "estafette-7"


@pytest.fixture
def every_log(caplog, monkeypatch):
    """All of ours and Apprise's logs at DEBUG; the receivers' own are not ours."""
    log = logging.getLogger("apprise")
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(logging.getLogger("urllib3"), "level", logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("mail.log"), "disabled", True)
    caplog.set_level(logging.DEBUG)
    return caplog


def test_no_secret_address_or_text_reaches_a_log_or_the_screen(ca, tmp_path, every_log, capfd):
    theirs = make_ca(tmp_path / "theirs")
    with safe_mail_server(ca, "estafette", "geheim-woord") as (port, _):
        said = [mail(port), mail(port, password="geheim-verkeerd")]
    with safe_mail_server(theirs, "estafette", "geheim-woord") as (port, _):
        said += [mail(port)]
    for status, authority in ((202, ca), (500, ca), (202, theirs)):
        with receiver(status=status, authority=authority) as (port, _):
            said += [by(TEAMS.format(port=port), shared=True)]
    for status in (200, 401, 500):
        with receiver(status=status) as (port, _):
            said += [by(NTFY.format(login="gebruiker:geheim-woord@", port=port), "kanarie")]
    said += [by(NTFY.format(login="tk_geheim@", port=1), "kanarie")]
    assert len({attempt.detail for attempt in said}) == 5
    seen = (every_log.text + "".join(capfd.readouterr()) + repr(said)).lower()
    for secret in ("geheim", "kanarie", "is het gedaan", "handtekening", "workflow-1"):
        assert secret not in seen


OPENED: list[str] = []
WATCHED: list[str] = []


@pytest.fixture
def on_disk(tmp_path):
    """A file that nothing may open; what is opened is noticed by Python itself."""
    file = tmp_path / "kanarie.txt"
    file.write_text("KANARIE-OP-SCHIJF")
    if not WATCHED:
        sys.addaudithook(_notice)  # stays for as long as Python runs
    OPENED.clear()
    WATCHED[:] = [str(file)]
    yield file
    WATCHED[:] = [""]


def _notice(event, given):
    if event == "open" and WATCHED and str(given[0]) == WATCHED[0]:
        OPENED.append(event)


def test_the_watch_on_the_file_works(on_disk):
    on_disk.read_text()
    assert OPENED


def arrived(ca, address, message):
    """All that any service received when this was sent by each of them."""
    with (
        safe_mail_server(ca, "estafette", "geheim-woord") as (smtp, letters),
        receiver(status=202, authority=ca) as (teams, cards),
        receiver() as (plain, posts),
    ):
        url = MAIL.format(port=smtp, password="geheim-woord", mode="starttls")
        by(url, address, message)
        by(TEAMS.format(port=teams) + "&id={address}", address, message)
        by(TEAMS.format(port=teams), shared=True, message=message)
        by(NTFY.format(login="", port=plain), address, message)
        by(f"json://127.0.0.1:{plain}/{{address}}?cto=2&rto=2", address, message)
        by(f"json://127.0.0.1:{plain}/?cto=2&rto=2&:to={{address}}", address, message)
    return b"".join([*(one.content for one in letters), *(one[2] for one in cards + posts)])


@pytest.mark.parametrize(
    "field",
    ["{}", "file://{}", "attach=file://{}", "x&attach=file://{}", "x&template=file://{}",
     "x?template={}", "x&+X=file://{}", "@{}", "x&pgpkey={}", "x#file://{}"],
)  # fmt: skip
def test_no_address_can_make_a_file_be_read(ca, on_disk, field):
    text = arrived(ca, field.format(on_disk), MESSAGE)
    assert OPENED == []
    assert b"KANARIE" not in text


@pytest.mark.parametrize(
    "field",
    ["{}", "file://{}", "<img src='file://{}'>", "![x](file://{})", "@{}", "attach={}",
     "{{{{ include '{}' }}}}", "cid:{}", "&attach=file://{}"],
)  # fmt: skip
def test_no_text_or_link_can_make_a_file_be_read(ca, on_disk, field):
    hostile = field.format(on_disk)
    text = arrived(ca, "anna@voorbeeld.example", Message(f"{hostile} [#7]", f"Zie: {hostile}"))
    assert Path(hostile).name[:7].encode() in text, "it was sent, as text"
    assert OPENED == []
    assert b"KANARIE" not in text
