"""Organisations and contacts, and who holds which role on a case."""

import uuid
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.connect import reading, transaction
from casework.refusals import NotAllowed, NotFound
from models import Assignment, Case, Contact, Organisation, Role

KEY = r"^[a-z0-9][a-z0-9-]*$"


class NewOrganisation(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=KEY, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    kind: str = Field(min_length=1, max_length=32)
    municipality: str = Field(pattern=KEY, max_length=64)


class NewContact(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str = Field(pattern=KEY, max_length=64)
    organisation: str
    name: str = Field(min_length=1, max_length=200)
    function: str = Field(min_length=1, max_length=64)
    channel: str = "mail"
    address: str = Field(min_length=1, max_length=320)
    language: str = Field(default="nl", pattern="^(nl|en)$")
    deputy: str | None = None


def add_organisation(engine: Engine, new: NewOrganisation) -> None:
    """The organisation is known; added twice is added once."""
    with transaction(engine) as session:
        if not session.exec(select(Organisation).where(Organisation.key == new.key)).first():
            session.add(Organisation(**new.model_dump()))


def add_contact(engine: Engine, new: NewContact) -> None:
    """The contact is known, as written here; added again it is brought up to date.

    Raises NotFound when the organisation or the deputy is not known yet, NotAllowed for a deputy
    of oneself.
    """
    if new.deputy == new.key:
        raise NotAllowed(f"the deputy of {new.key} is somebody else; name another contact")
    with transaction(engine) as session:
        organisation = session.exec(
            select(Organisation).where(Organisation.key == new.organisation)
        ).first()
        if organisation is None:
            raise NotFound("organisation", new.organisation, "add it first")
        deputy = contact(session, new.deputy) if new.deputy else None
        known = session.exec(select(Contact).where(Contact.key == new.key)).first()
        row = known or Contact(
            organisation_id=0, **new.model_dump(exclude={"organisation", "deputy"})
        )
        row.sqlmodel_update(new.model_dump(exclude={"organisation", "deputy"}))
        row.organisation_id = organisation.id or 0
        row.deputy_id = deputy.id if deputy else None
        session.add(row)


def set_absence(
    engine: Engine, key: str, absent_from: datetime | None, absent_until: datetime | None
) -> None:
    """The contact is absent in that time; alerts go to the deputy. None for both ends it.

    Raises NotAllowed for an absence without a beginning, or that ends before it begins; NotFound.
    """
    if absent_until is not None and (absent_from is None or absent_until <= absent_from):
        raise NotAllowed("an absence begins before it ends; check both dates")
    with transaction(engine) as session:
        person = contact(session, key)
        person.absent_from, person.absent_until = absent_from, absent_until
        session.add(person)


def contacts(engine: Engine) -> list[tuple[str, str, str, str]]:
    """Every contact's key, function, organisation and municipality."""
    with reading(engine) as session:
        rows = session.exec(
            select(Contact.key, Contact.function, Organisation.key, Organisation.municipality)
            .join(Organisation)
            .order_by(col(Contact.key))
        )
        return [(key, function, home, town) for key, function, home, town in rows]


def contact(session: Session, key: str) -> Contact:
    """The contact with this key. Raises NotFound."""
    found = session.exec(select(Contact).where(Contact.key == key)).first()
    if found is None:
        raise NotFound("contact", key, "see: estafette contact list")
    return found


def is_absent(person: Contact, now: datetime) -> bool:
    if person.absent_from is None or now < person.absent_from:
        return False
    return person.absent_until is None or now < person.absent_until


def first_director(session: Session, municipality: str, now: datetime) -> Contact:
    """The present case director in this municipality with the fewest open cases.

    Raises NotAllowed when there is none: a case is never opened without a holder.
    """
    held = (
        select(func.count())
        .select_from(Assignment)
        .where(
            col(Assignment.contact_id) == col(Contact.id),
            Assignment.role == Role.DIRECTOR,
            col(Assignment.until).is_(None),
        )
        .correlate(Contact)
        .scalar_subquery()
    )
    able = (
        select(Contact)
        .join(Organisation)
        .where(Contact.function == Role.DIRECTOR.value, Organisation.municipality == municipality)
        .order_by(held, col(Contact.id))
    )
    for person in session.exec(able):
        if not is_absent(person, now):
            return person
    raise NotAllowed(
        f"{municipality} has no case director who is present, so nobody would hold the case; "
        "add one: estafette contact add"
    )


def holder(session: Session, case: Case, role: Role) -> Contact | None:
    """Who holds this role on the case now; None for a lead nobody has taken yet."""
    return session.exec(
        select(Contact)
        .join(Assignment, col(Assignment.contact_id) == col(Contact.id))
        .where(
            Assignment.case_id == case.id, Assignment.role == role, col(Assignment.until).is_(None)
        )
    ).first()


def succeed(session: Session, case: Case, role: Role, person: Contact, now: datetime) -> None:
    """`person` holds the role from `now`; whoever held it held it until then.

    For the director the case is pointed at the new assignment before the old one ends: the
    database refuses any moment without one.
    """
    following = uuid.uuid4()
    if role is Role.DIRECTOR:
        case.director_id = following
        session.add(case)
        session.flush()
    for current in session.exec(
        select(Assignment).where(
            Assignment.case_id == case.id, Assignment.role == role, col(Assignment.until).is_(None)
        )
    ):
        current.until = now
        session.add(current)
    session.flush()
    session.add(
        Assignment(
            id=following, case_id=case.id or 0, role=role, contact_id=person.id or 0, since=now
        )
    )
    session.flush()


def held_at(engine: Engine, case_key: str, role: Role, moment: datetime) -> str | None:
    """The key of whoever held the role on the case at that moment."""
    with reading(engine) as session:
        return session.exec(
            select(Contact.key)
            .join(Assignment, col(Assignment.contact_id) == col(Contact.id))
            .join(Case, col(Case.id) == col(Assignment.case_id))
            .where(
                Case.key == case_key,
                Assignment.role == role,
                col(Assignment.since) <= moment,
                (col(Assignment.until).is_(None)) | (col(Assignment.until) > moment),
            )
        ).first()
