"""Who is there, who stands in while somebody is not, and whom to turn to."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.refusals import NotAllowed
from escalation.rungs import AMSTERDAM
from models import Absence, Contact, Organisation


def is_absent(session: Session, person: Contact, now: datetime) -> bool:
    """Whether the person is away at that moment, or has left for good."""
    if person.left_at is not None and person.left_at <= now:
        return True
    away = select(Absence.id).where(Absence.contact_id == person.id, during(now))
    return session.exec(away).first() is not None


def as_they_are(session: Session, person: Contact) -> None:
    """The person as they are now: until the transaction ends nobody notes that they left or are
    away, and who is noting it is waited for."""
    with session.no_autoflush:  # a case that is being reopened has no director yet
        session.refresh(person, with_for_update={"read": True})


def present(session: Session, person: Contact, now: datetime) -> Contact | None:
    """The person, or the deputy while the person is absent; None when neither is there."""
    if not is_absent(session, person, now):
        return person
    deputy = session.get(Contact, person.deputy_id) if person.deputy_id else None
    return deputy if deputy and not is_absent(session, deputy, now) else None


def with_function(
    session: Session, municipality: str, function: str, now: datetime
) -> Contact | None:
    """The first with this function in the municipality who can be reached, or their deputy."""
    able = (
        select(Contact)
        .join(Organisation)
        .where(
            Contact.function == function,
            Organisation.municipality == municipality,
            col(Contact.left_at).is_(None),
        )
        .order_by(col(Contact.id))
    )
    reached = (present(session, person, now) for person in session.exec(able).all())
    return next((person for person in reached if person is not None), None)


def fixed_contact(
    session: Session,
    home: Organisation,
    now: datetime,
    function: str | None = None,
    *,
    without: Contact | None = None,
) -> Contact | None:
    """Whom to turn to at this organisation, for this function when one is named: a fixed contact
    or their deputy there, else whoever of it can be reached. None when nobody can.

    Never `without`: who turns to their own organisation means somebody else of it."""
    people = (
        select(Contact)
        .where(Contact.organisation_id == home.id, col(Contact.left_at).is_(None))
        .order_by(col(Contact.fixed).desc(), col(Contact.id))
    )
    if function is not None:
        people = people.where(Contact.function == function)
    for person in session.exec(people).all():
        reached = present(session, person, now)
        if reached is None or reached.organisation_id != home.id:
            continue
        if without is None or reached.id != without.id:
            return reached
    return None


def refuse_unreachable(session: Session, who: Contact | Organisation, now: datetime) -> None:
    """Raises NotAllowed, naming who to turn to instead, when nobody can be reached there."""
    if isinstance(who, Organisation):
        if fixed_contact(session, who, now) is None:
            raise NotAllowed(
                f"{who.key} has no contact who can be reached now; add one (estafette contact "
                "add), or choose another organisation"
            )
    elif who.left_at is not None and who.left_at <= now:
        raise NotAllowed(f"{who.key} left; choose somebody else: estafette contact list")
    elif is_absent(session, who, now):
        raise NotAllowed(absence_in_words(session, who, now))


def absence_in_words(session: Session, person: Contact, now: datetime) -> str:
    """That somebody is absent, until when, and who stands in: for a refusal."""
    ends = session.exec(select(Absence.until).where(Absence.contact_id == person.id, during(now)))
    until = ends.first()
    back = f"until {until.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}" if until else "for now"
    deputy = present(session, person, now)
    instead = f"{deputy.key} stands in" if deputy else "nobody stands in; choose somebody else"
    return f"{person.key} is absent {back}; {instead}"


def during(now: datetime) -> sa.ColumnElement[bool]:
    """The condition that an absence covers this moment."""
    ends = col(Absence.until)
    return (col(Absence.since) <= now) & (ends.is_(None) | (ends > now))


def not_there(now: datetime) -> sa.ColumnElement[bool]:
    """The condition that a contact is absent at this moment, or has left for good."""
    away = sa.select(col(Absence.contact_id)).where(during(now))
    gone = sa.func.coalesce(col(Contact.left_at) <= now, sa.false())
    return col(Contact.id).in_(away) | gone
