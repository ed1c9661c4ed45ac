"""Watch, deliver and audit: they need the rows, and Prefect only to be seen."""

import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib import import_module

import pytest

from casework.alert_views import AlertView, alert_list, deliveries
from casework.alerts import next_to_send
from casework.connect import reading
from casework.intake import receive_signal
from casework.lateness import spreads
from casework.promises import next_due, raise_due
from flows import bells
from flows.audit import audit_once
from flows.clock import now
from flows.deliver import Post, deliver_loop
from flows.settings import FlowSettings
from flows.watch import watch_loop, watch_plainly
from notifications.channels import Channels, local_mail
from notifications.mailbox import Mailbox, letters
from tests.builders import a_case, a_signal

FOUR_HOURS = timedelta(hours=4)  # the term of an urgent call


INSTANT = timedelta(microseconds=1)


def test_a_promise_is_raised_at_its_moment_and_not_before(house):
    a_case(house)
    rings_at, stop = next_due(house), threading.Event()
    clock = iter([rings_at - INSTANT] * 2)

    def shown() -> datetime:
        """A clock that stands still until the moment has come."""
        moment = next(clock, rings_at)
        assert moment == rings_at or not told(house), "never early"
        if told(house):
            stop.set()
        return moment

    # Polled once an hour: only the moment itself can have woken it.
    watch_loop(house, stop, now=shown, poll=3600)
    assert told(house)


def test_the_watch_raises_while_prefect_is_out_of_reach(house, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    moment = now() - FOUR_HOURS - timedelta(minutes=1)
    receive_signal(house, a_signal(received_at=moment, acute=True), now())
    watch_plainly(lambda: next_due(house) > now())
    assert told(house)


def told(house) -> list[AlertView]:
    return [alert for alert in alert_list(house) if alert.case_key is not None]


def test_an_overdue_heap_is_raised_at_once(house):
    for number in range(3):
        a_case(house, "voluntary_care", now() - timedelta(days=60), address=f"Laan {number}")
    assert watch_loop(house, threading.Event(), after(0.1), poll=0.1) >= 3
    assert next_due(house) > now()


def test_how_late_the_watch_was_is_counted(house):
    a_case(house, "voluntary_care", now() - timedelta(days=60))
    watch_loop(house, threading.Event(), after(0.1), poll=0.1)
    with reading(house) as session:
        spread = spreads(session)[False]
    assert spread.at_most[-1] >= 1
    assert spread.at_most[0] == 0, "it was days late"
    assert spread.total >= 86_400


def test_the_loops_end_when_the_process_stops(house):
    bells.stop()
    assert watch_loop(house, bells.STOPPING) == 0
    assert deliver_loop(Post(house, Channels({}), "http://desk"), bells.STOPPING) == 0


@pytest.mark.usefixtures("apprise_is_loaded")
def test_what_is_raised_arrives_once_with_a_link(house, tmp_path):
    a_case(house, "voluntary_care", now() - timedelta(days=30))
    while raise_due(house, now()):
        pass
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        post = Post(house, Channels({"mail": local_mail(port)}), "http://127.0.0.1:8080/")
        over = after(10)
        deliver_loop(post, threading.Event(), lambda: not next_to_send(house) or over(), poll=0.1)
    alerts = alert_list(house)
    arrived = letters(tmp_path / "mail")
    assert alerts
    assert sorted(letter.number for letter in arrived) == sorted(a.number for a in alerts)
    assert all(alert.state == "delivered" for alert in alerts)
    assert f"http://127.0.0.1:8080/a/a{arrived[0].number}." in arrived[0].body


def test_a_channel_that_breaks_is_a_failed_attempt_and_stops_nothing(house, monkeypatch):
    def breaks(*_: object) -> None:
        raise RuntimeError("kanarie@voorbeeld.example")

    monkeypatch.setattr("flows.deliver.send", breaks)
    a_case(house, "voluntary_care", now() - timedelta(days=30))
    raise_due(house, now())
    post = Post(house, Channels({}), "http://desk")
    number, over = alert_list(house)[0].number, after(30)
    deliver_loop(
        post, threading.Event(), lambda: bool(deliveries(house, number)) or over(), poll=0.1
    )
    assert deliveries(house, number) == [(1, "mail", "failed", "not-sent")]


@pytest.mark.parametrize("late", [False, True])
def test_the_heartbeat_is_sent_only_when_the_audit_is_clean(house, late):
    a_case(house, "signal", now() - timedelta(days=60 if late else 0))
    with a_listener() as (address, heard):
        report = audit_once(FlowSettings(heartbeat_url=address))
    unarmed = [finding.what for finding in report.findings if finding.what != "not-raised"]
    assert not unarmed or late
    assert report.clean is not late
    assert len(heard) == (0 if late else 1)


def test_a_heartbeat_that_cannot_be_sent_breaks_no_audit(house):
    assert audit_once(FlowSettings(heartbeat_url="http://127.0.0.1:9/")).clean
    assert audit_once(FlowSettings(heartbeat_url="file:///etc/passwd")).clean


@pytest.fixture
def apprise_is_loaded():
    """Its first import warns; threads that import it together would each meet the warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import_module("apprise.utils.pgp")


def after(seconds: float):
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


@contextmanager
def a_listener() -> Iterator[tuple[str, list[str]]]:
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()
