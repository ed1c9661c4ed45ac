"""The window: what a visit costs as a run of Prefect's, beside a bare run that does nothing.

python -m bench --only window [--quick]
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from bench.clones import copy_run
from bench.figures import Table, middle
from bench.processes import Program, cpu_of, memory_of, program
from bench.raw_prefect import SERVED
from bench.window_place import POOL, PROCESSES, Place, places
from bench.window_runs import Began, Runs, bare_runs, visits
from flows.clock import now
from flows.words import run_name

SAYS = """\
A visit of ours looks at the case and its four promises, a task each, draws its timeline and waits
again; a *bare* run only waits again. Both are entered when due: by our worker inside its process,
by Prefect's ProcessWorker and by `serve()`, which start a process for each. *Waiting*: runs of
the same pool that lie ahead, copied in Prefect's database. *Share*: runs a second, of those of the
bare run entered in the same way. *ms*: processor time for each run, of the server and of the
worker. *Calls*: of the API. *Ahead*: from the moment a run is due to Running, when it was armed
before; *moved*: from an act at the desk (of a bare run: from the call that moves it) to Running.
Seconds, the median and the worst of 4. PostgreSQL's own processor time is not in it."""
SAMPLES = 4


@dataclass(frozen=True, slots=True)
class Way:
    """What is entered, and by whom."""

    what: str  # "visit" or "bare"
    by: str  # "our worker", "process worker", "serve()"
    runs: int
    sampled: bool = True


OURS = Way("visit", "our worker", 30)
BARE = Way("bare", "our worker", 30, sampled=False)
PROCESS = Way("bare", "process worker", 5)
SERVE = Way("bare", "serve()", 5)
OURS_BY_PROCESS = Way("visit", "process worker", 5, sampled=False)
SHORT = replace(OURS, sampled=False)
LEVELS = {
    "sqlite": (
        (0, (OURS, BARE, OURS_BY_PROCESS, PROCESS, SERVE)),
        (10_000, (SHORT, BARE)),
        (100_000, (OURS, BARE, SERVE)),
    ),
    "postgresql": (
        (0, (OURS, BARE, OURS_BY_PROCESS, PROCESS)),
        (10_000, (SHORT, BARE)),
        (100_000, (OURS, BARE)),
    ),
}
QUICK = ((0, (OURS, BARE, SERVE)), (2_000, (OURS,)))
AT_ONCE = {"sqlite": 1, "postgresql": 4}  # visits of our worker
PROCESSES_AT_ONCE = 2


def bench(quick: bool) -> Table:
    table = Table("window", "Visits as runs", SAYS)
    for kind, levels in LEVELS.items():
        with places(kind, cases=400) as place:
            waiting = 0
            for level, ways in QUICK if quick else levels:
                fill(place, waiting, level)
                waiting = level
                rows = [_told(place, level, _shorter(way) if quick else way) for way in ways]
                table.rows.extend(_with_shares(rows))
    return table


def _shorter(way: Way) -> Way:
    return replace(way, runs=SAMPLES)


def fill(place: Place, before: int, level: int) -> None:
    """So many runs wait in our pool, the first tomorrow and the last in a year."""
    if level == before:
        return
    name, tags = run_name("2026-00001", "signal", 1), ["melding", "voorbeeldstad"]
    ahead = now() + timedelta(days=1)
    run = place.run("signal/estafette", ahead, name, tags, case="2026-00001")
    with place.prefect.begin() as connection:
        step = 364 * 86400 / level
        copy_run(connection, str(run), level - before - 1, first=before + 1, step=step)
        connection.exec_driver_sql("ANALYZE")


def _told(place: Place, level: int, way: Way) -> dict[str, Any]:
    """One row, said at once: an hour of measuring is not lost with its end."""
    print(f"bench: {place.kind}, {level:,} waiting, {way.what} by {way.by}", file=sys.stderr)
    row = _row(place, level, way)
    print(f"bench: {row}", file=sys.stderr, flush=True)
    return row


def _row(place: Place, level: int, way: Way) -> dict[str, Any]:
    with _serving(place, way) as serving:
        runs = (visits if way.what == "visit" else bare_runs)(place, _deployment(way))
        idle = memory_of(serving)
        found = _through(place, serving, runs, way.runs)
        late = runs.lateness(SAMPLES) if way.sampled else Began([], [])
        return {
            "database": place.kind,
            "waiting": level,
            "run": way.what,
            "by": way.by,
            **found,
            "ahead s": _spread(late.ahead),
            "moved s": _spread(late.moved),
            "worker MB": f"{idle:.0f} → {memory_of(serving):.0f}",
            "server MB": memory_of(place.server),
        }


def _through(place: Place, serving: Program, runs: Runs, count: int) -> dict[str, Any]:
    """`count` runs that are due at one moment: how fast they are entered, and what that costs."""
    at = runs.make(count)
    time.sleep(max((at - now()).total_seconds() - 0.5, 0))
    place.calls()
    before = cpu_of(place.server), cpu_of(serving)
    seconds = runs.wait_through(at)
    time.sleep(2)  # the server records tasks a moment later
    after = cpu_of(place.server), cpu_of(serving)
    calls = place.calls()
    return {
        "runs /s": count / seconds,
        "share": 1.0,
        "server ms": 1000 * (after[0] - before[0]) / count,
        "worker ms": 1000 * (after[1] - before[1]) / count,
        "calls": round(sum(calls.values()) / count, 1),
    }


@contextmanager
def _serving(place: Place, way: Way) -> Iterator[Program]:
    """Whoever enters these runs has started, and enters nothing yet."""
    where = (place.folder, str(place.port))
    rows = place.rows.url.render_as_string(hide_password=False)
    words, env = ["flows.worker", "--data", where[0], "--port", where[1]], {}
    if way.by == "our worker":
        env["ESTAFETTE_VISITS_AT_ONCE"] = str(AT_ONCE[place.kind])
    else:
        how, pool = ("serve", "-") if way.by == "serve()" else ("worker", PROCESSES)
        words = ["bench.raw_serving", how, *where, pool, str(PROCESSES_AT_ONCE)]
    with program(*words, ESTAFETTE_DATABASE_URL=rows, **env) as serving:
        serving.wait_until(lambda: _is_there(place, way))
        time.sleep(3)
        yield serving
        if way.by != "our worker":
            serving.end()


def _is_there(place: Place, way: Way) -> bool:
    if way.by == "serve()":
        return bool(place.ask("SELECT count(*) FROM deployment WHERE name = 'served'"))
    pool = POOL if way.by == "our worker" else PROCESSES
    since = now() - timedelta(seconds=5)
    found = place.client.read_workers_for_work_pool(pool)
    return any(w.last_heartbeat_time and _plain(w.last_heartbeat_time) > since for w in found)


def _plain(moment: Any) -> datetime:
    return datetime.fromisoformat(moment.isoformat())


def _deployment(way: Way) -> str:
    flow = "signal" if way.what == "visit" else "bare"
    served = {"our worker": POOL, "process worker": PROCESSES, "serve()": SERVED}[way.by]
    return f"{flow}/{served}"


def _with_shares(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    bare = {row["by"]: row["runs /s"] for row in rows if row["run"] == "bare"}
    for row in rows:
        row["share"] = round(row["runs /s"] / bare[row["by"]], 2) if row["by"] in bare else "–"
    return rows


def _spread(seconds: list[float]) -> str:
    return f"{middle(seconds):.2f} ({max(seconds):.2f})" if seconds else "–"
