"""Stages: entering one dates its promises, leaving one makes an end of them."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework import journal
from casework.asked import withdraw_open
from casework.cases import find, moved_on, open_visit, refuse_stale
from casework.closing import end_handovers
from casework.connect import transaction
from casework.dating import Start, date_checkpoint
from casework.dossiers import dossier_of
from casework.people import acting, contact
from casework.policies import policy_of
from casework.presence import refuse_unreachable
from casework.reasons import remember, remember_waived
from casework.refusals import Incomplete, NotAllowed, Unmet
from casework.reporter_clocks import step_taken
from casework.silence import stirred
from casework.succeeding import holder, succeed
from casework.waiving import waived
from escalation import moves
from escalation.baton import REPORTER_TOLD
from escalation.lanes import LEAD_TAKEN
from escalation.policy import CASE, missing_in
from escalation.shape import Stage
from models import (
    Assignment,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    JournalEntry,
    Role,
    Visit,
)

# Why a case was closed; the first five are those of the national evaluation.
RESULTS = ("resolved", "reduced", "not_reduced", "moved", "unclear", "unfounded", "referred")
OPENED = "opened"  # how a case comes to its first stage
BEFORE_ANYTHING_WAS_DONE = {"signal", "assessment"}


def decide(
    engine: Engine,
    case_key: str,
    *,
    by: str,
    seen_version: int,
    now: datetime,
    exit_key: str | None = None,
    to: str | None = None,
    reason: str | None = None,
    result: str | None = None,
    waive: Mapping[str, str] | None = None,
    waived_by: str | None = None,
) -> int:
    """The case is in the stage the decision leads to, with its promises dated; returns its version.

    An ordinary `exit_key`, or any other stage `to` with a `reason`; reasons, also those of
    `waived_by` (else of `by`) for waiving a guard, are kept in the dossier. The same decision by
    the same person on the same version is taken once. Raises CaseMoved on an old page, Unmet with
    every unmet guard, Incomplete when the policy lacks a number, Unknown for a stage or exit the
    path does not have, NotAllowed, NotFound.
    """
    with transaction(engine) as session:
        case = find(session, case_key)
        actor = acting(session, by, now).key
        if _taken_before(session, case, seen_version, actor, exit_key, to):
            return case.version
        refuse_stale(case, seen_version)
        if case.closed_at is not None:
            raise NotAllowed(f"case {case.key} is closed; reopen it first: estafette case reopen")
        target = _target(moves.stage(case.stage), exit_key, to, reason)
        set_aside = waived(target.guards, waive or {}, acting(session, waived_by or by, now))
        reasons = {"decision": reason} if reason and reason.strip() else {}
        _judge(session, case, target, now, set_aside.guards)
        if target.is_end:
            _close(session, case, target, now, result or _result_of(case, target))
        journal.append(
            session,
            case,
            now,
            actor,
            "decided",
            seen=seen_version,
            to=target.key,
            how=exit_key or "other",
            waived=sorted(set_aside.guards),
            reasoned="decision" in reasons,
        )
        visit = open_visit(session, case)
        remember(session, case, visit, actor, now, reasons)
        remember_waived(session, case, visit, set_aside, now)
        enter_stage(session, case, target, now, exit_key or "other", by=acting(session, by, now))
        return case.version


def reopen(
    engine: Engine,
    case_key: str,
    *,
    stage: str,
    by: str,
    reason: str,
    now: datetime,
    director: str | None = None,
) -> int:
    """A closed case is open again in `stage`, with a director; returns its version.

    Reopening a case that is open already in that stage changes nothing. Raises NotAllowed when
    another case is open at the address, no reason is given, or the director would be somebody who
    is absent or left.
    """
    with transaction(engine) as session:
        case = find(session, case_key)
        target = moves.stage(stage)
        if case.closed_at is None:
            if case.stage == target.key:
                return case.version
            raise NotAllowed(f"case {case.key} is open in {case.stage!r}; nothing to reopen")
        if target.is_end or not reason.strip():
            raise NotAllowed("reopening needs an open stage and a reason")
        actor = acting(session, by, now)
        holder_now = contact(session, director) if director else actor
        refuse_unreachable(session, holder_now, now)
        _refuse_second_case(session, case)
        _judge(session, case, target, now, frozenset())
        case.closed_at, case.result = None, None
        succeed(session, case, Role.DIRECTOR, holder_now, now)
        journal.append(session, case, now, actor.key, "reopened", to=target.key)
        remember(session, case, None, actor.key, now, {"reopening": reason})
        enter_stage(session, case, target, now, "reopened", by=actor)
        return case.version


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
    for spec in target.checkpoints:
        if spec.only_if is None or (spec.only_if == "acute" and acute):
            start = Start(f"visit:{visit.id}", since or now, target.key, visit)
            date_checkpoint(session, case, spec, start)
    if holder(session, case, Role(target.lead.value)) is None:
        date_checkpoint(session, case, LEAD_TAKEN, Start(f"visit:{visit.id}", now, CASE, visit))
    return visit


def lapse(
    session: Session,
    case: Case,
    now: datetime,
    keys: Collection[str],
    visit: Visit | None = None,
    *,
    section: str | None = None,
) -> None:
    """Open promises with these keys, of this section when given, are over without an answer; when
    a visit is given also all of that visit but those that outlive the stage."""
    rows = session.exec(
        select(Checkpoint).where(
            Checkpoint.case_id == case.id, Checkpoint.state == CheckpointState.OPEN
        )
    )
    for row in rows:
        of_visit = visit is not None and row.visit_id == visit.id and not row.outlives
        meant = row.key in keys and section in {None, row.section}
        if meant or of_visit:
            row.state, row.next_at, row.closed_at = CheckpointState.LAPSED, None, now
            session.add(row)
    session.flush()


def _target(current: Stage, exit_key: str | None, to: str | None, reason: str | None) -> Stage:
    if exit_key is not None:
        return moves.target_of(current, exit_key)
    if to is None or not (reason or "").strip():
        raise NotAllowed("a decision names an exit, or a stage to move to and the reason why")
    if to == current.key:
        raise NotAllowed(f"the case is in {to!r} already")
    return moves.stage(to)


def _taken_before(
    session: Session, case: Case, seen: int, actor: str, exit_key: str | None, to: str | None
) -> bool:
    """Whether the last decision is this very one; the stage it left would no longer know it."""
    last = session.exec(
        select(JournalEntry)
        .where(JournalEntry.case_id == case.id, JournalEntry.kind == "decided")
        .order_by(col(JournalEntry.seq).desc())
    ).first()
    if last is None or case.version == seen:
        return False
    asked = (actor, seen, exit_key or "other", to if exit_key is None else last.data["to"])
    return (last.actor, last.data["seen"], last.data["how"], last.data["to"]) == asked


def _judge(
    session: Session, case: Case, target: Stage, now: datetime, waived: frozenset[str]
) -> None:
    policy = policy_of(session, case.policy_id)
    if missing := missing_in(policy, target):
        raise Incomplete(policy.name, target.key, missing)
    dossier = dossier_of(session, case, now, target.key, waived=waived)
    if unmet := moves.unmet(target.guards, dossier):
        raise Unmet(f"entering {target.key!r}", unmet)


def _close(session: Session, case: Case, target: Stage, now: datetime, result: str) -> None:
    if result not in RESULTS:
        raise NotAllowed(f"closing needs a result, one of: {', '.join(RESULTS)}")
    running = session.exec(
        select(Checkpoint.key).where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            col(Checkpoint.statutory).is_(True),
        )
    ).all()
    if running:
        raise NotAllowed(
            f"case {case.key} can not be closed while terms of law still run: "
            f"{', '.join(sorted(running))}; answer them first"
        )
    # That a reporter hears of it is owed all the more when the case ends.
    over = {row.key for row in _open_checkpoints(session, case)} - {REPORTER_TOLD.key}
    lapse(session, case, now, over)
    end_handovers(session, case, now)
    withdraw_open(session, case, now)
    case.closed_at, case.result = now, result
    session.add(case)
    session.flush()
    _end_assignments(session, case, now)


def _open_checkpoints(session: Session, case: Case) -> list[Checkpoint]:
    rows = select(Checkpoint).where(
        Checkpoint.case_id == case.id, Checkpoint.state == CheckpointState.OPEN
    )
    return list(session.exec(rows))


def _end_assignments(session: Session, case: Case, now: datetime) -> None:
    for row in session.exec(
        select(Assignment).where(Assignment.case_id == case.id, col(Assignment.until).is_(None))
    ):
        row.until = now
        session.add(row)


def _result_of(case: Case, target: Stage) -> str:
    if target.key == "referred":
        return "referred"
    return "unfounded" if case.stage in BEFORE_ANYTHING_WAS_DONE else ""


def _refuse_second_case(session: Session, case: Case) -> None:
    other = session.exec(
        select(Case.key).where(
            Case.municipality == case.municipality,
            Case.address_key == case.address_key,
            Case.strand == case.strand,
            col(Case.closed_at).is_(None),
        )
    ).first()
    if other:
        raise NotAllowed(f"case {other} is open at the same address; continue there")


def _leave(session: Session, case: Case, target: Stage, now: datetime, how: str) -> None:
    visit = open_visit(session, case)
    if visit is None:
        return
    visit.left_at, visit.left_for, visit.left_how = now, target.key, how
    session.add(visit)
    lapse(session, case, now, set(), visit)


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
