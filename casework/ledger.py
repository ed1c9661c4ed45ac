"""Changes of promised dates: paused, resumed, extended, re-dated, each with its ground and reason.

A promised date never moves on its row. A change makes an end of the promise and puts another in its
place, with rungs of its own; a row of the ledger ties the two and says why. The reason stays in
that row: the journal and messages hold codes and dates only.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session

from casework.cases import find, moved_on
from casework.changing import change_term
from casework.connect import transaction
from casework.people import acting
from casework.promises import open_promise
from casework.recount import LedgerLine, changes_of, latest_of, ledger_of, root_id_of
from casework.refusals import NotAllowed
from escalation.lanes import PAUSE_OVER
from escalation.ledger import Entry, What
from escalation.policy import sections
from escalation.standing import MEASURES
from escalation.terms import Length
from models import Case, Checkpoint

MEASURE_ENDS = {measure.end for measure in MEASURES.values() if measure.end}

__all__ = [
    "Changed", "Entry", "LedgerLine", "What", "change_term", "extend_term", "latest_of",
    "ledger_of", "pause_term", "redate_term", "resume_term",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Changed:
    """What a change led to: the promise's new number and date, and the case's version."""

    case_key: str
    key: str
    promise: int
    replaced: int
    due_on: date
    due_at: datetime
    exact: bool
    version: int
    known_already: bool


def pause_term(
    engine: Engine, case_key: str, promise: str, *, on: date, until: date,
    by: str, ground: str, reason: str, now: datetime,
) -> Changed:  # fmt: skip
    """The days after `on` up to and including `until` do not count (Awb 4:15 and the like); on
    `until` somebody is asked whether the term runs again.

    Called twice with the same arguments is called once. Raises NotFound, NotAllowed.
    """
    entry = Entry(What.PAUSED, on, until=until)
    return _change(engine, case_key, promise, entry, by, ground, reason, now)


def resume_term(
    engine: Engine, case_key: str, promise: str, *, on: date,
    by: str, ground: str, reason: str, now: datetime,
) -> Changed:  # fmt: skip
    """The pause ended on `on`, its last day that does not count; what it asked is answered.

    Called twice with the same arguments is called once. Raises NotFound, NotAllowed.
    """
    entry = Entry(What.RESUMED, on)
    return _change(engine, case_key, promise, entry, by, ground, reason, now)


def extend_term(
    engine: Engine, case_key: str, promise: str, *, on: date, length: Length,
    by: str, ground: str, reason: str, now: datetime,
) -> Changed:  # fmt: skip
    """The term is that much longer, counted on from where counting ended (Awb 7:10(3)).

    Called twice with the same arguments is called once. Raises NotFound, NotAllowed.
    """
    entry = Entry(What.EXTENDED, on, length=length)
    return _change(engine, case_key, promise, entry, by, ground, reason, now)


def redate_term(
    engine: Engine, case_key: str, promise: str, *, on: date, to: date | datetime,
    by: str, ground: str, reason: str, now: datetime,
) -> Changed:  # fmt: skip
    """The promise is due on the day, or at the moment, that a court or decision states.

    Called twice with the same arguments is called once. Raises NotFound, NotAllowed.
    """
    entry = Entry(What.REDATED, on, to=to)
    return _change(engine, case_key, promise, entry, by, ground, reason, now)


def _change(
    engine: Engine, case_key: str, promise: str, entry: Entry, by: str, ground: str, reason: str,
    now: datetime,
) -> Changed:  # fmt: skip
    with transaction(engine) as session:
        case, actor = find(session, case_key), acting(session, by, now).key
        row = open_promise(session, case, promise, over_too=True)
        said = (entry, ground.strip(), reason.strip(), actor)
        if known := _made_before(session, row, *said):
            return _told(case, *known, known_already=True)
        row = open_promise(session, case, promise)
        if row.key == PAUSE_OVER.key:
            raise NotAllowed("this asks whether a pause is over; resume or pause that term instead")
        if entry.what is What.EXTENDED:
            _may_be_extended(row)
        successor = change_term(
            session, case, row, entry, actor=actor, now=now, ground=ground, reason=reason
        )
        moved_on(session, case)
        return _told(case, row.id or 0, successor, known_already=False)


def _may_be_extended(row: Checkpoint) -> None:
    """A term of law is as long as the law says, and a measure ends when its decision says."""
    if row.key in MEASURE_ENDS:
        raise NotAllowed(
            f"{row.key!r} is the end of a measure; a decision extends that, with its guards"
        )
    known = (c for section, c in sections() if (section, c.key) == (row.section, row.key))
    if row.statutory and not any(c.extended_by for c in known):
        raise NotAllowed(
            f"{row.key!r} is set by law ({row.source}), which knows no extension of it; a date "
            "that was wrong is re-dated, with its ground"
        )


def _told(case: Case, replaced: int, row: Checkpoint, *, known_already: bool) -> Changed:
    return Changed(
        case.key, row.key, row.id or 0, replaced, row.due_on, row.due_at, row.exact, case.version,
        known_already,
    )  # fmt: skip


def _made_before(
    session: Session, row: Checkpoint, entry: Entry, ground: str, reason: str, actor: str
) -> tuple[int, Checkpoint] | None:
    """This very change, when it led to this promise or was made to it."""
    for change, successor in changes_of(session, root_id_of(session, row)):
        about = row.id in {change.checkpoint_id, change.successor_id}
        if about and (ground, reason, actor) == (change.ground, change.reason, change.by):
            to = change.due_at if successor.exact else change.due_on
            length = str(entry.length) if entry.length else None
            made = (change.what.value, change.on, change.until, change.length)
            if made == (entry.what.value, entry.on, entry.until, length) and (
                entry.to is None or entry.to == to
            ):
                return change.checkpoint_id, successor
    return None
