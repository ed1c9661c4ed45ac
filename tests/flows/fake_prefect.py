"""A Prefect in memory: as much of its client as arming and reconciling speak to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4, uuid5

import httpx
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Scheduled

from flows.clock import now
from flows.declared import DEPLOYMENTS as DECLARED
from flows.declared import NAME

DEPLOYMENTS = UUID(int=7)
POOL = "estafette"


class FakePrefect:
    """Runs by id. `before_create` is called with a run that was just made, before its maker knows:
    there a test kills the maker."""

    def __init__(self) -> None:
        self.runs: dict[UUID, FlowRun] = {}
        self.before_answer: Callable[[FlowRun], None] = lambda _: None
        self._keys: dict[tuple[UUID, str], UUID] = {}
        self._life = 0

    def lose_everything(self) -> None:
        """Its database is another one: no run, no key, and deployments of other numbers."""
        self.runs.clear()
        self._keys.clear()
        self._life += 1

    @contextmanager
    def client(self, **_: object) -> Iterator["FakePrefect"]:
        yield self

    def scheduled(self) -> list[FlowRun]:
        return [run for run in self.runs.values() if run.state and run.state.is_scheduled()]

    def read_deployment_by_name(self, name: str) -> SimpleNamespace:
        number = uuid5(UUID(int=DEPLOYMENTS.int + self._life), name)
        return SimpleNamespace(id=number, work_pool_name=POOL)

    def _deployments(self) -> set[UUID]:
        names = (f"{one.flow}/{NAME}" for one in DECLARED)
        return {self.read_deployment_by_name(name).id for name in names}

    def read_flow_run(self, run_id: UUID) -> FlowRun:
        if run_id not in self.runs:
            raise ObjectNotFound(Exception())
        return self.runs[run_id]

    def delete_flow_run(self, run_id: UUID) -> None:
        del self.runs[run_id]
        self._keys = {key: at for key, at in self._keys.items() if at != run_id}

    def set_flow_run_state(
        self, run_id: UUID, state: State[None], *, force: bool = False
    ) -> SimpleNamespace:
        run = self.read_flow_run(run_id)
        run.state = state
        planned = state.state_details.scheduled_time if state.is_scheduled() else None
        run.next_scheduled_start_time = planned
        return SimpleNamespace(status="ACCEPT", state=state, forced=force)

    def create_flow_run_from_deployment(
        self,
        deployment_id: UUID,
        *,
        idempotency_key: str | None = None,
        state: State[None] | None = None,
        **more: Any,
    ) -> FlowRun:
        if deployment_id not in self._deployments():
            gone = httpx.Response(404, request=httpx.Request("POST", "http://prefect"))
            raise PrefectHTTPStatusError("no", request=gone.request, response=gone)
        known = self._keys.get((deployment_id, idempotency_key or ""))
        if known is None or idempotency_key is None:
            known = uuid4()
            self.runs[known] = FlowRun(
                id=known, flow_id=uuid4(), deployment_id=deployment_id, created=now(),
                work_pool_name=POOL, **more,
            )  # fmt: skip
            self._keys[deployment_id, idempotency_key or str(known)] = known
            self.set_flow_run_state(known, state or Scheduled())
        self.before_answer(self.runs[known])
        return self.runs[known]

    def read_flow_runs(
        self, *, flow_run_filter: Any, limit: int, offset: int = 0, sort: object = None
    ) -> list[FlowRun]:
        wanted = flow_run_filter.model_dump(exclude_unset=True)
        found = [run for run in self.runs.values() if _meets(run, wanted)]
        found.sort(key=_comes)
        return found[offset : offset + limit]


def _comes(run: FlowRun) -> datetime:
    return run.next_scheduled_start_time or datetime.max.replace(tzinfo=now().tzinfo)


def _meets(run: FlowRun, wanted: dict[str, Any]) -> bool:
    ids, of = wanted.get("id"), wanted.get("deployment_id")
    kinds, from_ = wanted.get("state"), wanted.get("next_scheduled_start_time")
    assert run.state is not None
    return (
        (ids is None or run.id in ids["any_"])
        and (of is None or run.deployment_id in of["any_"])
        and (kinds is None or run.state.type in kinds["type"]["any_"])
        and (from_ is None or _comes(run) >= from_["after_"])
    )
