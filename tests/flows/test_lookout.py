"""What is wrong with Prefect is said at once, in one sentence with a way out; nothing waits for it.

The server here is a fake one that says what a wrong, old or ailing server would.
"""

import json
import logging
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from importlib.metadata import version

import httpx
import psycopg
import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.exceptions import PrefectHTTPStatusError
from sqlalchemy.exc import IntegrityError, OperationalError

from casework.alert_views import alert_list
from casework.intake import receive_signal
from casework.promises import next_due
from flows import arming, bells, long_runs
from flows.arming import Arming
from flows.clock import now
from flows.discretion import Undisclosed, kind_and_place
from flows.long_runs import AILING_SECONDS, LongRun, keep_going, prepared
from flows.lookout import MEANWHILE, Lookout, log
from flows.sayings import AGAIN_SECONDS, Sayings
from flows.settings import FlowSettings
from flows.watch import watch, watch_plainly
from flows.window import Look, Stand, look
from tests.builders import a_case, a_signal
from tests.flows.test_loops import FOUR_HOURS

OURS = version("prefect")
MAJOR, MINOR, PATCH = OURS.split(".")[:3]
OTHER_PATCH = f"{MAJOR}.{MINOR}.{int(PATCH) + 7}"
OLDER = f"{MAJOR}.{int(MINOR) - 1}.0"


