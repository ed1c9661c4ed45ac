"""A Prefect worker that runs visits inside its own process, on threads.

Prefect's supported extension point: it shows up as a worker with a heartbeat, and work queues,
priorities, limits, Late and Cancel do what they do for any other worker.
"""

import logging
import math
import os
from datetime import timedelta
from typing import Any
from uuid import UUID

import anyio
import anyio.abc
from anyio import to_thread
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.exceptions import ObjectNotFound, Pause
from prefect.flow_engine import run_flow
from prefect.flows import Flow, load_flow_from_entrypoint
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, PREFECT_WORKER_QUERY_SECONDS
from prefect.settings.context import temporary_settings
from prefect.states import Failed, Pending
from prefect.workers.base import (
    BaseJobConfiguration,
    BaseVariables,
    BaseWorker,
    BaseWorkerResult,
)

from flows import bells, clock
from flows.declared import IN_PROCESS
from flows.discretion import kind_and_place
from flows.sayings import Sayings
from flows.settings import FlowSettings

POLL_SECONDS = 10.0  # bells make a visit prompt; polling only makes it certain
TURN_SECONDS = 60.0  # a thread that waits for a bell looks up so often
BATCH = 10  # whatever is more urgent by law waits for at most so many that were asked for before
SLOW_SECONDS = 5.0  # one that takes longer keeps its place, but no longer the others waiting
PATIENCE = 2 / 3  # of the time after which arming takes its run to be an orphan
YEARS = timedelta(days=3653)
TOOK_TOO_LONG = "duurde te lang en is losgelaten; wordt bij het volgende moment opnieuw geprobeerd"

log = logging.getLogger("estafette.flows.worker")


