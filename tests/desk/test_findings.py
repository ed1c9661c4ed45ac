"""What the audit finds is told with what it means and how to mend it, and mended in a few words."""

import re

import pytest

from casework.audit import Finding
from casework.connect import connect
from casework.mending import Mended
from casework.rounds import FINDINGS
from desk.clock import now
from desk.findings import MEANS, explained, mended
from flows import finding_words
from tests.builders import a_case, a_town
from tests.casework.looking import behind_the_back, rows


@pytest.fixture
def house(folder):
    engine = connect()
    a_town(engine)
    a_case(engine, "voluntary_care", now())
    yield engine
    engine.dispose()


@pytest.fixture
def case(house) -> str:
    return rows(house, "cases")[0]["key"]


def test_every_finding_has_its_meaning_and_its_mend():
    assert MEANS.keys() == set(FINDINGS)
    for means, mend in MEANS.values():
        assert mend
        assert "." not in (means[-1], mend[-1]), "the sentence is closed where it is told"


@pytest.mark.parametrize("code", FINDINGS)
def test_a_finding_is_told_with_its_case_and_what_to_do(code):
    head, means, mend = explained([Finding("2026-00042", code)])
    assert head == f"2026-00042: {code}"
    assert means.strip()
    assert mend.strip().startswith("Mend: ")
    assert "{" not in mend


def test_every_command_a_mend_names_exists(estafette):
    named = set(
        re.findall(r"estafette ((?:[a-z]+ ?){1,2})", " ".join(m for _, m in MEANS.values()))
    )
    assert {"mend", "watch"} <= {name.split()[0] for name in named}
    for name in named:
        assert estafette(*name.split(), "--help").code == 0, name


def test_every_command_that_prefect_shows_runs_as_it_stands(house, case, estafette):
    shown = [finding_words.row(Finding(case, code)) for code in FINDINGS]
    commands = {c for *_, mend in shown for c in re.findall(r"`estafette ([^`]+)`", mend)}
    assert f"mend {case} --by WIE --accept" in commands
    for command in commands - {"watch"}:  # which runs until it is stopped
        said = estafette(*command.replace("WIE", "director").split())
        assert "Usage" not in said.out + said.err or command.endswith("--help"), command
        assert said.code != 2, command


def test_a_deleted_promise_is_told_mended_and_told_no_more(house, case, estafette):
    behind_the_back(house, "DELETE FROM checkpoints WHERE id = (SELECT max(id) FROM checkpoints)")
    said = estafette("audit")
    assert said.code == 1
    assert f"{case}: removed-promise" in said.out
    assert f"estafette mend {case}" in said.out
    assert estafette("audit", "--json").json["findings"] == [
        {"case_key": case, "what": "removed-promise", "where": None}
    ]
    mended = estafette("mend", case, "--by", "director")
    assert (mended.code, mended.out.split(":")[0]) == (0, "Restored as it was")
    again = estafette("mend", case, "--by", "director", "--json")
    assert (again.code, again.json["restored"]) == (0, [])
    assert estafette("audit").code == 0


def test_a_mend_that_had_nobody_to_tell_does_not_say_that_it_did_nothing():
    assert [*mended(Mended(restored=(), unheard=1))] == [
        "Nobody is left to be told of 1 of its rungs; that is on record now."
    ]


def test_an_audit_by_hand_writes_no_row(house, estafette):
    behind_the_back(house, "DELETE FROM checkpoints WHERE id = (SELECT max(id) FROM checkpoints)")
    removals = rows(house, "removals")
    assert estafette("audit").code == 1
    assert (rows(house, "removals"), rows(house, "rounds")) == (removals, [])


def test_what_can_not_be_restored_says_so_until_it_is_accepted(house, case, estafette):
    behind_the_back(house, "DELETE FROM checkpoints WHERE id = (SELECT max(id) FROM checkpoints)")
    behind_the_back(house, "UPDATE checkpoints SET id = (SELECT row_key FROM removals) "
                    "WHERE id = (SELECT min(id) FROM checkpoints)", "checkpoints")  # fmt: skip
    said = estafette("mend", case, "--by", "director")
    assert said.code == 1
    assert "Not restored: checkpoints" in said.out
    assert "--accept" in said.out
    accepted = estafette("mend", case, "--by", "director", "--accept")
    assert (accepted.code, "Stays away" in accepted.out) == (0, True)


def test_mending_wants_to_know_who_does_it_and_what_exists(house, case, estafette):
    assert "--by" in estafette("mend", case).err
    assert estafette("mend", case, "--by", "nobody").code == 1
    assert estafette("mend", "2020-00001", "--by", "director").code == 1
    assert estafette("mend", "-", "--by", "director").out.strip() == "Nothing to mend."
