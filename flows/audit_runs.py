"""The audit's own look at Prefect: every visit that names a run has one there that will go on.

It counts, a thousand at a time, and looks closer only where runs are missing: with 100,000 armed
visits that is a hundred questions.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from itertools import chain, islice
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import StateType
from sqlalchemy.engine import Engine

from casework.audit import NO_CASE, ArmedVisit, Finding, armed_visits, still_armed
from flows.discretion import kind_and_place

AT_ONCE = 1000
MOST = 1000  # findings, as of every other check
GOES_ON = [
    StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.PAUSED,
    StateType.CANCELLING,
]  # fmt: skip
Clients = Callable[[], AbstractContextManager[SyncPrefectClient]]

log = logging.getLogger("estafette.flows.audit")


def own_client() -> AbstractContextManager[SyncPrefectClient]:
    """A client of the audit's own."""
    return get_client(sync_client=True)


def runs_gone(engine: Engine, now: datetime, clients: Clients = own_client) -> list[Finding]:
    """A finding for each open visit whose run is not in Prefect, or has ended there.

    Visits armed a moment ago are not asked about, and what is missing is looked up in the rows once
    more: a case may have moved on meanwhile. When Prefect does not answer, that is the finding.
    """
    armed = armed_visits(engine, now)
    try:
        with clients() as client:
            missing = list(islice(_all_missing(client, armed), MOST))
    except Exception as error:
        log.warning("the audit could not ask Prefect: %s", kind_and_place(error))
        return [Finding(NO_CASE, "prefect-away")]
    return [Finding(visit.case_key, "run-gone") for visit in still_armed(engine, missing, now)]


def _all_missing(client: SyncPrefectClient, armed: Sequence[ArmedVisit]) -> Iterator[ArmedVisit]:
    batches = (armed[at : at + AT_ONCE] for at in range(0, len(armed), AT_ONCE))
    return chain.from_iterable(_missing(client, batch) for batch in batches)


def _missing(client: SyncPrefectClient, visits: Sequence[ArmedVisit]) -> Iterator[ArmedVisit]:
    """Those without a run that goes on; in halves, as long as a part has some and lacks some."""
    count = _count(client, visits)
    if count == len(visits):
        return
    if count == 0:
        yield from visits
        return
    middle = len(visits) // 2
    for half in (visits[:middle], visits[middle:]):
        yield from _missing(client, half)


def _count(client: SyncPrefectClient, visits: Sequence[ArmedVisit]) -> int:
    ids = [number for visit in visits if (number := _as_number(visit.run_id)) is not None]
    return client.count_flow_runs(
        flow_run_filter=FlowRunFilter(
            id=FlowRunFilterId(any_=ids),
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=GOES_ON)),
        )
    )


def _as_number(run_id: str) -> UUID | None:
    """None for what is no number of a run: somebody wrote it there, and no run has it."""
    try:
        return UUID(run_id)
    except ValueError:
        return None
