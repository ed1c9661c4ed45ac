"""Offering a role: drafted with a packet, put on offer once the packet is complete, or taken back.

The sender stays responsible until somebody has accepted by reading back.
"""

from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine
from sqlmodel import Session

from casework import journal
from casework.batons import Offer, as_offer, locked, refuse_old_page, sender_of, waiting_for
from casework.cases import find, moved_on
from casework.connect import transaction
from casework.on_offer import addressed, draft_of, new_draft, put_on_offer, take_back
from casework.packets import Packet, complete, packed, says_the_same
from casework.people import acting
from casework.receivers import (
    Receiver,
    of_organisation,
    receiver_of,
    refuse_oneself,
    warnings_about,
    warnings_of,
)
from casework.refusals import NotAllowed
from casework.returning import still_to_go_on
from escalation.packet import LINES, too_long
from escalation.text import Text
from models import Case, Contact, Handover, HandoverState, Organisation, Role

__all__ = ["Offer", "Packet", "draft", "offer", "offer_draft", "revoke"]

TOO_LONG = Text(
    f"De samenvatting is langer dan {LINES} regels; zo kan zij niet aangeboden worden.",
    f"The summary has more than {LINES} lines; like this it can not be offered.",
)


def draft(
    engine: Engine,
    case_key: str,
    *,
    role: Role,
    to: str,
    packet: Packet,
    by: str,
    now: datetime,
) -> Offer:
    """What is written of the handover is kept, one draft of a role per sender; nobody is told.

    Drafted again it is brought up to date, also with what is open on the case. Returns what the
    packet still lacks. Raises NotAllowed by whoever may not offer the role, or for an unknown code;
    NotFound.
    """
    with transaction(engine) as session:
        case, actor = find(session, case_key), acting(session, by, now)
        sender = sender_of(session, case, role, actor, now)
        receiver = receiver_of(session, to, now, sender, actor)
        refuse_oneself(sender, actor, receiver)
        row = draft_of(session, case, role, sender)
        known = row is not None
        row = row or new_draft(case, role, sender, receiver)
        parts = packed(session, case, row.packet, packet)
        if not (known and row.packet == parts and receiver.is_of(row)):
            addressed(session, row, receiver, parts)
            moved_on(session, case)
            said: dict[str, Any] = {"id": row.id, "role": role.value, "to": receiver.person.key}
            journal.append(session, case, now, actor.key, "handover_drafted", **said)
        too_much = (TOO_LONG,) if too_long(parts) else ()
        return as_offer(session, case, row, (*too_much, *warnings_of(session, role, receiver, now)))


