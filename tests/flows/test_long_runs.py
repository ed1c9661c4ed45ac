"""Long runs: whatever somebody does to the run of a loop on Prefect's pages, the loop goes on."""

import time

import pytest
from prefect import flow
from prefect.context import FlowRunContext
from prefect.states import Cancelling, Completed, Paused, Suspended

from flows import long_runs
from flows.long_runs import LongRun, _once
from flows.sayings import Sayings
from flows.settings import FlowSettings

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
HEARD_WITHIN = 60.0  # seconds; Prefect hears of it by an event, and looks itself every ten


def suspended():
    return Suspended(timeout_seconds=300)  # from now on, and not from when tests were collected


def paused():
    return Paused(timeout_seconds=300)


def a_loop(prefect, state, over):
    """A loop to whose run somebody does this, and that ends once Prefect's client knows."""

    @flow(name="watch", persist_result=False, validate_parameters=False)
    def loop():
        context = FlowRunContext.get()
        prefect.set_flow_run_state(context.flow_run.id, state())
        deadline = time.monotonic() + HEARD_WITHIN
        while not over(context) and time.monotonic() < deadline:
            time.sleep(0.1)
        return Completed()

    return loop


@pytest.mark.parametrize(
    ("state", "over"),
    [(suspended, lambda run: run.flow_run_suspension_request.is_requested()),
     (paused, lambda _: True), (Cancelling, lambda _: True)],
    ids=["suspended", "paused", "cancelled"],
)  # fmt: skip
def test_a_loop_whose_run_somebody_stops_goes_on_and_the_next_run_ends_that_one(
    house, prefect, monkeypatch, state, over
):
    monkeypatch.setattr(long_runs, "AILING_SECONDS", 0.0)
    stopped = a_loop(prefect, state, over)
    _once(LongRun(stopped, lambda _over: 0), FlowSettings(), Sayings())

    @flow(name="watch", persist_result=False, validate_parameters=False)
    def well():
        return Completed()

    _once(LongRun(well, lambda _over: 0), FlowSettings(), Sayings())
    ended = [run for run in prefect.read_flow_runs() if run.name.startswith("watch · ")]
    assert len(ended) == 2
    assert [run.state_name for run in ended if not run.state.is_final()] == []
