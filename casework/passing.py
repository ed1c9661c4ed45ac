"""One role of one case in a succession: who is next in turn, and the role on offer or a draft.

Everything here happens within the transaction of its case.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, func, select

from casework import journal
from casework.batons import directs_process, sender_of
from casework.cases import moved_on
from casework.on_offer import addressed, draft_of, new_draft, put_on_offer
from casework.packets import Packet, packed
from casework.people import acting, contact
from casework.receivers import Receiver, receiver_of
from casework.refusals import Refusal
from escalation.packet import missing
from models import Assignment, Case, Contact, Handover, HandoverState, Role

BACK = (HandoverState.REFUSED, HandoverState.EXPIRED)
EVERYBODY_HAD_IT = (
    "everybody named did not take it over before; name somebody else, or assign it: "
    "estafette handover assign"
)
ON_ITS_WAY = (HandoverState.DRAFT, HandoverState.OFFERED)


@dataclass(frozen=True, slots=True)
class Run:
    """What one call brings: whom it may offer to, what to write, in whose name and when."""

    number: int
    leaver: str
    to: tuple[str, ...]
    packet: Packet
    by: str
    now: datetime


def pass_role(session: Session, case: Case, role: Role, leaver: Contact, run: Run) -> str | None:
    """The role is on offer or a draft. What is in the way of offering it, if anything."""
    actor, before = acting(session, run.by, run.now), _offers_before(session, case, role, run)
    back = bool(before) and before[-1].state in BACK
    if back and not directs_process(session, case, actor, run.now):
        return None  # its holder was asked how to go on, and does that by hand
    sender_of(session, case, role, actor, run.now)  # refuses who may not offer it
    had = {row.to_contact_id for row in before if row.state in BACK}
    receiver = _next_in_turn(session, case, role, leaver, run, had)
    if receiver is None:
        return EVERYBODY_HAD_IT
    parts = packed(session, case, _last_packet(session, case, role, leaver), run.packet)
    if missing(parts):
        _keep(session, case, role, leaver, receiver, parts, run)
        return None
    return _offered(session, case, role, leaver, receiver, parts, run)


def _offered(
    session: Session, case: Case, role: Role, leaver: Contact, to: Receiver,
    parts: dict[str, Any], run: Run,
) -> str | None:  # fmt: skip
    try:
        with session.begin_nested():
            row = draft_of(session, case, role, leaver) or new_draft(case, role, leaver, to)
            row.succession_id = run.number
            put_on_offer(session, case, row, to, parts, contact(session, run.by), run.now)
    except Refusal as refused:
        session.expire(case)
        _keep(session, case, role, leaver, to, parts, run)
        return str(refused)
    return None


def _keep(
    session: Session, case: Case, role: Role, leaver: Contact, to: Receiver,
    parts: dict[str, Any], run: Run,
) -> None:  # fmt: skip
    """The draft is kept as it is now; nothing is written when it was so already."""
    row = draft_of(session, case, role, leaver) or new_draft(case, role, leaver, to)
    if row.packet == parts and to.is_of(row) and row.succession_id == run.number:
        return
    row.succession_id = run.number
    addressed(session, row, to, parts)
    moved_on(session, case)
    said: dict[str, Any] = {"id": row.id, "role": role.value, "to": to.person.key}
    journal.append(session, case, run.now, run.by, "handover_drafted", **said)


def _offers_before(session: Session, case: Case, role: Role, run: Run) -> Sequence[Handover]:
    """What this succession did with the role so far, oldest first."""
    return session.exec(
        select(Handover)
        .where(
            Handover.case_id == case.id,
            Handover.role == role,
            Handover.succession_id == run.number,
        )
        .order_by(col(Handover.id))
    ).all()


def _next_in_turn(
    session: Session, case: Case, role: Role, leaver: Contact, run: Run, had: set[int]
) -> Receiver | None:
    """Of those who were named: who has fewest open roles. A draft stays with whom it is for."""
    actor = contact(session, run.by)
    named = [receiver_of(session, key, run.now, leaver, actor) for key in run.to]
    able = [r for r in named if r.person.id not in {*had, leaver.id, actor.id}]
    draft = draft_of(session, case, role, leaver)
    meant = [r for r in able if draft is not None and r.is_of(draft)]
    return min(meant or able, key=lambda r: _load(session, r.person), default=None)


def _load(session: Session, person: Contact) -> int:
    """How many roles on open cases somebody holds, or has been asked to take over."""
    holds = (
        select(func.count())
        .select_from(Assignment)
        .join(Case, col(Case.id) == col(Assignment.case_id))
        .where(
            Assignment.contact_id == person.id,
            col(Assignment.until).is_(None),
            col(Case.closed_at).is_(None),
        )
    )
    asked = (
        select(func.count())
        .select_from(Handover)
        .where(Handover.to_contact_id == person.id, col(Handover.state).in_(ON_ITS_WAY))
    )
    return session.exec(holds).one() + session.exec(asked).one()


def _last_packet(session: Session, case: Case, role: Role, leaver: Contact) -> dict[str, Any]:
    """What is known already: the leaver's draft, else the last packet of this role on the case."""
    last = (
        select(Handover)
        .where(
            Handover.case_id == case.id,
            Handover.role == role,
            (Handover.state != HandoverState.DRAFT) | (Handover.from_contact_id == leaver.id),
        )
        .order_by(col(Handover.id).desc())
    )
    own = draft_of(session, case, role, leaver)
    found = own or session.exec(last).first()
    return dict(found.packet) if found else {}
