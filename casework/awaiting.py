"""Terms that follow an event: dated for the meantime while it is awaited, for good once it is on
record."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, time

from sqlmodel import Session, col, select

from casework.policies import calendars_now, policy_of
from casework.refusals import Incomplete
from escalation import derivation as say
from escalation.counting import Ending, ends
from escalation.events import AfterEvent
from escalation.lanes import AWAITED
from escalation.moves import act_named
from escalation.policy import CASE, sections
from escalation.rungs import AMSTERDAM
from escalation.terms import Kind, Length, Term, Unit
from escalation.text import Source
from models import Act, Case, Checkpoint, CheckpointState

BY_THE_CLOCK = {Kind.HOURS, Kind.EFFECT_PERIOD}


@dataclass(frozen=True, slots=True)
class Dated:
    """Where a term ends, what kind of term that makes it, and the event it still waits for."""

    ending: Ending
    kind: Kind
    exact: bool
    awaits: AfterEvent | None = None


def dated_by(
    session: Session, case: Case, event: AfterEvent, kind: Kind, source: Source, at: datetime
) -> Dated:
    """The term of this kind that begins at `at` and follows the event.

    Provisional when the event has not happened since the day it began. Raises Incomplete when the
    policy does not say how long to wait.
    """
    if event.itself:
        ending = ends(at, Term(event.length, kind, source), calendars_now(session))
        return Dated(ending, kind, kind in BY_THE_CLOCK)
    happened = _happened(session, case, event, at)
    if happened is None:
        return Dated(_meanwhile(session, case, event, at), Kind.EVENT_RELATIVE, False, event)
    ending, exact = after(session, event, kind, source, happened)
    return Dated(ending, Kind.EVENT_RELATIVE, exact)


def after(
    session: Session, event: AfterEvent, kind: Kind, source: Source, at: datetime
) -> tuple[Ending, bool]:
    """Where the term ends when its event happened at `at`, and whether at that very moment.

    The end of a ban or closure keeps the event's time on the clock; other terms end with their day.
    """
    counted = _counted_as(kind, event.length.unit)
    ending = ends(at, Term(event.length, counted, source), calendars_now(session))
    return ending, counted in BY_THE_CLOCK


def awaiting(session: Session, case: Case, act: Act) -> Iterator[tuple[Checkpoint, AfterEvent]]:
    """The open promises that wait for this act and had begun on the day it was done."""
    day = act.at.astimezone(AMSTERDAM).date()
    rows = session.exec(
        select(Checkpoint)
        .where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            Checkpoint.awaits == act.kind,
        )
        .order_by(col(Checkpoint.id))
    ).all()
    for row in rows:
        if row.since.astimezone(AMSTERDAM).date() <= day:
            yield row, AfterEvent(Length.parse(row.awaits_length or ""), act.kind)


def kind_on_path(row: Checkpoint) -> Kind:
    """The kind its question has on the path, for what waits is only event-relative in its row."""
    kinds = (c.kind for section, c in sections() if (section, c.key) == (row.section, row.key))
    return next(kinds, Kind.EVENT_RELATIVE)


def _counted_as(kind: Kind, unit: Unit) -> Kind:
    if unit is Unit.HOURS:
        return Kind.HOURS
    if unit is Unit.WORKING_DAYS:
        return Kind.POLICY
    return Kind.EFFECT_PERIOD if kind is Kind.EFFECT_PERIOD else Kind.EVENT_RELATIVE


def _happened(session: Session, case: Case, event: AfterEvent, since: datetime) -> datetime | None:
    morning = datetime.combine(since.astimezone(AMSTERDAM).date(), time.min, AMSTERDAM)
    return session.exec(
        select(Act.at)
        .where(Act.case_id == case.id, Act.kind == event.event, col(Act.at) >= morning)
        .order_by(col(Act.at), col(Act.id))
    ).first()


def _meanwhile(session: Session, case: Case, event: AfterEvent, at: datetime) -> Ending:
    policy = policy_of(session, case.policy_id)
    length = policy.length(CASE, AWAITED)
    if length is None:
        raise Incomplete(policy.name, case.stage, [f"{CASE}.{AWAITED.key}"])
    ending = ends(at, Term(length, AWAITED.kind, AWAITED.source), calendars_now(session))
    why = say.provisional(event.length.words, act_named(event.event).name)
    return replace(ending, derivation=(why, *ending.derivation))
