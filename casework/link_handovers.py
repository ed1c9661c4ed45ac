"""The signed link of a handover: it takes an answer to the offer, and then what is owed after it.

It holds while the handover waits for its receiver, and for whoever took it over until it is closed.
"""

from collections.abc import Callable
from datetime import datetime
from functools import partial

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework.batons import WAITING, answers_for, stands_in, taker_of
from casework.clocks import clocks_of
from casework.link_refusals import BadLink, UnclearReply
from casework.link_tokens import Token, marked
from casework.link_views import LinkView, view_of
from casework.packets import texts_of
from casework.receiving import accept, ask_call, refuse
from casework.refusals import NotAllowed
from casework.reporting import contacted, report_back
from escalation.baton import REPORT_BACK, WARM_CONTACT
from escalation.link_replies import (
    ANSWERED,
    NOT_KNOWN,
    OF_A_REPORT,
    OF_AN_OFFER,
    OF_CONTACT,
    Reply,
    problem,
)
from escalation.text import Text
from models import Answer, Checkpoint, Contact, Handover, HandoverState

OWING = (HandoverState.ACCEPTED, HandoverState.CONTACTED, HandoverState.REPORTED)
Give = Callable[[Engine], object]


def shown(session: Session, read: Token, secret: bytes, now: datetime) -> LinkView:
    """The packet, and what is asked. Raises BadLink, also when nothing is owed any more."""
    row, person = _sealed(session, read, secret)
    if not may_answer(session, row, person, now):
        raise BadLink
    return view_of(session, row)


def to_give(
    session: Session, read: Token, given: Reply, said: str, secret: bytes, now: datetime
) -> Give | None:
    """What gives this answer; None when it was given before. Raises BadLink, UnclearReply."""
    row, person = _sealed(session, read, secret)
    if _said_before(session, row, person, given, said):
        return None
    if not may_answer(session, row, person, now):
        raise BadLink
    wrong = _wrong_now if row.state in WAITING else _wrong_after
    if text := wrong(session, row, given, said):
        raise UnclearReply(text)
    return _verb(given, row.id or 0, person.key, said, now)


def may_answer(session: Session, row: Handover, person: Contact, now: datetime) -> bool:
    """Whether the handover waits for this person's answer, or for what they owe after it."""
    if row.state in WAITING:
        try:
            answers_for(session, row, person, now)
        except NotAllowed:
            return False
        return True
    taker = taker_of(session, row)
    theirs = person.id == taker.id or stands_in(session, taker, person, now)
    has_left = person.left_at is not None and person.left_at <= now
    return row.state in OWING and theirs and not has_left


def _sealed(session: Session, read: Token, secret: bytes) -> tuple[Handover, Contact]:
    """The handover and contact of a token whose seal fits the present mark. Raises BadLink, also
    for a contact who has an account since, or is of another organisation."""
    row, person = session.get(Handover, read.number), session.get(Contact, read.contact)
    if row is None or not row.link or person is None or person.account:
        raise BadLink
    if not read.fits(secret, marked(row.link, person.organisation_id)):
        raise BadLink
    return row, person


def _said_before(session: Session, row: Handover, person: Contact, given: Reply, said: str) -> bool:
    """Whether this very reply was taken before; a button may be pressed twice."""
    if given in OF_AN_OFFER:
        ended = {Reply.ACCEPT: row.read_back, Reply.REFUSE: row.reason}.get(given)
        return row.state not in WAITING and row.answered_by == person.key and ended == said
    if (key := _promise(given)) is None:
        return False
    same = select(Checkpoint).where(
        Checkpoint.handover_id == row.id, Checkpoint.key == key,
        Checkpoint.answer == _answer(given), Checkpoint.answered_by == person.key,
    )  # fmt: skip
    before = session.exec(same).first()
    words = {Reply.SPOKE: said, Reply.NOT_SPOKEN: before.reason if before else None}
    return before is not None and words.get(given, row.report) == said


def _wrong_now(_: Session, row: Handover, given: Reply, said: str) -> Text | None:
    """Why an offer can not be answered so."""
    if given not in OF_AN_OFFER:
        return NOT_KNOWN
    assigned = row.state is HandoverState.ASSIGNED
    return problem(given, said, texts_of(row.packet), assigned=assigned)


def _wrong_after(session: Session, row: Handover, given: Reply, said: str) -> Text | None:
    """Why what is owed after a handover can not be answered so."""
    key = _promise(given)
    if given not in OF_AN_OFFER and key is None:
        return NOT_KNOWN
    if key is None or not clocks_of(session, row, {key}):
        return ANSWERED
    return problem(given, said)


def _promise(given: Reply) -> str | None:
    if given in OF_CONTACT:
        return WARM_CONTACT.key
    return REPORT_BACK.key if given in OF_A_REPORT else None


def _answer(given: Reply) -> Answer:
    return Answer((OF_CONTACT | OF_A_REPORT)[given])


def _verb(given: Reply, number: int, by: str, said: str, now: datetime) -> Give:
    match given:
        case Reply.ACCEPT:
            return partial(accept, handover_id=number, by=by, read_back=said, now=now)
        case Reply.REFUSE:
            return partial(refuse, handover_id=number, by=by, reason=said, now=now)
        case Reply.CALL:
            return partial(ask_call, handover_id=number, by=by, how=said, now=now)
        case Reply.SPOKE:
            return partial(contacted, handover_id=number, by=by, now=now)
    answer = _answer(given)
    if given is Reply.NOT_SPOKEN:
        return partial(
            contacted, handover_id=number, by=by, now=now, given=answer, reason=said
        )  # fmt: skip
    return partial(report_back, handover_id=number, by=by, report=said, now=now, given=answer)
