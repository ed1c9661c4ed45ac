"""The path on the command line, and the words in which it is told."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from desk.fact_forms import form_of, sample_of
from desk.guard_reads import Reads, reads
from desk.markdown import anchor, table
from desk.path_page import path_page, stage_part
from desk.path_words import waiver
from escalation.facts import FIELDS, checked
from escalation.measures import NOT_ASKED
from escalation.moves import acts
from escalation.path import LANES, PATH, STAGES
from escalation.policy import parse, policy_numbers, shipped
from escalation.shape import Act, Guard
from tests.desk.conftest import Estafette

DEFAULT = parse(shipped("default"))
GUARDS = {g.key: g for row in (*PATH, *acts()) for g in row.guards}


def test_the_overview_names_every_stage_and_lane_in_dutch_unless_asked_otherwise(
    estafette: Estafette,
):
    dutch, english = estafette("path"), estafette("path", "--language", "en")
    assert (dutch.code, english.code) == (0, 0)
    assert [s.key for s in PATH if s.key not in dutch.out or s.dutch not in dutch.out] == []
    assert [s.key for s in PATH if s.english not in english.out] == []
    assert [lane.key for lane in LANES if lane.key not in dutch.out] == []
    assert "estafette case acts" in dutch.out


@pytest.mark.parametrize("stage", PATH, ids=lambda s: s.key)
def test_one_stage_tells_its_guards_promises_acts_and_exits(estafette: Estafette, stage):
    said = estafette("path", stage.key)
    assert said.code == 0
    parts = (*stage.guards, *stage.terms, *stage.acts, *stage.exits)
    judging = [guard for act in stage.acts for guard in act.guards]
    assert [part.key for part in (*parts, *judging) if part.key not in said.out] == []
    assert [g.asks.nl for g in (*stage.guards, *judging) if g.asks.nl not in said.out] == []
    assert "`" not in said.out


def test_one_stage_is_told_in_english_too(estafette: Estafette):
    said = estafette("path", "house_closure", "--language", "en").out
    stage = STAGES["house_closure"]
    assert [g.key for g in stage.guards if g.asks.en not in said or g.asks.nl in said] == []
    assert "law: cannot be waived" in said


def test_in_json_the_table_comes_with_numbers_and_forms_of_facts(estafette: Estafette):
    whole = estafette("path", "--json").json
    assert [row["key"] for row in whole["stages"]] == [s.key for s in PATH]
    assert [row["key"] for row in whole["lanes"]] == [lane.key for lane in LANES]
    assert set(policy_numbers()) <= {*whole["numbers"], *whole["missing"]}
    assert set(whole["facts"]) == {fact for act in acts() for fact in act.fields}


def test_in_json_one_stage_has_only_its_own_numbers(estafette: Estafette):
    one = estafette("path", "warning", "--json").json
    assert one["stage"]["key"] == "warning"
    assert {key.partition(".")[0] for key in one["numbers"]} == {"warning"}


def test_in_markdown_it_is_the_page_or_one_part_of_it(estafette: Estafette):
    assert estafette("path", "--markdown").out == path_page(DEFAULT)
    part = estafette("path", "house_closure", "--markdown").out
    assert part == stage_part(STAGES["house_closure"], DEFAULT)
    assert part in path_page(DEFAULT)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("house",), "house_closure"),
        (("--language", "de"), "choose nl or en"),
        (("--markdown", "--json"), "choose one"),
    ],
)
def test_what_it_cannot_show_is_refused_with_a_way_out(estafette: Estafette, words, hint):
    said = estafette("path", *words)
    assert (said.code, said.out) == (1, "")
    assert hint in said.err
    assert "Traceback" not in said.err


def test_it_explains_itself(estafette: Estafette):
    said = estafette("path", "--help")
    assert said.code == 0
    assert "--markdown" in said.out
    assert "--json" in said.out


def test_the_path_is_told_without_a_database(estafette: Estafette, folder):
    (folder / "estafette.db").unlink()
    assert estafette("path", "warning").code == 0
    assert not (folder / "estafette.db").exists()


@pytest.mark.parametrize(
    ("fact", "form"),
    [
        ("valid_until", "day"),
        ("serious", "yes or no"),
        ("amount", "whole euros"),
        ("measures", "words"),
        ("a_fact_nobody_knows_yet", "words"),
    ],
)
def test_a_fact_is_told_by_its_form(fact, form):
    assert form_of(fact).en == form


def test_a_fact_that_is_a_day_or_a_moment_or_one_of_some_words_says_so():
    assert form_of("until").en.startswith("day or moment")
    assert form_of("ground").en.startswith("one of a, b, c")
    assert form_of("ground").nl.startswith("een van a, b, c")


def test_every_fact_has_a_known_form():
    assert [fact for fact in FIELDS if "of its own" in form_of(fact).en] == []


@pytest.mark.parametrize("act", list(acts()), ids=lambda a: a.key)
def test_a_sample_of_each_fact_is_one_the_act_accepts(act: Act):
    alone = replace(act, needs=())  # one by one: together some would be at odds
    assert [fact for fact in act.fields if not checked(alone, {fact: sample_of(fact)})] == []


def test_a_guard_tells_which_acts_and_facts_it_reads():
    assert reads(GUARDS["lighter_means"]) == Reads(("lighter_means_recorded",), ())
    assert reads(GUARDS["adult"]).facts == ("adult",)
    heard = reads(GUARDS["heard"])
    assert {"views_heard", "intention_sent", "closure_intention_sent"} <= set(heard.acts)
    assert "hearing_skipped" in heard.facts


def test_what_a_guard_asks_only_after_another_answer_is_told_too():
    assert {"dwelling_recorded", "landlord_step_recorded"} <= set(
        reads(GUARDS["landlord_first"]).acts
    )


@pytest.mark.parametrize("guard", GUARDS.values(), ids=lambda g: g.key)
def test_whether_a_guard_can_be_waived_is_told_in_both_languages(guard: Guard):
    told = waiver(guard)
    assert told.en.startswith("policy:" if guard.waivable else "law:")
    assert told.nl.startswith("beleid:" if guard.waivable else "wet:")


def test_the_page_says_of_each_family_a_measure_does_not_ask_why_not():
    page = path_page(DEFAULT)
    assert [key for key, why in NOT_ASKED.items() if why.nl not in page] == []


def test_to_close_a_house_half_a_minute_is_enough():
    """From the top of the page one link leads to all that must be on record."""
    page = path_page(DEFAULT)
    top, _, _ = page.partition("## The stages at a glance")
    place = top.partition("[closure announced](#")[2].partition(")")[0]
    part = next(p for p in parts_of(page) if anchor(p.partition("\n")[0]) == place)
    act = next(act for act in acts() if act.key == "closure_announced")
    assert [g.key for g in act.guards if g.asks.nl not in part] == []
    assert "`housing_inquiry_recorded`" in part


def parts_of(page: str) -> Iterator[str]:
    return (part for chapter in page.split("\n## ") for part in chapter.split("\n### "))


def test_nothing_in_a_cell_can_break_a_table():
    made = table(("a", "b"), [("one | two", "three\nfour"), ("", "five")])
    assert made.splitlines()[2:] == ["| one \\| two | three four |", "| – | five |"]
