"""An installation on several machines loses any one of its parts during a burst of due promises.

For real: processes on loopback, each killed with -9. The times it takes until the survivors have
done all are printed (run with -s) and stand in docs/machines.md; none is asserted to the second.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError

from flows.clock import now
from tests.casework.looking import rows
from tests.machines import burst as bursts
from tests.machines.cluster import Cluster
from tests.machines.parts import eventually

pytestmark = [
    pytest.mark.nightly,
    pytest.mark.timeout(1500),
    # Prefect's client of this process is left to its end.
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
WORKERS, CASES = 3, 24
STORES = {"redis", "postgres"}  # there is one of each: it comes back, and all go on
VICTIMS = ("api-1", "services", "redis", "worker-1", "postgres")
GONE_SECONDS = 5.0
# What is printed is what was measured; this is what everything must have been done in.
AT_MOST = 300.0


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with Cluster(tmp_path_factory.mktemp("cluster"), WORKERS).running() as running:
        assert eventually(lambda: all_run(running), every=1)
        # The first burst, with nothing killed: everything has been at work once.
        strike(running, None)
        yield running


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_part_that_is_killed_in_a_burst_costs_no_promise_no_alert_and_no_run(cluster, victim):
    at = strike(cluster, victim)
    engine = cluster.rows
    assert len(bursts.lateness(engine, at)) == CASES, "every acute call of the burst was raised"
    assert bursts.raised_twice(engine) == {}
    told = Counter(
        (one["checkpoint_id"], one["rung"], one["recipient_id"])
        for one in rows(engine, "alerts", "checkpoint_id IS NOT NULL AND instead_of IS NULL")
    )
    assert max(told.values()) == 1
    assert bursts.findings(engine) == ()


def test_every_alert_arrived_and_came_twice_only_where_it_says_perhaps(cluster):
    engine = cluster.rows
    assert eventually(lambda: bursts.all_sent(engine), AT_MOST)
    came = Counter(number for _, numbers in cluster.mail.taken for number in numbers)
    delivered = {one["id"] for one in rows(engine, "alerts", "state = 'delivered'")}
    others = rows(engine, "alerts", "state NOT IN ('delivered', 'void')")
    perhaps = {one["alert_id"] for one in rows(engine, "deliveries", "outcome = 'perhaps'")}
    assert others == []
    assert delivered - came.keys() == set()
    assert {number for number, times in came.items() if times > 1} <= perhaps
    say(f"{len(came)} alerts came, {sum(n > 1 for n in came.values())} of them twice")


def test_whoever_was_killed_left_no_run_that_says_it_is_still_at_it(cluster):
    shown = Counter(
        run.name
        for run in bursts.Window(cluster).runs()
        if run.state == "Running" and run.name.startswith(("watch", "deliver"))
    )
    wanted = {f"{what} · worker-{n + 1}" for what in ("watch", "deliver") for n in range(WORKERS)}
    assert shown == Counter(wanted)


def say(what: str) -> None:
    sys.stderr.write(f"\n{what}\n")


def strike(cluster: Cluster, victim: str | None) -> datetime:
    """A burst at a moment, the victim killed at the first mail of it; all is done afterwards."""
    engine = cluster.rows
    at = bursts.burst(engine, victim or "niemand", cases=CASES)
    with killed_at_first_mail(cluster, victim, at) as began:
        if victim in STORES:
            time.sleep(GONE_SECONDS)
            cluster.start(victim)
        if victim == "postgres":
            engine.dispose()
        took = [took_until(began, all_of_it) for all_of_it in done(cluster, at)]
        late = bursts.lateness(engine, at)[-1]
    if victim and victim not in STORES:
        cluster.start(victim)
        assert eventually(lambda: all_run(cluster), every=1)
    raised, sent, shown = took
    say(f"{victim}: the last raised {late:.1f} s after its moment; after the kill all was raised "
        f"in {raised:.0f} s, sent in {sent:.0f} s, shown in Prefect in {shown:.0f} s")  # fmt: skip
    return at


@contextmanager
def killed_at_first_mail(cluster: Cluster, victim: str | None, at: datetime) -> Iterator[float]:
    """The victim is gone while a mail is on its way that nobody has recorded yet."""
    struck: list[float] = []

    def strikes() -> None:
        if victim and not struck and now() >= at:
            cluster.parts[victim].kill()
            struck.append(time.monotonic())

    cluster.mail.on_text = strikes
    try:
        assert victim is None or eventually(lambda: bool(struck), 240), "no mail came"
        yield struck[0] if struck else time.monotonic() + (at - now()).total_seconds()
    finally:
        cluster.mail.on_text = lambda: None


def done(cluster: Cluster, at: datetime) -> tuple[Any, ...]:
    engine, window = cluster.rows, bursts.Window(cluster)
    return (
        lambda: bursts.all_raised(engine, at),
        lambda: bursts.all_sent(engine),
        lambda: bursts.unshown(engine, window.runs()) == [],
    )


def took_until(began: float, true: Any) -> float:
    def holds() -> bool:
        try:
            return bool(true())
        except DBAPIError:  # the database is only just back
            return False

    assert eventually(holds, AT_MOST, every=0.5)
    return time.monotonic() - began


def all_run(cluster: Cluster) -> bool:
    running = [run.name for run in bursts.Window(cluster).runs() if run.state == "Running"]
    return sum(name.startswith(("watch", "deliver")) for name in running) >= 2 * WORKERS
