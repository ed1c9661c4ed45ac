"""Handing a role on: what tests of the baton have in common."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casework.absences import away
from casework.forcing import assign
from casework.offering import Offer, offer
from casework.packets import Packet
from casework.receiving import accept, refuse
from casework.words import Role
from tests.builders import NOW, PACKET
from tests.casework.looking import DAY, everything, rows

LATER = NOW + 3 * DAY
READ_BACK = "Ik neem de regie over en spreek de buurvrouw uiterlijk vrijdag."
CARE, DIRECTOR = Role.CARE, Role.DIRECTOR
AN_HOUR = timedelta(hours=1)


def a_packet(**more: Any) -> Packet:
    return Packet.model_validate(PACKET | more)


def offered(engine: Engine, case: str, **more: Any) -> Offer:
    options = {"role": CARE, "to": "care", "by": "director", "now": NOW, "packet": a_packet()}
    return offer(engine, case, **(options | more))


def accepted(engine: Engine, number: int, **more: Any) -> Offer:
    options = {"by": "care", "read_back": READ_BACK, "now": LATER}
    return accept(engine, number, **(options | more))


def refused(engine: Engine, number: int, **more: Any) -> Offer:
    options = {"by": "care", "reason": "geen plek", "now": NOW}
    return refuse(engine, number, **(options | more))


def refused_twice(engine: Engine, case: str, **more: Any) -> Offer:
    """The second refusal of the care lead in a row."""
    refused(engine, offered(engine, case, **more).id)
    return refused(engine, offered(engine, case, **more).id)


def assigned(engine: Engine, case: str, **more: Any) -> Offer:
    options = {"role": CARE, "to": "care", "by": "process", "now": LATER, "packet": a_packet(),
               "because": "de buurt wacht al te lang"}  # fmt: skip
    return assign(engine, case, **(options | more))


def unchanged(engine: Engine, error: type[Exception], match: str, call: Any) -> None:
    """The call is refused in these words, and everything is as it was."""
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def news(engine: Engine, number: int) -> list[tuple[str, str]]:
    """Who was told what about a handover, oldest first: ("care", "offered")."""
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    of_it = rows(engine, "alerts", f"handover_id = {number}")
    return [(names[row["recipient_id"]], row["event"]) for row in of_it]


def clocks(engine: Engine, number: int, state: str = "open") -> dict[str, dict[str, Any]]:
    """A handover's promises in this state, by key."""
    of_it = rows(engine, "checkpoints", f"handover_id = {number} AND state = '{state}'")
    return {row["key"]: row for row in of_it}


def the_row(engine: Engine, number: int) -> dict[str, Any]:
    return rows(engine, "handovers", f"id = {number}")[0]


def gone(engine: Engine, who: str, until: datetime | None = None, at: datetime = NOW) -> None:
    """The person is away from `at`, until further notice or as long as said."""
    away(engine, who, since=at, until=until, by=who, now=at)
