"""A municipality's policy: its own numbers over the path, never over the law; faults by name."""

import re
from contextlib import suppress
from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation.path import OPEN_STAGES, STAGES
from escalation.policy import (
    CASE,
    PolicyError,
    accepts,
    completed,
    every_number,
    in_a_lane,
    kind_of,
    meaning_of,
    missing_in,
    parse,
    sections,
    shipped,
    shipped_names,
    shuts,
)
from escalation.policy_file import FIELDS
from escalation.terms import Length, Unit

DEFAULT = shipped("default")
HEAD = 'name = "voorbeeld"\nin_force = 2026-01-01\nsource = "besluit 12"\n'
OWN = tuple(key for key in every_number() if not in_a_lane(key))
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


RHYTHM = {"signal", "assessment", "voluntary_care", "outreach_care", "aftercare", CASE}
OF_MEASURES = tuple(key for key in OWN if key.split(".")[0] not in RHYTHM)


def test_aalten_loads_with_what_it_lacks_listed_and_what_it_adopts_taken_over():
    aalten = parse(shipped("aalten-2025"), DEFAULT)
    assert aalten.by_law == "2:49a"
    assert aalten.missing == OF_MEASURES
    assert {"warning.delivered", "warning.validity", "behavioural_order.warnings"} <= {
        *aalten.missing
    }
    assert aalten.terms["outreach_care.review"] == Length(4, Unit.WEEKS)
    assert aalten.ladder == parse(DEFAULT).ladder


def test_aalten_can_not_enter_the_three_stages_it_gives_no_numbers_for():
    aalten = parse(shipped("aalten-2025"), DEFAULT)
    shut = [stage.key for stage in OPEN_STAGES if missing_in(aalten, stage)]
    assert shut == ["warning", "behavioural_order", "house_closure"]
    assert missing_in(aalten, STAGES["closed"]) == ()


@pytest.mark.parametrize("name", [n for n in shipped_names() if n != "default"])
def test_every_real_policy_keeps_shut_each_stage_whose_numbers_it_lacks(name):
    real = parse(shipped(name), DEFAULT)
    given = {*real.terms, *real.counts, *real.limits}
    assert {*real.missing} == {*every_number()} - given
    for key in real.missing:
        for stage in shuts(key):
            assert key in missing_in(real, STAGES[stage]) or STAGES[stage].is_end
    for stage in OPEN_STAGES:
        own = [key for key in real.missing if key.startswith(f"{stage.key}.")]
        assert own == [k for k in missing_in(real, stage) if k.startswith(f"{stage.key}.")]


@pytest.mark.parametrize(
    "name", [n for n in shipped_names() if n not in {"default", "aalten-2025"}]
)
def test_no_measure_rests_on_a_number_that_no_source_states(name):
    real = parse(shipped(name), DEFAULT)
    assert real.missing == OF_MEASURES
    assert {key.split(".")[0] for key in real.adopted if not in_a_lane(key)} == RHYTHM
    assert real.ladder_adopted
    assert real.notes


def test_every_policy_of_the_reference_is_shipped():
    assert set(shipped_names()) == {
        "aalten-2025", "arnhem-observed", "bergen-op-zoom-2025", "ccv-2022", "de-bilt-observed",
        "default", "houten-2020", "land-van-cuijk-2022", "leeuwarden-174a-2007",
        "lingewaard-2022", "medemblik-2021", "rijswijk-observed", "vlaardingen-2021",
    }  # fmt: skip


def test_leeuwardens_manual_says_that_it_was_withdrawn():
    leeuwarden = parse(shipped("leeuwarden-174a-2007"), DEFAULT)
    assert (leeuwarden.in_force, leeuwarden.withdrawn) == (date(2007, 10, 4), date(2008, 7, 10))


def test_a_policy_whose_day_is_unknown_says_why():
    vlaardingen = parse(shipped("vlaardingen-2021"), DEFAULT)
    assert vlaardingen.in_force is None
    assert vlaardingen.in_force_unknown


def test_a_policy_that_is_not_shipped_is_refused_with_those_that_are():
    with pytest.raises(PolicyError, match="aalten-2025, arnhem-observed"):
        shipped("utopia")


# --- laying numbers over the path ----------------------------------------------------------------


