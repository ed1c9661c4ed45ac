"""Arming: every visit has a run in Prefect, scheduled for the moment its row says.

Runs are pictures. One may be missing, lost with Prefect's database, cancelled by hand or orphaned
by a crash; then it is made again. Two watchers that arm the same visit ask for the same run by the
same idempotency key, so it does not matter which of them is first.
"""

import logging
import threading
from datetime import datetime
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.exceptions import ObjectNotFound
from prefect.states import Crashed, Scheduled
from sqlalchemy.engine import Engine

from casework.visits import Visit, armed, completed, unarmed
from escalation.path import STAGES
from flows import bells, clock, pictures
from flows.deployments import deployment_id
from flows.discretion import kind_and_place
from flows.settings import FlowSettings
from flows.window import reachable
from flows.words import run_name

POLL_SECONDS = 1.5
AWAY_SECONDS = 10.0  # between two looks while Prefect cannot be reached
PICTURES_SECONDS = 60.0
BATCH = 50
SAMPLE, EVERYTHING = 5, 1_000_000
ARMED = "klaargezet"
COMES_AT_ONCE = "komt nu: er is iets veranderd in de zaak"

log = logging.getLogger("estafette.flows.arming")


class Arming:
    """Keeps runs where their visits' rows say they belong; runs beside the watch."""

    def __init__(self, engine: Engine, settings: FlowSettings) -> None:
        self._engine, self._settings = engine, settings
        self._deployments: dict[str, UUID] = {}
        self._pictured_at: datetime | None = None
        self._was_away = True

    def loop(self, stop: threading.Event) -> None:
        """Arms until told to stop. Prefect may come and go; the rows wait."""
        while not stop.is_set():
            pause = AWAY_SECONDS
            try:
                pause = POLL_SECONDS if self.round() else AWAY_SECONDS
            except Exception as error:
                # Weather, nearly always: Prefect is restarting. The next round starts afresh.
                log.warning("arming failed: %s", kind_and_place(error))
                self._deployments.clear()
                self._was_away = True
            bells.ARMING.wait(0 if stop.is_set() else pause)

    def round(self) -> bool:
        """Every visit that needed a run has one, and pictures are fresh; False: no Prefect."""
        visits = self._unarmed()
        if not (visits or self._was_away or self._pictures_are_old()):
            return True
        if not reachable():
            self._was_away = True
            return False
        with get_client(sync_client=True) as client:
            if self._was_away:
                visits = self._lost(client) or visits
                self._was_away = False
            self._arm_all(client, visits)
            self._refresh_pictures(client)
        return True

    def _unarmed(self, limit: int = BATCH) -> list[Visit]:
        settings = self._settings
        horizon, stuck_after = settings.horizon, settings.stuck_after
        return unarmed(
            self._engine, clock.now(), horizon=horizon, stuck_after=stuck_after, limit=limit
        )

    def _lost(self, client: SyncPrefectClient) -> list[Visit]:
        """Every armed visit, once Prefect does not know the runs of the next few: a new database.

        Without this their runs would only be missed one by one, when they do not come.
        """
        horizon, now = self._settings.horizon, clock.now()

        def armed_visits(limit: int) -> list[Visit]:
            # Stuck since before their moment: everything that is armed at all.
            return unarmed(self._engine, now, horizon=horizon, stuck_after=-horizon, limit=limit)

        sample = [visit for visit in armed_visits(EVERYTHING) if visit.run_id][:SAMPLE]
        if all(_read(client, visit.run_id) for visit in sample):
            return []
        log.warning("Prefect does not know our runs; making them again")
        return armed_visits(EVERYTHING)

    def _arm_all(self, client: SyncPrefectClient, visits: list[Visit]) -> None:
        while visits:
            for visit in visits:
                self.arm(client, visit)
                bells.VISITS.ring()
            following = self._unarmed() if len(visits) >= BATCH else []
            # The same ones again are being visited just now; they have until the next round.
            again = {visit.id for visit in following} == {visit.id for visit in visits}
            visits = [] if again else following

    def arm(self, client: SyncPrefectClient, visit: Visit) -> None:
        """One visit's run is where it belongs, unless the run is at it right now."""
        run = _read(client, visit.run_id)
        if run is not None and visit.left and _is(run, "completed"):
            completed(self._engine, visit.id, clock.now())
        elif run is None or _is(run, "final"):
            self._make(client, visit, run)
        elif _is(run, "scheduled"):
            self._move(client, visit, run, visit.wake_at)
        elif _age(run) >= self._settings.stuck_after.total_seconds():
            # Its process died at it; nobody else will ever end it.
            gone: State[None] = Crashed(message="het proces van dit bezoek is weg")
            client.set_flow_run_state(run.id, gone, force=True)
            self._make(client, visit, run)

    def _make(self, client: SyncPrefectClient, visit: Visit, before: FlowRun | None) -> None:
        # It enters at once, and says then what it waits for. One that failed would fail again:
        # it is tried at the case's next moment, or when something changes.
        failed = before is not None and _is(before, "failed")
        at = visit.wake_at if failed else clock.now()
        run = self._create(client, visit, before, at)
        while _is(run, "final"):  # an older life of this database asked for the same run
            run = self._create(client, visit, run, at)
        self._move(client, visit, run, at)

    def _create(
        self, client: SyncPrefectClient, visit: Visit, before: FlowRun | None, at: datetime
    ) -> FlowRun:
        # The key names the run that this one replaces: whoever replaces it gets the same one.
        key = f"visit-{visit.id}" if before is None else f"visit-{visit.id}-after-{before.id}"
        return client.create_flow_run_from_deployment(
            self._deployment(client, visit.stage),
            name=run_name(visit.case_key, visit.stage, visit.number),
            tags=[STAGES[visit.stage].dutch, visit.municipality],
            parameters={"case": visit.case_key},
            idempotency_key=key,
            state=Scheduled(scheduled_time=at, message=ARMED),
        )

    def _move(self, client: SyncPrefectClient, visit: Visit, run: FlowRun, at: datetime) -> None:
        planned = run.next_scheduled_start_time
        # Only ever to earlier. A run that comes too early looks and waits again; moving it to
        # later while a worker has just taken it would hold that worker until then.
        if planned is None or planned > at:
            state: State[None] = Scheduled(scheduled_time=at, message=COMES_AT_ONCE)
            client.set_flow_run_state(run.id, state)
        armed(self._engine, visit.id, str(run.id), at, clock.now(), visit.version)

    def _deployment(self, client: SyncPrefectClient, stage: str) -> UUID:
        flow = stage.replace("_", "-")
        if flow not in self._deployments:
            self._deployments[flow] = deployment_id(client, flow, self._settings.work_pool)
        return self._deployments[flow]

    def _pictures_are_old(self) -> bool:
        at = self._pictured_at
        return at is None or (clock.now() - at).total_seconds() > PICTURES_SECONDS

    def _refresh_pictures(self, client: SyncPrefectClient) -> None:
        if self._pictures_are_old():
            self._pictured_at = clock.now()
            pictures.show_waiting_lists(client, clock.now(), None)


def _read(client: SyncPrefectClient, run_id: str | None) -> FlowRun | None:
    try:
        return client.read_flow_run(UUID(run_id)) if run_id else None
    except ObjectNotFound:
        return None


def _is(run: FlowRun, what: str) -> bool:
    return run.state is not None and bool(getattr(run.state, f"is_{what}")())


def _age(run: FlowRun) -> float:
    since = run.state.timestamp if run.state else clock.now()
    return (clock.now() - since).total_seconds()
