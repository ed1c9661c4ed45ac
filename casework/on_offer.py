"""One handover on its way, within a transaction: drafted, put on offer, or taken back."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from casework import journal
from casework.batons import Offer, as_offer
from casework.cases import moved_on
from casework.clocks import (
    OF_AN_OFFER,
    answer_clocks,
    clocks_of,
    clocks_of_role,
    lapse_clocks,
    start_clock,
)
from casework.packets import refuse_incomplete
from casework.receivers import Receiver, refuse_oneself, refuse_receiver, warnings_about
from casework.succeeding import holder
from casework.telling import reached, tell
from escalation.baton import (
    HANDOVER_ACKNOWLEDGED,
    HANDOVER_ANSWERED,
    HANDOVER_RETURNED,
    HANDOVER_URGENT,
)
from escalation.packet import URGENT
from models import Case, Contact, Handover, HandoverState, Organisation, Role


def draft_of(session: Session, case: Case, role: Role, sender: Contact) -> Handover | None:
    """What the sender has written of this role so far."""
    return session.exec(
        select(Handover).where(
            Handover.case_id == case.id,
            Handover.role == role,
            Handover.from_contact_id == sender.id,
            Handover.state == HandoverState.DRAFT,
        )
    ).first()


def new_draft(case: Case, role: Role, sender: Contact, to: Receiver) -> Handover:
    """An empty draft; no row yet."""
    return Handover(
        case_id=case.id or 0,
        role=role,
        from_contact_id=sender.id or 0,
        to_contact_id=to.person.id or 0,
        state=HandoverState.DRAFT,
        packet={},
    )


def addressed(session: Session, row: Handover, to: Receiver, parts: Mapping[str, Any]) -> None:
    """The handover is for this receiver, with this packet."""
    row.to_contact_id, row.packet = to.person.id or 0, dict(parts)
    row.principal_id = to.principal.id if to.principal else None
    session.add(row)
    session.flush()


def put_on_offer(
    session: Session, case: Case, row: Handover, to: Receiver, parts: Mapping[str, Any],
    actor: Contact, now: datetime,
) -> Offer:  # fmt: skip
    """The receiver is told of the offer, as is a holder who did not make it, and its clocks run.
    That no other offer of the role waits is the caller's to see to. Raises NotAllowed for a
    receiver who cannot be, IncompletePacket."""
    sender = session.get_one(Contact, row.from_contact_id)
    refuse_oneself(sender, actor, to)
    refuse_receiver(session, case, row.role, sender, to, now)
    refuse_incomplete(parts)
    row.state, row.offered_at, row.offered_by = HandoverState.OFFERED, now, actor.key
    addressed(session, row, to, parts)
    _start_clocks(session, case, row, sender, to.person, now)
    # Offering it anew is how its sender goes on.
    returned = clocks_of_role(session, case, row.role, {HANDOVER_RETURNED.key})
    answer_clocks(session, returned, now, actor.key)
    tell(session, case, to.person, "offered", now, handover=row)
    _tell_holder(session, case, row, actor, now)
    moved_on(session, case)
    said: dict[str, Any] = {"id": row.id, "role": row.role.value, "to": to.person.key}
    home = session.get_one(Organisation, to.person.organisation_id)
    journal.append(session, case, now, actor.key, "handover_offered", **said, organisation=home.key)
    return as_offer(session, case, row, warnings_about(session, row, to, now))


def take_back(session: Session, case: Case, row: Handover, now: datetime) -> None:
    """Within a transaction: the handover is revoked, its clocks lapse, and its receiver is told
    when it had been offered."""
    if row.state is not HandoverState.DRAFT:
        tell(session, case, session.get_one(Contact, row.to_contact_id), "revoked", now,
             handover=row)  # fmt: skip
    row.state, row.answered_at = HandoverState.REVOKED, now
    session.add(row)
    session.flush()
    lapse_clocks(session, clocks_of(session, row, OF_AN_OFFER), now)


def _tell_holder(
    session: Session, case: Case, row: Handover, actor: Contact, now: datetime
) -> None:
    """Who holds the role hears that somebody else offers it, unless it was their stand-in."""
    held = holder(session, case, row.role)
    if held and actor.id not in {held.id, reached(session, case, held, now).id}:
        tell(session, case, held, "offered_on", now, handover=row)


def _start_clocks(
    session: Session, case: Case, row: Handover, sender: Contact, receiver: Contact, now: datetime
) -> None:
    urgent = row.packet["severity"] == URGENT
    for spec in (HANDOVER_URGENT,) if urgent else (HANDOVER_ACKNOWLEDGED, HANDOVER_ANSWERED):
        start_clock(session, case, row, spec, now, asked=receiver, owed=sender)
