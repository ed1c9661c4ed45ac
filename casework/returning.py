"""A handover that did not succeed: back to its sender, and the process director hears of it.

Refused, or left unanswered until its term is over. The second time in a row it is the process
director who decides.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, func, select

from casework import journal
from casework.batons import READ_BACK, responsible_for
from casework.cases import moved_on
from casework.chore import Chore
from casework.clocks import (
    FOLLOW_UP,
    OF_AN_OFFER,
    clocks_of,
    clocks_of_role,
    lapse_clocks,
    start_clock,
)
from casework.policies import usable_policy
from casework.refusals import Refusal
from casework.telling import decider, tell
from escalation.baton import (
    HANDOVER_ANSWERED,
    HANDOVER_RETURNED,
    HANDOVER_URGENT,
    PROCESS_DECIDES,
)
from escalation.numbers import COUNTS
from models import Case, Checkpoint, Contact, Handover, HandoverState

REFUSALS = "case.refusals"
TERMS = (HANDOVER_ANSWERED.key, HANDOVER_URGENT.key)
NOT_TAKEN_OVER = {HandoverState.REFUSED, HandoverState.EXPIRED}


def next_expiry(session: Session) -> datetime | None:
    """The moment the next unanswered offer runs out; None when none is open."""
    return session.exec(select(func.min(Checkpoint.due_at)).where(*_running())).one()


def expire(session: Session, now: datetime, limit: int, case_id: int | None = None) -> int:
    """At most `limit` offers whose term is over by now have run out, of one case when it is named:
    both sides and the process director are told. Returns how many; called twice it is done once.

    One that can not be judged stays as it is and keeps no other waiting; its clock rings on.
    """
    due = (
        select(Handover, Case)
        .join(Checkpoint, col(Checkpoint.handover_id) == col(Handover.id))
        .join(Case, col(Case.id) == col(Handover.case_id))
        .where(*_running(), col(Checkpoint.due_at) <= now)
        .order_by(col(Checkpoint.due_at))
        .limit(limit)
        # Whoever answers it at this moment goes first; then it is no longer open.
        .with_for_update(of=(Checkpoint, Case), skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    if case_id is not None:
        due = due.where(col(Case.id) == case_id)
    return sum(_expired(session, case, row, now) for row, case in session.exec(due).all())


EXPIRY = Chore(next_expiry, expire)


def returned(session: Session, case: Case, row: Handover, now: datetime) -> None:
    """Whoever is responsible is asked how to go on, or the process director whom to assign, by a
    dated promise; they and the process director are told. Done twice it is done once.

    The process director decides from the policy's number of times in a row on, counted since the
    role was last taken over; when nobody can decide, whoever is responsible goes on.
    """
    if _followed_up(session, row):
        return
    back_to, directs = responsible_for(session, case, row), decider(session, case, now)
    event = "refused" if row.state is HandoverState.REFUSED else "expired"
    tell(session, case, back_to, event, now, handover=row)
    # It was asked before, of an offer the process director made since: asked anew.
    lapse_clocks(session, clocks_of_role(session, case, row.role, FOLLOW_UP), now)
    if directs is None or _in_a_row(session, row) < _most_in_a_row(session, case):
        start_clock(session, case, row, HANDOVER_RETURNED, now, asked=back_to, owed=None)
        said = "returned"
    else:
        start_clock(session, case, row, PROCESS_DECIDES, now, asked=directs, owed=back_to)
        said = "decide"
    if directs is not None:
        tell(session, case, directs, said, now, handover=row)


def still_to_go_on(session: Session, case: Case, row: Handover, now: datetime) -> None:
    """After an offer was revoked: whoever is responsible is asked again how to go on, when the role
    was not taken over before it and nobody is asked about that any more."""
    if _in_a_row(session, row) and not clocks_of_role(session, case, row.role, FOLLOW_UP):
        asked = responsible_for(session, case, row)
        start_clock(session, case, row, HANDOVER_RETURNED, now, asked=asked, owed=None)


def _running() -> tuple[Any, ...]:
    return (
        col(Checkpoint.handover_id).is_not(None),
        # As the partial index spells it: in a parameter, a planner cannot see that it serves.
        sa.text("checkpoints.state = 'open'"),
        col(Checkpoint.key).in_(TERMS),
    )


def _expired(session: Session, case: Case, row: Handover, now: datetime) -> bool:
    try:
        with session.begin_nested():
            _run_out(session, case, row, now)
    except (Refusal, ValueError, ArithmeticError):  # a damaged policy, or a date out of reach
        return False
    return True


def _run_out(session: Session, case: Case, row: Handover, now: datetime) -> None:
    row.state, row.answered_at = HandoverState.EXPIRED, now
    session.add(row)
    session.flush()
    lapse_clocks(session, clocks_of(session, row, OF_AN_OFFER), now)
    returned(session, case, row, now)
    tell(session, case, session.get_one(Contact, row.to_contact_id), "lapsed", now, handover=row)
    moved_on(session, case)
    said: dict[str, Any] = {"id": row.id, "role": row.role.value}
    journal.append(session, case, now, journal.SYSTEM, "handover_expired", **said)


def _followed_up(session: Session, row: Handover) -> bool:
    found = select(Checkpoint.id).where(
        Checkpoint.handover_id == row.id, col(Checkpoint.key).in_(FOLLOW_UP)
    )
    return session.exec(found).first() is not None


def _in_a_row(session: Session, row: Handover) -> int:
    """How often the role was not taken over since somebody last took it over. Revoked offers count
    for nothing."""
    same = select(Handover).where(Handover.case_id == row.case_id, Handover.role == row.role)
    count = 0
    for earlier in sorted(session.exec(same).all(), key=_when, reverse=True):
        if earlier.state in READ_BACK or earlier.forced_by is not None:
            break
        count += earlier.state in NOT_TAKEN_OVER
    return count


def _most_in_a_row(session: Session, case: Case) -> int:
    return usable_policy(session, case.policy_id).counts.get(REFUSALS, COUNTS[REFUSALS].least)


def _when(row: Handover) -> tuple[float, int]:
    moment = row.answered_at or row.offered_at
    return (moment.timestamp() if moment else 0.0, row.id or 0)
