"""What `send` says is what happened, against real servers that answer, refuse, hang and lie."""

import json
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes
from email.utils import parsedate_to_datetime

import pytest
from pydantic import SecretStr

from notifications.channels import Attempt, Channel, Channels, Outcome, send
from notifications.mailbox import Mailbox, letters
from notifications.wording import Message
from tests.notifications.servers import (
    free_port,
    hook_at,
    mail_at,
    mail_server,
    silent_server,
    webhook,
)

MESSAGE = Message("Estafette 2026-00042: 1 vraag voor u [#7]", "Is het gedaan?\n\n[#7]")
ANNA = "kanarie.anna@example.org"
DELIVERED = Attempt(Outcome.DELIVERED, "ok")


def failed(detail):
    return Attempt(Outcome.FAILED, detail)


def perhaps(detail):
    return Attempt(Outcome.PERHAPS, detail)


def mail_to_anna(channels):
    return send(channels, "mail", ANNA, MESSAGE, 7)


def post(channels):
    return send(channels, "hook", "", MESSAGE, 7)


def test_a_mail_that_was_taken_is_delivered_once_as_plain_text(tmp_path):
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        assert mail_to_anna(mail_at(port)) == DELIVERED
    (letter,) = letters(tmp_path / "mail")
    assert (letter.to, letter.number) == (ANNA, 7)
    assert (letter.subject, letter.body) == (MESSAGE.title, MESSAGE.body)


def test_a_mail_says_that_a_machine_wrote_it_and_which_message_it_repeats():
    with mail_server() as (port, taken):
        assert mail_to_anna(mail_at(port)) == mail_to_anna(mail_at(port)) == DELIVERED
    first, again = (message_from_bytes(envelope.content) for envelope in taken)
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["X-Idempotency-Key"] == again["X-Idempotency-Key"] == "estafette-7"
    assert first.get_content_type() == "text/plain"
    assert taken[0].rcpt_tos == [ANNA]


def test_a_mail_is_dated_in_amsterdam():
    with mail_server() as (port, taken):
        mail_to_anna(mail_at(port))
    date = parsedate_to_datetime(message_from_bytes(taken[0].content)["Date"])
    assert date.utcoffset().total_seconds() in (3600, 7200)


@pytest.mark.parametrize(
    ("answers", "detail"),
    [
        ({"rcpt": "550 no such user"}, "refused"),
        ({"rcpt": "451 timed out, come back later"}, "deferred"),
        ({"data": "554 no"}, "refused"),
        ({"data": "452 full"}, "deferred"),
    ],
)
def test_a_mail_server_that_says_no_is_a_failure_for_good_or_for_now(answers, detail):
    with mail_server(**answers) as (port, _):
        assert mail_to_anna(mail_at(port)) == failed(detail)


def test_a_mail_server_that_falls_silent_after_the_text_may_have_it():
    with mail_server(after=1.5) as (port, _):
        assert mail_to_anna(mail_at(port)) == perhaps("timeout")


def test_a_mail_server_that_hangs_up_after_the_text_may_have_it():
    with mail_server(cut=True) as (port, taken):
        assert mail_to_anna(mail_at(port)) == perhaps("cut-off")
    assert len(taken) == 1


def test_a_mail_server_that_never_spoke_does_not_have_it():
    with silent_server() as port:
        assert mail_to_anna(mail_at(port)) == failed("unreachable")


def test_a_refused_connection_is_a_failure():
    assert mail_to_anna(mail_at(free_port())) == failed("unreachable")
    assert post(hook_at(free_port())) == failed("unreachable")


def test_a_webhook_gets_the_message_and_its_number():
    with webhook() as (port, taken):
        assert post(hook_at(port)) == DELIVERED
    ((headers, text),) = taken
    assert headers["X-Idempotency-Key"] == "estafette-7"
    assert json.loads(text)["title"] == MESSAGE.title
    assert json.loads(text)["message"] == MESSAGE.body


@pytest.mark.parametrize(
    ("status", "detail"), [(500, "deferred"), (429, "deferred"), (404, "refused")]
)
def test_a_webhook_that_answers_with_an_error_is_a_failure(status, detail):
    with webhook(status) as (port, _):
        assert post(hook_at(port)) == failed(detail)


def test_an_optional_service_that_failed_has_failed():
    with webhook(500) as (port, _):
        assert post(hook_at(port, "&optional=yes")) == failed("deferred")


def test_a_webhook_that_points_elsewhere_is_not_followed():
    with webhook(307) as (port, taken):
        assert post(hook_at(port)) == failed("refused")
    assert len(taken) == 1


def test_a_webhook_that_is_slow_may_have_it():
    with webhook(after=1.3) as (port, taken):
        assert post(hook_at(port)) == perhaps("timeout")
    assert len(taken) == 1


def test_a_webhook_that_hangs_up_may_have_it():
    with webhook(cut=True) as (port, _):
        assert post(hook_at(port)) == perhaps("cut-off")


def test_a_server_that_keeps_dripping_is_given_up_after_our_patience():
    with webhook(drip=5) as (port, _):
        assert post(hook_at(port, patience=0.5)) == perhaps("timeout")


def test_what_never_left_the_queue_has_failed_and_is_not_perhaps():
    """Apprise has few workers; hanging servers can keep them all busy for a while."""
    with webhook(drip=5) as (port, taken), ThreadPoolExecutor(40) as many:
        channels = hook_at(port, patience=0.3)
        attempts = list(many.map(lambda _: post(channels), range(40)))
    unsure = attempts.count(perhaps("timeout"))
    assert 0 < len(taken) <= unsure < 40
    assert attempts.count(failed("not-started")) == 40 - unsure


def test_an_unknown_channel_and_an_unusable_url_are_failures():
    odd = Channels({"odd": Channel(url=SecretStr("nosuch://{address}"))})
    assert send(odd, "mail", ANNA, MESSAGE, 7) == failed("unknown-channel")
    assert send(odd, "odd", ANNA, MESSAGE, 7) == failed("bad-channel")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "anna@example.org,ben@example.org",
        "anna@example.org;ben@example.org",
        "anna@example.org ben@example.org",
        "anna@example.org\r\nBcc: ben@example.org",
        "anna@example.org\n",
        "Anna <anna@example.org>",
        "anna@example.org&bcc=ben@example.org",
        "anna%2Cben@example.org",
        "../anna@example.org",
        # Apprise would read these as a name and somebody else's address.
        "o'brien@example.org",
        "anna:ben@example.org",
        "anna@ben@example.org",
    ],
)
def test_a_mail_goes_to_exactly_this_one_address_or_nowhere(address):
    with mail_server() as (port, taken):
        assert send(mail_at(port), "mail", address, MESSAGE, 7) == failed("bad-address")
    assert taken == []


@pytest.mark.parametrize("address", ["Anna.de-Vries+1@Example.org", "a_b~c#d@example.org"])
def test_an_ordinary_address_arrives_unchanged(address):
    with mail_server() as (port, taken):
        assert send(mail_at(port), "mail", address, MESSAGE, 7) == DELIVERED
    assert taken[0].rcpt_tos == [address]


def test_two_mails_in_a_row_do_not_wait_for_each_other():
    with mail_server() as (port, taken):
        channels = mail_at(port)
        with ThreadPoolExecutor(4) as many:
            attempts = list(many.map(lambda _: mail_to_anna(channels), range(8)))
    assert attempts == [DELIVERED] * 8
    assert len(taken) == 8
