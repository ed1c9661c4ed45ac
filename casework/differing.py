"""What today's table of decreed days would date otherwise. It tells; it moves nothing."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from sqlmodel import Session, col, select

from casework.policies import calendars_now
from casework.recount import changes_of, entry_of, root_id_of, root_standing
from escalation.calendars import Calendars
from escalation.counting import ends
from escalation.free_days import rolls
from escalation.ledger import BadChange, fold
from escalation.terms import BadTerm, Kind, Length, Term, Unit
from escalation.text import law
from models import Case, Checkpoint, CheckpointState

AT_ONCE = Length(0, Unit.DAYS)


@dataclass(frozen=True, slots=True)
class Differing:
    """An open statutory promise that today's table would date otherwise. Nothing moved it."""

    case_key: str
    number: int
    promise: str
    promised: date
    by_table: date


def differing(session: Session) -> tuple[Differing, ...]:
    """Every open statutory promise whose date today's table gives otherwise, the soonest first."""
    return tuple(_differing(session))


def _differing(session: Session) -> Iterator[Differing]:
    table = calendars_now(session)
    still_open = (
        select(Case.key, Checkpoint)
        .join(Checkpoint, col(Checkpoint.case_id) == col(Case.id))
        .where(Checkpoint.state == CheckpointState.OPEN, Checkpoint.kind == Kind.STATUTORY.value)
        .order_by(col(Checkpoint.due_on), col(Checkpoint.id))
    )
    for case_key, row in session.exec(still_open).all():
        day = _by_table(session, row, table)
        if day is not None and day != row.due_on:
            yield Differing(case_key, row.id or 0, row.key, row.due_on, day)


def _by_table(session: Session, row: Checkpoint, table: Calendars) -> date | None:
    """The last day by this table, after every change that was made to the date since.

    None for a date a decision states, and for one that cannot be counted any more.
    """
    root_id = root_id_of(session, row)
    root = session.get_one(Checkpoint, root_id)
    try:
        standing = replace(root_standing(root), end=_counted(root, table))
        entries = [(entry_of(*change), table) for change in changes_of(session, root_id)]
        return fold(standing, entries).end
    except (BadTerm, BadChange):
        return None


def _counted(root: Checkpoint, table: Calendars) -> date:
    """Where the term ends that ended on `nominal_on` before the law moved it.

    Counted from its own start in days and weeks: of a short term two days must be ordinary ones
    (Algemene termijnenwet art. 2). Longer ones only depend on the day they end on.
    """
    length = Length.parse(root.length)
    if not rolls(Kind.STATUTORY, length):
        return root.due_on
    days = {Unit.DAYS: length.n, Unit.WEEKS: 7 * length.n}.get(length.unit)
    start = root.nominal_on - timedelta(days=days or 0)
    counted = AT_ONCE if days is None else length
    return ends(start, Term(counted, Kind.STATUTORY, law(root.source)), table).end
