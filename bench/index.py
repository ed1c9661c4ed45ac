"""Index: among 100,000 open promises of which few are due, no statement reads them all."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bench.figures import Table, middle
from bench.world import DUE, Databases, Heap, databases
from casework.promises import next_due, raise_due
from tests.builders import NOW

DUE_NOW, AT_ONCE = 40, 5
SAYS = """\
A look by the watch and a small batch, with 40 promises due among all that are open. *Plan*: how the
database says it finds the open promises (EXPLAIN; on PostgreSQL also for a generic plan, which a
prepared statement may get)."""
Statement = tuple[str, Any]


def bench(quick: bool) -> Table:
    table = Table("index", "Few due among many open", SAYS)
    heap = Heap(2_500 if quick else 25_000, each=4, due=DUE_NOW)
    for kind in ("sqlite", "postgresql"):
        with databases(kind) as place:
            table.rows.extend(_looked(place, heap))
    return table


def _looked(place: Databases, heap: Heap) -> Iterator[dict[str, Any]]:
    looks: dict[str, Callable[[Engine], object]] = {
        "next_due": next_due,
        f"raise_due, {AT_ONCE} at once": lambda engine: raise_due(engine, DUE, AT_ONCE),
        "raise_due, nothing due": lambda engine: raise_due(engine, NOW),
    }
    with place.copy(heap) as engine:
        for what, look in looks.items():
            with _overheard(engine) as statements:
                look(engine)
            yield {
                "database": place.kind,
                "open promises": heap.promises,
                "what": what,
                "ms": middle([_milliseconds(look, engine) for _ in range(7)]),
                "plan": ", ".join(sorted(set(_plans(engine, statements)))) or "-",
            }


def _milliseconds(look: Callable[[Engine], object], engine: Engine) -> float:
    began = time.perf_counter()
    look(engine)
    return 1000 * (time.perf_counter() - began)


@contextmanager
def _overheard(engine: Engine) -> Iterator[list[Statement]]:
    """The statements that read or change promises while the block runs."""
    heard: list[Statement] = []

    def hear(_c: Any, _cursor: Any, text: str, values: Any, _context: Any, _many: bool) -> None:
        if "checkpoints" in text and not text.startswith("INSERT"):
            heard.append((text, values))

    sa.event.listen(engine, "before_cursor_execute", hear)
    yield heard
    sa.event.remove(engine, "before_cursor_execute", hear)


def _plans(engine: Engine, statements: list[Statement]) -> Iterator[str]:
    with engine.connect() as connection:
        cursor = connection.connection.cursor()
        for statement in statements:
            if engine.dialect.name == "sqlite":
                cursor.execute("EXPLAIN QUERY PLAN " + statement[0], statement[1])
                yield from _found_by([row[3] for row in cursor.fetchall()])
                continue
            for mode in ("force_custom_plan", "force_generic_plan"):
                cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
                cursor.execute("EXPLAIN " + statement[0], statement[1])
                yield from _found_by([row[0] for row in cursor.fetchall()])


def _found_by(lines: list[str]) -> Iterator[str]:
    """How a plan gets at the promises: the name of an index, or that it reads them all."""
    for line in lines:
        if re.search(r"(Seq Scan on|SCAN) checkpoints(?! USING)", line):
            yield "READS ALL"
        elif re.search(r"SEARCH checkpoints|Scan.* on checkpoints", line):
            index = re.search(r"(?i)using (?:covering |integer )?(?:index )?(\w+ key|\w+)", line)
            yield index[1].lower() if index else line.strip()
