"""Audits: what a look at every open case costs, check by check, on both databases.

Cases with a history: an opening line, raised rungs with their alerts, and promises still open.
"""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from bench.figures import Table, middle
from bench.world import DUE, FIRST, Databases, Heap, copies_of_one, databases
from casework import journal
from casework.audit import asked, audit
from casework.audit_checks import CHECKS
from models import Alert, AlertState, Checkpoint, JournalEntry, UtcTime, Visit
from tests.builders import NOW

MOMENTS = ("late", "unarmed", "unsent", "horizon", "soon", "far")
OPEN_EACH, RAISED_EACH, AT_ONCE = 4, 6, 2_000
Cost = tuple[float, str]
DELIVERED = """
    INSERT INTO deliveries
        (alert_id, message, recipient_id, counted, attempt, channel, outcome, detail, at)
    SELECT id, id, recipient_id, TRUE, 1, channel, 'delivered', '250', created_at FROM alerts"""
SAYS = """\
One audit over all open cases, each with ten promises of which six were raised and told of, and its
five costliest checks. *Times*: how much longer than the audit of a tenth of the cases; ten is what
a cost that grows with the cases comes to. *Read whole*: tables the plan reads from end to end,
beside the cases themselves; rows of closed cases are read there too."""


def bench(quick: bool) -> Table:
    table = Table("audits", "The audit of many open cases", SAYS)
    most = 10_000 if quick else 100_000
    for kind in ("sqlite", "postgresql, no fsync"):
        with databases(kind) as place:
            table.rows.extend(_looked(place, most))
    return table


def _looked(place: Databases, most: int) -> Iterator[dict[str, Any]]:
    small = 0.0
    for cases in (most // 10, most):
        with place.copy(Heap(cases, due=0)) as engine:
            give_history(engine, cases)
            took, costs = _timed(engine)
        row = {"database": place.kind, "open cases": cases, "promises": 10 * cases}
        times = took / small if small else "-"
        yield row | {"what": "audit", "seconds": took, "times": times, "read whole": "-"}
        small = small or took
        for what in sorted(costs, key=lambda what: -costs[what][0])[: 5 if cases == most else 0]:
            seconds, whole = costs[what]
            yield row | {"what": what, "seconds": seconds, "times": "-", "read whole": whole}


def _timed(engine: Engine) -> tuple[float, dict[str, Cost]]:
    report = audit(engine, NOW, horizon=timedelta(days=400))
    assert report.clean, {finding.what for finding in report.findings}
    took = middle([_seconds(lambda: audit(engine, NOW)) for _ in range(3)])
    return took, dict(_by_check(engine))


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def _by_check(engine: Engine) -> Iterator[tuple[str, Cost]]:
    moments = dict.fromkeys(MOMENTS, NOW)
    with engine.connect().execution_options(reads_only=True) as connection:
        for what, condition in CHECKS.items():
            query, most = asked(what, condition, moments), {"most": 1000}
            seconds = _seconds(lambda: connection.execute(query, most).all())  # noqa: B023
            kind = "QUERY PLAN " if engine.dialect.name == "sqlite" else ""
            plan = sa.text(f"EXPLAIN {kind}{query.text}").bindparams(
                *(sa.bindparam(n, m, UtcTime()) for n, m in moments.items() if f":{n}" in condition)
            )
            yield what, (seconds, _read_whole(connection.execute(plan, most).all()))


def _read_whole(plan: Sequence[sa.Row[Any]]) -> str:
    lines = [str(line[-1]) for line in plan]
    scans = (re.search(r"(?:Seq Scan on|^SCAN) (\w+)\b(?! USING)", line) for line in lines)
    return ", ".join(sorted({scan[1] for scan in scans if scan} - {"cases", "k"})) or "-"


def give_history(engine: Engine, cases: int) -> None:
    """Each case has more open promises, raised ones with their journal lines and delivered alerts,
    and a run."""
    with engine.begin() as connection:
        director = connection.execute(sa.text("SELECT min(id) FROM contacts")).scalar_one()
        for start in range(FIRST, FIRST + cases, AT_ONCE):
            some = range(start, min(start + AT_ONCE, FIRST + cases))
            copies_of_one(connection, Checkpoint, _promises(some))
            copies_of_one(connection, JournalEntry, _lines(some))
            connection.execute(sa.insert(Alert), list(_alerts(some, director)))
        own = sa.cast(Visit.id, sa.String)
        connection.execute(sa.update(Visit).values(run_id=own, armed_at=NOW))
        connection.execute(sa.text(DELIVERED))
        _settle(connection)
    _analyze(engine)


def _number(case: int, place: int) -> int:
    return 100_000_000 + 10 * case + place


def _promises(cases: range) -> Iterator[dict[str, Any]]:
    for n in cases:
        for place in range(OPEN_EACH - 1 + RAISED_EACH):
            raised = {"rung": 0, "next_rung": 1} if place < RAISED_EACH else {}
            yield raised | {
                "id": _number(n, place), "case_id": n, "visit_id": n, "origin": f"act:{n}:{place}",
                "next_at": DUE + timedelta(days=place),
            }  # fmt: skip


def _lines(cases: range) -> Iterator[dict[str, Any]]:
    told = {"from": 0, "to": 2}
    for n in cases:
        for place in range(RAISED_EACH):
            promise = _number(n, place)
            line = journal.line(
                n, 2 + place, journal.BEGIN, NOW, journal.SYSTEM, "raised", told, promise, 0
            )
            yield {"id": promise, **line}


def _alerts(cases: range, director: int) -> Iterator[dict[str, Any]]:
    for n in cases:
        for place in range(RAISED_EACH):
            for to in range(2):
                yield {
                    "case_id": n, "checkpoint_id": _number(n, place), "rung": 0, "lead": "due",
                    "recipient_id": director + to, "channel": "mail", "statutory": False,
                    "created_at": NOW, "state": AlertState.DELIVERED, "attempts": 1,
                    "by_hand": False,
                }  # fmt: skip


def _settle(connection: sa.Connection) -> None:
    """What filling the heap deleted of its pattern is no finding; nor is the pattern itself, nor a
    moment that is later than the date of the pattern."""
    connection.execute(sa.text("UPDATE checkpoints SET next_rung = 1"))
    connection.execute(sa.text(
        "UPDATE removals SET was = NULL, settled_how = 'accepted', "
        "settled_at = (SELECT max(at) FROM journal)"
    ))  # fmt: skip
    connection.execute(sa.text(
        f"UPDATE cases SET closed_at = opened_at, result = 'closed' WHERE id < {FIRST}"
    ))  # fmt: skip


def _analyze(engine: Engine) -> None:
    words = "VACUUM ANALYZE" if engine.dialect.name == "postgresql" else "SELECT 1"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(words))
