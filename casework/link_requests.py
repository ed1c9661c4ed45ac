"""The signed link of a request: it shows what is asked, and takes an answer while it is open."""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.engine import Engine
from sqlmodel import Session

from casework.asked import refuse_other
from casework.connect import reading
from casework.link_refusals import BadLink, UnclearReply
from casework.link_tokens import Kind, Token, marked, token_for
from casework.link_views import AskView, view_of_request
from casework.people import contact
from casework.refusals import NotAllowed
from casework.requests import reply
from escalation.link_replies import NOT_KNOWN, OF_A_REQUEST, Reply, problem
from models import Answer, Contact, Request, RequestState


def request_link_in_message(
    engine: Engine, request_id: int, *, to: str, secret: bytes, now: datetime
) -> str | None:
    """The token of the request's link, for a message to `to`; the same each time. None when `to`
    can not answer the request (any more), or has an account."""
    with reading(engine) as session:
        row, person = session.get_one(Request, request_id), contact(session, to)
        if person.account or not _waits_for(session, row, person, now):
            return None
        return token_for(secret, Kind.REQUEST, row.id or 0, person.id or 0, _mark(row, person))


def shown(session: Session, read: Token, secret: bytes, now: datetime) -> AskView:
    """What is asked. Raises BadLink, also when it is not open any more."""
    row, person = _sealed(session, read, secret)
    if not _waits_for(session, row, person, now):
        raise BadLink
    return view_of_request(session, row)


def to_give(
    session: Session, read: Token, given: Reply, said: str, secret: bytes, now: datetime
) -> Callable[[Engine], object] | None:
    """What gives this answer; None when it was given before. Raises BadLink, UnclearReply."""
    row, person = _sealed(session, read, secret)
    if _said_before(row, person, given, said):
        return None
    if not _waits_for(session, row, person, now):
        raise BadLink
    if wrong := NOT_KNOWN if given not in OF_A_REQUEST else problem(given, said):
        raise UnclearReply(wrong)
    answer = Answer(OF_A_REQUEST[given])
    return partial(
        reply, request_id=row.id or 0, given=answer, reason=said, by=person.key, now=now
    )  # fmt: skip


def _sealed(session: Session, read: Token, secret: bytes) -> tuple[Request, Contact]:
    """The request and contact of a token whose seal fits. Raises BadLink, also for a contact who
    has an account since, or is of another organisation."""
    row, person = session.get(Request, read.number), session.get(Contact, read.contact)
    if row is None or person is None or person.account:
        raise BadLink
    if not read.fits(secret, _mark(row, person)):
        raise BadLink
    return row, person


def _mark(row: Request, person: Contact) -> str:
    """What the seal covers besides the numbers: a request asked at another moment is another."""
    return marked(row.asked_at.isoformat(), person.organisation_id)


def _waits_for(session: Session, row: Request, person: Contact, now: datetime) -> bool:
    if row.state is not RequestState.OPEN:
        return False
    try:
        refuse_other(session, row, person, now)
    except NotAllowed:
        return False
    return True


def _said_before(row: Request, person: Contact, given: Reply, said: str) -> bool:
    """Whether this very answer ended the request; a button may be pressed twice."""
    answer = row.answer.value if row.answer else None
    same = answer is not None and answer == OF_A_REQUEST.get(given) and row.reason == said
    return same and row.closed_by == person.key
