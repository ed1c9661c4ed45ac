"""Reconciling: the open visits and Prefect's runs are compared both ways, a page at a time.

From rows to Prefect: a run that was deleted, ended by hand, orphaned, or comes too late is found
long before its moment. From Prefect to rows: a run that no visit points at is ended and says why.
What is true in the rows stays as it is; only runs are made, moved and ended.
"""

import logging
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled, Crashed
from sqlalchemy.engine import Engine

from casework.pointing import (
    all_forgotten,
    forgotten,
    is_open,
    open_visits,
    outermost_runs,
    pointed_at,
    recalled,
)
from casework.visits import Visit, named
from flows import clock, words
from flows.settings import FlowSettings
from flows.visit_runs import (
    IS_GONE,
    VisitRuns,
    age,
    as_number,
    carries,
    comes_after,
    is_,
    is_late_by_mistake,
    misplaced,
)

PAGE = 200
SAMPLE = 5
SHARE = 2  # after a page twice as long a pause: at most a third of one core
LEAST_PAUSE, REST = 1.0, 120.0  # seconds between two pages, and between two comparisons
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
AT_IT = ["PENDING", "RUNNING"]
ELSEWHERE = "overtollig: een andere run draagt dit bezoek"
OVER = "overtollig: de zaak is uit dit bezoek vertrokken"
UNKNOWN = "overtollig: dit bezoek staat niet in de rijen"

log = logging.getLogger("estafette.flows.reconciling")


