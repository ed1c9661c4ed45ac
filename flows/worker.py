"""Our worker process: visits run inside it, with `watch` and `deliver` beside them.

    python -m flows.worker                  works for the Prefect that PREFECT_API_URL names
    python -m flows.worker --port 4200      works for the embedded server of the data folder

A new interpreter per visit would cost seconds; a visit itself takes a tenth of one.
"""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from flows import bells, leash, logs
from flows.alone import instance
from flows.embedded import CANNOT_START, CannotStart, at_work

if TYPE_CHECKING:
    from flows.lookout import Lookout
    from flows.settings import FlowSettings

AWAY_SECONDS = 2.0
LEAVE_SECONDS = 7.0
STAYED_SECONDS = 60.0  # what went wrong before such a stay is news when it comes again

log = logging.getLogger("estafette.flows.worker")


def main(arguments: list[str] | None = None) -> int:
    """Works until it is told to stop; Prefect may come, go and come back meanwhile."""
    options = _parser().parse_args(arguments)
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: _stop())
    if options.leash:
        leash.stop_with_parent()
    try:
        with _settled(options):
            logs.settle()
            _work()
    except CannotStart as error:
        print(error, file=sys.stderr)  # noqa: T201
        return CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m flows.worker", description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".estafette"))
    parser.add_argument("--port", type=int, help="the embedded Prefect server's port")
    parser.add_argument("--leash", action="store_true", help="stop when standard input is closed")
    return parser


def _settled(options: argparse.Namespace) -> AbstractContextManager[None]:
    """In the embedded default one worker of a name; elsewhere an operator's settings hold."""
    if not options.port:
        return nullcontext()
    return at_work(options.data, options.port, "worker", instance())


def _stop() -> None:
    bells.stop()
    # At exit Prefect tries for long to hand its last events to a server that may be gone.
    last = threading.Timer(LEAVE_SECONDS, os._exit, (0,))
    last.daemon = True
    last.start()


def _work() -> None:
    # Prefect is imported here and not above: `settle` comes first.
    from flows.deliver import deliver, deliver_plainly
    from flows.long_runs import LongRun, keep_going
    from flows.lookout import Lookout
    from flows.settings import FlowSettings
    from flows.watch import watch, watch_plainly

    settings, lookout = FlowSettings(), Lookout().posted()
    loops = [
        keep_going(LongRun(watch, watch_plainly), settings),
        keep_going(LongRun(deliver, deliver_plainly), settings),
    ]
    _enter_visits(settings, lookout)
    for loop in loops:
        loop.join(LEAVE_SECONDS)


def _enter_visits(settings: "FlowSettings", lookout: "Lookout") -> None:
    """Visits are entered whenever Prefect is there, until this process stops."""
    from flows.discretion import kind_and_place
    from flows.sayings import Sayings

    sayings = Sayings()
    while not bells.STOPPING.is_set():
        began = time.monotonic()
        try:
            # An event loop for each stay: one that was broken off leaves its cancellation behind.
            asyncio.run(_serve(settings, lookout))
        except (Exception, asyncio.CancelledError) as error:
            if time.monotonic() - began > STAYED_SECONDS:
                sayings.over()
            said = f"no visit is entered for now: {kind_and_place(error)}"
            heard = bells.STOPPING.is_set() or lookout.shut_out
            if not heard:
                sayings.say(log, logging.WARNING, said)
        bells.STOPPING.wait(AWAY_SECONDS)


async def _serve(settings: "FlowSettings", lookout: "Lookout") -> None:
    from prefect.context import SyncClientContext

    from flows.in_process import EstafetteWorker
    from flows.long_runs import prepared

    if not await asyncio.to_thread(prepared, settings.work_pool):
        return
    limit, name = settings.visits_at_once, f"estafette {instance()}"
    # One client for all visits: each of its own would ask for a token first, which is a write.
    with SyncClientContext.get_or_create():
        worker = EstafetteWorker(settings.work_pool, name=name, limit=limit)
        serving = asyncio.ensure_future(worker.serve())
        while not (serving.done() or lookout.shut_out):
            await asyncio.wait([serving], timeout=AWAY_SECONDS)
        serving.cancel()
        await serving


if __name__ == "__main__":
    raise SystemExit(main())
