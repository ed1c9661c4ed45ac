"""docs/operations.md is true: each fault is found as it says, and mended by its commands."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_command

from desk.cli import app
from tests.faults.operations_page import PAGE, SOURCE, Telling, sections
from tests.faults.planted import Installation, installed, on_a_small_disk
from tests.faults.planted_faults import FAULTS, Fault

TYPED = re.compile(r"^(?:tweede)?\$ (.+)$", re.M)
TALKS = SOURCE.read_text("utf-8")
STORIES = sections(TALKS)
ALL = pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)


# --- the page, quickly ------------------------------------------------------------------------


def test_there_are_ten_faults_and_the_page_has_a_section_for_each_in_this_order():
    shown = re.findall(r"^## (\d+)\. (.+)$", PAGE.read_text("utf-8"), re.M)
    assert shown == [(str(n), fault.title) for n, fault in enumerate(FAULTS, 1)]
    assert len(FAULTS) == 10


@ALL
def test_each_section_shows_real_output_and_a_picture_that_exists(fault: Fault):
    section = sections(PAGE.read_text("utf-8"))[fault.name]
    blocks = re.findall(r"```console\n(.*?)```", section, re.S)
    lines = [line for block in blocks for line in block.splitlines()]
    assert [line for line in lines if not TYPED.match(line)], "no command printed anything"
    pictures = re.findall(r"!\[[^\]]+\]\((operations/[^)]+\.png)\)", section)
    assert pictures
    assert [p for p in pictures if not (PAGE.parent / p).exists()] == []
    assert "[[" not in section
    assert not re.search(r"\{\w+\}", section)


@ALL
def test_each_section_says_what_is_seen_what_to_do_and_how_it_is_seen_to_be_well(fault: Fault):
    section = sections(PAGE.read_text("utf-8"))[fault.name]
    for said in ("**Why nothing is lost.**", "**What to do.**", "**How you see that it is well.**"):
        assert (fault.name, said in section) == (fault.name, True)


def test_the_page_shows_the_commands_of_its_source():
    """So that a change of the source is not forgotten on the page."""
    for name, text in STORIES.items():
        shown = TYPED.findall(sections(PAGE.read_text("utf-8"))[name])
        for typed, told in zip(TYPED.findall(text), shown, strict=True):
            fixed = [re.escape(part) for part in re.split(r"\{\w+\}", typed)]
            assert re.fullmatch(r"\S+".join(fixed), told)


def test_every_command_the_page_shows_exists():
    commands = [shlex.split(line)[1:] for line in programs()]
    assert commands
    for words in commands:
        assert known(words), words


def test_no_picture_is_left_over_or_too_large_to_be_looked_at():
    shown = set(re.findall(r"\(operations/([^)]+\.png)\)", PAGE.read_text("utf-8")))
    kept = {file.name: file.stat().st_size for file in PAGE.with_suffix("").glob("*.png")}
    assert set(kept) == shown
    assert {name: size for name, size in kept.items() if size > 130_000} == {}


def programs() -> list[str]:
    """Every call of our program on the page, in its blocks and in its sentences."""
    text = PAGE.read_text("utf-8")
    typed = [line.partition("./estafette")[2] for line in TYPED.findall(text)]
    said = re.findall(r"`\./estafette ([^`\n]+)`", text)
    calls = [*(line for line in typed if line), *said]
    return [f"estafette {re.split(r' [|&;>]| 2>', line)[0]}" for line in calls]


def known(words: list[str]) -> bool:
    """Whether the command line has this command, with these options."""
    command = get_command(app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in parameter.opts}
    given = {word for word in words if word.startswith("--")}
    return not hasattr(command, "commands") and given <= options


# --- the faults, for real ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def house() -> Iterator[Installation]:
    with installed() as house:
        yield house


@pytest.mark.nightly
@pytest.mark.timeout(900)
@ALL
def test_each_fault_is_found_in_time_and_mended_as_the_page_says(
    fault: Fault, request: pytest.FixtureRequest
):
    if fault.name == "clock-jump" and not shutil.which("cc"):
        pytest.skip("a clock of its own is given to a process by a library that `cc` makes")
    if not fault.own:
        tell(request.getfixturevalue("house"), fault)
        return
    if not mounts():
        pytest.skip("only root can mount a small disk")
    with on_a_small_disk() as small:
        tell(small, fault)


def tell(house: Installation, fault: Fault) -> None:
    """Found within the time that is said, mended by the commands that are shown, well again."""
    Telling(house, fault, None).tell(STORIES[fault.name])
    assert house.is_well()
    assert house.all_told()
    assert house.doubled() == []


def mounts() -> bool:
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"],
        capture_output=True, check=False,
    )  # fmt: skip
    return Path("/proc/self/mounts").exists() and tried.returncode == 0
