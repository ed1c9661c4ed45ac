"""Runs to enter, of ours and bare ones, and the moments at which Prefect says they were entered."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.window_place import Place
from casework.acts import NewAct, record_act
from casework.visits import armed
from flows.clock import now
from flows.words import run_name
from models import UtcTime

PATIENCE = 240.0  # seconds; a process for each run begins slowly on a busy machine
LEAD, APART = 11.0, 2.0  # seconds: more than a poll ahead; one run not waiting for another
FAR = timedelta(days=2)
ENTERED = """
    SELECT min(timestamp) FROM flow_run_state
    WHERE flow_run_id = :run AND type = 'RUNNING' AND timestamp > :since"""
BACK = """
    SELECT max(timestamp) FROM flow_run_state
    WHERE flow_run_id = :run AND type = 'SCHEDULED' AND timestamp > :since"""

UNUSED = """
    SELECT v.id, v.case_id, c.key, c.version FROM visits v JOIN cases c ON c.id = v.case_id
    WHERE v.run_id IS NULL ORDER BY v.id DESC LIMIT 1"""
RINGS = "UPDATE checkpoints SET next_at = :at WHERE case_id = :case"
FIRST_RINGS = f"{RINGS} AND id = (SELECT min(id) FROM checkpoints WHERE case_id = :case)"


@dataclass(frozen=True, slots=True)
class Began:
    """Seconds until Running, of runs armed ahead and of runs that were moved to now."""

    ahead: list[float]
    moved: list[float]


class Runs(ABC):
    """Runs of one kind in one place."""

    def __init__(self, place: Place) -> None:
        self._place, self._made = place, list[Any]()

    @abstractmethod
    def _make(self, at: datetime) -> UUID: ...

    @abstractmethod
    def _set(self, run: UUID, at: datetime) -> None:
        """The run lies ahead, as it does when it was armed for a promise."""

    @abstractmethod
    def _move(self, run: UUID) -> None:
        """Something happened that makes the run come now."""

    def make(self, count: int) -> datetime:
        """So many new runs; the moment, a little ahead, at which they all come."""
        began = time.monotonic()
        self._made = [self._make(now() + FAR) for _ in range(count)]
        at = now() + timedelta(seconds=2 + 1.5 * (time.monotonic() - began))
        for run in self._made:
            self._place.move(run, at)
        assert now() < at, "making them took less time than moving them"
        return at

    def wait_through(self, since: datetime) -> float:
        """All were entered and wait again; seconds from the first's beginning to the last's end."""
        entered = [self._when(ENTERED, run, since) for run in self._made]
        back = [self._when(BACK, run, at) for run, at in zip(self._made, entered, strict=True)]
        return (max(back) - min(entered)).total_seconds()

    def lateness(self, count: int) -> Began:
        """How long `count` of them take to begin, armed ahead and moved."""
        chosen = self._made[:count]
        due = [now() + timedelta(seconds=LEAD + n * APART) for n in range(count)]
        for run, at in zip(chosen, due, strict=True):
            self._set(run, at)
        return Began(list(self._late(chosen, due)), list(self._late(chosen, self._moved(chosen))))

    def _moved(self, runs: list[UUID]) -> list[datetime]:
        moments = []
        for run in runs:
            moments.append(now())
            self._move(run)
            time.sleep(APART)
        return moments

    def _late(self, runs: list[UUID], due: list[datetime]) -> Iterator[float]:
        for run, at in zip(runs, due, strict=True):
            entered = self._when(ENTERED, run, at - timedelta(seconds=1.5))
            self._when(BACK, run, entered)
            yield (entered - at).total_seconds()

    def _when(self, query: str, run: UUID, since: datetime) -> datetime:
        deadline = time.monotonic() + PATIENCE
        while (found := self._ask(query, run, since)) is None:
            assert time.monotonic() < deadline, "a run was not entered"
            time.sleep(0.1)
        moment = datetime.fromisoformat(found) if isinstance(found, str) else found
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def _ask(self, query: str, run: UUID, since: datetime) -> Any:
        if self._place.kind == "sqlite":
            written = since.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
            return self._place.ask(query, run=str(run), since=written)
        return self._place.ask(query, run=run, since=since)


class _Bare(Runs):
    def __init__(self, place: Place, deployment: str) -> None:
        super().__init__(place)
        self._deployment = deployment

    def _make(self, at: datetime) -> UUID:
        return self._place.run(self._deployment, at, "bare")

    def _set(self, run: UUID, at: datetime) -> None:
        self._place.move(run, at)

    def _move(self, run: UUID) -> None:
        self._place.move(run, now())


class _Visits(Runs):
    """Visits of our quiet cases, each case once."""

    def __init__(self, place: Place, deployment: str) -> None:
        super().__init__(place)
        self._deployment = deployment
        self._cases = dict[UUID, Any]()

    def _make(self, at: datetime) -> UUID:
        with self._place.rows.connect() as connection:
            found = connection.execute(sa.text(UNUSED)).one()
        name = run_name(found.key, "signal", 1)
        run = self._place.run(self._deployment, at, name, case=found.key)
        self._cases[run] = found
        self._ring(RINGS, run, now() + timedelta(days=30))
        armed(self._place.rows, found.id, str(run), at, now(), found.version)
        return run

    def _set(self, run: UUID, at: datetime) -> None:
        self._ring(FIRST_RINGS, run, at)
        self._place.move(run, at)

    def _ring(self, statement: str, run: UUID, at: datetime) -> None:
        rings = sa.text(statement).bindparams(sa.bindparam("at", type_=UtcTime()))
        with self._place.rows.begin() as connection:
            connection.execute(rings, {"case": self._cases[run].case_id, "at": at})

    def _move(self, run: UUID) -> None:
        done = NewAct(kind="reporter_informed", at=now(), by="director")
        record_act(self._place.rows, self._cases[run].key, done, now())


def visits(place: Place, deployment: str) -> Runs:
    return _Visits(place, deployment)


def bare_runs(place: Place, deployment: str) -> Runs:
    return _Bare(place, deployment)
