"""Raw Prefect: a flow that does nothing but wait again."""

from datetime import UTC, datetime, timedelta

from prefect import flow
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import Pause
from prefect.runtime import flow_run
from prefect.states import Scheduled

SERVED = "served"


@flow(name="bare", persist_result=False, validate_parameters=False)
def bare() -> None:
    """The least a visit can be: the run is Scheduled again, a month from now."""
    state: State[None] = Scheduled(scheduled_time=datetime.now(UTC) + timedelta(days=30))
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run.get_id() or "", state)
    raise Pause("waits", state=state)
