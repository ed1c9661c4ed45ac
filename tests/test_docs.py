"""What the documents say exists does exist."""

import re
from pathlib import Path

import pytest

from desk.markdown import anchor
from desk.path_page import COMMAND, path_page
from escalation.moves import acts
from escalation.path import LANES, PATH
from escalation.policy import parse, sections, shipped

ROOT = Path(__file__).parents[1]
PATH_PAGE = ROOT / "docs/path.md"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("migrations/*.md")])
TESTS = "\n".join(file.read_text("utf-8") for file in ROOT.glob("tests/**/*.py"))


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda file: file.name)
def test_every_link_leads_somewhere(document: Path):
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8"))
    local = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in local if not (document.parent / link).exists()] == []


def test_every_promise_names_a_test_that_exists():
    named = re.findall(r"`(test_\w+)`", (ROOT / "docs/promises.md").read_text("utf-8"))
    assert named
    assert [name for name in named if f"def {name}(" not in TESTS] == []


def test_the_glossary_knows_every_stage():
    glossary = (ROOT / "docs/glossary.md").read_text("utf-8").lower()
    assert [stage.dutch for stage in PATH if stage.dutch not in glossary] == []


def test_every_command_the_readme_shows_exists():
    from typer.main import get_command

    from desk.cli import app

    known = get_command(app).commands  # type: ignore[attr-defined]
    shown = re.findall(r"^\./estafette (\w+)", (ROOT / "README.md").read_text("utf-8"), re.M)
    assert shown
    assert [name for name in shown if name not in {*known, "test"}] == []


def test_every_variable_that_is_read_is_in_the_example_and_no_other():
    code = "\n".join(
        file.read_text("utf-8")
        for room in ("models", "notifications", "casework", "flows", "desk")
        for file in (ROOT / room).rglob("*.py")
    )
    example = set(re.findall(r"^(ESTAFETTE_\w+)=", (ROOT / ".env.example").read_text(), re.M))
    fields = {f"ESTAFETTE_{name.upper()}" for name in re.findall(r"^    (\w+): .*=", code, re.M)}
    spoken = set(re.findall(r"ESTAFETTE_[A-Z_]+[A-Z]", code))
    assert sorted(example - fields - spoken) == []
    assert sorted(spoken - example - {"ESTAFETTE_DATA"}) == []


def test_the_page_about_the_path_is_what_the_table_says_today():
    # Compared as one truth value: a difference of a thousand lines would hide the way out.
    generated = path_page(parse(shipped("default")))
    behind = PATH_PAGE.read_text("utf-8") != generated
    assert not behind, f"docs/path.md is behind the path table; run: {COMMAND}"


def test_the_page_about_the_path_names_every_stage_act_guard_promise_and_lane():
    guards = {guard for row in (*PATH, *acts()) for guard in row.guards}
    rows = (*PATH, *LANES, *acts(), *guards, *(checkpoint for _section, checkpoint in sections()))
    page = PATH_PAGE.read_text("utf-8")
    assert [row.key for row in rows if f"`{row.key}`" not in page] == []
    assert [guard.key for guard in guards if guard.asks.nl not in page] == []
    assert [guard.key for guard in guards if guard.source.cite not in page] == []


def test_the_diagram_draws_every_stage_once_and_every_ordinary_exit():
    drawn = PATH_PAGE.read_text("utf-8").split("```mermaid\n")[1].split("```")[0]
    nodes = re.findall(r'^    (\w+)\["[^"]+"\]$', drawn, re.M)
    edges = re.findall(r'^    (\w+) -->\|"[^"|]+"\| (\w+)$', drawn, re.M)
    styles = re.findall(r"^    class(?:Def)? .+$", drawn, re.M)
    assert nodes == [stage.key for stage in PATH]
    assert edges == [(stage.key, way.to) for stage in PATH for way in stage.exits]
    assert len(drawn.splitlines()) == 1 + len(nodes) + len(edges) + len(styles)


def test_every_table_of_the_page_about_the_path_has_whole_rows():
    text = PATH_PAGE.read_text("utf-8")
    tables = [block for block in text.split("\n\n") if block.startswith("|")]
    widths = [{len(re.split(r"(?<!\\)\|", row)) for row in t.splitlines()} for t in tables]
    assert tables
    assert [t for t, width in zip(tables, widths, strict=True) if len(width) != 1] == []
    assert [t for t in tables if not re.fullmatch(r"\|( --- \|)+", t.splitlines()[1])] == []


def test_every_place_the_page_about_the_path_leads_to_is_one_heading():
    page = PATH_PAGE.read_text("utf-8")
    places = [anchor(title) for title in re.findall(r"^#+ (.+)$", page, re.M)]
    led_to = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert led_to
    assert len(places) == len(set(places))
    assert led_to - set(places) == set()
