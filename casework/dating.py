"""Dates promises: copies a checkpoint of the path to a dated row that later changes never move."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from casework.awaiting import Dated, dated_by
from casework.policies import calendars_now, default_policy, policy_of, usable_policy
from casework.refusals import Incomplete
from escalation.baton import ABOUT_SILENCE
from escalation.counting import Ending, ends
from escalation.events import AfterEvent
from escalation.lanes import NEXT_STEP, PAUSE_OVER
from escalation.policy import CASE, Policy
from escalation.rungs import AMSTERDAM, first_step
from escalation.shape import Checkpoint as Spec
from escalation.silence import begins
from escalation.terms import Kind, Term
from escalation.text import Text
from models import Case, Checkpoint, CheckpointState, TermChange, Visit


@dataclass(frozen=True, slots=True)
class Start:
    """What starts a promise: an origin ("visit:12"), the moment, and the facts of an act.

    `counted_from` is the last day of another term that this one follows. `asked` is the contact who
    must answer besides the director, `owed` the one who waits for it.
    """

    origin: str
    at: datetime
    section: str
    visit: Visit | None = None
    handover_id: int | None = None
    request_id: int | None = None
    asked: int | None = None
    owed: int | None = None
    facts: Mapping[str, Any] | None = None
    counted_from: date | None = None

    @property
    def passes_on(self) -> bool:
        """Whether it is about a handover or request: those go on, and run out, by the default's
        numbers when the case's policy can not be used."""
        return self.handover_id is not None or self.request_id is not None


def date_checkpoint(session: Session, case: Case, spec: Spec, start: Start) -> Checkpoint | None:
    """The promise is a dated row. None when its act states no date and so starts no term.

    One whose act names an event is due when that is on record, and provisionally until then. Raises
    Incomplete when the municipality's policy gives no number for it.
    """
    dated = _dated(session, case, spec, start)
    if dated is None:
        return None
    ending, awaits = dated.ending, dated.awaits
    policy, calendar = _policy(session, case, start), calendars_now(session).working
    exact = ending.due_at if dated.exact else None
    # Silence is no silence yet before its last day, so nobody is reminded of it.
    rings_after = begins(ending.end) if spec.key in ABOUT_SILENCE else start.at
    step = first_step(rings_after, ending.end, exact, policy.ladder, calendar)
    row = Checkpoint(
        case_id=case.id or 0,
        key=spec.key,
        section=start.section,
        origin=start.origin,
        visit_id=start.visit.id if start.visit else None,
        handover_id=start.handover_id,
        request_id=start.request_id,
        asked_id=start.asked,
        owed_id=start.owed,
        kind=dated.kind.value,
        statutory=spec.by_law,
        outlives=spec.outlives,
        source=spec.source.cite,
        length=spec.length or str(policy.length(start.section, spec) or "stated"),
        since=start.at,
        due_on=ending.end,
        due_at=ending.due_at,
        nominal_on=ending.nominal_end,
        exact=dated.exact,
        derivation=[{"nl": t.nl, "en": t.en} for t in ending.derivation],
        awaits=awaits.event if awaits else None,
        awaits_length=str(awaits.length) if awaits else None,
        state=CheckpointState.OPEN,
        next_rung=step.offset,
        next_at=step.at,
    )
    session.add(row)
    session.flush()
    return row


def ensure_next_date(session: Session, case: Case, visit: Visit, now: datetime) -> None:
    """A visit has an open promise of its own; when none is left the next step is asked.

    A term that outlives the stage is no step of it: nobody would look at the case for its length.
    """
    no_pause_of_what_is_over(session, case.id or 0, now)
    of_visit = select(Checkpoint).where(
        Checkpoint.visit_id == visit.id,
        col(Checkpoint.outlives).is_(False),
        Checkpoint.key != PAUSE_OVER.key,  # that another term stands still is no step either
    )
    rows = session.exec(of_visit).all()
    asked = [row for row in rows if row.key == NEXT_STEP.key]
    if not any(row.state is CheckpointState.OPEN for row in rows):
        start = Start(f"visit:{visit.id}:{len(asked) + 1}", now, CASE, visit)
        date_checkpoint(session, case, NEXT_STEP, start)
    elif any(row.state is CheckpointState.OPEN for row in rows if row not in asked):
        for row in asked:
            _no_longer_asked(session, row, now)


def _no_longer_asked(session: Session, row: Checkpoint, now: datetime) -> None:
    if row.state is CheckpointState.OPEN:
        row.state, row.next_at, row.closed_at = CheckpointState.LAPSED, None, now
        session.add(row)


def no_pause_of_what_is_over(session: Session, case_id: int, now: datetime) -> None:
    """Whether a pause is over is asked only while the promise it paused is open."""
    asked = select(Checkpoint).where(
        Checkpoint.case_id == case_id,
        Checkpoint.key == PAUSE_OVER.key,
        Checkpoint.state == CheckpointState.OPEN,
    )
    for row in session.exec(asked).all():
        paused = (
            select(Checkpoint.id)
            .join(TermChange, col(TermChange.successor_id) == col(Checkpoint.id))
            .where(
                TermChange.root_id == int(row.origin.split(":")[1]),
                Checkpoint.state == CheckpointState.OPEN,
            )
        )
        if session.exec(paused).first() is None:
            _no_longer_asked(session, row, now)


def _dated(session: Session, case: Case, spec: Spec, start: Start) -> Dated | None:
    if spec.from_fact is None:
        return Dated(_counted(session, case, spec, start), spec.kind, spec.kind is Kind.HOURS)
    stated = (start.facts or {}).get(spec.from_fact)
    if isinstance(stated, AfterEvent):
        return dated_by(session, case, stated, spec.kind, spec.source, start.at)
    if stated is None:
        return None
    return Dated(_as_stated(stated, spec), spec.kind, isinstance(stated, datetime))


def _policy(session: Session, case: Case, start: Start) -> Policy:
    if start.passes_on:
        return usable_policy(session, case.policy_id)
    return policy_of(session, case.policy_id)


def _counted(session: Session, case: Case, spec: Spec, start: Start) -> Ending:
    policy = _policy(session, case, start)
    length = policy.length(start.section, spec)
    if length is None and start.passes_on:
        length = default_policy().length(start.section, spec)
    if length is None:
        raise Incomplete(policy.name, start.section, [f"{start.section}.{spec.key}"])
    first = start.counted_from or start.at
    return ends(first, Term(length, spec.kind, spec.source), calendars_now(session))


def _as_stated(stated: date | datetime, spec: Spec) -> Ending:
    """A date a decision names is that date; nothing is counted and nothing moves it."""
    exact = isinstance(stated, datetime)
    moment = stated if isinstance(stated, datetime) else _end_of(stated)
    day = moment.astimezone(AMSTERDAM).date() if exact else stated
    why = Text(
        f"De datum staat in het besluit: {moment_text(stated)} ({spec.source.cite}).",
        f"The decision states the date: {moment_text(stated)} ({spec.source.cite}).",
    )
    return Ending(day, day, moment, (why,), spec.source.cite)


def _end_of(day: date) -> datetime:
    following = day + timedelta(days=1)
    return datetime(following.year, following.month, following.day, tzinfo=AMSTERDAM)


def moment_text(value: date | datetime) -> str:
    """A day or a moment as people in the Netherlands read it."""
    if isinstance(value, datetime):
        return f"{value.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
    return f"{value:%d-%m-%Y}"
