"""Passing on all that somebody holds: every role a handover of its own, accepted case by case.

Nothing is without a holder meanwhile: until a receiver has read a role back it stays the leaver's.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.absences import for_change
from casework.administration import record
from casework.batons import directs_process, waiting_for
from casework.cases import find
from casework.connect import reading, transaction
from casework.packets import Packet
from casework.passing import Run, pass_role
from casework.people import acting, contact
from casework.presence import refuse_unreachable
from casework.receivers import receiver_of
from casework.refusals import NotAllowed, Refusal
from casework.succeeding import holder
from casework.succession_views import (
    Passing,
    Place,
    Progress,
    held_by,
    is_done,
    progress,
    successions,
)
from models import Case, Contact, Role, Succession

__all__ = ["Passing", "Progress", "pass_on", "progress", "successions"]

MOST = 1000
UNUSABLE = "its policy or its dates can not be used; see: estafette case show"


def pass_on(
    engine: Engine,
    leaver: str,
    *,
    to: Sequence[str],
    packet: Packet,
    by: str,
    because: str,
    now: datetime,
) -> Progress:
    """Every role `leaver` holds on an open case is on offer to one of `to`, in turn: who has
    fewest goes first. What is incomplete is a draft that says what it lacks.

    Parts the packet lacks are taken from the last packet of that role on that case. Called again
    it goes on where it was: what is on offer stays so, and what was refused or ran out is with the
    leaver until the process director offers it anew, to others of `to`. A case that can not be
    passed on says why and keeps no other waiting. Raises NotAllowed by anybody but the leaver or a
    process director, without a reason, or for a receiver who can not be reached; NotFound.
    """
    number = _begun(engine, leaver, tuple(to), by, _stated(because), now)
    run, whys = Run(number, leaver, tuple(to), packet, by, now), dict[Place, str]()
    for case_key in _cases_of(engine, leaver):
        whys |= _pass_case(engine, case_key, run)
    return progress(engine, number, whys)


def _begun(
    engine: Engine, leaver: str, to: tuple[str, ...], by: str, because: str, now: datetime
) -> int:
    """The number of the succession that is running, else of a new one."""
    with transaction(engine) as session:
        # One at a time, so that two who begin at once begin the same.
        person, actor = for_change(session, leaver), acting(session, by, now)
        held, last = held_by(session, person), _last_of(session, person)
        if held:
            _refuse_others(session, person, actor, [case for case, _ in held], now)
        _refuse_receivers(session, person, actor, to, now)
        if last and last.id and not (held and is_done(session, last)):
            return last.id
        if not held:
            raise NotAllowed(f"{leaver} holds no role on an open case; there is nothing to pass on")
        row = Succession(
            from_contact_id=person.id or 0, because=because, by=actor.key, begun_at=now
        )
        session.add(row)
        session.flush()
        record(session, now, actor.key, "succession", number=row.id, contact=leaver)
        return row.id or 0


def _last_of(session: Session, person: Contact) -> Succession | None:
    newest = select(Succession).where(Succession.from_contact_id == person.id)
    return session.exec(newest.order_by(col(Succession.id).desc())).first()


def _refuse_others(
    session: Session, leaver: Contact, actor: Contact, cases: list[Case], now: datetime
) -> None:
    of_each_town = {case.municipality: case for case in cases}.values()
    if actor.id == leaver.id or any(directs_process(session, c, actor, now) for c in of_each_town):
        return
    raise NotAllowed(
        f"{actor.key} can not pass on what {leaver.key} holds; {leaver.key} can, or the process "
        "director"
    )


def _refuse_receivers(
    session: Session, leaver: Contact, actor: Contact, to: tuple[str, ...], now: datetime
) -> None:
    if not to:
        raise NotAllowed("name at least one who is to take over")
    for key in to:
        receiver = receiver_of(session, key, now, leaver, actor)
        if receiver.person.id in {leaver.id, actor.id}:
            raise NotAllowed(f"{actor.key} passes on to others; name somebody else than {key}")
        refuse_unreachable(session, receiver.person, now)


def _stated(because: str) -> str:
    said = because.strip()
    if not 0 < len(said) <= MOST:
        raise NotAllowed(f"passing on everything needs a reason, of at most {MOST} characters")
    return said


def _cases_of(engine: Engine, leaver: str) -> list[str]:
    with reading(engine) as session:
        held = held_by(session, contact(session, leaver))
        return list(dict.fromkeys(case.key for case, _ in held))


def _pass_case(engine: Engine, case_key: str, run: Run) -> dict[Place, str]:
    """Each role the leaver holds on the case is passed on; what was in the way of which."""
    with transaction(engine) as session:
        case, whys = find(session, case_key), dict[Place, str]()
        leaver = contact(session, run.leaver)
        for role in Role:
            held = holder(session, case, role)
            if held is None or held.id != leaver.id or waiting_for(session, case, role):
                continue
            why = _tried(session, case, role, leaver, run)
            whys |= {(case_key, role): why} if why else {}
        return whys


def _tried(session: Session, case: Case, role: Role, leaver: Contact, run: Run) -> str | None:
    try:
        with session.begin_nested():
            return pass_role(session, case, role, leaver, run)
    except (Refusal, ValueError, ArithmeticError) as error:
        session.expire(case)
        return str(error) if isinstance(error, Refusal) else UNUSABLE
