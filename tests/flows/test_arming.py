"""Arming: whatever happened to a visit's run, the visit has one again, and only one."""

import threading

import pytest
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled, Running

from casework.audit import audit
from flows.arming import Arming
from flows.clock import now
from flows.settings import FlowSettings
from tests.builders import a_case, act
from tests.flows.working import IMPATIENT, arm, comes_at, only, runs, said

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def test_a_run_that_was_killed_at_it_crashes_and_another_takes_over(
    house, prefect, workers, waiting
):
    orphan = only(prefect, "melding")
    prefect.set_flow_run_state(orphan.id, Running(), force=True)  # as kill -9 leaves it
    act(house, waiting, "observation_recorded", now(), by="police")
    arm(house)
    assert [run.id for run in runs(prefect, "melding")] == [orphan.id], "it may still be at it"
    arm(house, IMPATIENT)
    workers.enter_due()
    states = {run.id == orphan.id: run.state_type for run in runs(prefect, "melding")}
    assert states == {True: StateType.CRASHED, False: StateType.SCHEDULED}


def test_a_run_deleted_by_hand_comes_back_at_the_next_change(house, prefect, workers, waiting):
    prefect.delete_flow_run(only(prefect, "melding").id)
    act(house, waiting, "observation_recorded", now(), by="police")
    arm(house)
    workers.enter_due()
    assert said(only(prefect, "melding")).startswith("wacht tot ")


def test_all_runs_come_back_when_prefect_lost_its_database(house, prefect, workers, waiting):
    a_case(house, "signal", now(), address="Voorbeeldlaan 2")
    arm(house)
    for run in prefect.read_flow_runs():
        prefect.delete_flow_run(run.id)
    arm(house)  # a new Arming, as after a restart or an outage, looks whether its runs are known
    assert len(runs(prefect, "melding")) == 2


def test_a_run_cancelled_by_hand_does_not_end_the_visit(house, prefect, workers, waiting):
    cancelled = only(prefect, "melding")
    prefect.set_flow_run_state(cancelled.id, Cancelled(), force=True)
    act(house, waiting, "observation_recorded", now(), by="police")
    arm(house)
    workers.enter_due()
    again = [run for run in runs(prefect, "melding") if run.id != cancelled.id]
    assert [run.state_name for run in again] == ["Scheduled"]


def test_two_watchers_make_one_run(house, prefect):
    a_case(house, "assessment", now())
    watchers = [threading.Thread(target=Arming(house, FlowSettings()).round) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    assert only(prefect, "melding")
    assert only(prefect, "beoordeling")


def test_a_run_is_never_moved_to_later(house, prefect, workers, waiting):
    # A worker that has just taken it would be held until then.
    act(house, waiting, "observation_recorded", now(), by="police")
    arm(house)
    soon = comes_at(only(prefect, "melding"))
    act(house, waiting, "observation_recorded", now(), by="officer")
    arm(house, IMPATIENT)
    assert comes_at(only(prefect, "melding")) <= soon


def test_an_armed_house_passes_the_audit(house, prefect, waiting):
    assert audit(house, now()).clean


def test_prefect_out_of_reach_is_no_error_and_arms_nothing(house, monkeypatch):
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    a_case(house, "signal", now())
    assert not Arming(house, FlowSettings()).round()