class Reconciling:
    """Compares page after page, rests, and begins again."""

    def __init__(self, engine: Engine, settings: FlowSettings) -> None:
        self._engine, self._settings = engine, settings
        self.begin_again()

    def begin_again(self) -> None:
        """The next page is the first, and it is due now."""
        self._next_at = 0.0
        self._case: int | None = 0
        self._from: tuple[datetime, int] | None = (LONG_AGO, 0)

    def is_due(self) -> bool:
        return time.monotonic() >= self._next_at

    def lost(self, runs: VisitRuns) -> bool:
        """Prefect knows none of the runs that come first or last: its database is another one. Then
        no visit points at a run any more, and all are armed again, the nearest first."""
        sample = outermost_runs(self._engine, SAMPLE)
        if not sample or self._known(runs, sample):
            return False
        log.warning("Prefect does not know our runs; making them again")
        all_forgotten(self._engine)
        return True

    def page(self, runs: VisitRuns, arm: Callable[[Visit], None]) -> None:
        """One page each way; what it found amiss is as it should be, or arming looks at it next.

        `arm` puts a visit's run where it belongs, also when Prefect refuses it.
        """
        began = time.monotonic()
        if self._case is not None:
            self._case = self._rows_to_prefect(runs, arm, self._case)
        if self._from is not None:
            self._from = self._prefect_to_rows(runs, *self._from)
        took = time.monotonic() - began
        if self._case is None and self._from is None:
            self._at_it(runs)
            self.begin_again()
            self._next_at = time.monotonic() + REST
        else:
            self._next_at = time.monotonic() + max(LEAST_PAUSE, SHARE * took)

    def _rows_to_prefect(
        self, runs: VisitRuns, arm: Callable[[Visit], None], after: int
    ) -> int | None:
        visits, following = open_visits(self._engine, clock.now(), after=after, limit=PAGE)
        known = self._known(runs, [visit.run_id for visit in visits if visit.run_id])
        carried = [visit for visit in visits if visit.run_id]
        missing = {v.id: v.run_id for v in carried if v.run_id and v.run_id not in known}
        forgotten(self._engine, missing)
        amiss = {v.id: v.run_id for v in carried if self._amiss(v, known.get(v.run_id or ""))}
        for visit in named(self._engine, amiss, clock.now()):
            if visit.run_id == amiss[visit.id]:  # else somebody armed it since
                arm(visit)
        late = [visit.id for visit in visits if not visit.run_id and _placed_too_late(visit)]
        recalled(self._engine, visits=late)
        if missing or amiss or late:
            log.info("reconciled: %d lost, %d amiss, %d late", len(missing), len(amiss), len(late))
        return following or None

    def _amiss(self, visit: Visit, run: FlowRun | None) -> bool:
        if run is None:
            return False
        if is_(run, "scheduled"):
            elsewhere = comes_after(run, visit.wake_at) or misplaced(run, visit) is not None
            mistaken = is_late_by_mistake(run) or not carries(run, visit)
            return elsewhere or mistaken or visit.seen_version != visit.version
        return is_(run, "final") or self._is_stuck(run)

    def _prefect_to_rows(
        self, runs: VisitRuns, since: datetime, offset: int
    ) -> tuple[datetime, int] | None:
        wanted = {"state": {"type": {"any_": ["SCHEDULED"]}},
                  "next_scheduled_start_time": {"after_": since.isoformat()}}  # fmt: skip
        page = self._ours(runs, wanted, offset)
        waiting = [run for run in page if self._is_of_age(run)]
        self._end(runs, self._strays(waiting))
        ends = page[-1].next_scheduled_start_time if len(page) == PAGE else None
        if ends is None:
            return None
        # Many come at the very same moment: those are counted off, not told apart by it.
        last = datetime.fromisoformat(ends.isoformat())
        return (since, offset + PAGE) if last == since else (last, 0)

    def _at_it(self, runs: VisitRuns) -> None:
        """A run no visit points at whose process died at it; nobody else would ever end it."""
        found = self._ours(runs, {"state": {"type": {"any_": AT_IT}}}, 0)
        for run in self._strays(run for run in found if self._is_stuck(run)):
            runs.end(run, Crashed(message=IS_GONE))

    def _end(self, runs: VisitRuns, strays: list[FlowRun]) -> None:
        stages = runs.deployments()
        for run in strays:
            why = self._why(run, stages.get(run.deployment_id or UUID(int=0), ""))
            runs.client.set_flow_run_state(run.id, Cancelled(message=why))
        if strays:
            log.info("ended: %d runs that no visit points at", len(strays))
            # A watcher may have armed a visit with one of these just now.
            recalled(self._engine, runs=[str(run.id) for run in strays])

    def _why(self, run: FlowRun, stage: str) -> str:
        case, number = str(run.parameters.get("case")), words.number_in(run.name)
        here = is_open(self._engine, case, stage, number)
        return UNKNOWN if here is None else ELSEWHERE if here else OVER

    def _strays(self, found: Iterable[FlowRun]) -> list[FlowRun]:
        found = list(found)
        kept = pointed_at(self._engine, [str(run.id) for run in found])
        return [run for run in found if str(run.id) not in kept]

    def _known(self, runs: VisitRuns, ids: list[str]) -> dict[str, FlowRun]:
        numbers = [number for one in ids if (number := as_number(one))]
        if not numbers:
            return {}
        wanted = FlowRunFilter.model_validate({"id": {"any_": numbers}})
        found = runs.client.read_flow_runs(flow_run_filter=wanted, limit=PAGE)
        return {str(run.id): run for run in found}

    def _ours(self, runs: VisitRuns, wanted: dict[str, Any], offset: int) -> list[FlowRun]:
        of = {"deployment_id": {"any_": [str(one) for one in runs.deployments()]}}
        return runs.client.read_flow_runs(
            flow_run_filter=FlowRunFilter.model_validate(of | wanted),
            sort=FlowRunSort.NEXT_SCHEDULED_START_TIME_ASC,
            limit=PAGE,
            offset=offset,
        )

    def _is_of_age(self, run: FlowRun) -> bool:
        # The row of one just made is perhaps not written yet.
        made = run.created or clock.now()
        return (clock.now() - made).total_seconds() >= self._settings.stuck_after.total_seconds()

    def _is_stuck(self, run: FlowRun) -> bool:
        return age(run) >= self._settings.stuck_after.total_seconds()


def _placed_too_late(visit: Visit) -> bool:
    """A visit without a run would be armed later than its case's next moment."""
    placed = visit.planned_at
    return placed is None or placed > visit.wake_at or visit.seen_version != visit.version
