"""The end of a case: nothing is asked any more, nobody holds or takes over, and it has a result."""

from datetime import datetime

from sqlmodel import Session, col, select

from casework.asked import withdraw_open
from casework.lapsing import lapse, open_promises
from casework.refusals import NotAllowed
from casework.telling import tell
from escalation.baton import REPORTER_TOLD
from escalation.shape import Stage
from models import Assignment, Case, Contact, Handover, HandoverState

# Why a case was closed; the first five are those of the national evaluation.
RESULTS = ("resolved", "reduced", "not_reduced", "moved", "unclear", "unfounded", "referred")
BEFORE_ANYTHING_WAS_DONE = {"signal", "assessment"}
BEFORE_READ_BACK = {HandoverState.DRAFT, HandoverState.OFFERED, HandoverState.ASSIGNED}
OWING = {HandoverState.ACCEPTED, HandoverState.CONTACTED, HandoverState.REPORTED}


def close(session: Session, case: Case, target: Stage, now: datetime, result: str | None) -> None:
    """Within a transaction: the case is closed with this result, else with the one that follows
    from where it was and where it goes; entering `target` is the caller's.

    Raises NotAllowed for another result, and while terms of law run.
    """
    result = result or _result_of(case, target)
    if result not in RESULTS:
        raise NotAllowed(f"closing needs a result, one of: {', '.join(RESULTS)}")
    still_open = open_promises(session, case)
    if running := sorted(row.key for row in still_open if row.statutory):
        raise NotAllowed(
            f"case {case.key} can not be closed while terms of law still run: "
            f"{', '.join(running)}; answer them first"
        )
    # That a reporter hears of it is owed all the more when the case ends.
    lapse(session, case, now, {row.key for row in still_open} - {REPORTER_TOLD.key})
    _end_handovers(session, case, now)
    withdraw_open(session, case, now)
    case.closed_at, case.result = now, result
    session.add(case)
    session.flush()
    _end_assignments(session, case, now)


def _result_of(case: Case, target: Stage) -> str:
    if target.key == "referred":
        return "referred"
    return "unfounded" if case.stage in BEFORE_ANYTHING_WAS_DONE else ""


def _end_handovers(session: Session, case: Case, now: datetime) -> None:
    """What waited for an answer is revoked and its receiver told; what was accepted is closed and
    its sender told. Their promises have lapsed."""
    ending = select(Handover).where(
        Handover.case_id == case.id, col(Handover.state).in_(BEFORE_READ_BACK | OWING)
    )
    for row in session.exec(ending.order_by(col(Handover.id))).all():
        _tell(session, case, row, now)
        if row.state in OWING:
            row.state, row.closed_at = HandoverState.CLOSED, now
        else:
            row.state, row.answered_at = HandoverState.REVOKED, now
        session.add(row)
    session.flush()


def _tell(session: Session, case: Case, row: Handover, now: datetime) -> None:
    if row.state in OWING:
        sender = session.get_one(Contact, row.from_contact_id)
        tell(session, case, sender, "case_closed", now, handover=row)
    elif row.state is not HandoverState.DRAFT:
        receiver = session.get_one(Contact, row.to_contact_id)
        tell(session, case, receiver, "revoked", now, handover=row)


def _end_assignments(session: Session, case: Case, now: datetime) -> None:
    for row in session.exec(
        select(Assignment).where(Assignment.case_id == case.id, col(Assignment.until).is_(None))
    ):
        row.until = now
        session.add(row)
