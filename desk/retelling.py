"""What a replay showed: every step allowed or refused, every promise and alert, as a page of text
and as JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from casework.views import PromiseView
from desk.known_words import guards
from desk.say import plain, when
from desk.told import StepTold
from escalation.path import STAGES
from escalation.text import Text

SHOWN = 3  # alerts of one kind told in full between two steps; the rest are counted


@dataclass(frozen=True, slots=True)
class AlertTold:
    """An alert on the virtual clock: its number, what it was, whom it went to and when."""

    number: int
    case_key: str
    lead: str
    to: str
    at: datetime
    asks: Text


@dataclass(frozen=True, slots=True)
class Replayed:
    """A history played to its end, or up to `until`."""

    id: str
    title: str
    municipality: str
    source: str
    outcome: str
    until: datetime
    cases: tuple[str, ...]
    stage: str
    holder: str | None
    steps: tuple[StepTold, ...]
    promises: tuple[PromiseView, ...]
    alerts: tuple[AlertTold, ...]
    without_holder: tuple[datetime, ...]

    @property
    def surprises(self) -> tuple[StepTold, ...]:
        """The steps that went otherwise than the history expects."""
        return tuple(step for step in self.steps if not step.expected)

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can hold it."""
        told: dict[str, Any] = plain(self)
        return told | {"as_expected": not self.surprises, "timeline": self.lines()}

    def lines(self) -> list[str]:
        """The timeline as people read it, in order of the virtual clock."""
        told: list[tuple[datetime, int, list[str]]] = [
            (step.at, 1, list(self._step(step))) for step in self.steps
        ]
        told += [(at, 2, lines) for at, lines in self._alerts()]
        told.sort(key=lambda entry: entry[:2])
        return [*self._head(), "", *(line for *_, lines in told for line in lines), *self._foot()]

    def _head(self) -> list[str]:
        return [
            f"{self.id} · {self.title}",
            f"Source: {self.source}",
            f"The court: {self.outcome}",
        ]

    def _step(self, step: StepTold) -> Iterator[str]:
        yield f"{when(step.at)}  {'+' if step.allowed else 'x'} {step.number}. {step.what}"
        if step.known:
            yield "      played into this database before"
        if not step.allowed:
            yield f"      refused, {'as' if step.expected else 'NOT'} expected: {step.refused}"
            yield from _refusing(step)
        elif not step.expected:
            yield "      allowed, though the history expects a refusal"
        yield from _named("      ", note=step.note, assumed=step.assumed)
        if step.allowed and step.stage:
            yield f"      now in {step.stage} ({STAGES[step.stage].dutch})"
        if step.settled:
            yield f"      settled: {', '.join(step.settled)}"
        yield from (line for row in self._promised(step) for line in _promise(row))

    def _promised(self, step: StepTold) -> Iterator[PromiseView]:
        return (row for row in self.promises if row.id in step.promised)

    def _alerts(self) -> Iterator[tuple[datetime, list[str]]]:
        """Alerts by the stretch between two steps they rang in, a long row of one kind counted."""
        steps = [step.at for step in self.steps]

        def kind(alert: AlertTold) -> tuple[int, str, str]:
            return sum(at <= alert.at for at in steps), alert.asks.en, alert.lead

        first = {kind(alert): (alert.at, alert.number) for alert in reversed(self.alerts)}
        ordered = sorted(self.alerts, key=lambda alert: (first[kind(alert)], kind(alert)))
        for _kind, group in groupby(ordered, key=kind):
            rung = list(group)
            yield from ((alert.at, [_rang(alert)]) for alert in rung[:SHOWN])
            if more := rung[SHOWN:]:
                last = when(more[-1].at)
                yield more[0].at, [f"      … and {len(more)} more such alerts until {last}"]

    def _foot(self) -> Iterator[str]:
        refused = [step for step in self.steps if not step.allowed]
        yield ""
        yield (
            f"{len(self.steps)} steps, {len(refused)} refused, {len(self.surprises)} otherwise "
            f"than the history expects; {len(self.promises)} promises, {len(self.alerts)} alerts."
        )
        gaps = [when(at) for at in self.without_holder]
        yield f"Without a holder: {', '.join(gaps) or 'never'}."
        held = f"held by {self.holder}" if self.holder else "over"
        yield f"On {when(self.until)} case {self.cases[-1]} is in {self.stage}, {held}."


def _named(indent: str, **remarks: str | None) -> Iterator[str]:
    yield from (f"{indent}{name}: {said}" for name, said in remarks.items() if said)


def _refusing(step: StepTold) -> Iterator[str]:
    """What is unmet, as questions; the sentence itself when another thing refuses too."""
    if step.refused != "unmet" and step.why:
        yield f"        {step.why}"
    for guard in (guards()[key] for key in step.guards if key in guards()):
        yield f"        - {guard.asks.en} [{guard.key}; {guard.source.cite}]"


def _promise(row: PromiseView) -> Iterable[str]:
    due = when(row.due_at if row.exact else row.due_on)
    yield f"      promised by {due}: {row.asks.en} [{row.section}.{row.key}; {row.source}]"
    why = [said["en"] for said in row.derivation]
    # A date set by law is looked at step by step; of the others one line tells enough.
    yield from (f"        {line}" for line in (why if row.statutory else [" ".join(why)]))


def _rang(alert: AlertTold) -> str:
    return f"{when(alert.at)}  ! {alert.lead} {alert.number} to {alert.to}: {alert.asks.en}"
