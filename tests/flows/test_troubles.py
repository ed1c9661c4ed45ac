"""The look for troubles: it needs no events of Prefect's, and for the rows no Prefect.

Prefect's triggers are switched off on the server these tests share (`conftest.NO_AUTOMATIONS`).
"""

import logging
import threading
from datetime import timedelta

import pytest
from prefect.client.schemas.objects import FlowRun
from prefect.states import Completed, Crashed, Failed, Late, Running, Scheduled, State

from casework.alert_views import alert_list
from casework.connect import connect
from escalation.troubles import (
    AUDIT_SILENT,
    NOT_RAISED,
    PROMISES_LATE,
    REALLY_LATE,
    RUNS_CRASHED,
    RUNS_FAILED,
    RUNS_LATE,
    SILENT,
)
from flows import bells, troubles
from flows.clock import now
from flows.declared import A_CASE, DEPLOYMENTS
from flows.deployments import deployment_id
from flows.settings import FlowSettings
from flows.troubles import OWN, Troubles, tell_of_runs, trouble
from flows.watch import watch_and_arm
from tests.builders import a_case, a_contact
from tests.flows.working import arm, only

STAGES = {one.flow for one in DEPLOYMENTS if one.takes is A_CASE}
MINUTE = timedelta(minutes=1)
POOL = FlowSettings().work_pool


@pytest.fixture
def ops(house):
    a_contact(house, "ops", "operations")
    return house


def a_run(client, flow: str, *states: "State[None]") -> FlowRun:
    """A run of this flow that has been through these states."""
    begin, *then = states
    deployment, of = deployment_id(client, flow, POOL), {"case": "2026-00001"}
    run = client.create_flow_run_from_deployment(
        deployment, parameters=of if flow in STAGES else {}, state=begin
    )
    for state in then:
        client.set_flow_run_state(run.id, state, force=True)
    return run


def told(house) -> list[tuple[str | None, int | None, str]]:
    return [(a.notice, a.how_many, a.recipient) for a in reversed(alert_list(house)) if a.notice]


def test_crashed_and_failed_runs_are_told_once_each_with_how_many(ops, prefect):
    for _ in range(3):
        a_run(prefect, "warning", Running(), Crashed(message="weg"))
    a_run(prefect, "signal", Running(), Failed(message="ValueError at stock.py:57"))
    a_run(prefect, "signal", Running(), Completed())
    assert tell_of_runs(ops, now()) == 2
    assert told(ops) == [(RUNS_CRASHED, 3, "ops"), (RUNS_FAILED, 1, "ops")]
    assert tell_of_runs(ops, now()) == 0
    assert bells.OUTBOX._rung.is_set()


def test_the_net_and_an_automations_run_make_one_alert_in_whatever_order(ops, prefect):
    a_run(prefect, "watch", Running(), Crashed())
    assert Troubles(ops).look() == 1
    state = trouble(kind=RUNS_CRASHED, run="of this one", of="watch", return_state=True)
    assert (state.is_completed(), state.message) == (True, "al verteld, of al voorbij")
    assert Troubles(ops).look() == 0
    assert told(ops) == [(RUNS_CRASHED, 1, "ops")]


def test_a_run_is_late_only_when_it_really_is_whatever_prefect_calls_it(ops, prefect):
    early, late = now() - REALLY_LATE + MINUTE, now() - REALLY_LATE - MINUTE
    a_run(prefect, "signal", Scheduled(scheduled_time=early), Late(scheduled_time=early))
    assert tell_of_runs(ops, now()) == 0
    a_run(prefect, "signal", Scheduled(scheduled_time=late))  # no service came by to call it Late
    a_run(prefect, "audit", Scheduled(scheduled_time=late), Late(scheduled_time=late))
    assert tell_of_runs(ops, now()) == 1
    assert told(ops) == [(RUNS_LATE, 2, "ops")]


def test_a_late_visit_is_late_no_longer_once_our_worker_has_entered_it(ops, prefect, workers):
    a_case(ops, "signal", now())
    arm(ops)
    late = now() - 2 * REALLY_LATE
    run = only(prefect, "melding")
    prefect.set_flow_run_state(run.id, Scheduled(scheduled_time=late), force=True)
    prefect.set_flow_run_state(run.id, Late(scheduled_time=late), force=True)
    assert only(prefect, "melding").state_name == "Late"
    workers.enter_due()
    assert only(prefect, "melding").state_name == "Scheduled"
    assert tell_of_runs(ops, now()) == 0
    assert told(ops) == []