def test_a_municipality_sets_its_own_numbers():
    ours = parse(a_policy('[terms.signal]\ntriaged = "3 working days"'), DEFAULT)
    assert ours.terms["signal.triaged"] == Length(3, Unit.WORKING_DAYS)
    assert {*ours.missing} == {*OWN} - {"signal.triaged"}


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
    assert lengths["collection_lapses"] == Length(1, Unit.YEARS)


def test_a_missing_number_for_the_whole_case_keeps_it_out_of_every_stage():
    bare = parse(a_policy(), DEFAULT)
    for stage in OPEN_STAGES:
        assert f"{CASE}.next_step" in missing_in(bare, stage)


def test_numbers_of_the_lanes_are_never_missing_so_that_an_objection_is_never_refused():
    bare, default = parse(a_policy(), DEFAULT), parse(DEFAULT)
    assert {*bare.terms} == {*bare.adopted} == {key for key in every_number() if in_a_lane(key)}
    assert all(bare.terms[key] == default.terms[key] for key in bare.terms)


def test_a_municipality_sets_its_own_counts_and_limits():
    ours = parse(
        a_policy("[counts]\nbehavioural_order.warnings = 0\n"
                 '[limits]\nwarning.validity = "6 months"\n"house_closure.duration" = "1 year"'),
        DEFAULT,
    )  # fmt: skip
    assert ours.counts == {"behavioural_order.warnings": 0}
    assert ours.limits == {
        "warning.validity": Length(6, Unit.MONTHS), "house_closure.duration": Length(1, Unit.YEARS),
    }  # fmt: skip
    assert ours.number("behavioural_order.warnings") == 0
    assert not {*ours.counts, *ours.limits} & {*ours.missing}


def test_adopting_a_stage_takes_over_its_counts_and_limits_too():
    body = '[adopt]\nstages = ["behavioural_order"]\nbecause = "ok"'
    body += "\n[counts]\nbehavioural_order.warnings = 2"
    ours, default = parse(a_policy(body), DEFAULT), parse(DEFAULT)
    assert ours.counts == {"behavioural_order.warnings": 2, "behavioural_order.observations": 1}
    assert ours.limits["behavioural_order.duration"] == default.limits["behavioural_order.duration"]
    assert "behavioural_order.warnings" not in ours.adopted
    assert "behavioural_order.observations" in ours.adopted
    assert ours.adopted_because == "ok"


def test_a_policy_that_does_not_say_who_is_told_rings_by_the_common_ladder_and_says_so():
    silent = parse(a_policy(ladder=""), DEFAULT)
    assert (silent.ladder, silent.ladder_adopted) == (parse(DEFAULT).ladder, True)
    assert parse(a_policy(), DEFAULT).ladder_adopted is False


@pytest.mark.parametrize(("body", "first"), [
    ("", True),
    ("[rules]\nlandlord_first = true", True),
    ("[rules]\nlandlord_first = false", False),
], ids=["silent", "first", "not first"])  # fmt: skip
def test_the_landlord_acts_first_unless_the_policy_says_otherwise(body, first):
    assert parse(a_policy(body), DEFAULT).landlord_first is first


def test_a_note_is_a_text_or_a_list_of_texts():
    ours = parse(a_policy('[notes]\nrole = "x"\n"wat er staat" = ["a", "b"]'), DEFAULT)
    assert ours.notes == {"role": ("x",), "wat er staat": ("a", "b")}


def test_a_policy_without_an_article_gives_no_power():
    assert parse(a_policy(), DEFAULT).by_law is None


