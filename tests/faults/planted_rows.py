"""The rows of an installation: promises to see kept, and what is done behind its back."""

import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Engine

from casework.alert_views import deliveries
from casework.connect import connect
from casework.intake import receive_signal
from casework.signals import NewSignal
from casework.views import case_view
from tests.builders import TOWN
from tests.faults.mail_host import MailHost

SOON = timedelta(seconds=8)
FOUR_HOURS = timedelta(hours=4)


class Rows:
    """The rows of the installation with this data folder and this mail server."""

    data: Path
    mail: MailHost
    promised: dict[str, datetime]  # when each case's urgent promise is due

    @property
    def engine(self) -> Engine:
        return connect(f"sqlite:///{self.data / 'estafette.db'}")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What a person with the database's file and `sqlite3` reads or changes."""
        with closing(sqlite3.connect(self.data / "estafette.db", timeout=30)) as by_hand, by_hand:
            return by_hand.execute(sql).fetchall()

    def behind_the_back(self, sql: str, table: str) -> None:
        """SQL that a trigger of this table refuses, without it; afterwards it is there again. The
        trigger that tells what is deleted stays all the while."""
        known = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = "
        triggers = self.rows(f"{known}'{table}' AND name NOT LIKE 'tells_removal%'")
        for name, _ in triggers:
            self.rows(f"DROP TRIGGER {name}")
        self.rows(sql)
        for _, made in triggers:
            self.rows(made)

    def urgent(self, within: timedelta = SOON) -> str:
        """The key of a new case whose urgent promise rings after this time; it is remembered."""
        engine, now = self.engine, datetime.now(UTC)
        signal = NewSignal(
            municipality=TOWN, address=f"Voorbeeldplein {len(self.promised) + 1}", acute=True,
            received_at=now - FOUR_HOURS + within,
        )  # fmt: skip
        key = receive_signal(engine, signal, now).case_key
        engine.dispose()
        self.promised[key] = now + within
        return key

    def told(self, key: str) -> bool:
        """The case's urgent promise was raised."""
        engine = self.engine
        view = case_view(engine, key, datetime.now(UTC))
        engine.dispose()
        return any(p.key == "acute_call" and p.rung is not None for p in view.promises)

    def redated(self, key: str, due: datetime) -> None:
        """The urgent promise of this case is due then."""
        self.promised[key] = due

    def all_told(self) -> bool:
        """Every urgent promise that is due was raised, whatever was planted meanwhile."""
        now = datetime.now(UTC)
        return all(self.told(key) for key, due in self.promised.items() if due <= now)

    def doubled(self) -> list[int]:
        """Alerts that arrived more often than there were attempts: none, ever."""
        engine = self.engine
        arrived = Counter(number for _, numbers in self.mail.taken for number in numbers)
        found = [n for n, times in arrived.items() if times > len(deliveries(engine, n))]
        engine.dispose()
        return found
