"""A burst of due promises, and whether everything of it came: counted in rows, mails and runs."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from casework.alerts import next_to_send
from casework.audit import Finding, audit
from casework.intake import receive_signal
from casework.promises import next_due
from casework.refusals import CaseMoved
from flows.clock import now
from tests.builders import a_case, a_signal, announce_order
from tests.casework.looking import rows
from tests.machines.cluster import Cluster

ACUTE = timedelta(hours=4)  # the term of an acute call: an exact moment
LONG_AGO = timedelta(days=60)  # since when the six weeks of an objection are over
HORIZON = timedelta(days=400)
WAITING = {"Scheduled", "Late"}
COMING = WAITING | {"Pending", "Running"}


def burst(engine: Engine, name: str, *, cases: int, by_law: int = 1) -> datetime:
    """So many acute calls of which the term is over at one moment, which is soon and is returned;
    and orders of which the terms of law are over already."""
    made, places = 0, count()
    while made < by_law:
        # The watch may raise something of it halfway; then it stays as it is, and another is made.
        with suppress(CaseMoved):
            before = now() - LONG_AGO
            key = a_case(engine, "behavioural_order", before, address=f"{name} wet {next(places)}")
            announce_order(engine, key, before)
            made += 1
    began = now()
    a_case(engine, now=began, address=f"{name} proef")
    at = now() + timedelta(seconds=2) + (now() - began) * cases
    for number in range(cases):
        called = a_signal(address=f"{name} {number}", received_at=at - ACUTE, acute=True)
        receive_signal(engine, called, now())
    return at


def all_raised(engine: Engine, at: datetime) -> bool:
    """The moment has come, and nothing that rings by now is left."""
    due = next_due(engine)
    return now() > at and (due is None or due > now())


def all_sent(engine: Engine) -> bool:
    coming = next_to_send(engine)
    return coming is None or coming > now() + timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a visit, as Prefect has it."""

    id: str
    name: str
    state: str
    times: int


class Window:
    """Prefect, asked from outside through the balancer."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def runs(self, *, of: str = " · ") -> list[Run]:
        with self._client() as client:
            found: list[Any] = []
            while page := client.read_flow_runs(limit=200, offset=len(found)):
                found += page
        return [
            Run(str(run.id), run.name, run.state_name or "", run.run_count)
            for run in found
            if of in run.name
        ]

    @contextmanager
    def _client(self) -> Iterator[Any]:
        from prefect.client.orchestration import get_client
        from prefect.settings.context import temporary_settings

        from prefect.settings import (  # isort: skip
            PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_CLIENT_CSRF_SUPPORT_ENABLED,
        )  # fmt: skip

        env = self._cluster.client_env(self._cluster.folder)
        ours = {
            PREFECT_API_URL: env["PREFECT_API_URL"],
            PREFECT_API_AUTH_STRING: env["PREFECT_API_AUTH_STRING"],
            PREFECT_CLIENT_CSRF_SUPPORT_ENABLED: True,
        }
        with temporary_settings(ours), get_client(sync_client=True) as client:
            yield client


def open_visits(engine: Engine) -> dict[str, str | None]:
    """Every open visit by the name its run has, and the run it is armed with."""
    query = sa.text(
        "SELECT k.key, v.stage, v.number, v.run_id FROM visits v JOIN cases k ON k.id = v.case_id "
        "WHERE v.left_at IS NULL AND k.closed_at IS NULL"
    )
    from flows.words import run_name

    with engine.connect() as connection:
        return {run_name(*row[:3]): row[3] for row in connection.execute(query)}


def unshown(engine: Engine, runs: list[Run]) -> list[str]:
    """Open visits that have not exactly one run that comes, or that are armed with another one. A
    run that was never entered has not said yet what it waits for.

    A run may say Late and come only tomorrow: Prefect's service marks what it read as overdue, also
    when the run has gone on to its next moment meanwhile. It comes at that moment all the same.
    """
    coming = Counter(run.name for run in runs if run.state in COMING)
    entered = {run.name for run in runs if run.state in WAITING and run.times > 0}
    ids = {run.id: run.name for run in runs}
    return [
        name
        for name, run_id in open_visits(engine).items()
        if coming[name] != 1 or name not in entered or ids.get(run_id or "") != name
    ]


def raised_twice(engine: Engine) -> dict[Any, int]:
    told = Counter(
        (line["checkpoint_id"], line["rung"]) for line in rows(engine, "journal", "kind = 'raised'")
    )
    return {rung: count for rung, count in told.items() if count > 1}


def lateness(engine: Engine, since: datetime) -> list[float]:
    """How many seconds after its moment each acute call of this burst was raised."""
    query = sa.text(
        "SELECT extract(epoch FROM j.at - c.due_at) FROM journal j "
        "JOIN checkpoints c ON c.id = j.checkpoint_id "
        "WHERE j.kind = 'raised' AND c.key = 'acute_call' AND c.due_at = :since AND j.rung = 0"
    )
    with engine.connect() as connection:
        return sorted(float(row[0]) for row in connection.execute(query, {"since": since}))


def findings(engine: Engine) -> tuple[Finding, ...]:
    return audit(engine, now(), horizon=HORIZON).findings