@contextmanager
def a_server(said: object, code: int = 200) -> Iterator[str]:
    """A server that says `said` when asked for its version, and refuses all else."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.path.endswith("/admin/version")
            self.send_response(code if known else 500)
            self.end_headers()
            self.wfile.write(json.dumps(said).encode() if known else b"{}")

        def do_POST(self) -> None:
            self.send_response(500)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("said", "code", "stand", "words"),
    [
        (OURS, 200, Stand.OPEN, "answers"),
        (OTHER_PATCH, 200, Stand.OPEN, f"is {OTHER_PATCH} and this program has {OURS}"),
        (OLDER, 200, Stand.OTHER, f"is {OLDER} and this program has {OURS}"),
        ("4.0.0", 200, Stand.OTHER, "the server first"),
        ("something", 200, Stand.OTHER, "not the API of Prefect"),
        ({"detail": "no"}, 200, Stand.OTHER, "not the API of Prefect"),
        ("", 404, Stand.OTHER, "ends in /api"),
        ("", 401, Stand.REFUSED, "asks for a password"),
        ("", 503, Stand.AWAY, "it answered 503"),
    ],
)
def test_what_is_wrong_with_a_server_is_told_apart(monkeypatch, said, code, stand, words):
    monkeypatch.delenv("PREFECT_API_AUTH_STRING", raising=False)
    with a_server(said, code) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        found = look()
    assert (found.stand, words in found.says) == (stand, True), found.says


def test_a_server_that_is_away_is_said_without_what_is_secret_in_its_address(monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://ops:geheim@127.0.0.1:9/api")
    assert look().stand is Stand.AWAY
    assert "http://127.0.0.1:9/api" in look().says
    assert "geheim" not in look().says


@pytest.mark.parametrize("address", ["", "127.0.0.1:4200/api"])
def test_no_server_or_no_address_says_what_to_set(monkeypatch, address):
    monkeypatch.setenv("PREFECT_API_URL", address)
    assert "set PREFECT_API_URL" in look().says


GONE, BACK = Look(Stand.AWAY, "nobody answers"), Look(Stand.OPEN, "it answers")


def test_it_is_said_once_and_again_after_a_while_and_when_it_is_over(caplog, said_by):
    caplog.set_level("INFO")
    lookout = Lookout()
    for found, at in (
        (BACK, 0), (BACK, 5), (GONE, 10), (GONE, 15), (GONE, 10 + AGAIN_SECONDS), (GONE, 700),
        (BACK, 800), (BACK, 800 + 2 * AGAIN_SECONDS),
    ):  # fmt: skip
        lookout.turn(found, at)
    assert [record.getMessage() for record in said_by(log)] == [
        "it answers", f"nobody answers ({MEANWHILE})", f"nobody answers ({MEANWHILE})",
        "it answers",
    ]  # fmt: skip
    assert said_by(log)[1].levelno == logging.WARNING


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_arming_that_prefect_does_not_carry_is_said_once(house, monkeypatch, said_by):
    a_case(house, "signal", now())
    watcher = Arming(house, FlowSettings())
    with a_server(OURS) as url:
        speaks_to(monkeypatch, url, by=arming)
        assert [watcher.try_round() for _ in range(3)] == [False] * 3
    (told,) = said_by(arming.log)
    assert told.getMessage().startswith("visits are not armed for now: ")


@pytest.mark.parametrize("said", [OLDER, "4.0.0"])
def test_on_a_server_of_another_version_no_visit_is_armed_or_entered(house, monkeypatch, said):
    a_case(house, "signal", now())
    with a_server(said) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        assert not Arming(house, FlowSettings()).round()
        assert not prepared("estafette")


@pytest.mark.parametrize(
    ("said", "code"), [(OLDER, 200), ("", 401), ("", 503), (OURS, 200)],
    ids=["other version", "wrong password", "away", "takes no runs"],
)  # fmt: skip
def test_whatever_ails_prefect_promises_are_raised(house, monkeypatch, caplog, said, code):
    moment = now() - FOUR_HOURS
    key = receive_signal(house, a_signal(received_at=moment, acute=True), now()).case_key
    with a_server(said, code) as url:
        speaks_to(monkeypatch, url)
        loop = keep_going(LongRun(watch, stop_when_raised(house)), FlowSettings())
        loop.join(60)
    assert not loop.is_alive()
    assert {alert.case_key for alert in alert_list(house)} == {key}
    assert ("which does not carry it" in caplog.text) == (said == OURS)


def speaks_to(monkeypatch, url, by=long_runs):
    """Runs are made there: Prefect has read its settings long ago, and names the tests' own
    server, which would take them."""
    monkeypatch.setenv("PREFECT_API_URL", url)
    monkeypatch.setattr(by, "get_client", lambda **_: SyncPrefectClient(url))


def stop_when_raised(house):
    def plainly(over):
        raised = watch_plainly(lambda: next_due(house) > now() or over())
        bells.stop()
        return raised

    return plainly


def test_a_prefect_that_takes_no_runs_is_left_alone_for_a_while(monkeypatch):
    with a_server(OURS) as url:
        speaks_to(monkeypatch, url)
        tried, clock = [], [0.0]
        monkeypatch.setattr(long_runs.time, "monotonic", lambda: clock[0])

        def plainly(over):
            tried.append(clock[0])
            while not over():
                clock[0] += 1
            return 0

        for _ in range(3):
            long_runs._once(LongRun(watch, plainly), FlowSettings(), Sayings())
    assert tried == [0, AILING_SECONDS, 2 * AILING_SECONDS]


def of_sqlite(code):
    """An error as SQLite gives it: a code, and a text that may quote anything."""
    error = sqlite3.OperationalError(SECRET)
    error.sqlite_errorname = code
    return error


SECRET = "INSERT INTO cases VALUES ('Kanariepietstraat 12')"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", SECRET), "a disk is full, make room (OSError)"),
        (of_sqlite("SQLITE_FULL"),
         "the disk of the database is full, make room (OperationalError)"),
        (OperationalError(SECRET, {}, of_sqlite("SQLITE_IOERR_WRITE")),
         "the disk of the database is full or broken (OperationalError)"),
        (OperationalError(SECRET, {}, psycopg.errors.DiskFull(SECRET)),
         "the disk of the database is full, make room (OperationalError)"),
        (OperationalError(SECRET, {}, of_sqlite("SQLITE_CANTOPEN")),
         "the database file can not be opened, is the disk full? (OperationalError)"),
        (OperationalError(SECRET, {}, psycopg.OperationalError("connection refused")),
         "the database can not be reached (OperationalError)"),
        (OperationalError(f"{SECRET} disk is full", {}, of_sqlite("SQLITE_ERROR")),
         "the database is not of this version, run estafette migrate (OperationalError)"),
        (IntegrityError(SECRET, {}, psycopg.errors.UniqueViolation(SECRET)), "IntegrityError"),
        (ConnectionRefusedError("connection refused"), "ConnectionRefusedError"),
        (PrefectHTTPStatusError(SECRET, request=httpx.Request("GET", "http://a"),
                                response=httpx.Response(503)),
         "Prefect's server does not answer as it should, its own log says why "
         "(PrefectHTTPStatusError 503)"),
        (ValueError(SECRET), "ValueError"),
        (Undisclosed("as it was"), "as it was"),
    ],
)  # fmt: skip
def test_an_error_that_an_operator_can_mend_says_so_and_quotes_nothing(error, said):
    assert kind_and_place(error) == said


def test_the_passwords_are_no_part_of_what_a_look_holds(monkeypatch):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ops:geheim")
    with a_server("", 401) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        assert "geheim" not in repr(look())
    assert os.environ["PREFECT_API_AUTH_STRING"] == "ops:geheim"
