"""Policies and calendars as rows: loaded, found for a new case, pinned on a case."""

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import record
from casework.connect import reading, transaction
from casework.journal import SYSTEM
from casework.refusals import NotFound
from escalation.calendars import Calendars, calendars
from escalation.calendars import Decree as DecreedDay
from escalation.policy import Policy, PolicyError, completed, parse, shipped
from models import Decree, PolicyVersion


def load_policy(session: Session, text: str, municipality: str, now: datetime) -> PolicyVersion:
    """The policy is a version of its own, for a municipality ("" for all without their own).

    Loaded twice is loaded once. Raises PolicyError when the text cannot be used.
    """
    base = shipped("default")
    policy = parse(text, base)
    digest = hashlib.sha256(f"{text}\0{base}".encode()).hexdigest()
    found = session.exec(
        select(PolicyVersion).where(
            PolicyVersion.name == policy.name,
            PolicyVersion.digest == digest,
            PolicyVersion.municipality == municipality,
        )
    ).first()
    if found:
        found.loaded_at = now  # an earlier version that is activated again is the newest again
        session.add(found)
        return found
    row = PolicyVersion(
        name=policy.name,
        municipality=municipality,
        digest=digest,
        text=text,
        base=base,
        loaded_at=now,
    )
    session.add(row)
    session.flush()
    return row


def activate(
    engine: Engine, text: str, municipality: str, now: datetime, *, by: str = SYSTEM
) -> str:
    """The policy serves the municipality's new cases; running cases keep theirs. Returns its name.

    The record of administration says who activated which version. Raises PolicyError; activated
    twice is one version, recorded twice.
    """
    with transaction(engine) as session:
        row = load_policy(session, text, municipality, now)
        record_policy(session, row, by, now)
        return row.name


def record_policy(session: Session, row: PolicyVersion, by: str, now: datetime) -> None:
    """The record of administration says that this version serves from now, and who made it so."""
    said = {"policy": row.name, "digest": row.digest, "municipality": row.municipality}
    record(session, now, by, "policy_activated", **said)


def version_for(session: Session, municipality: str, name: str | None = None) -> PolicyVersion:
    """The newest version a new case in this municipality starts under; of this name when given.

    Raises NotFound.
    """
    newest = (
        select(PolicyVersion)
        .where(col(PolicyVersion.municipality).in_([municipality, ""]))
        .order_by(
            col(PolicyVersion.municipality).desc(),
            col(PolicyVersion.loaded_at).desc(),
            col(PolicyVersion.id).desc(),
        )
    )
    if name is not None:
        newest = newest.where(PolicyVersion.name == name)
    found = session.exec(newest).first()
    if found is None:
        if name is not None:
            raise NotFound("policy", name, "load it first: estafette policy load")
        raise NotFound("policy for", municipality, "run: estafette migrate")
    return found


def policy_of(session: Session, policy_id: int) -> Policy:
    """The policy a case is pinned to."""
    row = session.get_one(PolicyVersion, policy_id)
    return _parsed(row.text, row.base)


def usable_policy(session: Session, policy_id: int) -> Policy:
    """The same; the default for one that was damaged since it was loaded."""
    try:
        return policy_of(session, policy_id)
    except PolicyError:
        return default_policy()


def default_policy() -> Policy:
    """The policy this version comes with, which leaves no number out."""
    return parse(shipped("default"))


@lru_cache(maxsize=64)
def _parsed(text: str, base: str | None) -> Policy:
    newest, policy = shipped("default"), parse(text, base)
    if base in {None, newest}:
        return policy
    return completed(policy, parse(base), parse(newest))


def calendars_now(session: Session) -> Calendars:
    """The calendars with the decreed days that are loaded and not withdrawn."""
    return _with(session, col(Decree.withdrawn_at).is_(None))


def calendars_at(session: Session, moment: datetime) -> Calendars:
    """The calendars as they were at that moment: what was loaded by then and not yet withdrawn."""
    withdrawn = col(Decree.withdrawn_at)
    return _with(
        session, col(Decree.loaded_at) <= moment, withdrawn.is_(None) | (withdrawn > moment)
    )


def installed_calendars(engine: Engine) -> Calendars | None:
    """The calendars of this installation's table; None, and nothing made, when there is none."""
    file = engine.url.database if engine.dialect.name == "sqlite" else None
    if file and not Path(file).exists():
        return None
    with reading(engine) as session:
        if not sa.inspect(session.connection()).has_table("decrees"):
            return None
        return calendars_now(session)


def _with(session: Session, *conditions: sa.ColumnElement[bool]) -> Calendars:
    table = select(Decree).where(*conditions).order_by(col(Decree.day), col(Decree.id))
    rows = session.exec(table)
    return _calendars(tuple(DecreedDay(r.day, r.first_year, r.last_year, r.source) for r in rows))


@lru_cache(maxsize=8)
def _calendars(decrees: tuple[DecreedDay, ...]) -> Calendars:
    return calendars(decrees)
