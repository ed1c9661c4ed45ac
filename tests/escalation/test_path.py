"""The path table: whatever row is added, these hold. Nothing here repeats the table."""

import ast
import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from escalation import guards as guard_module
from escalation.baton import HANDOVER_NEWS, REPORTER_KNOWN, REQUEST_NEWS
from escalation.calendars import calendars
from escalation.counting import ends
from escalation.facts import TRUTHS
from escalation.lanes import CASE_WIDE
from escalation.measures import NOT_ASKED
from escalation.moves import Unknown, act_in, act_named, acts, stage, target_of
from escalation.path import FIRST, LANES, OPEN_STAGES, PATH, STAGES
from escalation.policy import CASE, parse, policy_numbers, sections, shipped
from escalation.promised import OBJECTION
from escalation.shape import Act, Family, Guard, Role
from escalation.standing import EFFECTS, MEASURES
from escalation.terms import Kind, Length, Term
from escalation.text import Origin, Text

ROOT = Path(__file__).parents[2]
WORD = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
GUARDS = [g for g in vars(guard_module).values() if isinstance(g, Guard)]
ACTS = list(acts())
SECTIONS = list(sections())
CHECKPOINTS = [checkpoint for _section, checkpoint in SECTIONS]
COERCIVE = [s for s in PATH if s.coercive]
COERCIVE_ACTS = [a for a in ACTS if a.coercive]
TODAY = date(2026, 3, 2)


def all_texts() -> list[Text]:
    named = [*ACTS, *LANES, *(e for s in PATH for e in s.exits)]
    asking = [*GUARDS, *CHECKPOINTS]
    return [
        *(n.name for n in named),
        *(a.asks for a in asking),
        *(s.decides for s in PATH),
        *(Text(s.dutch, s.english) for s in PATH),
        *HANDOVER_NEWS.values(),
        *REQUEST_NEWS.values(),
        *NOT_ASKED.values(),
        *(measure.name for measure in MEASURES.values()),
    ]


def reachable_from(key: str) -> set[str]:
    seen, todo = {key}, [key]
    while todo:
        for way_out in STAGES[todo.pop()].exits:
            if way_out.to not in seen:
                seen.add(way_out.to)
                todo.append(way_out.to)
    return seen


def can_come(key: str, after: tuple[str, ...]) -> bool:
    """Whether what it follows on can come first, and so on down to an act that follows none."""
    act = act_named(key)
    return key not in after and (
        not act.follows or any(can_come(before, (*after, key)) for before in act.follows)
    )


def repeated(keys: list[str]) -> list[str]:
    return [key for key, times in Counter(keys).items() if times > 1]


# --- keys ----------------------------------------------------------------------------------------


def test_the_users_seven_stages_come_first_in_their_order_and_then_the_three_ends():
    assert list(STAGES) == [
        "signal", "assessment", "voluntary_care", "outreach_care", "warning", "behavioural_order",
        "house_closure", "aftercare", "referred", "closed",
    ]  # fmt: skip


def test_every_key_is_one_lower_case_word():
    keys = [
        *(s.key for s in PATH),
        *(e.key for s in PATH for e in s.exits),
        *(lane.key for lane in LANES),
        *(a.key for a in ACTS),
        *(f for a in ACTS for f in a.fields),
        *(g.key for g in GUARDS),
        *(c.key for c in CHECKPOINTS),
    ]
    assert [key for key in keys if not WORD.fullmatch(key)] == []


def test_stages_acts_guards_and_lanes_have_keys_of_their_own():
    assert repeated([s.key for s in PATH]) == []
    assert repeated([a.key for a in ACTS]) == []
    assert repeated([g.key for g in GUARDS]) == []
    assert repeated([*STAGES, *(lane.key for lane in LANES), CASE]) == []


@pytest.mark.parametrize("row", PATH, ids=lambda s: s.key)
def test_a_stage_uses_each_exit_key_and_each_guard_once(row):
    assert repeated([e.key for e in row.exits]) == []
    assert repeated([g.key for g in row.guards]) == []
    assert all(repeated([g.key for g in a.guards]) == [] for a in row.acts)


def test_a_promise_key_asks_one_question_within_its_section_whoever_starts_it():
    asked: dict[tuple[str, str], set[Text]] = {}
    for section, checkpoint in SECTIONS:
        asked.setdefault((section, checkpoint.key), set()).add(checkpoint.asks)
    assert {place for place, questions in asked.items() if len(questions) > 1} == set()


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.key)
def test_an_act_starts_each_promise_once(act):
    assert repeated([c.key for c in act.starts]) == []


