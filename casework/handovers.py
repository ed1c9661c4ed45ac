"""The baton: a handover is offered with a packet and accepted by reading back.

The sender stays responsible until acceptance. Refusing or revoking leaves everything as it was.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, moved_on, open_visit, refuse_stale
from casework.connect import transaction
from casework.dating import Start, date_checkpoint, ensure_next_date
from casework.people import contact, holder, is_absent, succeed
from casework.refusals import NotAllowed, NotFound
from casework.stages import lapse
from escalation.lanes import HANDOVER_ANSWERED, LEAD_TAKEN, REPORT_BACK
from escalation.path import STAGES
from escalation.policy import CASE
from models import (
    Alert,
    AlertState,
    Answer,
    Case,
    Checkpoint,
    CheckpointState,
    Contact,
    Handover,
    HandoverState,
    Role,
)

LINES = 10


class Packet(BaseModel):
    """What travels with the baton. It can not be offered incomplete."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    severity: Literal["low", "medium", "high"]
    risks: tuple[str, ...] = ()
    summary: str = Field(min_length=1, max_length=2000)
    if_then: str = Field(min_length=1, max_length=1000)
    not_shared: str = Field(min_length=1, max_length=1000)
    told: str = Field(min_length=1, max_length=1000)

    def too_long(self) -> bool:
        return len(self.summary.splitlines()) > LINES


@dataclass(frozen=True, slots=True)
class Offer:
    """A handover as the verbs leave it."""

    id: int
    case_key: str
    role: str
    state: str
    version: int


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
    """The role is on offer to `to`, who is told; the sender still holds it.

    The open actions with their dates are added to the packet from the case itself. Offered twice
    to the same person is offered once. Raises NotAllowed for an offer to oneself, to somebody
    absent (it names the deputy), beside another open offer, or by somebody who holds neither the
    role nor the direction.
    """
    if packet.too_long():
        raise NotAllowed(f"the summary has more than {LINES} lines; make it shorter")
    with transaction(engine) as session:
        case = find(session, case_key)
        sender, receiver = _sender(session, case, role, by), contact(session, to)
        if pending := _pending(session, case, role):
            if pending.to_contact_id == receiver.id and pending.from_contact_id == sender.id:
                return _as_offer(case, pending)
            raise NotAllowed(
                f"handover {pending.id} of this role is still on offer; it must be answered or "
                "revoked first"
            )
        if seen_version is not None:
            refuse_stale(case, seen_version)
        _refuse_receiver(session, sender, receiver, now)
        row = _on_offer(session, case, role, sender, receiver, packet, now)
        moved_on(session, case)
        said: dict[str, Any] = {"id": row.id, "role": role.value, "to": receiver.key}
        journal.append(session, case, now, sender.key, "handover_offered", **said)
        return _as_offer(case, row)


def _on_offer(
    session: Session,
    case: Case,
    role: Role,
    sender: Contact,
    receiver: Contact,
    packet: Packet,
    now: datetime,
) -> Handover:
    """The offer is a row, its clock runs, and the receiver is told."""
    row = Handover(
        case_id=case.id or 0,
        role=role,
        from_contact_id=sender.id or 0,
        to_contact_id=receiver.id or 0,
        state=HandoverState.OFFERED,
        packet=packet.model_dump(mode="json") | {"open_actions": _actions(session, case)},
        offered_at=now,
    )
    session.add(row)
    session.flush()
    start = Start(f"handover:{row.id}", now, CASE, handover_id=row.id)
    date_checkpoint(session, case, HANDOVER_ANSWERED, start)
    _tell(session, row, receiver, "offered", now)
    return row


def accept(engine: Engine, handover_id: int, *, by: str, read_back: str, now: datetime) -> Offer:
    """The receiver holds the role; the sender is told and is owed a report-back.

    Accepted twice is accepted once. Raises NotAllowed without a read-back in the receiver's own
    words, by anybody but the receiver, or when the offer is no longer open.
    """
    with transaction(engine) as session:
        row, case = _offered(session, handover_id)
        receiver = _only_receiver(session, row, by)
        if row.state is HandoverState.ACCEPTED:
            return _as_offer(case, row)
        _refuse_over(row)
        _refuse_echo(row, read_back)
        row.state, row.answered_at, row.read_back = HandoverState.ACCEPTED, now, read_back.strip()
        session.add(row)
        session.flush()
        succeed(session, case, row.role, receiver, now)
        _answered(session, case, row, now, receiver.key)
        visit = open_visit(session, case)
        start = Start(f"handover:{row.id}", now, CASE, visit, handover_id=None)
        date_checkpoint(session, case, REPORT_BACK, start)
        if visit is not None:
            ensure_next_date(session, case, visit, now)
        return _over(session, case, row, receiver.key, "accepted", now)


def refuse(engine: Engine, handover_id: int, *, by: str, reason: str, now: datetime) -> Offer:
    """The offer is over, the sender still holds the role and is told. Needs a reason."""
    if not reason.strip():
        raise NotAllowed("a refusal needs a reason, so that the sender knows what to do")
    with transaction(engine) as session:
        row, case = _offered(session, handover_id)
        receiver = _only_receiver(session, row, by)
        if row.state is HandoverState.REFUSED:
            return _as_offer(case, row)
        _refuse_over(row)
        row.state, row.answered_at, row.reason = HandoverState.REFUSED, now, reason.strip()
        session.add(row)
        session.flush()
        _answered(session, case, row, now, receiver.key, Answer.NOT_DONE, reason)
        return _over(session, case, row, receiver.key, "refused", now)


