"""The desk alone, as on several machines: its pages and health, and to whom it is open."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from casework.connect import connect
from casework.schema import newest_revision
from desk.commands.parts import desk_app
from desk.settings import DeskSettings
from tests.builders import a_case, a_town
from tests.postgres import free_port

ROOT = Path(__file__).parents[2]
OUTSIDE = "https://estafette.voorbeeld.example"


def test_its_health_is_that_of_the_rows(folder, monkeypatch):
    with TestClient(desk_app(DeskSettings())) as client:
        found = client.get("/health")
        assert (found.status_code, found.text) == (
            200,
            f"ok, the database is at {newest_revision()}\n",
        )
    monkeypatch.setenv("ESTAFETTE_DATABASE_URL", "postgresql://app:secret@127.0.0.1:9/none")
    with TestClient(desk_app(DeskSettings())) as client:
        found = client.get("/health")
    assert found.status_code == 503
    assert "can not be reached" in found.text
    assert "secret" not in found.text


def test_seen_from_outside_it_shows_nobody_the_cases_or_the_letters(folder, monkeypatch):
    rows = connect()
    a_town(rows)
    key = a_case(rows)
    with TestClient(desk_app(DeskSettings()), base_url="http://127.0.0.1") as client:
        assert key in client.get("/").text, "whoever is at the machine sees them"
    monkeypatch.setenv("ESTAFETTE_DESK_URL", OUTSIDE)
    # A visitor may claim any host; what counts is where these pages say they are seen.
    for host in ("http://127.0.0.1", OUTSIDE):
        with TestClient(desk_app(DeskSettings()), base_url=host) as client:
            assert [client.get(place).status_code for place in ("/", "/mail")] == [404, 404]
            assert client.get("/health").status_code == 200


@pytest.mark.parametrize("seen_at", [None, "http://127.0.0.1:8080", "http://localhost"])
def test_it_lets_nobody_in_from_elsewhere_before_it_knows_where_it_is_seen(
    estafette, monkeypatch, seen_at
):
    monkeypatch.setenv("ESTAFETTE_DESK_HOST", "0.0.0.0")
    monkeypatch.delenv("ESTAFETTE_DESK_URL", raising=False)
    if seen_at:
        monkeypatch.setenv("ESTAFETTE_DESK_URL", seen_at)
    said = estafette("desk")
    assert said.code == 1
    assert "ESTAFETTE_DESK_URL" in said.err


@pytest.mark.parametrize("command", ["worker", "watch"])
def test_a_setting_that_is_out_of_range_is_said_before_anything_starts(
    folder, estafette, monkeypatch, command
):
    def starts(*_args):
        raise AssertionError("it was started")

    monkeypatch.setattr(os, "execv", starts)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("ESTAFETTE_STUCK_SECONDS", "5")
    said = estafette(command)
    assert (said.code, "ESTAFETTE_STUCK_SECONDS" in said.err) == (1, True)


def test_a_worker_that_knows_no_prefect_says_so(estafette):
    said = estafette("worker")
    assert said.code == 1
    assert "PREFECT_API_URL" in said.err


@pytest.mark.parametrize("part", ["desk", "worker"])
def test_a_part_without_its_database_says_so_and_does_not_start(estafette, monkeypatch, part):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setenv("ESTAFETTE_DATABASE_URL", "postgresql://app:secret@127.0.0.1:9/none")
    said = estafette(part)
    assert said.code == 1
    assert "can not be reached" in said.err


@pytest.mark.parametrize("part", ["desk", "worker"])
@pytest.mark.parametrize("at", ["0001", None])
def test_a_part_that_comes_before_the_migration_is_done_ends_and_says_so(
    estafette, monkeypatch, part, at
):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with connect().begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
        if at:
            connection.execute(sa.text(f"INSERT INTO alembic_version VALUES ('{at}')"))
    said = estafette(part)
    assert said.code == 1
    assert "run: estafette migrate" in said.err


def test_the_desk_serves_until_it_is_told_to_stop(folder):
    with a_desk(folder) as (process, at):
        assert until_answered(f"{at}/health") == 200
        with urllib.request.urlopen(f"{at}/metrics", timeout=10) as reply:
            assert b"estafette_open_cases" in reply.read()
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in {0, -signal.SIGTERM}


def test_a_database_that_is_newer_is_said_and_left_alone(estafette, folder):
    rows = connect()
    with rows.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    said = estafette("migrate")
    assert (said.code, said.out) == (1, "")
    assert "9999, which is newer than this version" in said.err
    line = next(one for one in estafette("doctor", "--json").json if one["what"] == "database")
    assert not line["ok"]
    assert "9999" in line["found"]
    assert "works on meanwhile" in line["found"]
    with rows.connect() as connection:
        kept = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one()
    assert kept == "9999"


@contextmanager
def a_desk(folder: Path) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    port = free_port()
    env = os.environ | {"ESTAFETTE_DATA": str(folder), "ESTAFETTE_DESK_PORT": str(port)}
    process = subprocess.Popen([sys.executable, "-m", "desk.cli", "desk"], cwd=ROOT, env=env)
    try:
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def until_answered(url: str) -> int:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                return int(reply.status)
        except OSError:
            assert time.monotonic() < deadline, "the desk does not answer"
            time.sleep(0.1)
