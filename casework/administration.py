"""The record of administration: who changed what every case counts with, chained and for ever.

One entry per change, each chained to the one before it, so a change behind the database's back
shows. A reason an administrator writes down is the one free text in it.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading
from models import AdministrationEntry

ADMINISTERING = 20_260_303  # a number nobody else locks
BEGIN = "0" * 64
# Hashes stand for ever, and so does this spelling of what they cover.
_SPELLED = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


@dataclass(frozen=True, slots=True)
class Entry:
    """One change, as it is told."""

    at: datetime
    actor: str
    kind: str
    data: dict[str, Any]


def record(session: Session, now: datetime, actor: str, kind: str, **data: Any) -> None:
    """The record has one more entry, in the transaction of the change it tells of.

    `data` holds keys, numbers, days as ISO text and a written reason; never anything about a case's
    people.
    """
    one_at_a_time(session)
    newest = select(AdministrationEntry.hash).order_by(col(AdministrationEntry.id).desc()).limit(1)
    previous = session.exec(newest).first() or BEGIN
    digest = _digest(previous, now, actor, kind, data)
    session.add(
        AdministrationEntry(
            at=now, actor=actor, kind=kind, data=data, previous=previous, hash=digest
        )
    )
    session.flush()


def one_at_a_time(session: Session) -> None:
    """Until the transaction ends no other administrator changes anything. Taken twice is taken
    once; on SQLite every writer waits anyhow."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(ADMINISTERING)))


def administered(session: Session) -> bool:
    """Anything was ever recorded."""
    return session.exec(select(AdministrationEntry.id).limit(1)).first() is not None


def administered_since(engine: Engine) -> datetime | None:
    """When the record begins, which is when the installation was made."""
    first = select(AdministrationEntry.at).order_by(col(AdministrationEntry.id)).limit(1)
    with reading(engine) as session:
        return session.exec(first).first()


def administration(engine: Engine, *, limit: int = 200) -> list[Entry]:
    """What was changed, newest first."""
    newest = select(AdministrationEntry).order_by(col(AdministrationEntry.id).desc()).limit(limit)
    with reading(engine) as session:
        return [Entry(e.at, e.actor, e.kind, dict(e.data)) for e in session.exec(newest)]


def administration_broken_at(engine: Engine) -> int | None:
    """The number of the first entry at which the chain no longer fits; None when it is whole."""
    previous = BEGIN
    with reading(engine) as session:
        for e in session.exec(select(AdministrationEntry).order_by(col(AdministrationEntry.id))):
            digest = _digest(previous, e.at, e.actor, e.kind, e.data)
            if (e.previous, e.hash) != (previous, digest):
                return e.id
            previous = e.hash
    return None


def _digest(previous: str, at: datetime, actor: str, kind: str, data: Mapping[str, Any]) -> str:
    moment = at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(_SPELLED([previous, moment, actor, kind, data]).encode()).hexdigest()
