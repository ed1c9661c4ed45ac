"""What is deployed: which flows Prefect knows, where their code is, when they run. One screen.

    python -m flows.declared               the same in JSON, for whoever compares it

Nothing of Prefect is imported here, so that asking takes a moment and not seconds.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

NAME = "estafette"  # every deployment's own name: "voluntary-care/estafette"
IN_PROCESS = "estafette-in-process"  # the type of work pool that our own worker serves
# The queues of the work pool: visits of cases with an open promise of law go first.
STATUTORY, ORDINARY = "wettelijk", "default"
PRIORITIES = {STATUTORY: 1, ORDINARY: 2}
A_CASE = {
    "type": "object",
    "properties": {"case": {"type": "string", "title": "case", "position": 0}},
    "required": ["case"],
}
A_TROUBLE = {
    "type": "object",
    "properties": {
        name: {"type": "string", "title": name, "position": position, "default": ""}
        for position, name in enumerate(("kind", "run", "of"))
    },
}
ON_THE_HOUR = datetime(2026, 1, 1, tzinfo=UTC)
NOTHING: dict[str, Any] = {"type": "object", "properties": {}}


@dataclass(frozen=True, slots=True)
class Deployed:
    """A flow as Prefect knows it; `kept` means that our own worker keeps it going unscheduled."""

    flow: str
    entrypoint: str
    says: str
    takes: dict[str, Any]
    every: timedelta | None = None
    kept: bool = False


def _stage(flow: str, says: str) -> Deployed:
    return Deployed(flow, f"flows.stages.{flow.replace('-', '_')}", says, A_CASE)


# fmt: off
DEPLOYMENTS = (
    _stage("signal", "Melding: een run voor elk bezoek van een zaak"),
    _stage("assessment", "Beoordeling: een run voor elk bezoek van een zaak"),
    _stage("voluntary-care", "Vrijwillige hulp: een run voor elk bezoek van een zaak"),
    _stage("outreach-care", "Bemoeizorg: een run voor elk bezoek van een zaak"),
    _stage("warning", "Waarschuwing: een run voor elk bezoek van een zaak"),
    _stage("behavioural-order", "Gedragsaanwijzing: een run voor elk bezoek van een zaak"),
    _stage("house-closure", "Woningsluiting: een run voor elk bezoek van een zaak"),
    _stage("aftercare", "Nazorg: een run voor elk bezoek van een zaak"),
    Deployed("watch", "flows.watch.watch", "Meldt wat afgaat; geeft elk bezoek zijn run", NOTHING,
             every=timedelta(hours=1), kept=True),
    Deployed("deliver", "flows.deliver.deliver", "Verstuurt berichten", NOTHING,
             every=timedelta(hours=1), kept=True),
    Deployed("audit", "flows.audit.audit", "Kijkt of elke zaak bewaakt is; hartslag als het klopt",
             NOTHING, every=timedelta(minutes=15)),
    Deployed("trouble", "flows.troubles.trouble", "Kijkt wat er mis is en vertelt het beheer",
             A_TROUBLE),
    Deployed("clean", "flows.clean.clean", "Ruimt op wat Prefect niet langer bewaart", NOTHING,
             every=timedelta(hours=1)),
)
# fmt: on


def declared() -> list[dict[str, Any]]:
    """Every deployment as it should be, in plain values; `every` in seconds."""
    return [
        {
            "flow": one.flow,
            "entrypoint": one.entrypoint,
            "every": one.every.total_seconds() if one.every else None,
            "kept": one.kept,
        }
        for one in DEPLOYMENTS
    ]


if __name__ == "__main__":
    print(json.dumps(declared()))  # noqa: T201
