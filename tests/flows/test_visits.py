"""A visit: enters, takes stock, waits as Scheduled, comes back, and completes when left."""

import threading
import time
from collections import Counter
from datetime import timedelta

import pytest
from prefect.client.schemas.objects import StateType
from prefect.exceptions import Pause
from prefect.flow_engine import run_flow
from sqlalchemy.exc import OperationalError
from sqlmodel import select

from casework.connect import reading
from casework.intake import receive_signal
from casework.promises import next_due
from flows.clock import now
from flows.discretion import Undisclosed, discreet
from flows.stages import signal
from models import Alert, JournalEntry, Visit
from tests.builders import a_case, a_signal, act, go
from tests.flows.working import IMPATIENT, arm, comes_at, only, runs, said

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

CANARY = "Kanariepietstraat"


def test_a_visit_waits_as_scheduled_and_says_for_what(house, prefect, workers):
    a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    run = only(prefect, "melding")
    assert (run.state_type, run.state_name) == (StateType.SCHEDULED, "Scheduled")
    assert comes_at(run) == next_due(house)
    assert said(run).startswith("wacht tot ")
    assert set(run.tags) == {"melding", "voorbeeldstad"}
    assert run.parameters == {"case": run.name.split(" · ")[0]}


def test_a_change_at_the_desk_brings_the_visit_back_at_once(house, prefect, workers):
    key = a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    act(house, key, "reporter_informed", now())
    arm(house)
    assert comes_at(only(prefect, "melding")) <= now()
    workers.enter_due()
    run = only(prefect, "melding")
    assert (run.run_count, run.state_name) == (2, "Scheduled")


def test_a_visit_completes_when_the_case_has_left_and_says_how(house, prefect, workers):
    key = a_case(house, "assessment", now())
    arm(house)
    workers.enter_due()
    go(house, key, "care_avoided", now())
    arm(house)
    workers.enter_due()
    gone = only(prefect, "beoordeling")
    assert gone.state_type == StateType.COMPLETED
    assert said(gone) == "naar bemoeizorg: mijdt hulp"
    assert only(prefect, "bemoeizorg").state_name == "Scheduled"
    with reading(house) as session:
        left = session.exec(select(Visit).where(Visit.stage == "assessment")).one()
    assert left.completed_at is not None


def test_what_was_looked_at_is_a_task_named_after_its_promise(house, prefect, workers):
    key = a_case(house, "voluntary_care", now())
    act(house, key, "care_offered", now(), form="conversation")
    arm(house)
    workers.enter_due()
    found = seen_tasks(prefect, "offered", "lead_taken")
    assert found["offered"] == "Beantwoord"
    assert found["lead_taken"] == "Open", "a promise of the whole case is looked at too"


def test_two_workers_that_enter_a_visit_together_do_it_once(house, prefect, workers):
    long_ago = now() - timedelta(days=30)
    a_case(house, "assessment", long_ago)
    arm(house)
    workers.enter_due(both=True)
    assert only(prefect, "melding").run_count == 1
    assert only(prefect, "beoordeling").run_count == 1


def test_a_visit_entered_twice_at_the_same_time_changes_nothing_more(house, prefect, workers):
    a_case(house, "signal", now() - timedelta(days=30))
    arm(house)
    run = only(prefect, "melding")

    def enter() -> None:
        with pytest.raises(Pause):
            run_flow(signal, flow_run=run)

    twins = [threading.Thread(target=enter) for _ in range(2)]
    for twin in twins:
        twin.start()
    for twin in twins:
        twin.join()
    with reading(house) as session:
        raised = session.exec(
            select(JournalEntry.checkpoint_id).where(JournalEntry.kind == "raised")
        ).all()
        alerts = session.exec(select(Alert.checkpoint_id, Alert.rung, Alert.recipient_id)).all()
    assert raised
    assert max(Counter(raised).values()) == 1
    assert max(Counter(alerts).values()) == 1
    assert only(prefect, "melding").state_name == "Scheduled"


def test_nothing_personal_reaches_prefect(house, prefect, workers, server):
    report = a_signal(
        address=f"{CANARY} 12", received_at=now(), text=f"{CANARY} schreeuwt",
        reporter_name=CANARY, reporter_contact=f"{CANARY}@voorbeeld.example",
    )  # fmt: skip
    key = receive_signal(house, report, now()).case_key
    act(house, key, "note_added", now(), text=f"{CANARY} was dronken")
    arm(house)
    workers.enter_due()
    go(house, key, "take_up", now())
    arm(house)
    workers.enter_due()
    seen_tasks(prefect, "acknowledged", "triaged", "analysed")
    kept = b"".join(file.read_bytes() for file in (server / "prefect").glob("prefect.db*"))
    assert key.encode() in kept
    assert CANARY.encode() not in kept


def test_an_error_tells_its_kind_and_its_place_but_not_its_text():
    with pytest.raises(Undisclosed) as caught, discreet():
        raise OperationalError(f"SELECT '{CANARY}'", {"address": CANARY}, Exception(CANARY))
    assert str(caught.value).startswith("OperationalError at test_visits.py:")
    assert caught.value.__suppress_context__, "or Prefect's log would show what it came from"


def test_a_visit_that_fails_says_so_without_details_and_is_tried_at_the_next_moment(
    house, prefect, workers, monkeypatch
):
    def broken(*_: object, **__: object) -> None:
        raise OperationalError(f"SELECT '{CANARY}'", {}, Exception(CANARY))

    a_case(house, "signal", now())
    arm(house)
    with monkeypatch.context() as patched:
        patched.setattr("flows.visiting.take_stock", broken)
        workers.enter_due()
    failed = only(prefect, "melding")
    assert failed.state_type == StateType.FAILED
    assert CANARY not in said(failed)
    arm(house, IMPATIENT)
    again, _ = runs(prefect, "melding")
    assert comes_at(again) == next_due(house), "at once it would only fail again"


def seen_tasks(client, *names):
    """How these tasks ended, by name; Prefect records each of their states a moment after it."""
    deadline = time.monotonic() + 60
    found: dict[str, str] = {}
    while not found.keys() >= set(names) and time.monotonic() < deadline:
        time.sleep(0.1)
        known = {run.id for run in client.read_flow_runs()}
        tasks = [task for task in client.read_task_runs() if task.flow_run_id in known]
        ended = [task for task in tasks if task.state and task.state.is_final()]
        found = {task.name: task.state_name for task in ended}
    return found