def revoke(engine: Engine, handover_id: int, *, by: str, now: datetime) -> Offer:
    """The sender takes the offer back; nothing else changes. Revoked twice is revoked once."""
    with transaction(engine) as session:
        row, case = _offered(session, handover_id)
        if contact(session, by).id != row.from_contact_id:
            raise NotAllowed("only the sender can revoke an offer")
        if row.state is HandoverState.REVOKED:
            return _as_offer(case, row)
        _refuse_over(row)
        row.state, row.answered_at = HandoverState.REVOKED, now
        session.add(row)
        session.flush()
        _lapse_clock(session, case, row, now)
        moved_on(session, case)
        journal.append(session, case, now, by, "handover_revoked", id=row.id)
        return _as_offer(case, row)


def _sender(session: Session, case: Case, role: Role, by: str) -> Contact:
    """Whoever offers: the role's holder, or the director, who holds what nobody else does."""
    if case.closed_at is not None:
        raise NotAllowed(f"case {case.key} is closed; there is nothing to hand over")
    person = contact(session, by)
    holders = {h.id for r in (role, Role.DIRECTOR) if (h := holder(session, case, r))}
    if person.id not in holders:
        raise NotAllowed(f"{by} holds neither this role nor the direction of case {case.key}")
    return person


def _pending(session: Session, case: Case, role: Role) -> Handover | None:
    return session.exec(
        select(Handover).where(
            Handover.case_id == case.id,
            Handover.role == role,
            col(Handover.state).in_([HandoverState.DRAFT, HandoverState.OFFERED]),
        )
    ).first()


def _refuse_receiver(session: Session, sender: Contact, receiver: Contact, now: datetime) -> None:
    if sender.id == receiver.id:
        raise NotAllowed("a handover goes to somebody else")
    if is_absent(receiver, now):
        deputy = session.get(Contact, receiver.deputy_id) if receiver.deputy_id else None
        instead = f"; {deputy.key} stands in" if deputy else ""
        raise NotAllowed(f"{receiver.key} is absent{instead}")


def _actions(session: Session, case: Case) -> list[dict[str, str]]:
    rows = session.exec(
        select(Checkpoint)
        .where(Checkpoint.case_id == case.id, Checkpoint.state == CheckpointState.OPEN)
        .order_by(col(Checkpoint.due_at), col(Checkpoint.id))
    )
    return [{"key": f"{row.section}.{row.key}", "by": row.due_on.isoformat()} for row in rows]


def _offered(session: Session, handover_id: int) -> tuple[Handover, Case]:
    row = session.get(Handover, handover_id)
    if row is None:
        raise NotFound("handover", handover_id, "see: estafette case show")
    case = find(session, session.get_one(Case, row.case_id).key)
    # Read again now that the case is locked: somebody may have answered meanwhile.
    session.refresh(row)
    return row, case


def _only_receiver(session: Session, row: Handover, by: str) -> Contact:
    person = contact(session, by)
    if person.id != row.to_contact_id:
        raise NotAllowed(f"handover {row.id} was not offered to {by}")
    return person


def _refuse_over(row: Handover) -> None:
    if row.state is not HandoverState.OFFERED:
        raise NotAllowed(f"handover {row.id} is no longer on offer: it was {row.state.value}")


def _refuse_echo(row: Handover, read_back: str) -> None:
    words = " ".join(read_back.split()).casefold()
    if len(words) < 10:
        raise NotAllowed("read back in your own words what you take on, and by when")
    texts = (str(row.packet.get(part, "")) for part in ("summary", "if_then", "told"))
    if any(words in " ".join(text.split()).casefold() for text in texts):
        raise NotAllowed("this repeats the packet; read back in your own words")


def _clock(session: Session, row: Handover) -> Checkpoint | None:
    return session.exec(
        select(Checkpoint).where(
            Checkpoint.handover_id == row.id, Checkpoint.state == CheckpointState.OPEN
        )
    ).first()


def _answered(
    session: Session,
    case: Case,
    row: Handover,
    now: datetime,
    by: str,
    given: Answer = Answer.DONE,
    reason: str | None = None,
) -> None:
    if clock := _clock(session, row):
        clock.state, clock.answer, clock.reason = CheckpointState.ANSWERED, given, reason
        clock.next_at, clock.answered_by, clock.closed_at = None, by, now
        session.add(clock)
        session.flush()
    if given is Answer.DONE and STAGES[case.stage].lead.value == row.role.value:
        lapse(session, case, now, {LEAD_TAKEN.key})


def _lapse_clock(session: Session, case: Case, row: Handover, now: datetime) -> None:
    if clock := _clock(session, row):
        clock.state, clock.next_at, clock.closed_at = CheckpointState.LAPSED, None, now
        session.add(clock)
        session.flush()


def _over(
    session: Session, case: Case, row: Handover, actor: str, event: str, now: datetime
) -> Offer:
    _tell(session, row, session.get_one(Contact, row.from_contact_id), event, now)
    moved_on(session, case)
    journal.append(session, case, now, actor, f"handover_{event}", id=row.id, role=row.role.value)
    return _as_offer(case, row)


def _tell(session: Session, row: Handover, to: Contact, event: str, now: datetime) -> None:
    session.add(
        Alert(
            case_id=row.case_id,
            handover_id=row.id,
            event=event,
            lead=event,
            recipient_id=to.id or 0,
            statutory=False,
            created_at=now,
            state=AlertState.WAITING,
            next_at=now,
        )
    )
    session.flush()


def _as_offer(case: Case, row: Handover) -> Offer:
    return Offer(row.id or 0, case.key, row.role.value, row.state.value, case.version)