def test_stored_words_fit_their_columns():
    assert all(len(s.key) <= 32 for s in PATH)
    assert all(len(e.key) <= 64 for s in PATH for e in s.exits)
    assert all(len(a.key) <= 64 for a in ACTS)
    assert all(len(c.key) <= 64 and len(c.source.cite) <= 200 for c in CHECKPOINTS)


# --- shape ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", PATH, ids=lambda s: s.key)
def test_every_exit_leads_to_another_stage(row):
    assert {e.to for e in row.exits} <= STAGES.keys() - {row.key}


def test_every_stage_is_reachable_from_the_first():
    assert reachable_from(FIRST.key) == STAGES.keys()


@pytest.mark.parametrize("row", OPEN_STAGES, ids=lambda s: s.key)
def test_from_every_open_stage_an_end_is_reachable(row):
    assert any(STAGES[key].is_end for key in reachable_from(row.key))


@pytest.mark.parametrize("row", OPEN_STAGES, ids=lambda s: s.key)
def test_from_every_open_stage_something_that_is_not_coercive_can_be_chosen(row):
    assert any(not STAGES[e.to].coercive for e in row.exits)


@pytest.mark.parametrize("row", OPEN_STAGES, ids=lambda s: s.key)
def test_every_open_stage_promises_something_on_entry(row):
    assert any(c.only_if is None for c in row.checkpoints)


@pytest.mark.parametrize("row", [s for s in PATH if s.is_end], ids=lambda s: s.key)
def test_an_end_asks_nothing_and_promises_nothing(row):
    assert (row.checkpoints, row.acts, row.guards, row.coercive) == ((), (), (), False)


@pytest.mark.parametrize("row", OPEN_STAGES, ids=lambda s: s.key)
def test_a_promise_dated_on_entry_needs_no_fact_that_only_an_act_could_carry(row):
    assert [c.key for c in row.checkpoints if c.from_fact] == []


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.key)
def test_a_promise_dated_by_an_act_takes_its_date_from_a_fact_the_act_can_carry(act):
    assert {c.from_fact for c in act.starts if c.from_fact} <= set(act.fields)


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.key)
def test_what_an_act_needs_is_among_what_it_may_carry(act):
    assert set(act.needs) <= set(act.fields)


def test_promises_are_answered_and_ended_only_by_what_exists():
    known = {a.key for a in ACTS}
    started = {c.key for c in CHECKPOINTS}
    assert {by for c in CHECKPOINTS for by in c.answered_by} <= known
    assert {key for a in ACTS for key in a.ends} <= started


@pytest.mark.parametrize("act", [a for a in ACTS if a.follows], ids=lambda a: a.key)
def test_an_act_follows_others_that_exist_and_can_come_first(act):
    assert set(act.follows) <= {other.key for other in ACTS}
    assert can_come(act.key, ())


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.key)
def test_what_makes_a_promise_of_an_act_depend_is_a_word_somebody_can_say(act):
    known = {*TRUTHS, *EFFECTS, "late"} & {*act.fields, *EFFECTS, "late"} | {REPORTER_KNOWN}
    said = [c.only_if for c in act.starts if c.only_if]
    said += [c.longer_if[0] for c in act.starts if c.longer_if]
    assert set(said) <= known
    assert "effect" in act.fields or not set(EFFECTS) & set(said)


@pytest.mark.parametrize("row", PATH, ids=lambda s: s.key)
def test_on_entry_a_promise_depends_on_nothing_but_urgency(row):
    assert {c.only_if for c in row.checkpoints} <= {None, "acute"}
    assert not any(c.longer_if or c.after_term for c in row.checkpoints)


@pytest.mark.parametrize("checkpoint", [c for c in CHECKPOINTS if c.longer_if], ids=lambda c: c.key)
def test_another_length_is_longer_and_lawful(checkpoint):
    longer = Term(Length.parse(checkpoint.longer_if[1]), checkpoint.kind, checkpoint.source)
    usual = Term(Length.parse(checkpoint.length), checkpoint.kind, checkpoint.source)
    assert ends(TODAY, longer, calendars()).end > ends(TODAY, usual, calendars()).end


def test_a_promise_is_counted_from_a_term_that_exists():
    assert {c.after_term for c in CHECKPOINTS if c.after_term} <= {c.key for c in CHECKPOINTS}


def test_what_hangs_on_a_measure_is_on_the_path():
    for measure in MEASURES.values():
        kinds = {a.key for a in ACTS}
        assert {*measure.begun_by, *measure.ended_by, *measure.shortened_by} <= kinds
        hanging = {measure.begins, measure.end, *measure.depends, *measure.follows} - {None}
        assert hanging <= {c.key for section, c in SECTIONS if section == measure.section}
        assert all(measure.until in act_named(key).fields for key in measure.begun_by
                   if measure.until)  # fmt: skip


