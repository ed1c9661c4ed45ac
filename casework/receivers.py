"""Who is asked to take a role over: a named person, or an organisation by whoever answers there."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from casework.clocks import TO_ANSWER, clocks_of
from casework.organisations import card_of
from casework.presence import as_they_are, fixed_contact, present, refuse_unreachable
from casework.refusals import NotAllowed, NotFound
from casework.succeeding import holder
from escalation.fitting import doubtful
from escalation.rungs import AMSTERDAM
from escalation.text import Text
from models import Absence, Case, Contact, Handover, Organisation, Role


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


def receiver_of(session: Session, key: str, now: datetime, *without: Contact) -> Receiver:
    """The contact with this key, else the contact who answers for that organisation now, another
    than those in `without` when there is one.

    Raises NotFound when the key is neither, NotAllowed when nobody there can be reached.
    """
    person = session.exec(select(Contact).where(Contact.key == key)).first()
    if person is not None:
        return Receiver(person)
    home = session.exec(select(Organisation).where(Organisation.key == key)).first()
    if home is None:
        raise NotFound("contact or organisation", key, "see: estafette contact list")
    return of_organisation(session, home, now, *without)


def of_organisation(
    session: Session, home: Organisation, now: datetime, *without: Contact
) -> Receiver:
    """Whoever answers for the organisation now, another than those in `without` when there is one.
    Raises NotAllowed when nobody can be reached."""
    refuse_unreachable(session, home, now)
    other = _other_there(session, home, now, {person.id for person in without})
    person = other or fixed_contact(session, home, now)
    assert person is not None  # else it would have been refused
    return Receiver(person, home)


def _other_there(
    session: Session, home: Organisation, now: datetime, without: set[int | None]
) -> Contact | None:
    able = (
        select(Contact)
        .where(Contact.organisation_id == home.id, col(Contact.left_at).is_(None))
        .order_by(col(Contact.fixed).desc(), col(Contact.id))
    )
    reached = (present(session, person, now) for person in session.exec(able).all())
    there = (one for one in reached if one is not None and one.organisation_id == home.id)
    return next((one for one in there if one.id not in without), None)


def warnings_of(session: Session, role: Role, to: Receiver, now: datetime) -> tuple[Text, ...]:
    """That the role hardly fits the receiver, what the receiver's organisation says others may
    expect of it, and that it is closed now."""
    home = session.get_one(Organisation, to.person.organisation_id)
    doubt = doubtful(role.value, home.kind, to.person.function)
    return (*((doubt,) if doubt else ()), *card_of(session, home, now))


def warnings_about(
    session: Session, row: Handover, to: Receiver, now: datetime
) -> tuple[Text, ...]:
    """The same of what is on offer or assigned, and that the receiver is away before the answer is
    due."""
    due = min((clock.due_at for clock in clocks_of(session, row, TO_ANSWER)), default=now)
    return (*warnings_of(session, row.role, to, now), *_away_by(session, to.person, now, due))


def _away_by(session: Session, person: Contact, now: datetime, due: datetime) -> tuple[Text, ...]:
    begins = select(Absence.since).where(
        Absence.contact_id == person.id, col(Absence.since) > now, col(Absence.since) < due
    )
    since = session.exec(begins.order_by(col(Absence.since))).first()
    if since is None:
        return ()
    day, deputy = f"{since.astimezone(AMSTERDAM):%d-%m-%Y}", present(session, person, since)
    nl = f"{deputy.key} vervangt dan" if deputy else "niemand vervangt dan"
    en = f"{deputy.key} stands in then" if deputy else "nobody stands in then"
    return (
        Text(
            f"{person.key} is afwezig vanaf {day}, voordat het antwoord er moet zijn; {nl}.",
            f"{person.key} is absent from {day}, before the answer is due; {en}.",
        ),
    )


def refuse_oneself(sender: Contact, actor: Contact, to: Receiver) -> None:
    """Raises NotAllowed when the role would go to its sender, or to who offers it in their name:
    what somebody takes by themselves nobody has handed to them."""
    refuse_sender(sender, to)
    if actor.id == to.person.id:
        raise NotAllowed(
            f"a handover goes to somebody else, and {actor.key} offers it for {sender.key}; name "
            "another, or let the process director assign it: estafette handover assign"
        )


def refuse_sender(sender: Contact, to: Receiver) -> None:
    if sender.id == to.person.id:
        raise NotAllowed(f"a handover goes to somebody else, and {sender.key} is its sender")


def refuse_receiver(
    session: Session, case: Case, role: Role, sender: Contact, to: Receiver, now: datetime
) -> None:
    """Raises NotAllowed for the sender, for who holds the role already, for who is not there."""
    refuse_sender(sender, to)
    if (now_held_by := holder(session, case, role)) and now_held_by.id == to.person.id:
        raise NotAllowed(
            f"{to.person.key} holds this role of case {case.key} already; there is nothing to "
            "hand over"
        )
    as_they_are(session, to.person)
    refuse_unreachable(session, to.person, now)
