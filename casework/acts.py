"""Acts: what was done is recorded, starts its terms, and settles the promises it answers."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, moved_on, open_visit
from casework.connect import transaction
from casework.dating import Start, date_checkpoint, ensure_next_date
from casework.dossiers import dossier_of
from casework.people import contact
from casework.reasons import remember, waivers
from casework.refusals import NotAllowed, Unmet
from casework.stages import lapse
from escalation import moves
from escalation.dossier import Recorded
from escalation.facts import checked, stored
from escalation.path import LANES, PATH
from escalation.policy import sections
from escalation.rungs import AMSTERDAM
from escalation.shape import Act as Spec
from models import Act, Answer, Case, Checkpoint, CheckpointState, Visit


class NewAct(BaseModel):
    """An act as it comes in at a door. `at` is when it was done, not when it was written down."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: str
    at: AwareDatetime
    by: str
    facts: Mapping[str, Any] = Field(default_factory=dict)
    ground: str | None = Field(default=None, max_length=200)
    reference: str | None = Field(default=None, min_length=1, max_length=100)


@dataclass(frozen=True, slots=True)
class Done:
    """What recording an act led to: the promises it dated, by key and last day."""

    case_key: str
    known_already: bool
    version: int
    started: tuple[tuple[str, str], ...] = ()


def record_act(
    engine: Engine,
    case_key: str,
    new: NewAct,
    now: datetime,
    *,
    waive: Mapping[str, str] | None = None,
) -> Done:
    """The act is on record and its terms run. Recorded twice (same reference) is recorded once.

    Raises Unmet with every unmet guard of a coercive act, BadFacts, Unknown, NotAllowed, NotFound.
    """
    if new.at > now:
        raise NotAllowed(f"{new.kind!r} can not be recorded before it is done; check the date")
    with transaction(engine) as session:
        case = find(session, case_key)
        actor = contact(session, new.by).key
        reference = new.reference or _digest(new)
        if _known(session, case, reference):
            return Done(case.key, True, case.version)
        spec = moves.act_in(moves.stage(case.stage), new.kind)
        facts = checked(spec, new.facts)
        reasons = waivers(waive or {})
        waived = _judge(session, case, spec, new, facts, waive or {})
        visit = open_visit(session, case)
        act = _store(session, case, visit, new, facts, reference, now)
        remember(session, case, visit, actor, now, reasons)
        started = _settle(session, case, visit, spec, act, facts, now, actor)
        moved_on(session, case)
        journal.append(
            session, case, now, actor, "act", act=spec.key, id=act.id, waived=sorted(waived)
        )
        return Done(case.key, False, case.version, started)


def _digest(new: NewAct) -> str:
    said = [new.kind, new.at.timestamp(), new.by, new.ground, dict(new.facts)]
    written = json.dumps(said, sort_keys=True, default=str)
    return "sha256:" + hashlib.sha256(written.encode()).hexdigest()[:32]


def _known(session: Session, case: Case, reference: str) -> bool:
    found = select(Act.id).where(Act.case_id == case.id, Act.reference == reference)
    return session.exec(found).first() is not None


def _judge(
    session: Session,
    case: Case,
    spec: Spec,
    new: NewAct,
    facts: Mapping[str, Any],
    waive: Mapping[str, str],
) -> frozenset[str]:
    if wrong := moves.not_waivable(waive.keys(), spec.guards):
        raise NotAllowed(f"can not be waived here: {', '.join(wrong)}")
    proposed = Recorded(spec.key, new.at.astimezone(AMSTERDAM).date(), facts)
    # Judged as the law stood on the day of the act, not on the day it is written down.
    dossier = dossier_of(session, case, new.at, proposed=proposed, waived=waive.keys())
    if unmet := moves.unmet(spec.guards, dossier):
        raise Unmet(f"{spec.key!r}", unmet)
    return frozenset(waive)


def _store(
    session: Session,
    case: Case,
    visit: Visit | None,
    new: NewAct,
    facts: Mapping[str, Any],
    reference: str,
    now: datetime,
) -> Act:
    act = Act(
        case_id=case.id or 0,
        visit_id=visit.id if visit else None,
        kind=new.kind,
        at=new.at,
        by=new.by,
        ground=new.ground,
        facts=stored(facts),
        reference=reference,
        recorded_at=now,
    )
    session.add(act)
    session.flush()
    return act


def _settle(
    session: Session,
    case: Case,
    visit: Visit | None,
    spec: Spec,
    act: Act,
    facts: Mapping[str, Any],
    now: datetime,
    actor: str,
) -> tuple[tuple[str, str], ...]:
    """Ends and answers what this act settles, then dates what it starts, in that order: an act
    may replace a promise of its own key."""
    lapse(session, case, now, spec.ends, section=_section(spec))
    _answer(session, case, act, now, actor)
    start = Start(f"act:{act.id}", act.at, _section(spec), visit, facts=facts)
    dated = [date_checkpoint(session, case, promise, start) for promise in spec.starts]
    if visit is not None:
        ensure_next_date(session, case, visit, now)
    return tuple((row.key, row.due_on.isoformat()) for row in dated if row is not None)


def _section(spec: Spec) -> str:
    homes = [stage.key for stage in PATH if spec in stage.acts]
    return homes[0] if homes else next(lane.key for lane in LANES if spec in lane.acts)


def _answered_by(act_key: str) -> frozenset[tuple[str, str]]:
    """The promises, by section and key, that this act answers."""
    return frozenset((section, c.key) for section, c in sections() if act_key in c.answered_by)


def _answer(session: Session, case: Case, act: Act, now: datetime, actor: str) -> None:
    for row in _settled(session, case, act):
        row.state, row.answer, row.next_at = CheckpointState.ANSWERED, Answer.DONE, None
        row.answered_by, row.closed_at = actor, now
        session.add(row)
    session.flush()


def _settled(session: Session, case: Case, act: Act) -> list[Checkpoint]:
    """The open promises this act answers: made by the day it was done, and meant beyond doubt.

    Of several terms of law that ask the same (two objection terms) none is: a person answers the
    one that is meant, by its number.
    """
    keys, day = _answered_by(act.kind), act.at.astimezone(AMSTERDAM).date()
    rows = session.exec(
        select(Checkpoint).where(
            Checkpoint.case_id == case.id,
            Checkpoint.state == CheckpointState.OPEN,
            col(Checkpoint.key).in_([key for _section, key in keys]),
        )
    )
    asked = [
        row
        for row in rows
        if (row.section, row.key) in keys and row.since.astimezone(AMSTERDAM).date() <= day
    ]
    alike = Counter(row.key for row in asked)
    return [row for row in asked if not (row.statutory and alike[row.key] > 1)]
