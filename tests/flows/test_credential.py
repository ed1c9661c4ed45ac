"""The window has a lock: who has no password sees and changes nothing, and nothing shows it."""

import base64
import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from flows.clock import now
from flows.credential import ASKED, GIVEN, CredentialError, credential, refuse_weak
from flows.embedded import settle
from flows.window import Stand, look
from tests.builders import a_case
from tests.flows.conftest import HOME, PORT, ROOT
from tests.flows.test_processes import a_worker, eventually, waits
from tests.flows.working import arm, only, said

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

API, EVENTS = f"http://127.0.0.1:{PORT}/api", f"ws://127.0.0.1:{PORT}/api/events/in"
STRONG = "ops:" + 16 * "x"


def kept() -> str:
    """What this session's server made for itself."""
    return (HOME / "prefect" / "credential").read_text().strip()


def answered(path: str, words: str | None, body: object = None, **headers: str) -> int:
    """The status with which the API answers."""
    if words is not None:
        headers["Authorization"] = f"Basic {base64.b64encode(words.encode()).decode()}"
    sent = None if body is None else json.dumps(body).encode()
    headers["Content-Type"] = "application/json"
    request = urllib.request.Request(f"{API}{path}", data=sent, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as reply:
            return int(reply.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


@pytest.mark.parametrize("words", [None, "estafette:", "estafette:guess", "guess"])
@pytest.mark.parametrize(
    ("path", "body"),
    [("/admin/version", None), ("/admin/settings", None), ("/flow_runs/filter", {}),
     ("/variables/", {"name": "a", "value": "b"}), ("/csrf-token?client=a", None)],
)  # fmt: skip
def test_without_the_password_nothing_is_seen_or_changed(server, prefect, path, body, words):
    token = prefect.request("GET", "/csrf-token", params={"client": "a"}).json()["token"]
    forms = {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "a"}
    assert answered(path, words, body, **forms) == 401


def test_whether_it_is_alive_may_be_asked_by_anybody(server):
    assert answered("/health", None) == 200


@pytest.mark.parametrize("token", [None, "estafette:guess"])
def test_without_the_password_no_event_is_taken(server, token):
    with connect(EVENTS, subprotocols=[Subprotocol("prefect")]) as events:
        events.send(json.dumps({"type": "auth", "token": token}))
        with pytest.raises(ConnectionClosed) as closed:
            events.recv(timeout=10)
    assert closed.value.rcvd.code == 1008


def test_without_the_handshake_there_are_no_events_at_all(server):
    with pytest.raises((ConnectionClosed, InvalidStatus)), connect(EVENTS) as events:
        events.recv(timeout=10)


def test_with_the_password_events_are_taken(server):
    with connect(EVENTS, subprotocols=[Subprotocol("prefect")]) as events:
        events.send(json.dumps({"type": "auth", "token": kept()}))
        assert json.loads(events.recv(timeout=10))["type"] == "auth_success"


def test_a_form_of_another_site_changes_nothing_though_the_browser_knows_the_password(server):
    wanted = {"name": "planted", "value": "there"}
    assert answered("/variables/", kept(), wanted) == 403
    forged = {"Prefect-Csrf-Token": 64 * "0", "Prefect-Csrf-Client": "other"}
    assert answered("/variables/", kept(), wanted, **forged) == 403
    assert answered("/variables/name/planted", kept()) == 404


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null"])
def test_no_page_from_elsewhere_may_ask_in_a_browser(server, origin):
    preflight = urllib.request.Request(
        f"{API}/flow_runs/filter", method="OPTIONS",
        headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
    )  # fmt: skip
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(preflight, timeout=10)
    assert "Access-Control-Allow-Origin" not in refused.value.headers
    refused.value.close()


def test_with_the_password_a_visit_is_entered(house, prefect, workers):
    a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    assert said(only(prefect, "melding")).startswith("wacht")


@pytest.mark.timeout(180)
def test_the_password_is_in_no_log_no_row_and_no_command_line(
    house, prefect, server, tmp_path, monkeypatch, caplog
):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", "9")
    monkeypatch.setenv("PREFECT_LOGGING_LEVEL", "DEBUG")
    caplog.set_level("DEBUG")
    a_case(house, "signal", now())
    told = tmp_path / "worker.log"
    with told.open("wb") as log, a_worker(server, log) as worker:
        assert eventually(lambda: waits(prefect, "melding"))
        lines = command_lines()
        assert f"flows.worker\0--data\0{server}".encode() in lines
        worker.stdin.close()
        worker.wait(20)
    rows = b"".join(file.read_bytes() for file in (server / "prefect").glob("prefect.db*"))
    where = {
        "a log": told.read_bytes() + (server / "server.log").read_bytes() + caplog.text.encode(),
        "Prefect": rows, "a command line": lines,
        "our rows": b"".join(file.read_bytes() for file in tmp_path.glob("estafette.db*")),
    }  # fmt: skip
    assert b"estafette.flows.worker" in where["a log"]
    shown = {kept(), kept().partition(":")[2], base64.b64encode(kept().encode()).decode()}
    assert [(place, text) for place, text in where.items() for word in shown
            if word.encode() in text] == []  # fmt: skip


def command_lines() -> bytes:
    """Of every process that this user may look at."""
    said = b""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said += (process / "cmdline").read_bytes()
        except OSError:
            continue  # it has just ended
    return said


# --- the file -------------------------------------------------------------------------------------


@pytest.fixture
def unset(monkeypatch):
    """The environment as it is before anything of ours was started."""
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)


def test_it_is_made_once_for_this_user_alone(tmp_path, unset):
    first = credential(tmp_path)
    assert credential(tmp_path) == first
    assert first[ASKED] == first[GIVEN] == (tmp_path / "credential").read_text().strip()
    assert (tmp_path / "credential").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["credential"]
    refuse_weak(first[ASKED], "0.0.0.0")


def test_two_that_start_at_once_agree(tmp_path, unset):
    found, together = list[dict[str, str]](), threading.Barrier(8)

    def start() -> None:
        together.wait()
        found.append(credential(tmp_path))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len({words[ASKED] for words in found}) == 1


@pytest.mark.parametrize("names", [(ASKED,), (GIVEN,), (ASKED, GIVEN)])
def test_an_operators_own_is_kept(tmp_path, unset, monkeypatch, names):
    for name in names:
        monkeypatch.setenv(name, STRONG)
    assert credential(tmp_path) == {ASKED: STRONG, GIVEN: STRONG}
    assert not (tmp_path / "credential").exists()


@pytest.mark.parametrize("held", ["", "no colon", "estafette:short"])
def test_a_damaged_file_is_named_and_not_shown(tmp_path, unset, held):
    (tmp_path / "credential").write_text(held)
    with pytest.raises(CredentialError) as refused:
        credential(tmp_path)
    assert str(tmp_path / "credential") in str(refused.value)
    assert not held or held not in str(refused.value)


@pytest.mark.parametrize("weak", ["ops:short", "nocolon" + 20 * "x", ":" + 20 * "x"])
@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7"])
def test_other_machines_are_not_let_in_on_a_weak_password(weak, host):
    with pytest.raises(CredentialError) as refused:
        refuse_weak(weak, host)
    assert weak not in str(refused.value)
    refuse_weak(weak, "127.0.0.1")
    refuse_weak(STRONG, host)


def test_the_server_does_not_start_elsewhere_with_a_weak_password(tmp_path, unset, monkeypatch):
    monkeypatch.setenv(ASKED, "ops:kort")
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", "0.0.0.0")
    command = [sys.executable, "-m", "flows.server", "--data", str(tmp_path), "--port", "9"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, "too short" in done.stderr, "ops:kort" in done.stderr) == (
        78, True, False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("host", "found_at", "pages_ask"),
    [("", "http://127.0.0.1:4300", "http://127.0.0.1:4300/api"),
     ("0.0.0.0", "http://127.0.0.1:4300", "/api"),
     ("192.0.2.7", "http://192.0.2.7:4300", "/api"), ("::", "http://[::1]:4300", "/api")],
)  # fmt: skip
def test_the_server_listens_on_this_machine_alone_unless_told_otherwise(
    tmp_path, unset, monkeypatch, host, found_at, pages_ask
):
    before = dict(os.environ)
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", host)
    try:
        settle(tmp_path, 4300)
        there = dict(os.environ)
    finally:
        os.environ.clear()
        os.environ.update(before)
    assert there["PREFECT_SERVER_API_HOST"] == (host or "127.0.0.1")
    assert there["PREFECT_API_URL"] == f"{found_at}/api"
    assert there["PREFECT_SERVER_UI_API_URL"] == pages_ask
    assert there["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] == found_at
    assert there["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"


# --- how it is found ------------------------------------------------------------------------------


def test_a_wrong_password_is_not_taken_for_a_server_that_is_away(server, monkeypatch):
    assert look().stand is Stand.OPEN
    monkeypatch.setenv(GIVEN, "estafette:wrong")
    refused = look()
    assert (refused.stand, "refuses the password" in refused.says) == (Stand.REFUSED, True)
    assert "wrong" not in refused.says
    monkeypatch.delenv(GIVEN)
    assert "asks for a password" in look().says
