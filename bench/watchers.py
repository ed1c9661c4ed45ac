"""Watchers: two processes drain the same promises on PostgreSQL, and share the work."""

import subprocess
import sys
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bench.figures import Table, middle
from bench.world import DUE, Databases, Heap, databases
from casework.connect import connect
from casework.journal import broken_at
from casework.promises import raise_due
from tests.builders import NOW

HEAP = Heap(2_500, each=4)
SAYS = """\
10,000 promises of 2,500 cases, drained by one process and by two at the same moment. After each
run: every promise raised once, every journal whole, no alert double. *Shares*: what each raised."""


def bench(quick: bool) -> Table:
    table = Table("watchers", "Two watchers", SAYS)
    runs = 1 if quick else 5
    with databases("postgresql") as place:
        for count in (1, 2):
            table.rows.append(_row(count, [_drained_by(place, count) for _ in range(runs)]))
    return table


def _row(count: int, runs: list[tuple[float, list[int]]]) -> dict[str, Any]:
    _, shares = runs[-1]
    return {
        "watchers": count,
        "raised /s": middle([HEAP.promises / seconds for seconds, _ in runs]),
        "shares of the last run": " + ".join(map(str, shares)),
        "doubles": 0,  # _verify has looked
        "lost": 0,
    }


def _drained_by(place: Databases, count: int) -> tuple[float, list[int]]:
    with place.copy(HEAP) as engine:
        address = engine.url.render_as_string(hide_password=False)
        watchers = [_watcher(address) for _ in range(count)]
        for watcher in watchers:
            assert _line(watcher) == "ready"
        began = time.perf_counter()
        for watcher in watchers:
            print("go", file=watcher.stdin, flush=True)
        shares = [int(_line(watcher)) for watcher in watchers]
        seconds = time.perf_counter() - began
        for watcher in watchers:
            watcher.communicate()
        _verify(engine, shares)
        return seconds, shares


def _watcher(address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "bench.watchers", address]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(watcher: subprocess.Popen[str]) -> str:
    assert watcher.stdout
    return watcher.stdout.readline().strip()


def _verify(engine: Engine, shares: list[int]) -> None:
    count = sa.text("""
        SELECT (SELECT count(*) FROM journal WHERE kind = 'raised'),
               (SELECT count(DISTINCT (checkpoint_id, rung)) FROM journal WHERE kind = 'raised'),
               (SELECT count(DISTINCT (checkpoint_id, rung)) FROM alerts),
               (SELECT count(*) FROM checkpoints WHERE rung = 0 AND next_rung > 0)""")
    with engine.connect() as connection:
        found = tuple(connection.execute(count).one())
        assert {*found, sum(shares)} == {HEAP.promises}, (found, shares)
        keys = connection.execute(sa.text("SELECT key FROM cases ORDER BY id")).scalars().all()
    assert [key for key in keys[::25] if broken_at(engine, key)] == []


def _watch(address: str) -> None:
    """A process of its own: raises on the word, says how many."""
    engine = connect(address)
    raise_due(engine, NOW)  # nothing rings yet: this connects, and compiles the first statements
    print("ready", flush=True)
    sys.stdin.readline()
    # 0 can also mean that the other holds what is left; it will finish that.
    print(sum(iter(lambda: raise_due(engine, DUE), 0)), flush=True)


if __name__ == "__main__":
    _watch(sys.argv[1])
