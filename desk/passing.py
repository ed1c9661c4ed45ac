"""Plays what a history says of the baton: handovers, requests to a partner, and waits.

A history names a role and who is asked; which handover or request is meant is looked up here.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine

from casework.forcing import assign
from casework.offering import offer
from casework.packets import Packet
from casework.receiving import accept, acknowledge, refuse
from casework.refusals import NotFound
from casework.reporting import contacted, report_back
from casework.requests import ask, reply, requests_of
from casework.views import case_view
from casework.waits import wait
from casework.words import Role
from desk.baton_steps import (
    PACKET,
    Accept,
    Acknowledge,
    Ask,
    Assign,
    Baton,
    Contacted,
    Offer,
    OfRole,
    Refuse,
    Reply,
    Report,
    Wait,
)
from desk.history import History
from desk.placing import Placed


@dataclass(frozen=True, slots=True)
class Passing:
    """One step of the baton, on the case as it is at `now`."""

    engine: Engine
    history: History
    case_key: str
    placed: Placed
    now: datetime

    def play(self, does: Baton) -> None:
        """The step was played. Raises whatever the verb refuses with."""
        match does:
            case Offer() as offered:
                self._offer(offered)
            case Assign() as assigned:
                self._assign(assigned)
            case Ask() as asked:
                self._ask(asked)
            case Reply() as replied:
                self._reply(replied)
            case Wait() as waits:
                self._wait(waits)
            case _ as answered:
                self._answer(answered)

    def _offer(self, offered: Offer) -> None:
        offer(
            self.engine, self.case_key, role=offered.role, to=self._key(offered.to),
            packet=offered.packet, by=self._key(offered.by), now=self.now,
        )  # fmt: skip

    def _assign(self, assigned: Assign) -> None:
        # What travelled with the last offer travels along, unless the history says what else.
        packet = assigned.packet
        if packet is None and self._last(assigned.role, before=True) is None:
            packet = Packet.model_validate(PACKET)
        assign(
            self.engine, self.case_key, role=assigned.role, to=self._key(assigned.to),
            packet=packet, by=self._key(assigned.by), because=assigned.because, now=self.now,
        )  # fmt: skip

    def _answer(self, answered: OfRole) -> None:
        """What the receiver says of what the history last gave them."""
        given = self._last(answered.role)
        if given is None:
            raise NotFound("offer of", answered.role.value, "offer it first")
        receiver = self._key(given.to)
        number = self._number(answered.role, receiver)
        match answered:
            case Acknowledge():
                acknowledge(self.engine, number, by=receiver, now=self.now)
            case Accept() as accepted:
                self._accept(number, receiver, accepted)
            case Refuse(reason=reason):
                refuse(self.engine, number, by=receiver, reason=reason, now=self.now)
            case Contacted():
                contacted(self.engine, number, by=receiver, now=self.now)
            case Report(report=report):
                report_back(self.engine, number, by=receiver, report=report, now=self.now)

    def _accept(self, number: int, receiver: str, accepted: Accept) -> None:
        accept(self.engine, number, by=receiver, read_back=accepted.read_back, now=self.now)
        if accepted.spoke:
            contacted(self.engine, number, by=receiver, now=self.now)

    def _last(self, role: Role, *, before: bool = False) -> Offer | Assign | None:
        """What the history last gave of this role, up to this step (or `before` it)."""
        here = self.placed.number - 1 if before else self.placed.number
        for step in reversed(self.history.steps[:here]):
            given = step.offer or step.assign
            if given is not None and given.role is role and step.expect == "allowed":
                return given
        return None

    def _number(self, role: Role, receiver: str) -> int:
        """The last handover of this role to the receiver."""
        found = [
            handover.id
            for handover in case_view(self.engine, self.case_key, self.now).handovers
            if (handover.role, handover.receiver) == (role.value, receiver)
        ]
        if not found:
            raise NotFound("offer of", f"{role.value} to {receiver}", "offer it first")
        return max(found)

    def _ask(self, asked: Ask) -> None:
        ask(
            self.engine, self.case_key, to=self._key(asked.to), what=asked.what,
            by=self._key(asked.by), now=self.now,
        )  # fmt: skip

    def _reply(self, replied: Reply) -> None:
        still_open = [r for r in requests_of(self.engine, self.case_key) if r.state == "open"]
        if not still_open:
            raise NotFound("open request of case", self.case_key, "ask something first")
        last = max(still_open, key=lambda request: request.id)
        by = self._key(replied.by) if replied.by else last.receiver
        reply(self.engine, last.id, given=replied.given, reason=replied.reason, by=by, now=self.now)

    def _wait(self, waits: Wait) -> None:
        partner = self.history.cast[waits.partner] if waits.partner else None
        wait(
            self.engine, self.case_key, until=self.placed.facts["until"], reason=waits.reason,
            by=self._key(waits.by), now=self.now,
            partner=self.history.home_of(partner) if partner else None,
        )  # fmt: skip

    def _key(self, short: str) -> str:
        return self.history.cast[short].key
