"""Policies and calendars as rows: loaded, found for a new case, pinned on a case."""

import hashlib
from datetime import datetime
from functools import lru_cache

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import transaction
from casework.refusals import NotFound
from escalation.calendars import Calendars, calendars
from escalation.calendars import Decree as DecreedDay
from escalation.policy import Policy, parse, shipped
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


def activate(engine: Engine, text: str, municipality: str, now: datetime) -> str:
    """The policy serves the municipality's new cases; running cases keep theirs. Returns its name.

    Raises PolicyError; activated twice is activated once.
    """
    with transaction(engine) as session:
        return load_policy(session, text, municipality, now).name


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


@lru_cache(maxsize=64)
def _parsed(text: str, base: str | None) -> Policy:
    return parse(text, base)


def calendars_now(session: Session) -> Calendars:
    """The calendars with the decreed days that are loaded."""
    rows = session.exec(select(Decree).order_by(col(Decree.day)))
    return _calendars(tuple(DecreedDay(r.day, r.first_year, r.last_year, r.source) for r in rows))


@lru_cache(maxsize=8)
def _calendars(decrees: tuple[DecreedDay, ...]) -> Calendars:
    return calendars(decrees)
