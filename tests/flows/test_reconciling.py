"""Reconciling: whatever was meddled with, each open visit ends with exactly one scheduled run."""

import itertools
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prefect.client.schemas.objects import StateType
from prefect.exceptions import PrefectHTTPStatusError
from prefect.states import (
    Cancelled,
    Completed,
    Crashed,
    Failed,
    Late,
    Pending,
    Running,
    Scheduled,
)
from sqlalchemy.engine import Engine

from casework.promises import raise_due
from casework.visits import named
from flows import reconciling
from flows.arming import Arming
from flows.clock import now
from flows.declared import STATUTORY
from flows.visit_runs import as_number
from flows.words import run_name
from tests.builders import a_case, a_town, announce_order, go
from tests.flows.fake_prefect import FakePrefect
from tests.flows.working import IMPATIENT, arm, comes_at, only, runs, said

CASES = 5
DAY = timedelta(days=1)
PATIENT = IMPATIENT.model_copy(update={"stuck_seconds": 90})
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


def some_cases(engine: Engine) -> None:
    a_town(engine)
    for number in range(CASES):
        a_case(engine, "signal", now(), address=f"Voorbeeldlaan {number}")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakePrefect]:
    """A Prefect in memory that arming speaks to, compared in pages of three without a pause."""
    made = FakePrefect()
    monkeypatch.setattr("flows.arming.get_client", lambda **_: made.client())
    monkeypatch.setattr("flows.arming.reachable", lambda: True)
    monkeypatch.setattr("flows.pictures.show_waiting_lists", lambda *_: None)
    monkeypatch.setattr("flows.house_pictures.show_house", lambda *_: None)
    for name, value in {"PAGE": 3, "LEAST_PAUSE": 0, "SHARE": 0, "REST": 0}.items():
        monkeypatch.setattr(reconciling, name, value)
    return made


def settle(engine: Engine, rounds: int = 24) -> None:
    """Two watchers compare everything more than once, turn by turn."""
    watchers = [Arming(engine, IMPATIENT), Arming(engine, IMPATIENT)]
    for watcher in itertools.islice(itertools.cycle(watchers), rounds):
        assert watcher.round()


def open_rows(engine: Engine) -> dict[int, str]:
    with engine.connect() as connection:
        query = sa.text("SELECT id, run_id FROM visits WHERE left_at IS NULL ORDER BY id")
        return dict(connection.execute(query).all())


def each_open_visit_has_exactly_one_run(engine: Engine, prefect: FakePrefect) -> None:
    rows = open_rows(engine)
    at_it = [run for run in prefect.runs.values() if run.state.type in reconciling.AT_IT]
    leaving = sql(engine, "SELECT run_id FROM visits WHERE completed_at IS NULL AND left_at "
                          "IS NOT NULL")  # fmt: skip
    scheduled = {str(run.id): run for run in prefect.scheduled() if str(run.id) not in leaving}
    assert sorted(scheduled) == sorted(rows.values())
    assert at_it == []
    for visit in named(engine, list(rows), now()):
        run = scheduled[rows[visit.id]]
        assert run.name == run_name(visit.case_key, visit.stage, visit.number)
        assert run.parameters == {"case": visit.case_key}
        assert run.next_scheduled_start_time <= visit.wake_at + timedelta(seconds=1)


def sql(engine: Engine, statement: str, **values: object) -> list:
    with engine.begin() as connection:
        done = connection.execute(sa.text(statement), values)
        return [*done.scalars()] if done.returns_rows else []


def delete(engine, prefect, visit, run):
    prefect.delete_flow_run(run.id)


def ends_as(state):
    def meddle(engine, prefect, visit, run):
        prefect.set_flow_run_state(run.id, state())

    return meddle


def double(engine, prefect, visit, run):
    prefect.create_flow_run_from_deployment(
        run.deployment_id, name=run.name, parameters=run.parameters,
        state=Scheduled(scheduled_time=now() + DAY),
    )  # fmt: skip


def comes_too_late(engine, prefect, visit, run):
    prefect.set_flow_run_state(run.id, Scheduled(scheduled_time=now() + 900 * DAY))


def points_nowhere(engine, prefect, visit, run):
    sql(engine, "UPDATE visits SET run_id = NULL WHERE id = :id", id=visit)


def points_at_a_run_that_never_was(engine, prefect, visit, run):
    sql(engine, "UPDATE visits SET run_id = :run WHERE id = :id", id=visit, run=str(uuid4()))


def points_at_what_is_no_run(engine, prefect, visit, run):
    sql(engine, "UPDATE visits SET run_id = 'by hand' WHERE id = :id", id=visit)


