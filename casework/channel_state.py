"""What a channel can take now, read from its last attempts, so that all senders see the same.

One that failed a few times in a row, and not for one person only, is paused: a single message tries
it now and then, and the rest waits without being tried in vain.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from zlib import crc32

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading
from casework.customs import Customs
from casework.outgoing import LOST
from casework.ways import further_ways, in_order
from models import Alert, AlertState, Contact, Delivery, Organisation, Outcome

MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
FAILS_BEFORE_PAUSE = 3
FIRST_PROBE, LONGEST_PROBE = timedelta(seconds=30), timedelta(minutes=10)
LOOKED_AT = 40  # messages: enough for the longest row of failures that still matters
COUNTING_OUT = 20_261_128  # a number nobody else locks
# Nobody's fault, and it may pass: the channel did not answer, or said "not now".
FOR_NOW = frozenset({"unreachable", "timeout", "cut-off", "deferred", "not-started"})


@dataclass(slots=True)
class Room:
    """How many messages a channel takes now (None: as many as come), and from when on more."""

    left: int | None
    again_at: datetime
    paused: bool = False

    def takes_one(self) -> bool:
        """Whether there was room for one; it is spent now."""
        if self.left is None:
            return True
        self.left -= 1
        return self.left >= 0


def room(session: Session, channel: str, customs: Customs, now: datetime) -> Room:
    """What this channel takes at this moment, with what is on its way counted.

    Where that is limited nobody else counts it out until the transaction ends; who comes second
    looks again in a second.
    """
    most, probe_at = customs.per_minute(channel), _probe_at(_last(session, channel))
    if probe_at is None and most is None:
        return Room(None, now)
    if not _counts_out(session, channel):
        return Room(0, now + SECOND, paused=probe_at is not None)
    flying = _flying(session, channel, customs, now)
    if probe_at is not None:
        free = probe_at <= now and not flying
        return Room(int(free), max(probe_at, now + FIRST_PROBE), paused=True)
    gone, first = session.execute(
        sa.select(sa.func.count(), sa.func.min(Delivery.at)).where(
            *_messages(channel), col(Delivery.at) > now - MINUTE
        )
    ).one()
    return Room(max((most or 0) - gone - flying, 0), (first or now) + MINUTE)


def paused(engine: Engine, channels: Iterable[str]) -> dict[str, datetime]:
    """Those of these channels that seem out of order, and when each is tried again."""
    with reading(engine) as session:
        probes = {channel: _probe_at(_last(session, channel)) for channel in channels}
    return {channel: at for channel, at in probes.items() if at is not None}


def reopen(session: Session, channel: str, now: datetime) -> None:
    """What this channel failed to take while it was out of order is tried again now, for it has
    just taken a message: else what was tried in vain would come after what was not.

    Asked before that message is on record. Whose first channel is another one is tried too, which
    does no harm.
    """
    last = select(Delivery.detail).where(Delivery.channel == channel, Delivery.detail != LOST)
    newest = last.order_by(col(Delivery.at).desc(), col(Delivery.id).desc()).limit(1)
    if session.exec(newest).first() not in FOR_NOW:
        return
    theirs = select(Contact.id).where(Contact.channel == channel)
    by_it = sa.or_(
        col(Alert.channel) == channel,
        sa.and_(col(Alert.channel) == "", col(Alert.recipient_id).in_(theirs)),
    )
    session.execute(
        sa.update(Alert)
        .where(by_it, col(Alert.state) == AlertState.FAILED, col(Alert.next_at) > now)
        .values(next_at=now)
        .execution_options(synchronize_session=False)
    )


def _probe_at(last: Sequence[Delivery]) -> datetime | None:
    """When a channel that seems out of order is tried again; None when it seems fine."""
    failed = list(takewhile(_failed_for_now, last))
    many = len({one.recipient_id for one in failed}) > 1
    gone = all(one.detail == "unreachable" for one in failed)
    if len(failed) < FAILS_BEFORE_PAUSE or not (many or gone):
        return None
    more = min(len(failed) - FAILS_BEFORE_PAUSE, 10)
    wait: timedelta = min(FIRST_PROBE * 2**more, LONGEST_PROBE)
    return failed[0].at + wait


def _failed_for_now(one: Delivery) -> bool:
    return one.outcome is not Outcome.DELIVERED and one.detail in FOR_NOW


def _last(session: Session, channel: str) -> Sequence[Delivery]:
    """The last messages of a channel, the newest first. One whose sender crashed says nothing."""
    return session.exec(
        select(Delivery)
        .where(*_messages(channel), Delivery.detail != LOST)
        .order_by(col(Delivery.at).desc(), col(Delivery.id).desc())
        .limit(LOOKED_AT)
    ).all()


def _messages(channel: str) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition that finds one delivery of each message: that of its first alert."""
    return col(Delivery.channel) == channel, col(Delivery.alert_id) == col(Delivery.message)


def _flying(session: Session, channel: str, customs: Customs, now: datetime) -> int:
    """How many messages are on their way by this channel."""
    leased = session.exec(
        select(Alert, Contact, Organisation.key)
        .join(Contact, col(Contact.id) == col(Alert.recipient_id))
        .join(Organisation, col(Organisation.id) == col(Contact.organisation_id))
        .where(col(Alert.token).is_not(None), col(Alert.next_at) > now)
    ).all()
    further = further_ways(session, [person for _, person, _ in leased])
    return len({
        alert.token
        for alert, person, home in leased
        if channel == (alert.channel or in_order(
            person, further, customs.manners_of(person.key, home).order)[0].channel)
    })  # fmt: skip


def _counts_out(session: Session, channel: str) -> bool:
    """Whether nobody else counts out this channel just now; on SQLite every writer waits anyhow."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return True
    of = crc32(channel.encode()) - 2**31  # PostgreSQL locks a pair of signed numbers
    mine = sa.select(sa.func.pg_try_advisory_xact_lock(COUNTING_OUT, of))
    return bool(connection.execute(mine).scalar_one())
