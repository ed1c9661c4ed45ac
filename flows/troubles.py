"""Troubles: operations hears of late, crashed and failed runs, and of what the rows show.

Two ways lead to one verb, which tells everything once. Prefect's automations (`flows.automations`)
start the flow `trouble` as soon as an event says so. And beside every watch a loop looks for
itself, once a minute: it needs no events, and for the rows no Prefect either.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from prefect import flow, runtime
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, FlowFilter, FlowRunFilter
from prefect.client.schemas.objects import State
from prefect.states import Completed
from sqlalchemy.engine import Engine

from casework.trouble_signs import standing
from casework.troubles import Untold, tell_troubles, untold
from escalation.troubles import REALLY_LATE, RUNS_CRASHED, RUNS_FAILED, RUNS_LATE
from flows import bells, clock, settings
from flows.declared import DEPLOYMENTS, NAME
from flows.discretion import discreet, kind_and_place
from flows.reasons import explained
from flows.window import reachable

LOOK_SECONDS = 60.0
ASLEEP = timedelta(minutes=5)  # so long between two looks: the machine slept, or its clock was set
OWN = "trouble"  # of this flow's own runs nothing is told, or it would call itself
AUDIT = "audit"  # red when it found something, which is told as such; so is its silence
WATCHED = tuple(one.flow for one in DEPLOYMENTS if one.flow != OWN)
FLOWS_OF = {
    RUNS_LATE: WATCHED,
    RUNS_CRASHED: WATCHED,
    RUNS_FAILED: tuple(one for one in WATCHED if one != AUDIT),
}

log = logging.getLogger("estafette.flows.troubles")


def _run_name() -> str:
    return f"storing · {runtime.flow_run.parameters.get('kind') or 'alles'}"


@flow(name=OWN, flow_run_name=_run_name, persist_result=False, validate_parameters=False)
@explained
def trouble(kind: str = "", run: str = "", of: str = "") -> State[None]:
    """Looks at once how the runs stand. Its parameters are for whoever sees this run: the kind of
    trouble that brought it, the id of the run it was about, and that run's flow."""
    with discreet():
        told = tell_of_runs(settings.engine(), clock.now())
    said = f"{told} berichten voor het beheer" if told else "al verteld, of al voorbij"
    return Completed(message=said)


class Troubles:
    """Looks once a minute, beside the watch; remembers only since when it has been looking."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._since = self._last = clock.now()

    def loop(self, stop: threading.Event) -> None:
        """Looks until told to stop. Prefect and the database may come and go."""
        while not stop.wait(LOOK_SECONDS):
            self.look()

    def look(self) -> int:
        """What stands wrong now is told; returns how many alerts that made. Breaks nothing: what
        cannot be looked at now is looked at next time."""
        now = clock.now()
        if not timedelta(0) <= now - self._last <= ASLEEP:
            self._since = now
        told = _safely(self._of_rows, now) + _safely(self._of_runs, now)
        self._last = clock.now()  # when it was over: waiting for Prefect is no sleep
        return told

    def _of_rows(self, now: datetime) -> int:
        return _tell(self._engine, standing(self._engine, now, watched_since=self._since), now)

    def _of_runs(self, now: datetime) -> int:
        return tell_of_runs(self._engine, now)


@lru_cache(maxsize=1)
def looking(engine: Engine) -> Troubles:
    """The one who looks in this process. One watch follows another; the looking began once."""
    return Troubles(engine)


def tell_of_runs(engine: Engine, now: datetime) -> int:
    """Operations is told of runs in trouble; returns how many alerts that made, 0 without Prefect.

    Nothing is asked of Prefect while nothing may be told.
    """
    may = {kind: last for kind, last in untold(engine, now).items() if kind in FLOWS_OF}
    if not may or not reachable():
        return 0
    with get_client(sync_client=True) as client:
        return _tell(engine, runs_in_trouble(client, may, now), now)


def runs_in_trouble(
    client: SyncPrefectClient, may: Mapping[str, Untold], now: datetime
) -> dict[str, int]:
    """How many runs of ours are late now, and crashed or failed since operations was last told.

    A count for each kind, by Prefect's indexes on the planned moment and on the end; no run is
    read.
    """
    return {kind: _count(client, kind, last, now) for kind, last in may.items()}


def _count(client: SyncPrefectClient, kind: str, last: Untold, now: datetime) -> int:
    return client.count_flow_runs(
        flow_filter=FlowFilter.model_validate({"name": {"any_": FLOWS_OF[kind]}}),
        deployment_filter=DeploymentFilter.model_validate({"name": {"any_": [NAME]}}),
        flow_run_filter=FlowRunFilter.model_validate(_in_trouble(kind, last, now)),
    )


def _in_trouble(kind: str, last: Untold, now: datetime) -> dict[str, Any]:
    if kind == RUNS_LATE:
        # By its moment and not by the name Late: that is given by a service of Prefect's, which
        # may stand still, and after as many seconds as its settings say.
        return {
            "state": {"type": {"any_": ["SCHEDULED"]}},
            "next_scheduled_start_time": {"before_": now - REALLY_LATE},
        }
    ended = "CRASHED" if kind == RUNS_CRASHED else "FAILED"
    return {
        "state": {"type": {"any_": [ended]}},
        "end_time": {"after_": last.since, "before_": now},
    }


def _tell(engine: Engine, found: Mapping[str, int], now: datetime) -> int:
    told = tell_troubles(engine, found, now)
    if told:
        log.info("troubles told: %d", told)
        bells.OUTBOX.ring()
    return told


def _safely(look: Callable[[datetime], int], now: datetime) -> int:
    try:
        return look(now)
    except Exception as error:
        log.error("troubles: %s", kind_and_place(error))
        return 0
