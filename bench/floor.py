"""The floor: what raising writes, written again by hand in batched SQL through the raw driver.

No locking, no reading, no judging, no hashing: the rows are ready before the clock starts. What
is left is what the tables, their indexes, keys and triggers cost.
"""

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg.types.json import Jsonb
from sqlalchemy.engine import Engine

from casework.promises import BATCH

MARKS = "rung, next_rung, next_at, id"
LINES = (
    "case_id, seq, at, actor, kind, data, checkpoint_id, rung, category, organisation, "
    "legal_basis, scope, previous, hash"
)
ALERTS = (
    "case_id, checkpoint_id, rung, handover_id, request_id, event, notice, period, lead, "
    "recipient_id, channel, instead_of, falls_back_at, statutory, created_at, state, next_at, "
    "token, attempts, acknowledged_at, by_hand"
)
Rows = list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Effects:
    """The rows a drain wrote, as the driver gives them and takes them."""

    marks: Rows
    lines: Rows
    alerts: Rows

    def batches(self) -> Iterator[tuple[Rows, Rows, Rows]]:
        """As many transactions as the drain itself had, each with its share of the alerts."""
        alerts = math.ceil(len(self.alerts) * BATCH / len(self.marks))
        return zip(_cut(self.marks, BATCH), _cut(self.lines, BATCH), _cut(self.alerts, alerts),
                   strict=True)  # fmt: skip


def effects(engine: Engine) -> Effects:
    """Everything that was raised in this database."""
    with engine.connect() as connection:
        cursor = connection.connection.cursor()

        def rows(what: str) -> Rows:
            return list(cursor.execute(f"SELECT {what} ORDER BY id"))

        lines = rows(f"{LINES} FROM journal WHERE kind = 'raised'")
        if engine.dialect.name == "postgresql":
            lines = [(*line[:5], Jsonb(line[5]), *line[6:]) for line in lines]
        return Effects(
            rows(f"{MARKS} FROM checkpoints WHERE rung IS NOT NULL"), lines,
            rows(f"{ALERTS} FROM alerts"),
        )  # fmt: skip


def write(engine: Engine, wanted: Effects) -> float:
    """The same rows are written here; returns the seconds that took."""
    with engine.connect() as connection:
        connection.rollback()
        raw = connection.connection.driver_connection
        put = _on_sqlite if engine.dialect.name == "sqlite" else _on_postgresql
        began = time.perf_counter()
        for marks, lines, alerts in wanted.batches():
            put(raw, marks, lines, alerts)
        return time.perf_counter() - began


def _on_sqlite(raw: Any, marks: Rows, lines: Rows, alerts: Rows) -> None:
    raw.execute("BEGIN IMMEDIATE")
    raw.executemany("UPDATE checkpoints SET rung=?, next_rung=?, next_at=? WHERE id=?", marks)
    for table, columns, rows in (("journal", LINES, lines), ("alerts", ALERTS, alerts)):
        places = ", ".join("?" * len(rows[0]))
        raw.executemany(f"INSERT INTO {table} ({columns}) VALUES ({places})", rows)
    raw.execute("COMMIT")


def _on_postgresql(raw: Any, marks: Rows, lines: Rows, alerts: Rows) -> None:
    with raw.cursor() as cursor:
        cursor.execute(
            "UPDATE checkpoints SET rung=new.rung, next_rung=new.next_rung, next_at=new.next_at "
            "FROM unnest(%s::int[], %s::int[], %s::timestamptz[], %s::int[]) "
            f"AS new ({MARKS}) WHERE checkpoints.id = new.id",
            [list(column) for column in zip(*marks, strict=True)],
        )
        for table, columns, rows in (("journal", LINES, lines), ("alerts", ALERTS, alerts)):
            with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
    raw.commit()


def _cut(rows: Sequence[Any], size: int) -> Iterator[Any]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
