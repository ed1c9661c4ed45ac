"""Who holds a role on a case now, who is the first to, and who does next."""

import uuid
from datetime import datetime

from sqlmodel import Session, col, func, select

from casework.presence import is_absent, with_function
from casework.refusals import NotAllowed
from casework.telling import DECIDERS
from models import Assignment, Case, Contact, Organisation, Role


def holder(session: Session, case: Case, role: Role) -> Contact | None:
    """Who holds this role on the case now; None for a lead nobody has taken yet."""
    return session.exec(
        select(Contact)
        .join(Assignment, col(Assignment.contact_id) == col(Contact.id))
        .where(
            Assignment.case_id == case.id, Assignment.role == role, col(Assignment.until).is_(None)
        )
    ).first()


def first_director(session: Session, municipality: str, now: datetime) -> Contact:
    """Who holds a new case: the present case director in this municipality with the fewest open
    cases, else the first up the line who is there, in person or by deputy.

    Raises NotAllowed when nobody is: a case is never opened without a holder.
    """
    director = _least_busy(session, municipality, now)
    # A report is not lost because no case director is there today.
    line = (with_function(session, municipality, function, now) for function in DECIDERS)
    found = director or next((person for person in line if person is not None), None)
    if found is None:
        raise NotAllowed(
            f"{municipality} has no case director, process director or head of public order who "
            "is present, so nobody would hold the case; add one: estafette contact add"
        )
    return found


def _least_busy(session: Session, municipality: str, now: datetime) -> Contact | None:
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
    return next((one for one in session.exec(able) if not is_absent(session, one, now)), None)


def succeed(
    session: Session, case: Case, role: Role, person: Contact, now: datetime,
    principal_id: int | None = None,
) -> None:  # fmt: skip
    """`person` holds the role from `now`, for the organisation `principal_id` when one took it on;
    whoever held it held it until then. On a clock that runs behind, from the last moment on record.

    For the director the case is pointed at the new assignment before the old one ends: the
    database refuses any moment without one. Raises NotAllowed for somebody who left.
    """
    _refuse_who_left(session, person)
    following, since = uuid.uuid4(), max(now, _last_moment(session, case, role) or now)
    if role is Role.DIRECTOR:
        case.director_id = following
        session.add(case)
        session.flush()
    for current in session.exec(
        select(Assignment).where(
            Assignment.case_id == case.id, Assignment.role == role, col(Assignment.until).is_(None)
        )
    ):
        current.until = since
        session.add(current)
    session.flush()
    session.add(
        Assignment(
            id=following,
            case_id=case.id or 0,
            role=role,
            contact_id=person.id or 0,
            principal_id=principal_id,
            since=since,
        )
    )
    session.flush()


def _last_moment(session: Session, case: Case, role: Role) -> datetime | None:
    """When the role last passed on this case; machines do not all have the same clock."""
    passed = func.coalesce(col(Assignment.until), col(Assignment.since))
    of_role = (Assignment.case_id == case.id, Assignment.role == role)
    with session.no_autoflush:  # a case that is being reopened has no director yet
        return session.exec(select(func.max(passed)).where(*of_role)).one()


def _refuse_who_left(session: Session, person: Contact) -> None:
    # Read under a lock: whoever leaves at this very moment waits for us, or we for them.
    still = select(Contact.left_at).where(Contact.id == person.id).with_for_update(read=True)
    with session.no_autoflush:  # a case that is being reopened has no director yet
        left_at = session.exec(still).one()
    if left_at is not None:
        raise NotAllowed(f"{person.key} left; choose somebody else: estafette contact list")
