"""The stories, the deployments and the path are one."""

import ast
import inspect
from importlib import import_module

import pytest
from prefect.flows import Flow

from escalation.path import OPEN_STAGES, PATH
from escalation.shape import Stage
from flows import stages
from flows.declared import DEPLOYMENTS
from flows.visiting import STORIES
from flows.words import number_in, run_name

BY_STAGE = pytest.mark.parametrize("stage", OPEN_STAGES, ids=lambda stage: stage.key)


class Recorder:
    """A visit that only remembers what was looked at."""

    def __init__(self) -> None:
        self.looked: list[str] = []

    def look(self, key: str) -> None:
        self.looked.append(key)


def test_there_is_a_story_for_every_open_stage_and_no_other():
    assert list(STORIES) == [stage.key for stage in OPEN_STAGES]


@BY_STAGE
def test_a_story_looks_at_every_promise_of_its_stage_once(stage: Stage):
    visit = Recorder()
    STORIES[stage.key](visit)
    assert len(visit.looked) == len(set(visit.looked))
    assert set(visit.looked) == {term.key for term in stage.terms}


@BY_STAGE
def test_a_stage_is_a_flow_with_the_case_key_as_its_only_parameter(stage: Stage):
    flow = getattr(stages, stage.key)
    assert isinstance(flow, Flow)
    assert flow.name == stage.key.replace("_", "-")
    assert list(flow.parameters.properties) == ["case"]
    assert stage.dutch.casefold() in flow.description.casefold()


def test_every_flow_is_deployed_under_its_own_name_from_its_module():
    for deployed in DEPLOYMENTS:
        module, _, name = deployed.entrypoint.rpartition(".")
        flow = getattr(import_module(module), name)
        assert isinstance(flow, Flow)
        assert flow.name == deployed.flow
    assert {stage.key.replace("_", "-") for stage in OPEN_STAGES} <= {d.flow for d in DEPLOYMENTS}


def test_no_flow_has_an_if_about_the_domain():
    tree = ast.parse(inspect.getsource(stages))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.IfExp | ast.Match)]


@pytest.mark.parametrize("stage", [stage.key for stage in PATH])
def test_a_run_name_gives_the_number_back(stage):
    assert number_in(run_name("2026-00042", stage, 3)) == 3


@pytest.mark.parametrize(
    "name", ["amber-fox", "2026-00042", "x · y", "a · b · c", "", "x · ²", f"x · {10**20}"]
)
def test_a_name_a_person_gave_has_no_number(name):
    assert number_in(name) is None
