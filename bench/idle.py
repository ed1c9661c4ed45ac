"""Idle: what it costs to have Estafette running while nothing happens."""

import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from bench.figures import Table
from bench.processes import Program, cpu_seconds, megabytes, program
from bench.world import Heap, fill
from casework.connect import connect
from casework.schema import migrate
from models import Checkpoint, UtcTime, Visit
from tests.builders import NOW

HEAP = Heap(1_000, each=4, due=0)
SETTLE_SECONDS = 30.0
NAMES = {
    "flows.plain": "watch and deliver alone, 1,000 open cases",
    "desk.cli": "parent: mailbox, pages",
    "flows.server": "Prefect's server",
    "flows.worker": "our worker: visits, watch, deliver",
}
SAYS = """\
Processor time over a minute in which nothing rings, in percent of one core, and memory (each
process's proportional share). First our own part, the loops that watch and deliver, without
Prefect (`estafette watch`); its aim is at most 1 %. Then the whole tree of `estafette up`, without
cases."""


def bench(quick: bool) -> Table:
    table = Table("idle", "Idle", SAYS)
    seconds = 10.0 if quick else 60.0
    with tempfile.TemporaryDirectory(prefix="estafette-bench-") as folder:
        url = f"sqlite:///{folder}/estafette.db"
        _quiet_cases(url)
        with program("flows.plain", ESTAFETTE_DATABASE_URL=url) as loops:
            table.rows.extend(_costs(loops, seconds))
    with program("desk.cli", "up", "--json") as tree:
        tree.wait_until(tree.has_said_something)
        rows = list(_costs(tree, seconds))
    table.rows.extend([*rows, _total(rows)])
    return table


def _quiet_cases(url: str) -> None:
    """Cases whose promises all lie ahead, and whose visits have their runs."""
    engine = connect(url)
    migrate(engine, NOW)
    fill(engine, HEAP)
    ahead = sa.literal(datetime.now(UTC) + timedelta(days=30), UtcTime())
    with engine.begin() as connection:
        connection.execute(sa.update(Checkpoint).values(next_at=ahead))
        connection.execute(
            sa.update(Visit).values(run_id="bench", armed_at=ahead, wake_at=ahead, seen_version=1)
        )
    engine.dispose()


def _costs(running: Program, seconds: float) -> Iterator[dict[str, Any]]:
    time.sleep(SETTLE_SECONDS)
    family = running.family()
    before, began = {pid: cpu_seconds(pid) for pid in family}, time.perf_counter()
    time.sleep(seconds)
    passed = time.perf_counter() - began
    for pid, module in family.items():
        yield {
            "process": NAMES.get(module, module),
            "% of a core": 100 * (cpu_seconds(pid) - before[pid]) / passed,
            "MB": megabytes(pid),
        }


def _total(rows: list[dict[str, Any]]) -> dict[str, Any]:
    sums = {name: sum(row[name] for row in rows) for name in ("% of a core", "MB")}
    return {"process": "the whole tree", **sums}
