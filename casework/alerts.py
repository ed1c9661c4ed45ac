"""The outbox: what an attempt came to is recorded, and tried again or another way when it failed.

Claiming what is to be sent: casework/claiming.py. Acknowledging: casework/acknowledging.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from casework.channel_state import reopen
from casework.connect import reading, transaction
from casework.customs import AT_ONCE, Customs
from casework.falling_back import FOR_GOOD, next_to_fall_back
from casework.outgoing import counts, delivery, free_others, heard, void_others
from casework.ways import Reach, further_ways, in_order
from escalation.interruptions import CAN_WAIT, Manners
from models import Alert, AlertState, Contact, Notice, Organisation, Outcome

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=30), timedelta(hours=1)


def record(
    engine: Engine,
    token: str,
    outcome: str,
    detail: str,
    now: datetime,
    *,
    customs: Customs = AT_ONCE,
) -> bool:
    """What the attempt at a message came to is on record for each of its alerts: "delivered",
    "perhaps" or "failed".

    False when the lease was lost meanwhile: another sender has the alerts, and this attempt is
    already down as "perhaps". What failed is tried again, for as long as it takes, and falls back;
    what arrived makes it void by the other channels of the same person.
    """
    said = Outcome(outcome)
    with transaction(engine) as session:
        mine = select(Alert).where(Alert.token == token).order_by(col(Alert.id))
        rows = session.exec(mine.with_for_update()).all()
        if not rows:
            return False
        manners, ways = _person(session, rows[0], customs)
        message, counted, leased_until = rows[0].id or 0, counts(rows), rows[0].next_at
        reach = Reach(rows[0].channel or ways[0].channel, "")
        if said is Outcome.DELIVERED:
            reopen(session, reach.channel, now)
        for row in rows:
            session.add(delivery(row, reach, said, detail, message, counted, now))
            row.token, row.state, row.by_hand = None, _state_after(session, row, said), False
            row.next_at = now + _wait(row) if row.state is AlertState.FAILED else None
            row.falls_back_at = _falls_back_at(row, detail, manners, len(ways), now)
            session.add(row)
        session.flush()
        for row in rows if len(ways) > 1 or rows[0].channel else ():
            if said is Outcome.DELIVERED:
                void_others(session, row)
            elif said is Outcome.FAILED and leased_until is not None:
                free_others(session, row, leased_until, now)
        return True


def next_to_send(engine: Engine) -> datetime | None:
    """The moment the next alert can be sent, falls back, or has a lease that runs out; None when
    none is waiting."""
    with reading(engine) as session:
        moments = [session.exec(_first_of(statutory)).one() for statutory in (True, False)]
        moments.append(next_to_fall_back(session))
        return min((at for at in moments if at is not None), default=None)


def _first_of(statutory: bool) -> SelectOfScalar[datetime | None]:
    """Each flag is one range of the index, whose beginning is all that is read."""
    first = select(sa.func.min(Alert.next_at))
    return first.where(col(Alert.statutory).is_(statutory), col(Alert.next_at).is_not(None))


def _person(session: Session, row: Alert, customs: Customs) -> tuple[Manners, Sequence[Reach]]:
    theirs = select(Contact, Organisation.key).join(Organisation)
    person, home = session.exec(theirs.where(Contact.id == row.recipient_id)).one()
    manners = customs.manners_of(person.key, home)
    return manners, in_order(person, further_ways(session, [person]), manners.order)


def _state_after(session: Session, row: Alert, said: Outcome) -> AlertState:
    """What failed is void when the same arrived by another channel while this was on its way."""
    if said is Outcome.FAILED and heard(session, row):
        return AlertState.VOID
    return AlertState(said.value)


def _falls_back_at(
    row: Alert, detail: str, manners: Manners, ways: int, now: datetime
) -> datetime | None:
    """When this alert goes another way too, as things are now; None when it need not."""
    if row.state is AlertState.VOID:
        return None
    if row.state is AlertState.FAILED:
        if detail in FOR_GOOD:
            return now
        after = manners.fall_back_after
        return row.falls_back_at or (now + after if after is not None else None)
    seen = row.acknowledged_at is not None or row.notice is Notice.CODE or row.lead in CAN_WAIT
    elsewhere = ways > 1 or row.state is AlertState.PERHAPS
    if seen or not elsewhere or manners.unseen_after is None:
        return None
    return now + manners.unseen_after


def _wait(row: Alert) -> timedelta:
    """Twice as long each time up to an hour, a little spread so that not all come back at once."""
    # Capped before doubling: after months of failures the power would not fit in a date.
    wait: timedelta = min(FIRST_RETRY * 2 ** min(row.attempts - 1, 10), LONGEST_RETRY)
    return wait * Random(f"{row.id}:{row.attempts}").uniform(0.8, 1.2)
