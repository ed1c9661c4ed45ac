"""The doctor's lines about this machine and the rows: well when all is well, and each planted fault
with what to do. What it says of a real Prefect server is in tests/flows/test_doctor.py."""

import zoneinfo
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from casework.audit import Finding, Report, audit
from casework.connect import connect
from casework.rounds import audited
from casework.schema import migrate
from desk import machine
from desk.clock import now
from desk.doctor import examine
from desk.line import Line
from desk.settings import DeskSettings
from notifications.channels import Channels
from tests.builders import NOW, a_case, a_town
from tests.casework.outbox import an_alert, send
from tests.postgres import free_port

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def house(folder, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_PREFECT_PORT", str(free_port()))
    engine = connect()
    a_town(engine)
    yield engine
    engine.dispose()


def lines(engine, at: datetime | None = None) -> dict[str, Line]:
    return {line.what: line for line in examine(engine, DeskSettings(), at or now())}


def test_every_line_that_is_not_ok_says_what_to_do_or_that_prefect_comes_first(house):
    found = lines(house)
    wrong = {what for what, line in found.items() if not line.ok}
    assert wrong == {"prefect", "workers", "deployments", "last audit"}
    assert {what for what in wrong if not found[what].way_out} == {"workers", "deployments"}


def test_every_line_is_in_the_page_about_the_doctor(house):
    page = (Path(__file__).parents[2] / "docs/doctor.md").read_text("utf-8")
    assert [what for what in lines(house) if f"| `{what}` |" not in page] == []


def test_a_misspelt_variable_is_named_with_the_one_that_was_meant(house, monkeypatch):
    assert lines(house)["settings"].ok
    monkeypatch.setenv("ESTAFETTE_HORIZONDAYS", "7")
    line = lines(house)["settings"]
    assert not line.ok
    assert "ESTAFETTE_HORIZONDAYS" in line.found
    assert "ESTAFETTE_HORIZON_DAYS" in line.way_out


def test_a_disk_with_less_room_than_is_needed_is_named(house, monkeypatch):
    assert lines(house)["disk"].ok
    monkeypatch.setattr("desk.machine.ROOM_NEEDED", 2**62)  # no disk has so much
    line = lines(house)["disk"]
    assert (line.ok, "MB free where" in line.found, "make room" in line.way_out) == (
        False, True, True,
    )  # fmt: skip


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="no second disk here")
def test_of_two_disks_the_fuller_is_named_with_its_setting(house, monkeypatch):
    free = {"/dev/shm": 5 * 2**20}
    usage = lambda place: type("Usage", (), {"free": free.get(str(place), 2**40)})  # noqa: E731
    monkeypatch.setattr("desk.machine.shutil.disk_usage", usage)
    line = lines(connect("sqlite:////dev/shm/nothing.db"))["disk"]
    Path("/dev/shm/nothing.db").unlink(missing_ok=True)
    assert (line.ok, line.found) == (False, "5 MB free where /dev/shm is")
    assert "ESTAFETTE_DATABASE_URL" in line.way_out


def test_the_next_change_of_the_clock_is_told(house):
    at = datetime.fromisoformat("2026-12-01T12:00+00:00")
    assert "28-03-2027 03:00" in lines(house, at)["time zone"].found
    at = datetime.fromisoformat("2027-06-01T12:00+00:00")
    assert "31-10-2027 02:00" in lines(house, at)["time zone"].found


def test_zone_data_that_is_gone_or_wrong_is_said(house, tmp_path, monkeypatch):
    place = tmp_path / "zones"
    (place / "Europe").mkdir(parents=True)
    utc = next(Path(p) / "Etc/UTC" for p in [*zoneinfo.TZPATH, _tzdata()]
               if (Path(p) / "Etc/UTC").exists())  # fmt: skip
    (place / "Europe/Amsterdam").write_bytes(utc.read_bytes())
    try:
        zoneinfo.reset_tzpath([str(place)])
        line = lines(house)["time zone"]
        assert (line.ok, "does not change" in line.found) == (False, True)
        (place / "Europe/Amsterdam").write_bytes(b"no zone at all")
        line = lines(house)["time zone"]
        assert (line.ok, "tzdata" in line.way_out) == (False, True)
    finally:
        zoneinfo.reset_tzpath()


def _tzdata() -> Path:
    import tzdata

    return Path(tzdata.__file__).parent / "zoneinfo"


def test_a_clock_that_fell_behind_what_was_written_is_said(house):
    a_case(house, now=now())
    assert lines(house)["clock"].ok
    line = lines(house, now() - HOUR)["clock"]
    assert (line.ok, "behind the newest line" in line.found) == (False, True)
    assert "set-ntp" in line.way_out


def test_an_outbox_that_nobody_empties_is_said_and_one_that_may_wait_is_not(house):
    assert lines(house)["outbox"].found == "no alert waits"
    a_case(house, now=now())
    an_alert(house, "director", now() - 8 * HOUR, next_at=now() + HOUR)
    line = lines(house)["outbox"]
    assert (line.ok, "the oldest for 8 hours" in line.found) == (True, True)
    an_alert(house, "director", now() - 11 * MINUTE)
    line = lines(house)["outbox"]
    assert (line.ok, "11 minutes ago" in line.found) == (False, True)
    assert "estafette watch" in line.way_out


