"""Stages: a person decides where a case goes, or reopens it, and the guards judge both."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, open_visit, refuse_stale
from casework.closing import close
from casework.connect import transaction
from casework.dossiers import dossier_of
from casework.entering import enter_stage
from casework.people import acting, contact
from casework.policies import policy_of
from casework.presence import refuse_unreachable
from casework.reasons import remember, remember_waived
from casework.refusals import Incomplete, NotAllowed, Unmet
from casework.succeeding import succeed
from casework.waiving import waived
from escalation import moves
from escalation.policy import missing_in
from escalation.shape import Stage
from models import Case, JournalEntry, Role


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
        person = acting(session, by, now)
        if _taken_before(session, case, seen_version, person.key, exit_key, to):
            return case.version
        refuse_stale(case, seen_version)
        if case.closed_at is not None:
            raise NotAllowed(f"case {case.key} is closed; reopen it first: estafette case reopen")
        target = _target(moves.stage(case.stage), exit_key, to, reason)
        set_aside = waived(target.guards, waive or {}, acting(session, waived_by or by, now))
        reasons = {"decision": reason} if reason and reason.strip() else {}
        _judge(session, case, target, now, set_aside.guards)
        if target.is_end:
            close(session, case, target, now, result)
        journal.append(
            session,
            case,
            now,
            person.key,
            "decided",
            seen=seen_version,
            to=target.key,
            how=exit_key or "other",
            waived=sorted(set_aside.guards),
            reasoned="decision" in reasons,
        )
        visit = open_visit(session, case)
        remember(session, case, visit, person.key, now, reasons)
        remember_waived(session, case, visit, set_aside, now)
        enter_stage(session, case, target, now, exit_key or "other", by=person)
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
