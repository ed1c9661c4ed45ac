"""Markdown as GitHub reads it: tables that stay whole, and headings one can link to."""

import re
from collections.abc import Iterable, Sequence

from escalation.text import Text


def cell(words: str) -> str:
    """The words on one line, with nothing in them that would end the cell."""
    return " ".join(words.split()).replace("|", "\\|") or "–"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; every row has one cell for each word of the header."""
    lines = [list(header), ["---"] * len(header), *[[cell(c) for c in row] for row in rows]]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def code(words: Iterable[str]) -> str:
    """Keys, set apart from prose; nothing for none."""
    return ", ".join(f"`{word}`" for word in words)


def stacked(*lines: str) -> str:
    """The lines that say something, one under another within one cell."""
    return "<br>".join(line for line in lines if line)


def both(text: Text) -> str:
    """Dutch, and under it English, within one cell."""
    return stacked(text.nl, f"*{text.en}*")


def anchor(heading: str) -> str:
    """What GitHub calls the place of a heading in a link."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def link(words: str, heading: str) -> str:
    return f"[{words}](#{anchor(heading)})"
