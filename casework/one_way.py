"""One way at a time: what is on its way to somebody by one channel waits by their others."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from casework.readdressing import ABOUT
from models import Alert


class OneWay:
    """What some alerts tell, and to whom it is on its way already.

    Two channels of one person are often free at the same moment, the beginning of a day for one;
    by both at once they would read the same twice.
    """

    def __init__(self, session: Session, alerts: Sequence[Alert], now: datetime) -> None:
        self._told = {alert.id or 0: _told(alert) for alert in alerts}
        readers = {alert.recipient_id for alert in alerts}
        self._on_their_way = {
            _told(alert)
            for alert in session.exec(
                select(Alert).where(
                    col(Alert.token).is_not(None),
                    col(Alert.next_at) > now,
                    col(Alert.recipient_id).in_(readers),
                )
            )
        }

    def taken(self, numbers: Iterable[int]) -> list[int]:
        """Those whose reader is being told the same by another channel just now."""
        return [number for number in numbers if self._told[number] in self._on_their_way]

    def leave(self, numbers: Iterable[int]) -> None:
        """These are on their way from now."""
        self._on_their_way |= {self._told[number] for number in numbers}


def _told(alert: Alert) -> tuple[object, ...]:
    return alert.recipient_id, *(getattr(alert, name) for name in ABOUT)
