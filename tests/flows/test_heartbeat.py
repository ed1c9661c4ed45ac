"""The heartbeat goes out when all is well and at no other time, and keeps its address secret."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from casework.connect import transaction
from flows.audit import audit_once
from flows.clock import now
from flows.heartbeat import beat
from flows.settings import FlowSettings
from tests.builders import a_case

SECRET = "5b1c2e8f-kanarie"


@contextmanager
def a_receiver(status: int = 200) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """An address and what came in there: the path, and how much content."""
    heard: list[tuple[str, int]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append((self.path, int(self.headers.get("Content-Length") or 0)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{SECRET}", heard
        server.shutdown()


@pytest.mark.parametrize(
    ("late", "signals", "told"),
    [
        (False, False, [""]),
        (True, False, []),
        (False, True, ["/start", ""]),
        (True, True, ["/start", "/fail"]),
    ],
)
def test_the_outside_hears_of_an_audit_what_it_can_make_use_of(house, late, signals, told):
    a_case(house, "signal", now() - timedelta(days=60 if late else 0))
    with a_receiver() as (address, heard):
        audit_once(FlowSettings(heartbeat_url=address, heartbeat_signals=signals))
    assert heard == [(f"/{SECRET}{what}", 0) for what in told]


def test_a_signal_is_put_before_what_the_address_asks():
    with a_receiver() as (address, heard):
        assert beat(f"{address}/?rid=1", "fail")
    assert heard == [(f"/{SECRET}/fail?rid=1", 0)]


def test_an_audit_that_can_not_read_the_rows_sends_none(tmp_path, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    with a_receiver() as (address, heard):
        with pytest.raises(Exception, match="no such table"):
            audit_once(FlowSettings(heartbeat_url=address))
        assert heard == []


def test_an_audit_that_hangs_on_the_database_sends_none_until_it_is_through(house):
    with a_receiver() as (address, heard):
        audits = threading.Thread(target=audit_once, args=(FlowSettings(heartbeat_url=address),))
        with transaction(house) as session:
            session.connection()  # the one writer there can be
            audits.start()
            audits.join(1)
            assert audits.is_alive()
            assert heard == []
        audits.join(60)
        assert heard == [(f"/{SECRET}", 0)]


@pytest.mark.parametrize(
    "address",
    [
        f"http://127.0.0.1:9/{SECRET}",  # nobody listens
        f"http://127.0.0.1:99999/{SECRET}",
        f"http://[{SECRET}/",
        f"http://127.0.0.1 /{SECRET}",
        f"file:///{SECRET}",
    ],
)
def test_an_address_that_does_not_work_breaks_no_audit_and_is_in_no_log(house, caplog, address):
    caplog.set_level("DEBUG")
    settings = FlowSettings(heartbeat_url=address, heartbeat_signals=True)
    assert audit_once(settings).clean
    assert "eartbeat" in caplog.text or "HEARTBEAT" in caplog.text
    assert SECRET not in caplog.text + repr(settings)


def test_a_receiver_that_refuses_is_told_of_without_its_address(caplog):
    with a_receiver(500) as (address, heard):
        assert beat(address) is False
    assert len(heard) == 1
    assert SECRET not in caplog.text
