"""The published rulings, replayed: refused for the reason a court gave, allowed where it stood."""

from functools import cache
from typing import NamedTuple

import pytest

from desk.known_words import guards
from desk.retelling import StepTold
from escalation import moves
from tests.desk.rulings import CASES, retold, ruling

NAMES = sorted(file.stem for file in CASES.glob("*.yaml"))


class Missed(NamedTuple):
    """The act a court annulled or suspended, and the guards for the reasons it gave."""

    act: str
    guards: frozenset[str]


def missed(act: str, *keys: str) -> Missed:
    return Missed(act, frozenset(keys))


# fmt: off
REFUSED = {
    "ECLI:NL:RBOBR:2024:6455":  # alternatives not investigated, only neighbours' reports
        missed("house_ban_imposed", "facts_verified", "lighter_means"),
    "ECLI:NL:RBZWB:2023:1461":  # reports not verified, own policy not followed
        missed("urgent_coercion", "facts_verified", "own_policy_followed"),
    "ECLI:NL:RBMNE:2023:6967":  # insufficient facts, measures neither clear nor concrete
        missed("order_announced", "facts_verified", "measures_concrete"),
    "LJN BG6690":  # no sworn reports, no term in the decision
        missed("closure_announced", "ground_evidence", "closure_term"),
    "Rb Haarlem vzr 2012 (Purmerend)":  # noise is no threat to safety or health
        missed("closure_announced", "closure_ground", "more_than_noise"),
    "ECLI:NL:RBLIM:2016:436 / ECLI:NL:RVS:2017:923":  # thrown from outside
        missed("closure_announced", "threat_comes_from_dwelling"),
    "ECLI:NL:RBDHA:2022:1828 (appeal ECLI:NL:RVS:2024:1142)":  # a quarrel between neighbours
        missed("closure_announced", "closure_ground", "more_than_noise"),
    "ECLI:NL:RBMNE:2025:2721":  # departed from the committee's advice without proper reasons
        missed("objection_decided", "advice_followed"),
    "ECLI:NL:RBMNE:2025:1759":  # not heard before the extension
        missed("emergency_order_extended", "heard_again_emergency"),
    "ECLI:NL:RBMNE:2022:1270":  # shots at a house: not yet a ground in 2021
        missed("closure_announced", "closure_ground"),
    "ECLI:NL:RVS:2022:3140 / 202005475/1/R1":  # checked by day, burned in the evening
        missed("enforcement_refused", "checked_when_it_happens"),
}
ALLOWED = {
    "ECLI:NL:RBMNE:2020:2376": "order_announced",
    "ECLI:NL:RVS:2024:1054": "warning_delivered",
    "ECLI:NL:RBGEL:2024:8417": "order_announced",
    "ECLI:NL:RBMNE:2013:BZ1822": "closure_announced",
    "ECLI:NL:RBNNE:2024:3329": "closure_announced",  # for a shorter time
    "ECLI:NL:RBGEL:2020:6540": "closure_announced",
    "ECLI:NL:RBROT:2024:5645": "closure_announced",
}
TOO_THIN = {"RvS 201905926/1/A3"}  # what the courts missed, and how it ended, is not visible
# fmt: on


@cache
def by_id() -> dict[str, str]:
    return {ruling(name).id: name for name in NAMES}


def of(case_id: str, act: str) -> list[StepTold]:
    return [step for step in retold(by_id()[case_id]).steps if step.key == act]


def test_each_of_the_nineteen_rulings_is_written_as_a_history():
    assert set(by_id()) == {*REFUSED, *ALLOWED, *TOO_THIN}
    assert len(NAMES) == 19


@pytest.mark.parametrize("name", NAMES)
def test_a_ruling_plays_as_expected_and_is_never_without_a_holder(name):
    told = retold(name)
    assert [(step.number, step.why) for step in told.surprises] == []
    assert told.without_holder == ()
    assert told.as_json()["as_expected"] is True


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_fact_of_the_source_says_why_it_is_played(name):
    steps = enumerate(ruling(name).steps, start=1)
    assert [n for n, step in steps if not (step.date or step.note or step.assumed)] == []


@pytest.mark.parametrize("case_id", REFUSED)
def test_what_a_court_annulled_or_suspended_is_refused_for_its_reason_alone(case_id):
    wanted = REFUSED[case_id]
    refused = [step for step in of(case_id, wanted.act) if not step.allowed]
    assert [set(step.guards) for step in refused] == [set(wanted.guards)]


@pytest.mark.parametrize("case_id", REFUSED)
def test_no_court_reason_could_have_been_waived(case_id):
    assert not [key for key in REFUSED[case_id].guards if guards()[key].waivable]


@pytest.mark.parametrize("case_id", ALLOWED)
def test_what_a_court_upheld_is_allowed(case_id):
    assert [step.allowed for step in of(case_id, ALLOWED[case_id])] == [True]


@pytest.mark.parametrize("case_id", sorted(ALLOWED.keys() | TOO_THIN))
def test_nothing_is_refused_where_no_court_found_fault(case_id):
    told = retold(by_id()[case_id])
    assert [step.key for step in told.steps if not step.allowed] == []


@pytest.mark.parametrize("case_id", sorted(TOO_THIN))
def test_a_source_too_thin_to_tell_says_so(case_id):
    assert ruling(by_id()[case_id]).outcome.result == "unknown"


@pytest.mark.parametrize("case_id", REFUSED)
def test_a_case_never_enters_the_stage_of_a_measure_that_was_refused(case_id):
    home = moves.section_of(moves.act_named(REFUSED[case_id].act))
    assert home not in {step.stage for step in retold(by_id()[case_id]).steps}
