"""Where Prometheus reads the metrics: GET /metrics beside the desk's pages, on loopback."""

from typing import Any

from fastapi import APIRouter, Response
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.engine import Engine

from desk.metrics import Metrics
from desk.plainly import sentence_for


def metrics_page(engine: Engine) -> APIRouter:
    """The page. While the rows cannot be read it says so with 503, and Prometheus sees it down."""
    router, kept = APIRouter(), Metrics(engine)

    @router.get("/metrics")
    def read() -> Response:
        try:
            return Response(kept.text(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
        except Exception as error:
            said = sentence_for(error)
            if said is None:
                raise
            return Response(f"{said}\n", 503, media_type="text/plain")

    return router


def as_values(text: str) -> list[dict[str, Any]]:
    """The same as plain values, for programs that do not read Prometheus's format."""
    return [
        {
            "name": family.name,
            "type": family.type,
            "help": family.documentation,
            "samples": [
                {"name": one.name, "labels": dict(one.labels), "value": one.value}
                for one in family.samples
            ],
        }
        for family in text_string_to_metric_families(text)
    ]
