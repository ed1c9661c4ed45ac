"""The clocks of a handover: started, answered by what happens to it, or lapsed with it."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, select

from casework.dating import Start, date_checkpoint, no_pause_of_what_is_over
from casework.lapsing import lapse_rows
from escalation.baton import (
    CALL_BACK,
    HANDOVER_ACKNOWLEDGED,
    HANDOVER_ANSWERED,
    HANDOVER_RETURNED,
    HANDOVER_URGENT,
    PROCESS_DECIDES,
    READ_BACK_OWED,
)
from escalation.policy import CASE
from escalation.shape import Checkpoint as Spec
from models import Answer, Case, Checkpoint, CheckpointState, Contact, Handover, Role

# Whoever answers the offer has answered these.
TO_ANSWER = (HANDOVER_ANSWERED.key, HANDOVER_URGENT.key, READ_BACK_OWED.key)
OF_AN_OFFER = (*TO_ANSWER, HANDOVER_ACKNOWLEDGED.key, CALL_BACK.key)
FOLLOW_UP = (HANDOVER_RETURNED.key, PROCESS_DECIDES.key)


def start_clock(
    session: Session,
    case: Case,
    row: Handover,
    spec: Spec,
    now: datetime,
    *,
    asked: Contact | None,
    owed: Contact | None,
    time: int = 1,
) -> None:
    """The handover's promise is dated: `asked` must answer it and `owed` waits for that.

    `time` says how often it was asked of this handover. Raises Incomplete.
    """
    origin = f"handover:{row.id}" if time == 1 else f"handover:{row.id}:{time}"
    date_checkpoint(session, case, spec, Start(
        origin, now, CASE, handover_id=row.id, asked=asked.id if asked else None,
        owed=owed.id if owed else None))  # fmt: skip


def clocks_of(session: Session, row: Handover, keys: Collection[str] = ()) -> list[Checkpoint]:
    """The handover's open promises, of these keys when given."""
    found = select(Checkpoint).where(
        Checkpoint.handover_id == row.id, Checkpoint.state == CheckpointState.OPEN
    )
    if keys:
        found = found.where(col(Checkpoint.key).in_(keys))
    return list(session.exec(found.order_by(col(Checkpoint.id))))


def clocks_of_role(
    session: Session, case: Case, role: Role, keys: Collection[str]
) -> list[Checkpoint]:
    """The open promises of these keys about any handover of the role."""
    found = (
        select(Checkpoint)
        .join(Handover, col(Handover.id) == col(Checkpoint.handover_id))
        .where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            Handover.role == role,
            col(Checkpoint.key).in_(keys),
        )
    )
    return list(session.exec(found.order_by(col(Checkpoint.id))))


def answer_clocks(
    session: Session,
    rows: Collection[Checkpoint],
    now: datetime,
    by: str,
    given: Answer = Answer.DONE,
    reason: str | None = None,
) -> None:
    """These promises are answered by this person."""
    for row in rows:
        row.state, row.answer, row.reason = CheckpointState.ANSWERED, given, reason
        row.next_at, row.answered_by, row.closed_at = None, by, now
        session.add(row)
    _over(session, rows, now)


def lapse_clocks(session: Session, rows: Collection[Checkpoint], now: datetime) -> None:
    """Nobody has to answer these promises any more."""
    lapse_rows(session, rows, now)
    _over(session, rows, now)


def _over(session: Session, rows: Collection[Checkpoint], now: datetime) -> None:
    session.flush()
    for case_id in {row.case_id for row in rows}:
        no_pause_of_what_is_over(session, case_id, now)
