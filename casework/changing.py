"""One change of a promised date, within a transaction: an end of the promise, and another in its
place with rungs of its own; a row of the ledger ties the two and says why."""

from dataclasses import replace
from datetime import datetime

from sqlmodel import Session, col, select

from casework import journal
from casework.authority import may_move_clock
from casework.dating import Start, date_checkpoint
from casework.policies import calendars_now, policy_of
from casework.recount import changed, changes_of, root_id_of, standing_of
from casework.refusals import NotAllowed
from escalation.baton import ABOUT_SILENCE
from escalation.lanes import PAUSE_OVER
from escalation.ledger import BadChange, Entry, Standing, What
from escalation.policy import CASE
from escalation.rungs import first_step
from models import Answer, Case, Checkpoint, CheckpointState, TermChange, TermWhat, Visit


def change_term(
    session: Session, case: Case, row: Checkpoint, entry: Entry, *, actor: str, now: datetime,
    ground: str, reason: str, act_id: int | None = None,
) -> Checkpoint:  # fmt: skip
    """Within a transaction: the open promise is replaced by the one returned, with its new date.

    The ledger and the journal have a line more; while it is paused `pause_over` is asked. The case
    was found with its lock; its version is the caller's to move on. Raises NotAllowed.
    """
    if row.state is not CheckpointState.OPEN:
        raise NotAllowed(f"promise {row.id} of case {case.key} is over; its date stays as it was")
    if row.key in ABOUT_SILENCE:
        raise NotAllowed(
            f"promise {row.id} asks about silence, which is no date to change; when there is a "
            "reason to wait, state it: estafette case wait"
        )
    entry = replace(entry, ground=_said(ground, "ground", 200))
    reason, root_id = _said(reason, "reason", 1000), root_id_of(session, row)
    standing = _standing(session, root_id, entry, now)
    last = max(standing.end, entry.until or standing.end)
    may_move_clock(session, case, row, actor, last, now)
    successor = _replaced(session, case, row, entry, standing, now)
    change = TermChange(
        case_id=row.case_id, root_id=root_id, checkpoint_id=row.id or 0,
        successor_id=successor.id or 0, seq=len(changes_of(session, root_id)) + 1,
        what=TermWhat(entry.what.value), on=entry.on, until=entry.until,
        length=str(entry.length) if entry.length else None, nominal_on=standing.nominal,
        due_on=standing.end, due_at=standing.due_at, ground=entry.ground, reason=reason, by=actor,
        act_id=act_id, recorded_at=now,
    )  # fmt: skip
    session.add(change)
    session.flush()
    _ask_when_it_ends(session, case, change, successor, now)
    journal.append(
        session, case, now, actor, "term_changed", what=change.what.value, promise=successor.id,
        replaced=row.id, key=row.key, on=entry.on.isoformat(), due=standing.end.isoformat(),
        act=act_id,
    )  # fmt: skip
    return successor


def _standing(session: Session, root_id: int, entry: Entry, now: datetime) -> Standing:
    try:
        return changed(session, standing_of(session, root_id), entry, now)
    except BadChange as error:
        raise NotAllowed(str(error)) from None


def _said(text: str, what: str, most: int) -> str:
    said = text.strip()
    if not 0 < len(said) <= most:
        raise NotAllowed(f"changing a date needs a {what}, of at most {most} characters")
    return said


def _replaced(
    session: Session, case: Case, row: Checkpoint, entry: Entry, to: Standing, now: datetime
) -> Checkpoint:
    policy, calendar = policy_of(session, case.policy_id), calendars_now(session).working
    step = first_step(now, to.end, to.due_at if to.exact else None, policy.ladder, calendar)
    row.state, row.next_at, row.closed_at = CheckpointState.LAPSED, None, now
    waits = entry.what is not What.REDATED
    successor = Checkpoint(
        case_id=row.case_id, key=row.key, section=row.section, origin=f"change:{row.id}",
        visit_id=row.visit_id, handover_id=row.handover_id,
        request_id=row.request_id, asked_id=row.asked_id, owed_id=row.owed_id, kind=row.kind,
        statutory=row.statutory, outlives=row.outlives, source=row.source, length=row.length,
        since=row.since, due_on=to.end, due_at=to.due_at, nominal_on=to.nominal, exact=to.exact,
        derivation=[{"nl": t.nl, "en": t.en} for t in to.derivation],
        awaits=row.awaits if waits else None, awaits_length=row.awaits_length if waits else None,
        state=CheckpointState.OPEN, next_rung=step.offset, next_at=step.at,
    )  # fmt: skip
    session.add_all([row, successor])
    session.flush()
    return successor


def _ask_when_it_ends(
    session: Session, case: Case, change: TermChange, row: Checkpoint, now: datetime
) -> None:
    """Only the pause that runs is asked about; an extension leaves it running."""
    if change.what is TermWhat.EXTENDED:
        return
    asked = select(Checkpoint).where(
        Checkpoint.case_id == case.id,
        Checkpoint.key == PAUSE_OVER.key,
        col(Checkpoint.origin).startswith(f"pause:{change.root_id}:"),
        Checkpoint.state == CheckpointState.OPEN,
    )
    for question in session.exec(asked):
        _over(question, change, now)
        session.add(question)
    if change.what is TermWhat.PAUSED:
        visit = session.get(Visit, row.visit_id) if row.visit_id else None
        origin, until = f"pause:{change.root_id}:{change.seq}", {"until": change.until}
        spec = replace(PAUSE_OVER, outlives=row.outlives)
        date_checkpoint(session, case, spec, Start(origin, now, CASE, visit, facts=until))


def _over(question: Checkpoint, change: TermChange, now: datetime) -> None:
    question.state, question.next_at, question.closed_at = CheckpointState.LAPSED, None, now
    if change.what is TermWhat.RESUMED:
        question.state, question.answer = CheckpointState.ANSWERED, Answer.DONE
        question.answered_by = change.by
