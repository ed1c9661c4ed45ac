"""What a signed link shows, as plain values: one handover or one request, and nothing else of its
case."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from casework.asked import last_clock
from casework.clocks import TO_ANSWER, clocks_of
from casework.packets import ACTIONS
from casework.questions import question
from escalation.baton import REPORT_BACK, WARM_CONTACT
from escalation.packet import PARTS
from escalation.text import Text
from models import Case, Checkpoint, Contact, Handover, HandoverState, Organisation, Request


@dataclass(frozen=True, slots=True)
class Due:
    """By when one promise is answered. `exact`: the time counts too."""

    promise: str
    on: date
    at: datetime
    exact: bool


@dataclass(frozen=True, slots=True)
class LinkView:
    """All that the link of a handover shows: the packet, who asks, and by when. Once it was taken
    over also the read-back, and what is `owed` since."""

    case_key: str
    role: str
    sender: str  # an organisation's name
    assigned: bool
    call_asked: bool
    due: Due | None
    packet: Mapping[str, Any]
    actions: tuple[tuple[Text, date], ...]
    read_back: str | None
    owed: tuple[Due, ...]


@dataclass(frozen=True, slots=True)
class AskView:
    """All that the link of a request shows."""

    case_key: str
    asker: str  # an organisation's name
    ask: str
    due: Due


def view_of(session: Session, row: Handover) -> LinkView:
    clock = next(iter(clocks_of(session, row, TO_ANSWER)), None)
    return LinkView(
        case_key=session.get_one(Case, row.case_id).key,
        role=row.role.value,
        sender=_home_of(session, row.from_contact_id),
        assigned=row.state is HandoverState.ASSIGNED,
        call_asked=bool(row.call),
        due=_due(clock) if clock else None,
        packet={name: row.packet[name] for name in PARTS if name in row.packet},
        actions=tuple(_action(said) for said in row.packet.get(ACTIONS, ())),
        read_back=row.read_back,
        owed=tuple(map(_due, clocks_of(session, row, {WARM_CONTACT.key, REPORT_BACK.key}))),
    )


def view_of_request(session: Session, row: Request) -> AskView:
    case = session.get_one(Case, row.case_id).key
    asker = _home_of(session, row.from_contact_id)
    return AskView(case, asker, row.ask, _due(last_clock(session, row)))


def _home_of(session: Session, contact_id: int) -> str:
    person = session.get_one(Contact, contact_id)
    return session.get_one(Organisation, person.organisation_id).name


def _due(clock: Checkpoint) -> Due:
    return Due(clock.key, clock.due_on, clock.due_at, clock.exact)


def _action(said: Mapping[str, str]) -> tuple[Text, date]:
    section, _, key = said["key"].partition(".")
    return question(section, key), date.fromisoformat(said["by"])
