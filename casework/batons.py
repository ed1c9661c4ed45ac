"""A handover as every verb about it finds it: locked, with who may offer and who may answer."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from casework.cases import find, refuse_stale
from casework.clocks import clocks_of_role
from casework.presence import is_absent, with_function
from casework.refusals import NotAllowed, NotFound
from casework.succeeding import holder
from casework.telling import DECIDERS, decider
from escalation.baton import PROCESS_DECIDES
from escalation.packet import missing
from escalation.text import Text
from models import Case, Contact, Handover, HandoverState, Organisation, Role

READ_BACK = (
    HandoverState.ACCEPTED, HandoverState.CONTACTED, HandoverState.REPORTED, HandoverState.CLOSED,
)  # fmt: skip
WAITING = (HandoverState.OFFERED, HandoverState.ASSIGNED)  # for the receiver's word


@dataclass(frozen=True, slots=True)
class Offer:
    """A handover as the verbs leave it; a draft says what it still lacks."""

    id: int
    case_key: str
    role: str
    state: str
    version: int
    missing: tuple[str, ...] = ()
    warnings: tuple[Text, ...] = ()
    held_by: str | None = None  # who holds the role now; the director what nobody else does


def as_offer(session: Session, case: Case, row: Handover, warnings: tuple[Text, ...] = ()) -> Offer:
    lacking = missing(row.packet) if row.state is HandoverState.DRAFT else ()
    held = next(iter(holders_of(session, case, row.role)), None)
    return Offer(
        row.id or 0, case.key, row.role.value, row.state.value, case.version, lacking, warnings,
        held.key if held else None,
    )  # fmt: skip


def holders_of(session: Session, case: Case, role: Role) -> list[Contact]:
    """Who holds the role, and then who directs the case; nobody when it is closed."""
    return [held for r in (role, Role.DIRECTOR) if (held := holder(session, case, r))]


def locked(session: Session, handover_id: int) -> tuple[Handover, Case]:
    """The handover and its case, locked, as they are now. Raises NotFound."""
    row = session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover", handover_id, "see: estafette handover list")
    case = find(session, session.get_one(Case, row.case_id).key)
    # Read again now that the case is locked: somebody may have answered meanwhile.
    session.refresh(row)
    return row, case


def refuse_old_page(case: Case, seen_version: int | None) -> None:
    """Raises CaseMoved when something happened on the case since whoever decides looked at it;
    None when they do not say what they saw."""
    if seen_version is not None:
        refuse_stale(case, seen_version)


def waiting_for(session: Session, case: Case, role: Role) -> Handover | None:
    """The handover of this role that waits for its receiver, offered or assigned."""
    return session.exec(
        select(Handover).where(
            Handover.case_id == case.id,
            Handover.role == role,
            col(Handover.state).in_(WAITING),
        )
    ).first()


def sender_of(session: Session, case: Case, role: Role, by: Contact, now: datetime) -> Contact:
    """In whose name `by` may offer the role: the holder's, or the director's, who holds what
    nobody else does.

    Somebody stands in for them while they are absent, and the process director for either always.
    Raises NotAllowed; it says who may when the process director has to decide.
    """
    if case.closed_at is not None:
        raise NotAllowed(f"case {case.key} is closed; there is nothing to hand over")
    decides = directs_process(session, case, by, now)
    asked = clocks_of_role(session, case, role, {PROCESS_DECIDES.key})
    # A decision nobody can take holds nobody up.
    if asked and not decides and decider(session, case, now) is not None:
        raise NotAllowed(
            f"this role of case {case.key} was not taken over repeatedly; now the process director "
            "decides and offers or assigns it"
        )
    holders = holders_of(session, case, role)
    own = (h for h in holders if h.id == by.id)
    instead = (h for h in holders if stands_in(session, h, by, now))
    sender = next(own, None) or next(instead, None)
    if sender is None and not decides:
        raise NotAllowed(
            f"{by.key} holds neither this role nor the direction of case {case.key}; "
            + _who_does(role, holders)
        )
    return sender or holders[0]


def _who_does(role: Role, holders: list[Contact]) -> str:
    directs = f"{holders[-1].key} directs it"
    if role is Role.DIRECTOR:
        return directs
    return f"{holders[0].key if len(holders) > 1 else 'nobody'} holds the role, and {directs}"


def answers_for(session: Session, row: Handover, by: Contact, now: datetime) -> None:
    """`by` may answer the handover: its receiver, who stands in for them while they are absent,
    or anybody of the organisation it was offered to; never its sender, nor who offered it in the
    sender's name. Raises NotAllowed."""
    receiver = session.get_one(Contact, row.to_contact_id)
    of_principal = row.principal_id is not None and by.organisation_id == row.principal_id
    if not (by.id == receiver.id or of_principal or stands_in(session, receiver, by, now)):
        raise NotAllowed(f"handover {row.id} was not offered to {by.key}")
    if by.id == row.from_contact_id:
        raise NotAllowed("a handover goes to somebody else than its sender")
    if by.key == row.offered_by:
        raise NotAllowed(f"{by.key} offered handover {row.id}, so somebody else answers it")
    if by.left_at is not None and by.left_at <= now:
        raise NotAllowed(f"{by.key} has left and takes nothing over any more")


def stands_in(session: Session, person: Contact, by: Contact, now: datetime) -> bool:
    """Whether `by` is the deputy of somebody who is absent now."""
    return person.deputy_id == by.id and is_absent(session, person, now)


def directs_process(session: Session, case: Case, by: Contact, now: datetime) -> bool:
    """Whether `by` decides when nobody takes a case over: a process director of its municipality,
    or who stands in; the head of public order when there is none."""
    if _has(session, case, by, DECIDERS[0], now):
        return True
    nobody = with_function(session, case.municipality, DECIDERS[0], now) is None
    return nobody and _has(session, case, by, DECIDERS[1], now)


def _has(session: Session, case: Case, by: Contact, function: str, now: datetime) -> bool:
    able = (
        select(Contact)
        .join(Organisation)
        .where(Contact.function == function, Organisation.municipality == case.municipality)
    )
    return any(
        (person.id == by.id and person.left_at is None) or stands_in(session, person, by, now)
        for person in session.exec(able).all()
    )


def responsible_for(session: Session, case: Case, row: Handover) -> Contact:
    """Whom a handover that did not succeed comes back to: its sender, or whoever has taken the
    sender's place since."""
    sender = session.get_one(Contact, row.from_contact_id)
    holders = holders_of(session, case, row.role)
    return sender if sender.id in {h.id for h in holders} else holders[0]


def taker_of(session: Session, row: Handover) -> Contact:
    """Who took it over, which may be another than the one it was offered to."""
    by = select(Contact).where(Contact.key == row.answered_by)
    return session.exec(by).first() or session.get_one(Contact, row.to_contact_id)
