"""Read-only answers for the doors, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading
from casework.dossiers import dossier_of
from casework.policies import policy_of
from casework.questions import question
from casework.reasons import REASON, WAIVED
from casework.refusals import NotFound
from escalation import moves
from escalation.dossier import Recorded
from escalation.facts import checked
from escalation.lanes import HANDOVER_NEWS
from escalation.notices import notice_asks
from escalation.path import STAGES
from escalation.policy import missing_in
from escalation.rungs import AMSTERDAM
from escalation.shape import Guard, Stage
from escalation.text import Text
from models import (
    Act,
    Alert,
    Assignment,
    Case,
    Checkpoint,
    Contact,
    Delivery,
    Handover,
    JournalEntry,
    Visit,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline; keys and codes only."""

    at: datetime
    actor: str
    what: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the case list."""

    key: str
    municipality: str
    stage: str
    holder: str | None
    version: int
    next_at: datetime | None
    closed: bool


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
class CaseView:
    """A case as its director sees it."""

    key: str
    municipality: str
    address: str
    stage: str
    version: int
    policy: str
    opened_at: datetime
    closed_at: datetime | None
    result: str | None
    holders: dict[str, str]
    visits: list[tuple[str, int, datetime, datetime | None, str | None]]
    promises: list[PromiseView]
    acts: list[tuple[datetime, str, str, dict[str, Any]]]
    handovers: list[HandoverView]
    exits: list[ExitView]
    journal: list[Line]
    waived: list[WaivedView]


def case_view(engine: Engine, key: str, now: datetime) -> CaseView:
    """Everything the case page shows. Raises NotFound."""
    with reading(engine) as session:
        case = _case(session, key)
        return CaseView(
            key=case.key,
            municipality=case.municipality,
            address=case.address,
            stage=case.stage,
            version=case.version,
            policy=policy_of(session, case.policy_id).name,
            opened_at=case.opened_at,
            closed_at=case.closed_at,
            result=case.result,
            holders=_holders(session, case),
            visits=_visits(session, case),
            promises=_promises(session, case),
            acts=_acts(session, case),
            handovers=_handovers(session, case),
            exits=_exits(session, case, now),
            journal=_journal(session, case),
            waived=_waived(session, case),
        )


def unmet_for(
    engine: Engine, key: str, kind: str, facts: Mapping[str, Any], at: datetime
) -> tuple[Guard, ...]:
    """The guards that would refuse this act at that moment, whatever stage the case is in.

    Raises NotFound, Unknown, BadFacts.
    """
    spec = moves.act_named(kind)
    proposed = Recorded(kind, at.astimezone(AMSTERDAM).date(), checked(spec, facts))
    with reading(engine) as session:
        dossier = dossier_of(
            session, _case(session, key), at, moves.section_of(spec), proposed=proposed
        )
        return tuple(moves.unmet(spec.guards, dossier))


@dataclass(frozen=True, slots=True)
class JudgedView:
    """One question about an act somebody wants to do, and whether the dossier answers it."""

    guard: str
    family: str
    asks: Text
    source: str
    met: bool
    waived_by: tuple[str, ...]  # the functions that may waive it; none for a guard of law


def judged(
    engine: Engine, key: str, kind: str, facts: Mapping[str, Any], at: datetime
) -> list[JudgedView]:
    """Every guard of an act as the dossier stands at that moment; facts may be left out.

    Raises NotFound, Unknown, BadFacts.
    """
    spec = moves.act_named(kind)
    stated = checked(replace(spec, needs=()), facts)
    proposed = Recorded(kind, at.astimezone(AMSTERDAM).date(), stated)
    with reading(engine) as session:
        case = _case(session, key)
        dossier = dossier_of(session, case, at, moves.section_of(spec), proposed=proposed)
    return [
        JudgedView(g.key, g.family.value, g.asks, g.source.cite, g.holds(dossier), g.waived_by)
        for g in spec.guards
    ]


def timeline(engine: Engine, key: str) -> list[Line]:
    """What happened to the case, oldest first, without personal data. Raises NotFound."""
    with reading(engine) as session:
        return _journal(session, _case(session, key))


def case_list(engine: Engine, *, include_closed: bool = False, limit: int = 200) -> list[Listed]:
    """Cases, those whose next date comes first on top."""
    next_at = (
        select(sa.func.min(Checkpoint.next_at))
        .where(Checkpoint.case_id == Case.id)
        .correlate(Case)
        .scalar_subquery()
    )
    rows = (
        select(Case, Contact.key, next_at)
        .outerjoin(Assignment, col(Assignment.id) == col(Case.director_id))
        .outerjoin(Contact, col(Contact.id) == col(Assignment.contact_id))
        .order_by(next_at.asc().nulls_last(), col(Case.id))
        .limit(limit)
    )
    if not include_closed:
        rows = rows.where(col(Case.closed_at).is_(None))
    with reading(engine) as session:
        return [
            Listed(
                case.key,
                case.municipality,
                case.stage,
                holder if not case.closed_at else None,
                case.version,
                soonest,
                case.closed_at is not None,
            )
            for case, holder, soonest in session.exec(rows)
        ]


@dataclass(frozen=True, slots=True)
class AlertView:
    number: int
    case_key: str | None  # None: a notice about the installation
    asks: Text
    lead: str
    recipient: str
    state: str
    attempts: int
    created_at: datetime
    acknowledged: bool
    promise: str | None  # the promise's key, when the alert is about one
    handover: int | None
    due_on: date | None
    statutory: bool
    over: bool  # the promise was answered or lapsed since
    notice: str | None  # what a notice about the installation is about


def alert_view(engine: Engine, number: int) -> AlertView | None:
    """One alert; None when there is none of that number."""
    found = alert_list(engine, number=number, limit=1)
    return found[0] if found else None


def alert_list(
    engine: Engine,
    *,
    case_key: str | None = None,
    unsent: bool = False,
    number: int | None = None,
    limit: int = 100,
) -> list[AlertView]:
    """Alerts, newest first."""
    rows = (
        sa.select(Alert, Case.key, Contact.key, Checkpoint)  # type: ignore[call-overload]
        .outerjoin(Case, col(Case.id) == col(Alert.case_id))
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .outerjoin(Checkpoint, col(Checkpoint.id) == col(Alert.checkpoint_id))
        .order_by(col(Alert.id).desc())
        .limit(limit)
    )
    if case_key:
        rows = rows.where(Case.key == case_key)
    if number is not None:
        rows = rows.where(Alert.id == number)
    if unsent:
        rows = rows.where(col(Alert.next_at).is_not(None))
    with reading(engine) as session:
        return [_alert(*row) for row in session.execute(rows)]


def deliveries(engine: Engine, number: int) -> list[tuple[int, str, str, str]]:
    """Every attempt to deliver an alert: attempt, channel, outcome, detail."""
    with reading(engine) as session:
        rows = session.exec(
            select(Delivery).where(Delivery.alert_id == number).order_by(col(Delivery.attempt))
        )
        return [(r.attempt, r.channel, r.outcome, r.detail) for r in rows]


def _alert(
    alert: Alert, case_key: str | None, recipient: str, about: Checkpoint | None
) -> AlertView:
    return AlertView(
        number=alert.id or 0,
        case_key=case_key,
        asks=_asked(alert, about),
        lead=alert.lead,
        recipient=recipient,
        state=alert.state.value,
        attempts=alert.attempts,
        created_at=alert.created_at,
        acknowledged=alert.acknowledged_at is not None,
        promise=about.key if about else None,
        handover=alert.handover_id,
        due_on=about.due_on if about else _last_day(alert),
        statutory=alert.statutory,
        over=about is not None and about.closed_at is not None,
        notice=alert.notice.value if alert.notice else None,
    )


def _last_day(alert: Alert) -> date | None:
    return date(int(alert.period), 12, 31) if alert.period else None


def _asked(alert: Alert, about: Checkpoint | None) -> Text:
    if alert.notice is not None:
        return notice_asks(alert.notice, alert.period or "")
    if alert.event is not None:
        return HANDOVER_NEWS[alert.event]
    assert about is not None  # an alert is about one thing; the database keeps it so
    return question(about.section, about.key)


def _case(session: Session, key: str) -> Case:
    case = session.exec(select(Case).where(Case.key == key)).first()
    if case is None:
        raise NotFound("case", key, "see: estafette case list")
    return case


def _holders(session: Session, case: Case) -> dict[str, str]:
    rows = session.exec(
        select(Assignment.role, Contact.key)
        .join(Contact, col(Contact.id) == col(Assignment.contact_id))
        .where(Assignment.case_id == case.id, col(Assignment.until).is_(None))
    )
    return {str(role): key for role, key in rows}


def _visits(
    session: Session, case: Case
) -> list[tuple[str, int, datetime, datetime | None, str | None]]:
    rows = session.exec(select(Visit).where(Visit.case_id == case.id).order_by(col(Visit.id)))
    return [(v.stage, v.number, v.entered_at, v.left_at, v.left_how) for v in rows]


def _promises(session: Session, case: Case) -> list[PromiseView]:
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


def _acts(session: Session, case: Case) -> list[tuple[datetime, str, str, dict[str, Any]]]:
    rows = session.exec(
        select(Act).where(Act.case_id == case.id).order_by(col(Act.at), col(Act.id))
    )
    return [(a.at, a.kind, a.by, a.facts) for a in rows]


def _handovers(session: Session, case: Case) -> list[HandoverView]:
    names = dict(session.exec(select(Contact.id, Contact.key)).all())
    rows = session.exec(select(Handover).where(Handover.case_id == case.id))
    return [
        HandoverView(
            h.id or 0, h.role, names[h.from_contact_id], names[h.to_contact_id], h.state.value
        )
        for h in rows
    ]


def _exits(session: Session, case: Case, now: datetime) -> list[ExitView]:
    policy = policy_of(session, case.policy_id)

    def view(key: str, name: Text, target: Stage) -> ExitView:
        dossier, missing = dossier_of(session, case, now, target.key), missing_in(policy, target)
        return ExitView(key, name, target.key, tuple(moves.unmet(target.guards, dossier)), missing)

    return [view(e.key, e.name, STAGES[e.to]) for e in STAGES[case.stage].exits]


def _journal(session: Session, case: Case) -> list[Line]:
    rows = session.exec(
        select(JournalEntry).where(JournalEntry.case_id == case.id).order_by(col(JournalEntry.seq))
    )
    return [Line(r.at, r.actor, r.kind, dict(r.data)) for r in rows]


def _waived(session: Session, case: Case) -> list[WaivedView]:
    rows = session.exec(
        select(Act).where(Act.case_id == case.id, Act.kind == REASON).order_by(col(Act.id))
    )
    said = ((row, str(row.facts["of"])) for row in rows)
    return [
        WaivedView(of.removeprefix(WAIVED), row.by, row.at, str(row.facts["text"]))
        for row, of in said
        if of.startswith(WAIVED)
    ]
