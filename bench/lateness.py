"""Lateness: what comes due in the middle of a drain, and how late it is raised."""

import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import col

from bench.drain import drained
from bench.figures import Table, middle, percentile
from bench.world import DUE, FIRST, KINDS, Databases, Heap, copies_of_one, databases
from flows.watch import watch_loop
from models import Checkpoint, UtcTime

HEAP = Heap(10_000)
EACH = 5  # late-comers of each kind in one drain, spread over it
WORDS = {True: "statutory", False: "policy"}
SAYS = """\
10,000 promises ring at one instant and the watch's own loop drains them; meanwhile five statutory
and five policy promises come due, spread over the drain. Lateness is from the moment a promise
rings until the transaction that raised it is committed. Aim: p99 under 5 seconds."""


class Clock:
    """The watch's clock: starts at the instant everything rings, and remembers every look."""

    def __init__(self) -> None:
        self.looks: list[datetime] = []
        self._began = time.perf_counter()

    def __call__(self) -> datetime:
        self.looks.append(DUE + timedelta(seconds=time.perf_counter() - self._began))
        return self.looks[-1]


def bench(quick: bool) -> Table:
    table = Table("lateness", "Lateness while 10,000 wait", SAYS)
    for kind in KINDS[:2]:
        with databases(kind) as place:
            table.rows.extend(_rows(place, 2 if quick else 20))
    return table


def _rows(place: Databases, runs: int) -> Iterator[dict[str, Any]]:
    with place.copy(HEAP) as engine:
        expected = drained(engine, HEAP)
    late = defaultdict[bool, list[float]](list)
    for _ in range(runs):
        with place.copy(HEAP) as engine:
            for statutory, seconds in _one_drain(engine, expected):
                late[statutory].append(seconds)
    for statutory, samples in sorted(late.items(), reverse=True):
        yield {
            "database": place.kind,
            "promise": WORDS[statutory],
            "samples": len(samples),
            "p50 s": middle(samples),
            "p99 s": percentile(samples, 99),
            "worst s": max(samples),
        }


def _one_drain(engine: Engine, expected: float) -> list[tuple[bool, float]]:
    number = _add_late_comers(engine, expected)
    clock, stop = Clock(), threading.Event()
    watch_loop(engine, stop, lambda: _all_raised(clock, engine), now=clock, poll=0.1)
    # The loop looks at its clock before each batch, and again once it is committed.
    done = dict(pairwise(clock.looks))
    return [
        (statutory, (done[at] - rang).total_seconds())
        for statutory, rang, at in _raised(engine, number)
    ]


def _all_raised(clock: Clock, engine: Engine) -> bool:
    if not clock.looks:
        return False
    with engine.connect().execution_options(reads_only=True) as connection:
        left = sa.select(sa.func.count()).where(col(Checkpoint.rung).is_(None))
        return connection.execute(left).scalar_one() == 0


def _add_late_comers(engine: Engine, expected: float) -> int:
    """Ten more promises, of other cases; returns the number of the first."""
    number = FIRST + HEAP.promises
    rings = [DUE + timedelta(seconds=expected * (n + 0.5) / (EACH + 1)) for n in range(EACH)]
    rows = (
        {
            "id": number + 2 * n + statutory, "case_id": FIRST + n, "statutory": statutory,
            "origin": f"late:{n}:{statutory}", "since": at, "next_at": at,
        }
        for n, at in enumerate(rings) for statutory in (False, True)
    )  # fmt: skip
    with engine.begin() as connection:
        copies_of_one(connection, Checkpoint, rows)
    return number


def _raised(engine: Engine, number: int) -> list[tuple[bool, datetime, datetime]]:
    query = sa.text(
        "SELECT c.statutory, c.since, j.at FROM checkpoints c JOIN journal j "
        "ON j.checkpoint_id = c.id AND j.rung = 0 WHERE c.id >= :number"
    ).columns(statutory=sa.Boolean(), since=UtcTime(), at=UtcTime())
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(query, {"number": number})]
