"""One visit's run: made, moved to its moment, or made anew in the queue that goes first.

A run is asked for by an idempotency key, so two watchers that make the same one, or one that was
killed before its row was written, end with one run. The key names the run that this one replaces.
"""

from datetime import datetime, timedelta
from uuid import UUID

from httpx import codes
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound, PrefectHTTPStatusError
from prefect.states import Cancelled, Crashed, Scheduled
from sqlalchemy.engine import Engine

from casework.visits import Visit, armed, completed
from escalation.path import STAGES
from flows import clock, words
from flows.declared import ORDINARY, STATUTORY
from flows.deployments import deployment_id
from flows.settings import FlowSettings

ARMED = "klaargezet"
COMES_AT_ONCE = "komt nu: er is iets veranderd in de zaak"
IS_GONE = "het proces van dit bezoek is weg"
GOES_FIRST = "vervangen: een wettelijke termijn gaat voor, in de wachtrij wettelijk"
IN_NO_QUEUE = "vervangen: de wachtrij van deze run is verwijderd"
GONE = {codes.NOT_FOUND, codes.BAD_REQUEST}  # of a deployment, and of its work pool
A_SECOND, AN_HOUR = 1.0, timedelta(hours=1)


class VisitRuns:
    """Runs of visits in one Prefect. Everything here may be done twice, by anybody."""

    def __init__(
        self,
        engine: Engine,
        settings: FlowSettings,
        client: SyncPrefectClient,
        deployments: dict[str, UUID],
    ) -> None:
        """`deployments` are the ids by flow that are known already; those asked for are added."""
        self._engine, self._settings, self.client = engine, settings, client
        self._deployments = deployments

    def arm(self, visit: Visit, *, calmly: bool = False) -> None:
        """The visit's run is where it belongs, unless the run is at it right now.

        A new run enters at once and says then what it waits for; `calmly` it says so already and
        comes at its moment, so that a thousand made together do not all enter together.
        """
        run = self.read(visit.run_id)
        if run is None or not carries(run, visit):
            self._make(visit, None, calmly)
        elif visit.left and is_(run, "completed"):
            completed(self._engine, visit.id, clock.now())
        elif is_(run, "final"):
            self._make(visit, run, calmly)
        elif is_(run, "scheduled") and (why := misplaced(run, visit)):
            self._make(visit, run, calmly)
            self.end(run, Cancelled(message=why))
        elif is_(run, "scheduled"):
            self._move(visit, run, visit.wake_at)
        elif age(run) >= self._settings.stuck_after.total_seconds():
            # Its process died at it; nobody else will ever end it.
            self.end(run, Crashed(message=IS_GONE))
            self._make(visit, run, calmly)

    def read(self, run_id: str | None) -> FlowRun | None:
        number = as_number(run_id or "")
        try:
            return self.client.read_flow_run(number) if number else None
        except ObjectNotFound:
            return None

    def end(self, run: FlowRun, state: State[None]) -> None:
        self.client.set_flow_run_state(run.id, state, force=True)

    def deployments(self) -> dict[UUID, str]:
        """The stage of each deployment that visits are made from."""
        return {self._deployment(stage): stage for stage in STAGES if not STAGES[stage].is_end}

    def _make(self, visit: Visit, before: FlowRun | None, calmly: bool) -> None:
        failed = before is not None and is_(before, "failed")
        at = _again_at(visit) if failed else visit.wake_at if calmly else clock.now()
        run = self._create(visit, before, at)
        # An older life of this database asked for the same run, perhaps for another case.
        while is_(run, "final") or not carries(run, visit):
            run = self._create(visit, run, at)
        self._move(visit, run, at)

    def _create(self, visit: Visit, before: FlowRun | None, at: datetime) -> FlowRun:
        try:
            return self._ask_for(visit, before, at)
        except PrefectHTTPStatusError as error:
            if error.response.status_code not in GONE:
                raise
            # The deployment or its work pool is gone, by hand or with Prefect's database: it is
            # declared anew.
            self._deployments.clear()
            return self._ask_for(visit, before, at)

    def _ask_for(self, visit: Visit, before: FlowRun | None, at: datetime) -> FlowRun:
        key = f"visit-{visit.id}" if before is None else f"visit-{visit.id}-after-{before.id}"
        return self.client.create_flow_run_from_deployment(
            self._deployment(visit.stage),
            name=words.run_name(visit.case_key, visit.stage, visit.number),
            tags=[STAGES[visit.stage].dutch, visit.municipality],
            parameters={"case": visit.case_key},
            idempotency_key=key,
            work_queue_name=STATUTORY if visit.statutory else ORDINARY,
            state=Scheduled(scheduled_time=at, message=self._says(visit, at)),
        )

    def _says(self, visit: Visit, at: datetime) -> str:
        now = clock.now()
        return words.waits(visit.first, now) if visit.first and at > now else ARMED

    def _move(self, visit: Visit, run: FlowRun, at: datetime) -> None:
        # Only ever to earlier. A run that comes too early looks and waits again; moving it to
        # later while a worker has just taken it would hold that worker until then.
        if is_(run, "scheduled") and (comes_after(run, at) or is_late_by_mistake(run)):
            soon = at <= clock.now()
            message = COMES_AT_ONCE if soon else self._says(visit, at)
            state: State[None] = Scheduled(scheduled_time=at, message=message)
            self.client.set_flow_run_state(run.id, state)
        armed(self._engine, visit.id, str(run.id), at, clock.now(), visit.version)

    def _deployment(self, stage: str) -> UUID:
        flow = stage.replace("_", "-")
        if flow not in self._deployments:
            self._deployments[flow] = deployment_id(self.client, flow, self._settings.work_pool)
        return self._deployments[flow]


def as_number(run_id: str) -> UUID | None:
    """None for what is no number of a run: somebody wrote it there, and no run has it."""
    try:
        return UUID(run_id)
    except ValueError:
        return None


def carries(run: FlowRun, visit: Visit) -> bool:
    """The run is this visit's: numbers are given out again after an older copy was put back."""
    same_visit = words.number_in(run.name) in {visit.number, None}
    return run.parameters.get("case") == visit.case_key and same_visit


def misplaced(run: FlowRun, visit: Visit) -> str | None:
    """Why the run is in the wrong queue, which cannot be changed: a promise of law came up after it
    was made; or it is in none, and no worker would ever be given it."""
    if run.work_pool_name is None:
        return IN_NO_QUEUE
    behind = visit.statutory and not visit.left and run.work_queue_name != STATUTORY
    return GOES_FIRST if behind else None


def comes_after(run: FlowRun, at: datetime) -> bool:
    planned = run.next_scheduled_start_time
    return planned is None or (planned - at).total_seconds() > A_SECOND


def _again_at(visit: Visit) -> datetime:
    """One that failed would fail again: it is tried at the case's next moment, or when something
    changes. Where the case has left there is no such moment: in an hour."""
    if visit.left and visit.seen_version == visit.version:
        return clock.now() + AN_HOUR
    return visit.wake_at


def is_late_by_mistake(run: FlowRun) -> bool:
    """Prefect's service called it Late just when it had gone on to a later moment."""
    return run.state is not None and run.state.name == "Late" and comes_after(run, clock.now())


def is_(run: FlowRun, what: str) -> bool:
    return run.state is not None and bool(getattr(run.state, f"is_{what}")())


def age(run: FlowRun) -> float:
    """Seconds since the run is in its state."""
    since = run.state.timestamp if run.state else clock.now()
    return (clock.now() - since).total_seconds()
