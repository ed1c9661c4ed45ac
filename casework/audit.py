"""The audit: every open case, however old, is held, promised, watched and told of.

Its own queries on its own connection: it shares no code with the watch it checks.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session

from casework.audit_checks import (
    AFTER_CLOSING,
    ARMED,
    CHECKS,
    NTH_VISIT,
    OUTLIVED,
    REMOVALS,
    REMOVED,
    STILL_ARMED,
)
from casework.audit_guards import AT_WORK, GUARDS
from casework.moments import no_moments
from casework.recount import differing
from models import UtcTime

LATE = timedelta(minutes=5)  # a rung this long past its moment was not raised by anybody
UNSENT = timedelta(hours=1)  # an alert this old that nobody delivered
UNARMED = timedelta(minutes=10)  # a visit so long without a run to show it
SOON = timedelta(minutes=65)  # what was put off rings within the hour
FAR = timedelta(days=400)  # no policy waits so long with what is past its date
JUST_ARMED = timedelta(minutes=2)  # its run may be on its way to Prefect, or back to waiting
NO_CASE = "-"  # what a finding names that belongs to no case
# What is found by other ways than the checks: in the ledger, in what was removed, in the guards
# themselves, and by asking Prefect for its runs.
BESIDES = (
    "ledger-differs", *dict.fromkeys(REMOVED.values()), "guard-off", "no-moment", "run-gone",
    "prefect-away",
)  # fmt: skip
FINDINGS = (*CHECKS, *BESIDES)  # every code a finding can have


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of which case; and where, when that is a row that can be named."""

    case_key: str
    what: str
    where: str | None = None

    def __str__(self) -> str:
        return f"{self.what} ({self.where})" if self.where else self.what


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found; clean when it found nothing."""

    at: datetime
    checked: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings

    def and_also(self, findings: Iterable[Finding]) -> "Report":
        """The same report with what was found besides."""
        return replace(self, findings=(*self.findings, *findings))


@dataclass(frozen=True, slots=True)
class ArmedVisit:
    """A visit that says which run shows it."""

    id: int
    case_key: str
    run_id: str


def audit(
    engine: Engine,
    now: datetime,
    *,
    horizon: timedelta = timedelta(0),
    armed_at_most: int = 10_000,
    limit: int = 1000,
) -> Report:
    """Every open case is looked at; the report names at most `limit` findings per check.

    Visits whose next moment lies beyond `horizon` need no run yet, and neither do those that are
    not among the nearest, of which `armed_at_most` are armed ahead.
    """
    with engine.connect().execution_options(reads_only=True) as connection:
        moments = {
            "late": now - LATE,
            "unarmed": now - UNARMED,
            "unsent": now - UNSENT,
            "soon": now + SOON,
            "far": now + FAR,
            "horizon": _armed_until(connection, now + horizon, armed_at_most),
        }
        checked = connection.execute(
            sa.text("SELECT count(*) FROM cases WHERE closed_at IS NULL")
        ).scalar_one()
        found = [
            *_findings(connection, moments, limit),
            *_recounted(connection, limit),
            *_removed(connection, limit),
            *_unguarded(connection),
            *_no_moments(connection, limit),
        ]
        return Report(now, checked, tuple(found))


def _armed_until(connection: sa.Connection, horizon: datetime, most: int) -> datetime:
    """Before this moment every visit has its run.

    Half of the nearest and some minutes less than are armed: the others follow one by one as
    nearer visits end or the horizon moves on.
    """
    nth = sa.text(NTH_VISIT).columns(wake_at=UtcTime())
    found: datetime | None = connection.execute(nth, {"nth": most // 2}).scalar()
    return min(found or horizon, horizon) - UNARMED


def armed_visits(engine: Engine, now: datetime) -> list[ArmedVisit]:
    """Every open visit that names a run, but for those armed a moment ago."""
    query = sa.text(ARMED).bindparams(_before(now))
    with engine.connect().execution_options(reads_only=True) as connection:
        return [ArmedVisit(*row) for row in connection.execute(query)]


def still_armed(engine: Engine, visits: Iterable[ArmedVisit], now: datetime) -> list[ArmedVisit]:
    """Those of the visits that still say so: a case may have moved on meanwhile, or got a run."""
    query = sa.text(STILL_ARMED).bindparams(_before(now))
    with engine.connect().execution_options(reads_only=True) as connection:
        return [v for v in visits if connection.execute(query, {"id": v.id, "run": v.run_id}).all()]


def _before(now: datetime) -> sa.BindParameter[Any]:
    return sa.bindparam("before", now - JUST_ARMED, UtcTime())


def _findings(
    connection: sa.Connection,
    moments: Mapping[str, datetime],
    limit: int,
    checks: Mapping[str, str] = CHECKS,
) -> Iterator[Finding]:
    for what, condition in checks.items():
        query = asked(what, condition, moments)
        for (key,) in connection.execute(query, {"most": limit}):
            yield Finding(key, what)


def asked(what: str, condition: str, moments: Mapping[str, datetime]) -> sa.TextClause:
    """The query of one check, which names the cases it finds."""
    used = {name: moment for name, moment in moments.items() if f":{name}" in condition}
    looked_at = "k.closed_at IS NULL"
    if what in AFTER_CLOSING:
        looked_at += f" OR {OUTLIVED}"
    return sa.text(
        f"SELECT k.key FROM cases k WHERE ({looked_at}) AND ({condition}) ORDER BY k.id LIMIT :most"
    ).bindparams(*(sa.bindparam(name, moment, UtcTime()) for name, moment in used.items()))


def _recounted(connection: sa.Connection, limit: int) -> Iterator[Finding]:
    """Every date that was changed is counted again from its ledger."""
    with Session(connection) as session:
        yield from (Finding(key, "ledger-differs") for key in differing(session, limit))


def _removed(connection: sa.Connection, limit: int) -> Iterator[Finding]:
    """Every row that was deleted by hand, and neither came back nor had to go."""
    rows = connection.execute(sa.text(REMOVALS), {"most": limit})
    yield from dict.fromkeys(Finding(key, REMOVED[of]) for key, of in rows if of in REMOVED)


def _no_moments(connection: sa.Connection, limit: int) -> Iterator[Finding]:
    """What was written where a moment belongs and is none."""
    for place in no_moments(connection, limit):
        yield Finding(place.case_key or NO_CASE, "no-moment", str(place))


def _unguarded(connection: sa.Connection) -> Iterator[Finding]:
    """Every trigger that keeps history or tells of a removal, and is gone or switched off."""
    kind = connection.dialect.name
    at_work = connection.execute(sa.text(AT_WORK[kind])).scalars()
    yield from (Finding(NO_CASE, "guard-off", name) for name in sorted(GUARDS[kind] - {*at_work}))
