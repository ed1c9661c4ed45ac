"""Figures: how the whole house stands, in numbers. One look, no case, nobody's name.

Every question is one statement over what is open, due or unsent, each found by an index of its own,
so that a look stays cheap however many years of closed cases there are.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, col

from casework.connect import reading
from casework.lateness import LATENESS, Spread, spreads
from casework.rounds import LastRound, rounds_in
from models import Alert, Case, Checkpoint, Handover, RoundOf, UtcTime

UNSENT = ("waiting", "leased", "failed")
ON_OFFER = ("offered", "assigned")
# As the partial indexes spell them: in a parameter, a planner cannot see that they serve.
OPEN = sa.text("checkpoints.state = 'open'")
WAITS = sa.text("handovers.state IN ('offered', 'assigned')")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
__all__ = ["EPOCH", "LATENESS", "ON_OFFER", "UNSENT", "Figures", "Queue", "delivered", "figures"]
Labels = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lateness:
    """Promises that ring and that nobody raised yet: how many are at most that late, by `LATENESS`
    (the last: all of them), and the sum and the largest of their lateness in seconds."""

    at_most: tuple[int, ...]
    total: float
    oldest: float


@dataclass(frozen=True, slots=True)
class Queue:
    """Things that wait alike: how many, since when the first, and when the first could go on."""

    count: int
    since: datetime | None
    due: datetime | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The house at a moment. `cases` by municipality and stage, `promises` by the stage of their
    case and the kind of their term, `late` by whether a law dates them, `raised` (how late what was
    raised was) and `outbox` (by state too) by the same, `handovers` by role and state."""

    at: datetime
    cases: Mapping[Labels, int]
    promises: Mapping[Labels, int]
    late: Mapping[bool, Lateness]
    raised: Mapping[bool, Spread]
    outbox: Mapping[tuple[str, bool], Queue]
    handovers: Mapping[Labels, Queue]
    sweep: LastRound | None
    audit: LastRound | None

    def longest(self, since: Iterable[datetime | None]) -> float:
        """The seconds since the first of these moments; 0 when none of them has come."""
        first = min((moment for moment in since if moment is not None), default=self.at)
        return max((self.at - first).total_seconds(), 0.0)


def figures(engine: Engine, now: datetime) -> Figures:
    """One look at everything that is open, due, unsent or on offer at this moment."""
    with reading(engine) as session:
        rounds = rounds_in(session)
        return Figures(
            at=now,
            cases=_cases(session),
            promises=_promises(session),
            late={law: _late(session, now, law) for law in (True, False)},
            raised=spreads(session),
            outbox=_outbox(session),
            handovers=_handovers(session),
            sweep=rounds.get(RoundOf.WATCH),
            audit=rounds.get(RoundOf.AUDIT),
        )


def delivered(
    engine: Engine, *, after: datetime = EPOCH, until: datetime | None = None
) -> Counter[Labels]:
    """How many attempts to deliver there were, by channel and outcome, in this time."""
    ended = "" if until is None else "AND d.at <= :until"
    moments = [sa.bindparam("after", after, UtcTime())]
    moments += [] if until is None else [sa.bindparam("until", until, UtcTime())]
    with reading(engine) as session:
        rows = session.execute(sa.text(DELIVERED.format(ended=ended)).bindparams(*moments))
        return Counter({(channel, outcome): count for channel, outcome, count in rows})


# From channel to channel by the index, then in each only this time: a count since a while ago reads
# only that while, however long the history is.
DELIVERED = """
    WITH RECURSIVE channels(name) AS (
        SELECT min(channel) FROM deliveries
        UNION ALL
        SELECT (SELECT min(m.channel) FROM deliveries m WHERE m.channel > c.name)
        FROM channels c WHERE c.name IS NOT NULL)
    SELECT d.channel, d.outcome, count(*)
    FROM channels c JOIN deliveries d ON d.channel = c.name AND d.at > :after {ended}
    GROUP BY d.channel, d.outcome"""


def _cases(session: Session) -> dict[Labels, int]:
    query = sa.select(col(Case.municipality), col(Case.stage), sa.func.count()).where(
        col(Case.closed_at).is_(None)
    )
    return _counted(session.execute(query.group_by(col(Case.municipality), col(Case.stage))))


def _promises(session: Session) -> dict[Labels, int]:
    query = (
        sa.select(col(Case.stage), col(Checkpoint.kind), sa.func.count())
        .join(Case, col(Case.id) == col(Checkpoint.case_id))
        .where(OPEN)
    )
    return _counted(session.execute(query.group_by(col(Case.stage), col(Checkpoint.kind))))


def _late(session: Session, now: datetime, statutory: bool) -> Lateness:
    """Each flag is one range of the watch's index, which is empty while the watch keeps up."""
    rings = col(Checkpoint.next_at)
    within = [
        sa.func.count().filter(rings >= now - timedelta(seconds=seconds)) for seconds in LATENESS
    ]
    query = sa.select(*within, sa.func.count(), sa.func.sum(_Seconds(rings)), sa.func.min(rings))
    of_this_kind = (OPEN, col(Checkpoint.statutory).is_(statutory), rings <= now)
    *at_most, count, total, first = session.execute(query.where(*of_this_kind)).one()
    waited = max(count * now.timestamp() - float(total or 0), 0.0)
    oldest = (now - first).total_seconds() if first else 0.0
    return Lateness((*at_most, count), waited, oldest)


def _outbox(session: Session) -> dict[tuple[str, bool], Queue]:
    state, law, due = col(Alert.state), col(Alert.statutory), col(Alert.next_at)
    query = sa.select(
        state, law, sa.func.count(), sa.func.min(col(Alert.created_at)), sa.func.min(due)
    ).where(due.is_not(None))
    rows = session.execute(query.group_by(state, law))
    return {(state.value, law): Queue(*rest) for state, law, *rest in rows}


def _handovers(session: Session) -> dict[Labels, Queue]:
    role, state = col(Handover.role), col(Handover.state)
    query = sa.select(role, state, sa.func.count(), sa.func.min(col(Handover.offered_at)))
    rows = session.execute(query.where(WAITS).group_by(role, state))
    return {(role.value, state.value): Queue(*rest) for role, state, *rest in rows}


def _counted(rows: Iterable[Any]) -> dict[Labels, int]:
    return {(one, other): count for one, other, count in rows}


class _Seconds(FunctionElement[float]):
    """A stored moment as seconds since 1970, so that the database can add moments up."""

    inherit_cache = True
    type = sa.Float()


@compiles(_Seconds, "sqlite")
def _on_sqlite(element: _Seconds, compiler: Any, **more: Any) -> str:
    return f"((julianday({compiler.process(element.clauses, **more)}) - 2440587.5) * 86400.0)"


@compiles(_Seconds, "postgresql")
def _on_postgresql(element: _Seconds, compiler: Any, **more: Any) -> str:
    return f"extract(epoch FROM {compiler.process(element.clauses, **more)})"
