"""Absences: somebody is away for a time, now or later, and their deputy stands in at once."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import record
from casework.connect import transaction
from casework.people import acting, contact_or_number
from casework.presence import during
from casework.refusals import NotAllowed
from casework.rerouting import route_if_begun
from models import Absence, Contact


@dataclass(frozen=True, slots=True)
class Away:
    """A time somebody is not there. Without `until` it lasts until further notice."""

    since: datetime
    until: datetime | None


def away(
    engine: Engine,
    key: str,
    *,
    since: datetime,
    until: datetime | None = None,
    by: str,
    now: datetime,
) -> Away:
    """The contact is absent in that time, and what waits for them is with whoever stands in from
    its beginning on; returns the absence this is part of.

    Several may be planned; those that overlap or touch are one. Called twice is called once.
    Raises NotAllowed for an absence that ends before it begins or is over, or of somebody who
    left; NotFound.
    """
    _refuse_odd(since, until, now)
    with transaction(engine) as session:
        person, actor = for_change(session, key), acting(session, by, now).key
        if person.left_at is not None:
            raise NotAllowed(f"{person.key} left, and is not expected back")
        row, changed = _noted(session, person, Absence(
            contact_id=person.id or 0, since=since, until=until, recorded_at=now), now)  # fmt: skip
        if changed:
            record(session, now, actor, "absent", contact=person.key, **_said(row))
        route_if_begun(session, row, person, now)
        return Away(row.since, row.until)


def back(
    engine: Engine, key: str, *, by: str, now: datetime, since: datetime | None = None
) -> None:
    """The contact is there again from `now` on; absences planned for later stay planned.

    With `since`, the absence planned from that moment is called off instead. Called twice is called
    once. Raises NotFound, NotAllowed when the absence named by `since` began already.
    """
    if since is not None and since <= now:
        raise NotAllowed("that absence began already; say that the contact is back, without a date")
    with transaction(engine) as session:
        person, actor = for_change(session, key), acting(session, by, now).key
        which = during(now) if since is None else col(Absence.since) == since
        ended = session.exec(select(Absence).where(Absence.contact_id == person.id, which)).all()
        for row in ended:
            _end(session, row, now)
        # Before it is recorded: nobody waits for an absence while all who administer wait for them.
        session.flush()
        for row in ended:
            record(session, now, actor, "back", contact=person.key, since=row.since.isoformat())


def for_change(session: Session, key: str) -> Contact:
    """The contact, as it is now; nobody else changes it until the transaction ends."""
    person = contact_or_number(session, key)
    # Not so strict that it would stop those who only refer to the contact.
    session.refresh(person, with_for_update={"key_share": True})
    return person


def _refuse_odd(since: datetime, until: datetime | None, now: datetime) -> None:
    if since.tzinfo is None or (until is not None and until.tzinfo is None):
        raise NotAllowed("an absence needs moments with their time zone: 2026-03-02T09:00+01:00")
    if until is not None and until <= since:
        raise NotAllowed("an absence begins before it ends; check both dates")
    if until is not None and until <= now:
        raise NotAllowed("that absence is over already; there is nothing to pass on")


def _noted(session: Session, person: Contact, new: Absence, now: datetime) -> tuple[Absence, bool]:
    """One row for the new absence and all it overlaps or touches, and whether that is news."""
    theirs = select(Absence).where(Absence.contact_id == person.id)
    # Locked before anything is recorded: a watch that passes one of them on records it too.
    locked = theirs.with_for_update().execution_options(populate_existing=True)
    known = session.exec(locked).all()
    near = [row for row in known if _touch(row, new)]
    if any(_covers(row, new) for row in near):
        return next(row for row in near if _covers(row, new)), False
    passed_on = [row.routed_at for row in near if row.routed_at and _runs(row, now)]
    new.routed_at = passed_on[0] if passed_on else None
    new.since = min(row.since for row in (new, *near))
    ends = [row.until for row in (new, *near)]
    new.until = None if None in ends else max(end for end in ends if end is not None)
    for row in near:
        session.delete(row)
    session.add(new)
    session.flush()
    return new, True


def _touch(one: Absence, other: Absence) -> bool:
    ends_before = one.until is not None and one.until < other.since
    begins_after = other.until is not None and other.until < one.since
    return not (ends_before or begins_after)


def _covers(row: Absence, new: Absence) -> bool:
    ends_no_sooner = row.until is None or (new.until is not None and new.until <= row.until)
    return row.since <= new.since and ends_no_sooner


def _runs(row: Absence, now: datetime) -> bool:
    return row.since <= now and (row.until is None or row.until > now)


def _end(session: Session, row: Absence, now: datetime) -> None:
    if row.since < now:
        row.until = now
        session.add(row)
    else:
        session.delete(row)  # it never was


def _said(row: Absence) -> dict[str, str | None]:
    until = row.until.isoformat() if row.until else None
    return {"since": row.since.isoformat(), "until": until}
