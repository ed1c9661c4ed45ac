"""Rounds: the last time the watch and the audit looked at everything, kept for whoever asks."""

from collections import Counter
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework.audit import FINDINGS, Report
from casework.connect import transaction
from casework.lateness import Tally, keep
from models import Round, RoundOf
from models.columns import Json, UtcTime

__all__ = ["FINDINGS", "LastRound", "audited", "rounds_in", "swept"]
# What lies further ahead was written by a clock that was wrong.
AHEAD = timedelta(minutes=5)
# Several watches and audits keep one row: whoever looked last stays, an older look does nothing. A
# round that has yet to come is no later look: else none would be kept until that moment.
KEEP = sa.text("""
    INSERT INTO rounds ("of", at, seconds, counted, found)
    VALUES (:of, :at, :seconds, :counted, :found)
    ON CONFLICT ("of") DO UPDATE SET at = excluded.at, seconds = excluded.seconds,
        counted = excluded.counted, found = excluded.found
    WHERE rounds.at <= excluded.at OR rounds.at > :ahead
""").bindparams(
    sa.bindparam("at", type_=UtcTime()),
    sa.bindparam("ahead", type_=UtcTime()),
    sa.bindparam("found", type_=Json),
)


@dataclass(frozen=True, slots=True)
class LastRound:
    """A round as it is told: when it ended, how long it took, what it counted and found."""

    at: datetime
    seconds: float
    counted: int
    found: dict[str, int]


def swept(
    engine: Engine, raised: int, seconds: float, now: datetime, late: Tally | None = None
) -> None:
    """The watch raised so many rungs in one round, and so late. An older round changes nothing but
    the counts of lateness, which add up whoever raised."""
    with transaction(engine) as session:
        _keep(session, RoundOf.WATCH, LastRound(now, seconds, raised, {}))
        keep(session, late or Tally())


def audited(engine: Engine, report: Report, seconds: float) -> None:
    """The audit came to this report. An older one changes nothing."""
    found = Counter(finding.what for finding in report.findings)
    with transaction(engine) as session:
        _keep(session, RoundOf.AUDIT, LastRound(report.at, seconds, report.checked, dict(found)))


def _keep(session: Session, of: RoundOf, last: LastRound) -> None:
    session.execute(KEEP, {"of": of.value, "ahead": last.at + AHEAD, **asdict(last)})


def rounds_in(session: Session) -> dict[RoundOf, LastRound]:
    """The last rounds there were."""
    return {
        row.of: LastRound(row.at, row.seconds, row.counted, dict(row.found))
        for row in session.exec(select(Round))
    }
