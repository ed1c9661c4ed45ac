"""Rounds: the last time the watch and the audit looked at everything, kept for whoever asks."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework.audit import CHECKS, Report
from casework.connect import transaction
from models import Round, RoundOf
from models.columns import Json, UtcTime

# Every code a finding can have: one of the checks, or the recount of the ledger.
FINDINGS = (*CHECKS, "ledger-differs")
# Several watches and audits keep one row: whoever looked last stays, an older look does nothing.
KEEP = sa.text("""
    INSERT INTO rounds ("of", at, seconds, counted, found)
    VALUES (:of, :at, :seconds, :counted, :found)
    ON CONFLICT ("of") DO UPDATE SET at = excluded.at, seconds = excluded.seconds,
        counted = excluded.counted, found = excluded.found
    WHERE rounds.at <= excluded.at
""").bindparams(sa.bindparam("at", type_=UtcTime()), sa.bindparam("found", type_=Json))


@dataclass(frozen=True, slots=True)
class LastRound:
    """A round as it is told: when it ended, how long it took, what it counted and found."""

    at: datetime
    seconds: float
    counted: int
    found: dict[str, int]


def swept(engine: Engine, raised: int, seconds: float, now: datetime) -> None:
    """The watch raised so many rungs in one round. An older round changes nothing."""
    _keep(engine, RoundOf.WATCH, now, seconds, raised, {})


def audited(engine: Engine, report: Report, seconds: float) -> None:
    """The audit came to this report. An older one changes nothing."""
    found = Counter(finding.what for finding in report.findings)
    _keep(engine, RoundOf.AUDIT, report.at, seconds, report.checked, dict(found))


def rounds_in(session: Session) -> dict[RoundOf, LastRound]:
    """The last rounds there were."""
    return {
        row.of: LastRound(row.at, row.seconds, row.counted, dict(row.found))
        for row in session.exec(select(Round))
    }


def _keep(
    engine: Engine, of: RoundOf, at: datetime, seconds: float, counted: int, found: dict[str, int]
) -> None:
    told = {"of": of.value, "at": at, "seconds": seconds, "counted": counted, "found": found}
    with transaction(engine) as session:
        session.execute(KEEP, told)
