"""Taking a role over, within a transaction: what the offer asked is answered, the role passes, and
word is owed."""

from datetime import datetime

from sqlmodel import Session

from casework.cases import open_visit
from casework.clocks import (
    FOLLOW_UP,
    OF_AN_OFFER,
    TO_ANSWER,
    answer_clocks,
    clocks_of,
    clocks_of_role,
    lapse_clocks,
    start_clock,
)
from casework.dating import ensure_next_date
from casework.lapsing import lapse
from casework.packets import texts_of
from casework.people import contact
from casework.presence import present
from casework.refusals import NotAllowed
from casework.succeeding import holder, succeed
from casework.telling import reached, tell
from escalation.baton import HANDOVER_ACKNOWLEDGED, REPORT_BACK, WARM_CONTACT
from escalation.lanes import LEAD_TAKEN
from escalation.packet import WORDS, repeats, says_something, words
from escalation.path import STAGES
from models import Answer, Case, Contact, Handover, HandoverState

MOST = 4000


def taken(session: Session, case: Case, row: Handover, person: Contact, now: datetime) -> None:
    """`person` holds the handover's role, and nobody asks any longer who
    takes the lead; the case keeps a next date."""
    now_held_by = holder(session, case, row.role)
    if now_held_by is None or now_held_by.id != person.id:
        succeed(session, case, row.role, person, now, row.principal_id)
    if STAGES[case.stage].lead.value == row.role.value:
        lapse(session, case, now, {LEAD_TAKEN.key})
    if visit := open_visit(session, case):
        ensure_next_date(session, case, visit, now)


def taken_over(
    session: Session, case: Case, row: Handover, person: Contact, read_back: str, now: datetime
) -> None:
    """`person` has read back and holds the role; the sender is owed warm contact and word, and
    whoever else held it is told."""
    sender = session.get_one(Contact, row.from_contact_id)
    before = holder(session, case, row.role)
    row.state, row.read_back = HandoverState.ACCEPTED, read_back
    answered(session, row, person, now)
    lapse_clocks(session, clocks_of_role(session, case, row.role, FOLLOW_UP), now)
    for spec in (WARM_CONTACT, REPORT_BACK):
        start_clock(session, case, row, spec, now, asked=person, owed=sender)
    taken(session, case, row, person, now)
    if before is not None and before.id != sender.id:
        _tell_who_had_it(session, case, row, before, person, now)
    if before is None or before.id != row.to_contact_id:
        tell_who_was_asked(session, case, row, person, now)


def _tell_who_had_it(
    session: Session, case: Case, row: Handover, before: Contact, taker: Contact, now: datetime
) -> None:
    """Who lost the role hears so, unless they or their stand-in took it over themselves."""
    if taker.id not in {before.id, reached(session, case, before, now).id}:
        tell(session, case, before, "passed", now, handover=row)


def tell_who_was_asked(
    session: Session, case: Case, row: Handover, by: Contact, now: datetime
) -> None:
    """Whom it was offered to hears that somebody else has answered, so that nobody waits for them;
    unless they are away, and whoever stands in does."""
    asked = session.get_one(Contact, row.to_contact_id)
    there = present(session, asked, now)
    if there is not None and there.id != by.id:
        tell(session, case, asked, "answered_for_you", now, handover=row)


def tell_of_acceptance(session: Session, case: Case, row: Handover, now: datetime) -> None:
    """The sender hears of it, and the process director who assigned it."""
    tell(session, case, session.get_one(Contact, row.from_contact_id), "accepted", now,
         handover=row)  # fmt: skip
    if row.forced_by is not None:
        tell(session, case, contact(session, row.forced_by), "read_back", now, handover=row)


def refuse_echo(row: Handover, read_back: str) -> None:
    """Raises NotAllowed for a read-back that says too little, is too long, or copies the packet."""
    enough = len(set(words(read_back))) >= WORDS and says_something(read_back)
    if not enough or len(read_back.strip()) > MOST:
        raise NotAllowed(
            "read back in your own words what you take on, and by when: at least "
            f"{WORDS} different words and at most {MOST} characters"
        )
    if repeats(read_back, texts_of(row.packet)):
        raise NotAllowed(
            "this says no more than the packet does; read back in your own words what you will "
            "do, and by when"
        )


def answered(
    session: Session,
    row: Handover,
    by: Contact,
    now: datetime,
    given: Answer = Answer.DONE,
    reason: str | None = None,
) -> None:
    """What the offer asked is answered, and nothing else of it is asked any more."""
    row.answered_at, row.answered_by = now, by.key
    seen(session, row, by, now)
    answer_clocks(session, clocks_of(session, row, TO_ANSWER), now, by.key, given, reason)
    lapse_clocks(session, clocks_of(session, row, OF_AN_OFFER), now)


def seen(session: Session, row: Handover, by: Contact, now: datetime) -> None:
    """The receiver has seen it, the first time."""
    row.acknowledged_at = row.acknowledged_at or now
    session.add(row)
    session.flush()
    answer_clocks(session, clocks_of(session, row, {HANDOVER_ACKNOWLEDGED.key}), now, by.key)
