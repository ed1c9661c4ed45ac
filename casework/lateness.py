"""Lateness: how late each rung was raised, counted after the fact.

A promise's moment is replaced by its next one when it rings, so this is the only trace of it. It is
written in a transaction of its own after a round: no promise waits for it. A watch that dies in
between loses the counts of that round, and nothing else.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import transaction
from models import RaisedLate

# How late, in seconds, is told apart: seconds are usual, minutes a fault, days an outage.
LATENESS = (1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400, 604_800)
BEYOND = 2_147_483_647  # later than all of them
BOUNDS = (*LATENESS, BEYOND)
ADD_UP = sa.text("""
    INSERT INTO raised_late (statutory, at_most, count, total)
    VALUES (:statutory, :at_most, :count, :total)
    ON CONFLICT (statutory, at_most) DO UPDATE
    SET count = raised_late.count + excluded.count, total = raised_late.total + excluded.total
""").bindparams(sa.bindparam("statutory", type_=sa.Boolean()))


@dataclass
class Tally:
    """How many were raised how late, and the seconds of all of them."""

    counts: Counter[tuple[bool, int]] = field(default_factory=Counter)
    seconds: Counter[tuple[bool, int]] = field(default_factory=Counter)

    def add(self, statutory: bool, seconds: float) -> None:
        """One rung more. Nothing is raised early; a clock that was set back is no lateness."""
        late = max(seconds, 0.0)
        place = (statutory, BOUNDS[min(bisect_left(BOUNDS, late), len(BOUNDS) - 1)])
        self.counts[place] += 1
        self.seconds[place] += late  # type: ignore[assignment]

    def merge(self, other: "Tally") -> None:
        """What another counted is counted here too."""
        self.counts.update(other.counts)
        self.seconds.update(other.seconds)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of all rungs ever raised: how many at most so late, by `LATENESS` (the last: all of them),
    and the sum of their lateness in seconds."""

    at_most: tuple[int, ...]
    total: float


def keep(session: Session, tally: Tally) -> None:
    """The counts are added to what is there. Everybody takes the rows in one order, so that two
    who add at once wait for each other and never in a circle."""
    added = [
        {"statutory": law, "at_most": most, "count": count, "total": tally.seconds[law, most]}
        for (law, most), count in sorted(tally.counts.items())
    ]
    if added:
        session.execute(ADD_UP, added)


def counted(engine: Engine, tally: Tally) -> None:
    """The same in a transaction of its own; none, when there is nothing to add."""
    if tally.counts:
        with transaction(engine) as session:
            keep(session, tally)


def spreads(session: Session) -> Mapping[bool, Spread]:
    """How late everything was raised, by whether a law dates it."""
    rows = session.exec(select(RaisedLate).order_by(col(RaisedLate.at_most))).all()
    return {law: _spread([row for row in rows if row.statutory is law]) for law in (True, False)}


def _spread(rows: list[RaisedLate]) -> Spread:
    # A bound that is no longer told apart is counted with the next one that is.
    at_most = tuple(sum(row.count for row in rows if row.at_most <= bound) for bound in BOUNDS)
    return Spread(at_most, sum(row.total for row in rows))
