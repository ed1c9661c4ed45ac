"""The span of this run, for whoever collects traces. Without a collector nothing happens here.

Prefect begins a span for every run and ends it when the run ends well or raises. A visit that goes
back to waiting does neither, and one that returns Failed would count as well ended: so these end
their span themselves, and Prefect's own ending finds it over.
"""

from opentelemetry import trace
from opentelemetry.trace import Status, StatusCode


def end_waiting() -> None:
    """The span of a visit that waits again is over and was well."""
    _end(Status(StatusCode.OK))


def end_failed(said: str) -> None:
    """The span of this run is over and failed, for the reason that Prefect shows."""
    _end(Status(StatusCode.ERROR, said))


def _end(status: Status) -> None:
    span = trace.get_current_span()
    span.set_status(status)
    span.end()