def points_at_the_run_of_another(engine, prefect, visit, run):
    other = next(one for at, one in open_rows(engine).items() if at != visit and one)
    sql(engine, "UPDATE visits SET run_id = :run WHERE id = :id", id=visit, run=other)


def is_an_older_row(engine, prefect, visit, run):
    sql(engine, "UPDATE visits SET run_id = NULL, wake_at = '2099-01-01T00:00:00.000000Z', "
                "called = 0, seen_version = 0 WHERE id = :id", id=visit)  # fmt: skip


def closes(engine, prefect, visit, run):
    if sql(engine, "SELECT 1 FROM visits WHERE id = :id AND left_at IS NULL", id=visit):
        go(engine, run.parameters["case"], "unfounded", now())


MEDDLING = [
    delete, double, comes_too_late, points_nowhere, points_at_a_run_that_never_was,
    points_at_what_is_no_run, points_at_the_run_of_another, is_an_older_row, closes,
    *(ends_as(state) for state in (Cancelled, Completed, Crashed, Failed, Pending, Running)),
]  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.integers(0, CASES - 1), st.sampled_from(MEDDLING)), max_size=8))
def test_whatever_was_meddled_with_each_open_visit_ends_with_one_run(worlds, fake, meddling):
    engine = worlds.begin("sqlite", some_cases)
    fake.runs.clear()
    fake._keys.clear()
    settle(engine)
    visits = open_rows(engine)
    for number, meddle in meddling:
        visit = [*visits][number]
        run = fake.runs.get(_uuid(open_rows(engine).get(visit)) or _uuid(visits[visit]))
        if run is not None:
            meddle(engine, fake, visit, run)
    settle(engine)
    each_open_visit_has_exactly_one_run(engine, fake)
    before = {run.id: run.state for run in fake.runs.values()}
    settle(engine)
    assert {run.id: run.state.type for run in fake.runs.values()} == {
        run_id: state.type for run_id, state in before.items()
    }, "and it stays so"


def _uuid(text):
    return as_number(text or "")


@pytest.fixture
def some(worlds, fake) -> Engine:
    """Some cases, each with its run."""
    engine = worlds.begin("sqlite", some_cases)
    settle(engine)
    return engine


def test_a_watcher_killed_between_the_run_and_its_row_leaves_no_second_run(some, fake):
    class Killed(BaseException):
        pass

    def dies(_run):
        raise Killed

    a_case(some, "signal", now(), address="Voorbeeldplein 1")
    fake.before_answer = dies
    with pytest.raises(Killed):
        Arming(some, IMPATIENT).round()
    assert len(fake.scheduled()) == CASES + 1
    fake.before_answer = lambda _run: None
    settle(some)
    each_open_visit_has_exactly_one_run(some, fake)
    assert len(fake.runs) == CASES + 1


def test_a_run_that_says_late_and_comes_tomorrow_says_again_what_it_waits_for(some, fake):
    settle(some)
    run = fake.scheduled()[0]
    comes = now() + timedelta(hours=1)
    fake.set_flow_run_state(run.id, Late(scheduled_time=comes, message="late"))
    settle(some)
    (found,) = [one for one in fake.scheduled() if one.id == run.id]
    assert found.state.name == "Scheduled"
    assert found.state.message.startswith("wacht tot ")


def test_a_run_put_back_says_since_when_its_case_is_late_and_waits_for_no_day_that_has_passed(
    some, fake
):
    key = a_case(some, "signal", now() - 60 * DAY, address="Voorbeeldplein 2")
    while raise_due(some, now()):
        pass
    settle(some)
    (run,) = [one for one in fake.scheduled() if one.parameters == {"case": key}]
    fake.set_flow_run_state(run.id, Late(scheduled_time=now() + DAY, message="late"))
    settle(some)
    (found,) = [one for one in fake.scheduled() if one.id == run.id]
    assert found.state.message.startswith("te laat sinds ")


def test_all_runs_come_back_after_prefect_lost_its_database(some, fake):
    fake.runs.clear()
    fake._keys.clear()
    Arming(some, IMPATIENT).round()
    each_open_visit_has_exactly_one_run(some, fake)


def test_a_watcher_that_was_there_before_makes_all_runs_again_in_another_database(some, fake):
    watcher = Arming(some, IMPATIENT)
    for _ in range(2 * CASES):
        watcher.round()
    fake.lose_everything()
    for _ in range(2 * CASES):
        watcher.round()
    each_open_visit_has_exactly_one_run(some, fake)


def test_a_newer_prefect_holds_nothing_against_an_older_copy_of_the_rows(some, fake):
    for _visit, run in open_rows(some).items():
        fake.set_flow_run_state(_uuid(run), Scheduled(scheduled_time=now() + 900 * DAY))
    # In the life that is gone this visit was of another case.
    visit, run = next(iter(open_rows(some).items()))
    fake.runs[_uuid(run)].parameters = {"case": "2026-99999"}
    points_nowhere(some, fake, visit, run)
    Arming(some, PATIENT).round()
    assert open_rows(some)[visit] != run, "its key was given out before, for another case"
    settle(some)
    each_open_visit_has_exactly_one_run(some, fake)
    ended = [run for run in fake.runs.values() if run.state.type == StateType.CANCELLED]
    assert [run.state.message for run in ended] == [reconciling.UNKNOWN]


def test_a_run_that_no_visit_points_at_is_left_alone_while_its_row_may_still_be_written(
    some, fake, monkeypatch
):
    visit, run = next(iter(open_rows(some).items()))
    double(some, fake, visit, fake.runs[_uuid(run)])
    for _ in range(CASES):
        Arming(some, PATIENT).round()
    assert len(fake.scheduled()) == CASES + 1
    settle(some)
    each_open_visit_has_exactly_one_run(some, fake)


def test_no_more_than_the_nearest_are_armed_ahead_of_their_moment(worlds, fake):
    engine = worlds.begin("sqlite", some_cases)
    few = IMPATIENT.model_copy(update={"armed_at_most": 3})
    for number in range(CASES):
        later = (now() + (number + 1) * DAY).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        sql(engine, "UPDATE checkpoints SET next_at = :at WHERE case_id = :id AND state = 'open'",
            at=later, id=number + 1)  # fmt: skip
    first = Arming(engine, few)
    first._ahead = lambda: timedelta(0)  # a first look places them all
    first.round()
    assert fake.scheduled() == []
    Arming(engine, few).round()
    nearest = {visit for visit, run in open_rows(engine).items() if run}
    assert nearest == {1, 2, 3}


def test_a_visit_that_prefect_refuses_keeps_no_other_waiting(worlds, fake, monkeypatch):
    engine = worlds.begin("sqlite", some_cases)
    monkeypatch.setattr("flows.arming.BATCH", 2)
    answer = httpx.Response(422, request=httpx.Request("POST", "http://prefect"))
    made = FakePrefect.create_flow_run_from_deployment

    def refuses(self, *args, **more):
        if more["parameters"]["case"].endswith(("01", "02", "03")):
            raise PrefectHTTPStatusError("no", request=answer.request, response=answer)
        return made(self, *args, **more)

    monkeypatch.setattr(FakePrefect, "create_flow_run_from_deployment", refuses)
    watcher = Arming(engine, IMPATIENT)
    for _ in range(4):
        watcher.round()
    assert len(fake.scheduled()) == CASES - 3


def test_a_visit_that_prefect_refuses_to_make_again_stops_no_comparison(some, fake, monkeypatch):
    watcher = Arming(some, IMPATIENT)
    for _ in range(CASES):
        watcher.round()
    answer = httpx.Response(422, request=httpx.Request("POST", "http://prefect"))

    def refuses(self, *args, **more):
        raise PrefectHTTPStatusError("no", request=answer.request, response=answer)

    monkeypatch.setattr(FakePrefect, "create_flow_run_from_deployment", refuses)
    fake.set_flow_run_state(fake.scheduled()[0].id, Cancelled())
    for _ in range(2 * CASES):
        assert watcher.round()


def test_a_run_at_which_prefect_itself_breaks_keeps_no_other_waiting(some, fake, monkeypatch):
    poisoned, *others = [_uuid(run) for run in open_rows(some).values()]
    fake.set_flow_run_state(poisoned, Cancelled())
    for run in others:
        fake.delete_flow_run(run)
    answer, read = (
        httpx.Response(500, request=httpx.Request("GET", "http://prefect")),
        fake.read_flow_run,
    )

    def breaks(run_id):
        if run_id == poisoned:
            raise PrefectHTTPStatusError("no", request=answer.request, response=answer)
        return read(run_id)

    monkeypatch.setattr(fake, "read_flow_run", breaks)
    watcher = Arming(some, IMPATIENT)
    for _ in range(4 * CASES):
        with suppress(PrefectHTTPStatusError):
            watcher.round()
    assert len(fake.scheduled()) == CASES - 1


def test_a_row_that_names_what_is_no_run_stops_nobody(some, fake):
    visit, run = next(iter(open_rows(some).items()))
    points_at_what_is_no_run(some, fake, visit, fake.runs[_uuid(run)])
    settle(some)
    each_open_visit_has_exactly_one_run(some, fake)


