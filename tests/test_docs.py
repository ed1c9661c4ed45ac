"""What the documents say exists does exist."""

import re
from pathlib import Path

import pytest

from escalation.path import PATH

ROOT = Path(__file__).parents[1]
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
