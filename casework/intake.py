"""Signals come in; each finds its open case or opens one, and never merges in silence."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, select

from casework import journal
from casework.cases import moved_on
from casework.connect import transaction
from casework.dating import Start, date_checkpoint
from casework.entering import OPENED, enter_stage
from casework.people import contact
from casework.policies import policy_of, version_for
from casework.presence import refuse_unreachable
from casework.reasons import remember
from casework.refusals import Incomplete, NotAllowed
from casework.reporter_clocks import report_came_in
from casework.signals import NewSignal, store
from casework.silence import stirred
from casework.succeeding import first_director
from escalation.path import FIRST
from escalation.rungs import AMSTERDAM
from models import Assignment, Case, CaseNumber, Contact, Role, Signal


@dataclass(frozen=True, slots=True)
class Received:
    """Where a signal went: its case, which it opened or joined, or which knew it already."""

    case_key: str
    how: str  # "opened", "joined" or "known"


def receive_signal(
    engine: Engine,
    new: NewSignal,
    now: datetime,
    *,
    director: str | None = None,
    policy: str | None = None,
    separate_because: str | None = None,
) -> Received:
    """The signal is on a case with a holder. Received twice is received once.

    It joins the open case at its address, which the journal and the result say. `separate_because`
    opens a case of its own beside that one. Raises NotAllowed when nobody can hold a new case, or
    the `director` who is named is absent or left.
    """
    if new.received_at > now:
        raise NotAllowed("a signal can not be received in the future; check the date")
    if separate_because is not None and not separate_because.strip():
        raise NotAllowed("a case of its own needs a reason, so that others see why it is apart")
    asked = (new, now, director, policy, separate_because)
    try:
        return _received(engine, *asked)
    except IntegrityError:
        # Another signal opened the case at this address in the same instant; now it is there.
        return _received(engine, *asked)


def _received(
    engine: Engine,
    new: NewSignal,
    now: datetime,
    director: str | None,
    policy: str | None,
    separate_because: str | None,
) -> Received:
    with transaction(engine) as session:
        if known := _known(session, new):
            return Received(known.key, "known")
        existing = _open_case_at(session, new)
        if existing and not separate_because:
            _join(session, existing, new, now)
            return Received(existing.key, "joined")
        holder = _holder(session, new, now, director)
        case = _open(session, new, now, holder, policy, existing is not None)
        if separate_because:
            remember(session, case, None, journal.SYSTEM, now, {"separate case": separate_because})
        return Received(case.key, "opened")


def _known(session: Session, new: NewSignal) -> Case | None:
    return session.exec(
        select(Case)
        .join(Signal, col(Signal.case_id) == col(Case.id))
        .where(Signal.reference == new.key)
    ).first()


def _open_case_at(session: Session, new: NewSignal) -> Case | None:
    """The case a signal joins, locked; one that is being closed just now is waited for and then
    no longer found."""
    return session.exec(
        select(Case)
        .where(
            Case.municipality == new.municipality,
            Case.address_key == new.address_key,
            col(Case.closed_at).is_(None),
        )
        .order_by(col(Case.strand))
        .with_for_update(key_share=True)
    ).first()


def _holder(session: Session, new: NewSignal, now: datetime, director: str | None) -> Contact:
    if not director:
        return first_director(session, new.municipality, now)
    named = contact(session, director)
    refuse_unreachable(session, named, now)
    return named


def _join(session: Session, case: Case, new: NewSignal, now: datetime) -> None:
    signal = store(session, case, new)
    moved_on(session, case)
    journal.append(session, case, now, journal.SYSTEM, "signal_joined", signal=signal.id)
    stirred(session, case, now)
    # Its reporter is owed word, and an urgent call a look, whatever the case is doing meanwhile.
    owed = {"acknowledged", "acute_call"} if new.acute else {"acknowledged"}
    for spec in FIRST.checkpoints:
        if spec.key in owed:
            start = Start(f"signal:{signal.id}", new.received_at, FIRST.key)
            date_checkpoint(session, case, spec, start)
    report_came_in(session, case, signal)


def _open(
    session: Session,
    new: NewSignal,
    now: datetime,
    holder: Contact,
    policy_name: str | None,
    beside_another: bool,
) -> Case:
    version = version_for(session, new.municipality, policy_name)
    policy = policy_of(session, version.id or 0)
    if missing := policy.missing_for(FIRST.key):
        raise Incomplete(policy.name, FIRST.key, missing)
    case = _held_case(session, new, now, holder, version.id or 0, beside_another)
    signal = store(session, case, new)
    journal.append(
        session, case, now, journal.SYSTEM, "opened", signal=signal.id, policy=policy.name
    )
    enter_stage(session, case, FIRST, now, OPENED, since=new.received_at, acute=new.acute)
    report_came_in(session, case, signal)
    return case


def _held_case(
    session: Session,
    new: NewSignal,
    now: datetime,
    holder: Contact,
    policy_id: int,
    beside_another: bool,
) -> Case:
    """The case and its first assignment, which point at each other from the beginning."""
    director_id = uuid.uuid4()
    case = Case(
        key=_next_key(session, new.received_at),
        municipality=new.municipality,
        address=new.address,
        address_key=new.address_key,
        strand=_next_strand(session, new) if beside_another else 1,
        stage=FIRST.key,
        version=0,
        policy_id=policy_id,
        director_id=director_id,
        opened_at=now,
    )
    session.add(case)
    session.flush()
    session.add(
        Assignment(
            id=director_id,
            case_id=case.id or 0,
            role=Role.DIRECTOR,
            contact_id=holder.id or 0,
            since=now,
        )
    )
    return case


def _next_key(session: Session, received_at: datetime) -> str:
    """The next number of the year; the counter row makes two signals wait for each other."""
    year = received_at.astimezone(AMSTERDAM).year
    on_postgres = session.get_bind().dialect.name == "postgresql"
    insert = (postgresql.insert if on_postgres else sqlite.insert)(CaseNumber)
    counted = (
        insert.values(year=year, last=1)
        .on_conflict_do_update(index_elements=["year"], set_={"last": col(CaseNumber.last) + 1})
        .returning(col(CaseNumber.last))
    )
    return f"{year}-{session.execute(counted).scalar_one():05d}"


def _next_strand(session: Session, new: NewSignal) -> int:
    highest = select(func.max(Case.strand)).where(
        Case.municipality == new.municipality, Case.address_key == new.address_key
    )
    return (session.exec(highest).one() or 0) + 1
