"""The audit: proves the promises every quarter of an hour, and tells the outside world only then.

The heartbeat goes to somebody else's machine. When it stays away, for whatever reason, that
machine raises the alarm: a dead watcher cannot report its own death.
"""

import time
from collections.abc import Callable, Iterable
from datetime import datetime

from prefect import flow
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import State
from prefect.context import FlowRunContext
from prefect.states import Completed, Failed
from sqlalchemy.engine import Engine

from casework import audit as casework_audit
from casework.audit import Finding, Report
from casework.connect import connect
from casework.rounds import audited
from flows import clock, notices, pictures, words
from flows.audit_runs import runs_gone
from flows.discretion import discreet
from flows.heartbeat import Heartbeat
from flows.reasons import explained
from flows.settings import FlowSettings

Runs = Callable[[Engine, datetime], Iterable[Finding]]


def _run_name() -> str:
    return f"audit · {words.moment(clock.now())}"


@flow(name="audit", flow_run_name=_run_name, persist_result=False, validate_parameters=False)
@explained
def audit() -> State[None]:
    """Every open case has a holder, a promise, a run; a finding makes this run red."""
    settings = FlowSettings()
    with discreet():
        report = audit_once(settings, runs_gone)
        _show(report)
    if report.clean:
        return Completed(message=f"{words.open_cases(report.checked)}: alles in orde")
    found = words.findings(len(report.findings))
    return Failed(message=f"{found}; zie het artefact last-audit")


def audit_once(settings: FlowSettings, runs: Runs | None = None) -> Report:
    """The audit's report, kept in the rows until the next; the heartbeat is sent when it is clean.

    Prefect is asked for its runs by `runs`; without it the rows alone are looked at. Whoever
    administers the installation is told in time of what it will need.
    """
    own = connect()  # a connection of its own, not the watch's
    heartbeat = Heartbeat(settings)
    try:
        heartbeat.began()
        notices.tell(own, clock.now())
        began = time.monotonic()
        report = casework_audit.audit(
            own,
            clock.now(),
            horizon=settings.horizon,
            armed_at_most=settings.armed_at_most,
        )
        if runs is not None:
            report = report.and_also(runs(own, clock.now()))
        audited(own, report, time.monotonic() - began)
    finally:
        own.dispose()
    heartbeat.ended(report)
    return report


def _show(report: Report) -> None:
    context = FlowRunContext.get()
    if context and context.flow_run and isinstance(context.client, SyncPrefectClient):
        pictures.show_audit(context.client, report, context.flow_run.id)
