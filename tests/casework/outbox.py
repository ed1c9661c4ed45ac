"""The outbox in tests: alerts of any kind, people with manners, channels that work or fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import select

from casework.alerts import record
from casework.claimed import Claimed
from casework.claiming import claim
from casework.connect import transaction
from casework.customs import AT_ONCE, Customs
from escalation.interruptions import ALWAYS, Manners
from models import Alert, AlertState, Case, Checkpoint, CheckpointState, Contact
from tests.builders import NOW
from tests.casework.looking import rows

MINUTE, HOUR, FAR = timedelta(minutes=1), timedelta(hours=1), timedelta(days=4000)
UNSURE = {"timeout", "cut-off"}


def customs_of(
    manners: Manners = ALWAYS, *, per_minute: dict[str, int] | None = None, **of: Manners
) -> Customs:
    """Everybody has these manners but who is named; a channel takes so many a minute."""
    most = per_minute or {}
    return Customs(lambda person, organisation: of.get(person, manners), most.get)


def an_alert(
    engine: Engine, to: str, now: datetime = NOW, *, lead: str = "due", law: bool = False,
    due: datetime | None = None, case: str = "2026-00001", **more: Any,
) -> int:  # fmt: skip
    """The number of an alert to this person about a promise of its own, due in a month or then."""
    due = due or now + timedelta(days=30)
    with transaction(engine) as session:
        of = session.exec(select(Case).where(Case.key == case)).one()
        person = session.exec(select(Contact).where(Contact.key == to)).one()
        made = session.exec(select(sa.func.count()).select_from(Checkpoint)).one()
        promise = Checkpoint(
            case_id=of.id or 0, key="review", section="test", origin=f"test:{made}", kind="policy",
            statutory=law, outlives=True, source="test", length="1 day", since=now,
            due_on=due.date(), due_at=due, nominal_on=due.date(), exact=False, derivation=[],
            state=CheckpointState.OPEN, rung=0, next_rung=1, next_at=now + FAR,
        )  # fmt: skip
        session.add(promise)
        session.flush()
        alert = Alert(**{
            "case_id": of.id, "checkpoint_id": promise.id, "rung": 0, "lead": lead,
            "recipient_id": person.id, "statutory": law, "created_at": now,
            "state": AlertState.WAITING, "next_at": now, **more})  # fmt: skip
        session.add(alert)
        session.flush()
        return alert.id or 0


def closed(engine: Engine, number: int, now: datetime = NOW) -> None:
    """The promise this alert is about was answered."""
    with transaction(engine) as session:
        alert = session.get_one(Alert, number)
        promise = session.get_one(Checkpoint, alert.checkpoint_id)
        promise.state, promise.answer, promise.next_at = CheckpointState.ANSWERED, "done", None
        promise.answered_by, promise.closed_at = "director", now


@dataclass(frozen=True)
class Sent:
    """One message that a sender tried to send."""

    to: str
    channel: str
    numbers: tuple[int, ...]
    outcome: str


def send(
    engine: Engine, now: datetime, customs: Customs = AT_ONCE, limit: int = 100, **fails: str
) -> list[Sent]:
    """A sender looks until nothing may go: what each message came to, when these channels fail with
    such a code and the others deliver."""
    sent: list[Sent] = []
    while found := messages(claim(engine, now, limit, customs=customs)):
        for message in found:
            first = message[0]
            detail = fails.get(first.channel, "ok")
            outcome = "delivered" if detail == "ok" else "perhaps" if detail in UNSURE else "failed"
            assert record(engine, first.token, outcome, detail, now, customs=customs)
            numbers = tuple(one.number for one in message)
            sent.append(Sent(first.recipient, first.channel, numbers, outcome))
    return sent


def messages(claimed: list[Claimed]) -> list[list[Claimed]]:
    return [list(together) for _, together in groupby(claimed, lambda one: one.token)]


def outbox(engine: Engine) -> list[dict[str, Any]]:
    """All alerts, with the key of who each is for and the plain word of its state."""
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    return [
        row | {"to": names[row["recipient_id"]], "state": row["state"].value}
        for row in rows(engine, "alerts")
    ]


def state_of(engine: Engine, number: int) -> str:
    return str(next(row["state"] for row in outbox(engine) if row["id"] == number))


def ways_taken(engine: Engine) -> list[tuple[str, str]]:
    """To whom by which channel each alert is or was, oldest first ("": their first)."""
    return [(row["to"], row["channel"]) for row in outbox(engine)]
