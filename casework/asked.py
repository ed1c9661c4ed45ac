"""A request as every verb about it finds it: locked, with who may ask, answer and withdraw it."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from casework import journal
from casework.batons import directs_process, stands_in
from casework.cases import find
from casework.clocks import lapse_clocks
from casework.dating import Start, date_checkpoint
from casework.people import refuse_left
from casework.presence import as_they_are, refuse_unreachable
from casework.receivers import Receiver
from casework.refusals import NotAllowed, NotFound
from casework.succeeding import holder
from casework.telling import tell
from escalation.baton import REQUEST_ANSWERED
from escalation.policy import CASE
from escalation.text import Text
from models import (
    Answer,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    Organisation,
    Request,
    RequestState,
    Role,
)

LONGEST_ASK, LONGEST_REASON = 2000, 1000
CASE_CLOSED = "case closed"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the verbs leave it; `due_on` is the day by which it is answered, `warnings` what
    the asker should know of whom was asked."""

    id: int
    case_key: str
    state: str
    due_on: date
    version: int
    warnings: tuple[Text, ...] = ()


def withdraw_open(session: Session, case: Case, now: datetime) -> None:
    """Within a transaction: nobody has to answer anything about a case that is closing."""
    open_ones = select(Request).where(
        Request.case_id == case.id, Request.state == RequestState.OPEN
    )
    for row in session.exec(open_ones.order_by(col(Request.id))).all():
        take_back(session, case, row, journal.SYSTEM, CASE_CLOSED, now)


def said(text: str, what: str, most: int) -> str:
    words = text.strip()
    if not 0 < len(words) <= most:
        needs = "says what is asked" if most == LONGEST_ASK else "needs a reason"
        raise NotAllowed(f"{what} {needs}, in at most {most} characters")
    return words


def refuse_receiver(
    session: Session, asker: Contact, receiver: Contact, to: str, now: datetime
) -> None:
    if receiver.id == asker.id:
        through = "" if receiver.key == to else f", and {asker.key} answers for {to} now"
        raise NotAllowed(f"a request goes to somebody else{through}; name another contact")
    as_they_are(session, receiver)
    refuse_unreachable(session, receiver, now)


def known_as(
    session: Session, case: Case, asker: Contact, to: Receiver, what: str
) -> Request | None:
    """The same open request to the same person, or to the same organisation, when there is one."""
    same = col(Request.to_contact_id) == to.person.id
    if to.principal is not None:
        same = col(Request.organisation_id) == to.principal.id
    return session.exec(
        select(Request).where(
            Request.case_id == case.id,
            Request.from_contact_id == asker.id,
            Request.ask == what,
            Request.state == RequestState.OPEN,
            same,
        )
    ).first()


def stored(
    session: Session, case: Case, asker: Contact, receiver: Contact, what: str, now: datetime
) -> Request:
    row = Request(
        case_id=case.id or 0,
        from_contact_id=asker.id or 0,
        to_contact_id=receiver.id or 0,
        organisation_id=receiver.organisation_id,
        ask=what,
        asked_at=now,
        state=RequestState.OPEN,
    )
    session.add(row)
    session.flush()
    return row


def start_clock(session: Session, case: Case, row: Request, now: datetime) -> Checkpoint:
    start = Start(
        f"request:{row.id}", now, CASE, request_id=row.id, asked=row.to_contact_id,
        owed=row.from_contact_id,
    )  # fmt: skip
    clock = date_checkpoint(session, case, REQUEST_ANSWERED, start)
    assert clock is not None  # its length is the policy's, so it always has a date
    return clock


def locked(session: Session, request_id: int) -> tuple[Request, Case]:
    """The request and its case, locked, as they are now. Raises NotFound."""
    row = session.get(Request, request_id)
    if row is None:
        raise NotFound("request", request_id, "see: estafette case requests")
    case = find(session, session.get_one(Case, row.case_id).key)
    # Read again now that the case is locked: somebody may have answered meanwhile.
    session.refresh(row)
    return row, case


def refuse_other(session: Session, row: Request, by: Contact, now: datetime) -> None:
    """Only who was asked answers: that person, who stands in, or anybody of the organisation."""
    refuse_left(by, now)
    asked = session.get_one(Contact, row.to_contact_id)
    if by.id == row.from_contact_id:
        raise NotAllowed(f"request {row.id} is yours; whoever was asked answers it")
    of_home = by.organisation_id == row.organisation_id
    if not (by.id == asked.id or of_home or stands_in(session, asked, by, now)):
        raise NotAllowed(f"request {row.id} was not put to {by.key} or their organisation")


def refuse_no_asker(session: Session, case: Case, row: Request, by: Contact, now: datetime) -> None:
    refuse_left(by, now)
    asker, director = (
        session.get_one(Contact, row.from_contact_id),
        holder(session, case, Role.DIRECTOR),
    )
    own = [person for person in (asker, director) if person is not None]
    may = any(by.id == person.id or stands_in(session, person, by, now) for person in own)
    if not (may or directs_process(session, case, by, now)):
        raise NotAllowed(
            f"request {row.id} is withdrawn by whoever asked it, the director or the process "
            "director"
        )


def refuse_over(row: Request) -> None:
    if row.state is not RequestState.OPEN:
        how = row.answer.value if row.answer else "withdrawn"
        raise NotAllowed(f"request {row.id} is over already: {how}")


def end(
    session: Session, row: Request, state: RequestState, reason: str, by: str, now: datetime,
    given: Answer | None = None,
) -> None:  # fmt: skip
    row.state, row.answer, row.reason, row.closed_by, row.closed_at = state, given, reason, by, now
    session.add(row)
    session.flush()


def take_back(
    session: Session, case: Case, row: Request, by: str, reason: str, now: datetime
) -> None:
    end(session, row, RequestState.WITHDRAWN, reason, by, now)
    lapse_clocks(session, clocks_of(session, row), now)
    tell(session, case, session.get_one(Contact, row.to_contact_id), "withdrawn", now, request=row)
    journal.append(
        session, case, now, by, "withdrawn", request=row.id, organisation=home_of(session, row)
    )


def clocks_of(session: Session, row: Request) -> list[Checkpoint]:
    found = select(Checkpoint).where(
        Checkpoint.request_id == row.id, Checkpoint.state == CheckpointState.OPEN
    )
    return list(session.exec(found))


def home_of(session: Session, row: Request) -> str:
    return session.get_one(Organisation, row.organisation_id).key


def last_clock(session: Session, row: Request) -> Checkpoint:
    """The promise that the request is answered, with the date it has now."""
    found = select(Checkpoint).where(Checkpoint.request_id == row.id)
    return session.exec(found.order_by(col(Checkpoint.id).desc()).limit(1)).one()


def as_asked(session: Session, case: Case, row: Request, warnings: tuple[Text, ...] = ()) -> Asked:
    due_on = last_clock(session, row).due_on
    return Asked(row.id or 0, case.key, row.state.value, due_on, case.version, warnings)
