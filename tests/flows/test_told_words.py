"""What Prefect says of a journal's lines and of findings: Dutch, complete, and nothing personal."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import casework
from casework.audit import FINDINGS, NO_CASE, Finding
from casework.words import Answer, Role
from escalation.text import Text
from flows import finding_words, told_words
from flows.told_words import details, what
from models import TermWhat

SOURCES = sorted(Path(casework.__file__).parent.glob("*.py"))


def said(tree: ast.AST) -> Iterator[str]:
    """Kinds of lines that this source writes, as far as they stand there as a word."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Attribute(attr="append" | "append_about") as f, args=args) if (
                isinstance(f.value, ast.Name) and f.value.id == "journal" and len(args) > 4
            ):
                if isinstance(args[4], ast.Constant):
                    yield str(args[4].value)
            case ast.Call(func=ast.Name(id="_written"), args=[*_, ast.Constant() as kind, _]):
                yield f"handover_{kind.value}"
            case ast.Call(
                func=ast.Name(id="_written"), args=[*_, ast.Constant() as kind, ast.Name(), _]
            ):
                yield f"handover_{kind.value}"


def test_every_kind_of_line_that_casework_writes_is_told_in_dutch():
    kinds = {kind for source in SOURCES for kind in said(ast.parse(source.read_text()))}
    # Those written by the hundred, or named elsewhere.
    kinds |= {"raised", "skipped", "put_off", "restored", "removal_accepted", "silence_put_off"}
    assert len(kinds) > 30, "the sources are read as they are written"
    assert kinds == told_words.KINDS.keys()


def test_a_kind_without_words_is_told_by_its_code():
    assert what("unheard_of") == "unheard_of"


def test_every_answer_role_and_change_of_a_date_has_a_word():
    assert told_words.ANSWERS.keys() == set(Answer)
    assert told_words.ROLES.keys() == set(Role)
    assert told_words.CHANGES.keys() == {str(way) for way in TermWhat}


@pytest.mark.parametrize(
    ("offset", "says"),
    [
        (-2, "herinnering, 2 werkdagen vooraf"),
        (0, "op de uiterste dag"),
        (1, "1 werkdag te laat"),
        (5, "5 werkdagen te laat"),
    ],
)
def test_a_rung_is_told_in_working_days_before_or_after_the_day(offset, says):
    asks = Text("Is er gebeld?", "Was there a call?")
    assert details("raised", {"from": offset, "to": 2}, "signal", asks, offset) == (
        f"Is er gebeld? · {says}"
    )


def test_a_way_out_is_told_by_the_name_it_has_in_its_stage():
    out = {"to": "outreach_care", "how": "dropped", "seen": 3}
    assert details("decided", out, "house_closure", None, None) == (
        "naar bemoeizorg: van sluiting afgezien"
    )
    assert details("decided", out, "behavioural_order", None, None) == (
        "naar bemoeizorg: van last afgezien"
    )


def test_who_something_went_to_is_not_told_even_when_their_key_is_a_word_of_the_path():
    for kind in ("handover_offered", "asked", "link_made", "fell_back"):
        assert (
            details(kind, {"to": "aftercare", "organisation": "warning"}, "signal", None, None)
            == ""
        )


def test_every_finding_has_its_meaning_and_its_mend_in_dutch():
    assert finding_words.MEANS.keys() == set(FINDINGS)


@pytest.mark.parametrize("code", FINDINGS)
def test_a_finding_is_told_with_its_case_and_nothing_left_to_fill_in(code):
    whose, told, means, mend = finding_words.row(Finding("2026-00042", code))
    assert (whose, told) == ("2026-00042", code)
    assert means
    assert mend
    assert not {"{", "|"} & set(means + mend)


def test_a_finding_about_the_installation_names_no_case():
    whose, *_, mend = finding_words.row(Finding(NO_CASE, "removed-alert"))
    assert whose == "installatie"
    assert "`estafette mend - --by WIE`" in mend


def test_a_finding_without_words_is_told_by_its_code():
    assert finding_words.row(Finding("2026-00042", "unheard-of"))[1] == "unheard-of"
