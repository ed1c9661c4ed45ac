"""Notices: whoever administers the installation is told in time of what it will need.

With Prefect the audit looks, every quarter of an hour; `flows.plain` looks every hour.
"""

import logging
from datetime import datetime

from sqlalchemy.engine import Engine

from casework.notices import raise_notices
from flows import bells, clock
from flows.discretion import kind_and_place
from flows.settings import engine

LOOK_SECONDS = 3600.0

log = logging.getLogger("estafette.flows.notices")


def tell(engine: Engine, now: datetime) -> int:
    """What has to be told waits in the outbox; returns how many alerts that made.

    Breaks nothing: when it cannot be done now it is logged, and done at the next look.
    """
    try:
        told = raise_notices(engine, now)
    except Exception as error:
        log.error("notices: %s", kind_and_place(error))
        return 0
    if told:
        log.info("notices: %d", told)
        bells.OUTBOX.ring()
    return told


def tell_until_stopped() -> None:
    """The same, now and every hour, until this process stops."""
    tell(engine(), clock.now())
    while not bells.STOPPING.wait(LOOK_SECONDS):
        tell(engine(), clock.now())
