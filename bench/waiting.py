"""Waiting: what runs that lie ahead cost Prefect while nothing happens.

python -m bench --only waiting [--quick]
"""

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from prefect.client.schemas.filters import FlowRunFilter

from bench.figures import Table, middle
from bench.processes import cpu_of, memory_of
from bench.window import fill
from bench.window_place import POOL, Place, places
from bench.year_sizes import Size
from casework.visits import unarmed
from flows.clock import now
from flows.settings import FlowSettings

LEVELS = (0, 10_000, 100_000)
LOOKS = 15
SAYS = """\
Runs of our pool that lie ahead, spread over a year, copied in Prefect's database. *KiB each*: with
indexes. *Worker asks*: which runs of the pool are due, in ms, the median of 15; *by tag*: twenty
waiting runs by a tag, as a saved filter asks. *We ask*: which visits need a run, of as many open
cases in our rows as the place holds (1,000). *At rest*: the server's share of a core, without
PostgreSQL's."""


def bench(quick: bool) -> Table:
    table = Table("waiting", "Runs that wait", SAYS)
    for kind in ("sqlite", "postgresql"):
        with places(kind, cases=1_000) as place:
            before = 0
            for level in (0, 2_000) if quick else LEVELS:
                print(f"bench: {level:,} waiting on {kind}", file=sys.stderr)
                each = _filled(place, before, level)
                table.rows.append(_row(place, level, each, 5.0 if quick else 20.0))
                before = level
    return table


def _filled(place: Place, before: int, level: int) -> Any:
    with place.prefect.connect() as connection:
        size = Size(connection).used()
    fill(place, before, level)
    with place.prefect.connect() as connection:
        grown = Size(connection).used() - size
    return grown / (level - before) if level > before else "–"


def _row(place: Place, level: int, each: Any, seconds: float) -> dict[str, Any]:
    time.sleep(3)
    before, began = cpu_of(place.server), time.perf_counter()
    time.sleep(seconds)
    rest = (cpu_of(place.server) - before) / (time.perf_counter() - began)
    return {
        "database": place.kind,
        "waiting": level,
        "KiB each": each,
        "worker asks ms": _milliseconds(lambda: _due(place, now())),
        "by tag ms": _milliseconds(lambda: _tagged(place)),
        "we ask ms": _milliseconds(lambda: _unarmed(place)),
        "at rest %": 100 * rest,
        "server MB": memory_of(place.server),
    }


def _due(place: Place, at: datetime) -> None:
    place.client.get_scheduled_flow_runs_for_work_pool(POOL, scheduled_before=at)


def _tagged(place: Place) -> None:
    wanted = FlowRunFilter.model_validate({
        "tags": {"all_": ["melding"]}, "state": {"type": {"any_": ["SCHEDULED"]}},
    })  # fmt: skip
    place.client.read_flow_runs(flow_run_filter=wanted, limit=20)


def _unarmed(place: Place) -> None:
    settings = FlowSettings()
    horizon, stuck_after = timedelta(days=settings.horizon_days), settings.stuck_after
    unarmed(place.rows, now(), horizon=horizon, stuck_after=stuck_after)


def _milliseconds(look: Callable[[], object]) -> float:
    look()
    return middle([_once(look) for _ in range(LOOKS)])


def _once(look: Callable[[], object]) -> float:
    began = time.perf_counter()
    look()
    return 1000 * (time.perf_counter() - began)
