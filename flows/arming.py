"""Arming: every visit has a run in Prefect, scheduled for the moment its row says.

Runs are pictures. One may be missing, lost with Prefect's database, cancelled by hand or orphaned
by a crash; then it is made again. Two watchers that arm the same visit ask for the same run by the
same idempotency key, so it does not matter which of them is first.
"""

import logging
import math
import threading
import time
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.exceptions import PrefectHTTPStatusError
from sqlalchemy.engine import Engine

from casework.visits import Visit, frontier, unarmed
from flows import artifacts, bells, clock, house_pictures, pictures
from flows.discretion import kind_and_place
from flows.reconciling import Reconciling
from flows.sayings import Sayings
from flows.settings import FlowSettings
from flows.visit_runs import VisitRuns
from flows.window import reachable

POLL_SECONDS = 1.5
AWAY_SECONDS = 10.0  # between two looks while Prefect cannot be reached
PICTURES_SECONDS = FRONTIER_SECONDS = 60.0
REFUSED_SECONDS = 300.0  # until a visit whose run Prefect refused is tried again
AILING_SECONDS = 30.0  # and one at which Prefect broke; others come first meanwhile
BATCH = 50
REFUSALS = range(400, 500)  # of HTTP: asking again at once would be refused again

log = logging.getLogger("estafette.flows.arming")


class Arming:
    """Keeps runs where their visits' rows say they belong; runs beside the watch."""

    def __init__(self, engine: Engine, settings: FlowSettings) -> None:
        self._engine, self._settings = engine, settings
        self._reconciling = Reconciling(engine, settings)
        self._pictured_at = self._looked_ahead_at = -math.inf
        self._frontier = clock.now()
        self._deployments: dict[str, UUID] = {}
        self._refused: dict[int, float] = {}
        self._was_away = True
        self._sayings = Sayings()

    def loop(self, stop: threading.Event) -> None:
        """Arms until told to stop. Prefect may come and go; the rows wait."""
        while not stop.is_set():
            pause = POLL_SECONDS if self.try_round() else AWAY_SECONDS
            bells.ARMING.wait(0 if stop.is_set() else pause)

    def try_round(self) -> bool:
        """A round, whatever comes of it; False: nothing is armed for now, and the log says why."""
        try:
            well = self.round()
        except Exception as error:
            # Weather, nearly always: Prefect is restarting. The next round starts afresh.
            said = f"visits are not armed for now: {kind_and_place(error)}"
            self._sayings.say(log, logging.WARNING, said)
            self._deployments.clear()
            self._was_away = True
            return False
        if well:
            self._sayings.over()
        return well

    def round(self) -> bool:
        """Every visit that needed a run has one, and pictures are fresh; False: no Prefect."""
        visits = self._unarmed()
        if not (visits or self._was_away or self._reconciling.is_due() or self._is_old()):
            return True
        if not reachable():
            self._was_away = True
            return False
        with get_client(sync_client=True) as client:
            runs = VisitRuns(self._engine, self._settings, client, self._deployments)
            self._look_for_lost(runs)
            self._arm_all(runs)
            self._reconcile(runs)
            self._refresh_pictures(client)
        return True

    def _unarmed(self) -> list[Visit]:
        self._refused = {v: at for v, at in self._refused.items() if at > time.monotonic()}
        return unarmed(
            self._engine,
            clock.now(),
            horizon=self._ahead(),
            stuck_after=self._settings.stuck_after,
            limit=BATCH,
            but=self._refused.keys(),
        )

    def _ahead(self) -> timedelta:
        """How far ahead visits are armed."""
        if time.monotonic() - self._looked_ahead_at >= FRONTIER_SECONDS:
            self._looked_ahead_at = time.monotonic()
            horizon, most = self._settings.horizon, self._settings.armed_at_most
            self._frontier = frontier(self._engine, clock.now(), horizon=horizon, most=most)
        return self._frontier - clock.now()

    def _look_for_lost(self, runs: VisitRuns) -> None:
        if self._was_away:
            self._reconciling.begin_again()
            artifacts.forget()  # its database may be another
            self._reconciling.lost(runs)
            self._was_away = False

    def _reconcile(self, runs: VisitRuns) -> None:
        if self._reconciling.is_due():
            self._reconciling.page(runs, lambda visit: self._arm(runs, visit, calmly=False))

    def _arm_all(self, runs: VisitRuns) -> None:
        before: set[int] = set()
        while visits := self._unarmed():
            for visit in visits:
                self._arm(runs, visit, calmly=len(visits) == BATCH)
                bells.VISITS.ring()
            # The same ones again are being visited just now; they have until the next round.
            if len(visits) < BATCH or before == {visit.id for visit in visits}:
                return
            before = {visit.id for visit in visits}

    def _arm(self, runs: VisitRuns, visit: Visit, *, calmly: bool) -> None:
        if visit.id in self._refused:
            return
        try:
            runs.arm(visit, calmly=calmly)
        except PrefectHTTPStatusError as error:
            # Perhaps this one alone: it keeps no other waiting, in this round or in the next.
            refused = error.response.status_code in REFUSALS
            pause = REFUSED_SECONDS if refused else AILING_SECONDS
            self._refused[visit.id] = time.monotonic() + pause
            if not refused:
                raise
            log.warning("visit %d was refused: %s", visit.id, kind_and_place(error))

    def _is_old(self) -> bool:
        return time.monotonic() - self._pictured_at >= PICTURES_SECONDS

    def _refresh_pictures(self, client: SyncPrefectClient) -> None:
        if self._is_old():
            self._pictured_at = time.monotonic()
            pictures.show_waiting_lists(client, clock.now(), self._frontier)
            house_pictures.show_house(client, clock.now())
