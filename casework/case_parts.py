"""The parts of a case as the doors show them: its visits, promises, acts and journal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from casework.dossiers import dossier_of
from casework.policies import policy_of
from casework.questions import question
from casework.reasons import REASON, WAIVED
from escalation import moves
from escalation.path import STAGES
from escalation.policy import missing_in
from escalation.shape import Guard, Stage
from escalation.text import Text
from models import (
    Act,
    Case,
    Checkpoint,
    Contact,
    Handover,
    JournalEntry,
    Reporter,
    Signal,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline; keys and codes only. About a promise it has what that asks, and of
    a rung that rang its offset in working days."""

    at: datetime
    actor: str
    what: str
    data: dict[str, Any]
    asks: Text | None = None
    rung: int | None = None


@dataclass(frozen=True, slots=True)
class PromiseView:
    id: int
    key: str
    section: str
    asks: Text
    due_on: date
    due_at: datetime
    exact: bool
    state: str
    statutory: bool
    source: str
    derivation: list[dict[str, str]]
    rung: int | None
    next_at: datetime | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class HandoverView:
    id: int
    role: str
    sender: str
    receiver: str
    state: str


@dataclass(frozen=True, slots=True)
class ExitView:
    """An ordinary way out of the stage, and what still refuses it."""

    key: str
    name: Text
    to: str
    unmet: tuple[Guard, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WaivedView:
    """A guard of policy that somebody set aside, and why; it stays in sight for good."""

    guard: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as everybody may know of it; who made it is kept apart, see casework.reporters."""

    number: int
    received_at: datetime
    channel: str
    nature: str
    acute: bool
    reporter_known: bool


def visits_of(
    session: Session, case: Case
) -> list[tuple[str, int, datetime, datetime | None, str | None]]:
    rows = session.exec(select(Visit).where(Visit.case_id == case.id).order_by(col(Visit.id)))
    return [(v.stage, v.number, v.entered_at, v.left_at, v.left_how) for v in rows]


def promises_of(session: Session, case: Case) -> list[PromiseView]:
    rows = session.exec(
        select(Checkpoint)
        .where(Checkpoint.case_id == case.id)
        .order_by(col(Checkpoint.due_at), col(Checkpoint.id))
    )
    return [
        PromiseView(
            r.id or 0,
            r.key,
            r.section,
            question(r.section, r.key),
            r.due_on,
            r.due_at,
            r.exact,
            r.state.value,
            r.statutory,
            r.source,
            r.derivation,
            r.rung,
            r.next_at,
            r.answer.value if r.answer else None,
        )
        for r in rows
    ]


def acts_of(session: Session, case: Case) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    rows = session.exec(
        select(Act).where(Act.case_id == case.id).order_by(col(Act.at), col(Act.id))
    )
    return [(a.at, a.kind, a.by, a.facts) for a in rows]


def handovers_of(session: Session, case: Case) -> list[HandoverView]:
    names = dict(session.exec(select(Contact.id, Contact.key)).all())
    rows = session.exec(select(Handover).where(Handover.case_id == case.id))
    return [
        HandoverView(
            h.id or 0, h.role, names[h.from_contact_id], names[h.to_contact_id], h.state.value
        )
        for h in rows
    ]


def exits_of(session: Session, case: Case, now: datetime) -> list[ExitView]:
    policy = policy_of(session, case.policy_id)

    def view(key: str, name: Text, target: Stage) -> ExitView:
        dossier, missing = dossier_of(session, case, now, target.key), missing_in(policy, target)
        return ExitView(key, name, target.key, tuple(moves.unmet(target.guards, dossier)), missing)

    return [view(e.key, e.name, STAGES[e.to]) for e in STAGES[case.stage].exits]


def journal_of(session: Session, case: Case) -> list[Line]:
    rows = session.exec(
        select(JournalEntry).where(JournalEntry.case_id == case.id).order_by(col(JournalEntry.seq))
    )
    asked = _asked(session, case)
    return [_line(row, asked) for row in rows]


def _asked(session: Session, case: Case) -> dict[int | None, Text]:
    rows = session.exec(
        select(Checkpoint.id, Checkpoint.section, Checkpoint.key).where(
            Checkpoint.case_id == case.id
        )
    )
    return {number: question(section, key) for number, section, key in rows}


def _line(r: JournalEntry, asked: Mapping[int | None, Text]) -> Line:
    about = r.checkpoint_id if r.checkpoint_id is not None else r.data.get("promise")
    rung = r.rung if r.rung is not None else r.data.get("rung")
    return Line(r.at, r.actor, r.kind, dict(r.data), asked.get(about), rung)


def waived_of(session: Session, case: Case) -> list[WaivedView]:
    rows = session.exec(
        select(Act).where(Act.case_id == case.id, Act.kind == REASON).order_by(col(Act.id))
    )
    said = ((row, str(row.facts["of"])) for row in rows)
    return [
        WaivedView(of.removeprefix(WAIVED), row.by, row.at, str(row.facts["text"]))
        for row, of in said
        if of.startswith(WAIVED)
    ]


def reports_of(session: Session, case: Case) -> list[ReportView]:
    rows = session.exec(
        select(Signal, Reporter.signal_id)
        .outerjoin(Reporter, col(Reporter.signal_id) == col(Signal.id))
        .where(Signal.case_id == case.id)
        .order_by(col(Signal.received_at), col(Signal.id))
    )
    return [
        ReportView(s.id or 0, s.received_at, s.channel, s.nature, s.acute, known is not None)
        for s, known in rows
    ]
