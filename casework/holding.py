"""Who held a case at a moment, and everybody who ever did: questions about the past.

Somebody held a role from `since` up to `until`, that last moment not included: at the instant of a
succession only the new holder holds it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from casework.cases import look_up
from casework.connect import reading
from models import Assignment, Case, Contact, Organisation, Role

Own = aliased(Organisation)
Principal = aliased(Organisation)
OPEN, NOT_OPEN_YET, CLOSED = "open", "not_open_yet", "closed"


@dataclass(frozen=True, slots=True)
class Holding:
    """A role in the hands of a person, for the organisation that took it on or their own."""

    role: str
    person: str
    organisation: str
    since: datetime
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Held:
    """Who held which role at that moment. `state` says whether the case was open then: before its
    opening it is "not_open_yet", after its closing "closed", and nobody holds it."""

    case_key: str
    at: datetime
    state: str
    roles: dict[str, Holding]


def holders_at(engine: Engine, case_key: str, moment: datetime) -> Held:
    """Who held the case at that moment, role by role. Raises NotFound."""
    with reading(engine) as session:
        case = look_up(session, case_key)
        held = {found.role: found for found in _holdings(session, case, _covering(moment))}
        return Held(case.key, moment, _state(case, moment, held), held)


def history_of(engine: Engine, case_key: str) -> list[Holding]:
    """Everybody who ever held a role on the case, the first holder first. Raises NotFound."""
    with reading(engine) as session:
        return _holdings(session, look_up(session, case_key))


def held_at(engine: Engine, case_key: str, role: Role, moment: datetime) -> str | None:
    """The key of whoever held the role on the case at that moment."""
    with reading(engine) as session:
        return session.exec(
            select(Contact.key)
            .join(Assignment, col(Assignment.contact_id) == col(Contact.id))
            .join(Case, col(Case.id) == col(Assignment.case_id))
            .where(Case.key == case_key, Assignment.role == role, _covering(moment))
        ).first()


def _covering(moment: datetime) -> sa.ColumnElement[bool]:
    ends = col(Assignment.until)
    return (col(Assignment.since) <= moment) & (ends.is_(None) | (ends > moment))


def _state(case: Case, moment: datetime, held: dict[str, Holding]) -> str:
    if moment < case.opened_at:
        return NOT_OPEN_YET
    # An open case always has a director, so a case without one was closed, also if it reopened.
    return OPEN if Role.DIRECTOR.value in held else CLOSED


def _holdings(session: Session, case: Case, *conditions: sa.ColumnElement[bool]) -> list[Holding]:
    rows = session.execute(_query().where(col(Assignment.case_id) == case.id, *conditions))
    return [
        Holding(held.role.value, person, organisation, held.since, held.until)
        for held, person, organisation in rows
    ]


def _query() -> sa.Select[Any]:
    organisation = sa.func.coalesce(Principal.key, Own.key)
    query: sa.Select[Any] = (
        sa.select(Assignment, Contact.key, organisation)  # type: ignore[call-overload]
        .join(Contact, col(Contact.id) == col(Assignment.contact_id))
        .join(Own, Own.id == Contact.organisation_id)
        .outerjoin(Principal, Principal.id == Assignment.principal_id)
        .order_by(col(Assignment.since), col(Assignment.until).asc().nulls_last())
    )
    return query
