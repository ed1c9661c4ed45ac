"""Troubles: operations hears what goes wrong with the machinery, through the same outbox.

Whoever finds something reports it here, however often and from however many places: it is told
once, and again only when it still stands a part of a day later.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from casework.administration import one_at_a_time, record
from casework.connect import reading, transaction
from casework.journal import SYSTEM
from casework.notices import about_installation, who_hears
from casework.readdressing import put_out
from casework.rounds import AHEAD
from escalation.troubles import AGAIN_AFTER, TROUBLES, again_at
from models import AdministrationEntry, Alert, Notice

TOLD = ("operations", "administrator", "process_director")  # the first that anybody has
RUNG = 0  # troubles do not climb
# A release before this revision of the schema cannot read these alerts, and its senders break off
# at one. Old and new run together for the longest run, an hour, and a while.
READS_THEM, BOTH_RUN = "0009", timedelta(minutes=75)


@dataclass(frozen=True, slots=True)
class Untold:
    """A kind of trouble that may be told now: nobody was told of it `since`, by the alert of the
    number `after` (0: never)."""

    since: datetime
    after: int


def untold(engine: Engine, now: datetime) -> dict[str, Untold]:
    """The kinds of trouble of which operations may be told now, were there any. Changes nothing."""
    with reading(engine) as session:
        return _untold(session, now)


def tell_troubles(engine: Engine, found: Mapping[str, int], now: datetime) -> int:
    """Operations is told of each kind of trouble found, and of how many: whoever has the function
    `operations`, else who administers, else the process director; the deputy of who is absent.

    Not again before a part of a day is over, or a day once somebody has seen it, and not while the
    same still waits to be sent to that person. So it may be called by anybody at any time. Nothing
    is told either just after the upgrade that brought this. A kind with nothing found is none.
    Returns how many alerts wait in the outbox because of it.
    """
    wrong = {kind: many for kind, many in found.items() if many > 0}
    if not wrong or not (wrong.keys() & untold(engine, now).keys()):
        return 0  # a look first: on SQLite a write waits for every other
    with transaction(engine) as session:
        one_at_a_time(session)
        may = _untold(session, now)
        return sum(
            _tell(session, kind, many, may[kind], now)
            for kind, many in wrong.items()
            if kind in may
        )


def _tell(session: Session, kind: str, many: int, last: Untold, now: datetime) -> int:
    people = [
        person
        for person in who_hears(session, TOLD, now)
        if not _still_comes(session, kind, person)
    ]
    told = sum(put_out(session, _alert(kind, many, last, person, now)) for person in people)
    if told:
        said = {"notice": kind, "period": str(last.after), "how_many": many, "to": told}
        record(session, now, SYSTEM, "notice_raised", **said)
    return told


def _alert(kind: str, many: int, last: Untold, recipient: int, now: datetime) -> Alert:
    # Whoever tells it next names the same one before it: told twice at once is told once.
    alert = about_installation(Notice(kind), str(last.after), RUNG, recipient, now)
    alert.how_many = many
    return alert


def _untold(session: Session, now: datetime) -> dict[str, Untold]:
    if _former_release_may_send(session, now):
        return {}
    last = {str(alert.notice): alert for alert in session.exec(_last_ones())}
    never = Untold(since=now - AGAIN_AFTER, after=0)
    return {
        kind: Untold(last[kind].created_at, last[kind].id or 0) if kind in last else never
        for kind in TROUBLES
        if kind not in last or _again(session, last[kind], now)
    }


def _former_release_may_send(session: Session, now: datetime) -> bool:
    upgraded = select(AdministrationEntry).where(
        AdministrationEntry.kind == "schema_upgraded", AdministrationEntry.at > now - BOTH_RUN
    )
    return any(str(entry.data["from"]) < READS_THEM for entry in session.exec(upgraded))


def _last_ones() -> SelectOfScalar[Alert]:
    """The newest alert about each kind. One in the place of another tells nothing new."""
    newest = (
        select(sa.func.max(col(Alert.id)))
        .where(col(Alert.notice).in_(TROUBLES), col(Alert.instead_of).is_(None))
        .group_by(col(Alert.notice))
    )
    return select(Alert).where(col(Alert.id).in_(newest))


def _again(session: Session, last: Alert, now: datetime) -> bool:
    if last.created_at > now + AHEAD:  # by a clock that was wrong: else nothing is told until then
        return True
    seen = select(Alert.id).where(
        Alert.notice == last.notice,
        Alert.period == last.period,
        col(Alert.acknowledged_at).is_not(None),
    )
    is_seen = session.exec(seen.limit(1)).first() is not None
    return now >= again_at(last.created_at, seen=is_seen)


def _still_comes(session: Session, kind: str, person: int) -> bool:
    """Whether an earlier alert about the same still waits to be sent to this person."""
    waits = select(Alert.id).where(
        Alert.notice == kind, Alert.recipient_id == person, col(Alert.next_at).is_not(None)
    )
    return session.exec(waits.limit(1)).first() is not None
