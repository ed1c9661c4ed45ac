"""The journal: every change writes one line, chained to the line before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.bulk import INTEGER, MOMENT, TEXT, given, packed, table
from casework.connect import reading
from models import Case, JournalEntry

SYSTEM = "estafette"  # the actor of everything the machine does by itself
BEGIN = "0" * 64
# Hashes stand for ever, and so does this spelling of what they cover.
_SPELLED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def append(
    session: Session,
    case: Case,
    now: datetime,
    actor: str,
    kind: str,
    *,
    category: str = "process",
    **data: Any,
) -> None:
    """The case's journal has one more line. `data` holds keys and codes, never free text."""
    assert case.id is not None
    seq, previous = heads(session, [case.id]).get(case.id, (0, BEGIN))
    entry = line(case.id, seq + 1, previous, now, actor, kind, data) | {"category": category}
    session.execute(sa.insert(JournalEntry), [entry])


def append_about(
    session: Session,
    case: Case,
    now: datetime,
    actor: str,
    kind: str,
    promise: int | None,
    data: Mapping[str, Any],
) -> None:
    """The same about one promise, whose number the line carries."""
    assert case.id is not None
    seq, previous = heads(session, [case.id]).get(case.id, (0, BEGIN))
    entry = line(case.id, seq + 1, previous, now, actor, kind, data, promise)
    session.execute(sa.insert(JournalEntry), [entry])


def last_line_at(engine: Engine) -> datetime | None:
    """When the newest line of any case was written."""
    newest = select(JournalEntry.at).order_by(col(JournalEntry.id).desc()).limit(1)
    with reading(engine) as session:
        return session.exec(newest).first()


def extend(session: Session, lines: Iterable[Mapping[str, Any]]) -> None:
    """Journals of many cases have these lines more, each made by `line` on its case's head."""
    session.execute(_extending(), packed(line.values() for line in lines))


def heads(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """The last sequence number and hash of each of these cases that has a journal."""
    rows = session.execute(_heads(), packed([case_id] for case_id in case_ids))
    return {case_id: (seq, digest) for case_id, seq, digest in rows if seq is not None}


@cache
def _heads() -> sa.Select[Any]:
    cases = given(id=INTEGER)
    # Looked up per case and not joined: one step into the index, however long the journals are.
    newest = [
        sa.select(column)
        .where(col(JournalEntry.case_id) == cases.c.id)
        .order_by(col(JournalEntry.seq).desc())
        .limit(1)
        .scalar_subquery()
        for column in (col(JournalEntry.seq), col(JournalEntry.hash))
    ]
    return sa.select(cases.c.id, *newest)


@cache
def _extending() -> sa.Insert:
    json_text = sa.Text().with_variant(postgresql.JSONB(), "postgresql")
    # fmt: off
    lines = given(  # in the order of `line`
        case_id=INTEGER, seq=INTEGER, at=MOMENT, actor=TEXT, kind=TEXT, data=json_text,
        checkpoint_id=INTEGER, rung=INTEGER, previous=TEXT, hash=TEXT,
    )
    # fmt: on
    return sa.insert(table("journal")).from_select(lines.c.keys(), sa.select(*lines.c))


def line(
    case_id: int,
    seq: int,
    previous: str,
    at: datetime,
    actor: str,
    kind: str,
    data: Mapping[str, Any],
    checkpoint_id: int | None = None,
    rung: int | None = None,
) -> dict[str, Any]:
    """A journal row as a mapping, with its hash."""
    return {
        "case_id": case_id,
        "seq": seq,
        "at": at,
        "actor": actor,
        "kind": kind,
        "data": data,
        "checkpoint_id": checkpoint_id,
        "rung": rung,
        "previous": previous,
        "hash": digest_of(previous, case_id, seq, at, actor, kind, data, checkpoint_id, rung),
    }


def digest_of(
    previous: str,
    case_id: int,
    seq: int,
    at: datetime,
    actor: str,
    kind: str,
    data: Mapping[str, Any],
    checkpoint_id: int | None,
    rung: int | None,
) -> str:
    """SHA-256 over the previous hash and everything the entry says."""
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    said = [previous, case_id, seq, moment, actor, kind, data, checkpoint_id, rung]
    return hashlib.sha256(_SPELLED(said).encode()).hexdigest()


def broken_at(engine: Engine, case_key: str) -> int | None:
    """The sequence number where a case's chain no longer fits; None when it is whole."""
    with reading(engine) as session:
        entries = session.exec(
            select(JournalEntry)
            .join(Case, col(Case.id) == col(JournalEntry.case_id))
            .where(Case.key == case_key)
            .order_by(col(JournalEntry.seq))
        )
        previous, expected = BEGIN, 1
        for e in entries:
            digest = digest_of(
                previous, e.case_id, e.seq, e.at, e.actor, e.kind, e.data, e.checkpoint_id, e.rung
            )
            if (e.seq, e.previous, e.hash) != (expected, previous, digest):
                return expected
            previous, expected = e.hash, expected + 1
    return None