def test_enforcement_leads_the_coercive_stages_and_somebody_every_other():
    assert all(isinstance(s.lead, Role) for s in PATH)
    assert {s.lead for s in COERCIVE} == {Role.ENFORCEMENT}


# --- terms and policy numbers --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "checkpoint"), SECTIONS, ids=lambda v: v if isinstance(v, str) else v.key
)
def test_a_promise_knows_its_date_in_exactly_one_way(section, checkpoint):
    by_policy = f"{section}.{checkpoint.key}" in policy_numbers()
    ways = [checkpoint.length is not None, checkpoint.from_fact is not None, by_policy]
    assert ways.count(True) == 1


@pytest.mark.parametrize("checkpoint", [c for c in CHECKPOINTS if c.length], ids=lambda c: c.key)
def test_a_length_in_the_table_is_a_lawful_term(checkpoint):
    assert checkpoint.by_law
    Term(Length.parse(checkpoint.length), checkpoint.kind, checkpoint.source)


def test_only_terms_of_law_have_a_statutory_kind():
    statutory = {Kind.STATUTORY, Kind.STATUTORY_EXCLUDED, Kind.BACKWARD}
    assert [c.key for c in CHECKPOINTS if c.kind in statutory and not c.by_law] == []


def test_every_number_the_path_needs_is_in_the_default_policy():
    default = parse(shipped("default"))
    assert default.missing == ()
    assert set(default.terms) == set(policy_numbers())
    assert all(default.missing_for(s.key) == () for s in PATH)


def test_every_number_of_the_default_policy_makes_a_term_of_the_kind_the_path_says():
    default = parse(shipped("default"))
    for section, checkpoint in SECTIONS:
        if length := default.terms.get(f"{section}.{checkpoint.key}"):
            Term(length, checkpoint.kind, checkpoint.source)


def test_promises_of_the_whole_case_are_policy_numbers_so_that_they_can_always_be_dated():
    from_policy = [c for c in CASE_WIDE if not c.from_fact]
    assert {f"{CASE}.{c.key}" for c in from_policy} <= set(policy_numbers())
    # A pause and a wait state their own end.
    stated = [c.key for c in CASE_WIDE if c.from_fact]
    assert stated == ["wait_over", "partner_wait_over", "pause_over"]


# --- words ---------------------------------------------------------------------------------------


def test_every_text_is_there_in_both_languages():
    for text in all_texts():
        assert text.nl.strip() == text.nl != ""
        assert text.en.strip() == text.en != ""


@pytest.mark.parametrize("asking", [*GUARDS, *CHECKPOINTS], ids=lambda a: a.key)
def test_a_question_fits_a_message_and_says_where_it_comes_from(asking):
    for words in (asking.asks.nl, asking.asks.en):
        assert len(words) <= 160
        assert words.isprintable()  # one line, and nothing a reader cannot see
    assert isinstance(asking.source.origin, Origin)
    assert asking.source.cite.strip()


@pytest.mark.parametrize("guard", GUARDS, ids=lambda g: g.key)
def test_a_guard_is_a_question(guard):
    assert guard.asks.nl.endswith("?")
    assert guard.asks.en.endswith("?")


# --- coercion ------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", COERCIVE, ids=lambda s: s.key)
def test_a_coercive_stage_has_guards_and_a_law_guard_on_lighter_means(row):
    assert row.guards
    lighter = [g for g in row.guards if g.family is Family.LIGHTER]
    assert lighter
    assert not any(g.waivable for g in lighter)


@pytest.mark.parametrize("act", COERCIVE_ACTS, ids=lambda a: a.key)
def test_a_coercive_act_has_guards_and_belongs_to_a_coercive_stage_or_the_emergency_lane(act):
    assert act.guards
    homes = [home.key for home in (*PATH, *LANES) if act in home.acts]
    assert homes in [*([s.key] for s in COERCIVE), ["emergency"]]


@pytest.mark.parametrize("act", COERCIVE_ACTS, ids=lambda a: a.key)
@pytest.mark.parametrize("family", Family)
def test_each_of_the_seven_questions_is_asked_of_a_coercive_act_or_it_is_said_why_not(family, act):
    asked = any(guard.family is family for guard in act.guards)
    assert asked != ((act.key, family) in NOT_ASKED)


def test_only_of_coercive_acts_is_it_said_that_a_question_is_not_asked():
    assert {act for act, _family in NOT_ASKED} <= {act.key for act in COERCIVE_ACTS}


