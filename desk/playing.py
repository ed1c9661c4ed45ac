"""Plays one step of a history through the verb a person would have used, and reads from the rows
which steps were played already."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine

from casework.acts import NewAct, record_act
from casework.handovers import accept, offer, refuse
from casework.intake import NewSignal, Received, receive_signal
from casework.ledger import extend_term, pause_term, redate_term, resume_term
from casework.promises import answer
from casework.refusals import Incomplete, NotAllowed, NotFound, Refusal, Unmet
from casework.stages import decide, reopen
from casework.views import CaseView, Line, case_view, timeline
from casework.words import Role
from desk.history import History
from desk.placing import Placed
from desk.steps import Accept, Act, Answer, Decide, Offer, Refuse, Reopen, Signal, Step, Term
from escalation.facts import BadFacts
from escalation.moves import Unknown
from escalation.rungs import AMSTERDAM
from escalation.terms import Length

# What a verb may answer with; anything else is a bug of ours and stops the replay.
REFUSED = (Refusal, Unknown, BadFacts)
Mark = tuple[str, str]
DONE = {"pause_until": "paused", "resume": "resumed", "extend": "extended", "redate": "redated"}


@dataclass(frozen=True, slots=True)
class Player:
    """Plays steps of one history into a database."""

    engine: Engine
    history: History
    policy: str | None

    def receive(self, placed: Placed, new: Signal, now: datetime) -> Received:
        """The signal is on a case; a first signal opens one of its own, whatever else is open."""
        first = f"replay of {self.history.id}" if placed.number == 1 else None
        return receive_signal(
            self.engine,
            NewSignal(
                municipality=self.history.municipality, address=self.history.address,
                received_at=now, channel=new.channel, nature=new.nature, acute=new.acute,
                text=new.text, reference=self._reference(placed),
            ),
            now, director=self._key("director"), policy=self.policy,
            separate_because=new.separate_because or first,
        )  # fmt: skip

    def play(self, view: CaseView, placed: Placed, now: datetime) -> str:
        """The step was played at `now` on the case as it was last seen; returns the key of the
        case it left us on.

        Raises whatever the verb refuses with, one of REFUSED.
        """
        match placed.step.does:
            case Signal() as new:
                return self.receive(placed, new, now).case_key
            case Act() as act:
                self._act(view, placed, act, now)
            case Decide() as decision:
                self._decide(view, decision, now)
            case Offer() as offered:
                self._offer(view, offered, now)
            case Accept() | Refuse() as reply:
                self._reply(view, placed, reply, now)
            case Answer() as given:
                self._answer(view, given, now)
            case Reopen() as again:
                self._reopen(view, again, now)
            case Term() as change:
                self._term(view, placed, change, now)
        return view.key

    def view(self, case_key: str, now: datetime) -> CaseView:
        return case_view(self.engine, case_key, now)

    def _act(self, view: CaseView, placed: Placed, act: Act, now: datetime) -> None:
        new = NewAct(
            kind=act.kind, at=now, by=self._key(act.by), facts=placed.facts, ground=act.ground,
            reference=self._reference(placed),
        )  # fmt: skip
        record_act(
            self.engine, view.key, new, now, waive=act.waive, waived_by=self._key(act.waived_by)
        )

    def _decide(self, view: CaseView, decision: Decide, now: datetime) -> None:
        decide(
            self.engine, view.key, by=self._key(decision.by), seen_version=view.version, now=now,
            exit_key=decision.exit, to=decision.to, reason=decision.reason,
            result=decision.result, waive=decision.waive,
            waived_by=self._key(decision.waived_by),
        )  # fmt: skip

    def _offer(self, view: CaseView, offered: Offer, now: datetime) -> None:
        offer(
            self.engine, view.key, role=offered.role, to=self._key(offered.to),
            packet=offered.packet, by=self._key(offered.by), now=now,
        )  # fmt: skip

    def _reply(self, view: CaseView, placed: Placed, reply: Accept | Refuse, now: datetime) -> None:
        receiver = self._receiver(placed, reply.role)
        number = _on_offer(view, reply.role, receiver)
        if isinstance(reply, Accept):
            accept(self.engine, number, by=receiver, read_back=reply.read_back, now=now)
        else:
            refuse(self.engine, number, by=receiver, reason=reply.reason, now=now)

    def _receiver(self, placed: Placed, role: Role) -> str:
        """Whom the history last offered this role."""
        for step in reversed(self.history.steps[: placed.number]):
            if step.offer is not None and step.offer.role is role:
                return self._key(step.offer.to)
        raise NotFound("offer of", role.value, "offer it first")

    def _answer(self, view: CaseView, given: Answer, now: datetime) -> None:
        answer(
            self.engine, view.key, _promise(view, given.promise), given=given.given,
            by=self._key(given.by), now=now, reason=given.reason,
        )  # fmt: skip

    def _term(self, view: CaseView, placed: Placed, change: Term, now: datetime) -> None:
        said: dict[str, Any] = {
            "on": now.astimezone(AMSTERDAM).date(), "ground": change.ground,
            "reason": change.reason, "by": self._key(change.by), "now": now,
        }  # fmt: skip
        which = (self.engine, view.key, _promise(view, change.promise))
        if change.resume:
            resume_term(*which, **said)
        elif change.extend:
            extend_term(*which, length=Length.parse(change.extend), **said)
        elif change.pause_until:
            pause_term(*which, until=placed.facts["pause_until"], **said)
        else:
            redate_term(*which, to=placed.facts["redate"], **said)

    def _reopen(self, view: CaseView, again: Reopen, now: datetime) -> None:
        reopen(
            self.engine, view.key, stage=again.stage, by=self._key(again.by), reason=again.reason,
            now=now, director=self._key("director"),
        )  # fmt: skip

    def _key(self, short: str) -> str:
        return self.history.cast[short].key

    def _reference(self, placed: Placed) -> str:
        return f"{self.history.id}#{placed.number}"


def _on_offer(view: CaseView, role: Role, receiver: str) -> int:
    for found in view.handovers:
        if (found.role, found.receiver, found.state) == (role.value, receiver, "offered"):
            return found.id
    raise NotFound("open offer of", f"{role.value} to {receiver}")


def _promise(view: CaseView, promise: str) -> str:
    """The number of the open promise meant, the soonest first; else the word itself."""
    section, _, key = promise.rpartition(".")
    for row in view.promises:
        if row.state == "open" and row.key == key and section in {"", row.section}:
            return str(row.id)
    return key


def word_for(error: Exception) -> str:
    """In one word how a verb refused."""
    words: dict[type[Exception], str] = {
        Unmet: "unmet", Incomplete: "incomplete", NotAllowed: "not_allowed",
        NotFound: "not_found", BadFacts: "bad_facts",
    }  # fmt: skip
    return next((word for kind, word in words.items() if isinstance(error, kind)), "out_of_place")


def played(engine: Engine, case_keys: Iterable[str], steps: Sequence[Step]) -> list[bool]:
    """For each step whether the rows show it: as many of its kind as the history has by then.

    So a person who does the same thing first is not done again. A signal answers for itself, and
    a step that is meant to be refused leaves no row.
    """
    rows = Counter(mark for key in case_keys for mark in map(_left, timeline(engine, key)) if mark)
    wanted: Counter[Mark] = Counter()
    shown = []
    for step in steps:
        mark = _mark(step) if step.expect == "allowed" else None
        wanted.update([mark] if mark else [])
        shown.append(mark is not None and rows[mark] >= wanted[mark])
    return shown


def _mark(step: Step) -> Mark | None:
    """What a played step leaves in the journal."""
    match step.does:
        case Act() as act:
            return "act", act.kind
        case Offer() | Accept() | Refuse() as handover:
            left = {"offer": "offered", "accept": "accepted", "refuse": "refused"}[step.kind]
            return f"handover_{left}", handover.role.value
        case Decide():
            return "decided", ""
        case Answer():
            return "answered", ""
        case Reopen():
            return "reopened", ""
        case Term() as change:
            return f"term_{DONE[change.way]}", change.promise.rpartition(".")[2]
        case Signal():
            return None


def _left(line: Line) -> Mark | None:
    if line.what == "act":
        return "act", str(line.data["act"])
    if line.what == "term_changed":  # by a person; an event that changes a term is an act itself
        by_act = line.data.get("act") is not None
        return None if by_act else (f"term_{line.data['what']}", str(line.data["key"]))
    if line.what.startswith("handover_"):
        return line.what, str(line.data["role"]) if "role" in line.data else ""
    return (line.what, "") if line.what in {"decided", "answered", "reopened"} else None
