"""The disk is full: said plainly, nothing half written, all raised and sent once there is room."""

import ctypes
import os
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from casework.alert_views import alert_list
from casework.connect import connect
from casework.intake import receive_signal
from desk.embedded import DEMO_MANNERS
from flows.clock import now
from notifications.mailbox import Mailbox, letters
from tests.builders import a_signal, a_town

ROOT = Path(__file__).parents[2]
ROOM = 8 * 2**20
FOUR_HOURS = timedelta(hours=4)  # the term of an urgent call
SAID = "the disk of the database is full"
LIBC = ctypes.CDLL(None, use_errno=True)
pytestmark = [pytest.mark.nightly, pytest.mark.timeout(300)]


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    disk = tmp_path / "small"
    disk.mkdir()
    if LIBC.mount(b"tmpfs", bytes(disk), b"tmpfs", 0, f"size={ROOM}".encode()):
        pytest.skip(f"no small disk can be made here: {os.strerror(ctypes.get_errno())}")
    try:
        yield disk
    finally:
        LIBC.umount2(bytes(disk), 2)


@pytest.fixture
def house(small, tmp_path, sqlite_template, monkeypatch):
    """A town on the small disk, with twenty urgent calls whose four hours end in some seconds."""
    monkeypatch.setenv("ESTAFETTE_DATA", str(small))
    monkeypatch.setenv("ESTAFETTE_CHANNELS_FILE", str(tmp_path / "channels.toml"))
    (tmp_path / "channels.toml").write_text(DEMO_MANNERS)  # at any hour
    (tmp_path / "channels.toml").chmod(0o600)
    (small / "estafette.db").write_bytes(sqlite_template.read_bytes())
    engine = connect()
    a_town(engine)
    for number in range(20):
        receive_signal(engine, a_signal(
            address=f"Voorbeeldplein {number}", acute=True,
            received_at=now() - FOUR_HOURS + timedelta(seconds=15)), now())  # fmt: skip
    with sqlite3.connect(small / "estafette.db") as rows:
        rows.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # or the old log would be room of its own
    rows.close()
    yield engine
    engine.dispose()


@contextmanager
def watching(said: Path, data: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`estafette watch`."""
    env = {**os.environ, "ESTAFETTE_DATA": str(data), "ESTAFETTE_SMTP_PORT": str(port)}
    with said.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.plain"], cwd=ROOT, env=env, stdout=out, stderr=out
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def fill(disk: Path) -> Path:
    """The file that takes all the room there was."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (2**16, 1):
            try:
                while file.write(b"x" * size) == size:
                    pass
            except OSError:
                continue
    return filler


def until(look: Callable[[], bool], seconds: float = 120) -> None:
    """The outside world has no event to await."""
    deadline = time.monotonic() + seconds
    while not look():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)


@pytest.mark.parametrize("full_at_start", [False, True])
def test_a_full_disk_is_said_and_everything_is_raised_once_there_is_room(
    house, small, tmp_path, full_at_start
):
    said = tmp_path / "said"
    filler = fill(small) if full_at_start else None
    with (
        Mailbox(tmp_path / "mail").serve(port=0) as port,
        watching(said, small, port) as watch,
    ):
        if filler is None:
            until(lambda: "watch runs without Prefect" in said.read_text())
            filler = fill(small)
        until(lambda: SAID in said.read_text())
        assert alert_list(house) == [], "nothing half written"
        filler.unlink()
        until(lambda: len({alert.case_key for alert in alert_list(house)}) == 20)
        until(lambda: not alert_list(house, unsent=True))
        assert watch.poll() is None
    text = said.read_text()
    assert (text.count(f"watch broke off: {SAID}"), "Traceback" in text) == (1, False)
    about = Counter((a.case_key, a.promise, a.lead, a.recipient) for a in alert_list(house))
    assert set(about.values()) == {1}
    assert set(Counter(letter.number for letter in letters(tmp_path / "mail")).values()) == {1}


def test_a_log_that_can_not_be_written_stops_nothing(house, small, tmp_path):
    """Full is the disk of the log alone: the rows are elsewhere, as with PostgreSQL."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with sqlite3.connect(small / "estafette.db") as rows:
        rows.execute("VACUUM INTO ?", (str(elsewhere / "estafette.db"),))
    rows.close()
    there = connect(f"sqlite:///{elsewhere / 'estafette.db'}")
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        (small / "log").touch()
        fill(small)
        with watching(small / "log", elsewhere, port) as watch:
            until(lambda: len({alert.case_key for alert in alert_list(there)}) == 20)
            until(lambda: not alert_list(there, unsent=True))
            assert watch.poll() is None
    there.dispose()
