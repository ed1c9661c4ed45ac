"""Who is asked to take a role over: a named person, or an organisation by whoever answers there."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, select

from casework.organisations import card_of
from casework.presence import as_they_are, fixed_contact, refuse_unreachable
from casework.refusals import NotAllowed, NotFound
from casework.succeeding import holder
from escalation.fitting import doubtful
from escalation.text import Text
from models import Case, Contact, Handover, Organisation, Role


@dataclass(frozen=True, slots=True)
class Receiver:
    """The person who is asked; `principal` is the organisation when no person was named."""

    person: Contact
    principal: Organisation | None = None

    def is_of(self, row: Handover) -> bool:
        """Whether the handover is for this receiver."""
        if self.principal is not None:
            return row.principal_id == self.principal.id
        return row.principal_id is None and row.to_contact_id == self.person.id


def receiver_of(
    session: Session, key: str, now: datetime, without: Contact | None = None
) -> Receiver:
    """The contact with this key, else the contact who answers for that organisation now, another
    than `without` when there is one.

    Raises NotFound when the key is neither, NotAllowed when nobody there can be reached.
    """
    person = session.exec(select(Contact).where(Contact.key == key)).first()
    if person is not None:
        return Receiver(person)
    home = session.exec(select(Organisation).where(Organisation.key == key)).first()
    if home is None:
        raise NotFound("contact or organisation", key, "see: estafette contact list")
    return of_organisation(session, home, now, without)


def of_organisation(
    session: Session, home: Organisation, now: datetime, without: Contact | None = None
) -> Receiver:
    """Whoever answers for the organisation now. Raises NotAllowed when nobody can be reached."""
    refuse_unreachable(session, home, now)
    other = fixed_contact(session, home, now, without=without)
    person = other or fixed_contact(session, home, now)
    assert person is not None  # else it would have been refused
    return Receiver(person, home)


def warnings_of(session: Session, role: Role, to: Receiver, now: datetime) -> tuple[Text, ...]:
    """That the role hardly fits the receiver, what the receiver's organisation says others may
    expect of it, and that it is closed now."""
    home = session.get_one(Organisation, to.person.organisation_id)
    doubt = doubtful(role.value, home.kind, to.person.function)
    return (*((doubt,) if doubt else ()), *card_of(session, home, now))


def refuse_receiver(
    session: Session, case: Case, role: Role, sender: Contact, to: Receiver, now: datetime
) -> None:
    """Raises NotAllowed for the sender, for who holds the role already, for who is not there."""
    if sender.id == to.person.id:
        raise NotAllowed(f"a handover goes to somebody else, and {sender.key} is its sender")
    if (now_held_by := holder(session, case, role)) and now_held_by.id == to.person.id:
        raise NotAllowed(
            f"{to.person.key} holds this role of case {case.key} already; there is nothing to "
            "hand over"
        )
    as_they_are(session, to.person)
    refuse_unreachable(session, to.person, now)
