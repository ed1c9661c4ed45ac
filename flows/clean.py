"""Cleaning: what Prefect no longer needs to show is removed from it, through its API.

Prefect's own vacuum does part of this where whoever runs Prefect has switched it on; by itself it
removes no run. Pictures that belong to none are cleared away as they are made (flows/artifacts.py).
The rows are never touched.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterFlowRunId,
    DeploymentFilter,
    DeploymentFilterName,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
)
from prefect.client.schemas.objects import TERMINAL_STATES, Artifact, State
from prefect.client.schemas.sorting import FlowRunSort
from prefect.exceptions import ObjectNotFound
from prefect.states import Completed, Crashed

from flows import clock
from flows.declared import A_CASE, DEPLOYMENTS, NAME
from flows.discretion import discreet
from flows.reasons import explained
from flows.settings import FlowSettings

LONGEST_SECONDS = 20.0  # visits may be waiting for this worker; the rest has an hour's time
BATCH = 50
STAGES = [deployed.flow for deployed in DEPLOYMENTS if deployed.takes is A_CASE]
# An hour of watch, an audit: nobody looks for one of last season, and they are nearly all the runs.
# So is what an automation starts when something is wrong.
ROUTINE_KEPT = timedelta(days=30)
NOT_OVER = ["PENDING", "RUNNING", "PAUSED", "CANCELLING"]
GIVEN_UP = timedelta(hours=2)  # watch and deliver take one, all others minutes
IS_GONE = "het proces van deze run is weg"
ROUTINE = [deployed.flow for deployed in DEPLOYMENTS if deployed.flow not in STAGES]

Over = Callable[[], bool]


@flow(name="clean", persist_result=False, validate_parameters=False)
@explained
def clean() -> State[None]:
    """Removes runs that have been over for longer than they are kept, and their pictures; says of
    those whose process never came back that it is gone."""
    ends = time.monotonic() + LONGEST_SECONDS
    with discreet(), get_client(sync_client=True) as client:
        give_up(client, clock.now())
        removed = clean_up(
            client, clock.now(), FlowSettings().runs_kept, lambda: time.monotonic() > ends
        )
    return Completed(message=f"{removed} oude runs en artefacten opgeruimd")


def give_up(client: SyncPrefectClient, now: datetime) -> None:
    """No run of ours but a visit's says that it is at it when that is long past all it could take:
    its process is gone, and perhaps nobody of that name ever comes to end it."""
    at_it = FlowRunFilter.model_validate({"state": {"type": {"any_": NOT_OVER}}})
    for run in client.read_flow_runs(flow_run_filter=at_it, **_ours(ROUTINE)):
        if run.state is not None and now - run.state.timestamp > GIVEN_UP:
            gone: State[None] = Crashed(message=IS_GONE)
            client.set_flow_run_state(run.id, gone, force=True)


def clean_up(
    client: SyncPrefectClient, now: datetime, kept: timedelta, over: Over = lambda: False
) -> int:
    """No visit's run is left that ended longer ago than `kept`, and none of our other runs older
    than a month; unless `over` came first. What belongs to a run goes with it, and nothing else.
    Returns how many runs and pictures went. Twice is once; two at a time share the work."""
    removals = chain(
        _old_runs(client, STAGES, now - kept),
        _old_runs(client, ROUTINE, now - min(kept, ROUTINE_KEPT)),
    )
    return sum(_until(over, removals))


def _until(over: Over, removals: Iterator[int]) -> Iterator[int]:
    while not over():
        removed = next(removals, None)
        if removed is None:
            return
        yield removed


def _old_runs(client: SyncPrefectClient, flows: Sequence[str], before: datetime) -> Iterator[int]:
    ended = FlowRunFilter.model_validate({
        "state": {"type": {"any_": [kind.value for kind in TERMINAL_STATES]}},
        "end_time": {"before_": before.isoformat()},
    })  # fmt: skip
    while runs := client.read_flow_runs(
        flow_run_filter=ended, limit=BATCH, sort=FlowRunSort.END_TIME_DESC, **_ours(flows)
    ):
        for run in runs:
            # Pictures first: Prefect leaves them behind, and without their run nobody finds them.
            of_the_run = ArtifactFilter(flow_run_id=ArtifactFilterFlowRunId(any_=[run.id]))
            while pictures := client.read_artifacts(artifact_filter=of_the_run, limit=BATCH):
                yield _removed(client, pictures)
            yield _gone(client.delete_flow_run, run.id)


def _ours(flows: Sequence[str]) -> dict[str, Any]:
    """The filters that find runs of these flows, and of nobody else's."""
    return {
        "flow_filter": FlowFilter(name=FlowFilterName(any_=list(flows))),
        "deployment_filter": DeploymentFilter(name=DeploymentFilterName(any_=[NAME])),
    }


def _removed(client: SyncPrefectClient, pictures: Iterable[Artifact]) -> int:
    return sum(_gone(client.delete_artifact, picture.id) for picture in pictures)


def _gone(delete: Callable[[UUID], object], which: UUID) -> int:
    try:
        delete(which)
    except ObjectNotFound:  # another worker cleans too, or Prefect's own vacuum
        return 0
    return 1
