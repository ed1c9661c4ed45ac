"""Draws one case in the terminal: path, lanes, promises with their why, holders, journal."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich import box
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from casework.ledger import LedgerLine
from casework.views import CaseView, PromiseView
from desk.handover_page import STATES as HANDOVERS
from desk.say import when
from escalation.path import LANES, PATH, STAGES

CHANGED = {
    "paused": "opgeschort",
    "resumed": "hervat",
    "extended": "verlengd",
    "redated": "nieuwe datum",
}
STATES = {"open": "bold", "answered": "green", "lapsed": "dim"}
IN_COLUMNS = 120  # a narrower terminal leaves no room for the why beside the promise


class PromiseRow(NamedTuple):
    number: str
    asks: str
    due: str
    why: Text
    next_at: str
    state: Text


def draw(case: CaseView, ledger: Sequence[LedgerLine] = ()) -> None:
    """The case on the terminal, as wide as it is; `ledger` says how its dates were changed."""
    console = Console(highlight=False, markup=False, emoji=False)
    console.print(
        Group(
            _head(case),
            _panel("Pad", _path(case)),
            _panel("Sporen", _lanes(case)),
            _panel("Beloften", _promises(case, ledger, console.width)),
            _panel("Stokje", _baton(case)),
            _panel("Verder kan het naar", _exits(case)),
            *([_panel("Terzijde gesteld", _waived(case))] if case.waived else []),
            _panel("Dagboek", _journal(case)),
        )
    )


def _panel(title: str, body: RenderableType) -> Panel:
    return Panel(body, title=title, title_align="left", box=box.ROUNDED, border_style="dim")


def _head(case: CaseView) -> Text:
    stage = STAGES[case.stage]
    state = f"gesloten {when(case.closed_at)} ({case.result})" if case.closed_at else stage.dutch
    return Text.assemble(
        (case.key, "bold"), f"  {case.municipality}, {case.address}\n",
        (state, "bold cyan"), f"  versie {case.version}, beleid {case.policy}",
    )  # fmt: skip


def _path(case: CaseView) -> Text:
    visited = {stage for stage, *_ in case.visits}
    line = Text()
    for stage in PATH:
        style = "dim"
        if stage.key in visited:
            style = "green"
        if stage.key == case.stage:
            style = "bold reverse cyan"
        line.append(f" {stage.dutch} ", style)
        line.append(" ")
    for key, number, entered, left, how in case.visits:
        until = f" tot {when(left)} ({how})" if left else ""
        line.append(f"\n{STAGES[key].dutch} · {number}: sinds {when(entered)}{until}", "none")
    return line


def _lanes(case: CaseView) -> Table:
    table = Table.grid(padding=(0, 2))
    for lane in LANES:
        names = {act.key: act.name.nl for act in lane.acts}
        done = [f"{when(at)} {names[kind]}" for at, kind, *_ in case.acts if kind in names]
        table.add_row(Text(lane.name.nl, "bold"), "\n".join(done[-6:]) or "–")
    ours = {act.key: act.name.nl for stage in PATH for act in stage.acts}
    done = [f"{when(at)} {ours[kind]}" for at, kind, *_ in case.acts if kind in ours]
    table.add_row(Text("stappen", "bold"), "\n".join(done) or "–")
    return table


def _promises(case: CaseView, ledger: Sequence[LedgerLine], wide: int) -> Table:
    shown = [p for p in case.promises if p.state == "open"] or case.promises[-3:]
    rows = [_promise(promise, _changes(promise, ledger)) for promise in shown]
    table = _columns(rows) if wide >= IN_COLUMNS else _stacked(rows)
    over = len(case.promises) - len(shown)
    table.caption = f"{over} eerdere beloften zijn beantwoord of vervallen" if over else None
    return table


def _columns(rows: Iterable[PromiseRow]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in ("nr", "vraag", "uiterlijk", "waarom die datum", "gaat af", "stand"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(row.number, row.asks, row.due, row.why, row.next_at, row.state)
    return table


def _stacked(rows: Iterable[PromiseRow]) -> Table:
    """Each promise below the other, and its why below itself."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        dates = Text.assemble(f"uiterlijk {row.due}, gaat af {row.next_at}, ", row.state)
        table.add_row(row.number, Group(row.asks, dates, Padding(row.why, (0, 0, 0, 2))))
    return table


def _changes(p: PromiseView, ledger: Sequence[LedgerLine]) -> list[str]:
    """How this promise came to its date, when it was changed: what, on what ground, by whom."""
    here = next((line for line in ledger if line.promise == p.id), None)
    if here is None:
        return []
    made = [line for line in ledger if line.first == here.first and line.seq <= here.seq]
    return [f"{CHANGED[line.what]} per {when(line.on)} ({line.ground}, {line.by})" for line in made]


def _promise(p: PromiseView, changes: list[str]) -> PromiseRow:
    due = when(p.due_at) if p.exact else when(p.due_on)
    why = Text(" ".join(step["nl"] for step in p.derivation), "dim")
    return PromiseRow(
        str(p.id),
        f"{p.asks.nl}\n[{p.section}.{p.key}]",
        due + (" (wettelijk)" if p.statutory else ""),
        Text("\n").join([*(Text(said, "yellow") for said in changes), why]),
        when(p.next_at) if p.state == "open" else "–",
        Text(p.answer or p.state, STATES[p.state]),
    )


def _baton(case: CaseView) -> Table:
    table = Table.grid(padding=(0, 2))
    for role, holder in sorted(case.holders.items()):
        table.add_row(role, Text(holder, "bold"))
    for h in case.handovers:
        passed = f"{h.role}: {h.sender} → {h.receiver}"
        table.add_row(f"overdracht {h.id}", f"{passed} ({HANDOVERS[h.state]})")
    return table


def _exits(case: CaseView) -> Text:
    text = Text()
    for way in case.exits:
        text.append(f"{way.key}", "bold")
        text.append(f" → {STAGES[way.to].dutch} ({way.name.nl})\n")
        for guard in way.unmet:
            text.append(f"    nog niet: {guard.asks.nl} [{guard.source.cite}]\n", "yellow")
        for number in way.missing:
            text.append(f"    ontbreekt in het beleid: {number}\n", "yellow")
    text.rstrip()
    return text


def _waived(case: CaseView) -> Table:
    table = Table.grid(padding=(0, 2))
    for w in case.waived:
        table.add_row(when(w.at), w.by, Text(w.guard, "yellow"), w.reason)
    return table


def _journal(case: CaseView) -> Table:
    table = Table.grid(padding=(0, 2))
    for line in case.journal[-15:]:
        facts = " ".join(f"{k}={v}" for k, v in line.data.items() if v not in (None, [], False))
        table.add_row(when(line.at), line.actor, line.what, Text(facts, "dim"))
    return table