@pytest.mark.parametrize("name", ["amber-fox", "bezoek · ²", f"bezoek · {10**20}"])
def test_a_second_run_that_somebody_named_says_truly_why_it_was_ended(some, fake, name):
    visit, run = next(iter(open_rows(some).items()))
    fake.runs[_uuid(run)].name = name
    double(some, fake, visit, fake.runs[_uuid(run)])
    settle(some)
    ended = [one for one in fake.runs.values() if one.state.type == StateType.CANCELLED]
    assert [one.state.message for one in ended] == [reconciling.ELSEWHERE]


def test_when_somebody_deleted_the_runs_that_come_first_the_others_are_not_made_again(
    some, fake, monkeypatch
):
    monkeypatch.setattr(reconciling, "SAMPLE", 2)
    monkeypatch.setattr(reconciling, "all_forgotten", lambda _engine: pytest.fail("all of them"))
    first = sql(some, "SELECT run_id FROM visits WHERE left_at IS NULL ORDER BY wake_at LIMIT 2")
    for run in first:
        fake.delete_flow_run(_uuid(run))
    settle(some)
    each_open_visit_has_exactly_one_run(some, fake)


# --- with a real server --------------------------------------------------------------------------


def test_a_run_deleted_or_cancelled_by_hand_comes_back_long_before_its_moment(
    house, prefect, workers, waiting
):
    prefect.delete_flow_run(only(prefect, "melding").id)
    arm(house)
    second = only(prefect, "melding")
    prefect.set_flow_run_state(second.id, Cancelled(), force=True)
    arm(house)
    states = sorted(run.state_name for run in runs(prefect, "melding"))
    assert states == ["Cancelled", "Scheduled"]


def test_a_run_that_no_visit_points_at_is_ended_and_says_why(house, prefect, workers, waiting):
    kept = only(prefect, "melding")
    extra = prefect.create_flow_run_from_deployment(
        kept.deployment_id, name=kept.name, parameters=kept.parameters,
        state=Scheduled(scheduled_time=now() + DAY),
    )  # fmt: skip
    arm(house)
    assert prefect.read_flow_run(extra.id).state.is_scheduled(), "its row may not be written yet"
    arm(house, IMPATIENT)
    ended = prefect.read_flow_run(extra.id)
    assert (ended.state_type, said(ended)) == (StateType.CANCELLED, reconciling.ELSEWHERE)
    assert prefect.read_flow_run(kept.id).state_name == "Scheduled"


def test_an_older_copy_of_either_database_ends_with_one_run_for_each_open_visit(
    house, prefect, workers, waiting, tmp_path
):
    with closing(sqlite3.connect(tmp_path / "estafette.db")) as connection:
        connection.execute(f"VACUUM INTO '{tmp_path / 'copy.db'}'")
    gone = a_case(house, "signal", now(), address="Voorbeeldlaan 2")
    go(house, waiting, "take_up", now())
    arm(house)
    workers.enter_due()
    assert len(runs(prefect, "melding")) == 2
    house.dispose()
    for file in tmp_path.glob("estafette.db*"):
        file.unlink()
    (tmp_path / "copy.db").rename(tmp_path / "estafette.db")
    arm(house, IMPATIENT)
    arm(house, IMPATIENT)
    visits = [run for run in prefect.read_flow_runs() if "case" in run.parameters]
    left = {run.parameters["case"]: run for run in visits if run.state.is_scheduled()}
    assert {*left} == {waiting}
    assert str(left[waiting].id) in open_rows(house).values()
    over = {said(run) for run in visits if run.parameters["case"] == gone}
    assert over == {reconciling.UNKNOWN}


def test_a_promise_of_law_that_comes_up_takes_the_visit_to_the_queue_that_goes_first(
    house, prefect, workers
):
    key = a_case(house, "behavioural_order", now())
    arm(house)
    before = {run.id: run.work_queue_name for run in runs(prefect, "gedragsaanwijzing")}
    announce_order(house, key, now())
    arm(house)
    found = [run for run in runs(prefect, "gedragsaanwijzing") if run.state.is_scheduled()]
    assert [run.work_queue_name for run in found] == [STATUTORY]
    assert str(found[0].id) in open_rows(house).values()
    assert comes_at(found[0]) <= now()
    assert before


def test_two_watchers_that_reconcile_together_make_one_run(house, prefect, workers, waiting):
    prefect.delete_flow_run(only(prefect, "melding").id)
    watchers = [threading.Thread(target=arm, args=(house, IMPATIENT)) for _ in range(2)]
    for watcher in watchers:
        watcher.start()
    for watcher in watchers:
        watcher.join()
    arm(house, IMPATIENT)
    found = [run for run in runs(prefect, "melding") if run.state.is_scheduled()]
    assert [str(run.id) for run in found] == [*open_rows(house).values()]
