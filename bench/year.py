"""A year: how large Prefect's database is after one, and what is left once it has been cleaned.

python -m bench --only year [--quick]
"""

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from bench.clones import copy_rows, copy_run
from bench.figures import Table
from bench.processes import program
from bench.window_place import Place, places
from bench.year_sizes import Size
from flows.artifacts import KEPT as DAYS_SHOWN
from flows.clean import ROUTINE_KEPT, clean_up
from flows.clock import now
from flows.settings import FlowSettings
from tests.builders import a_case, go

YEAR, EVENT_DAYS, EVENTS_KEPT, BEATS_KEPT = 365, 10, 3, 0.25
DAY = 86_400.0
KEPT, ROUTINE = FlowSettings().runs_kept_days, ROUTINE_KEPT.days
BEATS = 118  # of an hour's run, beside those of the minute that ours lasted
IN_A_LIST = 40  # cases of a town of 300 that wait in one stage
VACUUM = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_LOOP_SECONDS": "20",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ORPHAN_CLEANUP_LOOP_SECONDS": "20",
}
OF_A_RUN = "SELECT event_id FROM event_resources WHERE resource_id = 'prefect.flow-run.' || :run"
A_BEAT = f"""
    SELECT id FROM events WHERE event = 'prefect.flow-run.heartbeat' AND id IN ({OF_A_RUN})
    ORDER BY id LIMIT 1"""
SAYS = f"""\
A town of 300 open cases: a year of its runs and overviews and {EVENT_DAYS} days of its events, at a
scale of one in so many, each a copy, in Prefect's database, of one that was really made. *KiB
each*: what such a copy adds, with indexes. *MB in a year*: were nothing ever removed. *MB kept*:
of stays {KEPT} days, of other runs {ROUTINE}, of events {EVENTS_KEPT}, of heartbeats {BEATS_KEPT},
of an overview {DAYS_SHOWN} days. The last row of each database was measured, and is given at
full scale: before, and after `flows.clean` and the server's own vacuum as we set it had passed."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Something of which a year is copied."""

    what: str
    flow: str
    a_day: int
    kept_days: float


RUNS = (
    Kind("a stay in a stage", "signal", 10, KEPT),
    Kind("an hour of watch", "watch", 24, ROUTINE),
    Kind("an hour of deliver", "deliver", 24, ROUTINE),
    Kind("an audit", "audit", 96, ROUTINE),
    Kind("a cleaning", "clean", 24, ROUTINE),
)
# However often it changes: a version a day for each of eight stages. Who makes a new one clears the
# oldest away (flows/artifacts.py), so no more are copied than are kept.
OVERVIEW = Kind("a day of a waiting list", "", 8, DAYS_SHOWN)


def bench(quick: bool) -> Table:
    table = Table("year", "A simulated year", SAYS)
    one_in = 60 if quick else 20
    for kind in ("sqlite", "postgresql"):
        print(f"bench: a year on {kind}", file=sys.stderr)
        with places(kind, IN_A_LIST, **VACUUM) as place:
            _live(place)
            table.rows.extend(_a_year(place, one_in))
    return table


def _live(place: Place) -> None:
    """A few cases come in, are visited and move on; a run of every kind is made and ends."""
    rows = place.rows.url.render_as_string(hide_password=False)
    words = ("flows.worker", "--data", place.folder, "--port", str(place.port))
    with program(*words, ESTAFETTE_DATABASE_URL=rows) as worker:
        worker.wait_until(lambda: _count(place, "deliver", "RUNNING") > 0)
        keys = [
            a_case(place.rows, "signal", now(), address=f"Voorbeeldstraat 9{n}") for n in (1, 2)
        ]
        worker.wait_until(lambda: _count(place, "signal", "SCHEDULED") == len(keys))
        for key in keys:
            go(place.rows, key, "take_up", now())
        for flow in ("audit", "clean"):
            place.run(f"{flow}/estafette", now(), flow)
        worker.wait_until(lambda: all(_ended(place, flow) for flow in ("signal", "audit", "clean")))
        time.sleep(35)  # a heartbeat is sent, and the server writes down what it was told


def _count(place: Place, flow: str, state: str) -> int:
    query = "SELECT count(*) FROM flow_run r JOIN flow f ON f.id = r.flow_id WHERE f.name = :flow"
    return int(place.ask(f"{query} AND r.state_type = :state", flow=flow, state=state))


