"""Watch and deliver without Prefect: `estafette watch`, for when Prefect is down.

The loops are the worker's own, kept going in the same way. Visits get no run meanwhile; arming
makes up for it afterwards.
"""

import os
import signal

from flows import bells, logs

JOIN_SECONDS = 8.0


def main() -> int:
    """Raises and sends until it is told to stop, whatever happens to the database meanwhile."""
    for stopping in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stopping, lambda *_: bells.stop())
    os.environ.pop("PREFECT_API_URL", None)  # nobody is asked whether Prefect is there
    logs.settle()
    # Imported here: importing Prefect would set up logging its own way first.
    from flows.deliver import deliver, deliver_plainly
    from flows.long_runs import LongRun, keep_going
    from flows.notices import tell_until_stopped
    from flows.settings import FlowSettings
    from flows.watch import watch, watch_plainly

    pairs = ((watch, watch_plainly), (deliver, deliver_plainly))
    loops = [keep_going(LongRun(flow, plainly), FlowSettings()) for flow, plainly in pairs]
    tell_until_stopped()
    for loop in loops:
        loop.join(JOIN_SECONDS)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
