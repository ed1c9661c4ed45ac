"""What is asked of somebody who is away, and has not rung yet: whoever stands in hears it at once.

What is asked with an offer or a request is told with that; here is all the rest, such as how to go
on after a refusal, whom to assign, or word that is owed.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from casework.clocks import TO_ANSWER
from casework.presence import present
from casework.readdressing import has_same, put_out
from casework.telling import tell
from escalation.baton import HANDOVER_ACKNOWLEDGED, PROCESS_DECIDES, REQUEST_ANSWERED
from models import Alert, AlertState, Case, Checkpoint, CheckpointState, Contact, Handover

WITH_THE_THING = (*TO_ANSWER, HANDOVER_ACKNOWLEDGED.key, REQUEST_ANSWERED.key)
BEFORE_ANY_RUNG = -1000  # so that it is in the way of no rung that is raised later
DECIDE = "decide"


def left_open_by(who: Contact) -> tuple[sa.ColumnElement[bool], ...]:
    """The conditions of a promise that this person has to answer and nobody was rung for yet.

    A decision is asked again of who decides now, however often it rang for another.
    """
    unrung = col(Checkpoint.rung).is_(None) | (col(Checkpoint.key) == PROCESS_DECIDES.key)
    return (
        col(Checkpoint.asked_id) == who.id,
        col(Checkpoint.state) == CheckpointState.OPEN,
        col(Checkpoint.key).not_in(WITH_THE_THING),
        unrung,
    )


def hears_of(
    session: Session, case: Case, row: Checkpoint, who: Contact, instead: Contact, now: datetime
) -> bool:
    """`instead` hears of the promise `who` has to answer; False when they heard of it before."""
    if row.key == PROCESS_DECIDES.key and row.handover_id is not None:
        decided = session.get_one(Handover, row.handover_id)
        return tell(session, case, instead, DECIDE, now, handover=decided)
    deputy = present(session, who, now)
    lead = "deputy" if deputy is not None and deputy.id == instead.id else "skipped"
    alert = Alert(
        case_id=case.id, checkpoint_id=row.id, rung=BEFORE_ANY_RUNG, lead=lead,
        recipient_id=instead.id or 0, statutory=row.statutory, created_at=now,
        state=AlertState.WAITING, next_at=now,
    )  # fmt: skip
    return not has_same(session, instead, alert) and put_out(session, alert)
