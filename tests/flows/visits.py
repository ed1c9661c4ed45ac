"""Helpers: arming and entering visits as the worker process does, but when a test says so."""

import asyncio
from datetime import datetime
from typing import Any

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY
from prefect.settings.context import temporary_settings
from sqlalchemy.engine import Engine

from flows.arming import Arming
from flows.in_process import EstafetteWorker
from flows.settings import FlowSettings

EAGER = FlowSettings.model_construct(stuck_seconds=0, horizon_days=400, work_pool="estafette")


def arm(house: Engine, settings: FlowSettings | None = None) -> None:
    assert Arming(house, settings or FlowSettings()).round()


def enter_due(*names: str) -> None:
    """Every visit that is due is entered, by as many workers at once as there are names."""

    async def poll(name: str) -> None:
        async with EstafetteWorker("estafette", name=name, limit=1) as worker:
            await worker.get_and_submit_flow_runs()

    async def all_poll() -> None:
        await asyncio.gather(*(poll(name) for name in names or ("one",)))

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        asyncio.run(all_poll())


def runs(client: SyncPrefectClient, name: str) -> list[FlowRun]:
    found = client.read_flow_runs(limit=200)
    return [run for run in found if run.name == name and run.state is not None]


def only(client: SyncPrefectClient, name: str) -> FlowRun:
    (run,) = runs(client, name)
    return run


def said(run: FlowRun) -> str:
    assert run.state is not None
    return run.state.message or ""


def at(run: FlowRun) -> datetime | None:
    """The moment it comes, as a plain datetime (Prefect hands out its own kind)."""
    moment: Any = run.next_scheduled_start_time
    return datetime.fromisoformat(moment.isoformat()) if moment else None
