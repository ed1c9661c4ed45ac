"""Deployments: what `flows.declared` lists, made in Prefect.

    python -m flows.deployments            declare them in the work pool ESTAFETTE_WORK_POOL

Our own worker does this when it starts. With an ordinary work pool (process, Kubernetes, ...) make
the pool first and run the command; `watch` and `deliver` then get an hourly run each from Prefect's
own schedule, where our worker keeps them going by itself.
"""

import logging
import sys
import threading
from contextlib import suppress
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import DeploymentScheduleCreate, WorkPoolCreate
from prefect.client.schemas.objects import WorkQueue
from prefect.client.schemas.schedules import IntervalSchedule
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
from prefect.workers.base import BaseJobConfiguration

from flows import saved_filters
from flows.automations import declare_automations
from flows.declared import (
    DEPLOYMENTS,
    IN_PROCESS,
    NAME,
    ON_THE_HOUR,
    ORDINARY,
    PRIORITIES,
    Deployed,
)
from flows.settings import FlowSettings
from flows.window import Stand, look

log = logging.getLogger("estafette.flows.deployments")
_one_at_a_time = threading.Lock()  # several threads of one process begin together


def declare(client: SyncPrefectClient, pool: str) -> None:
    """The work pool, its queues and every deployment exist as declared. Again changes nothing."""
    with _one_at_a_time:
        _declare_all(client, pool)


def deployment_id(client: SyncPrefectClient, flow: str, pool: str) -> UUID:
    """Prefect's id of the flow's deployment, which is declared when Prefect does not know it, or
    when its work pool is gone."""
    with _one_at_a_time:
        if (known := _at_work(client, flow)) is not None:
            return known
        _declare_all(client, pool)
        return client.read_deployment_by_name(f"{flow}/{NAME}").id


def _at_work(client: SyncPrefectClient, flow: str) -> UUID | None:
    """The deployment's id, while it has a work pool to make runs in."""
    try:
        found = client.read_deployment_by_name(f"{flow}/{NAME}")
    except ObjectNotFound:  # Prefect's database is new
        return None
    return found.id if found.work_pool_name else None


def _declare_all(client: SyncPrefectClient, pool: str) -> None:
    ours = _pool_type(client, pool) == IN_PROCESS
    for queue, priority in PRIORITIES.items():
        _declare_queue(client, pool, queue, priority)
    for deployed in DEPLOYMENTS:
        _declare(client, pool, deployed, scheduled=not (ours and deployed.kept))
    declare_automations(client)
    saved_filters.declare(client)
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


def _declare_queue(client: SyncPrefectClient, pool: str, name: str, priority: int) -> None:
    # Raising is the watch's and never waits; so a limit on visits delays no promise.
    limit = (FlowSettings().ordinary_at_once or None) if name == ORDINARY else None
    queue = _queue(client, pool, name, priority)
    if (queue.priority, queue.concurrency_limit) != (priority, limit):
        client.update_work_queue(queue.id, priority=priority, concurrency_limit=limit)


def _queue(client: SyncPrefectClient, pool: str, name: str, priority: int) -> WorkQueue:
    with suppress(ObjectNotFound):
        return client.read_work_queue_by_name(name, work_pool_name=pool)
    with suppress(ObjectAlreadyExists):  # another worker was quicker
        return client.create_work_queue(name, priority=priority, work_pool_name=pool)
    return client.read_work_queue_by_name(name, work_pool_name=pool)


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


def main() -> int:
    """Declares everything; when Prefect cannot be worked with, says why and ends with 1."""
    found = look()
    if found.stand is not Stand.OPEN:
        print(found.says, file=sys.stderr)  # noqa: T201
        return 1
    with get_client(sync_client=True) as client:
        declare(client, FlowSettings().work_pool)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
