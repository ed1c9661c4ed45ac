"""Silence on a case: it begins anew with every meaningful event, and is asked about when it lasts.

An open case always has a moment at which its silence is spoken of, or an open question about it.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from casework import journal
from casework.cases import moved_on
from casework.chore import Chore
from casework.clocks import lapse_clocks
from casework.dating import Start, date_checkpoint
from casework.look import Look
from casework.quiet import end_waits, put_off, still_open
from casework.refusals import Incomplete
from casework.table import at_the_table, watch_table
from escalation.baton import CASE_SILENT, WAIT_OVER
from escalation.policy import CASE, PolicyError
from escalation.silence import Spoken, begins
from models import Case, Contact

ORIGIN = "silence:"


def stirred(session: Session, case: Case, now: datetime, by: Contact | None = None) -> None:
    """Within a transaction: something meaningful happened, so silence is counted from now.

    An open question about silence is void, and `by` was heard of as a partner. A closed case is
    never silent. The case is locked, and its version is the caller's to move on.
    """
    case.stirred_at = max(now, case.stirred_at or now)
    if case.closed_at is not None:
        end_waits(session, case, now)
    watch_silence(session, case, now)
    at_the_table(session, case, now, by)


def watch_silence(session: Session, case: Case, now: datetime) -> None:
    """The case is quiet until the moment that follows from its last event and a stated wait."""
    look = Look(session, [case])
    lapse_clocks(session, still_open(look.begun(case, ORIGIN)), now)
    case.silent_at = None if case.closed_at is not None else _spoken_of(look, case).at
    session.add(case)
    session.flush()


def _spoken_of(look: Look, case: Case) -> Spoken:
    since = case.stirred_at or case.opened_at
    return look.rules(case).spoken_of(CASE_SILENT, since, look.running_wait(case, None))


def _next_at(session: Session) -> datetime | None:
    soonest = select(Case.silent_at).where(col(Case.silent_at).is_not(None))
    return session.exec(soonest.order_by(col(Case.silent_at)).limit(1)).first()


def _speak(session: Session, now: datetime, limit: int, case_id: int | None) -> int:
    """Silence that lasts is asked about; returns how many cases were looked at.

    What turns out not to be silent yet is looked at again when it would be.
    """
    silent = select(Case).where(col(Case.silent_at) <= now, col(Case.closed_at).is_(None))
    if case_id is not None:
        silent = silent.where(Case.id == case_id)
    locked = (
        silent.order_by(col(Case.silent_at))
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    cases = session.exec(locked.execution_options(populate_existing=True)).all()
    look = Look(session, cases)
    for case in cases:
        _look_at(session, look, case, now)
    session.flush()
    return len(cases)


def _look_at(session: Session, look: Look, case: Case, now: datetime) -> None:
    try:
        spoken = _spoken_of(look, case)
        if spoken.at <= now:
            _ask(session, look, case, spoken, now)
        else:
            case.silent_at = spoken.at
        watch_table(session, look, case, now)
    except (PolicyError, Incomplete, ValueError, ArithmeticError):  # no date can be counted
        case.silent_at = put_off(session, case, now)
    session.add(case)


def _ask(session: Session, look: Look, case: Case, spoken: Spoken, now: datetime) -> None:
    """It is due and so rings at once: for the director, and by the ladder for those above."""
    origin = f"{ORIGIN}{len(look.begun(case, ORIGIN)) + 1}"
    since = begins(spoken.wait) if spoken.wait else case.stirred_at or case.opened_at
    spec = WAIT_OVER if spoken.wait else CASE_SILENT
    start = Start(origin, since, CASE, facts={"until": spoken.wait})
    row = date_checkpoint(session, case, spec, start)
    assert row is not None  # the day of a wait is stated, and silence has a length
    case.silent_at = None
    moved_on(session, case)
    journal.append(session, case, now, journal.SYSTEM, "silence_asked", promise=row.id, key=row.key)


SILENCE = Chore(_next_at, _speak)
