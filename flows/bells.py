"""Bells within one process: whoever hears one looks at the rows at once, not at the next poll.

A bell carries nothing and may be missed; the rows say what there is to do, and polling finds it.
"""

import threading


class Bell:
    """One listener waits; anybody rings."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def wait(self, seconds: float) -> None:
        """Returns when the bell rings or the time is over; a ring while away counts."""
        self._rung.wait(seconds)
        self._rung.clear()


OUTBOX = Bell()  # promises were raised: there is something to send
ARMING = Bell()  # promises were raised: visits may have to move
VISITS = Bell()  # a run was moved to now, or its moment has come
STOPPING = threading.Event()


def stop() -> None:
    """This process is stopping; everybody who waits wakes up and sees it."""
    STOPPING.set()
    for bell in (OUTBOX, ARMING, VISITS):
        bell.ring()