class EstafetteWorker(BaseWorker[BaseJobConfiguration, BaseVariables, BaseWorkerResult]):
    """Enters visits when their moment has come, at most `limit` at a time."""

    type = IN_PROCESS
    job_configuration = BaseJobConfiguration

    def __init__(self, work_pool_name: str, *, name: str, limit: int) -> None:
        # Nothing is fetched ahead: a run fetched early would keep a place and wait in it.
        super().__init__(work_pool_name, name=name, limit=limit, prefetch_seconds=0)
        self._places = anyio.CapacityLimiter(limit)
        self._threads = anyio.CapacityLimiter(math.inf)  # places count; abandoned ones hold none
        self._slow = SLOW_SECONDS
        self._patience = PATIENCE * FlowSettings().stuck_after.total_seconds()
        self._polling = anyio.Lock()
        self._flows: dict[UUID, Flow[..., Any]] = {}

    async def serve(self) -> None:
        """Works until this process stops. Raises when Prefect has been away for long."""
        # A heartbeat costs a visit a whole second; visits that got stuck are found from the rows.
        calm = {PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None, PREFECT_WORKER_QUERY_SECONDS: POLL_SECONDS}
        with temporary_settings(calm):
            async with anyio.create_task_group() as together:
                together.start_soon(self._poll_when_rung)
                together.start_soon(_stop_with_us, together.cancel_scope)
                await self.start(printer=log.info)
                together.cancel_scope.cancel()

    async def get_and_submit_flow_runs(self) -> list[FlowRun]:
        """Enters every visit that is due, those with a date of law first.

        Prefect's own way asks eight more questions per run, to prepare infrastructure that does
        not exist here: measured, a visit takes 0.13 s instead of 0.5 and half the server's time.
        """
        async with self._polling:  # the regular poll and the bell take turns
            due = await self._due()
            async with anyio.create_task_group() as visits:
                for run in due:
                    visits.start_soon(self._enter, run)
        if len(due) == BATCH:
            bells.VISITS.ring()
        return due

    async def run(
        self,
        flow_run: FlowRun,
        configuration: BaseJobConfiguration,
        task_status: anyio.abc.TaskStatus[int] | None = None,
    ) -> BaseWorkerResult:
        """One run, on a thread, to wherever it goes; one that hangs is Failed and left alone."""
        if task_status is not None:
            task_status.started(os.getpid())
        flow = await self._flow_of(flow_run)
        # Shielded: a worker that stops lets its visits finish.
        with anyio.move_on_after(self._patience, shield=True) as patience:
            await to_thread.run_sync(
                _run, flow, flow_run, abandon_on_cancel=True, limiter=self._threads
            )
        if patience.cancelled_caught:
            await self._give_up(flow_run)
        return BaseWorkerResult(identifier=str(flow_run.id), status_code=0)

    async def _poll_when_rung(self) -> None:
        sayings = Sayings()
        while True:
            await to_thread.run_sync(bells.VISITS.wait, TURN_SECONDS, abandon_on_cancel=True)
            if self.is_setup:
                try:
                    await self.get_and_submit_flow_runs()
                    sayings.over()
                except Exception as error:
                    said = f"visits that are due are not entered for now: {kind_and_place(error)}"
                    sayings.say(log, logging.WARNING, said)

    async def _due(self) -> list[FlowRun]:
        try:
            found = await self.client.get_scheduled_flow_runs_for_work_pool(
                self._work_pool_name, scheduled_before=clock.now()
            )
        except ObjectNotFound:  # the pool went with Prefect's database; syncing makes it again
            return []
        return [response.flow_run for response in found[:BATCH]]

    async def _enter(self, run: FlowRun) -> None:
        """The visit is over, or at it for so long that nobody should wait for it."""
        assert self._runs_task_group is not None
        over = anyio.Event()
        # On behalf of this entering: its run may be due again before all of it is over.
        await self._places.acquire_on_behalf_of(over)
        self._runs_task_group.start_soon(self._visit, run, over)
        with anyio.move_on_after(self._slow):
            await over.wait()

    async def _visit(self, run: FlowRun, over: anyio.Event) -> None:
        try:
            if await self._claimed(run):
                await self.run(run, self.job_configuration())
        except Exception as error:
            # The run stays as it is; arming finds it from the rows and makes another.
            log.warning("visit broke off: %s", kind_and_place(error))
        finally:
            self._places.release_on_behalf_of(over)
            over.set()

    async def _give_up(self, run: FlowRun) -> None:
        # Its thread cannot be ended and may finish yet, which harms nothing: runs are pictures.
        log.error("visit hangs and was left: %s", run.name)
        gone: State[None] = Failed(message=TOOK_TOO_LONG)
        await self.client.set_flow_run_state(run.id, gone, force=True)

    async def _claimed(self, run: FlowRun) -> bool:
        """The run is ours: it is still due, and of two workers only one is let through."""
        # Another worker may have entered it since we asked, and it waits for a later moment.
        fresh = await self.client.read_flow_run(run.id)
        planned = fresh.next_scheduled_start_time
        if planned is None or planned > clock.now():
            return False
        claim: State[None] = Pending()
        # With a moment of its own. Without, a run that was moved between the two calls would make
        # the engine sleep until that moment, perhaps for weeks, and keep this place meanwhile. And
        # one long past: it would sleep as well while Prefect's clock is behind ours.
        claim.state_details.scheduled_time = planned - YEARS
        answer = await self.client.set_flow_run_state(run.id, claim)
        run.state = answer.state
        return answer.status == SetStateStatus.ACCEPT

    async def _flow_of(self, run: FlowRun) -> Flow[..., Any]:
        assert run.deployment_id is not None
        if run.deployment_id not in self._flows:
            deployment = await self.client.read_deployment(run.deployment_id)
            flow: Flow[..., Any] = load_flow_from_entrypoint(deployment.entrypoint or "")
            self._flows[run.deployment_id] = flow
        return self._flows[run.deployment_id]


async def _stop_with_us(scope: anyio.CancelScope) -> None:
    # By turns: a thread that waited without end would stay behind at every stay that breaks off.
    while not await to_thread.run_sync(bells.STOPPING.wait, TURN_SECONDS, abandon_on_cancel=True):
        pass
    scope.cancel()


def _run(flow: Flow[..., Any], run: FlowRun) -> None:
    try:
        # The state, not the result: a flow that failed is Prefect's to show, not ours to raise.
        run_flow(flow, flow_run=_unobserved(run), return_type="state")
    except Pause:
        return  # it waits again


def _unobserved(run: FlowRun) -> FlowRun:
    """The run as Prefect's engine sees it at first, without its deployment.

    With one the engine watches for somebody suspending the run: a thread, a websocket, a question,
    and a fifth of a second when it is over. A visit is over sooner than anybody could do that. The
    engine reads the whole run again before anything of ours sees it.
    """
    return run.model_copy(update={"deployment_id": None})
