"""Organisations and contacts: who there is."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.check_dates import next_check
from casework.connect import reading, transaction
from casework.refusals import NotAllowed, NotFound
from models import Contact, Organisation

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
    organisation: str = Field(pattern=KEY, max_length=64)
    name: str = Field(min_length=1, max_length=200)
    function: str = Field(min_length=1, max_length=64)
    channel: str = "mail"
    address: str = Field(min_length=1, max_length=320)
    language: str = Field(default="nl", pattern="^(nl|en)$")
    deputy: str | None = None
    fixed: bool = False
    account: bool = True


def add_organisation(engine: Engine, new: NewOrganisation) -> None:
    """The organisation is known; added twice is added once."""
    with transaction(engine) as session:
        _made_known(session, new)


def add_contact(
    engine: Engine,
    new: NewContact,
    now: datetime | None = None,
    home: NewOrganisation | None = None,
) -> None:
    """The contact is known, as written here; added again it is brought up to date.

    When `now` is given the contact is as good as confirmed then. Who had left is back. `home` is
    the organisation, for when it is not known yet. Raises NotFound when the organisation or the
    deputy is not known, NotAllowed for a deputy of oneself, or one who left.
    """
    if new.deputy == new.key:
        raise NotAllowed(f"the deputy of {new.key} is somebody else; name another contact")
    with transaction(engine) as session:
        if home is not None:
            _made_known(session, home)
        at, deputy = organisation(session, new.organisation), _deputy(session, new)
        known = session.exec(select(Contact).where(Contact.key == new.key)).first()
        said = new.model_dump(exclude={"organisation", "deputy"})
        row = known or Contact(organisation_id=0, **said)
        row.sqlmodel_update(said)
        row.organisation_id, row.left_at = at.id or 0, None
        row.deputy_id = deputy.id if deputy else None
        if now is not None:
            row.confirmed_at, row.check_at = now, next_check(session, at.municipality, now)
        session.add(row)


def known_organisation(engine: Engine, key: str) -> NewOrganisation | None:
    """The organisation with this key as it was added; None when nobody added it yet."""
    with reading(engine) as session:
        row = session.exec(select(Organisation).where(Organisation.key == key)).first()
        if row is None:
            return None
        return NewOrganisation(
            key=row.key, name=row.name, kind=row.kind, municipality=row.municipality
        )


def _made_known(session: Session, new: NewOrganisation) -> None:
    if not session.exec(select(Organisation).where(Organisation.key == new.key)).first():
        session.add(Organisation(**new.model_dump()))
        session.flush()


def _deputy(session: Session, new: NewContact) -> Contact | None:
    deputy = contact(session, new.deputy) if new.deputy else None
    if deputy and deputy.left_at is not None:
        raise NotAllowed(f"{deputy.key} left and can not stand in for {new.key}; name another")
    return deputy


def contacts(engine: Engine) -> list[tuple[str, str, str, str]]:
    """The key, function, organisation and municipality of everybody who did not leave."""
    with reading(engine) as session:
        rows = session.exec(
            select(Contact.key, Contact.function, Organisation.key, Organisation.municipality)
            .join(Organisation)
            .where(col(Contact.left_at).is_(None))
            .order_by(col(Contact.key))
        )
        return [(key, function, home, town) for key, function, home, town in rows]


def contact(session: Session, key: str) -> Contact:
    """The contact with this key. Raises NotFound."""
    found = session.exec(select(Contact).where(Contact.key == key)).first()
    if found is None:
        raise NotFound("contact", key, "see: estafette contact list")
    return found


def acting(session: Session, key: str, now: datetime) -> Contact:
    """Who does something now: the contact with this key. Raises NotFound, NotAllowed for somebody
    who left."""
    person = contact(session, key)
    refuse_left(person, now)
    return person


def refuse_left(person: Contact, now: datetime) -> None:
    """Raises NotAllowed when the person has left by now."""
    if person.left_at is not None and person.left_at <= now:
        raise NotAllowed(f"{person.key} left; somebody else goes on: estafette contact list")


def contact_or_number(session: Session, word: str) -> Contact:
    """The contact with this key, else with this number, as a message names it. Raises NotFound."""
    keyed = session.exec(select(Contact).where(Contact.key == word)).first()
    number = int(word) if word.isdecimal() and len(word) < 10 else None
    return keyed or (session.get(Contact, number) if number else None) or contact(session, word)


def organisation(session: Session, key: str) -> Organisation:
    """The organisation with this key. Raises NotFound."""
    found = session.exec(select(Organisation).where(Organisation.key == key)).first()
    if found is None:
        raise NotFound("organisation", key, "add it first, with a contact: estafette contact add")
    return found
