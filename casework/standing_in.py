"""Standing in: what waits in a case for somebody who is away, and who is asked it instead."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.left_open import hears_of, left_open_by
from casework.presence import fixed_contact, present
from casework.readdressing import NOT_SENT, has_same, put_out, readdress
from casework.telling import decider, tell
from models import (
    Alert,
    AlertState,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    Handover,
    HandoverState,
    Organisation,
    Request,
    RequestState,
)

UNANSWERED = (HandoverState.OFFERED, HandoverState.ASSIGNED)
Thing = Handover | Request


def cases_that_wait_for(session: Session, who: Contact) -> set[int]:
    """The cases in which an offer, a request or a promise waits for this person."""
    offers = select(Handover.case_id).where(*_offered_to(who))
    requests = select(Request.case_id).where(*_asked_of(who))
    rung = select(Checkpoint.case_id).join(Alert, _last_rung()).where(*_rung_for(who))
    unrung = select(Checkpoint.case_id).where(*left_open_by(who))
    queries = (offers, requests, rung, unrung)
    return {case_id for query in queries for case_id in session.exec(query)}


def pass_on(session: Session, case: Case, who: Contact, now: datetime) -> int:
    """How many messages whoever stands in for this case has more."""
    of_case = col(Checkpoint.case_id) == case.id
    rung = select(Alert).join(Checkpoint, _last_rung()).where(of_case, *_rung_for(who))
    offers = select(Handover).where(Handover.case_id == case.id, *_offered_to(who))
    requests = select(Request).where(Request.case_id == case.id, *_asked_of(who))
    things: list[Thing] = [*session.exec(offers), *session.exec(requests)]
    made = sum(_told_of(session, case, thing, who, now) for thing in things)
    instead = present(session, who, now) or decider(session, case, now)
    if instead is None:
        return made
    made += sum(_passed(session, alert, instead, now) for alert in session.exec(rung).all())
    unrung = session.exec(select(Checkpoint).where(of_case, *left_open_by(who))).all()
    return made + sum(hears_of(session, case, row, who, instead, now) for row in unrung)


def _offered_to(who: Contact) -> tuple[sa.ColumnElement[bool], ...]:
    return (col(Handover.to_contact_id) == who.id, col(Handover.state).in_(UNANSWERED))


def _asked_of(who: Contact) -> tuple[sa.ColumnElement[bool], ...]:
    return (col(Request.to_contact_id) == who.id, col(Request.state) == RequestState.OPEN)


def _rung_for(who: Contact) -> tuple[sa.ColumnElement[bool], ...]:
    return (col(Alert.recipient_id) == who.id, col(Checkpoint.state) == CheckpointState.OPEN)


def _last_rung() -> sa.ColumnElement[bool]:
    return (col(Alert.checkpoint_id) == col(Checkpoint.id)) & (
        col(Alert.rung) == col(Checkpoint.rung)
    )


def _colleague(session: Session, thing: Thing, now: datetime) -> Contact | None:
    """Who else answers for the organisation, when it was asked and not only this person."""
    asked = thing.principal_id if isinstance(thing, Handover) else thing.organisation_id
    home = session.get(Organisation, asked) if asked is not None else None
    sender = session.get_one(Contact, thing.from_contact_id)
    return fixed_contact(session, home, now, without=sender) if home else None


def _asked_it(thing: Thing, person: Contact) -> bool:
    """Whether somebody is who asked, or offered it in the sender's name: they answer nothing of
    it themselves."""
    by = thing.offered_by if isinstance(thing, Handover) else None
    return person.id == thing.from_contact_id or person.key == by


def _told_of(session: Session, case: Case, thing: Thing, who: Contact, now: datetime) -> bool:
    """Whoever may answer instead hears of an open offer or request, unless they were told of it
    before; when nobody may, who can take it back does."""
    able = (present(session, who, now), _colleague(session, thing, now))
    others = (one for one in able if one is not None)
    instead = next((one for one in others if not _asked_it(thing, one)), None)
    if instead is None:
        return _unreached(session, case, thing, now)
    is_offer = isinstance(thing, Handover)
    about = (Alert.handover_id if is_offer else Alert.request_id) == thing.id
    told = session.exec(select(Alert).where(about)).all()
    if any(alert.recipient_id == instead.id for alert in told):
        return False
    unsent = [a for a in told if a.recipient_id == who.id and a.state in NOT_SENT]
    if unsent and readdress(session, unsent[0], instead):
        return True
    if unsent and has_same(session, instead, unsent[0]):
        return False
    return _tell(session, case, instead, "deputy", thing, now)


def _unreached(session: Session, case: Case, thing: Thing, now: datetime) -> bool:
    """Nobody is there to answer: who decides hears it, else the sender; both can take it back."""
    sender = session.get_one(Contact, thing.from_contact_id)
    told = decider(session, case, now) or present(session, sender, now)
    return told is not None and _tell(session, case, told, "unreached", thing, now)


def _tell(
    session: Session, case: Case, to: Contact, event: str, thing: Thing, now: datetime
) -> bool:
    if isinstance(thing, Handover):
        return tell(session, case, to, event, now, handover=thing)
    return tell(session, case, to, event, now, request=thing)


def _passed(session: Session, alert: Alert, instead: Contact, now: datetime) -> bool:
    """The same rung, for whoever stands in; one that was not sent yet changes its receiver."""
    if has_same(session, instead, alert):
        return False
    if readdress(session, alert, instead):
        return True
    return put_out(session, Alert(
        case_id=alert.case_id, checkpoint_id=alert.checkpoint_id, rung=alert.rung,
        lead=alert.lead, statutory=alert.statutory, recipient_id=instead.id or 0,
        created_at=now, state=AlertState.WAITING, next_at=now))  # fmt: skip
