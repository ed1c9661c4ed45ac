"""Plays one step of a history through the verb a person would have used."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine

from casework.acts import NewAct, record_act
from casework.intake import Received, receive_signal
from casework.ledger import extend_term, pause_term, redate_term, resume_term
from casework.promises import answer
from casework.refusals import Incomplete, NotAllowed, NotFound, Refusal, Unmet
from casework.signals import NewSignal
from casework.stages import decide, reopen
from casework.views import CaseView, case_view
from desk.history import History
from desk.passing import Passing
from desk.placing import Placed
from desk.steps import Act, Answer, Decide, Reopen, Signal, Term
from escalation.facts import BadFacts
from escalation.moves import Unknown
from escalation.rungs import AMSTERDAM
from escalation.terms import Length

REPORTER = "melder (nagespeeld)"  # invented, and the same in every replay

# What a verb may answer with; anything else is a bug of ours and stops the replay.
REFUSED = (Refusal, Unknown, BadFacts)


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
                reporter_name=REPORTER if new.reporter else None,
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
            case Answer() as given:
                self._answer(view, given, now)
            case Reopen() as again:
                self._reopen(view, again, now)
            case Term() as change:
                self._term(view, placed, change, now)
            case _ as passed:
                Passing(self.engine, self.history, view.key, placed, now).play(passed)
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