def offer(
    engine: Engine,
    case_key: str,
    *,
    role: Role,
    to: str,
    packet: Packet,
    by: str,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """The role is on offer to `to`, who is told; the sender still holds it, and its clocks run.

    `to` is a person, or an organisation: then its fixed contact is asked and anybody there may
    answer. A draft of the sender is taken over. Offered twice alike is offered once. Raises
    IncompletePacket, CaseMoved, NotFound, and NotAllowed naming what is in the way, as when another
    packet is on offer.
    """
    with transaction(engine) as session:
        case, actor = find(session, case_key), acting(session, by, now)
        sender = sender_of(session, case, role, actor, now)
        receiver = receiver_of(session, to, now, sender, actor)
        if waiting := waiting_for(session, case, role):
            if receiver.is_of(waiting) and waiting.from_contact_id == sender.id:
                _refuse_another_packet(waiting, packet)
                warnings = warnings_about(session, waiting, receiver, now)
                return as_offer(session, case, waiting, warnings)
            _refuse_beside(session, waiting)
        refuse_old_page(case, seen_version)
        row = draft_of(session, case, role, sender) or new_draft(case, role, sender, receiver)
        parts = complete(session, case, row.packet, packet)
        return put_on_offer(session, case, row, receiver, parts, actor, now)


def offer_draft(
    engine: Engine,
    handover_id: int,
    *,
    by: str,
    now: datetime,
    packet: Packet | None = None,
    seen_version: int | None = None,
) -> Offer:
    """The draft is on offer, as `offer` does it. Offered twice alike is offered once.

    Raises NotAllowed when it is no draft any more, on offer with another packet, or of somebody who
    no longer holds the role; CaseMoved on an old page.
    """
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        actor = acting(session, by, now)
        sender = sender_of(session, case, row.role, actor, now)
        if sender.id != row.from_contact_id:
            raise NotAllowed(f"handover {row.id} is a draft of somebody else; make one of your own")
        if row.state is HandoverState.OFFERED:
            _refuse_another_packet(row, packet)
            return as_offer(session, case, row)
        if row.state is not HandoverState.DRAFT:
            raise NotAllowed(f"handover {row.id} is no draft any more: it is {row.state.value}")
        if waiting := waiting_for(session, case, row.role):
            _refuse_beside(session, waiting)
        refuse_old_page(case, seen_version)
        parts, meant = complete(session, case, row.packet, packet), _meant(session, row, actor, now)
        return put_on_offer(session, case, row, meant, parts, actor, now)


def revoke(
    engine: Engine, handover_id: int, *, by: str, now: datetime, seen_version: int | None = None
) -> Offer:
    """The sender takes the offer or draft back; a receiver it was offered to is told.

    So may who stands in for the sender or took the sender's place, and the process director.
    Revoked twice is revoked once. Raises NotAllowed, CaseMoved on an old page, NotFound.
    """
    with transaction(engine) as session:
        row, case = locked(session, handover_id)
        actor = acting(session, by, now)
        _refuse_other_than_sender(session, case, row, actor, now)
        if row.state is HandoverState.REVOKED:
            return as_offer(session, case, row)
        if row.state not in {HandoverState.DRAFT, HandoverState.OFFERED}:
            raise NotAllowed(f"handover {row.id} is no longer on offer: it was {row.state.value}")
        refuse_old_page(case, seen_version)
        was_offered = row.state is HandoverState.OFFERED
        take_back(session, case, row, now)
        if was_offered:
            still_to_go_on(session, case, row, now)
        moved_on(session, case)
        journal.append(session, case, now, actor.key, "handover_revoked", id=row.id)
        return as_offer(session, case, row)


def _refuse_other_than_sender(
    session: Session, case: Case, row: Handover, by: Contact, now: datetime
) -> None:
    if by.id == row.from_contact_id:
        return
    refusal = f"only the sender can revoke handover {row.id}, or the process director"
    try:
        sender_of(session, case, row.role, by, now)
    except NotAllowed:
        raise NotAllowed(refusal) from None


def _meant(session: Session, row: Handover, actor: Contact, now: datetime) -> Receiver:
    """Whom the draft is for: at an organisation that may be another person by now."""
    if row.principal_id is not None:
        sender = session.get_one(Contact, row.from_contact_id)
        home = session.get_one(Organisation, row.principal_id)
        return of_organisation(session, home, now, sender, actor)
    return Receiver(session.get_one(Contact, row.to_contact_id))


def _refuse_another_packet(waiting: Handover, packet: Packet | None) -> None:
    if not (waiting.state is HandoverState.ASSIGNED or says_the_same(waiting.packet, packet)):
        raise NotAllowed(
            f"handover {waiting.id} is on offer with another packet; revoke it first: "
            f"estafette handover revoke {waiting.id}"
        )


def _refuse_beside(session: Session, waiting: Handover) -> None:
    if waiting.state is HandoverState.ASSIGNED:
        key = session.get_one(Contact, waiting.to_contact_id).key
        raise NotAllowed(
            f"handover {waiting.id} assigned this role to {key}, who has to read back first"
        )
    raise NotAllowed(
        f"handover {waiting.id} of this role is still on offer; it must be answered or revoked "
        "first"
    )
