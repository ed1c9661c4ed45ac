"""Of whom something is expected on a case: partners that hold a lead or were asked something."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models import Assignment, Case, Contact, Partner, Request, RequestState, Role

Held = tuple[Role, int, int, datetime]  # role, organisation, person and since when


@dataclass(frozen=True, slots=True)
class Expected:
    """Of whom at a partner something is expected, and since when."""

    contact_id: int
    since: datetime


def expected_at(session: Session, case: Case) -> dict[int, Expected]:
    """By organisation: whoever holds a lead for it, else whom it was last asked something."""
    return expected_of(session, [case.id or 0])[case.id or 0]


def expected_of(session: Session, cases: Collection[int]) -> dict[int, dict[int, Expected]]:
    """The same of several cases at once, by their numbers."""
    held, asked = _held(session, cases), _asked(session, cases)
    return {case: _expected(held[case], asked[case]) for case in cases}


def _expected(held: list[Held], asked: list[Request]) -> dict[int, Expected]:
    directs = next((of for role, of, *_ in held if role is Role.DIRECTOR), None)
    found: dict[int, Expected] = {}
    wanted = [(r.organisation_id, r.to_contact_id, r.asked_at) for r in asked]
    wanted += [(of, who, since) for role, of, who, since in held if role is not Role.DIRECTOR]
    for of, who, since in wanted:
        found[of] = Expected(who, min(since, found[of].since) if of in found else since)
    return {of: expected for of, expected in found.items() if of != directs}


def _held(session: Session, cases: Collection[int]) -> defaultdict[int, list[Held]]:
    """Every role somebody holds now, by case."""
    rows = session.exec(
        select(Assignment, Contact)
        .join(Contact, col(Contact.id) == col(Assignment.contact_id))
        .where(col(Assignment.case_id).in_(cases), col(Assignment.until).is_(None))
    )
    found: defaultdict[int, list[Held]] = defaultdict(list)
    for held, person in rows:
        of = held.principal_id or person.organisation_id
        found[held.case_id].append((held.role, of, held.contact_id, held.since))
    return found


def _asked(session: Session, cases: Collection[int]) -> defaultdict[int, list[Request]]:
    """Every open request, the last one last, by case."""
    rows = session.exec(
        select(Request)
        .where(col(Request.case_id).in_(cases), Request.state == RequestState.OPEN)
        .order_by(col(Request.id))
    )
    found: defaultdict[int, list[Request]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found


def partners_at(session: Session, case: Case) -> list[Partner]:
    """Every organisation that is or was at the table of the case."""
    return list(session.exec(select(Partner).where(Partner.case_id == case.id)))
