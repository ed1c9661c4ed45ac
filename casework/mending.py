"""Mending: what the audit found in a case is put right, as far as that can be done exactly.

An operator needs no dossier for it: no row is chosen, shown or typed. A deleted row comes back as
it was; a rung is told to those who lack it; a promise that could not be judged rings again; a visit
gets its run anew. What happened is a line in the journal. Whatever else was found stays found.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.administration import one_at_a_time, record
from casework.audit import FAR, SOON
from casework.audit_checks import RINGS_TOO_LATE
from casework.cases import find, moved_on
from casework.clocks import lapse_clocks
from casework.connect import transaction
from casework.people import acting
from casework.policies import calendars_now, usable_policy
from casework.raising import hear_again, send_again
from casework.restoring import Named, accept, restore
from escalation.rungs import moment_of
from models import Alert, Case, Checkpoint, JournalEntry, UtcTime, Visit

OPEN = sa.text("checkpoints.state = 'open'")
TOLD = ("raised", "raised_again")
CAME_BACK = ("restored", "checkpoints")


@dataclass(frozen=True, slots=True)
class Mended:
    """What was put right: rows that are back, rows that could not come back and rows that need not
    (table and number), alerts made again, rungs of whose alerts nobody is left to be told, promises
    that ring again, and whether the visit gets another run."""

    restored: tuple[str, ...]
    refused: tuple[str, ...] = ()
    accepted: tuple[str, ...] = ()
    alerts: int = 0
    unheard: int = 0
    promises: tuple[int, ...] = ()
    run: bool = False

    @property
    def anything(self) -> bool:
        told = self.alerts or self.unheard
        return bool(self.restored or self.accepted or told or self.promises or self.run)


def mend(
    engine: Engine,
    case_key: str,
    *,
    by: str,
    now: datetime,
    run: bool = False,
    accepting: bool = False,
) -> Mended:
    """Everything of this case that can be mended exactly is; with `run`, its visit is armed anew.

    With `accepting`, what was deleted and cannot come back need not. Mended twice is mended once.
    Raises NotFound, NotAllowed for somebody who left.
    """
    with transaction(engine) as session:
        case = find(session, case_key)
        actor = acting(session, by, now).key
        back = _put_right(session, case.id, actor, now, accepting)
        for what, of, row in _lines(back):
            journal.append(session, case, now, actor, what, of=of, row=row)
        _end_with_its_stay(session, case, back, now)
        told = _tell_again(session, case, actor, now)
        again = (*_ring_again(session, case, actor, now), *_ring_in_time(session, case, actor, now))
        armed = run and _arm_again(session, case, actor, now)
        if back.restored or again:
            moved_on(session, case)
        alerts, unheard = sum(told), told.count(0)
        return replace(back, alerts=alerts, unheard=unheard, promises=again, run=armed)


def mend_installation(engine: Engine, *, by: str, now: datetime, accepting: bool = False) -> Mended:
    """The same for deleted rows that belong to no case: alerts about the installation itself."""
    with transaction(engine) as session:
        one_at_a_time(session)
        actor = acting(session, by, now).key
        back = _put_right(session, None, actor, now, accepting)
        for what, of, row in _lines(back):
            record(session, now, actor, what, of=of, row=row)
        return back


def _put_right(
    session: Session, case_id: int | None, by: str, now: datetime, accepting: bool
) -> Mended:
    back = restore(session, case_id, by, now)
    accepted = accept(session, case_id, by, now) if accepting else ()
    refused = () if accepting else back.refused
    return Mended(_named(back.restored), _named(refused), _named(accepted))


def _named(rows: Iterable[Named]) -> tuple[str, ...]:
    return tuple(f"{of} {row}" for of, row in rows)


def _lines(back: Mended) -> Iterator[tuple[str, str, str]]:
    for what, rows in (("restored", back.restored), ("removal_accepted", back.accepted)):
        for row in rows:
            yield (what, *row.split(" ", 1))  # type: ignore[misc]


def _end_with_its_stay(session: Session, case: Case, back: Mended, now: datetime) -> None:
    """A promise of a stay that ended while it was away is over, as it would have been."""
    numbers = [int(row) for what, of, row in _lines(back) if (what, of) == CAME_BACK]
    left = sa.or_(col(Visit.left_at).is_not(None), sa.literal(case.closed_at is not None))
    over = session.exec(
        select(Checkpoint)
        .outerjoin(Visit, col(Visit.id) == col(Checkpoint.visit_id))
        .where(col(Checkpoint.id).in_(numbers), OPEN, col(Checkpoint.outlives).is_(False), left)
    ).all()
    lapse_clocks(session, over, now)


def _tell_again(session: Session, case: Case, actor: str, now: datetime) -> list[int]:
    """Every raised rung of which alerts are missing is told to those who would hear it now and
    lack it: how many, for each. The journal says to how many it was told since, so that a later
    loss shows again."""
    made = []
    for line, rung in _last_told(session, case):
        assert line.checkpoint_id is not None
        has = _told(session, line.checkpoint_id, rung)
        row = session.get(Checkpoint, line.checkpoint_id)
        if row is None or len(has) >= line.data["to"]:
            continue
        passed = (line.data["from"], rung)
        hear = hear_again(session, line.checkpoint_id, passed, now)
        lack = [person for person in hear if person not in has]
        send_again(session, row, rung, lack, now)
        said = {"from": passed[0], "rung": rung, "to": len(has) + len(lack)}
        journal.append_about(session, case, now, actor, "raised_again", row.id, said)
        made.append(len(lack))
    return made


def _last_told(session: Session, case: Case) -> Iterator[tuple[JournalEntry, int]]:
    """The newest line about each rung that was raised."""
    lines = session.exec(
        select(JournalEntry)
        .where(JournalEntry.case_id == case.id, col(JournalEntry.kind).in_(TOLD))
        .order_by(col(JournalEntry.seq))
    )
    newest: dict[tuple[int | None, int], JournalEntry] = {}
    for line in lines:
        rung = line.rung if line.rung is not None else line.data["rung"]
        newest[line.checkpoint_id, rung] = line
    yield from ((line, rung) for (_promise, rung), line in newest.items())


def _told(session: Session, checkpoint_id: int, rung: int) -> list[int]:
    """Who has an alert about this rung, but for those sent instead of another."""
    alerts = select(Alert.recipient_id).where(
        Alert.checkpoint_id == checkpoint_id, Alert.rung == rung, col(Alert.instead_of).is_(None)
    )
    return list(session.exec(alerts))


def _ring_again(session: Session, case: Case, actor: str, now: datetime) -> Iterator[int]:
    """A promise that was put off, and that nobody raised since, is judged again at once."""
    j, later = JournalEntry, sa.orm.aliased(JournalEntry)
    raised_since = (
        select(later.id)
        .where(later.checkpoint_id == col(j.checkpoint_id), later.kind == "raised")
        .where(later.seq > j.seq)
        .exists()
    )
    rows = session.exec(
        select(Checkpoint)
        .join(j, col(j.checkpoint_id) == col(Checkpoint.id))
        .where(OPEN, Checkpoint.case_id == case.id, j.kind == "put_off", ~raised_since)
        .where(col(Checkpoint.next_at) > now)
        .distinct()
    ).all()
    for row in rows:
        row.next_at = now
        session.add(row)
        journal.append(session, case, now, actor, "rung_again", promise=row.id)
        yield row.id or 0


def _ring_in_time(session: Session, case: Case, actor: str, now: datetime) -> Iterator[int]:
    """A promise that somebody moved beyond its own date rings at its moment; at once, when that
    has passed."""
    ladder = usable_policy(session, case.policy_id).ladder
    calendar = calendars_now(session).working
    too_late = sa.text(RINGS_TOO_LATE).bindparams(
        sa.bindparam("soon", now + SOON, UtcTime()), sa.bindparam("far", now + FAR, UtcTime())
    )
    c = sa.orm.aliased(Checkpoint, name="c")
    for row in session.exec(select(c).where(c.case_id == case.id, too_late)).all():
        exact = row.due_at if row.exact else None
        row.next_at = moment_of(row.next_rung, row.due_on, exact, ladder, calendar)
        session.add(row)
        journal.append(session, case, now, actor, "rung_again", promise=row.id)
        yield row.id or 0


def _arm_again(session: Session, case: Case, actor: str, now: datetime) -> bool:
    """The run of the case's visit is looked at and made anew: the visit has seen no version yet,
    and is called."""
    visit = session.exec(
        select(Visit).where(Visit.case_id == case.id, col(Visit.left_at).is_(None))
    ).first()
    if visit is None or visit.run_id is None or visit.seen_version == 0:
        return False
    visit.seen_version, visit.called = 0, True
    session.add(visit)
    journal.append(session, case, now, actor, "armed_again", visit=visit.id)
    return True
