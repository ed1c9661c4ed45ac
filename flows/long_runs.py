"""Keeping `watch` and `deliver` going: an hour-long Prefect run after the other, or plainly.

While Prefect answers, each is a real run with a heartbeat, tied to its deployment, where operations
staff see it. While it does not, the same loop runs without a run, so promises are raised and mail
goes out; once Prefect is back a run is made again.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import PrefectSignal
from prefect.flow_engine import run_flow
from prefect.flows import Flow
from prefect.settings import PREFECT_API_REQUEST_TIMEOUT, PREFECT_CLIENT_MAX_RETRIES
from prefect.settings.context import temporary_settings
from prefect.states import Crashed, Pending

from flows import bells
from flows.alone import instance
from flows.deployments import declare, deployment_id
from flows.discretion import Undisclosed, kind_and_place
from flows.sayings import Sayings
from flows.settings import FlowSettings
from flows.window import reachable

FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0
PLAIN_LOOK_SECONDS = 3.0  # how often a plain loop asks whether Prefect is back
AILING_SECONDS = 60.0  # how long it leaves a Prefect alone that answers and takes no runs
NOT_OVER = ["PENDING", "RUNNING", "PAUSED", "CANCELLING"]
# Prefect's client tries for minutes by itself, and all that time no promise would be raised.
IMPATIENT = {PREFECT_CLIENT_MAX_RETRIES: 2, PREFECT_API_REQUEST_TIMEOUT: 10.0}

Over = Callable[[], bool]
log = logging.getLogger("estafette.flows.long_runs")


@dataclass(frozen=True, slots=True)
class LongRun:
    """A loop that must never stand still: its Prefect flow, and the same loop without Prefect."""

    flow: Flow[[], Any]
    plainly: Callable[[Over], object]


def keep_going(long_run: LongRun, settings: FlowSettings) -> threading.Thread:
    """A thread on which the loop runs until this process stops, whatever happens in it."""
    name = long_run.flow.name
    thread = threading.Thread(target=_keep, args=(long_run, settings), name=name, daemon=True)
    thread.start()
    return thread


def _keep(long_run: LongRun, settings: FlowSettings) -> None:
    wait, sayings = FIRST_WAIT, Sayings()
    while not bells.STOPPING.is_set():
        began = time.monotonic()
        try:
            _once(long_run, settings, sayings)
            wait = FIRST_WAIT
            sayings.over()
        except Exception as error:
            said = f"{long_run.flow.name} broke off: {kind_and_place(error)}"
            sayings.say(log, logging.ERROR, said)
            bells.STOPPING.wait(wait)
            # A loop that ran well for long and then broke off starts again soon.
            lived_well = time.monotonic() - began > 2 * LONGEST_WAIT
            wait = FIRST_WAIT if lived_well else min(wait * 2, LONGEST_WAIT)


def _once(long_run: LongRun, settings: FlowSettings, sayings: Sayings) -> None:
    name = long_run.flow.name
    if not reachable():
        sayings.say(log, logging.WARNING, f"{name} runs without Prefect for now")
        long_run.plainly(_prefect_is_back(PLAIN_LOOK_SECONDS))
        return
    try:
        with temporary_settings(IMPATIENT):
            ended = _run(long_run, settings)
    except (Exception, PrefectSignal) as error:
        # Whatever ails Prefect (its disk is full, its database locked), no promise waits for it;
        # nor for whoever suspended this run on its page, of which Prefect tells by a signal.
        said = f"{name} runs without Prefect, which does not carry it: {kind_and_place(error)}"
        sayings.say(log, logging.WARNING, said)
        long_run.plainly(_prefect_is_back(AILING_SECONDS))
        return
    if ended.is_failed():
        # The loop itself broke off: the next one waits a little, or it would break off at once.
        raise Undisclosed(ended.message or "it failed")


def _run(long_run: LongRun, settings: FlowSettings) -> State[Any]:
    """How the run of the loop ended. Raises whatever Prefect does when it does not carry it."""
    with get_client(sync_client=True) as client:
        run = _new_run(client, long_run.flow.name, settings)
    return cast("State[Any]", run_flow(long_run.flow, flow_run=run, return_type="state"))


def _new_run(client: SyncPrefectClient, flow: str, settings: FlowSettings) -> FlowRun:
    deployment = deployment_id(client, flow, settings.work_pool)
    _end_left_overs(client, deployment)
    # Pending and not Scheduled: a worker of the pool would take it from us.
    return client.create_flow_run_from_deployment(
        deployment,
        name=f"{flow} · {instance()}",
        tags=[instance()],
        state=Pending(),
    )


def _end_left_overs(client: SyncPrefectClient, deployment: UUID) -> None:
    """Runs of a dead process of this installation say so; Prefect would show them for ever."""
    wanted = {
        "deployment_id": {"any_": [str(deployment)]},
        "tags": {"all_": [instance()]},
        "state": {"type": {"any_": NOT_OVER}},
    }
    for run in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(wanted)):
        gone: State[None] = Crashed(message="het proces dat deze run droeg is weg")
        client.set_flow_run_state(run.id, gone, force=True)


def prepared(pool: str) -> bool:
    """Prefect is there and knows our deployments; False while it cannot be reached."""
    if not reachable():
        return False
    with get_client(sync_client=True) as client:
        declare(client, pool)
    return True


def _prefect_is_back(look_seconds: float) -> Over:
    look_at = time.monotonic() + look_seconds

    def back() -> bool:
        nonlocal look_at
        if time.monotonic() < look_at:
            return False
        look_at = time.monotonic() + look_seconds
        return reachable()

    return back