def test_an_act_of_a_stage_that_has_guards_is_coercive_so_that_it_can_not_be_recorded_elsewhere():
    assert [a.key for s in PATH for a in s.acts if a.guards and not a.coercive] == []


def test_what_is_decided_may_say_who_decided_it_and_none_of_it_does_without_an_objection_clause():
    decisions = [a for a in ACTS if OBJECTION in a.starts]
    assert decisions
    for act in decisions:
        assert "decided_by" in act.needs, act.key
        assert "objection_clause" in {guard.key for guard in act.guards}, act.key
        assert "letter_date" in act.fields, act.key


def test_every_family_of_guards_judges_some_coercive_stage_or_act():
    used = {
        g.family
        for s in COERCIVE
        for g in (*s.guards, *(g for a in s.acts if a.coercive for g in a.guards))
    }
    assert used == set(Family)


def test_every_guard_is_used_somewhere():
    used = {g.key for s in PATH for g in s.guards} | {g.key for a in ACTS for g in a.guards}
    assert {g.key for g in GUARDS} - used == set()


def test_an_act_ends_only_promises_of_its_own_section_so_enforcement_never_ends_care():
    for home in (*PATH, *LANES):
        for act in home.acts:
            assert set(act.ends) <= {c.key for section, c in SECTIONS if section == home.key}


@pytest.mark.parametrize(
    "key",
    ["objection", "complied", "paid", "collection_lapses", "objection_decided", "ban_heard",
     "ban_ends", "closure_ends", "acute_call", "acknowledged", "report_back"],
)  # fmt: skip
def test_what_runs_whatever_the_stage_outlives_it(key):
    assert all(c.outlives for c in CHECKPOINTS if c.key == key)


def casework_modules_behind(start: str) -> set[str]:
    seen, todo = set(), [start]
    while todo:
        name = todo.pop()
        seen.add(name)
        file = ROOT / f"{name.replace('.', '/')}.py"
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = []
            if isinstance(node, ast.ImportFrom) and node.module == "casework":
                names = [f"casework.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("casework."):
                names = [node.module]
            todo += [n for n in names if n not in seen]
    return seen


@pytest.mark.parametrize("timer", ["raising", "visits", "stock", "alerts", "promises", "audit"])
def test_nothing_a_timer_calls_can_reach_the_code_that_enters_a_stage(timer):
    entering = {"casework.entering", "casework.stages"}
    assert not entering & casework_modules_behind(f"casework.{timer}")


def test_only_a_signal_and_a_decision_enter_a_stage():
    callers = {
        file.name
        for file in (ROOT / "casework").glob("*.py")
        if file.name != "entering.py" and "enter_stage(" in file.read_text(encoding="utf-8")
    }
    assert callers == {"intake.py", "stages.py"}


def test_no_flow_decides_or_records_an_act():
    forbidden = {"casework.stages", "casework.entering", "casework.acts", "casework.intake",
                 "casework.offering", "casework.receiving", "casework.forcing",
                 "casework.reporting"}  # fmt: skip
    for file in (ROOT / "flows").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                assert node.module not in forbidden, file.name


# --- moves ---------------------------------------------------------------------------------------


def test_an_unknown_stage_exit_or_act_is_refused_with_the_ones_there_are():
    with pytest.raises(Unknown, match="behavioural_order"):
        stage("gedragsaanwijzing")
    with pytest.raises(Unknown, match="help_first"):
        target_of(STAGES["assessment"], "persists")
    with pytest.raises(Unknown, match="none"):
        target_of(STAGES["closed"], "persists")
    with pytest.raises(Unknown, match="flog"):
        act_in(FIRST, "flog")
    with pytest.raises(Unknown, match="flog"):
        act_named("flog")


@pytest.mark.parametrize("row", PATH, ids=lambda s: s.key)
def test_an_exit_leads_where_the_table_says(row):
    for way_out in row.exits:
        assert target_of(row, way_out.key) is STAGES[way_out.to]


@pytest.mark.parametrize("act", ACTS, ids=lambda a: a.key)
def test_a_coercive_act_of_a_stage_can_be_recorded_there_only_and_any_other_act_anywhere(act: Act):
    can, home = [s.key for s in PATH if _knows(s, act)], [s.key for s in PATH if act in s.acts]
    assert can == (home if act.coercive and home else list(STAGES))


def _knows(row, act: Act) -> bool:
    try:
        return act_in(row, act.key) is act
    except Unknown:
        return False


def test_a_checkpoint_by_law_is_one_whose_source_is_an_act():
    assert all(c.by_law == (c.source.origin is Origin.LAW) for c in CHECKPOINTS)
