"""What reports set going: word for who reported, and a review when there are many of them.

The clocks run while a case is open and somebody who reported can be told. Each word given starts
the next, so there is never more than one of a kind to answer.
"""

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.dating import Start, date_checkpoint
from casework.policies import policy_of
from escalation.baton import REPORTER_KNOWN, REPORTER_TOLD, REPORTER_WORD, REPORTS_REVIEWED
from escalation.lanes import DOSSIER
from escalation.policy import CASE
from escalation.reports import forces_review, in_one_stretch
from escalation.rungs import AMSTERDAM
from escalation.shape import Checkpoint as Spec
from escalation.terms import Length
from models import Answer, Case, Checkpoint, CheckpointState, Reporter, Signal


def report_came_in(session: Session, case: Case, signal: Signal) -> None:
    """Who reported is owed word within weeks, and many reports at one address force a review."""
    if session.get(Reporter, signal.id) is not None:
        _owe_word(session, case, Start(f"reporter:{signal.id}", signal.received_at, DOSSIER.key))
    if _review_needed(session, case, signal):
        start = Start(f"reports:{signal.id}", signal.received_at, CASE)
        date_checkpoint(session, case, REPORTS_REVIEWED, start)


def step_taken(session: Session, case: Case, now: datetime) -> None:
    """Who reported is owed word of this step, also of the last one; asked once at a time."""
    if not reporter_known(session, case):
        return
    origin = f"step:{case.version}"
    if not _asked(session, case, REPORTER_TOLD):
        date_checkpoint(session, case, REPORTER_TOLD, Start(origin, now, CASE))
    _owe_word(session, case, Start(origin, now, DOSSIER.key))


def word_goes_on(session: Session, case: Case, answered: Checkpoint, now: datetime) -> None:
    """After an answer to whether there was word, the next is owed.

    It counts from now, or from the word before when there was none and the weeks are not over.
    """
    if (answered.section, answered.key) != (DOSSIER.key, REPORTER_WORD.key):
        return
    silent_still = answered.answer is not Answer.DONE and now < answered.due_at
    begun = answered.since if silent_still else now
    if reporter_known(session, case):
        _owe_word(session, case, Start(f"promise:{answered.id}", begun, DOSSIER.key))


def circumstances_of(session: Session, case: Case) -> set[str]:
    """Whether an act that gives word starts the next: somebody can be told, and it is not owed."""
    starts = _may_owe_word(session, case) and reporter_known(session, case)
    return {REPORTER_KNOWN} if starts else set()


def reporter_known(session: Session, case: Case) -> bool:
    """Whether it is known who made one of the case's reports."""
    known = select(Reporter.signal_id).join(Signal).where(Signal.case_id == case.id)
    return session.exec(known).first() is not None


def _owe_word(session: Session, case: Case, start: Start) -> None:
    if _may_owe_word(session, case):
        date_checkpoint(session, case, REPORTER_WORD, start)


def _may_owe_word(session: Session, case: Case) -> bool:
    return case.closed_at is None and not _asked(session, case, REPORTER_WORD)


def _asked(session: Session, case: Case, spec: Spec) -> bool:
    found = select(Checkpoint.id).where(
        Checkpoint.case_id == case.id,
        Checkpoint.key == spec.key,
        Checkpoint.state == CheckpointState.OPEN,
    )
    return session.exec(found).first() is not None


def _review_needed(session: Session, case: Case, signal: Signal) -> bool:
    policy = policy_of(session, case.policy_id)
    needed, within = policy.counts.get("case.reports"), policy.limits.get("case.reports_within")
    if needed is None or within is None:
        return False
    new, days = _day(signal.received_at), _reports_at(session, case)
    return forces_review(days, new, needed, within) and not _reviewed(session, case, new, within)


def _reports_at(session: Session, case: Case) -> list[date]:
    """The days of all reports about the address, on whatever case they came."""
    moments = select(Signal.received_at).join(Case).where(_at_the_address(case))
    return [_day(moment) for moment in session.exec(moments)]


def _reviewed(session: Session, case: Case, new: date, within: Length) -> bool:
    """Whether a review was asked in that time. One that a closing cut short was not held."""
    asked = (
        select(Checkpoint.since)
        .join(Case)
        .where(
            _at_the_address(case),
            Checkpoint.key == REPORTS_REVIEWED.key,
            Checkpoint.state != CheckpointState.LAPSED,
        )
    )
    return any(in_one_stretch(_day(moment), new, within) for moment in session.exec(asked))


def _at_the_address(case: Case) -> sa.ColumnElement[bool]:
    return sa.and_(
        col(Case.municipality) == case.municipality, col(Case.address_key) == case.address_key
    )


def _day(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date()
