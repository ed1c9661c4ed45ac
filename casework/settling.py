"""What an act changes: promises it ends or answers, the terms it starts, and what an outcome does.

In that order, because an act may replace a promise of its own key.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from casework.dating import Start, date_checkpoint, ensure_next_date
from casework.lapsing import lapse
from casework.outcomes import act_behind, carry_through
from casework.rearming import rearm
from casework.reporter_clocks import circumstances_of
from casework.reporting import mark_reported
from escalation.baton import REPORT_BACK
from escalation.moves import section_of
from escalation.policy import sections
from escalation.protection import OBJECTION_DECIDED
from escalation.rungs import AMSTERDAM
from escalation.shape import Act as Spec
from escalation.shape import Checkpoint as Promise
from escalation.standing import DECISIONS
from escalation.text import Text
from models import Act, Answer, Case, Checkpoint, CheckpointState, Visit

LATE = Text(
    "Het bezwaar lijkt te laat. Beoordeel zelf of dat verschoonbaar is (Awb 6:9, 6:11); er is "
    "niets afgewezen.",
    "The objection seems late. Judge yourself whether that is excusable (Awb 6:9, 6:11); nothing "
    "was rejected.",
)


@dataclass(frozen=True, slots=True)
class Settled:
    """The promises an act dated, and what a person should know."""

    started: tuple[Checkpoint, ...]
    warnings: tuple[Text, ...] = ()


def settle(
    session: Session,
    case: Case,
    visit: Visit | None,
    spec: Spec,
    act: Act,
    facts: Mapping[str, Any],
    now: datetime,
    actor: str,
) -> Settled:
    """The act's consequences are rows: nothing it ends or answers is open, its terms are dated."""
    section = section_of(spec)
    lapse(session, case, now, spec.ends, section=section)
    objected = _objected_to(session, case, act, facts) if OBJECTION_DECIDED in spec.starts else None
    _answer(session, case, act, _meant(session, case, facts, objected), now, actor)
    over = facts.get("term_ended") or (objected.due_on if objected else None)
    late = over is not None and act.at.astimezone(AMSTERDAM).date() > over
    told = circumstances(facts) | circumstances_of(session, case) | ({"late"} if late else set())
    start = Start(f"act:{act.id}", act.at, section, visit, facts=facts)
    dated = [
        date_checkpoint(session, case, as_told(promise, told), counted(start, promise, over))
        for promise in spec.starts
        if promise.only_if is None or promise.only_if in told
    ]
    rearm(session, case, act, actor, now)
    carry_through(session, case, act, facts, actor, now)
    if visit is not None:
        ensure_next_date(session, case, visit, now)
    return Settled(tuple(row for row in dated if row is not None), (LATE,) if late else ())


def circumstances(facts: Mapping[str, Any]) -> set[str]:
    """The words a promise may depend on: facts that are true, and what an outcome does."""
    true = {name for name, value in facts.items() if value is True}
    return true | ({str(facts["effect"])} if "effect" in facts else set())


def as_told(promise: Promise, told: set[str]) -> Promise:
    """The promise with the length these circumstances give it."""
    if promise.longer_if is not None and promise.longer_if[0] in told:
        return replace(promise, length=promise.longer_if[1])
    return promise


def counted(start: Start, promise: Promise, over: date | None) -> Start:
    """The start from the day the promise is counted from, where that is not the act's own.

    `over` is the last day of the term it follows, as it ran here or as the act states it.
    """
    if promise.after_term is not None and over is not None:
        return replace(start, counted_from=over)
    stated = (start.facts or {}).get(promise.after_fact or "")
    return replace(start, counted_from=_day(stated)) if isinstance(stated, date) else start


def _day(stated: date) -> date:
    return stated.astimezone(AMSTERDAM).date() if isinstance(stated, datetime) else stated


def _objected_to(
    session: Session, case: Case, act: Act, facts: Mapping[str, Any]
) -> Checkpoint | None:
    """The objection term of what is objected to: of the decision it names, else the last one.

    A decision of a later moment was not objected to yet.
    """
    kinds = DECISIONS.get(str(facts.get("against")))
    rows = session.exec(
        select(Checkpoint)
        .where(
            Checkpoint.case_id == case.id,
            Checkpoint.key == "objection",
            col(Checkpoint.since) <= act.at,
        )
        .order_by(col(Checkpoint.since).desc(), col(Checkpoint.id).desc())
    ).all()
    if kinds is None:
        return rows[0] if rows else None
    begun = ((row, act_behind(session, row)) for row in rows)
    return next((row for row, made_by in begun if made_by and made_by.kind in kinds), None)


def _meant(
    session: Session, case: Case, facts: Mapping[str, Any], objected: Checkpoint | None
) -> Checkpoint | None:
    """Of promises that ask the same, the one of the measure this act names: its objection term, or
    the decision on the objection to it."""
    if "against" not in facts:
        return None
    if objected is not None:
        return objected
    rows = session.exec(
        select(Checkpoint).where(
            Checkpoint.case_id == case.id,
            Checkpoint.key == OBJECTION_DECIDED.key,
            Checkpoint.state == CheckpointState.OPEN,
        )
    )
    made = ((row, act_behind(session, row)) for row in rows)
    about = (row for row, by in made if by and by.facts.get("against") == facts["against"])
    return next(about, None)


def _answered_by(act_key: str) -> frozenset[tuple[str, str]]:
    """The promises, by section and key, that this act answers."""
    return frozenset((section, c.key) for section, c in sections() if act_key in c.answered_by)


def _answer(
    session: Session, case: Case, act: Act, meant: Checkpoint | None, now: datetime, actor: str
) -> None:
    for row in _settled(session, case, act, meant):
        row.state, row.answer, row.next_at = CheckpointState.ANSWERED, Answer.DONE, None
        row.answered_by, row.closed_at = actor, now
        session.add(row)
        session.flush()
        if row.key == REPORT_BACK.key:
            mark_reported(session, case, row, now)
    session.flush()


def _settled(session: Session, case: Case, act: Act, meant: Checkpoint | None) -> list[Checkpoint]:
    """The open promises this act answers: made by the day it was done, and meant beyond doubt.

    Of several terms of law that ask the same (two objection terms) only the one that is `meant`,
    if the act says; else a person answers that one, by its number.
    """
    keys, day = _answered_by(act.kind), act.at.astimezone(AMSTERDAM).date()
    rows = session.exec(
        select(Checkpoint).where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            col(Checkpoint.key).in_([key for _section, key in keys]),
        )
    )
    asked = [
        row
        for row in rows
        if (row.section, row.key) in keys and row.since.astimezone(AMSTERDAM).date() <= day
    ]
    alike = Counter(row.key for row in asked)
    return [
        row
        for row in asked
        if not (row.statutory and alike[row.key] > 1) or (meant and row.id == meant.id)
    ]
