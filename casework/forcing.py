"""Assigning by force: when a role was not taken over repeatedly, the process director decides."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.batons import Offer, as_offer, directs_process, refuse_old_page, waiting_for
from casework.cases import find, moved_on
from casework.clocks import answer_clocks, clocks_of_role, lapse_clocks, start_clock
from casework.connect import transaction
from casework.on_offer import take_back
from casework.packets import Packet, complete, says_the_same
from casework.people import acting, contact
from casework.receivers import Receiver, receiver_of, refuse_receiver, warnings_about
from casework.refusals import NotAllowed
from casework.silence import stirred
from casework.succeeding import holder
from casework.taking import taken
from casework.telling import tell
from escalation.baton import HANDOVER_RETURNED, PROCESS_DECIDES, READ_BACK_OWED
from models import Case, Contact, Handover, HandoverState, Role

MOST = 1000


def assign(
    engine: Engine,
    case_key: str,
    *,
    role: Role,
    to: str,
    packet: Packet | None = None,
    by: str,
    because: str,
    now: datetime,
    seen_version: int | None = None,
) -> Offer:
    """The receiver holds the role at once and owes a read-back by a dated promise; a pending offer
    of the role is revoked, and both sides and the old holder are told.

    Without a packet the last one of this role is taken, with what is open now. Assigned twice alike
    is assigned once. Raises NotAllowed by anybody but the municipality's process director or who
    stands in, without a reason, with another packet than it was assigned with, or for a receiver
    who cannot be; CaseMoved on an old page, IncompletePacket, NotFound.
    """
    reason = _stated(because)
    with transaction(engine) as session:
        case, actor = find(session, case_key), acting(session, by, now)
        _refuse_other_than_director(session, case, actor, now)
        receiver = receiver_of(session, to, now)
        if known := _known(session, case, role, receiver, reason):
            _refuse_another_packet(known, packet)
            return as_offer(session, case, known)
        refuse_old_page(case, seen_version)
        sender = _giver(session, case, role, actor, receiver)
        refuse_receiver(session, case, role, sender, receiver, now)
        parts = complete(session, case, _last_packet(session, case, role), packet)
        waiting = waiting_for(session, case, role)
        if waiting is not None:
            take_back(session, case, waiting, now)
        row = _assigned(session, case, role, sender, receiver, parts, now, (actor.key, reason))
        _tell_both_sides(session, case, row, waiting, actor, now)
        stirred(session, case, now)
        moved_on(session, case)
        said: dict[str, Any] = {"id": row.id, "role": role.value, "to": receiver.person.key}
        journal.append(session, case, now, actor.key, "handover_assigned", **said)
        return as_offer(session, case, row, warnings_about(session, row, receiver, now))


def _assigned(
    session: Session, case: Case, role: Role, sender: Contact, to: Receiver,
    parts: Mapping[str, Any], now: datetime, forced: tuple[str, str],
) -> Handover:  # fmt: skip
    """The row, the role in its new hands, and the clock on the read-back."""
    row = Handover(
        case_id=case.id or 0, role=role, from_contact_id=sender.id or 0,
        to_contact_id=to.person.id or 0, principal_id=to.principal.id if to.principal else None,
        state=HandoverState.ASSIGNED, packet=dict(parts), offered_at=now, forced_by=forced[0],
        forced_because=forced[1],
    )  # fmt: skip
    session.add(row)
    session.flush()
    director = contact(session, forced[0])
    decided = clocks_of_role(session, case, role, {PROCESS_DECIDES.key})
    answer_clocks(session, decided, now, director.key)
    lapse_clocks(session, clocks_of_role(session, case, role, {HANDOVER_RETURNED.key}), now)
    start_clock(session, case, row, READ_BACK_OWED, now, asked=to.person, owed=director)
    taken(session, case, row, to.person, now)
    return row


def _tell_both_sides(
    session: Session,
    case: Case,
    row: Handover,
    waiting: Handover | None,
    actor: Contact,
    now: datetime,
) -> None:
    tell(session, case, session.get_one(Contact, row.to_contact_id), "assigned", now, handover=row)
    gave = {row.from_contact_id} | ({waiting.from_contact_id} if waiting else set())
    for giver in sorted(gave - {actor.id, row.to_contact_id}):
        tell(session, case, session.get_one(Contact, giver), "taken", now, handover=row)


def _refuse_other_than_director(
    session: Session, case: Case, actor: Contact, now: datetime
) -> None:
    if case.closed_at is not None:
        raise NotAllowed(f"case {case.key} is closed; there is nothing to assign")
    if not directs_process(session, case, actor, now):
        raise NotAllowed(
            f"only the process director of {case.municipality} assigns a role by force, or who "
            f"stands in; {actor.key} can offer it: estafette handover offer"
        )


def _stated(because: str) -> str:
    said = because.strip()
    if not 0 < len(said) <= MOST:
        raise NotAllowed(f"assigning by force needs a reason, of at most {MOST} characters")
    return said


def _known(session: Session, case: Case, role: Role, to: Receiver, because: str) -> Handover | None:
    """The handover that this very assignment made, while the role is still in those hands."""
    last = session.exec(
        select(Handover)
        .where(
            Handover.case_id == case.id, Handover.role == role, col(Handover.forced_by).is_not(None)
        )
        .order_by(col(Handover.id).desc())
    ).first()
    held = holder(session, case, role)
    if last is None or held is None or last.state is HandoverState.REVOKED:
        return None
    same = to.is_of(last) and last.forced_because == because
    return last if same and held.id in {to.person.id, last.to_contact_id} else None


def _refuse_another_packet(known: Handover, packet: Packet | None) -> None:
    if not says_the_same(known.packet, packet):
        raise NotAllowed(
            f"handover {known.id} assigned this role already, with another packet; it stays as it "
            f"was written: estafette handover show {known.id}"
        )


def _giver(session: Session, case: Case, role: Role, actor: Contact, to: Receiver) -> Contact:
    """Whose hands the role comes from: its holder's, else the director's, who held what nobody
    else did; of the process director when that is the receiver."""
    hands = (holder(session, case, role), holder(session, case, Role.DIRECTOR), actor)
    others = (person for person in hands if person and person.id != to.person.id)
    return next(others, to.person)


def _last_packet(session: Session, case: Case, role: Role) -> dict[str, Any]:
    last = session.exec(
        select(Handover)
        .where(
            Handover.case_id == case.id,
            Handover.role == role,
            Handover.state != HandoverState.DRAFT,
        )
        .order_by(col(Handover.offered_at).desc(), col(Handover.id).desc())
    ).first()
    return dict(last.packet) if last else {}
