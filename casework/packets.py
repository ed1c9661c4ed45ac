"""What a sender writes of a packet, and what the case adds to it."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlmodel import Session, col, select

from casework.clocks import FOLLOW_UP, OF_AN_OFFER
from casework.questions import question
from casework.refusals import IncompletePacket, NotAllowed
from escalation.lanes import LEAD_TAKEN
from escalation.packet import LINES, RISKS, missing, too_long, wrong_codes
from models import Case, Checkpoint, CheckpointState

ACTIONS = "open_actions"


class Packet(BaseModel):
    """What travels with the baton, as far as it is written; a draft may still lack any of it.

    A part that is left out stays as an earlier draft has it; an empty one is emptied.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    severity: str | None = Field(default=None, max_length=32)
    risks: tuple[str, ...] | None = Field(default=None, max_length=20)
    summary: str | None = Field(default=None, max_length=2000)
    if_then: str | None = Field(default=None, max_length=1000)
    not_shared: str | None = Field(default=None, max_length=1000)
    ask_whom: str | None = Field(default=None, max_length=1000)
    told_person: str | None = Field(default=None, max_length=1000)
    told_reporter: str | None = Field(default=None, max_length=1000)


def packed(
    session: Session, case: Case, earlier: Mapping[str, Any], packet: Packet | None
) -> dict[str, Any]:
    """The earlier parts, brought up to date, with what is open on the case now and by when.

    Raises NotAllowed for a code that is not known; it names the nearest.
    """
    parts = _gathered(session, case, earlier, packet)
    if wrong := wrong_codes(parts):
        raise NotAllowed("; ".join(wrong))
    return parts


def complete(
    session: Session, case: Case, earlier: Mapping[str, Any], packet: Packet | None
) -> dict[str, Any]:
    """The same for a packet that goes out now. Raises as `refuse_incomplete` does."""
    parts = _gathered(session, case, earlier, packet)
    refuse_incomplete(parts)
    return parts


def refuse_incomplete(parts: Mapping[str, Any]) -> None:
    """Raises IncompletePacket when a part is missing, else NotAllowed for a wrong code or a long
    summary; either names all that is wrong with the packet."""
    wrong = wrong_codes(parts)
    if too_long(parts):
        wrong += (f"the summary has more than {LINES} lines; make it shorter",)
    if lacking := missing(parts):
        raise IncompletePacket(lacking, wrong)
    if wrong:
        raise NotAllowed("; ".join(wrong))


def says_the_same(parts: Mapping[str, Any], packet: Packet | None) -> bool:
    """Whether all that is written in the packet stands in these parts already."""
    return all(parts.get(name) == said for name, said in _written(packet).items())


def texts_of(parts: Mapping[str, Any]) -> list[str]:
    """Every sentence of the packet that somebody could copy instead of reading back: what was
    written, and in both languages what its codes mean and what is open."""
    written = [part for part in parts.values() if isinstance(part, str)]
    shown = [RISKS[risk] for risk in parts.get("risks") or () if risk in RISKS]
    for action in parts.get(ACTIONS) or ():
        section, _, key = action["key"].partition(".")
        shown.append(question(section, key))
    return [*written, *(said for text in shown for said in (text.nl, text.en))]


def _gathered(
    session: Session, case: Case, earlier: Mapping[str, Any], packet: Packet | None
) -> dict[str, Any]:
    return {**earlier, **_written(packet), ACTIONS: _open_actions(session, case)}


def _written(packet: Packet | None) -> dict[str, Any]:
    return packet.model_dump(mode="json", exclude_none=True) if packet else {}


def _open_actions(session: Session, case: Case) -> list[dict[str, str]]:
    rows = session.exec(
        select(Checkpoint)
        .where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            # Who takes it over is what the packet is for, and no action the receiver finds open.
            col(Checkpoint.key).not_in((*OF_AN_OFFER, *FOLLOW_UP, LEAD_TAKEN.key)),
        )
        .order_by(col(Checkpoint.due_at), col(Checkpoint.id))
    )
    return [
        {"key": f"{row.section}.{row.key}", "by": row.due_on.isoformat(), **_about(row)}
        for row in rows
    ]


def _about(row: Checkpoint) -> dict[str, str]:
    """Which handover or request it is about: of one key a case may have several open."""
    if row.handover_id is not None:
        return {"about": f"handover {row.handover_id}"}
    return {"about": f"request {row.request_id}"} if row.request_id is not None else {}
