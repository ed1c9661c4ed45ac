"""What a run's own page in Prefect shows."""

import logging

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import LogFilter, LogFilterFlowRunId
from prefect.client.schemas.objects import FlowRun
from prefect.logging.handlers import APILogHandler


def logged(client: SyncPrefectClient, run: FlowRun) -> list[str]:
    """The lines under Logs, once those of this process have been sent."""
    for handler in logging.getLogger("prefect.flow_runs").handlers:
        assert isinstance(handler, APILogHandler)
        handler.flush()
    wanted = LogFilter(flow_run_id=LogFilterFlowRunId(any_=[run.id]))
    return [line.message for line in client.read_logs(wanted)]
