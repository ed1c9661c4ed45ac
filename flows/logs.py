"""The log of a process: one line an event, for people or for programs, about nobody.

    2026-11-30 18:38:10,022 INFO estafette.flows.watch raised: 1
    {"time": "2026-11-30T18:38:10.022+00:00", "level": "info", "logger": ...}

ESTAFETTE_LOG_FORMAT=json gives the second form. What is bound by `about` stands in every line of
the block: the run and the case. An error is its kind and its place, never its text.
"""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.contextvars import bound_contextvars
from structlog.types import EventDict, Processor

from flows.discretion import kind_and_place

# What a line may say beside its message, in this order; anything else stays out.
BESIDE = ("run", "case", "promises", "error")


def settle(to: TextIO = sys.stdout) -> None:
    """This process logs to `to` from now on. Comes before the first Prefect import, which leaves
    a log alone that somebody has set up."""
    handler = logging.StreamHandler(to)
    handler.setFormatter(form(os.environ.get("ESTAFETTE_LOG_FORMAT", "text")))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # else every call of the API is a line
    # Where traces are collected, Prefect ends once more what flows.spans has ended.
    logging.getLogger("opentelemetry.sdk.trace").setLevel(logging.ERROR)


def form(named: str) -> logging.Formatter:
    """How a line is written: "json", and anything else is text."""
    last: list[Processor] = [_as_json, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return structlog.stdlib.ProcessorFormatter(
        use_get_message=True,
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ExtraAdder(allow=("promises",)),
            _discreet,
        ],
        processors=last if named == "json" else [_as_text],
    )


@contextmanager
def about(*, run: str, case: str) -> Iterator[None]:
    """Every line that is logged in this block says which run and which case it is about."""
    with bound_contextvars(run=run, case=case):
        yield


def run_logger() -> logging.Logger:
    """What is said to it within a run stands on that run's page in Prefect, under Logs.

    A child with a level of its own: what Prefect itself says of every run stays out.
    """
    child = logging.getLogger("prefect.flow_runs.estafette")
    child.setLevel(logging.INFO)
    return child


def _discreet(_logger: Any, _method: str, event: EventDict) -> EventDict:
    caught = event.pop("exc_info", None)
    if caught and caught[1] is not None:
        event["error"] = kind_and_place(caught[1])
    return event


def _as_json(_logger: Any, _method: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    # When it happened, not when it was written.
    when = datetime.fromtimestamp(record.created, UTC)
    return {
        "time": when.isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": event["event"],
        **_beside(event),
    }


def _as_text(_logger: Any, _method: str, event: EventDict) -> str:
    record: logging.LogRecord = event["_record"]
    when = logging.Formatter().formatTime(record)
    beside = "".join(f" {key}={_plain(value)}" for key, value in _beside(event).items())
    return f"{when} {record.levelname} {record.name} {event['event']}{beside}"


def _beside(event: EventDict) -> dict[str, Any]:
    return {key: event[key] for key in BESIDE if event.get(key)}


def _plain(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
