"""Checkups: every contact is asked in time whether it still holds, outside any case.

First the contact itself; when nothing is confirmed within ten working days, whoever administers
the contacts of the municipality. Somebody who left is asked no more, and no longer chosen.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.absences import for_change
from casework.administration import record
from casework.check_dates import answer_by, next_check
from casework.chore import Chore
from casework.connect import transaction
from casework.people import acting, contact, refuse_left
from casework.presence import with_function
from casework.refusals import NotAllowed
from casework.rerouting import pass_on_what_waits
from escalation.rungs import AMSTERDAM
from models import Alert, AlertState, Assignment, Case, Contact, Notice, Organisation

ABOUT_OTHERS = ("administrator", "process_director")  # the first of these that is there
TO_ITSELF, TO_OTHERS = 0, 1  # the rungs of a checkup
STILL_HERE = sa.text("contacts.left_at IS NULL")  # as the partial index spells it


def confirm(engine: Engine, key: str, *, by: str, now: datetime) -> datetime:
    """The contact still holds; returns the moment it is asked again.

    Called twice is called once. Raises NotFound, NotAllowed for somebody who left.
    """
    with transaction(engine) as session:
        person, actor = for_change(session, key), acting(session, by, now).key
        if person.left_at is not None:
            raise NotAllowed(f"{person.key} left; add who is back again: estafette contact add")
        if person.confirmed_at != now or person.check_at is None:
            home = session.get_one(Organisation, person.organisation_id)
            person.confirmed_at = now
            person.check_at = next_check(session, home.municipality, now)
            session.add(person)
            record(session, now, actor, "contact_confirmed", contact=person.key)
        return person.check_at


def leave(engine: Engine, key: str, *, by: str, now: datetime) -> None:
    """The contact has left for good: is no longer chosen for anything, and what was still asked of
    them is with whoever stands in.

    Called twice is called once. Raises NotFound, NotAllowed while the contact holds a role.
    """
    with transaction(engine) as session:
        person, actor = for_change(session, key), contact(session, by)
        if person.left_at is not None:
            return
        refuse_left(actor, now)
        _refuse_who_holds(session, person)
        person.left_at, person.check_at, person.fixed = now, None, False
        session.add(person)
        session.flush()
        _passed, whole = pass_on_what_waits(session, person, now)
        if not whole:
            raise NotAllowed(
                f"somebody works on a case that waits for {person.key}; try again shortly"
            )
        record(session, now, actor.key, "contact_left", contact=person.key)


def _refuse_who_holds(session: Session, person: Contact) -> None:
    held = (
        select(Case.key)
        .join(Assignment, col(Assignment.case_id) == col(Case.id))
        .where(Assignment.contact_id == person.id, col(Assignment.until).is_(None))
        .order_by(Case.key)
    )
    cases = list(dict.fromkeys(session.exec(held)))
    if cases:
        more = f" and {len(cases) - 3} more" if len(cases) > 3 else ""
        raise NotAllowed(
            f"{person.key} still holds a role on {', '.join(cases[:3])}{more}; pass on what they "
            f"hold first: estafette handover pass-on {person.key}"
        )


def _next_checkup(session: Session) -> datetime | None:
    return session.exec(select(sa.func.min(Contact.check_at)).where(STILL_HERE)).one()


def _check(session: Session, now: datetime, limit: int, case_id: int | None) -> int:
    """Who is due is asked, or somebody else about them; returns how many were due."""
    if case_id is not None:
        return 0  # a contact is about no single case
    _look_first(session, now, limit)
    due = _to_check(session, col(Contact.check_at) <= now, limit)
    for person, town in due:
        _ask(session, person, town, now)
    return len(due)


def _look_first(session: Session, now: datetime, limit: int) -> None:
    """Contacts nobody has looked at yet are taken to be right now."""
    towns: dict[str, datetime] = {}
    for person, town in _to_check(session, col(Contact.check_at).is_(None), limit):
        if town not in towns:
            towns[town] = next_check(session, town, now)
        person.check_at = towns[town]
        session.add(person)
    session.flush()


def _to_check(
    session: Session, which: sa.ColumnElement[bool], limit: int
) -> list[tuple[Contact, str]]:
    query = (
        select(Contact, Organisation.municipality)
        .join(Organisation, col(Organisation.id) == col(Contact.organisation_id))
        .where(STILL_HERE, which)
        .order_by(col(Contact.check_at), col(Contact.id))
        .limit(limit)
        .with_for_update(of=Contact, skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    return [(person, town) for person, town in session.exec(query).all()]


def _ask(session: Session, person: Contact, town: str, now: datetime) -> None:
    """The next one is asked: the contact, or who administers it when the contact said nothing."""
    asked = _unanswered(session, person)
    if asked is None:
        period = f"{person.id}:{now.astimezone(AMSTERDAM):%Y-%m}"
        told = _tell(session, person, period, TO_ITSELF, now)
        person.check_at = answer_by(session, town, now) if told else next_check(session, town, now)
    else:
        other = _administrator(session, person, town, now)
        if other is not None:
            _tell(session, other, asked, TO_OTHERS, now)
        person.check_at = next_check(session, town, now)
    session.add(person)
    session.flush()


def _unanswered(session: Session, person: Contact) -> str | None:
    """The period in which the contact was last asked, when nothing came of it: it was not
    confirmed since, and nobody else was asked yet."""
    checks = (
        select(Alert)
        .where(
            Alert.notice == Notice.CONTACT_CHECK,
            col(Alert.period).startswith(f"{person.id}:"),
        )
        .order_by(col(Alert.id).desc())
    )
    last = session.exec(checks).first()
    if last is None or last.rung != TO_ITSELF:
        return None
    confirmed = person.confirmed_at is not None and person.confirmed_at >= last.created_at
    return None if confirmed else last.period


def _administrator(session: Session, person: Contact, town: str, now: datetime) -> Contact | None:
    able = (with_function(session, town, function, now) for function in ABOUT_OTHERS)
    return next((other for other in able if other is not None and other.id != person.id), None)


def _tell(session: Session, to: Contact, period: str, rung: int, now: datetime) -> bool:
    """The question waits for this person; False when they were asked it before."""
    same = select(Alert.id).where(
        Alert.notice == Notice.CONTACT_CHECK,
        Alert.period == period,
        Alert.rung == rung,
        Alert.recipient_id == to.id,
    )
    if session.exec(same).first() is not None:
        return False
    lead = "checkup" if rung == TO_ITSELF else "installation"
    session.add(Alert(
        notice=Notice.CONTACT_CHECK, period=period, rung=rung, recipient_id=to.id or 0, lead=lead,
        statutory=False, created_at=now, state=AlertState.WAITING, next_at=now))  # fmt: skip
    session.flush()
    return True


CHECKUPS = Chore(_next_checkup, _check)
