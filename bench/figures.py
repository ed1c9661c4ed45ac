"""Figures: medians, percentiles, and tables that people and programs can read."""

import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median, quantiles
from typing import Any

RESULTS = Path(__file__).with_name("results")
LOAD = os.getloadavg()[0]  # what else the machine was doing when we began


@dataclass(frozen=True, slots=True)
class Table:
    """What one bench found; every row has the same columns."""

    name: str
    title: str
    says: str
    rows: list[dict[str, Any]] = field(default_factory=list)
    measured: str = ""  # on what machine, when that was another run than the rest


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def percentile(values: Sequence[float], rank: int) -> float:
    """The `rank`th percentile; of few values the highest ones stand for what lies beyond."""
    if len(values) < 2:
        return max(values, default=float("nan"))
    return quantiles(values, n=100, method="inclusive")[rank - 1]


def spread(values: Sequence[float]) -> str:
    return f"{short(min(values))} – {short(max(values))}"


def short(value: Any) -> str:
    """1234.5 as 1,234 and 0.1234 as 0.12: no more digits than such a measurement has."""
    if not isinstance(value, float):
        return f"{value:,}" if isinstance(value, int) else str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """The kind of machine, so that figures are compared with their like."""
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    kind = f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"
    return f"{kind}, {versions}, load at the start {LOAD:.1f}"


def as_markdown(tables: Sequence[Table]) -> str:
    return _pages(machine(), tables)


def _pages(measured: str, tables: Sequence[Table]) -> str:
    parts = [f"Measured on {measured}. Compare ratios, not absolute figures.\n"]
    for table in tables:
        parts += [f"### {table.title}\n", f"{table.says}\n"]
        parts += [f"Measured by itself on {table.measured}.\n"] if table.measured else []
        parts += [_grid(table.rows), ""]
    return "\n".join(parts)


def _grid(rows: Sequence[dict[str, Any]]) -> str:
    if not rows:
        return "Nothing measured."
    head = list(rows[0])
    lines = [head, ["---"] * len(head), *([short(row[name]) for name in head] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def keep(tables: Sequence[Table]) -> None:
    """The latest results stand beside the benches, for people and for programs."""
    _keep(machine(), tables)


def keep_beside(tables: Sequence[Table]) -> None:
    """These replace their like among the latest results; the others stay as they were measured."""
    kept = json.loads((RESULTS / "latest.json").read_text(encoding="utf-8"))
    found = {table["name"]: Table(**table) for table in kept["tables"]}
    found |= {table.name: replace(table, measured=machine()) for table in tables}
    _keep(kept["machine"], list(found.values()))


def _keep(measured: str, tables: Sequence[Table]) -> None:
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.md").write_text(_pages(measured, tables) + "\n", encoding="utf-8")
    found = {"machine": measured, "tables": [asdict(table) for table in tables]}
    (RESULTS / "latest.json").write_text(
        json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )
