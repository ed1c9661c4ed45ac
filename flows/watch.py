"""The watch: every promise that rings is raised within seconds, whether or not a visit comes.

It needs the rows and nothing else. Prefect carries it as an hour-long run where operations staff
can see it; `flows.plain` runs the same loop without it.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from sqlalchemy.engine import Engine

from casework.lateness import Tally
from casework.promises import next_due, raise_due
from casework.rounds import swept
from flows import bells, clock
from flows.arming import Arming
from flows.discretion import discreet
from flows.reasons import explained
from flows.settings import FlowSettings, engine
from flows.troubles import looking

POLL_SECONDS = 1.5  # another process may bring a moment nearer; this is how soon it is seen
ONE_RUN = timedelta(hours=1)

log = logging.getLogger("estafette.flows.watch")


@flow(name="watch", persist_result=False, validate_parameters=False)
@explained
def watch() -> State[None]:
    """Raises what is due and arms visits, for an hour; the next run takes over."""
    until = clock.now() + ONE_RUN
    with discreet():
        raised = watch_plainly(lambda: clock.now() >= until)
    return Completed(message=f"{raised} keer gemeld")


def watch_plainly(over: Callable[[], bool]) -> int:
    """The same without a Prefect run, until `over` or this process stops."""
    return watch_and_arm(engine(), bells.STOPPING, over)


def watch_and_arm(
    engine: Engine, stop: threading.Event, over: Callable[[], bool] = lambda: False
) -> int:
    """`watch_loop`, with arming and a look for troubles beside it, each on a thread of its own."""
    arming = _beside("arming", Arming(engine, FlowSettings()).loop)
    with arming, _beside("troubles", looking(engine).loop):
        return watch_loop(engine, stop, over)


def watch_loop(
    engine: Engine,
    stop: threading.Event,
    over: Callable[[], bool] = lambda: False,
    *,
    now: Callable[[], datetime] = clock.now,
    poll: float = POLL_SECONDS,
) -> int:
    """Until `stop` or `over`, what rings is raised within about `poll` seconds; returns how many.

    One cheap read a round while nothing rings; it wakes at the very moment the next rung does.
    """
    total = 0
    while not (stop.is_set() or over()):
        due = next_due(engine)
        if due is not None and due <= now():
            total += _raise_all(engine, now)
            due = next_due(engine)
        # Still due means that somebody else holds those rows: look again, but do not spin.
        ahead = (due - now()).total_seconds() if due else poll
        stop.wait(ahead if 0 < ahead < poll else poll)
    return total


def _raise_all(engine: Engine, now: Callable[[], datetime]) -> int:
    total, began, late = 0, time.monotonic(), Tally()
    while raised := raise_due(engine, now(), late=late):
        total += raised
        bells.OUTBOX.ring()
    if total:
        # Only now, when all is raised: what an operator sees of it keeps no promise waiting.
        swept(engine, total, time.monotonic() - began, now(), late)
        log.info("raised: %d", total)
        bells.ARMING.ring()
        bells.VISITS.ring()  # the visits of these promises come at the same moment
    return total


@contextmanager
def _beside(name: str, work: Callable[[threading.Event], None]) -> Iterator[None]:
    """`work` runs on its own thread as long as the block does; it never delays the block."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,), name=name, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        bells.ARMING.ring()
        thread.join(timeout=5)
