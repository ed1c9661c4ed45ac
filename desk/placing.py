"""Gives every step of a history its moment, and every relative date in its facts a day.

A plain date plays at 10:00 in Amsterdam. A null date plays right after the step before it, `after`
that long after it; null dates before the first known one are counted back from it by the same
lengths. `shift` moves a whole history, dates inside facts included, by whole seconds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from desk.baton_steps import Wait
from desk.steps import Act, Step, Term
from escalation import moves
from escalation.calendars import calendars
from escalation.counting import ends
from escalation.facts import FIELDS, BadFacts, checked
from escalation.rungs import AMSTERDAM
from escalation.terms import BadTerm, Kind, Length, Unit
from escalation.terms import Term as Counted
from escalation.text import proposal

AT = time(10, 0)
DAYS = {FIELDS["valid_until"], FIELDS["views_until"], FIELDS["compliance_until"]}
DAY_FACTS = {name for name, check in FIELDS.items() if check in DAYS}
MOMENT_FACTS = {name for name, check in FIELDS.items() if check is FIELDS["until"]}


class Misplaced(ValueError):
    """A step that can not have the moment or the facts it states; `number` counts from 1."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number


@dataclass(frozen=True, slots=True)
class Placed:
    """A step with its number (from 1), its moment in UTC, and its facts in their own types."""

    number: int
    at: datetime
    step: Step
    facts: Mapping[str, Any]


def place(steps: Sequence[Step]) -> tuple[Placed, ...]:
    """Every step at its own moment, in order. Raises Misplaced."""
    return tuple(
        Placed(number, at, step, _facts(number, step, at))
        for number, (step, at) in enumerate(zip(steps, _moments(steps), strict=True), start=1)
    )


def shifted(placed: Sequence[Placed], shift: timedelta) -> tuple[Placed, ...]:
    """The same history as if it had happened `shift` later, to the whole second."""
    whole = timedelta(seconds=round(shift.total_seconds()))
    return tuple(
        replace(p, at=p.at + whole, facts={k: _moved(v, whole) for k, v in p.facts.items()})
        for p in placed
    )


def on(day: date) -> datetime:
    """The moment a plain date plays; a moment is itself."""
    moment = day if isinstance(day, datetime) else datetime.combine(day, AT, AMSTERDAM)
    return moment.astimezone(UTC)


def _moments(steps: Sequence[Step]) -> list[datetime]:
    if steps and steps[0].after is not None:
        raise Misplaced(1, "has `after` but no step before it; remove `after`")
    first = next((i for i, step in enumerate(steps) if _own(step) is not None), None)
    if first is None:
        raise Misplaced(1, "no step has a date; give at least one, or an `approx`")
    moments = _counted_back(steps[: first + 1])
    for i in range(first + 1, len(steps)):
        moments.append(_following(i + 1, steps[i], moments[-1]))
    return moments


def _own(step: Step) -> datetime | None:
    if step.date is not None:
        return on(step.date)
    if step.approx is None:
        return None
    year, _, month = step.approx.partition("-")
    return on(date(int(year), int(month or 1), 1))


def _counted_back(steps: Sequence[Step]) -> list[datetime]:
    """The first known moment, and before it the undated steps."""
    known = _own(steps[-1])
    assert known is not None
    moments = [known]
    for step in reversed(steps[1:]):
        moments.insert(0, _away(moments[0], step.after, back=True))
    return moments


def _following(number: int, step: Step, before: datetime) -> datetime:
    if step.date is None:
        return max(_away(before, step.after), _own(step) or before)
    if step.after is not None:
        raise Misplaced(number, "has a date and `after`; remove one of them")
    at = on(step.date)
    if isinstance(step.date, datetime) or step.date != before.astimezone(AMSTERDAM).date():
        if at < before:
            said = f"{before.astimezone(AMSTERDAM):%Y-%m-%d %H:%M}"
            raise Misplaced(
                number,
                f"is dated {step.date} but the step before it plays at {said}; put the steps in "
                "order, or make an `after` shorter",
            )
        return at
    return max(at, before)


def _away(moment: datetime, length: str | None, *, back: bool = False) -> datetime:
    """That long after (or before) a moment: hours as elapsed time, the rest at the same hour."""
    if length is None:
        return moment
    parsed = Length.parse(length)
    term = Counted(parsed, Kind.BACKWARD if back else Kind.DECISION_SET, proposal("history"))
    if parsed.unit is Unit.HOURS:
        return ends(moment, term, calendars()).due_at
    local = moment.astimezone(AMSTERDAM)
    end = ends(local.date(), term, calendars()).end
    return datetime.combine(end, local.time(), AMSTERDAM).astimezone(UTC)


def _facts(number: int, step: Step, at: datetime) -> Mapping[str, Any]:
    if isinstance(step.does, Term | Wait):
        return _dates(number, step.does, at)
    if not isinstance(step.does, Act):
        return {}
    try:
        counted = {k: _counted(k, v, step, at) for k, v in step.does.facts.items()}
        return checked(moves.act_named(step.does.kind), counted)
    except BadFacts as error:
        raise Misplaced(number, str(error)) from None


def _dates(number: int, change: Term | Wait, at: datetime) -> Mapping[str, Any]:
    """The day or moment that is stated, counted from the step when it is a length."""
    name, stated = _stated(change)
    if stated is None:
        return {}
    day = _away(at, stated).astimezone(AMSTERDAM).date() if isinstance(stated, str) else stated
    if isinstance(day, datetime) and name in {"pause_until", "until"}:
        raise Misplaced(number, f"{name} wants a date, without a time")
    return {name: day}


def _stated(change: Term | Wait) -> tuple[str, date | str | None]:
    if isinstance(change, Wait):
        return "until", change.until
    return change.way, change.pause_until or change.redate


def _counted(name: str, value: Any, step: Step, at: datetime) -> Any:
    """A date written as a length ("12 months") is counted from the step; else the value."""
    if name not in DAY_FACTS | MOMENT_FACTS or not isinstance(value, str):
        return value
    try:
        Length.parse(value)
    except BadTerm:
        return value
    end = _away(at, value)
    exact = name in MOMENT_FACTS and isinstance(step.date, datetime)
    return end if exact else end.astimezone(AMSTERDAM).date()


def _moved(value: Any, shift: timedelta) -> Any:
    if isinstance(value, datetime):
        return (value + shift).astimezone(UTC)
    return (on(value) + shift).astimezone(AMSTERDAM).date() if isinstance(value, date) else value
