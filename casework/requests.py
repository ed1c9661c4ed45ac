"""Requests: a partner is asked something, and answers done, not done or cannot share, with why.

Whoever asks is owed the answer by a date; the request stays open until it is given or withdrawn.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from casework import journal
from casework.asked import (
    LONGEST_ASK,
    LONGEST_REASON,
    Asked,
    as_asked,
    clocks_of,
    end,
    home_of,
    known_as,
    last_clock,
    locked,
    refuse_no_asker,
    refuse_other,
    refuse_over,
    refuse_receiver,
    said,
    start_clock,
    stored,
    take_back,
)
from casework.cases import find, look_up, moved_on
from casework.clocks import answer_clocks
from casework.connect import reading, transaction
from casework.organisations import card_of
from casework.people import acting
from casework.receivers import receiver_of
from casework.refusals import NotAllowed
from casework.silence import stirred
from casework.table import at_the_table
from casework.telling import tell
from escalation.text import Text
from models import Answer, Contact, Organisation, Request, RequestState

__all__ = ["Asked", "RequestView", "ask", "reply", "requests_of", "withdraw"]


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request as both sides see it. `due_at` is the moment by which it is answered."""

    id: int
    asker: str
    receiver: str
    organisation: str
    ask: str
    asked_at: datetime
    due_on: date
    due_at: datetime
    state: str
    answer: str | None
    reason: str | None
    closed_by: str | None
    closed_at: datetime | None


def ask(
    engine: Engine, case_key: str, *, to: str, what: str, by: str, now: datetime
) -> Asked:  # fmt: skip
    """The person, or whoever answers for the organisation, is asked this and told so; `by` is owed
    the answer on a clock.

    The same open ask to the same is one. Returns what that organisation can and cannot do, as its
    card says. Raises NotAllowed for a closed case, a blank ask, oneself,
    and somebody who left or is absent (it names who stands in); NotFound; Incomplete.
    """
    what = said(what, "a request", LONGEST_ASK)
    with transaction(engine) as session:
        case, asker = find(session, case_key), acting(session, by, now)
        if case.closed_at is not None:
            raise NotAllowed(f"case {case.key} is closed; reopen it first: estafette case reopen")
        meant = receiver_of(session, to, now, asker)
        receiver = meant.person
        if known := known_as(session, case, asker, meant, what):
            return as_asked(session, case, known, _card(session, receiver, now))
        refuse_receiver(session, asker, receiver, to, now)
        row = stored(session, case, asker, receiver, what, now)
        clock = start_clock(session, case, row, now)
        tell(session, case, receiver, "asked", now, request=row)
        at_the_table(session, case, now)
        moved_on(session, case)
        journal.append(
            session, case, now, asker.key, "asked", request=row.id, promise=clock.id,
            to=receiver.key, organisation=home_of(session, row), due_at=clock.due_at.isoformat(),
        )  # fmt: skip
        return as_asked(session, case, row, _card(session, receiver, now))


def reply(
    engine: Engine, request_id: int, *, given: Answer, reason: str, by: str, now: datetime
) -> Asked:
    """The request is answered, its asker told; each answer needs a reason.

    Whoever was asked answers, somebody else of that organisation, or who stands in for an absent
    person. The same answer twice is given once. Raises NotAllowed, also when it was answered
    otherwise or withdrawn; NotFound.
    """
    reason = said(reason, f"the answer {given.value!r}", LONGEST_REASON)
    with transaction(engine) as session:
        row, case = locked(session, request_id)
        person = acting(session, by, now)
        refuse_other(session, row, person, now)
        if row.state is RequestState.ANSWERED and row.answer is given:
            return as_asked(session, case, row)
        refuse_over(row)
        end(session, row, RequestState.ANSWERED, reason, person.key, now, given)
        answer_clocks(session, clocks_of(session, row), now, person.key, given, reason)
        tell(session, case, session.get_one(Contact, row.from_contact_id), "answered", now,
             request=row)  # fmt: skip
        stirred(session, case, now, person)
        moved_on(session, case)
        journal.append(
            session, case, now, person.key, "replied", request=row.id, answer=given.value,
            organisation=home_of(session, row),
        )  # fmt: skip
        return as_asked(session, case, row)


def withdraw(engine: Engine, request_id: int, *, by: str, reason: str, now: datetime) -> Asked:
    """The request is taken back and whoever was asked is told. Needs a reason.

    By its asker, who stands in for them, the case's director or the process director. Withdrawn
    twice is withdrawn once. Raises NotAllowed, also when it was answered; NotFound.
    """
    reason = said(reason, "withdrawing a request", LONGEST_REASON)
    with transaction(engine) as session:
        row, case = locked(session, request_id)
        person = acting(session, by, now)
        refuse_no_asker(session, case, row, person, now)
        if row.state is RequestState.WITHDRAWN:
            return as_asked(session, case, row)
        refuse_over(row)
        take_back(session, case, row, person.key, reason, now)
        at_the_table(session, case, now)
        moved_on(session, case)
        return as_asked(session, case, row)


def requests_of(engine: Engine, case_key: str) -> list[RequestView]:
    """Everything that was asked about the case, the last one last. Raises NotFound."""
    with reading(engine) as session:
        case = look_up(session, case_key)
        asker, receiver = aliased(Contact), aliased(Contact)
        rows = session.exec(
            select(Request, asker.key, receiver.key, Organisation.key)
            .join(asker, col(asker.id) == col(Request.from_contact_id))
            .join(receiver, col(receiver.id) == col(Request.to_contact_id))
            .join(Organisation, col(Organisation.id) == col(Request.organisation_id))
            .where(Request.case_id == case.id)
            .order_by(col(Request.id))
        ).all()
        return [_view(session, row, *keys) for row, *keys in rows]


def _card(session: Session, receiver: Contact, now: datetime) -> tuple[Text, ...]:
    """What may be expected of the organisation that was asked, and whether it is open."""
    return card_of(session, session.get_one(Organisation, receiver.organisation_id), now)


def _view(session: Session, row: Request, asker: str, receiver: str, home: str) -> RequestView:
    clock = last_clock(session, row)
    return RequestView(
        id=row.id or 0,
        asker=asker,
        receiver=receiver,
        organisation=home,
        ask=row.ask,
        asked_at=row.asked_at,
        due_on=clock.due_on,
        due_at=clock.due_at,
        state=row.state.value,
        answer=row.answer.value if row.answer else None,
        reason=row.reason,
        closed_by=row.closed_by,
        closed_at=row.closed_at,
    )
