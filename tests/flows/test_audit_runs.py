"""The audit asks Prefect itself: a run that is gone is found at once, and nothing else is."""

from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelled, Crashed, Failed, Pending, Running

from casework.audit import NO_CASE, ArmedVisit, Finding
from casework.mending import mend
from casework.rounds import rounds_in
from flows.audit import audit, audit_once
from flows.audit_runs import AT_ONCE, _all_missing, runs_gone
from flows.clock import now
from flows.settings import FlowSettings
from tests.builders import a_case, go
from tests.casework.looking import behind_the_back, rows
from tests.flows.working import arm

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
SOON = timedelta(minutes=3)


@pytest.fixture
def armed(house, prefect):
    """Four cases whose visits have a run."""
    keys = [a_case(house, "signal", now(), address=f"Voorbeeldlaan {n}") for n in range(4)]
    arm(house)
    assert runs_gone(house, now() + SOON) == []
    return keys


def run_of(house, key):
    (case,) = rows(house, "cases", f"key = '{key}'")
    (visit,) = rows(house, "visits", f"case_id = {case['id']}")
    return UUID(visit["run_id"])


def test_a_run_that_is_deleted_is_found_and_its_case_named(house, prefect, armed):
    prefect.delete_flow_run(run_of(house, armed[2]))
    assert runs_gone(house, now() + SOON) == [Finding(armed[2], "run-gone")]
    mend(house, armed[2], by="director", now=now(), run=True)
    arm(house)
    assert runs_gone(house, now() + SOON) == []


def test_all_runs_gone_are_all_found(house, prefect, armed):
    for run in prefect.read_flow_runs():
        prefect.delete_flow_run(run.id)
    assert [finding.case_key for finding in runs_gone(house, now() + SOON)] == armed


@pytest.mark.parametrize("state", [Failed, Crashed, Cancelled])
def test_a_run_that_has_ended_while_its_case_stays_is_found(house, prefect, armed, state):
    prefect.set_flow_run_state(run_of(house, armed[0]), state(), force=True)
    assert runs_gone(house, now() + SOON) == [Finding(armed[0], "run-gone")]


@pytest.mark.parametrize("state", [Running, Pending])
def test_a_run_that_is_at_it_is_not_missed(house, prefect, armed, state):
    prefect.set_flow_run_state(run_of(house, armed[0]), state(), force=True)
    assert runs_gone(house, now() + SOON) == []


def test_a_visit_armed_a_moment_ago_is_not_asked_about(house, prefect, armed):
    prefect.delete_flow_run(run_of(house, armed[0]))
    assert runs_gone(house, now()) == []


def test_a_case_that_moves_on_while_prefect_is_asked_is_no_finding(house, prefect, armed):
    prefect.delete_flow_run(run_of(house, armed[1]))

    @contextmanager
    def moves_on_meanwhile():
        with get_client(sync_client=True) as client:
            yield client
        go(house, armed[1], "unfounded", now())

    assert runs_gone(house, now() + SOON, moves_on_meanwhile) == []


def test_a_visit_beyond_the_horizon_needs_no_run(house, prefect):
    a_case(house, "signal", now())
    assert runs_gone(house, now() + SOON) == []


def test_what_is_no_number_of_a_run_is_a_run_that_is_gone(house, prefect, armed):
    behind_the_back(house, "UPDATE visits SET run_id = 'by hand' WHERE case_id = 1")
    assert runs_gone(house, now() + SOON) == [Finding(armed[0], "run-gone")]


def test_prefect_that_does_not_answer_is_a_finding_and_the_rows_are_looked_at(house):
    late = a_case(house, "signal", now() - timedelta(days=60))

    @contextmanager
    def nobody():
        raise OSError("http://user:kanarie@127.0.0.1/api")
        yield

    report = audit_once(FlowSettings(), lambda engine, at: runs_gone(engine, at, nobody))
    assert (late, "not-raised") in {(f.case_key, f.what) for f in report.findings}
    assert Finding(NO_CASE, "prefect-away") in report.findings


def test_the_flow_itself_looks_at_runs_and_keeps_what_it_found(house, prefect, armed):
    from casework.connect import reading
    from models import RoundOf

    behind_the_back(house, "UPDATE visits SET armed_at = entered_at")
    old = now() - timedelta(minutes=5)
    behind_the_back(house, f"UPDATE visits SET armed_at = '{old:%Y-%m-%dT%H:%M:%S.%f}Z'")
    prefect.delete_flow_run(run_of(house, armed[3]))
    ended = audit(return_state=True)
    assert (ended.type, ended.message) == (
        StateType.FAILED, "1 bevinding; zie het artefact last-audit"
    )  # fmt: skip
    with reading(house) as session:
        assert rounds_in(session)[RoundOf.AUDIT].found == {"run-gone": 1}


# --- how it asks ---------------------------------------------------------------------------------


class Counting:
    """A Prefect that knows these runs, and counts how often it is asked."""

    def __init__(self, known: set[UUID]) -> None:
        self.known, self.asked = known, 0

    def count_flow_runs(self, *, flow_run_filter) -> int:
        self.asked += 1
        assert StateType.COMPLETED not in flow_run_filter.state.type.any_
        assert len(flow_run_filter.id.any_) <= AT_ONCE
        return len(self.known & set(flow_run_filter.id.any_))


def visits(count: int) -> list[ArmedVisit]:
    return [ArmedVisit(n, f"2026-{n:05}", str(uuid4())) for n in range(count)]


@given(st.integers(1, 2500), st.data())
@settings(max_examples=50, deadline=None)
def test_exactly_what_is_missing_is_found_however_much_there_is(count, data):
    all_of_them = visits(count)
    places = data.draw(st.sets(st.integers(0, count - 1), max_size=20))
    known = {UUID(v.run_id) for n, v in enumerate(all_of_them) if n not in places}
    client = Counting(known)
    assert {visit.id for visit in _all_missing(client, all_of_them)} == places
    assert client.asked <= -(-count // AT_ONCE) + 2 * 11 * len(places)


def test_a_hundred_thousand_runs_take_a_hundred_questions():
    all_of_them = visits(100_000)
    client = Counting({UUID(visit.run_id) for visit in all_of_them})
    assert list(_all_missing(client, all_of_them)) == []
    assert client.asked == 100
