"""The audit: every open case, however old, is held, promised, watched and told of.

Its own queries on its own connection: it shares no code with the watch it checks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session

from casework.recount import differing
from models import UtcTime

LATE = timedelta(minutes=5)  # a rung this long past its moment was not raised by anybody
UNSENT = timedelta(hours=1)  # an alert this old that nobody delivered
UNARMED = timedelta(minutes=10)  # a visit this old without a run to show it


@dataclass(frozen=True, slots=True)
class Finding:
    case_key: str
    what: str


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit found; clean when it found nothing."""

    at: datetime
    checked: int
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        return not self.findings


# Whoever is expected at the table of case `k`, besides the organisation that directs it.
OF = "coalesce(a.principal_id, p.organisation_id)"
HELD = "FROM assignments a JOIN contacts p ON p.id = a.contact_id WHERE a.case_id = k.id"
PARTNERS = f"""
    SELECT {OF} AS organisation {HELD} AND a.until IS NULL AND a.role <> 'case_director'
    UNION SELECT r.organisation_id FROM requests r WHERE r.case_id = k.id AND r.state = 'open'
    EXCEPT SELECT {OF} {HELD} AND a.until IS NULL AND a.role = 'case_director'"""

# What each query finds, as code and as SQL over open cases `k`. Both databases read it alike.
CHECKS: dict[str, str] = {
    "no-holder": """
        NOT EXISTS (SELECT 1 FROM assignments a WHERE a.case_id = k.id
                    AND a.role = 'case_director' AND a.until IS NULL)""",
    "no-promise": """
        NOT EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                    AND c.state = 'open' AND c.next_at IS NOT NULL)""",
    "not-raised": """
        EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                AND c.state = 'open' AND c.next_at < :late)""",
    "put-off": """
        EXISTS (SELECT 1 FROM checkpoints c JOIN journal j ON j.checkpoint_id = c.id
                WHERE c.case_id = k.id AND c.state = 'open' AND j.kind = 'put_off'
                AND NOT EXISTS (SELECT 1 FROM journal r WHERE r.checkpoint_id = c.id
                                AND r.kind = 'raised' AND r.seq > j.seq))""",
    "no-visit": """
        NOT EXISTS (SELECT 1 FROM visits v WHERE v.case_id = k.id
                    AND v.left_at IS NULL AND v.stage = k.stage)""",
    "no-run": """
        EXISTS (SELECT 1 FROM visits v WHERE v.case_id = k.id AND v.left_at IS NULL
                AND v.run_id IS NULL AND v.entered_at < :unarmed
                AND EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id
                            AND c.state = 'open' AND c.next_at < :horizon))""",
    "offer-past-term": """
        EXISTS (SELECT 1 FROM handovers h JOIN checkpoints c ON c.handover_id = h.id
                WHERE h.case_id = k.id AND h.state = 'offered' AND c.state = 'open'
                AND c.key IN ('handover_answered', 'handover_urgent') AND c.due_at < :late)""",
    "unsent-alert": """
        EXISTS (SELECT 1 FROM alerts t WHERE t.case_id = k.id
                AND (t.next_at < :unsent OR t.state = 'failed' AND t.created_at < :unsent))""",
    "silence-unwatched": f"""
        (k.silent_at IS NULL AND NOT EXISTS (
            SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND c.state = 'open'
            AND c.key IN ('case_silent', 'wait_over')))
        OR EXISTS (SELECT 1 FROM ({PARTNERS}) e WHERE NOT EXISTS (
            SELECT 1 FROM partners p WHERE p.case_id = k.id AND p.organisation_id = e.organisation
            AND (p.silent_at IS NOT NULL OR EXISTS (
                SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND c.state = 'open'
                AND c.origin LIKE 'partner:' || p.id || ':%'))))""",
    "silence-not-asked": """
        k.silent_at < :late OR EXISTS (SELECT 1 FROM partners p WHERE p.case_id = k.id
                                       AND p.silent_at < :late)
        OR EXISTS (SELECT 1 FROM journal j WHERE j.case_id = k.id
                   AND j.kind = 'silence_put_off' AND j.at >= k.stirred_at
                   AND k.silent_at IS NOT NULL)""",
    "rung-without-alert": """
        EXISTS (SELECT 1 FROM checkpoints c WHERE c.case_id = k.id AND c.rung IS NOT NULL
                AND NOT EXISTS (SELECT 1 FROM alerts t
                                WHERE t.checkpoint_id = c.id AND t.rung = c.rung))""",
}

# Looked at in a closed case too, while a promise outlives it: who reported is told of the end.
AFTER_CLOSING = {"not-raised", "put-off", "unsent-alert", "rung-without-alert"}
OUTLIVED = "k.id IN (SELECT o.case_id FROM checkpoints o WHERE o.state = 'open')"


def audit(
    engine: Engine, now: datetime, *, horizon: timedelta = timedelta(0), limit: int = 1000
) -> Report:
    """Every open case is looked at; the report names at most `limit` findings per check.

    Cases whose next moment lies beyond `horizon` need no run yet.
    """
    moments = {
        "late": now - LATE,
        "unarmed": now - UNARMED,
        "unsent": now - UNSENT,
        "horizon": now + horizon,
    }
    with engine.connect().execution_options(reads_only=True) as connection:
        checked = connection.execute(
            sa.text("SELECT count(*) FROM cases WHERE closed_at IS NULL")
        ).scalar_one()
        found = [*_findings(connection, moments, limit), *_recounted(connection, limit)]
        return Report(now, checked, tuple(found))


def _findings(
    connection: sa.Connection, moments: dict[str, datetime], limit: int
) -> Iterator[Finding]:
    for what, condition in CHECKS.items():
        used = {name: moment for name, moment in moments.items() if f":{name}" in condition}
        looked_at = f"k.closed_at IS NULL OR {what in AFTER_CLOSING} AND {OUTLIVED}"
        query = sa.text(
            f"SELECT k.key FROM cases k WHERE ({looked_at}) AND ({condition}) "
            "ORDER BY k.id LIMIT :most"
        ).bindparams(*(sa.bindparam(name, moment, UtcTime()) for name, moment in used.items()))
        for (key,) in connection.execute(query, {"most": limit}):
            yield Finding(key, what)


def _recounted(connection: sa.Connection, limit: int) -> Iterator[Finding]:
    """Every date that was changed is counted again from its ledger."""
    with Session(connection) as session:
        yield from (Finding(key, "ledger-differs") for key in differing(session, limit))
