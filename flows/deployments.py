"""All deployments on one screen: which flows Prefect knows, where their code is, when they run.

    python -m flows.deployments            declare them in the work pool ESTAFETTE_WORK_POOL

Our own worker does this when it starts. With an ordinary work pool (process, Kubernetes, ...) make
the pool first and run the command; `watch` and `deliver` then get an hourly run each from Prefect's
own schedule, where our worker keeps them going by itself.
"""

import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.base import BaseJobConfiguration

from flows.settings import FlowSettings

NAME = "estafette"  # every deployment's own name: "voluntary-care/estafette"
IN_PROCESS = "estafette-in-process"  # the type of work pool that our own worker serves
A_CASE = {
    "type": "object",
    "properties": {"case": {"type": "string", "title": "case", "position": 0}},
    "required": ["case"],
}
ON_THE_HOUR = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}

log = logging.getLogger("estafette.flows.deployments")
_one_at_a_time = threading.Lock()  # several threads of one process begin together


@dataclass(frozen=True, slots=True)
class Deployed:
    """A flow as Prefect knows it; `kept` means that our own worker keeps it going unscheduled."""

    flow: str
    entrypoint: str
    says: str
    takes: dict[str, Any]
    every: timedelta | None = None
    kept: bool = False


def _stage(flow: str, says: str) -> Deployed:
    return Deployed(flow, f"flows.stages.{flow.replace('-', '_')}", says, A_CASE)


# fmt: off
DEPLOYMENTS = (
    _stage("signal", "Melding: one run per case and visit"),
    _stage("assessment", "Beoordeling: one run per case and visit"),
    _stage("voluntary-care", "Vrijwillige hulp: one run per case and visit"),
    _stage("outreach-care", "Bemoeizorg: one run per case and visit"),
    _stage("warning", "Waarschuwing: one run per case and visit"),
    _stage("behavioural-order", "Gedragsaanwijzing: one run per case and visit"),
    _stage("house-closure", "Woningsluiting: one run per case and visit"),
    _stage("aftercare", "Nazorg: one run per case and visit"),
    Deployed("watch", "flows.watch.watch", "Raises what is due; re-arms visits", NOTHING,
             every=timedelta(hours=1), kept=True),
    Deployed("deliver", "flows.deliver.deliver", "Sends the outbox", NOTHING,
             every=timedelta(hours=1), kept=True),
    Deployed("audit", "flows.audit.audit", "Proves the promises; heartbeat when clean", NOTHING,
             every=timedelta(minutes=15)),
)
# fmt: on


def declare(client: SyncPrefectClient, pool: str) -> None:
    """The work pool and every deployment exist as written above. Again changes nothing."""
    with _one_at_a_time:
        _declare_all(client, pool)


def deployment_id(client: SyncPrefectClient, flow: str, pool: str) -> UUID:
    """Prefect's id of the flow's deployment, which is declared when Prefect does not know it."""
    with _one_at_a_time:
        try:
            return client.read_deployment_by_name(f"{flow}/{NAME}").id
        except ObjectNotFound:  # Prefect's database is new
            _declare_all(client, pool)
            return client.read_deployment_by_name(f"{flow}/{NAME}").id


def _declare_all(client: SyncPrefectClient, pool: str) -> None:
    ours = _pool_type(client, pool) == IN_PROCESS
    for deployed in DEPLOYMENTS:
        _declare(client, pool, deployed, scheduled=not (ours and deployed.kept))
    log.info("deployments declared in work pool %s", pool)


def _pool_type(client: SyncPrefectClient, pool: str) -> str:
    try:
        return client.read_work_pool(pool).type
    except ObjectNotFound:
        return _make_pool(client, pool)


def _make_pool(client: SyncPrefectClient, pool: str) -> str:
    template = {
        "job_configuration": BaseJobConfiguration.json_template(),
        "variables": BaseJobConfiguration.model_json_schema(),
    }
    wanted = WorkPoolCreate(name=pool, type=IN_PROCESS, base_job_template=template)
    try:
        return client.create_work_pool(wanted).type
    except ObjectAlreadyExists:  # another worker was quicker
        return client.read_work_pool(pool).type


def _declare(client: SyncPrefectClient, pool: str, deployed: Deployed, *, scheduled: bool) -> None:
    schedules = []
    if deployed.every and scheduled:
        # On the hour: counted from the declaration, a machine restarted often would never audit.
        rhythm = IntervalSchedule(interval=deployed.every, anchor_date=ON_THE_HOUR)
        schedules = [DeploymentScheduleCreate(schedule=rhythm)]
    client.create_deployment(
        flow_id=client.create_flow_from_name(deployed.flow),
        name=NAME,
        description=deployed.says,
        # A module, not a path: a path would load the file a second time under another name.
        entrypoint=deployed.entrypoint,
        work_pool_name=pool,
        schedules=schedules,
        parameter_openapi_schema=deployed.takes,
        enforce_parameter_schema=True,
    )


if __name__ == "__main__":
    with get_client(sync_client=True) as opened:
        declare(opened, FlowSettings().work_pool)
