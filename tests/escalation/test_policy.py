"""A municipality's policy: its own numbers over the path, never over the law; faults by name."""

import re
from datetime import date, time

import pytest

from escalation.path import OPEN_STAGES, STAGES
from escalation.policy import (
    CASE,
    PolicyError,
    missing_in,
    parse,
    policy_numbers,
    sections,
    shipped,
    shipped_names,
)
from escalation.terms import Length, Unit

DEFAULT = shipped("default")
HEAD = 'name = "voorbeeld"\nin_force = 2026-01-01\nsource = "besluit 12"\n'
LADDER = '[ladder]\n[[ladder.rungs]]\noffset = 0\nto = ["director"]\n'


def a_policy(body: str = "", head: str = HEAD, ladder: str = LADDER) -> str:
    return f"{head}\n{body}\n{ladder}"


def problems_of(text: str, base: str | None = DEFAULT) -> str:
    with pytest.raises(PolicyError) as refused:
        parse(text, base)
    assert all(problem in str(refused.value) for problem in refused.value.problems)
    return " / ".join(refused.value.problems)


# --- what comes with Estafette -------------------------------------------------------------------


@pytest.mark.parametrize("name", shipped_names())
def test_every_shipped_policy_loads_under_its_own_name(name):
    assert parse(shipped(name), DEFAULT).name == name


def test_the_default_policy_is_complete_and_has_an_article():
    default = parse(DEFAULT)
    assert default.missing == ()
    assert (default.name, default.in_force, default.by_law) == (
        "default", date(2026, 1, 1), "2:79",
    )  # fmt: skip
    assert [rung.offset for rung in default.ladder.rungs] == [-2, 0, 1, 3, 5]
    assert default.ladder.ring_at == time(9)


def test_aalten_loads_with_what_it_lacks_listed_and_what_it_adopts_taken_over():
    aalten = parse(shipped("aalten-2025"), DEFAULT)
    assert aalten.by_law == "2:49a"
    assert aalten.missing == (
        "warning.delivered", "warning.observed", "behavioural_order.prepared",
        "behavioural_order.evaluated", "behavioural_order.evaluated_again",
        "behavioural_order.ban_extension", "house_closure.prepared", "house_closure.evaluated",
    )  # fmt: skip
    assert aalten.terms["outreach_care.review"] == Length(4, Unit.WEEKS)
    assert aalten.ladder == parse(DEFAULT).ladder


def test_aalten_can_not_enter_the_three_stages_it_gives_no_numbers_for():
    aalten = parse(shipped("aalten-2025"), DEFAULT)
    shut = [stage.key for stage in OPEN_STAGES if missing_in(aalten, stage)]
    assert shut == ["warning", "behavioural_order", "house_closure"]
    assert missing_in(aalten, STAGES["closed"]) == ()
    assert missing_in(aalten, STAGES["warning"]) == ("warning.delivered", "warning.observed")


def test_a_policy_that_is_not_shipped_is_refused_with_those_that_are():
    with pytest.raises(PolicyError, match="aalten-2025, default"):
        shipped("utopia")


# --- laying numbers over the path ----------------------------------------------------------------


def test_a_municipality_sets_its_own_numbers():
    ours = parse(a_policy('[terms.signal]\ntriaged = "3 working days"'), DEFAULT)
    assert ours.terms == {"signal.triaged": Length(3, Unit.WORKING_DAYS)}
    assert len(ours.missing) == len(policy_numbers()) - 1


def test_what_is_adopted_never_overrides_what_is_written():
    body = (
        '[terms.signal]\ntriaged = "3 working days"\n[adopt]\nstages = ["signal"]\nbecause = "ok"'
    )
    ours = parse(a_policy(body), DEFAULT)
    assert ours.terms["signal.triaged"] == Length(3, Unit.WORKING_DAYS)
    assert ours.terms["signal.acknowledged"] == Length(2, Unit.WORKING_DAYS)
    assert not any(key.startswith("assessment.") for key in ours.terms)


def test_a_term_of_law_has_its_length_whatever_the_policy():
    bare = parse(a_policy(), DEFAULT)
    lengths = {c.key: bare.length(section, c) for section, c in sections() if c.length}
    assert lengths["objection"] == Length(6, Unit.WEEKS)
    assert lengths["objection_decided"] == Length(12, Unit.WEEKS)


def test_a_missing_number_for_the_whole_case_keeps_it_out_of_every_stage():
    bare = parse(a_policy(), DEFAULT)
    for stage in OPEN_STAGES:
        assert f"{CASE}.next_step" in missing_in(bare, stage)


def test_a_policy_without_an_article_gives_no_power():
    assert parse(a_policy(), DEFAULT).by_law is None


