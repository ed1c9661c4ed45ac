"""The policy commands: what is shipped, what a file says and lacks, and loading one."""

from pathlib import Path

import pytest

from escalation.policy import every_number, parse, shipped, shipped_names
from tests.desk.conftest import Estafette

HEAD = 'name = "eigen"\nin_force = 2026-01-01\nsource = "besluit 12"\n'


def test_the_list_names_every_shipped_policy_with_its_source_and_what_it_lacks(estafette):
    lines = estafette("policy", "list").out.splitlines()[1:]
    assert [line.split()[0] for line in lines] == shipped_names()
    houten = next(line for line in lines if line.startswith("houten-2020"))
    assert "CVDR651242" in houten
    assert houten.endswith("warning, behavioural_order, house_closure")
    lacking = {p["policy"]: p["missing"] for p in estafette("policy", "list", "--json").json}
    assert lacking["houten-2020"] == [*parse(shipped("houten-2020"), shipped("default")).missing]


@pytest.mark.parametrize("name", shipped_names())
def test_show_gives_every_number_with_its_origin_and_every_note(estafette: Estafette, name):
    policy = parse(shipped(name), shipped("default"))
    shown = estafette("policy", "show", name, "--json").json
    origins = {number["number"]: number["origin"] for number in shown["numbers"]}
    assert tuple(origins) == every_number()
    assert tuple(key for key in origins if origins[key] == "missing") == policy.missing
    assert tuple(key for key in origins if origins[key] == "adopted") == policy.adopted
    page = estafette("policy", "show", name).out
    assert all(text in page for texts in policy.notes.values() for text in texts)


def test_check_says_which_stage_each_missing_number_keeps_shut(estafette: Estafette, tmp_path):
    file = tmp_path / "eigen.toml"
    file.write_text(HEAD + '[adopt]\nbecause = "x"\nstages = ["signal", "assessment"]\n')
    said = estafette("policy", "check", str(file))
    assert "missing: warning.validity keeps warning shut" in said.out
    assert "missing: case.next_step keeps every stage shut" in said.out
    assert "it names no by-law article" in said.out
    assert "the default's ladder rings" in said.out
    shut = estafette("policy", "check", str(file), "--json").json["keeps_shut"]
    assert shut["warning.validity"] == ["warning"]
    assert "signal" in shut["case.next_step"]
    assert "signal.triaged" not in shut


def test_check_says_that_a_policy_was_withdrawn(estafette: Estafette):
    said = estafette("policy", "check", "leeuwarden-174a-2007")
    assert "was withdrawn on 2008-07-10" in said.out


def test_a_file_with_faults_is_refused_with_all_of_them(estafette: Estafette, tmp_path: Path):
    file = tmp_path / "eigen.toml"
    file.write_text(HEAD + "[counts]\nbehavioural_order.warnings = 9\n[terms.moon]\nphase = 'x'\n")
    for command in (("check",), ("show",), ("load", "--municipality", "voorbeeldstad")):
        said = estafette("policy", command[0], str(file), *command[1:])
        assert said.code == 1
        assert "wants a number from 0 to 5, not 9" in said.err
        assert "moon.phase is not a term" in said.err


def test_a_file_that_is_not_text_is_refused_in_one_sentence(estafette: Estafette, tmp_path: Path):
    file = tmp_path / "eigen.toml"
    file.write_bytes(b"\xff\xfe\x00")
    said = estafette("policy", "check", str(file))
    assert (said.code, said.err) == (1, "eigen.toml is not UTF-8 text; save it as UTF-8\n")


@pytest.mark.parametrize("given", ["shipped", "file"])
def test_a_loaded_policy_serves_the_municipality_and_says_what_it_lacks(
    estafette: Estafette, tmp_path: Path, given
):
    file = tmp_path / "eigen.toml"
    file.write_text(shipped("houten-2020"))
    policy = "houten-2020" if given == "shipped" else str(file)
    said = estafette("policy", "load", policy, "--municipality", "voorbeeldstad")
    assert said.code == 0, said.err
    assert "Policy houten-2020 serves new cases in voorbeeldstad" in said.out
    assert "it lacks 15 numbers, of warning, behavioural_order, house_closure" in said.out
