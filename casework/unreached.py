"""Who cannot be reached is known to whoever administers the contacts, once a week."""

from datetime import datetime

from sqlmodel import Session, col, select

from casework.notices import about_installation
from casework.presence import present
from casework.readdressing import put_out
from escalation.rungs import AMSTERDAM
from models import Alert, Contact, Delivery, Notice, Organisation, Outcome

# The first of these functions in which somebody can be told.
TOLD = ("administrator", "process_director", "head_of_public_order")


def tell_administrators(session: Session, person: Contact, town: str, now: datetime) -> None:
    """A notice that this person cannot be reached waits for everybody who administers the contacts
    of the municipality, or stands in for them; for who decides there when they cannot be reached
    either. Told twice in a week is told once."""
    week = f"{now.astimezone(AMSTERDAM):%G-%V}"
    for number in _administrators(session, person, town, week, now):
        told = about_installation(Notice.UNREACHED, f"{person.id}:{week}", 0, number, now)
        put_out(session, told)


def _administrators(
    session: Session, person: Contact, town: str, week: str, now: datetime
) -> list[int]:
    levels = [_with(session, function, town, person, now) for function in TOLD]
    reached = [
        [number for number in level if not _is_unreached(session, number, week)] for level in levels
    ]
    # When none of them can be reached either: a mailbox keeps what it gets.
    return next(filter(None, (*reached, *levels)), [])


def _with(session: Session, function: str, town: str, besides: Contact, now: datetime) -> list[int]:
    people = session.exec(
        select(Contact)
        .join(Organisation)
        .where(
            Contact.function == function,
            Organisation.municipality == town,
            col(Contact.left_at).is_(None),
        )
        .order_by(col(Contact.id))
    ).all()
    able = (present(session, one, now) or one for one in people)
    return list(dict.fromkeys(one.id or 0 for one in able if one.id != besides.id))


def _is_unreached(session: Session, number: int, week: str) -> bool:
    """Whether somebody was told this week that this person cannot be reached, and nothing has
    arrived there since: whoever has another channel may have got it by that."""
    told = select(Alert.created_at).where(
        Alert.notice == Notice.UNREACHED, Alert.period == f"{number}:{week}"
    )
    since = session.exec(told.order_by(col(Alert.id)).limit(1)).first()
    if since is None:
        return False
    arrived = select(Delivery.id).where(
        Delivery.recipient_id == number,
        Delivery.outcome == Outcome.DELIVERED,
        Delivery.at >= since,
    )
    return session.exec(arrived.limit(1)).first() is None
