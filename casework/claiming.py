"""Claiming: what goes now is leased, message by message; what must wait is held until it may go.

Whoever bundles their messages, or has several channels, is planned for by one sender at a time: two
senders never spend the same budget twice, nor tell the same by two channels at once.
"""

import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.bulk import MOMENT
from casework.channel_state import Room, room
from casework.claimed import Claimed, Lease, claimed
from casework.connect import transaction
from casework.customs import AT_ONCE, Customs
from casework.falling_back import fall_back
from casework.one_way import OneWay
from casework.outgoing import still_to_say
from casework.planning import Proposal, proposals, waiting
from casework.readdressing import to_deputies
from models import Alert, AlertState, Case

LEASE = timedelta(minutes=2)  # longer than any one send; a crashed sender's alert waits this long
ROUNDS = 40  # each looks at some fifty people; what is left is for the next claim


def claim(
    engine: Engine,
    now: datetime,
    limit: int = 20,
    lease: timedelta = LEASE,
    *,
    case_key: str | None = None,
    customs: Customs = AT_ONCE,
) -> list[Claimed]:
    """At most `limit` messages are leased to the caller until now + `lease`, what a law dates
    first; what must wait is held until it may go. Alerts with the same token are one message.

    Of one case only when `case_key` names it. An alert whose lease ran out is leased again and its
    lost attempt recorded as "perhaps"; one whose promise is over is void.
    """
    to_deputies(engine, now, limit, case_key)
    fall_back(engine, now, limit, customs)
    with transaction(engine) as session:
        case_id, granting = _numbered(session, case_key), Granting(session, customs, now, lease)
        for _ in range(ROUNDS):
            people, alerts = waiting(session, now, limit, case_id, customs)
            if not alerts:
                break
            reach = {row.id or 0: people[row.recipient_id].reach(row) for row in alerts}
            rows = still_to_say(session, alerts, reach, now)
            one_way = OneWay(session, rows, now)
            for one in proposals(session, rows, people, now):
                if len(granting.leases) < limit:
                    granting.grant(one, one_way)
            granting.hold()
            if len(granting.leases) >= limit:
                break
        return claimed(session, granting.leases)


def look_again(engine: Engine, now: datetime) -> None:
    """What is held is planned anew at the next claim: how people want to be reached, or what the
    channels take, may have changed."""
    with transaction(engine) as session:
        session.execute(
            sa.update(Alert)
            .where(col(Alert.state) == AlertState.WAITING, col(Alert.next_at) > now)
            .values(next_at=now)
            .execution_options(synchronize_session=False)
        )


def _numbered(session: Session, case_key: str | None) -> int | None:
    if case_key is None:
        return None
    return session.exec(select(Case.id).where(Case.key == case_key)).first() or 0


class Granting:
    """Gives proposed messages a lease while their channels have room, and holds the others."""

    def __init__(self, session: Session, customs: Customs, now: datetime, lease: timedelta) -> None:
        self.leases: list[Lease] = []
        self._session, self._customs, self._now, self._until = session, customs, now, now + lease
        self._rooms: dict[str, Room] = {}
        self._held: dict[datetime, list[int]] = {}
        self._falling: dict[datetime, list[int]] = {}

    def grant(self, one: Proposal, one_way: OneWay) -> None:
        """The proposed message is leased, or is to be held with what of it must wait."""
        for at, numbers in one.hold.items():
            self._held.setdefault(at, []).extend(numbers)
        taken = one_way.taken(one.send)
        self._held.setdefault(self._until, []).extend(taken)
        going = tuple(number for number in one.send if number not in taken)
        if going and self._has_room(one, going):
            one_way.leave(going)
            self.leases.append(self._leased(one, going))

    def _has_room(self, one: Proposal, going: tuple[int, ...]) -> bool:
        """Whether the channel takes this message now; if not, it is held until it may."""
        channel = one.reach.channel
        if channel not in self._rooms:
            self._rooms[channel] = room(self._session, channel, self._customs, self._now)
        if self._rooms[channel].takes_one():
            return True
        self._held.setdefault(self._rooms[channel].again_at, []).extend(going)
        after = one.person.manners.fall_back_after
        if self._rooms[channel].paused and after is not None:
            self._falling.setdefault(self._now + after, []).extend(going)
        return False

    def _leased(self, one: Proposal, going: tuple[int, ...]) -> Lease:
        token = str(uuid.uuid4())
        leased = {"state": AlertState.LEASED, "token": token, "next_at": self._until}
        _change(self._session, going, leased | {"attempts": Alert.attempts + 1})
        return Lease(token, going, one.reach, one.person.organisation)

    def hold(self) -> None:
        """All that must wait is held until it may go, at one stroke for each moment: when a channel
        is out of order hundreds wait for it."""
        for until, numbers in self._held.items():
            _change(self._session, numbers, {"next_at": until})
        for until, numbers in self._falling.items():
            at = sa.func.coalesce(Alert.falls_back_at, sa.literal(until, type_=MOMENT))
            _change(self._session, numbers, {"falls_back_at": at})
        self._held, self._falling = {}, {}


def _change(session: Session, numbers: Iterable[int], values: dict[str, object]) -> None:
    session.execute(
        sa.update(Alert)
        .where(col(Alert.id).in_(list(numbers)))
        .values(values)
        .execution_options(synchronize_session=False)
    )