# --- refused by name -----------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "said"), [
    ('[terms.signal]\ntriagged = "5 days"', "signal.triagged is not a term of the path"),
    ('[terms.moon]\nphase = "5 days"', "moon.phase is not a term of the path"),
    ('[terms.behavioural_order]\nobjection = "2 weeks"', "is set by law (Awb 6:7, 6:8(1))"),
    ('[terms.behavioural_order]\nban_heard = "5 days"', "is set by law (Wth 6(1))"),
    ('[terms.legal_protection]\nobjection_decided = "52 weeks"', "is set by law (Awb 7:10"),
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
    ('[by_law]\narticle = " "', "by_law.article: "),
    ("[[rules]]\nlandlord_first = true", "rules: wants a table; write [rules]"),
    ("[note]\nx = 'y'", "note: is not a known setting; did you mean notes?"),
    ("[rules]\nmediation_first = true", "write a rule Estafette does not know under [notes]"),
    ('[rules]\nlandlord_first = "yes"', "rules.landlord_first: "),
    ("[notes]\nyear = 2021", "notes.year: wants a text or a list of texts"),
    ('[terms.warning]\nobjection = "6 weeks"', "objection is set by law (Awb 6:7, 6:8(1))"),
    ('[limits]\nhouse_ban.duration = "20 days"', "set by law (Gemeentewet 151d(3)); remove it"),
    ("[counts]\nhouse_ban.warnings = 1", "set by law (Gemeentewet 151d(3)); remove it"),
    ('[terms.house_ban]\nends = "10 days"', "set by law (Gemeentewet 151d(3)); remove it"),
    ('[terms.warning]\nvalidity = "6 months"', "belongs under [limits]; move it there"),
    ("[limits]\nbehavioural_order.warnings = 1", "belongs under [counts]; move it there"),
    ('[counts]\nwarning.delivered = "5 days"', "belongs under [terms]; move it there"),
    ('[terms.signal]\ntriagd = "5 days"', "did you mean signal.triaged?"),
    ("[counts]\nbehavioural_order.warnings = 6", "wants a number from 0 to 5, not 6"),
    ("[counts]\nbehavioural_order.warnings = -1", "wants a number from 0 to 5, not -1"),
    ("[counts]\nbehavioural_order.observations = 0", "wants a number from 1 to 20, not 0"),
    ("[counts]\nhouse_closure.observations = 21", "wants a number from 1 to 20, not 21"),
    ("[counts]\nbehavioural_order.warnings = true", "wants a whole number without quotes"),
    ("[counts]\nbehavioural_order.warnings = 1.0", "wants a whole number without quotes"),
    ('[counts]\nbehavioural_order.warnings = "1"', "wants a whole number without quotes"),
    ("[limits]\nwarning.validity = 6", "limits.warning.validity: wants a length in quotes"),
    ('[limits]\nwarning.validity = "0 months"', "wants one or more days, weeks, months"),
    ('[limits]\nwarning.validity = "60 working days"', "wants one or more days, weeks, months"),
    ('[limits]\nwarning.validity = "6 moons"', "the units are hours, days"),
    ('[limits]\nwarning.validity = "11 years"', "is longer than ten years"),
    ('[terms.signal]\ntriaged = "9999 weeks"', "is longer than ten years"),
    ("[counts]\nbehavioural_order = 1", "counts.behavioural_order: wants a table"),
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
    (HEAD.replace("2026-01-01", "12"), "in_force: wants a day"),
    (HEAD.replace("in_force = 2026-01-01\n", ""), "or in_force_unknown with the reason"),
    (HEAD + 'in_force_unknown = "x"\n', "write either in_force with a day"),
    (HEAD + "withdrawn = 2025-12-31\n", "withdrawn lies before in_force"),
    (HEAD.replace("voorbeeld", "a" * 65), "name: "),
    ('name = "Fout"', "or in_force_unknown with the reason"),
    (HEAD.replace('source = "besluit 12"', ""), "source: is missing; add it"),
    (HEAD.replace("besluit 12", ""), "source: "),
], ids=lambda v: "")  # fmt: skip
def test_a_fault_in_the_head_is_refused_by_name(head, said):
    assert said in problems_of(a_policy(head=head))


@pytest.mark.parametrize("text", ['name = "x', "[terms", "= 5", "[a]\nb = 1\n[a]\nb = 2", "\x00",
                                  "x = 1" + 5000 * "0", "x = " + 9000 * "["],
                         ids=lambda text: text[:9])  # fmt: skip
def test_text_that_is_not_toml_is_refused_as_such(text):
    assert "is not valid TOML" in problems_of(text)


def test_every_problem_is_named_at_once():
    said = problems_of(
        a_policy('[terms.signal]\ntriaged = "soon"\nx = "5 days"\n'
                 '[terms.behavioural_order]\nobjection = "1 day"\n'
                 '[adopt]\nstages = ["moon"]\nbecause = "x"\n'
                 "[counts]\nbehavioural_order.warnings = 9\nhouse_closure.warnings = 1\n"
                 '[limits]\nhouse_ban.duration = "5 weeks"\n[rules]\nlandlord = true')
    )  # fmt: skip
    for words in (
        "signal.triaged", "signal.x", "behavioural_order.objection", "from 0 to 5",
        "house_closure.warnings", "house_ban.duration", "rules.landlord",
    ):  # fmt: skip
        assert words in said


