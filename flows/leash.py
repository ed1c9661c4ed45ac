"""A child process stops when its parent is gone, however the parent ended.

The parent holds the other end of this process's standard input and never writes to it. When the
parent ends, even by kill -9, the kernel closes that end and reading returns. This works on every
platform, needs no polling and leaves no orphans.
"""

import os
import signal
import threading
import time

STANDARD_INPUT = 0
GRACE_SECONDS = 10.0
UNCLEAN = 70


def stop_with_parent(grace: float = GRACE_SECONDS) -> None:
    """From now on the parent's end is SIGTERM for this process, and `grace` seconds later death."""
    threading.Thread(target=_follow, args=(grace,), name="leash", daemon=True).start()


def _follow(grace: float) -> None:
    # os.read and not sys.stdin: a thread that waits inside sys.stdin keeps its lock, and the
    # interpreter then aborts at shutdown.
    while os.read(STANDARD_INPUT, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace)
    os._exit(UNCLEAN)
