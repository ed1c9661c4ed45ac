"""What the watch does besides raising: what happens because a moment has come, by no one's hand.

Each chore knows the moment it is needed next and does what is due, in the transaction it is given;
done twice it is done once. None of them moves a case to another stage.
"""

from datetime import datetime

from sqlmodel import Session

from casework.checkups import CHECKUPS
from casework.chore import Chore
from casework.rerouting import ROUTING
from casework.returning import EXPIRY
from casework.silence import SILENCE
from casework.table import PARTNERS

# Checkups come last: they hold a contact, for which the others would have to wait.
CHORES: tuple[Chore, ...] = (ROUTING, EXPIRY, SILENCE, PARTNERS, CHECKUPS)


def do_chores(session: Session, now: datetime, limit: int, case_id: int | None = None) -> int:
    """What is due by now is done, at most `limit` together; returns how many. Call until 0."""
    done = 0
    for chore in CHORES:
        if done < limit:
            done += chore.do(session, now, limit - done, case_id)
    return done


def next_chore(session: Session) -> datetime | None:
    """The moment the next chore is needed; None when none is."""
    moments = [chore.next_at(session) for chore in CHORES]
    return min((moment for moment in moments if moment is not None), default=None)
