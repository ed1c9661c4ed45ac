"""Making the signed link of a handover: by hand for whoever asks, or for a message."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col

from casework import journal
from casework.batons import WAITING, directs_process, locked, stands_in, taker_of
from casework.cases import moved_on
from casework.connect import transaction
from casework.link_handovers import OWING, may_answer
from casework.link_tokens import Kind, marked, new_mark, token_for
from casework.people import acting, contact
from casework.presence import present
from casework.refusals import NotAllowed
from casework.succeeding import holder
from models import Case, Contact, Handover, Role


def make_link(engine: Engine, handover_id: int, *, by: str, secret: bytes, now: datetime) -> str:
    """The token of a new link for whoever is asked, or took it over; links made before no longer
    work.

    Made by the sender, the case's director or the process director. Raises NotAllowed by anybody
    else, for somebody who has an account, or when nothing of the handover is owed; NotFound.
    """
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        maker = acting(session, by, now)
        _refuse_maker(session, case, row, maker, now)
        if row.state not in WAITING + OWING:
            raise NotAllowed(f"handover {row.id} waits for nobody: it is {row.state.value}")
        person = _meant(session, row, now)
        row.link = new_mark()
        session.add(row)
        moved_on(session, case)
        journal.append(session, case, now, maker.key, "link_made", id=row.id, to=person.key)
        return _token(secret, row, person)


def link_in_message(
    engine: Engine, handover_id: int, *, to: str, secret: bytes, now: datetime
) -> str | None:
    """The token of the present link, made when there is none yet, for a message to `to`; the same
    each time. None when `to` has nothing to answer of the handover (any more), or has an account.
    """
    with transaction(engine) as session:
        row = session.get_one(Handover, handover_id)
        person = contact(session, to)
        if person.account or not may_answer(session, row, person, now):
            return None
        session.execute(
            sa.update(Handover)
            .where(col(Handover.id) == row.id, col(Handover.link).is_(None))
            .values(link=new_mark())
        )
        session.refresh(row)
        return _token(secret, row, person)


def _meant(session: Session, row: Handover, now: datetime) -> Contact:
    """Whom the link is for: who was asked or took it over, or stands in. Raises NotAllowed for
    whoever has an account."""
    waits = row.state in WAITING
    asked = session.get_one(Contact, row.to_contact_id) if waits else taker_of(session, row)
    person = present(session, asked, now) or asked
    if person.account:
        verb = "accept" if waits else "report"
        raise NotAllowed(
            f"{person.key} has an account and answers with: estafette handover {verb} {row.id}"
        )
    return person


def _token(secret: bytes, row: Handover, person: Contact) -> str:
    mark = marked(row.link or "", person.organisation_id)
    return token_for(secret, Kind.HANDOVER, row.id or 0, person.id or 0, mark)


def _refuse_maker(
    session: Session, case: Case, row: Handover, maker: Contact, now: datetime
) -> None:
    sender, director = (
        session.get_one(Contact, row.from_contact_id),
        holder(session, case, Role.DIRECTOR),
    )
    for person in (sender, director):
        if person and (person.id == maker.id or stands_in(session, person, maker, now)):
            return
    if not directs_process(session, case, maker, now):
        raise NotAllowed(f"{maker.key} is neither the sender nor a director of case {case.key}")
