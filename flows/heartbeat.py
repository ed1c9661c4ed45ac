"""The heartbeat: the outside hears that all is well, and notices when it does not.

It goes to somebody else's machine and is the audit's last act: when the worker is dead, its
schedule paused or the database hangs, none goes out. The address is a secret, since whoever knows
it can keep that machine calm; it is in no log and no error. Nothing is sent with it.
"""

import http.client
import logging
import urllib.error
import urllib.parse
import urllib.request

from casework.audit import Report
from flows.settings import FlowSettings

SECONDS = 10.0
WEATHER = (urllib.error.URLError, http.client.HTTPException, OSError, ValueError)

log = logging.getLogger("estafette.flows.heartbeat")


class Heartbeat:
    """What the listener outside is told of one audit; nothing, when none is named.

    Only the beat itself counts. That an audit began, and that it found something, is told to a
    listener that knows such signals: it raises the alarm sooner, and shows how long audits take.
    """

    def __init__(self, settings: FlowSettings) -> None:
        self._address, self._signals = settings.heartbeat_url, settings.heartbeat_signals

    def began(self) -> None:
        if self._address and self._signals:
            beat(self._address, "start")

    def ended(self, report: Report) -> None:
        if self._address and report.clean:
            beat(self._address)
        elif self._address and self._signals:
            beat(self._address, "fail")


def beat(address: str, signal: str = "") -> bool:
    """The outside was told that all is well, or this signal. False, and a log line, when it could
    not be."""
    if not address.startswith(("http://", "https://")):
        log.error("ESTAFETTE_HEARTBEAT_URL is not an http address")
        return False
    try:
        with urllib.request.urlopen(_to(address, signal), timeout=SECONDS) as answer:
            return bool(answer.status < 400)
    except WEATHER as error:
        log.warning("heartbeat not sent: %s", type(error).__name__)
        return False


def _to(address: str, signal: str) -> str:
    parts = urllib.parse.urlsplit(address)
    path = f"{parts.path.rstrip('/')}/{signal}" if signal else parts.path
    return parts._replace(path=path).geturl()
