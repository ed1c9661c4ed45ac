"""What Prefect shows of the whole house: lateness and delivery, and the filters to look with."""

import threading
import time
from datetime import timedelta

import pytest
from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

from casework.alerts import next_to_send
from casework.promises import next_due, raise_due
from escalation.path import OPEN_STAGES
from escalation.terms import Kind
from flows import artifacts, house_pictures, saved_filters
from flows.artifacts import KEPT, show
from flows.clock import now
from flows.deliver import Post, deliver_loop
from flows.house_pictures import show_house
from flows.words import moment
from notifications.channels import Channels, local_mail
from tests.builders import a_case
from tests.postgres import free_port

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


@pytest.fixture
def prefect(prefect):
    """No artifact of another test is there or remembered."""
    artifacts._shown.clear()
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


def test_a_house_in_which_nothing_changes_makes_no_new_version(house, prefect):
    a_case(house, "signal", now() - timedelta(days=60))
    for minute in range(3):
        show_house(prefect, now() + timedelta(minutes=minute))
    assert (len(versions(prefect, "lateness")), len(versions(prefect, "delivery"))) == (1, 1)


def test_delivery_tells_what_waits_what_was_tried_and_which_channel_is_out_of_order(house, prefect):
    a_case(house, "signal", now() - timedelta(days=60))
    while raise_due(house, now()):
        pass
    show_house(prefect, now())
    assert "| wacht | " in versions(prefect, "delivery")[0]
    post = Post(house, Channels({"mail": local_mail(free_port())}), "http://127.0.0.1:8080")
    end = time.monotonic() + 60
    over = lambda: (next_to_send(house) or now() + timedelta(1)) > now()  # noqa: E731
    deliver_loop(post, threading.Event(), lambda: over() or time.monotonic() > end, poll=0.05)
    show_house(prefect, now())
    text = versions(prefect, "delivery")[0]
    assert "| mail | mislukt | " in text
    assert text.index("| mail | ", text.index("Kanalen buiten gebruik")) > 0


def test_only_the_last_few_versions_of_a_picture_are_kept(prefect):
    for number in range(KEPT + 4):
        show(prefect, "of-the-house", f"version {number}")
    last = KEPT + 3
    assert versions(prefect, "of-the-house") == [f"version {last - ago}" for ago in range(KEPT)]
    (latest,) = prefect.read_latest_artifacts()
    assert latest.data == f"version {last}"


def test_every_kind_of_term_has_a_name_operators_know():
    assert set(house_pictures.KINDS) == {kind.value for kind in Kind}


def test_filters_are_declared_once_and_somebodys_own_stay(prefect):
    own = {"name": "van mij", "filters": []}
    prefect.request("PUT", "/saved_searches/", json=own)
    for _ in range(2):
        saved_filters.declare(prefect)
    found = prefect.request("POST", "/saved_searches/filter", json={}).json()
    names = [one["name"] for one in found]
    assert sorted(names) == sorted({*saved_filters.FILTERS, "van mij"})
    assert {f"fase: {stage.dutch}" for stage in OPEN_STAGES} < set(names)
