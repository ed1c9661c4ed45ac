"""Raising: which open promises ring now, for whom, and the rows that say so. Set-based.

Hundreds of promises in one transaction: a SELECT that locks, one UPDATE, one INSERT for the journal
and one for the outbox, however many and different they are. Each effect has a key of its own, so
that a crash, a second watcher or a repeat can neither lose nor double it.
"""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from casework import journal
from casework.bulk import INTEGER, MOMENT, TEXT, given, packed, table
from casework.due_rungs import OPEN, Rang, Ringing, due_rungs, still_open
from casework.lateness import Tally
from casework.policies import calendars_now, policy_of
from casework.reachable import Hearers, People, people_now, who_hears
from escalation.calendars import WorkingCalendar
from escalation.policy import Ladder, PolicyError, parse, shipped
from escalation.rungs import latest_passed
from models import AlertState, Checkpoint, JournalEntry

PUT_OFF = timedelta(hours=1)
SKIPPED = "skipped"  # the lead of who is told because nobody could be reached below
# A journal line about a ringing promise: its kind, what it says, and the rung when one was raised.
Told = tuple[Ringing, str, dict[str, int], int | None]


@dataclass(frozen=True, slots=True)
class Raised:
    """What raising one promise amounts to."""

    ringing: Ringing
    offset: int
    next_offset: int
    next_at: datetime
    hearers: Hearers


def raise_batch(
    session: Session,
    now: datetime,
    limit: int,
    case_id: int | None = None,
    late: Tally | None = None,
) -> int:
    """At most `limit` ringing promises are marked, journalled and put in the outbox; `late` counts
    how long after their moment.

    One that cannot be judged is put off and journalled, so that it keeps no other waiting; the
    audit names its case. Returns how many there were.
    """
    rang = due_rungs(session, now, limit, case_id)
    ringing = [row for row, _at in rang]
    raised = _judged(session, ringing, now) if ringing else []
    if raised:
        _mark(session, raised)
        _journal(session, raised, now)
        _send(session, raised, now)
    if len(raised) < len(ringing):
        judged = {r.ringing.id for r in raised}
        _put_off(session, [row for row in ringing if row.id not in judged], now)
    if late is not None:
        _count(late, rang, {r.ringing.id for r in raised}, now)
    return len(ringing)


def hear_again(
    session: Session, checkpoint_id: int, passed: tuple[int, int], now: datetime
) -> tuple[int, ...]:
    """Who would hear now that the rungs of an open promise rang, from the first of `passed` up to
    the last; nobody, when it is over."""
    ringing = still_open(session, checkpoint_id)
    if ringing is None:
        return ()
    first, last = passed
    ladder, people = _ladder(session, ringing.policy_id), people_now(session, now)
    heard = who_hears(replace(ringing, offset=first), last, ladder, people)
    return (*heard.to, *heard.instead)


def send_again(
    session: Session, row: Checkpoint, rung: int, recipients: Iterable[int], now: datetime
) -> None:
    """A rung that was raised is in the outbox for these people too."""
    told = ((row.case_id, row.id, rung, _lead(rung), p, row.statutory) for p in recipients)
    session.execute(_sending(), packed(told) | {"now": now})


def _count(late: Tally, rang: Iterable[Rang], raised: Container[int], now: datetime) -> None:
    for row, at in rang:
        if row.id in raised:
            late.add(row.statutory, (now - at).total_seconds())


def _judged(session: Session, ringing: Iterable[Ringing], now: datetime) -> list[Raised]:
    calendar, people = calendars_now(session).working, people_now(session, now)
    ladders = {
        policy_id: _ladder(session, policy_id) for policy_id in {r.policy_id for r in ringing}
    }
    judged = (_judgement(row, ladders[row.policy_id], calendar, people, now) for row in ringing)
    return [raised for raised in judged if raised is not None]


def _ladder(session: Session, policy_id: int) -> Ladder:
    try:
        return policy_of(session, policy_id).ladder
    except PolicyError:  # usable once and damaged since: its promises ring all the same
        return parse(shipped("default")).ladder


def _judgement(
    row: Ringing, ladder: Ladder, calendar: WorkingCalendar, people: People, now: datetime
) -> Raised | None:
    try:
        return _judge(row, ladder, calendar, people, now)
    except (ValueError, ArithmeticError):  # a date no calendar reaches, or none at all
        return None


