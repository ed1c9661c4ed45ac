"""Queues: statutory work goes first, and one visit that hangs or fails keeps no other waiting."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import anyio
import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Pending, Scheduled

from flows import in_process
from flows.clock import now
from flows.declared import ORDINARY, STATUTORY
from flows.deployments import declare
from tests.builders import a_case, announce_order, go
from tests.flows.working import IMPATIENT, POOL, arm, comes_at, only, runs, said

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
HANGS = 12.0  # seconds; an ordinary visit takes one, on a busy machine a few


def test_declaring_again_keeps_the_queues_and_their_order(prefect, monkeypatch):
    def queues():
        found = (prefect.read_work_queue_by_name(n, work_pool_name=POOL)
                 for n in (STATUTORY, ORDINARY))  # fmt: skip
        return {queue.name: (queue.priority, queue.concurrency_limit) for queue in found}

    assert queues() == {STATUTORY: (1, None), ORDINARY: (2, None)}
    monkeypatch.setenv("ESTAFETTE_ORDINARY_AT_ONCE", "3")
    for _ in range(2):
        declare(prefect, POOL)
        assert queues() == {STATUTORY: (1, None), ORDINARY: (2, 3)}
    monkeypatch.delenv("ESTAFETTE_ORDINARY_AT_ONCE")
    declare(prefect, POOL)
    assert queues() == {STATUTORY: (1, None), ORDINARY: (2, None)}


def due_runs(prefect, count, queue, at):
    deployment = prefect.read_deployment_by_name("signal/estafette").id
    for number in range(count):
        prefect.create_flow_run_from_deployment(
            deployment, name=f"{queue} · {number}", parameters={"case": "2026-99999"},
            work_queue_name=queue, state=Scheduled(scheduled_time=at + timedelta(seconds=number)),
        )  # fmt: skip


def test_of_forty_due_visits_those_with_a_date_of_law_are_entered_first(
    house, prefect, workers, monkeypatch
):
    order = []
    monkeypatch.setattr(in_process, "_run", lambda flow, run: order.append(run.work_queue_name))
    due_runs(prefect, 28, ORDINARY, now() - timedelta(hours=2))
    due_runs(prefect, 12, STATUTORY, now() - timedelta(hours=1))
    for _ in range(4):
        workers.enter_due()
    assert order == [STATUTORY] * 12 + [ORDINARY] * 28


def test_a_limit_on_ordinary_visits_leaves_a_place_for_those_of_law(
    house, prefect, workers, monkeypatch
):
    order = []
    monkeypatch.setattr(in_process, "_run", lambda flow, run: order.append(run.work_queue_name))
    monkeypatch.setenv("ESTAFETTE_ORDINARY_AT_ONCE", "1")
    declare(prefect, POOL)
    due_runs(prefect, 3, ORDINARY, now() - timedelta(hours=2))
    # Another machine is at one of them.
    at_it = min((r for r in prefect.read_flow_runs()), key=lambda r: r.name)
    prefect.set_flow_run_state(at_it.id, Pending(), force=True)
    due_runs(prefect, 2, STATUTORY, now() - timedelta(hours=1))
    workers.enter_due()
    assert order == [STATUTORY] * 2
    monkeypatch.delenv("ESTAFETTE_ORDINARY_AT_ONCE")
    declare(prefect, POOL)


def test_a_case_with_a_promise_of_law_is_armed_in_the_queue_that_goes_first(
    house, prefect, workers
):
    key = a_case(house, "behavioural_order", now())
    announce_order(house, key, now())
    a_case(house, "signal", now(), address="Voorbeeldlaan 9")
    arm(house)
    assert runs(prefect, "gedragsaanwijzing")[0].work_queue_name == STATUTORY
    queues = {run.parameters["case"]: run.work_queue_name for run in runs(prefect, "melding")
              if run.state.is_scheduled()}  # fmt: skip
    assert [name for case, name in queues.items() if case != key] == [ORDINARY]


def eventually(true, seconds=60):
    """Whether it comes true; the worker goes on by itself meanwhile."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.1)
    return true()


@pytest.fixture
def hanging(house, prefect, workers, monkeypatch):
    """The first visit entered hangs; its case's key, and what lets go of it."""
    key, release, real = a_case(house, "signal", now()), threading.Event(), in_process._run

    def run(flow, run):
        if run.parameters["case"] == key and not release.is_set():
            release.wait(60)
            return
        real(flow, run)

    monkeypatch.setattr(in_process, "_run", run)
    for worker in workers._both:
        monkeypatch.setattr(worker, "_slow", 0.2)
        monkeypatch.setattr(worker, "_patience", HANGS)
    yield key
    release.set()


