"""What Prefect shows of the whole house: lateness and delivery, and the filters to look with."""

from datetime import datetime, timedelta

import pytest
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from casework.alerts import record
from casework.claiming import claim
from casework.promises import next_due, raise_due
from escalation.path import OPEN_STAGES
from escalation.terms import Kind
from flows import artifacts, house_pictures, saved_filters
from flows.artifacts import KEPT, show
from flows.clock import now
from flows.house_pictures import show_house
from flows.saved_filters import filters_on
from flows.watch import watch
from flows.words import moment
from tests.builders import a_case, act
from tests.flows.working import arm

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def prefect(prefect):
    """No artifact of another test is there or remembered."""
    artifacts.forget()
    for one in prefect.read_artifacts():
        prefect.delete_artifact(one.id)
    return prefect


def versions(client, key: str) -> list[str]:
    """The texts of an artifact that are kept, the newest first."""
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=[key]))
    return [one.data for one in client.read_artifacts(artifact_filter=wanted, sort="CREATED_DESC")]


def test_what_rings_and_was_not_raised_is_told_by_stage_with_the_first_moment(house, prefect):
    a_case(house, "signal", now() - timedelta(days=60))
    rang = next_due(house)
    show_house(prefect, now())
    (text,) = versions(prefect, "lateness")
    assert "| melding | " in text
    assert f"de oudste sinds {moment(rang)}" in text
    while raise_due(house, now()):
        pass
    show_house(prefect, now())
    assert "Niets: wat gemeld moest worden, is gemeld." in versions(prefect, "lateness")[0]


def test_a_house_in_which_nothing_changes_is_not_shown_again(house, prefect, monkeypatch):
    a_case(house, "signal", now() - timedelta(days=60))
    asked = []
    real = prefect.request

    def request(method: str, path: str, **more):
        asked.append((method, path))
        return real(method, path, **more)

    monkeypatch.setattr(prefect, "request", request)
    for minute in range(3):
        show_house(prefect, now() + timedelta(minutes=minute))
    made = [path for method, path in asked if method in {"POST", "PATCH"} and "filter" not in path]
    assert made == ["/artifacts/", "/artifacts/"]


def test_delivery_tells_what_waits_what_was_tried_and_which_channel_is_out_of_order(house, prefect):
    a_case(house, "signal", now() - timedelta(days=60))
    while raise_due(house, now()):
        pass
    show_house(prefect, now())
    assert "| wacht | " in versions(prefect, "delivery")[0]
    for alert in {alert.token: alert for alert in claim(house, now(), limit=8)}.values():
        record(house, alert.token, "failed", "unreachable", now())
    show_house(prefect, now())
    text = versions(prefect, "delivery")[0]
    assert "| mail | mislukt | " in text
    assert text.index("| mail | ", text.index("Kanalen buiten gebruik")) > 0


def test_a_picture_of_the_house_has_one_version_a_day_and_the_last_days_are_kept(
    prefect, monkeypatch
):
    today = now()
    for day in range(KEPT + 3):
        moment = today + timedelta(days=day)
        monkeypatch.setattr("flows.artifacts.clock.now", lambda moment=moment: moment)
        for number in range(3):
            show(prefect, "of-the-house", f"day {day}, {number}")
    last = KEPT + 2
    assert versions(prefect, "of-the-house") == [f"day {last - ago}, 2" for ago in range(KEPT)]
    (latest,) = prefect.read_latest_artifacts()
    assert latest.data == f"day {last}, 2"


def test_another_process_goes_on_with_the_version_of_today(prefect):
    show(prefect, "of-the-house", "one")
    artifacts.forget()
    show(prefect, "of-the-house", "other")
    assert versions(prefect, "of-the-house") == ["other"]


def test_a_picture_that_was_deleted_comes_back_when_it_changes(prefect):
    show(prefect, "of-the-house", "one")
    for version in prefect.read_artifacts():
        prefect.delete_artifact(version.id)
    show(prefect, "of-the-house", "other")
    assert versions(prefect, "of-the-house") == ["other"]


def test_a_picture_of_a_run_has_a_version_each_time(house, prefect, workers):
    key = a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    act(house, key, "observation_recorded", now(), by="police")
    arm(house)
    workers.enter_due()
    assert len(versions(prefect, f"case-{key}")) == 2


def test_each_run_of_a_case_has_its_picture_also_when_it_says_the_same(prefect):
    runs = [prefect.create_flow_run(watch).id for _ in range(2)]
    for run in [*runs, *runs]:
        show(prefect, "case-2026-70001", "the same", run)
    found = prefect.read_artifacts()
    assert sorted(str(one.flow_run_id) for one in found) == sorted(map(str, runs))


def test_every_kind_of_term_has_a_name_operators_know():
    assert set(house_pictures.KINDS) == {kind.value for kind in Kind}


def test_filters_are_declared_once_and_somebodys_own_stay(prefect):
    own = {"name": "van mij", "filters": []}
    prefect.request("PUT", "/saved_searches/", json=own)
    for _ in range(2):
        saved_filters.declare(prefect)
    found = prefect.request("POST", "/saved_searches/filter", json={}).json()
    names = [one["name"] for one in found]
    assert sorted(names) == sorted({*filters_on(now(), 400), "van mij"})
    assert {f"fase: {stage.dutch}" for stage in OPEN_STAGES} < set(names)


def test_who_is_in_a_stage_is_found_with_a_run_that_comes_first_at_the_end_of_the_horizon():
    for name, filters in filters_on(now(), 400).items():
        if name.startswith("fase: "):
            (within,) = (one["value"] for one in filters if one["property"] == "range")
            # As Prefect's first pages read it.
            day, span = datetime.fromisoformat(within["date"]), timedelta(days=within["quantity"])
            assert (within["type"], within["unit"]) == ("around", "day")
            assert day - span < now() - timedelta(days=366)
            assert now() + timedelta(days=400) < day + span