def test_a_channel_that_is_out_of_order_is_said_though_what_waits_is_tried_now_and_then(house):
    a_case(house, now=now())
    for _ in range(3):
        an_alert(house, "director")
    (channel,) = Channels.from_env().by_name
    assert {one.outcome for one in send(house, NOW, **{channel: "unreachable"})} == {"failed"}
    line = lines(house, NOW)["outbox"]
    assert (line.ok, f"out of order: {channel}" in line.found) == (False, True)
    assert "--send-test" in line.way_out
    send(house, NOW + HOUR)
    assert lines(house, NOW + HOUR)["outbox"].ok


def test_an_audit_that_stays_away_is_said(house):
    audited(house, audit(house, now()), 0.1)
    line = lines(house)["last audit"]
    assert (line.ok, "0 findings" in line.found) == (True, True)
    line = lines(house, now() + 36 * MINUTE)["last audit"]
    assert (line.ok, "36 minutes ago" in line.found) == (False, True)


def test_runs_that_the_last_audit_missed_in_prefect_are_said(house):
    found = (Finding("2026-00001", "run-gone"), Finding("2026-00002", "run-gone"))
    audited(house, Report(now(), 2, found), 0.1)
    line = lines(house)["last audit"]
    assert (line.ok, "2 runs were not in Prefect" in line.found) == (False, True)
    assert line.way_out


def test_an_audit_that_has_yet_to_come_is_not_ok(house):
    audited(house, Report(now() + 48 * HOUR, 0, ()), 0.1)
    line = lines(house)["last audit"]
    assert (line.ok, "a clock was ahead" in line.found) == (False, True)


@pytest.mark.parametrize("damaged", [b"", b"\xff\xfe half a credential"])
def test_a_damaged_credential_hides_no_other_line(house, damaged):
    file = DeskSettings().credential
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(damaged)
    file.chmod(0o600)
    assert "audit" in lines(house)


def test_a_credential_that_can_not_be_read_hides_no_other_line(house):
    DeskSettings().credential.mkdir(parents=True)
    assert "audit" in lines(house)


def test_a_new_installation_is_given_time_for_its_first_audit(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/new.db")
    migrate(engine, now())
    assert lines(engine)["last audit"].ok
    assert not lines(engine, now() + 36 * MINUTE)["last audit"].ok
    engine.dispose()


@contextmanager
def a_guarded_server(password: str) -> Iterator[str]:
    """Answers as Prefect's API does when it asks for a password."""
    import base64

    right = f"Basic {base64.b64encode(password.encode()).decode()}"

    class Guarded(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == right
            self.send_response(200 if known else 401)
            self.end_headers()
            self.wfile.write(b'"3.9.1"' if known else b"{}")

        def log_message(self, *_: object) -> None:
            pass

    with serving(Guarded) as url:
        yield url


@contextmanager
def serving(answers: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), answers) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/api"
        finally:
            server.shutdown()
            thread.join()


def test_a_prefect_that_asks_for_a_password_is_told_and_how_to_give_it(house, monkeypatch):
    with a_guarded_server("ops:geheim") as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        found = lines(house)
        assert (found["prefect"].ok, "asks for a password" in found["prefect"].found) == (
            False, True,
        )  # fmt: skip
        assert "PREFECT_API_AUTH_STRING" in found["prefect"].way_out
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ops:verkeerd")
        assert not lines(house)["prefect"].ok
        monkeypatch.setenv("PREFECT_API_AUTH_STRING", "ops:geheim")
        found = lines(house)
    assert found["ui credential"].ok
    assert "ask for a password" in found["ui credential"].found
    assert "server 3.9.1 answers" in found["prefect"].found
    assert not [line for line in found.values() if "geheim" in f"{line.found}{line.way_out}"]


def test_another_program_where_prefect_should_be_is_said_without_a_traceback(house, monkeypatch):
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'"something else"')

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with serving(Other) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        found = lines(house)
    assert not found["prefect"].ok
    for what in ("workers", "deployments"):
        assert (found[what].ok, "does not answer as Prefect" in found[what].found) == (False, True)


def test_a_prefect_that_is_there_and_ails_is_said_with_where_to_look(house, monkeypatch):
    class Ails(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            well = self.path.endswith("/admin/version")
            self.send_response(200 if well else 500)
            self.end_headers()
            self.wfile.write(b'"3.9.1"')

        def log_message(self, *_: object) -> None:
            pass

    with serving(Ails) as url:
        monkeypatch.setenv("PREFECT_API_URL", url)
        found = lines(house)
    for what in ("workers", "deployments"):
        assert (found[what].ok, "it answered 500" in found[what].found) == (False, True)
        assert "server.log" in found[what].way_out


def test_a_full_disk_that_holds_prefect_alone_is_named(house, folder, tmp_path, monkeypatch):
    (tmp_path / "other").mkdir()
    (folder / "prefect").symlink_to(tmp_path / "other")
    usage = machine.shutil.disk_usage

    def full(place):
        found = usage(place)
        return found._replace(free=2**20) if "prefect" in str(place) else found

    monkeypatch.setattr(machine.shutil, "disk_usage", full)
    line = lines(house)["disk"]
    assert (line.ok, line.found) == (False, f"1 MB free where {folder / 'prefect'} is")
    assert "the folder prefect in ESTAFETTE_DATA" in line.way_out
