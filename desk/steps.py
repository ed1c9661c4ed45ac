"""One step of a dated case history: when, exactly one thing that happened, and how we know.

Strict about words, mild about dates; the format is documented in docs/replay.md.
"""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from casework.people import KEY
from casework.words import Answer as Given
from desk.baton_steps import (
    Accept,
    Acknowledge,
    Ask,
    Assign,
    Baton,
    Contacted,
    Offer,
    Refuse,
    Reply,
    Report,
    Wait,
)
from desk.known_words import (
    ActKey,
    After,
    Approx,
    Day,
    DayOrAfter,
    ExitKey,
    GuardKey,
    Longer,
    Promise,
    Refusing,
    Result,
    StageKey,
    Strict,
    Words,
)

WAIVES = "process_director"  # who sets a guard of policy aside, where a history does not say


class Signal(Strict):
    nature: str = Field(default="unknown", pattern=KEY, max_length=32)
    channel: str = Field(default="desk", pattern=KEY, max_length=32)
    acute: bool = False
    text: str = ""
    reporter: bool = False  # somebody made it who can be told, so that word is owed
    separate_because: Words | None = None


class Act(Strict):
    kind: ActKey
    by: str = "director"
    facts: dict[str, Any] = Field(default_factory=dict)
    ground: str | None = Field(default=None, max_length=200)
    waive: dict[GuardKey, Words] = Field(default_factory=dict)
    waived_by: str = WAIVES


class Decide(Strict):
    exit: ExitKey | None = None
    to: StageKey | None = None
    reason: Words | None = None
    result: Result | None = None
    waive: dict[GuardKey, Words] = Field(default_factory=dict)
    waived_by: str = WAIVES
    by: str = "director"

    @model_validator(mode="after")
    def names_one_way(self) -> Self:
        if (self.exit is None) == (self.to is None):
            raise ValueError("name an `exit`, or a stage `to` move to and a `reason`; not both")
        if self.to is not None and self.reason is None:
            raise ValueError("a move `to` a stage needs a `reason`")
        return self


class Answer(Strict):
    promise: Promise
    given: Given = Given.DONE
    reason: Words | None = None
    by: str = "director"

    @model_validator(mode="after")
    def says_why_not(self) -> Self:
        if self.given is not Given.DONE and self.reason is None:
            raise ValueError(f"the answer {self.given.value} needs a `reason`")
        return self


class Reopen(Strict):
    stage: StageKey
    reason: Words
    by: str = "director"


class Term(Strict):
    """A promised date that was changed, in one of four ways."""

    promise: Promise
    pause_until: DayOrAfter | None = None
    resume: Literal[True] | None = None
    extend: Longer | None = None
    redate: DayOrAfter | None = None
    ground: Annotated[Words, Field(max_length=200)]
    reason: Annotated[Words, Field(max_length=1000)]
    by: str = "director"

    @property
    def way(self) -> str:
        """The one that is stated."""
        return next(way for way in WAYS if getattr(self, way) is not None)

    @model_validator(mode="after")
    def says_one_way(self) -> Self:
        said = [way for way in WAYS if getattr(self, way) is not None]
        if len(said) != 1:
            found = f"says {' and '.join(said)}" if said else "says not how the date changed"
            raise ValueError(f"{found}; a term says exactly one of {', '.join(WAYS)}")
        return self


WAYS = ("pause_until", "resume", "extend", "redate")
Does = Signal | Act | Decide | Answer | Reopen | Term | Baton
KINDS = (
    "signal", "act", "decide", "offer", "assign", "acknowledge", "accept", "refuse", "contacted",
    "report", "ask", "reply", "wait", "answer", "reopen", "term",
)  # fmt: skip


class Step(Strict):
    """One dated thing that happened, in the order it happened."""

    date: Day = None
    approx: Approx | None = None
    after: After | None = None
    signal: Signal | None = None
    act: Act | None = None
    decide: Decide | None = None
    offer: Offer | None = None
    assign: Assign | None = None
    acknowledge: Acknowledge | None = None
    accept: Accept | None = None
    refuse: Refuse | None = None
    contacted: Contacted | None = None
    report: Report | None = None
    ask: Ask | None = None
    reply: Reply | None = None
    wait: Wait | None = None
    answer: Answer | None = None
    reopen: Reopen | None = None
    term: Term | None = None
    note: Words | None = None
    assumed: Words | None = None
    expect: Literal["allowed", "refused"] = "allowed"
    because: tuple[Refusing, ...] = ()

    @property
    def kind(self) -> str:
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def key(self) -> str:
        """What it is about: an act, an exit or stage, a role, a promise, a person asked."""
        match self.does:
            case Act(kind=key) | Answer(promise=key) | Reopen(stage=key) | Signal(nature=key):
                return key
            case Term(promise=key):
                return key
            case Decide() as decision:
                return decision.exit or decision.to or ""
            case Ask(to=key) | Reply(given=key):
                return str(key)
            case Wait(partner=partner):
                return partner or "case"
            case _ as passed:
                return passed.role.value

    @property
    def does(self) -> Does:
        done: Does = getattr(self, self.kind)
        return done

    @model_validator(mode="after")
    def says_one_thing(self) -> Self:
        said = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(said) != 1:
            found = f"says {' and '.join(said)}" if said else "says nothing that happened"
            raise ValueError(f"{found}; a step says exactly one of {', '.join(KINDS)}")
        if self.date is not None and self.approx is not None:
            raise ValueError("has a date and `approx`; keep the date, `approx` is for a null date")
        if self.because and self.expect == "allowed":
            raise ValueError("says `because` of a refusal; add `expect: refused` or remove it")
        return self
