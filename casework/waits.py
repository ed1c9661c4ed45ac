"""Waiting, with a reason and a day: why nothing has to happen on a case, or nothing by a partner.

It quiets silence until that day, and not for ever: then somebody is asked how to go on.
"""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.authority import may_wait
from casework.cases import find, look_up, moved_on
from casework.connect import reading, transaction
from casework.people import acting
from casework.quiet import LONGEST, Rules, longest_wait, rules_of, running_wait
from casework.refusals import NotAllowed
from casework.silence import stirred, watch_silence
from casework.table import at_the_table, partner_named, watch_partner
from escalation.rungs import AMSTERDAM
from models import Case, Organisation, Partner, Wait

MOST = 1000  # characters of a reason


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a case or a partner of it waits for now; `until` is None when it waits no longer."""

    case_key: str
    partner: str | None
    until: date | None
    version: int


@dataclass(frozen=True, slots=True)
class WaitView:
    """A stated wait; running while nobody ended it."""

    id: int
    partner: str | None
    since: datetime
    until: date
    reason: str
    by: str
    ended_at: datetime | None


def wait(
    engine: Engine,
    case_key: str,
    *,
    until: date,
    reason: str,
    by: str,
    now: datetime,
    partner: str | None = None,
) -> Waiting:
    """Silence of the case, or of one partner at its table, is not spoken of before `until`.

    It takes the place of a wait that still ran; the same wait stated twice is stated once. Raises
    NotAllowed without a reason, for a day that has come or lies beyond the policy's longest wait,
    on a closed case, and by anybody but the director, who holds a lead, the partner's own people
    and the process director; NotFound for a partner that is not at the table.
    """
    reason = _reason(reason)
    with transaction(engine) as session:
        case, person = find(session, case_key), acting(session, by, now)
        _refuse_closed(case)
        row = _partner(session, case, partner)
        may_wait(session, case, row, person, now)
        running = running_wait(session, case, row.organisation_id if row else None)
        if running and (running.until, running.reason) == (until, reason):
            return Waiting(case.key, partner, until, case.version)
        _refuse_day(until, now, rules_of(session, case))
        _end(session, running, now)
        stated = Wait(
            case_id=case.id or 0,
            organisation_id=row.organisation_id if row else None,
            since=now,
            until=until,
            reason=reason,
            by=person.key,
        )
        session.add(stated)
        session.flush()
        _look_again(session, case, row, now)
        moved_on(session, case)
        journal.append(
            session, case, now, person.key, "waiting", until=until.isoformat(), organisation=partner
        )
        return Waiting(case.key, partner, until, case.version)


def end_wait(
    engine: Engine, case_key: str, *, by: str, now: datetime, partner: str | None = None
) -> Waiting:
    """What was waited for is there, so silence is counted from now. Ended twice is ended once.

    By whoever may state it. Raises NotAllowed, NotFound.
    """
    with transaction(engine) as session:
        case, person = find(session, case_key), acting(session, by, now)
        row = _partner(session, case, partner)
        may_wait(session, case, row, person, now)
        running = running_wait(session, case, row.organisation_id if row else None)
        if running is None:
            return Waiting(case.key, partner, None, case.version)
        _end(session, running, now)
        if row is None:
            stirred(session, case, now)
        else:
            watch_partner(session, case, row, now)
        moved_on(session, case)
        journal.append(session, case, now, person.key, "wait_ended", organisation=partner)
        return Waiting(case.key, partner, None, case.version)


def waits_of(engine: Engine, case_key: str) -> list[WaitView]:
    """Every wait ever stated on the case, the last one last. Raises NotFound."""
    with reading(engine) as session:
        case = look_up(session, case_key)
        rows = session.exec(
            select(Wait, Organisation.key)
            .outerjoin(Organisation, col(Organisation.id) == col(Wait.organisation_id))
            .where(Wait.case_id == case.id)
            .order_by(col(Wait.id))
        )
        return [
            WaitView(w.id or 0, key, w.since, w.until, w.reason, w.by, w.ended_at)
            for w, key in rows
        ]


def _reason(text: str) -> str:
    said = text.strip()
    if not 0 < len(said) <= MOST:
        raise NotAllowed(f"a wait needs a reason, of at most {MOST} characters")
    return said


def _refuse_closed(case: Case) -> None:
    if case.closed_at is not None:
        raise NotAllowed(f"case {case.key} is closed; there is nothing to wait for")


def _partner(session: Session, case: Case, key: str | None) -> Partner | None:
    return partner_named(session, case, key) if key is not None else None


def _refuse_day(until: date, now: datetime, rules: Rules) -> None:
    today = now.astimezone(AMSTERDAM).date()
    if until <= today:
        raise NotAllowed(f"a wait ends on a day still to come, not on {until}; check the date")
    longest, last = longest_wait(rules, now)
    if until > last:
        raise NotAllowed(
            f"{until} is too far: the policy lets a case wait {longest} at most ({LONGEST}), so "
            f"until {last}; then somebody looks again"
        )


def _end(session: Session, running: Wait | None, now: datetime) -> None:
    if running is not None:
        running.ended_at = now
        session.add(running)
        session.flush()


def _look_again(session: Session, case: Case, row: Partner | None, now: datetime) -> None:
    """A wait of the case quiets its partners too."""
    if row is not None:
        watch_partner(session, case, row, now)
        return
    watch_silence(session, case, now)
    at_the_table(session, case, now)
