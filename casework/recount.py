"""The ledger of terms, read back: how a date stands, and whether what is stored is what follows."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.connect import reading
from casework.policies import calendars_at
from casework.questions import question
from casework.refusals import NotFound
from escalation.calendars import Calendars
from escalation.free_days import rolls
from escalation.ledger import BadChange, Entry, Standing, What, applied, fold
from escalation.rungs import AMSTERDAM
from escalation.terms import BadTerm, Kind, Length, Unit
from escalation.text import Text
from models import Case, Checkpoint, Decree, TermChange

DAYS = {Unit.DAYS: timedelta(days=1), Unit.WEEKS: timedelta(weeks=1)}


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One change of one promise, as the doors show it."""

    promise: int  # the number it has since
    replaced: int  # the number it had before
    first: int  # the number it was made under
    key: str
    section: str
    asks: Text
    seq: int
    what: str
    on: date
    until: date | None
    length: str | None
    due_on: date
    due_at: datetime
    exact: bool
    ground: str
    reason: str
    by: str
    recorded_at: datetime


def ledger_of(engine: Engine, case_key: str) -> list[LedgerLine]:
    """Every change of a date in this case, promise by promise, oldest first. Raises NotFound."""
    with reading(engine) as session:
        case = session.exec(select(Case.id).where(Case.key == case_key)).first()
        if case is None:
            raise NotFound("case", case_key, "see: estafette case list")
        rows = session.exec(
            select(TermChange, Checkpoint)
            .join(Checkpoint, col(Checkpoint.id) == col(TermChange.successor_id))
            .where(TermChange.case_id == case)
            .order_by(col(TermChange.root_id), col(TermChange.seq))
        )
        return [_line(change, successor) for change, successor in rows]


def differing(session: Session, limit: int) -> list[str]:
    """The keys of open cases, `limit` at most, where a stored date is not what its ledger says."""
    roots = session.exec(
        select(TermChange.root_id, Case.key)
        .join(Case, col(Case.id) == col(TermChange.case_id))
        .where(col(Case.closed_at).is_(None), TermChange.seq == 1)
        .order_by(col(TermChange.root_id))
    ).all()
    wrong = (key for root_id, key in roots if not recounts(session, root_id))
    return [key for _place, key in zip(range(limit), dict.fromkeys(wrong), strict=False)]


def recounts(session: Session, root_id: int) -> bool:
    """Whether every date of this promise is the one that follows from its ledger."""
    root, before = session.get(Checkpoint, root_id), root_id
    if root is None:  # deleted by hand: what it led to follows from nothing
        return False
    now = root_standing(root)
    try:
        for change, successor in changes_of(session, root_id):
            now = applied(now, entry_of(change, successor), _known_at(session, change.recorded_at))
            follows = (now.nominal, now.end, now.due_at)
            if {_stored(change), _stored(successor)} != {follows}:
                return False
            if (change.checkpoint_id, successor.exact) != (before, now.exact):
                return False
            before = change.successor_id
    except BadChange:
        return False
    return True


def root_id_of(session: Session, row: Checkpoint) -> int:
    """The promise as it was first made: itself, when its date was never changed."""
    found = select(TermChange.root_id).where(TermChange.successor_id == row.id)
    return session.exec(found).first() or row.id or 0


def latest_of(session: Session, row: Checkpoint) -> Checkpoint:
    """The promise that stands in the place of this one now; itself, when it was not replaced."""
    changes = changes_of(session, root_id_of(session, row))
    return changes[-1][1] if changes else row


def changes_of(session: Session, root_id: int) -> list[tuple[TermChange, Checkpoint]]:
    """The changes of a promise in order, each with the promise it led to."""
    found = session.exec(
        select(TermChange, Checkpoint)
        .join(Checkpoint, col(Checkpoint.id) == col(TermChange.successor_id))
        .where(TermChange.root_id == root_id)
        .order_by(col(TermChange.seq))
    )
    return [(change, successor) for change, successor in found]


def standing_of(session: Session, root_id: int) -> Standing:
    """The date as it stands after every change so far. Raises BadChange."""
    entries = (
        (entry_of(change, successor), _known_at(session, change.recorded_at))
        for change, successor in changes_of(session, root_id)
    )
    return fold(root_standing(session.get_one(Checkpoint, root_id)), entries)


def changed(session: Session, now: Standing, entry: Entry, at: datetime) -> Standing:
    """The date after one change more, made at that moment. Raises BadChange."""
    return applied(now, entry, _known_at(session, at))


def root_standing(row: Checkpoint) -> Standing:
    """The date of a promise that was not changed yet."""
    kind, length = Kind(row.kind), _length(row)
    return Standing(
        kind=kind,
        unit=length.unit if length else None,
        counts_from=_counts_from(row, length),
        rolls=rolls(kind, length),
        nominal=row.nominal_on,
        end=row.due_on,
        due_at=row.due_at,
        exact=row.exact,
        derivation=_derivation(row),
    )


def _counts_from(row: Checkpoint, length: Length | None) -> date:
    """The day before the first that counts: its start, or later for a term that follows another
    (a decision on objection is counted from the end of the objection term)."""
    began = row.since.astimezone(AMSTERDAM).date()
    if length is not None and length.unit in DAYS:
        began = max(began, row.nominal_on - length.n * DAYS[length.unit])
    return min(began, row.nominal_on)


def entry_of(change: TermChange, successor: Checkpoint) -> Entry:
    """The entry as it was made."""
    what = What(change.what.value)
    entry = Entry(
        what,
        change.on,
        until=change.until,
        length=Length.parse(change.length) if change.length else None,
        ground=change.ground,
    )
    if what is not What.REDATED:
        return entry
    to = change.due_at if successor.exact else change.due_on
    return replace(entry, to=to, steps=_derivation(successor)[:-1])


def _known_at(session: Session, at: datetime) -> Calendars:
    """The calendars as known then; the days an installation came with it has always known.

    A replay plays years that lie before its database was made.
    """
    first = session.exec(select(func.min(Decree.loaded_at))).one()
    return calendars_at(session, max(at, first) if first else at)


def _stored(row: TermChange | Checkpoint) -> tuple[date, date, datetime]:
    return row.nominal_on, row.due_on, row.due_at


def _length(row: Checkpoint) -> Length | None:
    try:
        return Length.parse(row.length)
    except BadTerm:  # "stated": the decision itself says when
        return None


def _derivation(row: Checkpoint) -> tuple[Text, ...]:
    return tuple(Text(step["nl"], step["en"]) for step in row.derivation)


def _line(change: TermChange, successor: Checkpoint) -> LedgerLine:
    return LedgerLine(
        promise=change.successor_id,
        replaced=change.checkpoint_id,
        first=change.root_id,
        key=successor.key,
        section=successor.section,
        asks=question(successor.section, successor.key),
        seq=change.seq,
        what=change.what.value,
        on=change.on,
        until=change.until,
        length=change.length,
        due_on=change.due_on,
        due_at=change.due_at,
        exact=successor.exact,
        ground=change.ground,
        reason=change.reason,
        by=change.by,
        recorded_at=change.recorded_at,
    )
