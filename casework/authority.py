"""Who may say that a case waits, and who may move the clock of a handover or a request."""

from datetime import date, datetime

from sqlmodel import Session

from casework.batons import directs_process, stands_in
from casework.people import contact
from casework.quiet import longest_wait, rules_of
from casework.refusals import NotAllowed
from casework.succeeding import holder
from models import Case, Checkpoint, Contact, Partner, Role


def may_wait(
    session: Session, case: Case, partner: Partner | None, by: Contact, now: datetime
) -> None:
    """`by` holds a role on the case, stands in for who does, or is its process director; a partner
    waits by word of its own people too. Raises NotAllowed."""
    held = (holder(session, case, role) for role in Role)
    of_partner = partner is not None and by.organisation_id == partner.organisation_id
    if of_partner or any(_is_or_stands_in(session, person, by, now) for person in held):
        return
    if not directs_process(session, case, by, now):
        who = "" if partner is None else ", somebody of that partner"
        raise NotAllowed(
            f"{by.key} can not say whether case {case.key} waits; that is for its director, who "
            f"holds a lead{who}, or the process director"
        )


def may_move_clock(
    session: Session, case: Case, row: Checkpoint, by: str, last: date, now: datetime
) -> None:
    """`by` may date this promise for `last`, which is all the same unless it is about a handover or
    a request: those are moved by whoever waits for them, the case's or the process director, not
    by whoever is asked, and no further than a case may wait. Raises NotAllowed, Incomplete."""
    if row.handover_id is None and row.request_id is None:
        return
    _refuse_who_may_not(session, case, row, contact(session, by), now)
    longest, furthest = longest_wait(rules_of(session, case), now)
    if last > max(furthest, row.due_on):
        raise NotAllowed(
            f"{last} is too far: the policy lets a case wait {longest} at most, so until "
            f"{furthest}; then somebody looks again"
        )


def _refuse_who_may_not(
    session: Session, case: Case, row: Checkpoint, by: Contact, now: datetime
) -> None:
    asked = session.get(Contact, row.asked_id) if row.asked_id else None
    if _is_or_stands_in(session, asked, by, now):
        raise NotAllowed(
            f"{by.key} is asked promise {row.id} and does not move its date; answer it, or ask "
            "whoever waits for it"
        )
    owed = session.get(Contact, row.owed_id) if row.owed_id else None
    may = (owed, holder(session, case, Role.DIRECTOR))
    if any(_is_or_stands_in(session, person, by, now) for person in may):
        return
    if not directs_process(session, case, by, now):
        raise NotAllowed(
            f"{by.key} can not move the date of promise {row.id}; that is for whoever waits for "
            "it, the case director or the process director"
        )


def _is_or_stands_in(session: Session, person: Contact | None, by: Contact, now: datetime) -> bool:
    return person is not None and (person.id == by.id or stands_in(session, person, by, now))
