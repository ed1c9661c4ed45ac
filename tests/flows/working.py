"""Helpers: arming and entering visits as the worker process does, but when a test says so."""

import asyncio
import threading
from collections.abc import Coroutine
from datetime import datetime
from typing import Any, Self

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY
from prefect.settings.context import temporary_settings
from sqlalchemy.engine import Engine

from flows.arming import Arming
from flows.in_process import EstafetteWorker
from flows.settings import FlowSettings

POOL = FlowSettings().work_pool
# A run that is at it, or overdue, counts as stuck at once.
IMPATIENT = FlowSettings.model_construct(stuck_seconds=0, horizon_days=400, work_pool=POOL)


class Workers:
    """Two real workers on an event loop of their own."""

    def __enter__(self) -> Self:
        self._up, self._down = threading.Event(), asyncio.Event()
        # Set up and torn down in one task: its cancel scopes allow nothing else.
        self._thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        self._thread.start()
        assert self._up.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(30)

    def enter_due(self, *, both: bool = False) -> None:
        """Every visit that is due is entered, by one worker or by both at the same time."""

        async def poll() -> None:
            polling = [worker.get_and_submit_flow_runs() for worker in self._both[: 1 + both]]
            await asyncio.gather(*polling)

        self._run(poll())

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            one = EstafetteWorker(POOL, name="one", limit=1)
            other = EstafetteWorker(POOL, name="other", limit=1)
            async with one, other:
                self._both = [one, other]
                for worker in self._both:
                    worker._slow = 60.0  # what was entered is over, however busy the machine
                self._up.set()
                await self._down.wait()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
            asyncio.run_coroutine_threadsafe(work, self._loop).result(60)


def arm(house: Engine, settings: FlowSettings | None = None) -> None:
    assert Arming(house, settings or FlowSettings()).round()


def runs(client: SyncPrefectClient, name: str) -> list[FlowRun]:
    """The runs of a visit, the newest first: "bemoeizorg" finds "2026-00001 · bemoeizorg · 1"."""
    found = [run for run in client.read_flow_runs() if f"· {name} ·" in run.name]
    return sorted(found, key=lambda run: str(run.created), reverse=True)


def only(client: SyncPrefectClient, name: str) -> FlowRun:
    (run,) = runs(client, name)
    return run


def said(run: FlowRun) -> str:
    assert run.state is not None
    return run.state.message or ""


def comes_at(run: FlowRun) -> datetime | None:
    """As a plain datetime; Prefect hands out a kind of its own."""
    moment: Any = run.next_scheduled_start_time
    return datetime.fromisoformat(moment.isoformat()) if moment else None
