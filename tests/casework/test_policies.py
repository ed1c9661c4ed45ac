"""Real policies, read in part: what they do not say keeps a case out by name; nothing moves."""

import re

import pytest

from casework.refusals import Incomplete
from casework.stages import decide
from casework.views import case_view
from escalation.policy import every_number, parse, shipped, shipped_names
from tests.builders import NOW, ROADS, TOWN, a_case, a_signal, act, evidence, receive_signal, threat
from tests.casework.looking import a_policy, everything

SILENT = sorted({*shipped_names()} - {"default", "aalten-2025"})
SECTIONS = list(dict.fromkeys(key.split(".")[0] for key in every_number()))


def all_but(name: str, stage: str) -> str:
    """A real policy whose municipality took over every number, except those of one stage."""
    stages = [section for section in SECTIONS if section != stage]
    return re.sub(r"(?m)^stages = .*$", f"stages = {stages}", shipped(name))


def at_the_door_of(engine, stage: str) -> str:
    """A case that could enter the stage, if only the policy gave its numbers."""
    key = a_case(engine, ROADS[stage][-2][0] if len(ROADS[stage]) > 1 else "signal")
    if stage == "assessment":
        act(engine, key, "reporter_informed")
    elif stage == "house_closure":
        threat(engine, key)
    else:
        evidence(engine, key)
    return key


@pytest.mark.parametrize("name", SILENT)
def test_no_case_opens_under_a_policy_without_numbers(engine, name):
    a_policy(engine, re.sub(r"(?m)^stages = .*$", "stages = []", shipped(name)), TOWN)
    before = everything(engine)
    with pytest.raises(Incomplete, match=name) as refused:
        receive_signal(engine, a_signal(), NOW)
    assert {"signal.triaged", "case.next_step"} <= {*refused.value.missing}
    assert everything(engine) == before


@pytest.mark.parametrize(("name", "stage"), [
    ("medemblik-2021", "assessment"), ("vlaardingen-2021", "voluntary_care"),
    ("rijswijk-observed", "outreach_care"), ("houten-2020", "warning"),
    ("bergen-op-zoom-2025", "behavioural_order"), ("leeuwarden-174a-2007", "house_closure"),
])  # fmt: skip
def test_a_case_under_a_real_policy_can_not_enter_the_stage_it_gives_no_numbers_for(
    engine, name, stage
):
    text = all_but(name, stage)
    a_policy(engine, text, TOWN)
    key = at_the_door_of(engine, stage)
    before, view = everything(engine), case_view(engine, key, NOW)
    with pytest.raises(Incomplete, match=name) as refused:
        decide(
            engine, key, by="director", seen_version=view.version, now=NOW,
            exit_key=ROADS[stage][-1][1],
        )  # fmt: skip
    expected = tuple(number for number in every_number() if number.startswith(f"{stage}."))
    assert refused.value.missing == expected == parse(text, shipped("default")).missing
    assert everything(engine) == before
