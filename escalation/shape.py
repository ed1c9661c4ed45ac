"""The grammar of the path table: what a stage, act, guard, checkpoint and lane consist of."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from escalation.dossier import Dossier
from escalation.terms import Kind
from escalation.text import Origin, Source, Text

ENTERED = "entered"  # a checkpoint that starts when its stage is entered


class Role(StrEnum):
    """Who may hold a part of the case; one person at most per role at any instant."""

    DIRECTOR = "case_director"
    CARE = "care_lead"
    ENFORCEMENT = "enforcement_lead"


class Family(StrEnum):
    """The seven reasons for which courts annulled real measures."""

    GROUND = "legal_ground"
    FACTS = "facts_verified"
    HEARD = "person_heard"
    LIGHTER = "lighter_means"
    POLICY = "own_policy_followed"
    DURATION = "duration_and_housing"
    CONTENT = "formal_content"


# Who may waive a guard of policy: not whoever directs the case, but somebody above it.
WAIVERS = ("process_director", "head_of_public_order", "mayor")


@dataclass(frozen=True, slots=True)
class Guard:
    """A plain question about the dossier; the case may pass when it `holds`."""

    key: str
    family: Family
    asks: Text
    holds: Callable[[Dossier], bool]
    source: Source

    @property
    def waivable(self) -> bool:
        """A named person may waive a policy guard with a reason; never one set by law."""
        return self.source.origin is not Origin.LAW

    @property
    def waived_by(self) -> tuple[str, ...]:
        """The functions whose holders may waive it; none for a guard of law."""
        return WAIVERS if self.waivable else ()


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A promise the path makes: a question that must be answered by a date.

    `length` is given for terms set by law. For policy terms it is None and comes from the
    municipality's policy under "stage.key". `from_fact` names the act's field that carries the
    length or the end itself (an order's duration, a closure's end moment). `outside` is the neutral
    question for messages, where the question itself would name care or a measure.

    `only_if` names a circumstance without which it is not made; `longer_if` one that gives it
    another length ("committee", "12 weeks"). `after_term` names the term whose last day it is
    counted from instead of the act, `after_fact` the fact that holds such a day. A
    term of law can be extended only if `extended_by` names the article that allows it.
    """

    key: str
    asks: Text
    kind: Kind
    source: Source
    length: str | None = None
    from_fact: str | None = None
    answered_by: tuple[str, ...] = ()
    outlives: bool = False
    only_if: str | None = None
    longer_if: tuple[str, str] | None = None
    after_term: str | None = None
    after_fact: str | None = None
    extended_by: str | None = None
    outside: Text | None = None

    @property
    def in_message(self) -> Text:
        """What a message that leaves the building may ask: neither care nor measure is named."""
        return self.outside or self.asks

    @property
    def by_law(self) -> bool:
        return self.source.origin is Origin.LAW


@dataclass(frozen=True, slots=True)
class Act:
    """Something that was done and is recorded: by whom, when, on what ground.

    `fields` are the only facts it may carry, `needs` those it must. `starts` are the terms that
    begin to run the day it was done. It `follows` others: one of them must be on record first.
    Guards refuse an act while one is unmet; a `coercive` one is recorded in its own stage only,
    unless it belongs to a lane.
    """

    key: str
    name: Text
    fields: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    guards: tuple[Guard, ...] = ()
    starts: tuple[Checkpoint, ...] = ()
    ends: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    coercive: bool = False


@dataclass(frozen=True, slots=True)
class Exit:
    """An ordinary decision: the button a director presses to leave a stage."""

    key: str
    name: Text
    to: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One row of the path. Entering it `ends` promises of these keys, whatever stage made them."""

    key: str
    dutch: str
    english: str
    lead: Role
    decides: Text
    guards: tuple[Guard, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    acts: tuple[Act, ...] = ()
    exits: tuple[Exit, ...] = ()
    ends: tuple[str, ...] = ()
    coercive: bool = False

    @property
    def is_end(self) -> bool:
        return not self.exits

    @property
    def terms(self) -> tuple[Checkpoint, ...]:
        """Every checkpoint this stage can start: on entry and by its acts."""
        return self.checkpoints + tuple(c for act in self.acts for c in act.starts)


@dataclass(frozen=True, slots=True)
class Lane:
    """A track that runs beside every stage; its acts can be recorded whatever the stage."""

    key: str
    name: Text
    acts: tuple[Act, ...]
