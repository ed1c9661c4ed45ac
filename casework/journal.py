"""The journal: every change writes one line, chained to the line before it."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from casework.connect import reading
from models import Case, JournalEntry

SYSTEM = "estafette"  # the actor of everything the machine does by itself
BEGIN = "0" * 64


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


def heads(session: Session, case_ids: Iterable[int]) -> dict[int, tuple[int, str]]:
    """The last sequence number and hash of each of these cases."""
    last = (
        select(JournalEntry.case_id, func.max(JournalEntry.seq).label("seq"))
        .where(col(JournalEntry.case_id).in_(list(case_ids)))
        .group_by(col(JournalEntry.case_id))
        .subquery()
    )
    rows = session.execute(
        select(JournalEntry.case_id, JournalEntry.seq, JournalEntry.hash).join(
            last,
            (col(JournalEntry.case_id) == last.c.case_id) & (col(JournalEntry.seq) == last.c.seq),
        )
    )
    return {case_id: (seq, digest) for case_id, seq, digest in rows}


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
    return hashlib.sha256(
        json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    ).hexdigest()


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
