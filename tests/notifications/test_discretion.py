"""No address, text or URL leaks out of the room: not to a log, the screen or a repr."""

import logging

import pytest
from pydantic import SecretStr

from notifications.channels import Attempt, Channel, Channels, Outcome, send
from notifications.mailbox import Mailbox
from notifications.wording import Message
from tests.notifications.servers import free_port, mail_at, mail_server, webhook

MESSAGE = Message("Estafette 2026-00042: 1 vraag voor u [#7]", "Is het gedaan?\n\n[#7]")
ANNA = "kanarie.anna@example.org"


def failed(detail):
    return Attempt(Outcome.FAILED, detail)


def mail_to_anna(channels):
    return send(channels, "mail", ANNA, MESSAGE, 7)


@pytest.fixture
def every_log(caplog, monkeypatch):
    """All logs at DEBUG, and a program that set up logging again as Alembic and Prefect do."""
    log = logging.getLogger("apprise")
    monkeypatch.setattr(log, "propagate", True)
    monkeypatch.setattr(log, "disabled", True)
    monkeypatch.setattr(logging.getLogger("urllib3"), "level", logging.DEBUG)
    caplog.set_level(logging.DEBUG)
    return caplog


def test_no_address_or_text_reaches_a_log_or_the_screen(every_log, capfd, tmp_path):
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        mail_to_anna(mail_at(port))
    with webhook(500) as (port, _):
        url = SecretStr(f"json://127.0.0.1:{port}/{{address}}?+Token=KANARIE")
        assert send(Channels({"hook": Channel(url=url)}), "hook", ANNA, MESSAGE, 7) == failed(
            "deferred"
        )
    mail_to_anna(mail_at(free_port()))
    seen = every_log.text + "".join(capfd.readouterr())
    assert "kanarie" not in seen.lower()
    assert "vraag" not in seen


def test_a_failed_mail_leaves_no_address_in_a_log(every_log, capfd, monkeypatch):
    # The server that says no is not ours, and it logs what it hears.
    monkeypatch.setattr(logging.getLogger("mail.log"), "level", logging.ERROR)
    with mail_server(rcpt=f"550 {ANNA} is unknown") as (port, _):
        attempt = mail_to_anna(mail_at(port))
    assert attempt == failed("refused")
    assert "kanarie" not in (every_log.text + "".join(capfd.readouterr())).lower()


def test_a_channel_does_not_show_its_url():
    channels = mail_at(free_port())
    assert "mailto" not in repr(channels)
    assert "mailto" not in str(channels.by_name["mail"].model_dump())
