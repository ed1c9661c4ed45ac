"""What an alert that is due has been through: said already, lost on the way, or void by now."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.claimed import CLOCKS, NEWS_WITH_A_DATE
from casework.readdressing import about_the_same
from casework.ways import Reach
from escalation.interruptions import day_begins
from models import (
    Alert,
    AlertState,
    Checkpoint,
    CheckpointState,
    Code,
    Delivery,
    Notice,
    Outcome,
)

ARRIVED = (Outcome.DELIVERED, Outcome.PERHAPS)
UNSENT = (AlertState.WAITING, AlertState.FAILED)
LOST = "lease-ran-out"  # of an attempt nobody recorded: its sender crashed, or was too slow


def delivery(
    row: Alert, reach: Reach, outcome: Outcome, detail: str, message: int, counted: bool,
    now: datetime,
) -> Delivery:  # fmt: skip
    """The row that says how an attempt at an alert went."""
    return Delivery(
        alert_id=row.id or 0, message=message, recipient_id=row.recipient_id, counted=counted,
        attempt=row.attempts, channel=reach.channel, outcome=outcome, detail=detail, at=now,
    )  # fmt: skip


def counts(rows: Iterable[Alert]) -> bool:
    """Whether the message these alerts go in interrupts: not when a law dates one of them, nor when
    somebody has just asked for it."""
    return not any(row.statutory or row.by_hand or row.notice is Notice.CODE for row in rows)


def used_today(session: Session, numbers: Iterable[int], now: datetime) -> dict[int, int]:
    """How many messages interrupted each of these people today, or are on their way."""
    people = list(numbers)
    d = Delivery
    sent = sa.select(col(d.recipient_id), sa.func.count()).where(
        col(d.recipient_id).in_(people), col(d.at) >= day_begins(now), col(d.counted),
        col(d.outcome).in_(ARRIVED),
        col(d.alert_id) == col(d.message),  # one of each message, and one of each repeat
    ).group_by(col(d.recipient_id))  # fmt: skip
    used: dict[int, int] = {}
    for person, count in [*session.execute(sent), *session.execute(_flying(people))]:
        used[person] = used.get(person, 0) + count
    return used


def _flying(people: list[int]) -> sa.Select[tuple[int, int]]:
    """How many messages that interrupt are on their way to each of these people."""
    a = Alert
    exempt = sa.or_(
        col(a.statutory), col(a.by_hand), col(a.notice).is_not_distinct_from(Notice.CODE)
    )
    leased = (
        sa.select(col(a.recipient_id).label("person"))
        .where(col(a.recipient_id).in_(people), col(a.token).is_not(None))
        .group_by(col(a.recipient_id), col(a.token))
        .having(sa.func.max(sa.case((exempt, 1), else_=0)) == 0)
        .subquery()
    )
    return sa.select(leased.c.person, sa.func.count()).group_by(leased.c.person)


def still_to_say(
    session: Session, alerts: Sequence[Alert], reach: Mapping[int, Reach], now: datetime
) -> list[Alert]:
    """Those that still ask something of somebody who has not heard it. An attempt that was lost is
    down as "perhaps", and nobody has the alert; what is over is void when nothing was said of it.
    """
    lost = {row.id: row for row in alerts if row.state is AlertState.LEASED}
    _record_lost(session, lost.values(), reach, now)
    gone = over(session, alerts, now) | {row.id for row in lost.values() if heard(session, row)}
    for row in lost.values():
        # Not left leased: who does not come to it now would record the same attempt once more.
        row.state, row.token = AlertState.WAITING, None
    for row in alerts:
        if row.id in gone:
            row.state = AlertState.PERHAPS if row.id in lost else AlertState.VOID
            row.next_at = row.falls_back_at = None
        session.add(row)
    session.flush()
    return [row for row in alerts if row.id not in gone]


def over(session: Session, alerts: Iterable[Alert], now: datetime) -> set[int | None]:
    """The numbers of those that ask what is answered, or bring a code that has run out."""
    rows = list(alerts)
    promises = _closed(session, [row.checkpoint_id for row in rows if row.checkpoint_id])
    news = _answered(session, [row for row in rows if row.event in NEWS_WITH_A_DATE])
    codes = _spent(session, [row for row in rows if row.notice is Notice.CODE], now)
    asked = {row.id for row in rows if row.checkpoint_id in promises}
    return asked | {row.id for row in rows if row.id in news or row.id in codes}


def heard(session: Session, row: Alert) -> bool:
    """Whether the person got the same by another channel since this alert was made."""
    same = [*about_the_same(row, row.recipient_id), col(Alert.id) != row.id]
    arrived = (
        select(Delivery.id)
        .join(Alert, col(Alert.id) == col(Delivery.alert_id))
        .where(*same, Delivery.outcome == Outcome.DELIVERED, Delivery.at >= row.created_at)
        .where(Delivery.recipient_id == row.recipient_id)
    )
    return session.exec(arrived.limit(1)).first() is not None


def void_others(session: Session, row: Alert) -> None:
    """What is not on its way of the same, to the same person, by other channels is void."""
    same = [*about_the_same(row, row.recipient_id), col(Alert.id) != row.id]
    session.execute(
        sa.update(Alert)
        .where(*same, col(Alert.state).in_(UNSENT))
        .values(state=AlertState.VOID, next_at=None, falls_back_at=None)
        .execution_options(synchronize_session=False)
    )


def free_others(session: Session, row: Alert, leased_until: datetime, now: datetime) -> None:
    """What waited by other channels of the person for the end of this one's lease waits no longer:
    it failed."""
    same = [*about_the_same(row, row.recipient_id), col(Alert.id) != row.id]
    session.execute(
        sa.update(Alert)
        .where(*same, col(Alert.state).in_(UNSENT), col(Alert.next_at) == leased_until)
        .values(next_at=now)
        .execution_options(synchronize_session=False)
    )


def _record_lost(
    session: Session, rows: Iterable[Alert], reach: Mapping[int, Reach], now: datetime
) -> None:
    by_token: dict[str | None, list[Alert]] = {}
    for row in rows:
        by_token.setdefault(row.token, []).append(row)
    for together in by_token.values():
        message, counted = min(row.id or 0 for row in together), counts(together)
        for row in together:
            way = reach[row.id or 0]
            session.add(delivery(row, way, Outcome.PERHAPS, LOST, message, counted, now))
    session.flush()


def _closed(session: Session, numbers: Sequence[int]) -> set[int | None]:
    """The promises of these that are no longer open."""
    if not numbers:
        return set()
    closed = select(Checkpoint.id).where(
        col(Checkpoint.id).in_(set(numbers)), Checkpoint.state != CheckpointState.OPEN
    )
    return set(session.exec(closed))


def _answered(session: Session, news: Sequence[Alert]) -> set[int | None]:
    """Those whose handover or request waits for no answer any more."""
    if not news:
        return set()
    of = (col(Checkpoint.handover_id), col(Checkpoint.request_id))
    about = sa.or_(
        of[0].in_([row.handover_id for row in news if row.handover_id]),
        of[1].in_([row.request_id for row in news if row.request_id]),
    )
    is_open = sa.case((col(Checkpoint.state) == CheckpointState.OPEN, 1), else_=0)
    clocks = (
        sa.select(*of)
        .where(col(Checkpoint.case_id).in_({row.case_id for row in news}))  # this has an index
        .where(about, col(Checkpoint.key).in_(CLOCKS))
        .group_by(*of)
    )
    done = {tuple(of) for of in session.execute(clocks.having(sa.func.max(is_open) == 0))}
    return {row.id for row in news if (row.handover_id, row.request_id) in done}


def _spent(session: Session, codes: Sequence[Alert], now: datetime) -> set[int | None]:
    """Those whose one-time code was used or has run out."""
    numbers = {int(row.period or 0): row.id for row in codes}
    if not numbers:
        return set()
    no_use = sa.or_(col(Code.used_at).is_not(None), col(Code.expires_at) <= now)
    spent = session.exec(select(Code.id).where(col(Code.id).in_(numbers), no_use))
    return {numbers[code or 0] for code in spent}