def test_a_visit_that_hangs_fails_and_keeps_no_other_waiting_for_long(
    house, prefect, workers, hanging
):
    arm(house)
    hung = only(prefect, "melding")
    a_case(house, "signal", now(), address="Voorbeeldlaan 1")
    arm(house)
    workers.enter_due()  # one place, which the hanging visit holds at first

    def others():
        return [said(run)[:10] for run in runs(prefect, "melding") if run.id != hung.id]

    assert eventually(lambda: others() == ["wacht tot "])
    failed = prefect.read_flow_run(hung.id)
    assert (failed.state_type, said(failed)) == (StateType.FAILED, in_process.TOOK_TOO_LONG)
    arm(house, IMPATIENT)
    again = [run for run in runs(prefect, "melding") if run.parameters["case"] == hanging]
    assert [comes_at(run) > now() for run in again if run.id != hung.id] == [True]


def test_a_visit_that_always_fails_is_not_tried_in_a_loop_and_others_are_entered(
    house, prefect, workers, monkeypatch
):
    from flows import visiting

    poisoned, real = a_case(house, "signal", now()), visiting.take_stock

    def take_stock(engine, case, *args, **more):
        if case == poisoned:
            raise RuntimeError("poison")
        return real(engine, case, *args, **more)

    monkeypatch.setattr(visiting, "take_stock", take_stock)
    a_case(house, "signal", now(), address="Voorbeeldlaan 1")
    for _ in range(4):
        arm(house, IMPATIENT)
        workers.enter_due()
    of = {run.parameters["case"] == poisoned: run for run in runs(prefect, "melding")
          if run.state.is_scheduled()}  # fmt: skip
    assert said(of[False]).startswith("wacht tot ")
    assert comes_at(of[True]) > now()
    tried = [run for run in runs(prefect, "melding") if run.state_type == StateType.FAILED]
    assert len(tried) == 1, "tried once, and again at its next moment"


def test_a_left_visit_that_always_fails_is_not_tried_in_a_loop_either(
    house, prefect, workers, monkeypatch
):
    key = a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    go(house, key, "take_up", now())

    def take_stock(*_args, **_more):
        raise RuntimeError("poison")

    monkeypatch.setattr("flows.visiting.take_stock", take_stock)
    for _ in range(4):
        arm(house, IMPATIENT)
        workers.enter_due()
    tried = [run for run in runs(prefect, "melding") if run.state_type == StateType.FAILED]
    assert len(tried) == 1, "tried once, and again in an hour"


def test_a_visit_waits_for_no_clock_but_that_of_its_worker(house, prefect, workers, monkeypatch):
    ahead = timedelta(minutes=10)
    monkeypatch.setattr("flows.clock.now", lambda: now() + ahead)
    a_case(house, "signal", now() + ahead)
    arm(house)
    workers.enter_due()
    assert said(only(prefect, "melding")).startswith("wacht tot ")


@pytest.mark.parametrize("deleted", ["queue", "pool"])
def test_visits_are_made_anew_where_a_worker_finds_them_when_somebody_deleted_their_queue(
    house, prefect, workers, deleted
):
    key = a_case(house, "behavioural_order", now())
    announce_order(house, key, now())
    arm(house)
    workers.enter_due()
    if deleted == "pool":
        prefect.delete_work_pool(POOL)
    else:
        queue = prefect.read_work_queue_by_name(STATUTORY, work_pool_name=POOL)
        prefect.delete_work_queue_by_id(queue.id)
    arm(house)
    workers.enter_due()
    (found,) = [run for run in runs(prefect, "gedragsaanwijzing") if run.state.is_scheduled()]
    assert (found.work_pool_name, found.work_queue_name) == (POOL, STATUTORY)
    assert said(found).startswith("wacht tot ")
    assert prefect.read_deployment_by_name("audit/estafette").work_pool_name == POOL


def test_a_stay_at_prefect_that_breaks_off_leaves_no_thread_behind(monkeypatch):
    monkeypatch.setattr(in_process, "TURN_SECONDS", 0.01)

    before = set(threading.enumerate())

    async def stay():
        async with anyio.create_task_group() as together:
            together.start_soon(in_process._stop_with_us, together.cancel_scope)
            while not set(threading.enumerate()) - before:
                await anyio.sleep(0)
            together.cancel_scope.cancel()

    anyio.run(stay)
    assert eventually(lambda: not set(threading.enumerate()) - before, 10)


def test_a_run_that_is_due_again_while_its_visit_is_not_over_waits_its_turn(
    house, prefect, workers, monkeypatch
):
    entered, release, worker = [], threading.Event(), workers._both[0]

    def run(_flow, run):
        entered.append(run.id)
        if len(entered) == 1:
            release.wait(60)

    monkeypatch.setattr(in_process, "_run", run)
    monkeypatch.setattr(worker, "_slow", 0.2)
    a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    again = only(prefect, "melding")
    prefect.set_flow_run_state(again.id, Scheduled(scheduled_time=now()), force=True)
    monkeypatch.setattr(worker, "_slow", 60.0)
    with ThreadPoolExecutor(1) as other:
        second = other.submit(workers.enter_due)
        assert eventually(lambda: second.done() or worker._places.statistics().tasks_waiting)
        release.set()
        second.result(60)
    assert entered == [again.id] * 2
