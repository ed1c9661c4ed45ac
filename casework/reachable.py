"""Who hears that a promise rings: whom its rungs name, and who is told when nobody is there.

A step on which nobody can be reached is not waited out. It is skipped in the same tick, and the
level above hears that it was.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from casework.due_rungs import Ringing
from casework.presence import not_there
from escalation.policy import Ladder
from escalation.rungs import rungs_passed
from models import Contact, Organisation

BY_FUNCTION = ("process_director", "head_of_public_order")


@dataclass(frozen=True, slots=True)
class People:
    """Who has which function in a municipality, and who stands in for the absent just now."""

    by_function: Mapping[tuple[str, str], list[int]]
    deputies: Mapping[int, int | None]  # of everybody who is absent, or left

    def reachable(self, person: int | None) -> int | None:
        """The person, or the deputy while the person is absent; None when neither is there."""
        if person is None or person not in self.deputies:
            return person
        deputy = self.deputies[person]
        return None if deputy in self.deputies else deputy

    def with_function(self, municipality: str, function: str) -> int | None:
        """The first of those with this function who can be reached, in person or by deputy."""
        able = map(self.reachable, self.by_function.get((municipality, function), ()))
        return next((person for person in able if person is not None), None)

    def having(self, row: Ringing, roles: Iterable[str]) -> tuple[int, ...]:
        """Who can be reached of those with these roles for a promise."""
        nearest = {"director": row.director, "deputy": row.deputy}
        able = (
            self.reachable(nearest[role])
            if role in nearest
            else self.with_function(row.municipality, role)
            for role in roles
        )
        return tuple(person for person in able if person is not None)


@dataclass(frozen=True, slots=True)
class Hearers:
    """Who hears a rung, and who does because a step was skipped; `skipped` is the first such."""

    to: tuple[int, ...]
    instead: tuple[int, ...]
    skipped: int | None


def people_now(session: Session, now: datetime) -> People:
    """Everybody that raising may have to tell, or not, at this moment: in one look."""
    absent = not_there(now)
    rows = session.execute(
        sa.select(
            Contact.id, Contact.function, Organisation.municipality, Contact.deputy_id, absent,
            Contact.left_at,
        )  # type: ignore[call-overload]
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .where(absent | col(Contact.function).in_(BY_FUNCTION))
        .order_by(col(Contact.id))
    ).all()  # fmt: skip
    by_function: dict[tuple[str, str], list[int]] = defaultdict(list)
    for person, function, town, _deputy, away, left_at in rows:
        if not (away and left_at is not None):  # nobody stands in for a function of who left
            by_function[town, function].append(person)
    return People(by_function, {row[0]: row[3] for row in rows if row[4]})


def who_hears(row: Ringing, offset: int, ladder: Ladder, people: People) -> Hearers:
    """Who is told that the rungs up to `offset` ring as one.

    Whoever must answer hears every rung, and who waits for it hears that it is due. When nobody at
    all can be reached it is the director: a mailbox keeps what it gets.
    """
    steps = {
        rung.offset: people.having(row, rung.to)
        for rung in rungs_passed(row.offset, offset, ladder)
    }
    unreached = [step for step, persons in steps.items() if not persons]
    own = [person for persons in steps.values() for person in persons]
    above = [person for step in unreached for person in _above(row, step, ladder, people)]
    if not own and not above:
        above = list(_anybody(row, people))
    asked = (row.asked, row.owed if offset >= 0 else None)
    own += [person for one in asked if (person := people.reachable(one)) is not None]
    if not any(steps.values()) and not above:
        own.append(row.director)
    to = tuple(dict.fromkeys(own))
    instead = tuple(person for person in dict.fromkeys(above) if person not in to)
    return Hearers(to, instead, min(unreached, default=None))


def _above(row: Ringing, step: int, ladder: Ladder, people: People) -> tuple[int, ...]:
    """Who can be reached on the first rung above this step where anybody can."""
    higher = (people.having(row, rung.to) for rung in ladder.rungs if rung.offset > step)
    return next((persons for persons in higher if persons), ())


def _anybody(row: Ringing, people: People) -> tuple[int, ...]:
    """With nobody above: the nearest there is, up the line from the director."""
    able = (people.having(row, (role,)) for role in ("director", *BY_FUNCTION))
    return next((persons for persons in able if persons), ())
