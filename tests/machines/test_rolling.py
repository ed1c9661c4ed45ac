"""A rolling upgrade: the code of before the newest migration and that of now, at work together.

The former code is the real one, out of this checkout's history, on the migrated database.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from casework.schema import MIGRATIONS, newest_revision
from flows.clock import now
from tests.builders import a_case, act
from tests.machines import burst as bursts
from tests.machines.cluster import Cluster
from tests.machines.parts import ROOT, Part, eventually

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
AT_MOST = 240.0
OPENS = """
import sys
from datetime import datetime, timedelta
from casework.connect import connect
from casework.intake import receive_signal
import casework
from tests.builders import a_signal

engine, at, now = connect(), *map(datetime.fromisoformat, sys.argv[1:3])
for number in range(10):
    called = a_signal(address=f"Oudelaan {number}", received_at=at - timedelta(hours=4), acute=True)
    receive_signal(engine, called, now)
print(casework.__file__)
"""


def git(*words: str) -> bytes:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"this checkout has no history to take the former code from: git {words[0]}")
    return done.stdout


@pytest.fixture(scope="module")
def former(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code as it was before the newest migration came."""
    (newest,) = MIGRATIONS.glob(f"versions/{newest_revision()}_*.py")
    where = str(newest.relative_to(ROOT))
    added = git("log", "--diff-filter=A", "--format=%H", "--", where).decode().split()
    if not added:
        pytest.skip(f"{where} is in no commit yet")
    folder = tmp_path_factory.mktemp("former")
    code = git("archive", f"{added[-1]}^")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=code, check=True)
    assert not (folder / where).exists()
    return folder


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with Cluster(tmp_path / "cluster", workers=0).running() as running:
        yield running


def opened_by(code: Path, cluster: Cluster, at: str) -> None:
    """Cases that this code opened, of which something is due at the moment `at`."""
    part = Part("opens", [sys.executable, "-c", OPENS, at, now().isoformat()],
                cluster.worker("opens", code).env, cluster.folder, cwd=code)  # fmt: skip
    part.start()
    assert part.process is not None
    assert part.process.wait(60) == 0, part.log.read_text()
    assert str(code) in part.log.read_text(), "it was this code that did it"


def test_runs_armed_by_the_former_code_are_visited_by_the_new_and_nothing_is_raised_twice(
    cluster, former
):
    engine, window = cluster.rows, bursts.Window(cluster)
    old, new = cluster.worker("old", former), cluster.worker("new")
    for part in (old, new):
        cluster.parts[part.name] = part

    # The database is migrated, and only the former code is at work.
    old.start()
    soon, later = now() + timedelta(seconds=5), now() + timedelta(seconds=100)
    opened_by(former, cluster, soon.isoformat())
    opened_by_hand = a_case(engine, now=now(), address="Nieuwelaan 1")
    assert eventually(lambda: shown(engine, window), AT_MOST, every=1), (
        "the former code shows what waits"
    )
    armed = bursts.open_visits(engine)

    # One after the other: both are at work when the next promises are due.
    new.start()
    opened_by(former, cluster, later.isoformat())
    assert eventually(lambda: len(bursts.lateness(engine, later)) == 10, AT_MOST)
    assert eventually(lambda: shown(engine, window), AT_MOST, every=1)

    # The former code is gone. What changes now is visited in the runs that it armed.
    old.stop()
    before = {run.id: run.times for run in window.runs()}
    act(engine, opened_by_hand, "reporter_informed", now())
    (run_id,) = (run for name, run in armed.items() if name.startswith(opened_by_hand))
    assert eventually(
        lambda: any(run.id == run_id and run.times > before[run_id] for run in window.runs()),
        AT_MOST,
        every=1,
    )
    last = now() + timedelta(seconds=4)
    opened_by(ROOT, cluster, last.isoformat())
    assert eventually(lambda: len(bursts.lateness(engine, last)) == 10, AT_MOST)
    assert eventually(lambda: shown(engine, window), AT_MOST, every=1)
    assert armed.items() <= bursts.open_visits(engine).items(), "in the same runs"
    assert bursts.raised_twice(engine) == {}
    assert bursts.findings(engine) == ()


def shown(engine, window) -> bool:
    return bursts.unshown(engine, window.runs()) == []
