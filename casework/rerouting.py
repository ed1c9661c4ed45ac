"""Rerouting: when somebody is away, what waits for them is with whoever stands in, at once.

That is the deputy; while there is none, the process director and then the head of public order.
What is asked of somebody does not wait until they are back, and nobody is asked the same twice.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.administration import record
from casework.chore import Chore
from casework.journal import SYSTEM
from casework.presence import not_there
from casework.standing_in import cases_that_wait_for, pass_on
from models import Absence, Case, Contact

AT_ONCE = 50  # cases: others wait meanwhile


def route_if_begun(
    session: Session, row: Absence, person: Contact, now: datetime, limit: int = AT_ONCE
) -> int:
    """What waits for somebody whose absence has begun is passed on, once, of at most `limit` cases
    at a time; returns how much was done, 0 when nothing could be done now."""
    if row.routed_at is not None or row.since > now:
        return 0
    is_over = row.until is not None and row.until <= now
    waiting = {} if is_over else _waiting(session, person, now)
    ahead = [case for case in sorted(waiting) if case > (row.routed_to or 0)]
    made, held = _pass_all_on(session, {case: waiting[case] for case in ahead[:limit]}, now)
    done = [case for case in ahead[:limit] if not held or case < min(held)]
    if len(done) == len(ahead):
        row.routed_at = now
    elif done:
        row.routed_to = done[-1]
    session.add(row)
    session.flush()
    return max(made, len(done)) + (row.routed_at is not None)


def pass_on_what_waits(session: Session, person: Contact, now: datetime) -> tuple[int, bool]:
    """Whoever stands in is asked what the person was asked, and what the person was asked for
    others who are away; returns how many messages that makes.

    A case somebody works on just now is passed over, and said to be by False.
    """
    made, held = _pass_all_on(session, _waiting(session, person, now), now)
    return made, not held


def _waiting(session: Session, person: Contact, now: datetime) -> dict[int, list[Contact]]:
    """The cases in which something waits for the person, or for others through the person."""
    found: dict[int, list[Contact]] = {}
    for who in (person, *_stood_in_for(session, person, now)):
        for case in cases_that_wait_for(session, who):
            found.setdefault(case, []).append(who)
    return found


def _pass_all_on(
    session: Session, waiting: dict[int, list[Contact]], now: datetime
) -> tuple[int, set[int]]:
    """How many messages that makes, and which cases are held by somebody just now."""
    cases, made = _locked(session, waiting), Counter[str]()
    for case in cases:
        for who in waiting[case.id or 0]:
            made[who.key] += pass_on(session, case, who, now)
    # Last, for all who administer wait for each other there.
    for key in (key for key, number in made.items() if number):
        record(session, now, SYSTEM, "rerouted", contact=key, to=made[key])
    return made.total(), waiting.keys() - {case.id or 0 for case in cases}


def _stood_in_for(session: Session, person: Contact, now: datetime) -> list[Contact]:
    theirs = select(Contact).where(Contact.deputy_id == person.id, not_there(now))
    return list(session.exec(theirs.order_by(col(Contact.id))))


def _locked(session: Session, ids: Iterable[int]) -> Sequence[Case]:
    # Skipped and not waited for: whoever holds one of them may be waiting for what we hold.
    free = (
        select(Case)
        .where(col(Case.id).in_(sorted(ids)))
        .order_by(col(Case.id))
        .with_for_update(skip_locked=True, key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.exec(free).all()


def _next_beginning(session: Session) -> datetime | None:
    return session.exec(
        select(sa.func.min(Absence.since)).where(col(Absence.routed_at).is_(None))
    ).one()


def _route_begun(session: Session, now: datetime, limit: int, case_id: int | None) -> int:
    if case_id is not None:
        return 0  # somebody's absence is about no single case
    begun = (
        select(Absence, Contact)
        .join(Contact, col(Contact.id) == col(Absence.contact_id))
        .where(col(Absence.routed_at).is_(None), col(Absence.since) <= now)
        .order_by(col(Absence.since))
        .limit(limit)
        .with_for_update(of=Absence, skip_locked=True)
    )
    done = 0
    for row, person in session.exec(begun).all():
        if done < limit:
            done += route_if_begun(session, row, person, now, limit - done)
    return done


ROUTING = Chore(_next_beginning, _route_begun)
