"""What stands wrong by the rows alone: no Prefect is asked, and no case is read whole."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col

from casework.administration import administered_since
from casework.connect import reading
from casework.rounds import AHEAD, LastRound, rounds_in
from escalation.troubles import (
    AUDIT_FINDINGS,
    AUDIT_SILENT,
    NOT_DELIVERED,
    NOT_RAISED,
    NOT_SENT,
    OUTBOX_STUCK,
    PROMISES_LATE,
    SILENT,
)
from models import Alert, AlertState, Checkpoint, Delivery, Notice, RoundOf

OPEN = sa.text("checkpoints.state = 'open'")  # as the partial index spells it
A_MINUTE = timedelta(minutes=1)
# What an audit finds of a machine that was off for a night, and what it does first then.
CATCHES_UP = {
    "not-raised", "unsent-alert", "offer-past-term", "silence-not-asked", "no-run", "run-gone",
    "prefect-away",
}  # fmt: skip


def standing(engine: Engine, now: datetime, *, watched_since: datetime) -> dict[str, int]:
    """The troubles that stand now, with how many of each; of a silent audit: its minutes.

    Nothing counts as late before somebody has watched for as long: a machine that was off for a
    night has a lot to do first, and does it. Two statements over what is due or unsent, each found
    by its index, and the last round of the audit.
    """
    begun = administered_since(engine)
    with reading(engine) as session:
        return {
            PROMISES_LATE: _promises(session, now, watched_since),
            OUTBOX_STUCK: _outbox(session, now, watched_since),
            **_audit(session, now, watched_since, begun),
        }


def _promises(session: Session, now: datetime, watched_since: datetime) -> int:
    if now - watched_since < NOT_RAISED:
        return 0
    late = (col(Checkpoint.next_at) < now - NOT_RAISED, OPEN)
    # By both flags, so that the watch's index finds them: it begins with this column.
    either = col(Checkpoint.statutory).in_((True, False))
    query = sa.select(sa.func.count()).select_from(Checkpoint).where(either, *late)
    return int(session.execute(query).scalar_one())


def _outbox(session: Session, now: datetime, watched_since: datetime) -> int:
    """Alerts nobody sends although they could go, and alerts every attempt at which failed. Those
    that tell just this are left out: they would keep it standing."""
    if now - watched_since < NOT_SENT:
        return 0
    # Not by its age: one that was held over a weekend has been tried since this morning.
    tried = sa.exists().where(
        col(Delivery.alert_id) == Alert.id, col(Delivery.at) < now - NOT_DELIVERED
    )
    failed = (col(Alert.state) == AlertState.FAILED) & tried
    query = (
        sa.select(sa.func.count())
        .select_from(Alert)
        .where(
            col(Alert.next_at).is_not(None),
            (col(Alert.next_at) < now - NOT_SENT) | failed,
            col(Alert.notice).is_distinct_from(Notice.OUTBOX_STUCK),
        )
    )
    return int(session.execute(query).scalar_one())


def _audit(
    session: Session, now: datetime, watched_since: datetime, begun: datetime | None
) -> dict[str, int]:
    """Whether the last audit found anything, or there has been none for long."""
    last = rounds_in(session).get(RoundOf.AUDIT)
    if last is not None and last.at > now + AHEAD:  # by a clock that was wrong: nobody knows when
        last, begun = None, watched_since
    came = last.at if last else begun
    if came is None:  # nothing was ever set up here
        return {}
    if now - max(came, watched_since) > SILENT:
        return {AUDIT_SILENT: (now - came) // A_MINUTE}
    fresh = last is not None and now - last.at <= SILENT
    return {AUDIT_FINDINGS: _standing(last, watched_since)} if last and fresh else {}


def _standing(last: LastRound, watched_since: datetime) -> int:
    """What an audit found; of one that came before anybody had watched for a while, without what is
    caught up by itself."""
    early = last.at - watched_since < NOT_RAISED
    return sum(n for what, n in last.found.items() if not (early and what in CATCHES_UP))
