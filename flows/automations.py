"""Automations: Prefect itself says at once when a run is late, crashed or failed.

Declared beside the deployments, and shown on Prefect's page Automations. Each starts the flow
`trouble`, at most once an hour, and that looks how many there are: a storm of crashes is one run of
it. An automation somebody switched off there stays off; `flows.troubles` looks by itself as well.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.events.actions import RunDeployment
from prefect.events.filters import AutomationFilter, AutomationFilterTags
from prefect.events.schemas.automations import Automation, AutomationCore, EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

from escalation.troubles import RUNS_CRASHED, RUNS_FAILED, RUNS_LATE
from flows.declared import NAME
from flows.discretion import kind_and_place
from flows.troubles import FLOWS_OF, OWN

TAG = "estafette"  # by this ours are known; one of ours that is declared no longer is deleted
ONCE_IN = timedelta(hours=1)
GATHER = timedelta(seconds=20)  # a crash seldom comes alone; the look counts them all
SAME = ("description", "tags", "trigger", "actions")

log = logging.getLogger("estafette.flows.automations")


@dataclass(frozen=True, slots=True)
class Declared:
    """An automation: what it reports, when, and how Prefect's page calls and explains it."""

    kind: str
    events: tuple[str, ...]
    name: str
    says: str
    after: timedelta = GATHER


# fmt: off
DECLARED = (
    Declared(RUNS_LATE, ("Late",), "Estafette: run te laat",
             "Een run had allang moeten beginnen. Het beheer krijgt één bericht, met hoeveel het "
             "er zijn, en na een dagdeel weer als het nog zo is.", after=timedelta(0)),
    Declared(RUNS_CRASHED, ("Crashed",), "Estafette: run afgebroken",
             "Het proces van een run is weg. Een bezoek komt vanzelf opnieuw. Het beheer krijgt "
             "één bericht per dagdeel, met hoeveel het er zijn."),
    Declared(RUNS_FAILED, ("Failed", "TimedOut"), "Estafette: run mislukt",
             "Een run is mislukt; in de staat van de run staat waarom. Het beheer krijgt één "
             "bericht per dagdeel, met hoeveel het er zijn."),
)
# fmt: on


def declare_automations(client: SyncPrefectClient) -> None:
    """Every automation exists once and as declared, and none of ours besides.

    Again changes nothing, and several may do it at once. The deployments are there already. Breaks
    nothing: a Prefect that takes no automations is looked at all the same.
    """
    try:
        _declare(client)
    except Exception as error:
        log.warning("automations not declared: %s", kind_and_place(error))


def _declare(client: SyncPrefectClient) -> None:
    ids = {flow: _deployment(client, flow) for flow in {OWN}.union(*FLOWS_OF.values())}
    wanted = {one.name: _wanted(one, ids) for one in DECLARED}
    there = {one.name for one in _ours(client)}
    for name in wanted.keys() - there:
        client.create_automation(wanted[name])
    seen: set[str] = set()
    for found in _ours(client):  # read again: somebody else may have made the same meanwhile
        if found.name in seen or found.name not in wanted:
            _delete(client, found)
        else:
            _update(client, found, wanted[found.name])
        seen.add(found.name)


def _ours(client: SyncPrefectClient) -> list[Automation]:
    """Always in the same order, so that of two alike everybody keeps the same one."""
    tagged = AutomationFilter(tags=AutomationFilterTags(any_=[TAG]))
    return sorted(client.read_automations(automations=tagged), key=lambda one: str(one.id))


def _wanted(one: Declared, ids: dict[str, UUID]) -> AutomationCore:
    deployments = [f"prefect.deployment.{ids[flow]}" for flow in FLOWS_OF[one.kind]]
    return AutomationCore(
        name=one.name,
        description=one.says,
        tags=[TAG],
        trigger=EventTrigger(
            expect={f"prefect.flow-run.{event}" for event in one.events},
            match={"prefect.resource.id": "prefect.flow-run.*"},
            match_related={
                "prefect.resource.role": "deployment",
                "prefect.resource.id": deployments,
            },
            posture=Posture.Reactive,
            threshold=1,
            within=ONCE_IN,
        ),
        actions=[
            RunDeployment(
                deployment_id=ids[OWN],
                parameters={
                    "kind": one.kind,
                    "run": _template("{{ flow_run.id }}"),
                    "of": _template("{{ flow.name }}"),
                },
                schedule_after=one.after,
            )
        ],
    )


def _template(words: str) -> dict[str, str]:
    return {"__prefect_kind": "jinja", "template": words}


def _update(client: SyncPrefectClient, found: Automation, wanted: AutomationCore) -> None:
    # Only when it differs: an update forgets what its trigger has counted.
    if _plain(found) != _plain(wanted):
        client.update_automation(found.id, wanted.model_copy(update={"enabled": found.enabled}))


def _plain(one: AutomationCore) -> Any:
    plain = one.model_dump(mode="json", include=set(SAME))
    plain["trigger"]["expect"].sort()
    return plain


def _delete(client: SyncPrefectClient, found: Automation) -> None:
    try:
        client.delete_automation(found.id)
    except ObjectNotFound:  # somebody else was quicker
        return


def _deployment(client: SyncPrefectClient, flow: str) -> UUID:
    return client.read_deployment_by_name(f"{flow}/{NAME}").id
