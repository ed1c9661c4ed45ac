"""Answering an offer: seen, accepted by reading back, refused with a reason; or asking a call."""

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework import journal
from casework.batons import (
    READ_BACK,
    WAITING,
    Offer,
    answers_for,
    as_offer,
    locked,
    refuse_old_page,
)
from casework.cases import moved_on
from casework.clocks import (
    clocks_of,
    start_clock,
)
from casework.connect import transaction
from casework.people import acting
from casework.refusals import NotAllowed
from casework.returning import returned
from casework.silence import stirred
from casework.taking import (
    answered,
    refuse_echo,
    seen,
    taken_over,
    tell_of_acceptance,
    tell_who_was_asked,
)
from casework.telling import tell
from escalation.baton import CALL_BACK
from models import Answer, Case, Checkpoint, Contact, Handover, HandoverState

MOST_OF_A_REASON = 1000


def acknowledge(engine: Engine, handover_id: int, *, by: str, now: datetime) -> Offer:
    """The receiver has seen it; the sender's wait for an answer goes on.

    Acknowledged twice is acknowledged once. Raises NotAllowed by a stranger or when it no longer
    waits for an answer, NotFound.
    """
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = _answering(session, row, by, now)
        if row.acknowledged_at is not None:
            return as_offer(session, case, row)
        _refuse_over(row)
        seen(session, row, person, now)
        moved_on(session, case)
        journal.append(session, case, now, person.key, "handover_acknowledged", id=row.id)
        return as_offer(session, case, row)


def accept(
    engine: Engine,
    handover_id: int,
    *,
    by: str,
    read_back: str,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """Whoever accepts holds the role from now; the sender is told, and is owed warm contact and a
    report-back by dated promises. The read-back stands beside the packet and never changes.

    Accepted twice alike is accepted once. Raises NotAllowed without a read-back in one's own words,
    with another one than was given, by whoever was not asked, or when it is no longer open;
    CaseMoved on an old page; NotFound.
    """
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = _answering(session, row, by, now)
        if row.state in READ_BACK and row.answered_by == person.key:
            _refuse_otherwise(row.read_back, read_back, f"handover {row.id} was accepted already, "
                              "with another read-back; it stays as it was said")  # fmt: skip
            return as_offer(session, case, row)
        _refuse_over(row)
        refuse_old_page(case, seen_version)
        refuse_echo(row, read_back)
        taken_over(session, case, row, person, read_back.strip(), now)
        tell_of_acceptance(session, case, row, now)
        stirred(session, case, now, person)
        return _written(session, case, row, person, "accepted", now)


def refuse(
    engine: Engine,
    handover_id: int,
    *,
    by: str,
    reason: str,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """The offer is over and the sender still holds the role; the sender and the process director
    are told, and one of them is asked how to go on. Refused twice alike is refused once.

    Raises NotAllowed without a reason, with another one than was given, for what the process
    director assigned, by whoever was not asked, or when it is no longer open; CaseMoved on an old
    page; NotFound.
    """
    said = _stated(reason, "a refusal needs a reason, so that the sender knows what to do")
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = _answering(session, row, by, now)
        if row.state is HandoverState.REFUSED:
            _refuse_otherwise(row.reason, said, f"handover {row.id} was refused already, for "
                              "another reason; it stays as it was said")  # fmt: skip
            return as_offer(session, case, row)
        _refuse_over(row)
        if row.state is HandoverState.ASSIGNED:
            raise NotAllowed(
                f"handover {row.id} was decided by the process director; read it back, or ask them"
            )
        refuse_old_page(case, seen_version)
        row.state, row.reason = HandoverState.REFUSED, said
        answered(session, row, person, now, Answer.NOT_DONE, said)
        tell_who_was_asked(session, case, row, person, now)
        returned(session, case, row, now)
        stirred(session, case, now, person)
        return _written(session, case, row, person, "refused", now)


def ask_call(engine: Engine, handover_id: int, *, by: str, how: str, now: datetime) -> Offer:
    """The sender is told that the receiver wants to be called first, and how, by a dated promise;
    the offer stays open meanwhile. Asked twice alike is asked once.

    Raises NotAllowed without saying how, by whoever was not asked, or when it is no longer open.
    """
    said = _stated(how, "say how and when you can be called")
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = _answering(session, row, by, now)
        if row.call == said:
            return as_offer(session, case, row)
        _refuse_over(row)
        row.call = said
        session.add(row)
        seen(session, row, person, now)
        _call_back(session, case, row, person, now)
        return _written(session, case, row, person, "call_asked", now)


def _answering(session: Session, row: Handover, by: str, now: datetime) -> Contact:
    person = acting(session, by, now)
    answers_for(session, row, person, now)
    return person


def _refuse_over(row: Handover) -> None:
    if row.state not in WAITING:
        raise NotAllowed(f"handover {row.id} is no longer on offer: it was {row.state.value}")


def _refuse_otherwise(before: str | None, now_said: str, refusal: str) -> None:
    """Said again alike is said once; other words would seem to be kept, and are not."""
    if now_said.strip() != before:
        raise NotAllowed(refusal)


def _stated(text: str, refusal: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= MOST_OF_A_REASON:
        raise NotAllowed(f"{refusal} (at most {MOST_OF_A_REASON} characters)")
    return said


def _call_back(
    session: Session, case: Case, row: Handover, receiver: Contact, now: datetime
) -> None:
    if clocks_of(session, row, {CALL_BACK.key}):
        return
    before = select(Checkpoint.id).where(
        Checkpoint.handover_id == row.id, Checkpoint.key == CALL_BACK.key
    )
    time = len(session.exec(before).all()) + 1
    sender = session.get_one(Contact, row.from_contact_id)
    start_clock(session, case, row, CALL_BACK, now, asked=sender, owed=receiver, time=time)
    tell(session, case, sender, "call" if time == 1 else f"call:{time}", now, handover=row)


def _written(
    session: Session, case: Case, row: Handover, by: Contact, what: str, now: datetime
) -> Offer:
    moved_on(session, case)
    said: dict[str, Any] = {"id": row.id, "role": row.role.value}
    journal.append(session, case, now, by.key, f"handover_{what}", **said)
    return as_offer(session, case, row)
