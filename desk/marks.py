"""Reads from the rows which steps of a history were played already."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy.engine import Engine

from casework.views import Line, timeline
from desk.baton_steps import (
    Accept,
    Acknowledge,
    Ask,
    Assign,
    Baton,
    Contacted,
    Offer,
    Refuse,
    Reply,
    Report,
    Wait,
)
from desk.steps import Act, Answer, Decide, Reopen, Signal, Step, Term

Mark = tuple[str, str]
CHANGED = {"pause_until": "paused", "resume": "resumed", "extend": "extended", "redate": "redated"}
ONCE = {
    "decided", "answered", "reopened", "asked", "replied", "waiting", "handover_acknowledged",
}  # fmt: skip


def played(engine: Engine, case_keys: Iterable[str], steps: Sequence[Step]) -> list[bool]:
    """For each step whether the rows show it: as many of its kind as the history has by then.

    So a person who does the same thing first is not done again. A signal answers for itself, and
    a step that is meant to be refused leaves no row.
    """
    rows = Counter(mark for key in case_keys for mark in map(_left, timeline(engine, key)) if mark)
    wanted: Counter[Mark] = Counter()
    shown = []
    for step in steps:
        marks = list(_marks(step)) if step.expect == "allowed" else []
        wanted.update(marks)
        shown.append(bool(marks) and all(rows[mark] >= wanted[mark] for mark in marks))
    return shown


def _marks(step: Step) -> Iterator[Mark]:
    """What a played step leaves in the journal."""
    match step.does:
        case Act() as act:
            yield "act", act.kind
        case Decide():
            yield "decided", ""
        case Answer():
            yield "answered", ""
        case Reopen():
            yield "reopened", ""
        case Term() as change:
            yield f"term_{CHANGED[change.way]}", change.promise.rpartition(".")[2]
        case Signal():
            return
        case _ as baton:
            yield from _of_the_baton(baton)


def _of_the_baton(does: Baton) -> Iterator[Mark]:
    match does:
        case Accept(role=role, spoke=spoke):
            yield "handover_accepted", role.value
            if spoke:
                yield "handover_contacted", role.value
        case Acknowledge():
            yield "handover_acknowledged", ""
        case Offer() | Assign() | Refuse() | Contacted() | Report():
            yield f"handover_{LEFT[type(does)]}", does.role.value
        case Ask():
            yield "asked", ""
        case Reply():
            yield "replied", ""
        case Wait():
            yield "waiting", ""


LEFT = {
    Offer: "offered", Assign: "assigned", Refuse: "refused", Contacted: "contacted",
    Report: "reported",
}  # fmt: skip


def _left(line: Line) -> Mark | None:
    if line.what == "act":
        return "act", str(line.data["act"])
    if line.what == "term_changed":  # by a person; an event that changes a term is an act itself
        by_act = line.data.get("act") is not None
        return None if by_act else (f"term_{line.data['what']}", str(line.data["key"]))
    if line.what.startswith("handover_") and line.what != "handover_acknowledged":
        return line.what, str(line.data.get("role", ""))
    return (line.what, "") if line.what in ONCE else None
