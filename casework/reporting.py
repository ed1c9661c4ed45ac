"""After acceptance: sender and receiver speak, the sender is owed word, and the handover is closed
when both promises were answered."""

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework import journal
from casework.batons import (
    READ_BACK,
    Offer,
    as_offer,
    directs_process,
    locked,
    stands_in,
    taker_of,
)
from casework.cases import moved_on
from casework.clocks import answer_clocks, clocks_of
from casework.connect import transaction
from casework.people import acting
from casework.presence import present
from casework.refusals import NotAllowed
from casework.silence import stirred
from casework.succeeding import holder
from casework.telling import tell
from escalation.baton import REPORT_BACK, WARM_CONTACT
from models import Answer, Case, Checkpoint, Contact, Handover, HandoverState

MOST, MOST_OF_A_REASON = 4000, 1000


def contacted(
    engine: Engine,
    handover_id: int,
    *,
    by: str,
    now: datetime,
    given: Answer = Answer.DONE,
    reason: str | None = None,
) -> Offer:
    """Sender and receiver spoke, or say why not; the other side is told.

    Said twice alike is said once. Raises NotAllowed by anybody else than these two or who stands
    in, before it was accepted, when it was answered otherwise or with other words, or for a no
    without a reason; NotFound.
    """
    said = _why(given, reason)
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = acting(session, by, now)
        sides = session.get_one(Contact, row.from_contact_id), taker_of(session, row)
        _refuse_stranger(session, case, row, person, sides, now)
        if before := _answered(session, row, WARM_CONTACT.key, given):
            _refuse_other_words(case, row, before.reason, said)
            return as_offer(session, case, row)
        answer_clocks(session, _open(session, row, WARM_CONTACT.key), now, person.key, given, said)
        if given is Answer.DONE:
            row.contacted_at = now
        _move_on(session, row, now)
        event = "contacted" if given is Answer.DONE else "not_contacted"
        other = sides[1] if person.id == sides[0].id else sides[0]
        tell(session, case, other, event, now, handover=row)
        return _written(session, case, row, person, "contacted", given, now)


def report_back(
    engine: Engine,
    handover_id: int,
    *,
    by: str,
    report: str,
    now: datetime,
    given: Answer = Answer.DONE,
) -> Offer:
    """The report-back stands on the handover, or why there is none, and the sender is told.

    Reported twice alike is reported once. Raises NotAllowed without words, by anybody but whoever
    took it over or stands in, before it was accepted, or when it was answered otherwise or with
    other words; NotFound.
    """
    if not 0 < len(report.strip()) <= MOST:
        raise NotAllowed(
            f"say how things go since the handover, or why not, in at most {MOST} characters"
        )
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        person = acting(session, by, now)
        _refuse_stranger(session, case, row, person, (taker_of(session, row),), now)
        if _answered(session, row, REPORT_BACK.key, given):
            _refuse_other_words(case, row, row.report, report.strip())
            return as_offer(session, case, row)
        clock = _open(session, row, REPORT_BACK.key)
        why = None if given is Answer.DONE else report.strip()[:MOST_OF_A_REASON]
        answer_clocks(session, clock, now, person.key, given, why)
        row.report = report.strip()
        _reported(session, case, row, given, now)
        return _written(session, case, row, person, "reported", given, now)


def mark_reported(session: Session, case: Case, clock: Checkpoint, now: datetime) -> None:
    """Within a transaction: the handover whose report-back this answered promise was is reported
    back on, and its sender is told. An act says what was reported, so no words stand here."""
    row = session.get(Handover, clock.handover_id) if clock.handover_id else None
    if row is not None and row.reported_at is None:
        _reported(session, case, row, Answer.DONE, now)


def _reported(session: Session, case: Case, row: Handover, given: Answer, now: datetime) -> None:
    row.reported_at = now
    _move_on(session, row, now)
    event = "reported" if given is Answer.DONE else "not_reported"
    tell(session, case, session.get_one(Contact, row.from_contact_id), event, now, handover=row)


def _move_on(session: Session, row: Handover, now: datetime) -> None:
    """Closed when neither promise is open any more; else it says what was done so far."""
    if not clocks_of(session, row, {WARM_CONTACT.key, REPORT_BACK.key}):
        row.state, row.closed_at = HandoverState.CLOSED, now
    elif row.reported_at is not None:
        row.state = HandoverState.REPORTED
    elif row.contacted_at is not None:
        row.state = HandoverState.CONTACTED
    session.add(row)
    session.flush()


def _open(session: Session, row: Handover, key: str) -> list[Checkpoint]:
    if row.state not in READ_BACK:
        raise NotAllowed(f"handover {row.id} was not accepted yet: it is {row.state.value}")
    found = clocks_of(session, row, {key})
    if not found:
        raise NotAllowed(f"this of handover {row.id} was answered already, or its case was closed")
    return found


def _answered(session: Session, row: Handover, key: str, given: Answer) -> Checkpoint | None:
    """What was answered so before; another answer is refused."""
    same = select(Checkpoint).where(
        Checkpoint.handover_id == row.id, Checkpoint.key == key, Checkpoint.answer == given
    )
    return session.exec(same).first()


def _refuse_other_words(
    case: Case, row: Handover, before: str | None, now_said: str | None
) -> None:
    if now_said != before:
        raise NotAllowed(
            f"this of handover {row.id} was answered already, in other words; it stays as it was "
            f"said. Put what is new on record: estafette case act {case.key} note_added"
        )


def _why(given: Answer, reason: str | None) -> str | None:
    said = (reason or "").strip() or None
    if given is not Answer.DONE and said is None:
        raise NotAllowed(f"{given.value!r} needs a reason, so that the others know why")
    if len(said or "") > MOST_OF_A_REASON:
        raise NotAllowed(f"the reason has more than {MOST_OF_A_REASON} characters; make it shorter")
    return said


def _refuse_stranger(
    session: Session,
    case: Case,
    row: Handover,
    by: Contact,
    sides: tuple[Contact, ...],
    now: datetime,
) -> None:
    own = any(by.id == side.id or stands_in(session, side, by, now) for side in sides)
    if not (own or _speaks_for_taker(session, case, row, by, now)):
        keys = " or ".join(side.key for side in sides)
        raise NotAllowed(f"that is for {keys} to say of handover {row.id}, not for {by.key}")


def _speaks_for_taker(
    session: Session, case: Case, row: Handover, by: Contact, now: datetime
) -> bool:
    """Whoever took it over is gone and nobody stands in: then who holds the role now may say it
    for them, or who decides."""
    if present(session, taker_of(session, row), now) is not None:
        return False
    held = holder(session, case, row.role)
    holds = held is not None and held.id == by.id != row.from_contact_id
    return holds or directs_process(session, case, by, now)


def _written(
    session: Session,
    case: Case,
    row: Handover,
    by: Contact,
    what: str,
    given: Answer,
    now: datetime,
) -> Offer:
    stirred(session, case, now, by)
    moved_on(session, case)
    said: dict[str, Any] = {"id": row.id, "role": row.role.value, "answer": given.value}
    journal.append(session, case, now, by.key, f"handover_{what}", **said)
    return as_offer(session, case, row)
