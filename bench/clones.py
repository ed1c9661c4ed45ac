"""Copies of Prefect's runs, made in its database: by its API a hundred thousand would take hours.

A copy holds what the run holds (states, tasks and theirs, logs, artifacts), as a whole: the first
eight digits of every id become the number of the copy, so that what refers to a row in the original
refers to that row's copy in the copy. Moments move by a step for each copy.
"""

from collections.abc import Iterator

import sqlalchemy as sa

# What belongs to a run, with how it is found, in an order in which it may be written.
PARTS = {
    "flow_run": "id = :run",
    "flow_run_state": "flow_run_id = :run",
    "task_run": "flow_run_id = :run",
    "task_run_state": "task_run_id IN (SELECT id FROM task_run WHERE flow_run_id = :run)",
    "log": "flow_run_id = :run",
    "artifact": "flow_run_id = :run",
}
IDS = {"id", "state_id", "flow_run_id", "task_run_id", "event_id", "follows"}
NUMBERS = "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n + 1 < :count) "
AN_INTERVAL = "total_run_time"  # which SQLite keeps as a moment


def engine_of(address: str) -> sa.Engine:
    """Prefect's database beside Prefect: nothing is checked that its rows refer to, by either."""
    address = address.replace("postgresql://", "postgresql+psycopg://")
    engine = sa.create_engine(address, poolclass=sa.NullPool)
    if engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", _believe)
    return engine


def _believe(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("SET session_replication_role = replica")
    connection.commit()


def copy_run(
    connection: sa.Connection, run: str, count: int, *, first: int, step: float, start: float = 0
) -> None:
    """`count` copies of the run, numbered from `first`; copy n lies `start + n * step` seconds
    later (or, below nought, earlier) than the run."""
    for table, where in PARTS.items():
        copy_rows(
            connection,
            table,
            where,
            count,
            first=first,
            step=step,
            start=start,
            values={"run": run},
        )


def copy_rows(
    connection: sa.Connection,
    table: str,
    where: str,
    count: int,
    *,
    first: int,
    step: float,
    start: float = 0,
    values: dict[str, str] | None = None,
) -> None:
    """The same of the rows of one table for which `where` holds."""
    columns = dict(_columns(connection, table))
    names = ", ".join(f'"{name}"' for name in columns)
    connection.execute(
        sa.text(
            f"INSERT INTO {table} ({names}) {NUMBERS} "
            f"SELECT {', '.join(columns.values())} FROM c, {table} t WHERE {where}"
        ),
        {"count": count, "first": first, "step": step, "start": start, **(values or {})},
    )


def _columns(connection: sa.Connection, table: str) -> Iterator[tuple[str, str]]:
    """Each column with what it holds in copy n."""
    lite = connection.dialect.name == "sqlite"
    for column in sa.inspect(connection).get_columns(table):
        name, kind = column["name"], column["type"]
        own = f't."{name}"'
        if name in IDS:
            yield name, _id(own, lite=lite)
        elif isinstance(kind, sa.DateTime) and name != AN_INTERVAL:
            yield name, _moment(own, lite=lite)
        elif name == "idempotency_key":
            yield name, f"{own} || '-' || CAST(CAST(:first AS INTEGER) + n AS VARCHAR)"
        else:
            yield name, own


def _id(own: str, *, lite: bool) -> str:
    if lite:
        return f"printf('%08x', :first + n) || substr({own}, 9)"
    number = "lpad(to_hex(CAST(:first AS INTEGER) + n), 8, '0')"
    return f"CAST({number} || substr(CAST({own} AS VARCHAR), 9) AS UUID)"


def _moment(own: str, *, lite: bool) -> str:
    if lite:
        return f"strftime('%Y-%m-%d %H:%M:%f000', {own}, (:start + n * :step) || ' seconds')"
    seconds = "CAST(:start AS FLOAT) + n * CAST(:step AS FLOAT)"
    return f"{own} + make_interval(secs => {seconds})"
