"""The ways to reach somebody: the first is the contact's own, others follow when it fails."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.absences import for_change
from casework.administration import record
from casework.connect import reading, transaction
from casework.people import acting, contact
from casework.refusals import NotAllowed
from models import Alert, AlertState, Contact, Way

UNSENT = (AlertState.WAITING, AlertState.FAILED)


@dataclass(frozen=True, slots=True)
class Reach:
    """One way to reach somebody. Many people can share a channel that takes no address."""

    channel: str
    address: str


def ways_of(engine: Engine, key: str) -> list[Reach]:
    """The ways to reach a contact, in the order in which they are listed. Raises NotFound."""
    with reading(engine) as session:
        person = contact(session, key)
        return in_order(person, further_ways(session, [person]))


def add_way(
    engine: Engine, key: str, channel: str, address: str, *, by: str, now: datetime
) -> list[Reach]:
    """The contact can be reached by this channel too, after the ways they have; a channel they have
    gets the address. What failed is tried again at once. Returns the ways; raises NotFound."""
    with transaction(engine) as session:
        person = for_change(session, key)
        if channel == person.channel:
            person.address = address
            session.add(person)
        else:
            _put(session, person, channel, address)
        _try_again(session, person, now)
        _told(session, now, by, "way_added", person, channel)
        return in_order(person, further_ways(session, [person]))


def remove_way(engine: Engine, key: str, channel: str, *, by: str, now: datetime) -> list[Reach]:
    """The contact is no longer reached by this channel; without it is as before. What was still to
    go by it goes another way. Returns the ways.

    Raises NotAllowed for the first: a contact always has one; NotFound.
    """
    with transaction(engine) as session:
        person = for_change(session, key)
        if channel == person.channel:
            raise NotAllowed(
                f"{channel} is how {key} is reached first; give another first channel: "
                f"estafette contact add {key} --channel …"
            )
        gone = [way for way in further_ways(session, [person]) if way.channel == channel]
        for way in gone:
            session.delete(way)
        if gone:
            _give_up(session, person, channel, now)
            _told(session, now, by, "way_removed", person, channel)
        session.flush()
        return in_order(person, further_ways(session, [person]))


def further_ways(session: Session, people: Iterable[Contact]) -> Sequence[Way]:
    """The ways after the first of all these people, in their order."""
    numbers = [person.id for person in people]
    return session.exec(
        select(Way).where(col(Way.contact_id).in_(numbers)).order_by(col(Way.rank))
    ).all()


def in_order(person: Contact, further: Iterable[Way], order: Sequence[str] = ()) -> list[Reach]:
    """The ways of one person, first to last: as `order` names the channels, else as listed.

    A channel of the order without an address of theirs is one they share with others.
    """
    listed = {person.channel: person.address}
    for way in further:
        if way.contact_id == person.id:
            listed.setdefault(way.channel, way.address)
    return [Reach(name, listed.get(name, "")) for name in order or listed]


def _put(session: Session, person: Contact, channel: str, address: str) -> None:
    known = further_ways(session, [person])
    same = next((way for way in known if way.channel == channel), None)
    if same is None:
        rank = max((way.rank for way in known), default=0) + 1
        same = Way(contact_id=person.id or 0, rank=rank, channel=channel, address=address)
    same.address = address
    session.add(same)
    session.flush()


def _try_again(session: Session, person: Contact, now: datetime) -> None:
    session.execute(
        sa.update(Alert)
        .where(col(Alert.recipient_id) == person.id, col(Alert.state) == AlertState.FAILED)
        .values(next_at=now)
        .execution_options(synchronize_session=False)
    )


def _give_up(session: Session, person: Contact, channel: str, now: datetime) -> None:
    """What was to go by this channel is void, and what it stood in for falls back at once."""
    by_it = (
        select(Alert)
        .where(Alert.recipient_id == person.id, Alert.channel == channel)
        .where(col(Alert.state).in_(UNSENT), col(Alert.instead_of).is_not(None))
    )
    for row in session.exec(by_it.with_for_update()).all():
        first = session.get_one(Alert, row.instead_of, with_for_update=True)
        if first.recipient_id != person.id or first.state is AlertState.VOID:
            continue
        row.state, row.next_at, row.falls_back_at = AlertState.VOID, None, None
        first.falls_back_at = now
        session.add_all((row, first))


def _told(
    session: Session, now: datetime, by: str, kind: str, person: Contact, channel: str
) -> None:
    actor = acting(session, by, now).key
    record(session, now, actor, kind, contact=person.key, channel=channel)
