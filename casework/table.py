"""Partners at the table of a case: who is expected to do something, and when they last did.

An organisation other than the director's that holds a lead, or that was asked something, is
expected to be heard. When it is not, it is asked how things stand, and the director hears so too.
"""

from datetime import datetime

from sqlmodel import Session, col, select

from casework import journal
from casework.cases import moved_on
from casework.chore import Chore
from casework.clocks import lapse_clocks
from casework.dating import Start, date_checkpoint
from casework.expecting import Expected
from casework.look import Look
from casework.quiet import put_off, still_open
from casework.refusals import Incomplete, NotFound
from escalation.baton import PARTNER_SILENT, PARTNER_WAIT_OVER
from escalation.policy import CASE, PolicyError
from escalation.silence import Spoken, begins, ends_with
from models import Case, Checkpoint, CheckpointState, Contact, Organisation, Partner


def at_the_table(session: Session, case: Case, now: datetime, heard: Contact | None = None) -> None:
    """Within a transaction: every partner of the case is watched exactly while it is expected.

    The organisation of `heard` did something just now. The case is locked.
    """
    watch_table(session, Look(session, [case]), case, now, heard)


def watch_table(
    session: Session, look: Look, case: Case, now: datetime, heard: Contact | None = None
) -> None:
    """The same, of one of the cases that are looked at together."""
    expected = look.expected(case)
    rows = {row.organisation_id: row for row in look.partners(case)}
    for organisation_id in expected.keys() - rows.keys():
        rows[organisation_id] = _seated(session, case, organisation_id, now)
    for organisation_id, row in sorted(rows.items()):
        if heard is not None and heard.organisation_id == organisation_id:
            row.heard_at = max(row.heard_at, now)
            lapse_clocks(session, _open_questions(look, case, row), now)
        _watch(session, look, case, row, expected.get(organisation_id), now)


def watch_partner(session: Session, case: Case, row: Partner, now: datetime) -> None:
    """The partner's silence is counted afresh, and an open question about it is void."""
    look = Look(session, [case])
    lapse_clocks(session, _open_questions(look, case, row), now)
    _watch(session, look, case, row, look.expected(case).get(row.organisation_id), now)


def partner_named(session: Session, case: Case, organisation: str) -> Partner:
    """The organisation's place at the table of the case. Raises NotFound naming who is there."""
    there = dict(
        session.exec(
            select(Organisation.key, Partner)
            .join(Partner, col(Partner.organisation_id) == col(Organisation.id))
            .where(Partner.case_id == case.id)
            .order_by(col(Organisation.key))
        ).all()
    )
    if organisation not in there:
        known = ", ".join(there) or "nobody"
        raise NotFound("partner", f"{organisation} at case {case.key}", f"at its table: {known}")
    return there[organisation]


def _next_at(session: Session) -> datetime | None:
    soonest = select(Partner.silent_at).where(col(Partner.silent_at).is_not(None))
    return session.exec(soonest.order_by(col(Partner.silent_at)).limit(1)).first()


def _speak(session: Session, now: datetime, limit: int, case_id: int | None) -> int:
    """A partner that stays silent is asked how things stand; returns how many were looked at."""
    silent = (
        select(Partner, Case)
        .join(Case, col(Case.id) == col(Partner.case_id))
        .where(col(Partner.silent_at) <= now)
        .order_by(col(Partner.silent_at))
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    if case_id is not None:
        silent = silent.where(Partner.case_id == case_id)
    found = session.exec(silent.execution_options(populate_existing=True)).all()
    look = Look(session, [case for _row, case in found])
    for row, case in found:
        _look_at(session, look, case, row, now)
    return len(found)


def _look_at(session: Session, look: Look, case: Case, row: Partner, now: datetime) -> None:
    try:
        expected = look.expected(case).get(row.organisation_id)
        spoken = _spoken_of(look, case, row, expected) if expected else None
        row.silent_at = spoken.at if spoken else None
        if expected and spoken and spoken.at <= now:
            _ask(session, look, case, row, expected, spoken, now)
    except (PolicyError, Incomplete, ValueError, ArithmeticError):  # no date can be counted
        row.silent_at = put_off(session, case, now)
    session.add(row)
    session.flush()


def _ask(
    session: Session,
    look: Look,
    case: Case,
    row: Partner,
    expected: Expected,
    spoken: Spoken,
    now: datetime,
) -> None:
    start = Start(
        f"{_origin(row)}{len(_begun(look, case, row)) + 1}",
        begins(spoken.wait) if spoken.wait else _quiet_since(look, case, row, expected),
        CASE,
        asked=expected.contact_id,
        facts={"until": spoken.wait},
    )
    spec = PARTNER_WAIT_OVER if spoken.wait else PARTNER_SILENT
    question = date_checkpoint(session, case, spec, start)
    assert question is not None  # the day of a wait is stated, and silence has a length
    row.silent_at = None
    moved_on(session, case)
    journal.append(
        session, case, now, journal.SYSTEM, "silence_asked", promise=question.id,
        key=question.key, organisation=session.get_one(Organisation, row.organisation_id).key,
    )  # fmt: skip


def _watch(
    session: Session,
    look: Look,
    case: Case,
    row: Partner,
    expected: Expected | None,
    now: datetime,
) -> None:
    """An open question stays as long as it asks the right person; else a moment is set."""
    asked = _open_questions(look, case, row)
    if expected and any(question.asked_id == expected.contact_id for question in asked):
        row.silent_at = None
    else:
        lapse_clocks(session, asked, now)
        row.silent_at = _spoken_of(look, case, row, expected).at if expected else None
    session.add(row)
    session.flush()


def _spoken_of(look: Look, case: Case, row: Partner, expected: Expected) -> Spoken:
    since = _quiet_since(look, case, row, expected)
    wait = look.running_wait(case, row.organisation_id)
    return look.rules(case).spoken_of(PARTNER_SILENT, since, wait)


def _quiet_since(look: Look, case: Case, row: Partner, expected: Expected) -> datetime:
    """The last moment its silence needs no asking: it was heard, or somebody said how it stands,
    or began to expect it, or the case or the partner itself had reason to wait."""
    said = (
        question.closed_at
        for question in _begun(look, case, row)
        if question.state is CheckpointState.ANSWERED
    )
    waited = (
        min(over, wait.ended_at or over)
        for wait in look.waits(case, None)
        for over in [ends_with(wait.until)]
    )
    own = (wait.ended_at for wait in look.waits(case, row.organisation_id))
    moments = (row.heard_at, expected.since, *said, *waited, *own)
    return max(moment for moment in moments if moment is not None)


def _seated(session: Session, case: Case, organisation_id: int, now: datetime) -> Partner:
    row = Partner(case_id=case.id or 0, organisation_id=organisation_id, heard_at=now)
    session.add(row)
    session.flush()
    return row


def _origin(row: Partner) -> str:
    return f"partner:{row.id}:"


def open_questions(session: Session, case: Case, row: Partner) -> list[Checkpoint]:
    """What this partner is asked about its silence now."""
    return _open_questions(Look(session, [case]), case, row)


def _open_questions(look: Look, case: Case, row: Partner) -> list[Checkpoint]:
    return still_open(_begun(look, case, row))


def _begun(look: Look, case: Case, row: Partner) -> list[Checkpoint]:
    return look.begun(case, _origin(row))


PARTNERS = Chore(_next_at, _speak)
