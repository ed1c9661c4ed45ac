"""The lookout: says plainly when Prefect can not be worked with, why, what to do, and when it can
again. Once when it changes, and once in a while as long as it lasts."""

import logging
import threading
import time

from flows import bells
from flows.sayings import Sayings
from flows.window import Look, Stand, look

LOOK_SECONDS = 5.0
MEANWHILE = "promises are raised and alerts are sent meanwhile; visits wait"

log = logging.getLogger("estafette.flows.lookout")


class Lookout:
    """How Prefect was at the last look; `loop` keeps that fresh."""

    def __init__(self) -> None:
        self.last: Look | None = None
        self._sayings = Sayings()

    @property
    def shut_out(self) -> bool:
        """Prefect is there, and will not have us as we are: nothing to wait for."""
        return self.last is not None and self.last.stand in {Stand.REFUSED, Stand.OTHER}

    def posted(self) -> "Lookout":
        """The first look is taken and told; the others follow on a thread of their own."""
        self.turn(look(), time.monotonic())
        threading.Thread(target=self._loop, name="lookout", daemon=True).start()
        return self

    def turn(self, found: Look, at: float) -> None:
        """What was found is known, and told when it is new or was last told long ago."""
        before, self.last = self.last, found
        if found.stand is Stand.OPEN:
            self._sayings.over()
            if found != before:
                log.info(found.says)
        elif self._sayings.is_news(found.says, at):
            log.warning("%s (%s)", found.says, MEANWHILE)

    def _loop(self) -> None:
        while not bells.STOPPING.wait(LOOK_SECONDS):
            self.turn(look(), time.monotonic())
