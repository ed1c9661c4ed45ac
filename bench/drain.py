"""Drain: promises that ring at one instant, raised until none is left, beside the floor."""

import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bench import floor
from bench.figures import Table, middle, spread
from bench.world import DUE, KINDS, Databases, Heap, databases
from casework.journal import broken_at
from casework.promises import raise_due

HEAPS = (Heap(1_000), Heap(10_000), Heap(2_500, each=4), Heap(10_000, days=60))
AIMS = {"sqlite": 0.1}  # of the floor
AIM = 0.25

SAYS = """\
Promises a second: judged again, marked, journalled and put in the outbox, in batches of one
transaction each. *Floor*: the same rows written by hand through the raw driver, in as many
transactions, on a copy of the same database, turn by turn. Median of the runs, extremes behind. The
last case is an outage: everything of sixty days is raised at once, several rungs as one."""


def bench(quick: bool) -> Table:
    table = Table("drain", "Drain: until nothing is due", SAYS)
    for kind in KINDS:
        with databases(kind) as place:
            _both(place, Heap(50))  # compiles statements, loads calendars
            for heap in HEAPS[: 1 if quick else None]:
                table.rows.append(_measured(place, heap, 2 if quick else 7))
    return table


def _measured(place: Databases, heap: Heap, runs: int) -> dict[str, Any]:
    ours, least = zip(*(_both(place, heap) for _ in range(runs)), strict=True)
    share = middle([mine / best for mine, best in zip(ours, least, strict=True)])
    return {
        "database": place.kind,
        "promises": heap.promises,
        "per case": heap.each,
        "rang over": "an instant" if heap.days == 1 else f"{heap.days} days",
        "raised /s": middle(ours),
        "(from – to)": spread(ours),
        "floor /s": middle(least),
        "share of the floor": round(share, 2),
        "aim": AIMS.get(place.kind, AIM),
    }


def _both(place: Databases, heap: Heap) -> tuple[float, float]:
    with place.copy(heap) as engine:
        seconds = drained(engine, heap)
        wanted = floor.effects(engine)
        _verify(engine, heap, wanted)
    with place.copy(heap) as engine:
        return heap.promises / seconds, heap.promises / floor.write(engine, wanted)


def drained(engine: Engine, heap: Heap) -> float:
    """Nothing is due any more; returns the seconds that took."""
    engine.connect().close()
    began = time.perf_counter()
    raised = sum(iter(lambda: raise_due(engine, DUE), 0))
    seconds = time.perf_counter() - began
    assert raised == heap.promises, f"{raised} raised of {heap.promises}"
    return seconds


def _verify(engine: Engine, heap: Heap, wanted: floor.Effects) -> None:
    assert len(wanted.marks) == len(wanted.lines) == heap.promises
    assert len(wanted.alerts) >= heap.promises
    with engine.connect() as connection:
        keys = connection.execute(sa.text("SELECT key FROM cases ORDER BY id DESC LIMIT 3"))
        for key in keys.scalars():
            assert broken_at(engine, key) is None, f"the journal of {key} is broken"
