"""Acts: what was done is recorded, judged by its guards, and put in its place by `settle`."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, moved_on, open_visit
from casework.connect import transaction
from casework.dossiers import dossier_of
from casework.people import acting, contact
from casework.reasons import remember_waived
from casework.refusals import NotAllowed, OutOfOrder, Unmet
from casework.settling import Settled, settle
from casework.silence import stirred
from casework.waiving import Waived, waived
from escalation import moves
from escalation.dossier import Recorded
from escalation.facts import checked, stored
from escalation.rungs import AMSTERDAM
from escalation.shape import Act as Spec
from escalation.silence import stirs
from escalation.text import Text
from models import Act, Case, Visit


class NewAct(BaseModel):
    """An act as it comes in at a door. `at` is when it was done, not when it was written down.

    Of a decision that is when it was sent or handed over, whatever date its letter bears: that is
    when it takes effect and its terms begin (Awb 3:40, 3:41).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    kind: str
    at: AwareDatetime
    by: str
    facts: Mapping[str, Any] = Field(default_factory=dict)
    ground: str | None = Field(default=None, max_length=200)
    reference: str | None = Field(default=None, min_length=1, max_length=100)


@dataclass(frozen=True, slots=True)
class Done:
    """What recording an act led to: the promises it dated, by key and last day, and what a person
    should know of it."""

    case_key: str
    known_already: bool
    version: int
    started: tuple[tuple[str, str], ...] = ()
    warnings: tuple[Text, ...] = field(default=())


def record_act(
    engine: Engine,
    case_key: str,
    new: NewAct,
    now: datetime,
    *,
    waive: Mapping[str, str] | None = None,
    waived_by: str | None = None,
) -> Done:
    """The act is on record and its terms run. Recorded twice (same reference) is recorded once.

    `waived_by` (else whoever did the act) waives the guards of `waive`, each with a reason. Raises
    Unmet with every unmet guard, OutOfOrder when what it follows on is not on record, BadFacts,
    Unknown, NotAllowed, NotFound.
    """
    if new.at > now:
        raise NotAllowed(f"{new.kind!r} can not be recorded before it is done; check the date")
    with transaction(engine) as session:
        case = find(session, case_key)
        actor = acting(session, new.by, now).key
        reference = new.reference or _digest(new)
        if _known(session, case, reference):
            return Done(case.key, True, case.version)
        spec = moves.act_in(moves.stage(case.stage), new.kind)
        facts = checked(spec, new.facts)
        set_aside = waived(spec.guards, waive or {}, acting(session, waived_by or new.by, now))
        _judge(session, case, spec, new, facts, set_aside)
        visit = open_visit(session, case)
        act = _store(session, case, visit, new, facts, reference, now)
        remember_waived(session, case, visit, set_aside, now)
        settled = settle(session, case, visit, spec, act, facts, now, actor)
        if stirs(spec.key):
            stirred(session, case, now, contact(session, actor))
        moved_on(session, case)
        journal.append(
            session, case, now, actor, "act", act=spec.key, id=act.id,
            waived=sorted(set_aside.guards),
        )  # fmt: skip
        return _done(case, settled)


def _done(case: Case, settled: Settled) -> Done:
    started = tuple((row.key, row.due_on.isoformat()) for row in settled.started)
    return Done(case.key, False, case.version, started, settled.warnings)


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
    set_aside: Waived,
) -> None:
    _in_order(session, case, spec, new.at)
    _sent_after_written(new, facts)
    proposed = Recorded(spec.key, new.at.astimezone(AMSTERDAM).date(), facts)
    # Judged as the law stood on the day of the act, not on the day it is written down.
    dossier = dossier_of(
        session, case, new.at, moves.section_of(spec), proposed=proposed, waived=set_aside.guards
    )
    if unmet := moves.unmet(spec.guards, dossier):
        raise Unmet(f"{spec.key!r}", unmet)


def _in_order(session: Session, case: Case, spec: Spec, at: datetime) -> None:
    if spec.follows and not _on_record(session, case, spec.follows, at):
        raise OutOfOrder(spec.key, spec.follows)


def _on_record(session: Session, case: Case, kinds: Iterable[str], at: datetime) -> bool:
    found = select(Act.id).where(
        Act.case_id == case.id, col(Act.kind).in_(list(kinds)), col(Act.at) <= at
    )
    return session.exec(found).first() is not None


def _sent_after_written(new: NewAct, facts: Mapping[str, Any]) -> None:
    written, sent = facts.get("letter_date"), new.at.astimezone(AMSTERDAM).date()
    if written is not None and written > sent:
        raise NotAllowed(
            f"the letter is dated {written} and was sent on {sent}, before it was written; "
            "check both dates"
        )


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
