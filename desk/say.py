"""How the command line answers: JSON for programs, a page for people, one sentence for errors."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta
from enum import Enum
from itertools import accumulate
from textwrap import wrap
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import typer

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
WIDE = 100  # what a table of free text may take
DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")

AS_JSON = typer.Option(False, "--json", help="Answer in JSON.")
BY = typer.Option(
    ..., "--by", envvar="ESTAFETTE_BY", help="Who does this: a contact's key (or ESTAFETTE_BY)."
)


def answer(value: Any, as_json: bool, page: Callable[[], Iterable[str]]) -> None:
    """`value` as JSON, or the lines of its page."""
    lines = [json.dumps(plain(value), ensure_ascii=False, indent=2)] if as_json else page()
    for line in lines:
        typer.echo(line)


def plain(value: Any) -> Any:
    """A value as JSON can hold it; moments and days as ISO text."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = (f.name for f in dataclasses.fields(value) if not callable(getattr(value, f.name)))
        return {name: plain(getattr(value, name)) for name in shown}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return value


def when(moment: datetime | date | None) -> str:
    """A moment or day as read in the Netherlands: "di 1 dec 2026 14:05"."""
    if moment is None:
        return "–"
    months = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")
    at = moment.astimezone(AMSTERDAM) if isinstance(moment, datetime) else moment
    day = f"{DAYS[at.weekday()]} {at.day} {months[at.month - 1]} {at.year}"
    return f"{day} {at:%H:%M}" if isinstance(at, datetime) else day


def table(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """Columns as wide as their widest word."""
    lines = [list(header), *[list(row) for row in rows]]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    return ["  ".join(w.ljust(n) for w, n in zip(ln, widths, strict=True)).rstrip() for ln in lines]


def fitting(rows: Sequence[Sequence[str]], header: Sequence[str]) -> list[str]:
    """A table no wider than `WIDE`: the columns that do not fit stand below their row, in full."""
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(line[i]) for line in (header, *rows)) for i in range(len(header))]
    fits = sum(end <= WIDE for end in accumulate(widths, lambda sofar, width: sofar + 2 + width))
    head, *lines = table([row[:fits] for row in rows], header[:fits])
    shown = [head]
    for line, row in zip(lines, rows, strict=True):
        shown.append(line)
        for label, text in zip(header[fits:], row[fits:], strict=True):
            shown += _below(label, text)
    return shown


def printable(text: str) -> str:
    """The text on one line; what somebody typed elsewhere must not steer this terminal."""
    return "".join(mark if mark.isprintable() else " " for mark in text)


def _below(label: str, text: str) -> list[str]:
    if text in {"", "–"}:
        return []
    return wrap(f"{label}: {text}", WIDE, initial_indent=" " * 4, subsequent_indent=" " * 6)


def stop(sentence: str, code: int = 1) -> NoReturn:
    """One clear sentence on stderr, and an exit code that is not zero."""
    typer.echo(sentence, err=True)
    raise typer.Exit(code)


def moment_of(given: str | None) -> datetime | None:
    """A moment a person typed; without a zone it is meant in the Netherlands."""
    if given is None:
        return None
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        stop(
            f"{given!r} is not a moment; write it as 2026-11-23 14:05 (Dutch time) or with its zone"
        )
    return moment if moment.tzinfo else moment.replace(tzinfo=AMSTERDAM)


def pairs(given: Iterable[str], what: str) -> dict[str, str]:
    """NAME=VALUE words as a mapping."""
    found = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not (name and equals):
            stop(f"{word!r} is not NAME=VALUE; write {what}")
        found[name] = value
    return found
