"""Entering a stage: the one left is over, and the promises of the new one are dated."""

from datetime import datetime

from sqlmodel import Session, func, select

from casework import journal
from casework.cases import moved_on, open_visit
from casework.dating import Start, date_checkpoint
from casework.lapsing import lapse, lapse_visit
from casework.reporter_clocks import step_taken
from casework.silence import stirred
from casework.succeeding import holder
from escalation.lanes import LEAD_TAKEN
from escalation.policy import CASE
from escalation.shape import Stage
from models import Case, Contact, Role, Visit

OPENED = "opened"  # how a case comes to its first stage


def enter_stage(
    session: Session,
    case: Case,
    target: Stage,
    now: datetime,
    how: str,
    *,
    since: datetime | None = None,
    acute: bool = False,
    by: Contact | None = None,
) -> Visit | None:
    """The case is in `target`; the stage left is over and the new one's promises are dated.

    The only place that dates a stage's own promises; they run from `since`, else from `now`. None
    for an end: nothing is visited there.
    """
    _leave(session, case, target, now, how)
    lapse(session, case, now, target.ends)
    case.stage = target.key
    moved_on(session, case)
    journal.append(session, case, now, journal.SYSTEM, "entered", stage=target.key)
    stirred(session, case, now, by)
    if how != OPENED:
        step_taken(session, case, now)
    if target.is_end:
        return None
    visit = _new_visit(session, case, target, now)
    _date_promises(session, case, target, visit, since or now, acute)
    if holder(session, case, Role(target.lead.value)) is None:
        date_checkpoint(session, case, LEAD_TAKEN, Start(f"visit:{visit.id}", now, CASE, visit))
    return visit


def _leave(session: Session, case: Case, target: Stage, now: datetime, how: str) -> None:
    visit = open_visit(session, case)
    if visit is None:
        return
    visit.left_at, visit.left_for, visit.left_how = now, target.key, how
    session.add(visit)
    lapse_visit(session, case, visit, now)


def _new_visit(session: Session, case: Case, target: Stage, now: datetime) -> Visit:
    before = session.exec(
        select(func.count())
        .select_from(Visit)
        .where(Visit.case_id == case.id, Visit.stage == target.key)
    ).one()
    visit = Visit(case_id=case.id or 0, stage=target.key, number=before + 1, entered_at=now)
    session.add(visit)
    session.flush()
    return visit


def _date_promises(
    session: Session, case: Case, target: Stage, visit: Visit, since: datetime, acute: bool
) -> None:
    start = Start(f"visit:{visit.id}", since, target.key, visit)
    for spec in target.checkpoints:
        if spec.only_if is None or (spec.only_if == "acute" and acute):
            date_checkpoint(session, case, spec, start)