def test_nothing_is_told_of_its_own_runs_of_findings_and_of_other_peoples_flows(ops, prefect):
    a_run(prefect, OWN, Running(), Crashed())
    a_run(prefect, OWN, Running(), Failed())
    a_run(prefect, OWN, Scheduled(scheduled_time=now() - 2 * REALLY_LATE))
    a_run(prefect, "audit", Running(), Failed(message="3 bevindingen"))
    strange = prefect.create_flow_run(troubles.trouble, name="van een ander")
    prefect.set_flow_run_state(strange.id, Crashed(), force=True)
    assert tell_of_runs(ops, now()) == 0


def test_what_crashed_before_the_last_telling_is_not_counted_again(ops, prefect, monkeypatch):
    a_run(prefect, "signal", Running(), Crashed())
    assert tell_of_runs(ops, now()) == 1
    with ops.begin() as rows:  # it arrived
        rows.exec_driver_sql("UPDATE alerts SET state = 'delivered', next_at = NULL")
    later = now() + timedelta(days=1)
    assert tell_of_runs(ops, later) == 0
    a_run(prefect, "signal", Running(), Crashed())
    assert tell_of_runs(ops, later) == 1
    assert told(ops) == [(RUNS_CRASHED, 1, "ops"), (RUNS_CRASHED, 1, "ops")]


def test_without_prefect_the_rows_alone_are_told(ops, monkeypatch):
    monkeypatch.delenv("PREFECT_API_URL")
    began = now()
    looker = Troubles(ops)
    assert looker.look() == 0
    for minutes in range(0, SILENT // MINUTE, 4):
        monkeypatch.setattr("flows.clock.now", lambda at=began + minutes * MINUTE: at)
        looker.look()
    assert [kind for kind, _, _ in told(ops)] == []  # so long may the audit stay away
    for minutes in (36, 40):
        monkeypatch.setattr("flows.clock.now", lambda at=began + minutes * MINUTE: at)
        looker.look()
    assert [kind for kind, _, _ in told(ops)] == [AUDIT_SILENT]


def test_after_a_sleep_of_the_machine_nothing_counts_as_late_before_it_had_the_time(
    ops, monkeypatch
):
    monkeypatch.delenv("PREFECT_API_URL")
    looker, woke = Troubles(ops), now() + timedelta(hours=8)
    for at in (woke, woke + NOT_RAISED, woke + 2 * NOT_RAISED):
        monkeypatch.setattr("flows.clock.now", lambda at=at: at)
        assert looker.look() == 0


def test_a_prefect_that_keeps_every_look_waiting_for_minutes_hides_no_late_promise(
    ops, monkeypatch
):
    a_case(ops, "signal", now() - timedelta(days=60))
    clock = [now()]
    monkeypatch.setattr("flows.clock.now", lambda: clock[0])

    def waits_long(_engine, _now):
        clock[0] += 6 * MINUTE
        return 0

    monkeypatch.setattr(troubles, "tell_of_runs", waits_long)
    looker = Troubles(ops)
    for _ in range(3):
        clock[0] += MINUTE
        looker.look()
    assert PROMISES_LATE in [kind for kind, _, _ in told(ops)]


def test_a_database_that_is_not_there_breaks_nothing_and_names_nothing(tmp_path, caplog):
    caplog.set_level(logging.ERROR, logger=troubles.log.name)
    nowhere = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    assert Troubles(nowhere).look() == 0
    nowhere.dispose()
    assert "troubles: the database is not of this version" in caplog.text
    assert str(tmp_path) not in caplog.text


def test_every_watch_has_it_beside_it_and_it_ends_with_the_watch(ops, monkeypatch):
    monkeypatch.setattr(troubles, "LOOK_SECONDS", 0.01)
    looked = threading.Event()
    monkeypatch.setattr(Troubles, "look", lambda self: looked.set())
    stop = threading.Event()
    watch_and_arm(ops, stop, looked.is_set)
    assert looked.is_set()
    assert "troubles" not in {thread.name for thread in threading.enumerate()}


def test_it_looks_until_it_is_told_to_stop(ops, monkeypatch):
    monkeypatch.setattr(troubles, "LOOK_SECONDS", 0.01)
    stop, looks = threading.Event(), []
    looker = Troubles(ops)
    monkeypatch.setattr(looker, "look", lambda: looks.append(1) or len(looks) < 3 or stop.set())
    looker.loop(stop)
    assert len(looks) == 3
