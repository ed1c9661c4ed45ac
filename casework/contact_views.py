"""Contacts as people look at them: who somebody is, whether they are there, when they are asked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.absences import Away
from casework.connect import reading
from casework.people import contact_or_number
from casework.presence import is_absent, present
from models import Absence, Assignment, Contact, Organisation


@dataclass(frozen=True, slots=True)
class ContactView:
    """One contact. `stands_in` is who is reached instead while the contact is absent; `roles` is
    how many roles on open cases they hold."""

    key: str
    number: int
    name: str
    function: str
    organisation: str
    municipality: str
    channel: str
    language: str
    fixed: bool
    account: bool
    deputy: str | None
    absent: bool
    stands_in: str | None
    absences: tuple[Away, ...]
    roles: int
    confirmed_at: datetime | None
    check_at: datetime | None
    left_at: datetime | None


def contact_view(engine: Engine, key: str, now: datetime) -> ContactView:
    """The contact with this key or number, as it is now. Raises NotFound."""
    with reading(engine) as session:
        person = contact_or_number(session, key)
        home = session.get_one(Organisation, person.organisation_id)
        deputy = session.get(Contact, person.deputy_id) if person.deputy_id else None
        absent = is_absent(session, person, now)
        instead = present(session, person, now) if absent else None
        return ContactView(
            key=person.key, number=person.id or 0, name=person.name, function=person.function,
            organisation=home.key, municipality=home.municipality, channel=person.channel,
            language=person.language, fixed=person.fixed, account=person.account,
            deputy=deputy.key if deputy else None, absent=absent,
            stands_in=instead.key if instead else None,
            absences=_absences(session, person, now), roles=_roles(session, person),
            confirmed_at=person.confirmed_at, check_at=person.check_at, left_at=person.left_at,
        )  # fmt: skip


def _absences(session: Session, person: Contact, now: datetime) -> tuple[Away, ...]:
    """Those that are not over, the first first."""
    ends = col(Absence.until)
    rows = session.exec(
        select(Absence)
        .where(Absence.contact_id == person.id, ends.is_(None) | (ends > now))
        .order_by(col(Absence.since))
    )
    return tuple(Away(row.since, row.until) for row in rows)


def _roles(session: Session, person: Contact) -> int:
    held = (
        select(func.count())
        .select_from(Assignment)
        .where(Assignment.contact_id == person.id, col(Assignment.until).is_(None))
    )
    return session.exec(held).one()
