"""The audit: proves the promises every quarter of an hour, and tells the outside world only then.

The heartbeat goes to somebody else's machine. When it stays away, for whatever reason, that
machine raises the alarm: a dead watcher cannot report its own death.
"""

import logging
import time
import urllib.error
import urllib.request

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed

from casework import audit as casework_audit
from casework.audit import Report
from casework.connect import connect
from casework.rounds import audited
from flows import clock, notices, pictures, words
from flows.discretion import discreet
from flows.settings import FlowSettings

HEARTBEAT_SECONDS = 10.0

log = logging.getLogger("estafette.flows.audit")


def _run_name() -> str:
    return f"audit · {words.moment(clock.now())}"


@flow(name="audit", flow_run_name=_run_name, persist_result=False, validate_parameters=False)
def audit() -> State[None]:
    """Every open case has a holder, a promise, a run; a finding makes this run red."""
    settings = FlowSettings()
    with discreet():
        report = audit_once(settings)
        _show(report)
    if report.clean:
        return Completed(message=f"{report.checked} open zaken: alles in orde")
    return Failed(message=f"{len(report.findings)} bevindingen; zie het artefact last-audit")


def audit_once(settings: FlowSettings) -> Report:
    """The audit's report, kept in the rows until the next; the heartbeat is sent when it is clean.

    Whoever administers the installation is told in time of what it will need.
    """
    own = connect()  # a connection of its own, not the watch's
    try:
        notices.tell(own, clock.now())
        began = time.monotonic()
        report = casework_audit.audit(own, clock.now(), horizon=settings.horizon)
        audited(own, report, time.monotonic() - began)
    finally:
        own.dispose()
    if report.clean and settings.heartbeat_url:
        beat(settings.heartbeat_url)
    return report


def beat(address: str) -> bool:
    """The outside was told that all is well. False, and a log line, when it could not be."""
    if not address.startswith(("http://", "https://")):
        log.error("ESTAFETTE_HEARTBEAT_URL is not an http address")
        return False
    try:
        with urllib.request.urlopen(address, timeout=HEARTBEAT_SECONDS) as answer:
            return bool(answer.status < 400)
    except (urllib.error.URLError, OSError) as error:
        log.warning("heartbeat not sent: %s", type(error).__name__)
        return False


def _show(report: Report) -> None:
    context = FlowRunContext.get()
    if context and context.flow_run and isinstance(context.client, SyncPrefectClient):
        pictures.show_audit(context.client, report, context.flow_run.id)
