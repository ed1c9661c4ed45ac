"""Partners as people look at them: who is at the table of a case, and how they answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.cases import look_up
from casework.connect import reading
from casework.expecting import Expected, expected_at, partners_at
from casework.policies import calendars_now
from casework.quiet import running_wait
from casework.refusals import NotAllowed
from casework.table import open_questions
from escalation.partner_numbers import Numbers, Told, partner_numbers
from models import Case, Contact, JournalEntry, Organisation, Partner

COUNTED = (
    "asked", "replied", "withdrawn", "term_changed", "silence_asked", "handover_offered",
    "handover_accepted", "handover_refused", "handover_expired", "handover_revoked",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PartnerView:
    """A partner of a case: when it was last heard, and of whom something is expected since when.

    `silent_at` is when its silence is spoken of; empty while it is `asked_about` already.
    """

    organisation: str
    heard_at: datetime
    contact: str | None
    since: datetime | None
    waits_until: date | None
    silent_at: datetime | None
    asked_about: bool

    @property
    def expected(self) -> bool:
        """Whether anything is expected of it at all."""
        return self.contact is not None


def partners_of(engine: Engine, case_key: str) -> list[PartnerView]:
    """Who is or was at the table of the case, by key. Raises NotFound."""
    with reading(engine) as session:
        case = look_up(session, case_key)
        expected = expected_at(session, case)
        rows = partners_at(session, case)
        seen = [_view(session, case, row, expected.get(row.organisation_id)) for row in rows]
        return sorted(seen, key=lambda view: view.organisation)


def statistics(
    engine: Engine, *, now: datetime, since: datetime | None = None, until: datetime | None = None
) -> list[Numbers]:
    """How every partner answered what it was asked or offered from `since` on, by its key.

    As it stood at `until`, else now; counted from the journals alone. Raises NotAllowed for a
    period that ends before it begins.
    """
    if since is not None and until is not None and until <= since:
        raise NotAllowed("a period begins before it ends; check both dates")
    with reading(engine) as session:
        calendar = calendars_now(session).working
        moment = min(until or now, now)
        return partner_numbers(_lines(session), moment, calendar, since)


def _lines(session: Session) -> Iterator[Told]:
    lines = select(JournalEntry.at, JournalEntry.kind, JournalEntry.data).where(
        col(JournalEntry.kind).in_(COUNTED)
    )
    in_order = lines.order_by(col(JournalEntry.case_id), col(JournalEntry.seq))
    return (Told(*line) for line in session.exec(in_order))


def _view(session: Session, case: Case, row: Partner, expected: Expected | None) -> PartnerView:
    wait = running_wait(session, case, row.organisation_id)
    return PartnerView(
        organisation=session.get_one(Organisation, row.organisation_id).key,
        heard_at=row.heard_at,
        contact=session.get_one(Contact, expected.contact_id).key if expected else None,
        since=expected.since if expected else None,
        waits_until=wait.until if wait else None,
        silent_at=row.silent_at,
        asked_about=bool(open_questions(session, case, row)),
    )