def test_the_message_begins_with_the_name_of_the_policy():
    with pytest.raises(PolicyError, match=re.escape("policy 'voorbeeld': terms.signal.x")):
        parse(a_policy('[terms.signal]\nx = "5 days"'), DEFAULT)


def test_a_policy_can_not_be_changed_after_it_was_read():
    default = parse(DEFAULT)
    with pytest.raises(AttributeError):
        default.by_law = None  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        default.ladder.repeat_every = 1  # type: ignore[misc]


# --- whatever is written -------------------------------------------------------------------------

SETTINGS = ["name", "in_force", "withdrawn", "source", "because", "stages", "rungs", "article"]
TABLES = ["terms", "counts", "limits", "rules", "notes", "adopt", "ladder", "by_law"]
NUMBERS = ["signal", "warning", "validity", "behavioural_order", "warnings", "house_ban"]
WORDS = st.sampled_from([*SETTINGS, *TABLES, *NUMBERS])
VALUES = st.one_of(
    st.integers().map(str), st.floats().map(str), st.sampled_from(["true", "[]", "{}", "[[1]]"]),
    st.sampled_from(["2026-01-01", "09:00:00", "2026-01-01T09:00:00Z", "1 day", '"6 weeks"']),
    st.text(max_size=9).map(lambda text: f'"{text}"'),
)  # fmt: skip
LINES = st.one_of(
    st.builds("{}.{} = {}".format, WORDS, WORDS, VALUES),
    st.builds("{} = {}".format, WORDS, VALUES),
    st.builds("[{}]".format, WORDS),
    st.builds("[{}.{}]".format, WORDS, WORDS),
    st.builds("[[ladder.{}]]".format, WORDS),
)


@given(st.one_of(st.text(), st.lists(LINES, max_size=9).map("\n".join)), st.booleans())
def test_whatever_is_written_is_a_policy_or_a_policy_error(text, headed):
    with suppress(PolicyError):
        parse(HEAD + text if headed else text, DEFAULT)


# --- the page that says how to write one ---------------------------------------------------------

PAGE = (Path(__file__).parents[2] / "docs/policy.md").read_text("utf-8")


def test_the_page_lists_every_number_with_its_table_units_and_proposal():
    default = parse(DEFAULT)
    rows = [
        f"| `{key}` | {kind_of(key)} | {accepts(key)} | {default.number(key)} "
        f"| {meaning_of(key).en} |"
        for key in every_number()
    ]
    shown = [line for line in PAGE.splitlines() if re.match(r"\| `\w+\.\w+` \|", line)]
    assert shown == rows


def test_the_page_names_every_setting_of_the_file():
    assert [field for field in sorted(FIELDS) if not re.search(rf"[`\[.]{field}\b", PAGE)] == []


def test_the_example_of_the_page_loads_and_shuts_what_the_page_says():
    example = re.findall(r"```toml\n(.*?)```", PAGE, re.S)[0]
    policy = parse(example, DEFAULT)
    shut = [stage.key for stage in OPEN_STAGES if missing_in(policy, stage)]
    assert shut == ["behavioural_order", "house_closure"]


# --- pinned long ago -----------------------------------------------------------------------------


def without(text: str, *keys: str) -> str:
    words = [key.partition(".")[2] for key in keys]
    return "\n".join(
        line for line in text.splitlines() if line.partition(" =")[0].split(".")[-1] not in words
    )


def test_a_number_nobody_knew_of_when_a_policy_was_pinned_comes_from_the_newest_default():
    old = without(DEFAULT, "case.awaited", "behavioural_order.warnings", "warning.validity")
    pinned = parse(old, old)
    assert {"case.awaited", "behavioural_order.warnings", "warning.validity"} == {*pinned.missing}
    today = completed(pinned, parse(old), parse(DEFAULT))
    assert today.missing == ()
    assert today.number("warning.validity") == parse(DEFAULT).number("warning.validity")


def test_a_number_the_municipality_left_missing_stays_missing_however_old_the_policy():
    pinned = parse(a_policy(), DEFAULT)
    assert completed(pinned, parse(DEFAULT), parse(DEFAULT)) == pinned
    assert pinned.missing