def _judge(
    row: Ringing, ladder: Ladder, calendar: WorkingCalendar, people: People, now: datetime
) -> Raised:
    exact = row.due_at if row.exact else None
    offset, step = latest_passed(row.offset, now, row.due_on, exact, ladder, calendar)
    return Raised(row, offset, step.offset, step.at, who_hears(row, offset, ladder, people))


def _put_off(session: Session, rows: list[Ringing], now: datetime) -> None:
    session.execute(
        sa.update(Checkpoint)
        .where(col(Checkpoint.id).in_([row.id for row in rows]), OPEN)
        .values(next_at=now + PUT_OFF)
        .execution_options(synchronize_session=False)
    )
    known = set(session.execute(_put_off_before([row.id for row in rows])).scalars())
    fresh = [row for row in rows if row.id not in known]
    _extend(session, ((row, "put_off", {}, None) for row in fresh), now)


def _mark(session: Session, raised: Iterable[Raised]) -> None:
    rows = ((r.ringing.id, r.ringing.offset, r.offset, r.next_offset, r.next_at) for r in raised)
    session.execute(_marking(), packed(rows))


@cache
def _marking() -> sa.Update:
    known = table("checkpoints").c
    new = given(id=INTEGER, was=INTEGER, rung=INTEGER, next_rung=INTEGER, next_at=MOMENT).c
    return (
        sa.update(table("checkpoints"))
        .where(known.id == new.id, known.next_rung == new.was, OPEN)
        .values(rung=new.rung, next_rung=new.next_rung, next_at=new.next_at)
    )


def _put_off_before(ids: list[int]) -> sa.Select[Any]:
    """Those of which the journal says so already, since they were last raised."""
    j, later = JournalEntry, aliased(JournalEntry)
    raised_since = (
        sa.select(later.id)  # type: ignore[call-overload]
        .where(later.checkpoint_id == col(j.checkpoint_id), later.kind == "raised")
        .where(later.seq > j.seq)
        .exists()
    )
    return sa.select(col(j.checkpoint_id)).where(
        col(j.checkpoint_id).in_(ids), col(j.kind) == "put_off", ~raised_since
    )


def _journal(session: Session, raised: Iterable[Raised], now: datetime) -> None:
    _extend(session, (line for one in raised for line in _lines(one)), now)


def _lines(one: Raised) -> Iterator[Told]:
    heard, of = one.hearers, one.ringing
    to = len(heard.to) + len(heard.instead)
    yield of, "raised", {"from": of.offset, "to": to}, one.offset
    if heard.skipped is not None:  # its own line has no rung: a rung is raised once
        yield of, "skipped", {"step": heard.skipped, "to": len(heard.instead)}, None


def _extend(session: Session, told: Iterable[Told], now: datetime) -> None:
    told = list(told)
    heads = journal.heads(session, {row.case_id for row, *_ in told})
    lines = []
    for row, kind, data, rung in told:
        seq, previous = heads.get(row.case_id, (0, journal.BEGIN))
        actor = journal.SYSTEM
        entry = journal.line(row.case_id, seq + 1, previous, now, actor, kind, data, row.id, rung)
        heads[row.case_id] = (seq + 1, entry["hash"])
        lines.append(entry)
    journal.extend(session, lines)


def _send(session: Session, raised: Iterable[Raised], now: datetime) -> None:
    rows = (
        (r.ringing.case_id, r.ringing.id, r.offset, lead, person, r.ringing.statutory)
        for r in raised
        for lead, persons in ((_lead(r.offset), r.hearers.to), (SKIPPED, r.hearers.instead))
        for person in persons
    )
    session.execute(_sending(), packed(rows) | {"now": now})


@cache
def _sending() -> sa.Insert:
    # fmt: off
    rows = given(
        case_id=INTEGER, checkpoint_id=INTEGER, rung=INTEGER, lead=TEXT, recipient_id=INTEGER,
        statutory=sa.Boolean(),
    ).c
    # fmt: on
    now = sa.bindparam("now", type_=MOMENT)
    alike = {"created_at": now, "state": sa.literal(AlertState.WAITING.value), "next_at": now}
    return sa.insert(table("alerts")).from_select(
        [*rows.keys(), *alike], sa.select(*rows, *alike.values())
    )


def _lead(offset: int) -> str:
    return "reminder" if offset < 0 else "overdue" if offset else "due"