def _ended(place: Place, flow: str) -> bool:
    return _count(place, flow, "COMPLETED") + _count(place, flow, "FAILED") > 0


def _a_year(place: Place, one_in: int) -> Iterator[dict[str, Any]]:
    with place.prefect.connect() as connection:
        Size(connection).pack()
    # One transaction: until it ends the server's vacuum sees nothing of it.
    with place.prefect.begin() as connection:
        size = Size(connection)
        empty = size.used()
        for kind in RUNS:
            yield from _runs(place, size, kind, one_in)
        yield _row(
            place, OVERVIEW, _overviews(size, max(OVERVIEW.a_day * DAYS_SHOWN // one_in, 20))
        )
        before = size.used()

    def at_full(kib: float) -> float:
        return (empty + (kib - empty) * one_in) / 1024

    began = time.perf_counter()
    removed = clean_up(place.client, now(), FlowSettings().runs_kept)
    seconds = time.perf_counter() - began
    _wait_for_the_vacuum(place)
    with place.prefect.connect() as connection:
        size = Size(connection)
        on_disk = size.whole()
        size.pack()
        yield {
            "database": place.kind,
            "what": f"the whole, measured at 1 in {one_in}",
            "a day": "–",
            "KiB each": f"{1000 * seconds / removed:.0f} ms for each removed",
            "MB in a year": at_full(before),
            "MB kept": at_full(size.used()),
            "file MB after": at_full(on_disk),
        }


def _runs(place: Place, size: Size, kind: Kind, one_in: int) -> Iterator[dict[str, Any]]:
    query = """SELECT r.id FROM flow_run r JOIN flow f ON f.id = r.flow_id
        WHERE f.name = :flow AND r.end_time IS NOT NULL ORDER BY r.end_time LIMIT 1"""
    run = str(size.connection.execute(sa.text(query), {"flow": kind.flow}).scalar_one())
    count = max(kind.a_day * YEAR // one_in, 20)
    step = -YEAR * DAY / count
    first = size.next(count)
    each = size.growth(lambda: copy_run(size.connection, run, count, first=first, step=step), count)
    yield _row(place, kind, each)
    events = max(kind.a_day * EVENT_DAYS // one_in, 5)
    each = size.growth(lambda: _events(size, run, OF_A_RUN, events), events)
    yield _row(place, Kind("– its events", "", kind.a_day, EVENTS_KEPT), each)
    if kind.flow in {"watch", "deliver"}:
        beats = events * BEATS
        each = size.growth(lambda: _events(size, run, A_BEAT, beats), beats)
        yield _row(place, Kind("– its heartbeats", "", BEATS * kind.a_day, BEATS_KEPT), each)


def _events(size: Size, run: str, which: str, count: int) -> None:
    moved: dict[str, Any] = {"first": size.next(count), "step": -EVENT_DAYS * DAY / count}
    for table, column in (("events", "id"), ("event_resources", "event_id")):
        copy_rows(
            size.connection, table, f"t.{column} IN ({which})", count, values={"run": run}, **moved
        )


def _overviews(size: Size, count: int) -> float:
    where = "t.id = (SELECT latest_id FROM artifact_collection WHERE key = 'waiting-signal')"
    moved: dict[str, Any] = {"first": size.next(count), "step": -DAYS_SHOWN * DAY / count}
    return size.growth(lambda: copy_rows(size.connection, "artifact", where, count, **moved), count)


def _row(place: Place, kind: Kind, each: float) -> dict[str, Any]:
    return {
        "database": place.kind,
        "what": kind.what,
        "a day": kind.a_day,
        "KiB each": each,
        "MB in a year": each * kind.a_day * YEAR / 1024,
        "MB kept": each * kind.a_day * kind.kept_days / 1024,
        "file MB after": "–",
    }


def _wait_for_the_vacuum(place: Place) -> None:
    old = now() - timedelta(days=EVENTS_KEPT, hours=1)
    moment = old if place.kind != "sqlite" else old.strftime("%Y-%m-%d %H:%M:%S")
    deadline = time.monotonic() + 300
    for table in ("event_resources", "events"):
        while place.ask(f"SELECT count(*) FROM {table} WHERE occurred < :old", old=moment):
            assert time.monotonic() < deadline, "the vacuum did not come"
            time.sleep(2)
