"""The signed link of an alert: for its recipient alone, until a last day."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Self

from sqlmodel import Session

from casework.link_refusals import BadLink, OldLink
from casework.link_tokens import Kind, is_seal, marked, seal
from escalation.rungs import AMSTERDAM
from models import Alert, Contact, Notice

HOLDS = timedelta(days=30)  # on the calendar: a clock that is changed makes no other link
TOKEN = re.compile(
    r"a([1-9][0-9]{0,8})\.([1-9][0-9]{0,8})\.([0-9]{8})\.([A-Za-z0-9_-]{43})", re.ASCII
)
LONGEST_TOKEN = 80


@dataclass(frozen=True, slots=True)
class AlertToken:
    """A token as it was read; whether its seal fits is another question. `last_day` is the last day
    in the Netherlands on which it opens the alert, as 20260401."""

    number: int
    contact: int
    last_day: str
    seal: str

    @classmethod
    def read(cls, token: str) -> Self | None:
        """None when it is no token of an alert at all."""
        parts = TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
        return cls(int(parts[1]), int(parts[2]), parts[3], parts[4]) if parts else None

    def fits(self, secret: bytes, organisation: int) -> bool:
        made = _seal(secret, self.number, self.contact, organisation, self.last_day)
        return is_seal(made, self.seal)


def alert_token(secret: bytes, number: int, contact: int, organisation: int, now: datetime) -> str:
    """The token of an alert for this contact of this organisation, each by its number: the same all
    day, and it holds for thirty days."""
    last_day = f"{_today(now) + HOLDS:%Y%m%d}"
    made = _seal(secret, number, contact, organisation, last_day)
    return f"{Kind.ALERT}{number}.{contact}.{last_day}.{made}"


def sealed_alert(
    session: Session, token: str, secret: bytes, now: datetime
) -> tuple[Alert, Contact]:
    """The alert of a token whose seal fits, and its recipient.

    Raises BadLink, also for an alert that is somebody else's by now, a recipient who left or is of
    another organisation, and a code, which is read in its message alone; OldLink after the last
    day.
    """
    read = AlertToken.read(token)
    alert, person = (
        (session.get(Alert, read.number), session.get(Contact, read.contact))
        if read
        else (None, None)
    )
    if read is None or alert is None or person is None or alert.recipient_id != person.id:
        raise BadLink
    has_left = person.left_at is not None and person.left_at <= now
    if has_left or not read.fits(secret, person.organisation_id) or alert.notice is Notice.CODE:
        raise BadLink
    if f"{_today(now):%Y%m%d}" > read.last_day:
        raise OldLink(read.number)
    return alert, person


def _seal(secret: bytes, number: int, contact: int, organisation: int, last_day: str) -> str:
    return seal(secret, Kind.ALERT, number, contact, marked(last_day, organisation))


def _today(now: datetime) -> date:
    return now.astimezone(AMSTERDAM).date()
