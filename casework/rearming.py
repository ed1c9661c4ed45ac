"""An event on record gives the promises that waited for it their real date."""

from datetime import datetime

from sqlmodel import Session

from casework.awaiting import after, awaiting, kind_on_path
from casework.changing import change_term
from escalation.ledger import Entry, What
from escalation.rungs import AMSTERDAM
from escalation.text import policy
from models import Act, Case


def rearm(session: Session, case: Case, act: Act, actor: str, now: datetime) -> None:
    """Every open promise that waited for this act has its real date and waits no longer.

    So an event that is recorded twice re-arms once. Raises NotAllowed for a date out of reach.
    """
    on = act.at.astimezone(AMSTERDAM).date()
    for row, event in awaiting(session, case, act):
        ending, exact = after(session, event, kind_on_path(row), policy(row.source), act.at)
        to = ending.due_at if exact else ending.end
        entry = Entry(What.REDATED, on, to=to, steps=ending.derivation)
        change_term(
            session, case, row, entry, actor=actor, now=now,
            ground=f"event recorded: {act.kind}", reason=str(event), act_id=act.id,
        )  # fmt: skip
