"""How far a succession is: of each role it was begun for, where it stands and with whom."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.batons import READ_BACK, WAITING, taker_of
from casework.connect import reading
from casework.refusals import NotFound
from escalation.packet import missing
from models import Assignment, Case, Contact, Handover, HandoverState, Role, Succession

TAKEN = (*READ_BACK, HandoverState.ASSIGNED)
Place = tuple[str, Role]  # a role on a case, by its key
NOT_READ_BACK = (
    "assigned and not read back yet; read it back (estafette handover accept {0}), or let the "
    "process director assign it to somebody else (estafette handover assign)"
)


@dataclass(frozen=True, slots=True)
class Passing:
    """One role on one case. While it is `held` it is still the leaver's.

    `state` is that of its handover, "waiting" when there is none yet, or "passed" when somebody
    else has it or the case ended. `why` says what was in the way just now.
    """

    case_key: str
    role: str
    state: str
    held: bool
    handover: int | None = None
    receiver: str | None = None
    missing: tuple[str, ...] = ()
    why: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A succession; `done` when the leaver holds nothing any more that it was begun for."""

    number: int
    leaver: str
    because: str
    by: str
    begun_at: datetime
    done: bool
    counts: Mapping[str, int] = field(default_factory=dict)
    passings: tuple[Passing, ...] = ()


def progress(engine: Engine, number: int, whys: Mapping[Place, str] | None = None) -> Progress:
    """Where each role of this succession stands now. Raises NotFound.

    `whys` are what was in the way of some of them, as the run that met it knows.
    """
    with reading(engine) as session:
        row = session.get(Succession, number)
        if row is None:
            raise NotFound("succession", number, "see: estafette handover progress")
        return _progress(session, row, whys or {})


def successions(engine: Engine) -> list[Progress]:
    """Every succession, newest first."""
    newest = select(Succession).order_by(col(Succession.id).desc())
    with reading(engine) as session:
        return [_progress(session, row, {}) for row in session.exec(newest).all()]


def is_done(session: Session, row: Succession) -> bool:
    return _progress(session, row, {}).done


def held_by(session: Session, person: Contact) -> list[tuple[Case, Role]]:
    """Every role this person holds on an open case, in the order of the cases."""
    rows = session.exec(
        select(Case, Assignment.role)
        .join(Assignment, col(Assignment.case_id) == col(Case.id))
        .where(
            Assignment.contact_id == person.id,
            col(Assignment.until).is_(None),
            col(Case.closed_at).is_(None),
        )
        .order_by(col(Case.id), col(Assignment.role))
    )
    return [(case, Role(role)) for case, role in rows.all()]


def _progress(session: Session, row: Succession, whys: Mapping[Place, str]) -> Progress:
    leaver = session.get_one(Contact, row.from_contact_id)
    held = {(case.id or 0, role) for case, role in held_by(session, leaver)}
    begun_for = _begun_for(session, row)
    latest = _latest_of(session, row, begun_for)
    places = sorted(begun_for | latest.keys())
    keys = _case_keys(session, {case_id for case_id, _ in places})
    found = tuple(
        _passing(session, leaver, keys[place[0]], place[1], latest.get(place), place in held)
        for place in places
    )
    told = tuple(replace(p, why=whys.get((p.case_key, Role(p.role)), p.why)) for p in found)
    return Progress(
        number=row.id or 0, leaver=leaver.key, because=row.because, by=row.by,
        begun_at=row.begun_at, done=not any(p.held for p in told),
        counts=dict(sorted(Counter(p.state for p in told).items())), passings=told,
    )  # fmt: skip


def _begun_for(session: Session, row: Succession) -> set[tuple[int, Role]]:
    """What the leaver held when it was begun."""
    ended, closed = col(Assignment.until), col(Case.closed_at)
    rows = session.exec(
        select(Assignment.case_id, Assignment.role)
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .where(
            Assignment.contact_id == row.from_contact_id,
            col(Assignment.since) <= row.begun_at,
            ended.is_(None) | (ended > row.begun_at),
            closed.is_(None) | (closed > row.begun_at),
        )
    )
    return {(case_id, Role(role)) for case_id, role in rows.all()}


def _latest_of(
    session: Session, row: Succession, begun_for: set[tuple[int, Role]]
) -> dict[tuple[int, Role], Handover]:
    """The newest handover of each role the succession is about, also one made by hand since."""
    own = col(Handover.succession_id) == row.id
    by_hand = (col(Handover.from_contact_id) == row.from_contact_id) & (
        col(Handover.offered_at) >= row.begun_at
    )
    there = col(Handover.case_id).in_({case_id for case_id, _ in begun_for})
    waiting = col(Handover.state).in_(WAITING)
    found = select(Handover).where(own | (there & (by_hand | waiting))).order_by(col(Handover.id))
    rows = session.exec(found).all()
    meant = begun_for | {_place(h) for h in rows if h.succession_id == row.id}
    return {_place(h): h for h in rows if _place(h) in meant}


def _place(row: Handover) -> tuple[int, Role]:
    return (row.case_id, row.role)


def _case_keys(session: Session, numbers: set[int]) -> dict[int, str]:
    rows = session.exec(select(Case.id, Case.key).where(col(Case.id).in_(numbers)))
    return {number or 0: key for number, key in rows.all()}


def _passing(
    session: Session, leaver: Contact, case_key: str, role: Role, row: Handover | None, holds: bool
) -> Passing:
    if row is None:
        return Passing(case_key, role.value, "waiting" if holds else "passed", holds)
    over = row.state in TAKEN
    if not (holds or over):
        return Passing(case_key, role.value, "passed", held=False)
    asked = taker_of(session, row) if over else session.get_one(Contact, row.to_contact_id)
    unread = over and asked.id == leaver.id
    return Passing(
        case_key, role.value, row.state.value, held=holds and (unread or not over),
        handover=row.id, receiver=asked.key,
        missing=missing(row.packet) if row.state is HandoverState.DRAFT else (),
        why=NOT_READ_BACK.format(row.id) if unread and holds else None,
    )  # fmt: skip
