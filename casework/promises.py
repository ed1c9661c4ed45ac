"""Promises: raised when they ring, set-based, and answered by people."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, moved_on, open_visit
from casework.chores import do_chores, next_chore
from casework.connect import reading, transaction
from casework.dating import ensure_next_date
from casework.instead import refuse_elsewhere
from casework.lateness import Tally
from casework.people import acting
from casework.raising import raise_batch
from casework.recount import latest_of
from casework.refusals import NotAllowed, NotFound
from casework.reporter_clocks import word_goes_on
from casework.silence import stirred
from escalation.rungs import AMSTERDAM
from models import Answer, Case, Checkpoint, CheckpointState

BATCH = 500
CHORES_AT_ONCE = 50  # each takes a handful of statements, and others wait meanwhile


def raise_due(
    engine: Engine,
    now: datetime,
    limit: int = BATCH,
    *,
    case_key: str | None = None,
    late: Tally | None = None,
) -> int:
    """At most `limit` rungs that ring by `now` are raised, and chores done; returns how many of
    both. Call until 0.

    Those of one case only, when it is named. How late each was is added to `late`.

    Promises first, the statutory before the others: mark, journal and outbox in one transaction, or
    nothing. Chores have another transaction, so that no promise ever waits for them or fails with
    them; what rings because of them rings in it. Two callers share the work on PostgreSQL and wait
    for each other on SQLite; neither raises a rung twice.
    """
    late = late if late is not None else Tally()
    with _raising(engine, late) as (session, how_late):
        raised = raise_batch(session, now, limit, _numbered(session, case_key), how_late)
    if raised >= limit:
        return raised
    with _raising(engine, late) as (session, how_late):
        case_id = _numbered(session, case_key)
        done = do_chores(session, now, min(limit, CHORES_AT_ONCE), case_id)
        rung = raise_batch(session, now, limit - raised, case_id, how_late) if done else 0
        return raised + done + rung


@contextmanager
def _raising(engine: Engine, late: Tally) -> Iterator[tuple[Session, Tally]]:
    """A transaction whose lateness counts once it is committed."""
    how_late = Tally()
    with transaction(engine) as session:
        yield session, how_late
    late.merge(how_late)


def _numbered(session: Session, case_key: str | None) -> int | None:
    return find(session, case_key).id if case_key is not None else None


def next_due(engine: Engine) -> datetime | None:
    """The moment the next rung rings or chore is needed; None when there is none."""
    with reading(engine) as session:
        moments = [
            session.exec(
                select(Checkpoint.next_at)
                .where(Checkpoint.state == CheckpointState.OPEN, Checkpoint.statutory == statutory)
                .order_by(col(Checkpoint.next_at))
                .limit(1)
            ).first()
            for statutory in (True, False)
        ]
        moments.append(next_chore(session))
    return min((m for m in moments if m is not None), default=None)


def answer(
    engine: Engine,
    case_key: str,
    key: str,
    *,
    given: Answer,
    by: str,
    now: datetime,
    reason: str | None = None,
) -> int:
    """The open promise `key` of the case is answered; returns the case's version.

    `key` may be the promise's number, which a page should use: the same answer to a number is
    given once, while a key means whichever such promise is open, also one asked anew since.
    "not_done" and "cannot_share" need a reason. Raises NotFound when the case has no such promise,
    NotAllowed when it was answered otherwise, by somebody else or with another reason, or when
    several are open.
    """
    if given is not Answer.DONE and not (reason or "").strip():
        raise NotAllowed(f"{given.value!r} needs a reason, so that the others know why")
    with transaction(engine) as session:
        case = find(session, case_key)
        person = acting(session, by, now)
        actor = person.key
        row = _promise(session, case, key)
        if _said_before(row, given, actor, reason):
            return case.version
        if row.request_id is not None:
            raise NotAllowed(
                f"promise {key!r} is about a request; answer that: "
                f"estafette case reply {row.request_id}"
            )
        if row.state is not CheckpointState.OPEN:
            raise NotAllowed(_how_it_ended(session, case, key, row))
        refuse_elsewhere(session, case, row, person, reason, now)
        row.state, row.answer, row.reason = CheckpointState.ANSWERED, given, _words(reason)
        row.next_at, row.answered_by, row.closed_at = None, actor, now
        session.add(row)
        session.flush()
        word_goes_on(session, case, row, now)
        if visit := open_visit(session, case):
            ensure_next_date(session, case, visit, now)
        stirred(session, case, now, person)
        moved_on(session, case)
        journal.append(session, case, now, actor, "answered", promise=row.id, answer=given.value)
        return case.version


def open_promise(session: Session, case: Case, key: str, *, over_too: bool = False) -> Checkpoint:
    """The open promise meant by a key or number; with `over_too` also one that is over.

    Raises NotFound, NotAllowed.
    """
    row = _promise(session, case, key)
    if row.state is not CheckpointState.OPEN and not over_too:
        raise NotAllowed(_how_it_ended(session, case, key, row))
    return row


def _said_before(row: Checkpoint, given: Answer, by: str, reason: str | None) -> bool:
    """Whether this very answer was given before; other words would seem to be kept, and are not."""
    same = (row.answer, row.answered_by, _words(row.reason)) == (given, by, _words(reason))
    return row.state is CheckpointState.ANSWERED and same


def _words(reason: str | None) -> str | None:
    return (reason or "").strip() or None


def _how_it_ended(session: Session, case: Case, key: str, row: Checkpoint) -> str:
    now = latest_of(session, row)
    if now is not row and now.state is CheckpointState.OPEN:
        return (
            f"promise {key!r} of case {case.key} got another date, as number {now.id}, due "
            f"{now.due_on}; look at that and name it by its number"
        )
    over = f"promise {key!r} of case {case.key} is over already"
    if row.answer is None or row.closed_at is None:
        return f"{over}: lapsed"
    at = f"{row.closed_at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
    return (
        f"{over}: {row.answer.value}, by {row.answered_by} on {at}. It stays as it was said; put "
        f"what is new on record: estafette case act {case.key} note_added"
    )


def _promise(session: Session, case: Case, key: str) -> Checkpoint:
    """The case's promise by key or number: the open one, else the one that was over last."""
    wanted = Checkpoint.id == int(key) if key.isdecimal() else Checkpoint.key == key
    rows = session.exec(
        select(Checkpoint).where(Checkpoint.case_id == case.id, wanted).order_by(col(Checkpoint.id))
    ).all()
    if not rows:
        raise NotFound("promise", key, "see its promises: estafette case show")
    still_open = [row for row in rows if row.state is CheckpointState.OPEN]
    if len(still_open) > 1:
        numbers = ", ".join(str(row.id) for row in still_open)
        raise NotAllowed(
            f"case {case.key} has {len(still_open)} open promises {key!r}; "
            f"name the one you mean by its number: {numbers}"
        )
    return still_open[0] if still_open else max(rows, key=lambda row: (row.closed_at, row.id))
