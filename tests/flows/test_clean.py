"""What Prefect needs to show no longer is removed from it, and nothing else is."""

from datetime import timedelta
from uuid import UUID

import pytest
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import ArtifactCreate
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey
from prefect.client.schemas.objects import StateType
from prefect.states import Completed, Crashed, Failed, Running, Scheduled

from flows import clock
from flows.artifacts import KEPT
from flows.clean import GIVEN_UP, ROUTINE_KEPT, clean_up, give_up
from flows.settings import FlowSettings

HALF_A_YEAR = FlowSettings().runs_kept
DAY = timedelta(days=1)


def a_run(prefect: SyncPrefectClient, state, deployment: str = "signal/estafette") -> UUID:
    found = prefect.read_deployment_by_name(deployment)
    takes = {"case": "2026-70001"} if deployment.startswith("signal") else {}
    run = prefect.create_flow_run_from_deployment(found.id, parameters=takes, state=Running())
    prefect.set_flow_run_state(run.id, state, force=True)
    return run.id


def a_picture(prefect: SyncPrefectClient, key: str, text: str, run: UUID | None = None) -> UUID:
    wanted = ArtifactCreate(key=key, type="markdown", data=text, flow_run_id=run)
    return prefect.create_artifact(wanted).id


def pictures(prefect: SyncPrefectClient, key: str) -> set[str]:
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    return {str(found.data) for found in prefect.read_artifacts(artifact_filter=wanted)}


@pytest.fixture
def later():
    """A moment at which what ends now has ended for as long as it is kept."""
    return clock.now() + HALF_A_YEAR + DAY


@pytest.mark.parametrize("ended", [Completed(), Failed(), Crashed()])
def test_a_run_goes_with_its_pictures_when_it_is_over_for_longer_than_kept(prefect, later, ended):
    run = a_run(prefect, ended)
    a_picture(prefect, "case-2026-70001", "old", run)

    clean_up(prefect, later - 2 * DAY, HALF_A_YEAR)
    assert pictures(prefect, "case-2026-70001") == {"old"}
    assert run in {found.id for found in prefect.read_flow_runs()}

    clean_up(prefect, later, HALF_A_YEAR)
    assert pictures(prefect, "case-2026-70001") == set()
    assert run not in {found.id for found in prefect.read_flow_runs()}


@pytest.mark.parametrize("state", [Running(), Scheduled(scheduled_time=clock.now() + DAY)])
def test_a_run_that_is_not_over_stays_however_old_it_is(prefect, later, state):
    run = a_run(prefect, state)
    clean_up(prefect, later, HALF_A_YEAR)
    assert prefect.read_flow_run(run).state_type == state.type


@pytest.mark.parametrize("flow", ["watch", "deliver", "audit", "clean", "trouble"])
def test_a_run_that_is_no_visit_goes_sooner_and_never_later_than_those(prefect, flow):
    run = a_run(prefect, Completed(), f"{flow}/estafette")
    visit = a_run(prefect, Completed())

    def there() -> set[UUID]:
        return {run, visit} & {found.id for found in prefect.read_flow_runs()}

    clean_up(prefect, clock.now() + ROUTINE_KEPT - DAY, HALF_A_YEAR)
    assert there() == {run, visit}
    clean_up(prefect, clock.now() + ROUTINE_KEPT + DAY, HALF_A_YEAR)
    assert there() == {visit}
    clean_up(prefect, clock.now() + 3 * DAY, 2 * DAY)
    assert there() == set()


@pytest.mark.parametrize("flow", ["watch", "audit"])
def test_a_run_whose_process_never_came_back_says_so_once_it_could_not_be_at_it(prefect, flow):
    run = a_run(prefect, Running(), f"{flow}/estafette")
    visit = a_run(prefect, Running())
    give_up(prefect, clock.now() + GIVEN_UP - timedelta(minutes=5))
    assert prefect.read_flow_run(run).state_type == StateType.RUNNING
    give_up(prefect, clock.now() + GIVEN_UP + timedelta(minutes=5))
    assert prefect.read_flow_run(run).state_type == StateType.CRASHED
    assert prefect.read_flow_run(visit).state_type == StateType.RUNNING, "arming finds that one"


def test_another_projects_run_is_not_ours_to_remove(prefect, later):
    flow = prefect.create_flow_from_name("audit")
    prefect.create_deployment(flow_id=flow, name="theirs")
    run = a_run(prefect, Completed(), "audit/theirs")
    clean_up(prefect, later, HALF_A_YEAR)
    assert prefect.read_flow_run(run).state_type == StateType.COMPLETED


def test_a_picture_of_the_house_is_not_cleaning_s_to_remove(prefect, later):
    made = {f"version {number}" for number in range(KEPT)}
    for text in sorted(made):
        a_picture(prefect, "waiting-canary", text)
    clean_up(prefect, later, HALF_A_YEAR)
    assert pictures(prefect, "waiting-canary") == made


def test_what_an_audit_found_stays_as_long_as_its_run_however_many_came_after(prefect):
    red = a_run(prefect, Failed(), "audit/estafette")
    a_picture(prefect, "last-audit", "found", red)
    for number in range(12):
        later_on = a_run(prefect, Completed(), "audit/estafette")
        a_picture(prefect, "last-audit", f"clean {number}", later_on)
    clean_up(prefect, clock.now() + ROUTINE_KEPT - DAY, HALF_A_YEAR)
    assert "found" in pictures(prefect, "last-audit")
    clean_up(prefect, clock.now() + ROUTINE_KEPT + DAY, HALF_A_YEAR)
    assert "found" not in pictures(prefect, "last-audit")


def test_cleaning_stops_when_its_time_is_over_and_goes_on_the_next_time(prefect, later):
    runs = {a_run(prefect, Completed()) for _ in range(4)}
    time = iter([False, False, True])

    def left() -> int:
        return len(runs & {found.id for found in prefect.read_flow_runs()})

    clean_up(prefect, later, HALF_A_YEAR, lambda: next(time, True))
    assert 0 < left() < len(runs)
    clean_up(prefect, later, HALF_A_YEAR)
    assert left() == 0
