"""Which measures stand: what began them, what ended them, and what depends on them.

A court, or a decision on objection, may suspend a measure, give it another end, or end it. What
that does to its promises is read from MEASURES; what it does to the guards is judged here.
"""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

from escalation.calendars import Calendars, calendars
from escalation.counting import AMSTERDAM, ends
from escalation.dossier import Dossier, Recorded
from escalation.events import AfterEvent
from escalation.terms import Kind, Length, Term, Unit
from escalation.text import Text, policy

OUTCOMES = ("objection_decided", "ruling_received")
STANDS, ENDED, SUSPENDED, REDATED = "stands", "ended", "suspended", "redated"
EFFECTS = ("stands", SUSPENDED, REDATED, ENDED, "effects_kept")


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure that can be fought: the acts that make it, and the promises that hang on it.

    `until` is the fact that carries its end, `end` the promise made of it. `depends` are promises
    that stand still while it is suspended; once it is ended they are void, and so is what `follows`
    from it. `begins` is the promise of the day it takes effect or must be complied with.
    """

    key: str
    name: Text
    section: str
    begun_by: tuple[str, ...]
    ended_by: tuple[str, ...] = ()
    until: str | None = None
    end: str | None = None
    begins: str | None = None
    depends: tuple[str, ...] = ()
    follows: tuple[str, ...] = ()
    shortened_by: tuple[str, ...] = ()


MEASURES = {
    measure.key: measure
    for measure in (
        Measure("warning", Text("waarschuwing", "warning"), "warning", ("warning_delivered",),
                ("warning_withdrawn",), "valid_until", "warning_lapses", depends=("observed",)),
        Measure("order", Text("last", "order"), "behavioural_order", ("order_announced",),
                ("order_withdrawn",), "in_force_until", "order_ends", begins="complied",
                depends=("complied", "evaluated", "evaluated_again"),
                follows=("paid", "collection_lapses")),
        Measure("urgent_coercion", Text("spoedbestuursdwang", "urgent coercion"),
                "behavioural_order", ("urgent_coercion", "urgent_decision_announced"),
                follows=("decision_written",)),
        Measure("collection", Text("invordering", "collection"), "behavioural_order",
                ("collection_decided",), depends=("paid",)),
        Measure("house_ban", Text("huisverbod", "house ban"), "behavioural_order",
                ("house_ban_imposed", "house_ban_extended"), ("house_ban_ended",), "until",
                "ban_ends", depends=("ban_extension",), follows=("ban_heard",)),
        Measure("closure", Text("sluiting", "closure"), "house_closure",
                ("closure_announced", "closure_extended"), ("house_reopened",), "until",
                "closure_ends", begins="takes_effect", depends=("takes_effect", "evaluated"),
                shortened_by=("closure_shortened",)),
        Measure("emergency_order", Text("noodbevel", "emergency order"), "emergency",
                ("emergency_order_given", "emergency_order_extended"), ("emergency_order_ended",),
                "until", "emergency_ends"),
    )
}  # fmt: skip
# What a person may fight: a measure, or a decision that is none.
AGAINST = (*MEASURES, "refusal", "objection_decision")
# What a person can object to, and the acts that decide it.
DECISIONS = {
    **{measure.key: measure.begun_by for measure in MEASURES.values()},
    "refusal": ("enforcement_refused",),
}


def in_force(d: Dossier, measure: Measure) -> bool:
    """Whether it was imposed and neither ran out, nor was withdrawn, nor ended by an outcome."""
    return bool(standing(d, measure))


def standing(d: Dossier, measure: Measure) -> list[Recorded]:
    """What made the measure and stands today: of an order or warning there may be several.

    What extends a measure takes the place of what it extends.
    """
    begun = _begun(d, measure)
    extended = [n for n, act in enumerate(begun) if act.kind != measure.begun_by[0]]
    as_extended = begun[extended[-1] :] if extended else begun
    return [act for act in as_extended if _stated_end(d, measure, act) >= d.today]


def since(d: Dossier, act: Recorded) -> tuple[Recorded, ...]:
    """What was done after it, in order; on the same day too."""
    place = next(n for n, other in enumerate(d.acts) if other is act)
    return d.acts[place + 1 :]


def _stated_end(d: Dossier, measure: Measure, begun: Recorded) -> date:
    """The end as it was last stated: by the measure, by whoever shortened it, or by a court."""
    later = [
        act
        for act in since(d, begun)
        if act.kind in measure.shortened_by or _does(act, measure, REDATED)
    ]
    said = later[-1] if later else begun
    return resolved(d, said, said.facts.get("until" if later else measure.until or ""))


def _begun(d: Dossier, measure: Measure) -> list[Recorded]:
    """What made the measure and was not ended, whether or not it has run out."""
    return [act for act in d.recorded(*measure.begun_by) if not _over(d, measure, act)]


def _over(d: Dossier, measure: Measure, begun: Recorded) -> bool:
    """Withdrawn for good, or ended by an outcome that no later ruling undid."""
    said = [act for act in since(d, begun) if _does(act, measure, ENDED) or _upheld(act, measure)]
    if any(act.kind in measure.ended_by for act in since(d, begun)):
        return True
    return bool(said) and _does(said[-1], measure, ENDED)


def _upheld(act: Recorded, measure: Measure) -> bool:
    return act.kind == "ruling_received" and _does(act, measure, STANDS)


def _does(act: Recorded, measure: Measure, effect: str) -> bool:
    """Whether it is an outcome that does this to the measure."""
    return (
        act.kind in OUTCOMES
        and act.facts.get("against") == measure.key
        and act.facts.get("effect") == effect
    )


def ended_since(d: Dossier, measure: Measure, act: Recorded) -> bool:
    """Whether an outcome ended the measure after this act."""
    return any(_does(later, measure, ENDED) for later in since(d, act))


def outcomes(d: Dossier, measure: Measure) -> list[Recorded]:
    """What courts and decisions on objection did to it as it stands, in the order they came."""
    begun = _begun(d, measure)
    if not begun:
        return []
    return [act for act in since(d, begun[0]) if any(_does(act, measure, e) for e in EFFECTS)]


def suspended(d: Dossier, measure: Measure) -> bool:
    """Whether the last outcome that suspends it, or lifts a suspension, suspends it today.

    Only a court lifts one: a decision on objection that lets the measure stand does not, since
    suspensions often last until some time after it.
    """
    said = [o for o in outcomes(d, measure) if _does(o, measure, SUSPENDED) or _upheld(o, measure)]
    if not said or _upheld(said[-1], measure):
        return False
    begins = said[-1].facts.get("from_day") or said[-1].on
    return bool(begins <= d.today <= resolved(d, said[-1], said[-1].facts.get("until")))


def resolved(d: Dossier, act: Recorded, stated: Any) -> date:
    """The day of an end that an act states; for ever while the event it follows is awaited."""
    if not isinstance(stated, AfterEvent):
        return end_of(stated)
    if stated.itself:
        return act.on
    event = next((e for e in d.recorded(stated.event) if e.on >= act.on), None)
    return longest(event.on, stated.length) if event else date.max


def end_of(stated: Any) -> date:
    """The Amsterdam day of an end; for ever when none is stated, or an event is awaited."""
    if isinstance(stated, datetime):
        return stated.astimezone(AMSTERDAM).date()
    return stated if isinstance(stated, date) else date.max


def longest(start: date, length: Length) -> date:
    """The last day of a stretch written in a decision or a policy, counted as the law counts.

    Of hours every day they touch counts.
    """
    if length.unit is Unit.HOURS:
        length = Length(-(-length.n // 24), Unit.DAYS)
    kind = Kind.POLICY if length.unit is Unit.WORKING_DAYS else Kind.DECISION_SET
    return ends(start, Term(length, kind, policy("besluit")), _any()).end


@cache
def _any() -> Calendars:
    return calendars()  # nothing moves such a day; any calendar will do
