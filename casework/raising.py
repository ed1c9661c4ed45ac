"""Raising: which open promises ring now, for whom, and the rows that say so. Set-based.

Hundreds of promises in one transaction: one SELECT that locks, one UPDATE per distinct outcome,
one INSERT for the journal and one for the outbox. Each effect has a key of its own, so that a
crash, a second watcher or a repeat can neither lose nor double it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from casework import journal
from casework.policies import calendars_now, policy_of
from escalation.calendars import WorkingCalendar
from escalation.policy import Ladder
from escalation.rungs import latest_passed, recipients
from models import (
    Alert,
    AlertState,
    Assignment,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    Handover,
    JournalEntry,
    Organisation,
)

Director = aliased(Contact)
BY_FUNCTION = ("process_director", "head_of_public_order")


@dataclass(frozen=True, slots=True)
class Ringing:
    """An open promise whose rung rings now, with the people nearest to it."""

    id: int
    case_id: int
    municipality: str
    policy_id: int
    due_on: date
    due_at: datetime
    exact: bool
    statutory: bool
    offset: int
    director: int
    deputy: int | None
    receiver: int | None


@dataclass(frozen=True, slots=True)
class Raised:
    """What raising one promise amounts to."""

    ringing: Ringing
    offset: int
    next_offset: int
    next_at: datetime
    to: tuple[int, ...]


def raise_batch(session: Session, now: datetime, limit: int, case_id: int | None = None) -> int:
    """At most `limit` ringing promises are marked, journalled and put in the outbox."""
    ringing = _ringing(session, now, limit, case_id)
    if not ringing:
        return 0
    raised = _judged(session, ringing, now)
    _mark(session, raised)
    _journal(session, raised, now)
    _send(session, raised, now)
    return len(raised)


def _ringing(session: Session, now: datetime, limit: int, case_id: int | None) -> list[Ringing]:
    found: list[Ringing] = []
    for statutory in (True, False):  # each flag is one range of the index
        if len(found) < limit:
            query = _query(now, limit - len(found), statutory, case_id)
            found += [Ringing(*row) for row in session.execute(query)]
    return found


def _query(now: datetime, limit: int, statutory: bool, case_id: int | None) -> sa.Select[Any]:
    c = Checkpoint
    query: sa.Select[Any] = (
        sa.select(
            c.id,
            c.case_id,
            Case.municipality,
            Case.policy_id,
            c.due_on,
            c.due_at,
            c.exact,
            c.statutory,
            c.next_rung,
            Director.id,
            Director.deputy_id,
            Handover.to_contact_id,
        )  # type: ignore[call-overload]
        .select_from(c)
        .join(Case, Case.id == c.case_id)
        .join(Assignment, Assignment.id == Case.director_id)
        .join(Director, Director.id == Assignment.contact_id)
        .outerjoin(Handover, Handover.id == c.handover_id)
        .where(
            col(c.state) == CheckpointState.OPEN,
            col(c.statutory).is_(statutory),
            col(c.next_at) <= now,
        )
        .order_by(c.next_at)
        .limit(limit)
        # The case too: the journal is chained per case, so nobody else may write to it meanwhile.
        .with_for_update(of=(c, Case), skip_locked=True)
    )
    return query if case_id is None else query.where(col(c.case_id) == case_id)


def _judged(session: Session, ringing: Iterable[Ringing], now: datetime) -> list[Raised]:
    ladders = _ladders(session, {row.policy_id for row in ringing})
    calendar = calendars_now(session).working
    people = _people(session, now)
    return [_judge(row, ladders[row.policy_id], calendar, people, now) for row in ringing]


def _ladders(session: Session, policies: Iterable[int]) -> dict[int, Ladder]:
    return {policy_id: policy_of(session, policy_id).ladder for policy_id in policies}


@dataclass(frozen=True, slots=True)
class People:
    """Who has which function in a municipality, and who stands in for whom just now."""

    by_function: Mapping[tuple[str, str], int]
    present: frozenset[int]
    deputies: Mapping[int, int]

    def reachable(self, person: int | None) -> int | None:
        """The person, or the deputy while the person is absent; None when neither is there."""
        if person is None or person in self.present:
            return person
        deputy = self.deputies.get(person)
        return deputy if deputy in self.present else None


def _people(session: Session, now: datetime) -> People:
    rows = session.execute(
        sa.select(
            Contact.id,
            Contact.function,
            Organisation.municipality,
            Contact.deputy_id,
            Contact.absent_from,
            Contact.absent_until,
        )  # type: ignore[call-overload]
        .join(Organisation, Organisation.id == Contact.organisation_id)
        .order_by(col(Contact.id).desc())
    ).all()
    absent = {r[0] for r in rows if r[4] and r[4] <= now and (r[5] is None or now < r[5])}
    return People(
        {(r[2], r[1]): r[0] for r in rows if r[1] in BY_FUNCTION},
        frozenset(r[0] for r in rows) - absent,
        {r[0]: r[3] for r in rows if r[3] is not None},
    )


def _judge(
    row: Ringing, ladder: Ladder, calendar: WorkingCalendar, people: People, now: datetime
) -> Raised:
    exact = row.due_at if row.exact else None
    offset, step = latest_passed(row.offset, now, row.due_on, exact, ladder, calendar)
    to = _told(row, recipients(row.offset, offset, ladder), people)
    # A rung nobody can be reached on is not waited out: the ones above are told at once.
    for higher in (rung for rung in ladder.rungs if rung.offset > offset):
        to = to or _told(row, higher.to, people)
    return Raised(row, offset, step.offset, step.at, to or (row.director,))


def _told(row: Ringing, roles: Iterable[str], people: People) -> tuple[int, ...]:
    nearest = {"director": row.director, "deputy": row.deputy}
    persons = [
        people.reachable(nearest.get(role) or people.by_function.get((row.municipality, role)))
        for role in roles
    ]
    if row.receiver is not None:  # a handover on offer also rings for whoever must answer it
        persons.append(people.reachable(row.receiver))
    return tuple(dict.fromkeys(person for person in persons if person is not None))


def _mark(session: Session, raised: Iterable[Raised]) -> None:
    outcomes: dict[tuple[int, int, int, datetime], list[int]] = defaultdict(list)
    for r in raised:
        outcomes[r.ringing.offset, r.offset, r.next_offset, r.next_at].append(r.ringing.id)
    for (was, rung, next_rung, next_at), ids in outcomes.items():
        session.execute(
            sa.update(Checkpoint)
            .where(col(Checkpoint.id).in_(ids), col(Checkpoint.next_rung) == was)
            .values(rung=rung, next_rung=next_rung, next_at=next_at)
            .execution_options(synchronize_session=False)
        )


def _journal(session: Session, raised: list[Raised], now: datetime) -> None:
    heads = journal.heads(session, {r.ringing.case_id for r in raised})
    lines = []
    for r in raised:
        seq, previous = heads.get(r.ringing.case_id, (0, journal.BEGIN))
        entry = journal.line(
            r.ringing.case_id,
            seq + 1,
            previous,
            now,
            journal.SYSTEM,
            "raised",
            {"from": r.ringing.offset, "to": len(r.to)},
            r.ringing.id,
            r.offset,
        )
        heads[r.ringing.case_id] = (seq + 1, entry["hash"])
        lines.append(entry)
    session.execute(sa.insert(JournalEntry), lines)


def _send(session: Session, raised: Iterable[Raised], now: datetime) -> None:
    session.execute(
        sa.insert(Alert),
        [
            {
                "case_id": r.ringing.case_id,
                "checkpoint_id": r.ringing.id,
                "rung": r.offset,
                "lead": _lead(r.offset),
                "recipient_id": person,
                "statutory": r.ringing.statutory,
                "created_at": now,
                "state": AlertState.WAITING,
                "next_at": now,
            }
            for r in raised
            for person in r.to
        ],
    )


def _lead(offset: int) -> str:
    return "reminder" if offset < 0 else "overdue" if offset else "due"
