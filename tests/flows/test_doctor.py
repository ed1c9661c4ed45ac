"""What the doctor says of a real Prefect server: well when all is well, and each planted fault."""

from datetime import timedelta

import pytest

from desk.clock import now
from desk.doctor import examine
from desk.line import Line
from desk.prefect_lines import OUR_NAME, OUR_POOL, declared
from desk.settings import DeskSettings
from desk.window import Window, window
from flows import declared as of_the_flows
from flows.deployments import declare
from tests.flows.conftest import PORT
from tests.flows.working import POOL

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
HOUR = timedelta(hours=1)


@pytest.fixture
def said(house, prefect, monkeypatch):
    """The doctor's lines, on a server that has everything it should have."""
    monkeypatch.setenv("ESTAFETTE_PREFECT_PORT", str(PORT))
    declare(prefect, POOL)
    prefect.request("POST", "/work_pools/{name}/workers/heartbeat", path_params={"name": POOL},
                    json={"name": "one", "heartbeat_interval_seconds": 30})  # fmt: skip
    yield lambda at=None: lines(house, at)
    declare(prefect, POOL)


def lines(house, at) -> dict[str, Line]:
    return {line.what: line for line in examine(house, DeskSettings(), at or now())}


def test_all_is_well_with_a_server_that_has_workers_and_deployments(said):
    found = said()
    assert "alive, last heard" in found["workers"].found
    assert found["deployments"].found == "as this version declares them"
    assert found["clock"].found == "within 5 s of Prefect's server"
    for what in ("prefect", "ui credential", "workers", "deployments", "clock"):
        assert found[what].ok, found[what]


def test_the_two_doors_call_what_is_deployed_by_the_same_names():
    assert (OUR_NAME, OUR_POOL) == (of_the_flows.NAME, of_the_flows.IN_PROCESS)
    assert declared() == of_the_flows.declared()


def test_workers_that_fell_silent_are_said(said, monkeypatch):
    line = said(now() + HOUR)["workers"]
    assert (line.ok, line.found.startswith("0 alive, last heard 3")) == (False, True)
    assert "estafette up" in line.way_out
    monkeypatch.setenv("ESTAFETTE_WORK_POOL", "elsewhere")
    line = said()["workers"]
    assert (line.ok, line.found) == (False, "there is no work pool elsewhere")


def test_a_deployment_that_is_gone_is_said(said, prefect):
    prefect.delete_deployment(prefect.read_deployment_by_name("warning/estafette").id)
    line = said()["deployments"]
    assert (line.ok, line.found) == (False, "warning is not deployed")
    assert "flows.deployments" in line.way_out


def test_a_deployment_of_other_code_is_said(said, prefect):
    flow = prefect.create_flow_from_name("warning")
    prefect.create_deployment(flow_id=flow, name="estafette", entrypoint="flows.old.warning",
                              work_pool_name=POOL)  # fmt: skip
    line = said()["deployments"]
    assert (line.ok, line.found) == (False, "warning runs other code: flows.old.warning")


def test_a_deployment_this_version_does_not_know_is_said(said, prefect):
    flow = prefect.create_flow_from_name("banishment")
    old = prefect.create_deployment(flow_id=flow, name="estafette", work_pool_name=POOL)
    line = said()["deployments"]
    prefect.delete_deployment(old)
    assert not line.ok
    assert line.found == "banishment is deployed and this version has no such flow"
    assert "delete it" in line.way_out


def test_an_audit_whose_schedule_was_stopped_is_said(said, prefect):
    audit = prefect.read_deployment_by_name("audit/estafette")
    prefect.request("PATCH", "/deployments/{id}/schedules/{schedule}",
                    path_params={"id": audit.id, "schedule": audit.schedules[0].id},
                    json={"active": False})  # fmt: skip
    line = said()["deployments"]
    assert (line.ok, line.found) == (False, "audit has no active schedule of 900 s")


def test_an_audit_that_was_paused_is_said_with_how_to_resume_it(said, prefect):
    audit = prefect.read_deployment_by_name("audit/estafette")
    prefect.pause_deployment(audit.id)
    line = said()["deployments"]
    prefect.resume_deployment(audit.id)
    assert (line.ok, line.found, "resume it" in line.way_out) == (False, "audit is paused", True)


@pytest.mark.parametrize(("minutes", "way"), [(-1, "behind"), (1, "ahead of")])
def test_a_clock_that_is_apart_from_the_servers_is_said(said, minutes, way):
    line = said(now() + timedelta(minutes=minutes))["clock"]
    assert not line.ok
    assert f"s {way} the clock of Prefect's server" in line.found


def test_a_server_of_another_version_is_said(said, monkeypatch):
    monkeypatch.setattr("desk.prefect_lines.version", lambda _: "3.8.0")
    line = said()["prefect"]
    assert (line.ok, "this installation has 3.8.0" in line.found) == (False, True)


def test_a_server_without_a_password_is_said(said, monkeypatch):
    def without(*given) -> Window:
        found = window(*given)
        found.asks_password = False
        return found

    monkeypatch.setattr("desk.doctor.window", without)
    line = said()["ui credential"]
    assert (line.ok, "PREFECT_SERVER_API_AUTH_STRING" in line.way_out) == (False, True)


def test_a_server_that_takes_forms_of_other_sites_is_said(said, monkeypatch):
    monkeypatch.setattr(Window, "knows_forms", False)
    line = said()["ui credential"]
    assert (line.ok, "CSRF_PROTECTION" in line.way_out) == (False, True)


def test_a_password_that_is_refused_is_said_and_not_shown(said, monkeypatch):
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "estafette:verkeerd")
    found = said()
    assert (found["prefect"].ok, "refuses the password" in found["prefect"].found) == (False, True)
    assert "verkeerd" not in str(found)


def test_the_embedded_servers_own_password_is_used_when_none_is_set(said, server, monkeypatch):
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    monkeypatch.delenv("PREFECT_SERVER_API_AUTH_STRING")
    assert not said()["prefect"].ok, "another folder holds no password for this server"
    monkeypatch.setattr(DeskSettings, "credential", server / "prefect" / "credential")
    found = said()
    assert found["prefect"].ok
    assert found["ui credential"].ok


def test_a_password_that_others_on_the_machine_can_read_is_said(said, monkeypatch, tmp_path):
    shown = tmp_path / "credential"
    shown.write_text("estafette:0123456789abcdef0123")
    shown.chmod(0o644)
    monkeypatch.setattr(DeskSettings, "credential", shown)
    line = said()["ui credential"]
    assert (line.ok, line.way_out) == (False, f"run: chmod 600 {shown}")


def test_pages_that_other_machines_reach_are_said_with_what_that_means(said, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_PREFECT_HOST", "0.0.0.0")
    line = said()["ui credential"]
    assert (line.ok, "other machines reach them" in line.found) == (True, True)
