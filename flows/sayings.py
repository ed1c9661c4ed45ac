"""What is the matter is said at once, and while it lasts only now and then."""

import logging
import time

AGAIN_SECONDS = 600.0


class Sayings:
    """What was said and when, in seconds of one clock that does not jump."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_news(self, text: str, at: float) -> bool:
        """Whether to say it now: it was not said since `over`, or long ago."""
        if text in self._said and at - self._said[text] < AGAIN_SECONDS:
            return False
        self._said[text] = at
        return True

    def say(self, log: logging.Logger, level: int, text: str) -> None:
        """It stands in the log, unless it was said lately."""
        if self.is_news(text, time.monotonic()):
            log.log(level, "%s", text)

    def over(self) -> None:
        """The matter is over: when it comes again it is news."""
        self._said.clear()