# --- refused by name -----------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "said"), [
    ('[terms.signal]\ntriagged = "5 days"', "signal.triagged is not a term of the path"),
    ('[terms.moon]\nphase = "5 days"', "moon.phase is not a term of the path"),
    ('[terms.behavioural_order]\nobjection = "2 weeks"', "is set by law (Awb 6:7, 6:8(1))"),
    ('[terms.behavioural_order]\nban_heard = "5 days"', "is set by law (Wth 6(1))"),
    ('[terms.legal_protection]\nobjection_decided = "52 weeks"', "is set by law (Awb 7:10)"),
    ('[terms.warning]\nwarning_lapses = "1 year"', "is written in the decision itself"),
    ('[terms.signal]\ntriaged = "soon"', 'signal.triaged: "soon" is not a length'),
    ('[terms.signal]\ntriaged = "-5 days"', "signal.triaged"),
    ('[terms.signal]\ntriaged = "five days"', "signal.triaged"),
    ("[terms.signal]\ntriaged = 5", "terms.signal.triaged: "),
    ('[terms.signal]\ntriaged = "4 hours"', "signal.triaged: "),
    ('[terms.signal]\nacute_call = "2 days"', "signal.acute_call: "),
    ('[terms.signal]\nacute_call = "2 working days"', "signal.acute_call: "),
    ('[terms]\nsignal = "5 days"', "terms.signal: "),
    ('[adopt]\nstages = ["moon"]\nbecause = "x"', "adopt.stages: 'moon' is not a stage"),
    ('[adopt]\nstages = ["signal"]', "adopt.because: "),
    ('[adopt]\nstages = ["signal"]\nbecause = ""', "adopt.because: "),
    ('[by_law]\nartikel = "2:79"', "by_law.artikel: is not a known setting"),
    ("[secret]\nx = 1", "secret: is not a known setting"),
], ids=lambda v: v.replace("\n", " ") if v.startswith("[") else "")  # fmt: skip
def test_a_fault_in_the_body_is_refused_by_name(body, said):
    assert said in problems_of(a_policy(body))


@pytest.mark.parametrize(("ladder", "said"), [
    ("", "has no [ladder]"),
    ("[ladder]\nrungs = []\n", "ladder.rungs: "),
    ('[ladder]\n[[ladder.rungs]]\noffset = 1\nto = ["director"]\n', "must have offset 0"),
    ('[ladder]\n[[ladder.rungs]]\noffset = 1\nto = ["director"]\n'
     '[[ladder.rungs]]\noffset = 0\nto = ["deputy"]\n', "must climb"),
    ('[ladder]\n[[ladder.rungs]]\noffset = 0\nto = ["director"]\n'
     '[[ladder.rungs]]\noffset = 0\nto = ["deputy"]\n', "must climb"),
    ('[ladder]\n[[ladder.rungs]]\noffset = 0\nto = ["mayor"]\n', "ladder.rungs.0.to.0: "),
    ('[ladder]\n[[ladder.rungs]]\noffset = 0\nto = []\n', "ladder.rungs.0.to: "),
    ('[ladder]\n[[ladder.rungs]]\noffset = 999\nto = ["director"]\n', "ladder.rungs.0.offset: "),
    (LADDER.replace("[ladder]", "[ladder]\nrepeat_every = 0"), "ladder.repeat_every: "),
    (LADDER.replace("[ladder]", "[ladder]\nquiet_after_acknowledgement = -1"), "ladder.quiet"),
    (LADDER.replace("[ladder]", "[ladder]\nring_at = 25"), "ladder.ring_at: "),
    (LADDER.replace("[ladder]", '[ladder]\nring_at = "09:00+05:00"'), "ladder.ring_at: "),
    (LADDER.replace("[ladder]", "[ladder]\nsnooze = true"), "ladder.snooze: is not a known"),
], ids=lambda v: "")  # fmt: skip
def test_a_fault_in_the_ladder_is_refused_by_name(ladder, said):
    # Without a base there is no ladder to fall back on.
    assert said in problems_of(a_policy(ladder=ladder), base=None)


@pytest.mark.parametrize(("head", "said"), [
    ("", "name: "),
    (HEAD.replace("voorbeeld", "Voor Beeld"), "name: "),
    (HEAD.replace("2026-01-01", '"gisteren"'), "in_force: "),
    (HEAD.replace('source = "besluit 12"', ""), "source: "),
], ids=lambda v: "")  # fmt: skip
def test_a_fault_in_the_head_is_refused_by_name(head, said):
    assert said in problems_of(a_policy(head=head))


@pytest.mark.parametrize("text", ['name = "x', "[terms", "= 5", "[a]\nb = 1\n[a]\nb = 2", "\x00"])
def test_text_that_is_not_toml_is_refused_as_such(text):
    assert "is not valid TOML" in problems_of(text)


def test_every_problem_is_named_at_once():
    said = problems_of(
        a_policy('[terms.signal]\ntriaged = "soon"\nx = "5 days"\n'
                 '[terms.behavioural_order]\nobjection = "1 day"\n'
                 '[adopt]\nstages = ["moon"]\nbecause = "x"')
    )  # fmt: skip
    for words in ("signal.triaged", "signal.x", "behavioural_order.objection", "'moon'"):
        assert words in said


def test_the_message_begins_with_the_name_of_the_policy():
    with pytest.raises(PolicyError, match=re.escape("policy 'voorbeeld': signal.x")):
        parse(a_policy('[terms.signal]\nx = "5 days"'), DEFAULT)


def test_a_policy_can_not_be_changed_after_it_was_read():
    default = parse(DEFAULT)
    with pytest.raises(AttributeError):
        default.by_law = None  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        default.ladder.repeat_every = 1  # type: ignore[misc]
