"""What courts and decisions on objection do to a measure is carried through to what hangs on it.

Ended: its promises are void, and a person is asked to undo what was done. Suspended: what it
demands stands still until the suspension is over. Re-dated: it ends where the outcome says.
A ruling is never refused for what it does: a date that can not follow stays, and is still watched.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from casework.awaiting import dated_by, kind_on_path
from casework.lapsing import lapse_rows
from casework.ledger import change_term
from casework.recount import latest_of, root_id_of
from casework.refusals import NotAllowed
from escalation.events import AfterEvent
from escalation.ledger import Entry, What
from escalation.protection import SUSPENSION_ENDS
from escalation.rungs import AMSTERDAM
from escalation.standing import ENDED, MEASURES, OUTCOMES, REDATED, SUSPENDED, Measure
from escalation.text import policy
from models import Act, Case, Checkpoint, CheckpointState, TermChange, TermWhat

POSTPONED = "effect_postponed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """An act that does something to a measure, and who recorded it when."""

    session: Session
    case: Case
    act: Act
    measure: Measure
    facts: Mapping[str, Any]
    actor: str
    now: datetime

    @property
    def on(self) -> date:
        """The day its effect begins."""
        done: date = self.facts.get("from_day") or self.act.at.astimezone(AMSTERDAM).date()
        return done

    def change(self, row: Checkpoint, entry: Entry) -> Checkpoint:
        return change_term(
            self.session, self.case, row, entry, actor=self.actor, now=self.now, act_id=self.act.id,
            ground=self.act.ground or self.act.kind, reason=f"{self.act.kind}: {self.measure.key}",
        )  # fmt: skip


def carry_through(
    session: Session, case: Case, act: Act, facts: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """The promises of the measure an act is about are as that act leaves them.

    Raises NotAllowed for a postponement of what has begun already; never for an outcome.
    """
    _follow_suspensions(session, case, act, actor, now)
    measure = MEASURES.get(str(facts.get("against")))
    if measure is None:
        return
    outcome = Outcome(session, case, act, measure, facts, actor, now)
    if act.kind == POSTPONED:
        _postpone(outcome)
    elif act.kind in OUTCOMES:
        _DOES.get(str(facts.get("effect")), _nothing)(outcome)


def _nothing(_outcome: Outcome) -> None:
    pass


def _void(outcome: Outcome) -> None:
    measure = outcome.measure
    keys = {*measure.depends, *measure.follows, *filter(None, [measure.end, measure.begins])}
    rows = [*_running(outcome, keys), *_objections(outcome), *_suspensions(outcome)]
    lapse_rows(outcome.session, rows, outcome.now)


def _redate(outcome: Outcome) -> None:
    for row in _running(outcome, {outcome.measure.end or ""}):
        _move(outcome, row)


def _postpone(outcome: Outcome) -> None:
    """A term to comply that is over can not be given more time; a new decision can (Awb 5:24)."""
    rows = _running(outcome, {outcome.measure.begins or ""})
    rows = [row for row in rows if row.due_at > outcome.act.at]
    if not rows:
        raise NotAllowed(
            f"there is no {outcome.measure.name.en} that has yet to take effect or be complied "
            "with; what began already can not be postponed"
        )
    for row in rows:
        _move(outcome, row)


def _move(outcome: Outcome, row: Checkpoint) -> None:
    """The promise is due when the act says; provisionally, while that waits for an event."""
    until, on = outcome.facts["until"], outcome.on
    if not isinstance(until, AfterEvent):
        outcome.change(row, Entry(What.REDATED, on, to=until))
        return
    source, at = policy(row.source), outcome.act.at
    dated = dated_by(outcome.session, outcome.case, until, kind_on_path(row), source, at)
    to = dated.ending.due_at if dated.exact else dated.ending.end
    entry = Entry(What.REDATED, on, to=to, steps=dated.ending.derivation)
    successor = outcome.change(row, entry)
    if dated.awaits is not None:
        successor.awaits, successor.awaits_length = dated.awaits.event, str(dated.awaits.length)
        outcome.session.add(successor)


def _stand_still(outcome: Outcome) -> None:
    """What the measure demands is paused up to the day the suspension ends, as far as known."""
    ends = next((row for row in _suspensions(outcome, of=outcome.act)), None)
    if ends is None:
        return
    for row in _running(outcome, outcome.measure.depends):
        _try(outcome, row, Entry(What.PAUSED, outcome.on, until=ends.due_on))


def _follow_suspensions(session: Session, case: Case, act: Act, actor: str, now: datetime) -> None:
    """A suspension whose end this act made known takes what it had paused along."""
    for ends, begun in _rearmed_suspensions(session, case, act):
        measure = MEASURES[str(begun.facts["against"])]
        outcome = Outcome(session, case, act, measure, {}, actor, now)
        for pause, row in _paused_by(session, begun):
            _try(outcome, row, _up_to(pause, ends.due_on))


def _up_to(pause: TermChange, last: date) -> Entry:
    """The pause made longer, or shorter, so that `last` is its last day."""
    until = pause.until or pause.on
    if last > until:
        return Entry(What.PAUSED, until, until=last)
    return Entry(What.RESUMED, max(last, pause.on))


def _try(outcome: Outcome, row: Checkpoint, entry: Entry) -> None:
    try:
        outcome.change(row, entry)
    except NotAllowed:  # over already, or paused for another reason: it is watched as it stands
        return


_DOES = {ENDED: _void, REDATED: _redate, SUSPENDED: _stand_still}


# --- which promises -------------------------------------------------------------------------------


def _running(outcome: Outcome, keys: Collection[str]) -> list[Checkpoint]:
    rows = select(Checkpoint).where(
        Checkpoint.case_id == outcome.case.id,
        Checkpoint.section == outcome.measure.section,
        Checkpoint.state == CheckpointState.OPEN,
        col(Checkpoint.key).in_(sorted(keys)),
    )
    return list(outcome.session.exec(rows))


def _objections(outcome: Outcome) -> Iterator[Checkpoint]:
    """The objection terms that run against the measure: nobody need object to what is gone."""
    for row, act in _begun(outcome.session, outcome.case, "objection"):
        if act.kind in outcome.measure.begun_by:
            yield row


def _suspensions(outcome: Outcome, of: Act | None = None) -> Iterator[Checkpoint]:
    for row, act in _begun(outcome.session, outcome.case, SUSPENSION_ENDS.key):
        about = act.facts.get("against") == outcome.measure.key
        if about if of is None else act.id == of.id:
            yield row


def _begun(session: Session, case: Case, key: str) -> list[tuple[Checkpoint, Act]]:
    """The open promises with this key, each with the act that made it in the first place."""
    rows = session.exec(
        select(Checkpoint).where(
            Checkpoint.case_id == case.id,
            Checkpoint.key == key,
            Checkpoint.state == CheckpointState.OPEN,
        )
    ).all()
    return [(row, act) for row in rows if (act := act_behind(session, row)) is not None]


def act_behind(session: Session, row: Checkpoint) -> Act | None:
    """The act that made a promise, however often its date was changed since."""
    kind, _, number = session.get_one(Checkpoint, root_id_of(session, row)).origin.partition(":")
    return session.get(Act, int(number)) if kind == "act" else None


def _rearmed_suspensions(
    session: Session, case: Case, act: Act
) -> Iterator[tuple[Checkpoint, Act]]:
    changed = set(session.exec(select(TermChange.successor_id).where(TermChange.act_id == act.id)))
    for row, begun in _begun(session, case, SUSPENSION_ENDS.key):
        if row.id in changed and begun.id != act.id:
            yield row, begun


def _paused_by(session: Session, act: Act) -> list[tuple[TermChange, Checkpoint]]:
    pauses = session.exec(
        select(TermChange).where(TermChange.act_id == act.id, TermChange.what == TermWhat.PAUSED)
    ).all()
    found = ((p, latest_of(session, session.get_one(Checkpoint, p.root_id))) for p in pauses)
    return [(pause, row) for pause, row in found if row.state is CheckpointState.OPEN]
