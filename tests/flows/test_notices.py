"""Notices travel as alerts do: raised by the audit or plainly, sent once, breaking nothing."""

import logging
import threading
import time
import warnings
from datetime import UTC, datetime
from importlib import import_module

import pytest

from casework.alert_views import alert_list
from casework.alerts import next_to_send
from casework.connect import connect
from flows import bells, notices
from flows.audit import audit_once
from flows.deliver import Post, deliver_loop
from flows.notices import tell, tell_until_stopped
from flows.settings import FlowSettings
from notifications.channels import Channels, local_mail
from notifications.mailbox import Mailbox, letters
from tests.builders import a_contact

RUNS_OUT = datetime(2028, 2, 1, tzinfo=UTC)


@pytest.fixture
def in_2028(monkeypatch):
    """The doors read their clock in one place."""
    monkeypatch.setattr("flows.clock.now", lambda: RUNS_OUT)


def test_the_audit_tells_the_administrator_once(house, in_2028):
    a_contact(house, "beheer", "administrator")
    assert audit_once(FlowSettings()).clean
    assert audit_once(FlowSettings()).clean
    assert [alert.recipient for alert in alert_list(house)] == ["beheer"]


def test_without_prefect_it_is_told_at_once_and_ends_when_the_process_stops(house, in_2028):
    bells.stop()
    tell_until_stopped()
    assert [alert.recipient for alert in alert_list(house)] == ["process"]


def test_a_database_that_is_not_there_breaks_no_audit_and_names_nothing(tmp_path, caplog):
    caplog.set_level(logging.ERROR, logger=notices.log.name)
    nowhere = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    assert tell(nowhere, RUNS_OUT) == 0
    nowhere.dispose()
    assert "notices: " in caplog.text
    assert str(tmp_path) not in caplog.text


def test_a_notice_arrives_with_a_link_and_no_case(house, tmp_path):
    with warnings.catch_warnings():  # its first import warns; threads would each meet the warning
        warnings.simplefilter("ignore")
        import_module("apprise.utils.pgp")
    tell(house, RUNS_OUT)
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        channels = Channels({"mail": local_mail(port)})
        post = Post(house, channels, "http://127.0.0.1:8080/", now=lambda: RUNS_OUT)
        end = time.monotonic() + 10
        over = lambda: not next_to_send(house) or time.monotonic() >= end  # noqa: E731
        deliver_loop(post, threading.Event(), over, poll=0.1)
    (letter,) = letters(tmp_path / "mail")
    assert letter.subject.startswith("Estafette: 1 vraag voor de beheerder, uiterlijk zo 31 dec")
    assert f"http://127.0.0.1:8080/a/a{letter.number}." in letter.body
