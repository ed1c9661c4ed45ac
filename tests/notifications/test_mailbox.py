"""Mail to the local mailbox stays on this machine, whole, and can be read while it comes in."""

import smtplib
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from mailbox import Maildir

import pytest

from notifications.channels import Channels, local_mail, send
from notifications.mailbox import Mailbox, MailboxError, letters
from notifications.wording import compose_together
from tests.notifications.test_wording import a_payload

LETTER = (
    "Subject: {n}\r\nTo: anna@example.org\r\nX-Idempotency-Key: estafette-{n}\r\n\r\nEen\r\nTwee"
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "mail"


def bring(port, *texts):
    with smtplib.SMTP("127.0.0.1", port, timeout=5) as postman:
        for text in texts:
            postman.sendmail("estafette@localhost", ["anna@example.org"], text)


def test_letters_are_read_back_newest_first(folder):
    with Mailbox(folder).serve(port=0) as port:
        for n in (1, 2, 3):
            bring(port, LETTER.format(n=n))
            time.sleep(0.01)  # a file system's clock ticks once in four milliseconds
    found = letters(folder)
    assert [letter.number for letter in found] == [3, 2, 1]
    assert (found[0].to, found[0].subject, found[0].body) == ("anna@example.org", "3", "Een\nTwee")
    assert timedelta(0) <= datetime.now(UTC) - found[0].received < timedelta(minutes=1)
    assert [letter.number for letter in letters(folder, limit=2)] == [3, 2]


def test_an_empty_or_absent_mailbox_holds_no_letters(folder):
    assert letters(folder) == []
    with Mailbox(folder).serve(port=0):
        assert letters(folder) == []


def test_a_mail_that_is_not_ours_is_read_without_a_number(folder):
    odd = b"Subject: =?utf-8?q?H=C3=A9?=\r\nX-Idempotency-Key: x\r\n"
    odd += b"Content-Type: text/plain; charset=nosuch\r\n\r\n\xff\xfe"
    with Mailbox(folder).serve(port=0) as port:
        bring(port, odd)
    (letter,) = letters(folder)
    assert (letter.subject, letter.to, letter.number) == ("Hé", "", None)


def test_reading_goes_on_while_mail_comes_in_and_letters_are_taken_away(folder):
    with Mailbox(folder).serve(port=0) as port:
        coming = threading.Thread(
            target=bring, args=(port, *(LETTER.format(n=n) for n in range(1, 61)))
        )
        coming.start()
        while coming.is_alive():
            assert all(letter.body == "Een\nTwee" for letter in letters(folder))
            taken = Maildir(folder).keys()[:1]
            for key in taken:
                Maildir(folder).discard(key)
        coming.join()


def test_only_whole_letters_are_seen(folder):
    with Mailbox(folder).serve(port=0):
        (folder / "tmp" / "half").write_text("Subject: half a let")
    assert letters(folder) == []


def test_a_mail_that_cannot_be_stored_is_not_accepted(folder):
    with Mailbox(folder).serve(port=0) as port:
        (folder / "tmp").rmdir()
        with pytest.raises(smtplib.SMTPDataError, match="452"):
            bring(port, LETTER.format(n=1))


def test_a_hundred_alerts_in_one_mail_arrive_whole(folder):
    link = f"https://estafette.voorbeeld.example/o/{'x' * 120}"
    message = compose_together([
        a_payload(number=n, asks="Is het gedaan? " * 9, link=link, statutory=True)
        for n in range(1, 101)
    ])  # fmt: skip
    with Mailbox(folder).serve(port=0) as port:
        sent = send(Channels({"mail": local_mail(port)}), "mail", "a@b.example", message, 1)
    assert sent.detail == "ok"
    (letter,) = letters(folder)
    assert letter.body.splitlines() == message.body.splitlines()
    assert letter.number == 1


def test_a_mail_larger_than_any_of_ours_is_refused(folder):
    with Mailbox(folder).serve(port=0) as port, pytest.raises(smtplib.SMTPException, match="552"):
        bring(port, f"{'x' * 70}\n" * 4_000)
    assert letters(folder) == []


def test_a_port_in_use_is_named_at_once_with_the_variable_to_change(folder):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        says = f"^port {port} is in use; set ESTAFETTE_SMTP_PORT to a free port$"
        with pytest.raises(MailboxError, match=says), Mailbox(folder).serve(port=port):
            pass


@pytest.mark.parametrize("host", ["0.0.0.0", "", "::", "example.org"])
def test_the_mailbox_never_listens_to_the_outside(folder, host):
    with pytest.raises(MailboxError, match="this machine only"), Mailbox(folder).serve(host, 0):
        pass


def test_the_port_is_free_again_after_the_block(folder):
    with Mailbox(folder).serve(port=0) as port:
        bring(port, LETTER.format(n=1))
    with Mailbox(folder).serve(port=port):
        bring(port, LETTER.format(n=2))
    assert len(letters(folder)) == 2


def test_nobody_else_on_the_machine_can_read_the_letters(folder):
    with Mailbox(folder).serve(port=0):
        assert folder.stat().st_mode & 0o077 == 0
