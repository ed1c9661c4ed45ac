"""The page of an alert, by its signed link: what is asked, and that its reader has seen it.

Opening changes nothing. Seeing takes somebody who has shown that the link is theirs.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework.acknowledging import acknowledge
from casework.alert_views import AlertView, view_in
from casework.connect import reading
from casework.link_alerts import alert_token, sealed_alert
from casework.link_refusals import BadLink, NotShown, OldLink
from casework.people import contact
from models import Acknowledgement, Alert, Checkpoint, CheckpointState

__all__ = [
    "AlertPage", "BadLink", "NotShown", "OldLink", "alert_link", "opened_alert", "seen_by_link",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlertPage:
    """All that the link of an alert shows."""

    alert: AlertView
    reader: int  # the number of the contact it is for
    seen_at: datetime | None  # by its reader
    others: int  # how many more people have seen it
    moved_on: bool  # its promise is open and has rung again since


def alert_link(engine: Engine, number: int, *, to: str, secret: bytes, now: datetime) -> str:
    """The token of an alert's link for its recipient, by their key. Raises NotFound."""
    with reading(engine) as session:
        person = contact(session, to)
        return alert_token(secret, number, person.id or 0, person.organisation_id, now)


def opened_alert(engine: Engine, token: str, *, secret: bytes, now: datetime) -> AlertPage:
    """What the link shows. Changes nothing. Raises BadLink, OldLink."""
    with reading(engine) as session:
        alert, person = sealed_alert(session, token, secret, now)
        view = view_in(session, alert.id or 0)
        assert view is not None  # its row was just read
        seen = _seen(session, alert)
        mine = seen.pop(person.key, None)
        return AlertPage(view, person.id or 0, mine, len(seen), _moved_on(session, alert))


def seen_by_link(
    engine: Engine, token: str, *, shown: int | None, secret: bytes, now: datetime
) -> str:
    """The recipient has seen the alert: "quiet", "known", "moved on" or "seen", as `acknowledge`
    says it. An alert about no promise is "seen": there is nothing to be quiet.

    `shown` is the contact who has shown who they are, None when nobody has. Seen before is "known",
    whoever says so again. Raises BadLink, OldLink, NotShown unless the contact is the recipient.
    """
    with reading(engine) as session:
        alert, person = sealed_alert(session, token, secret, now)
        if person.key in _seen(session, alert):
            return "known"
        if shown != person.id:
            raise NotShown
    got = acknowledge(engine, alert.id or 0, by=person.key, now=now)
    return "seen" if got == "moved on" and alert.checkpoint_id is None else got


def _seen(session: Session, alert: Alert) -> dict[str, datetime]:
    """When each who has seen the alert did, by their key."""
    seen = select(Acknowledgement.by, Acknowledgement.at).where(
        Acknowledgement.alert_id == alert.id
    )
    return dict(session.exec(seen).all())


def _moved_on(session: Session, alert: Alert) -> bool:
    row = session.get(Checkpoint, alert.checkpoint_id) if alert.checkpoint_id else None
    return row is not None and row.state is CheckpointState.OPEN and row.rung != alert.rung
