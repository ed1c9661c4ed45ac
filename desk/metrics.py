"""Metrics: the figures of the house in the form Prometheus reads, made when somebody asks.

Everything comes from rows, so several processes tell the same and a restart changes nothing. Labels
are words of closed lists; what is in none of them is told as "other", so that nothing anybody typed
can become a label.
"""

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeHistogramMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from casework.figures import EPOCH, LATENESS, ON_OFFER, UNSENT, Figures, Queue, delivered, figures
from casework.rounds import FINDINGS, LastRound
from casework.words import Role
from desk.clock import now
from escalation.path import STAGES
from escalation.terms import Kind
from notifications.channels import ChannelError, Channels, Outcome

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

OTHER = "other"
# A delivery is on record within seconds of its moment; one of so long ago is counted for good.
SETTLED = timedelta(minutes=10)
BY_LAW = {True: "true", False: "false"}
NOTHING = Queue(0, None)


class Metrics:
    """The metrics of one installation. Asking again is cheap: what was counted for good is kept."""

    def __init__(self, engine: "Engine") -> None:
        self._engine, self._one_at_a_time = engine, threading.Lock()
        self._settled, self._until = Counter[tuple[str, ...]](), EPOCH
        self._names: Collection[str] = ()
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def text(self) -> str:
        """All of them, in Prometheus's text format."""
        return generate_latest(self._registry).decode()

    def collect(self) -> Iterator[Metric]:
        """All of them, as they are at this moment."""
        with self._one_at_a_time:
            stand, attempts = figures(self._engine, now()), self._attempts()
        yield from (_cases(stand), _promises(stand))
        yield from _late(stand)
        yield _raised(stand)
        yield from _outbox(stand)
        yield _deliveries(attempts, self._channels())
        yield from _handovers(stand)
        yield from _audit(stand.audit)
        yield from _sweep(stand.sweep)

    def _attempts(self) -> Counter[tuple[str, ...]]:
        until = now() - SETTLED
        if until < self._until:  # the clock was set back: what is yet to come was not counted
            self._settled, self._until = Counter(), EPOCH
        if until > self._until:
            self._settled += delivered(self._engine, after=self._until, until=until)
            self._until = until
        return self._settled + delivered(self._engine, after=self._until)

    def _channels(self) -> Collection[str]:
        """The names in the channels file; the last known ones while it cannot be read."""
        with suppress(ChannelError):  # `doctor` says what is wrong with it
            self._names = sorted(Channels.from_env().by_name)
        return self._names


def _cases(stand: Figures) -> Metric:
    metric = _gauge("open_cases", "Open cases.", "municipality", "stage")
    for (municipality, stage), count in sorted(stand.cases.items()):
        metric.add_metric([municipality, _known(stage, STAGES)], count)
    return metric


def _promises(stand: Figures) -> Metric:
    says = "Open promises, by the stage of their case and the kind of their term."
    metric = _gauge("open_promises", says, "stage", "kind")
    counts = Counter({(stage, kind.value): 0 for stage in STAGES for kind in Kind})
    for (stage, kind), count in stand.promises.items():
        counts[_known(stage, STAGES), _known(kind, [*Kind])] += count
    for labels, count in counts.items():
        metric.add_metric(labels, count)
    return metric


def _late(stand: Figures) -> Iterator[Metric]:
    says = "Promises that ring and were not raised yet, by how long ago their moment was."
    name = "estafette_due_promises_lateness_seconds"
    spread = GaugeHistogramMetricFamily(name, says, labels=["statutory"])
    oldest = _gauge(
        "oldest_due_promise_seconds", "How long ago the first promise that rings and was not "
        "raised yet should have been.", "statutory",
    )  # fmt: skip
    for law, late in stand.late.items():
        spread.add_metric([BY_LAW[law]], _buckets(late.at_most), late.total)
        oldest.add_metric([BY_LAW[law]], late.oldest)
    yield from (spread, oldest)


def _raised(stand: Figures) -> Metric:
    says = "Rungs raised since the beginning, by how long after their moment."
    metric = HistogramMetricFamily("estafette_raised_late_seconds", says, labels=["statutory"])
    for law, spread in stand.raised.items():
        metric.add_metric([BY_LAW[law]], _buckets(spread.at_most), spread.total)
    return metric


def _buckets(at_most: Sequence[int]) -> list[tuple[str, float]]:
    ends = [*(f"{float(seconds)}" for seconds in LATENESS), "+Inf"]
    return list(zip(ends, map(float, at_most), strict=True))


def _outbox(stand: Figures) -> Iterator[Metric]:
    waiting = _gauge("outbox_alerts", "Alerts still to be delivered.", "state", "statutory")
    oldest = _gauge(
        "outbox_oldest_alert_seconds", "Age of the oldest alert still to be delivered; one that "
        "keeps to office hours or a digest may wait until then.", "statutory",
    )  # fmt: skip
    overdue = _gauge(
        "outbox_overdue_seconds", "How long the alert that could have been sent first waits for a "
        "sender.", "statutory",
    )  # fmt: skip
    for law, word in BY_LAW.items():
        queues = {state: stand.outbox.get((state, law), NOTHING) for state in UNSENT}
        for state, queue in queues.items():
            waiting.add_metric([state, word], queue.count)
        oldest.add_metric([word], stand.longest(one.since for one in queues.values()))
        overdue.add_metric([word], stand.longest(one.due for one in queues.values()))
    yield from (waiting, oldest, overdue)


def _deliveries(attempts: Counter[tuple[str, ...]], channels: Collection[str]) -> Metric:
    says = "Attempts to deliver an alert since the beginning, by channel and how they went."
    metric = CounterMetricFamily("estafette_deliveries", says, labels=["channel", "outcome"])
    counts = Counter({(name, outcome.value): 0 for name in channels for outcome in Outcome})
    for (channel, outcome), count in attempts.items():
        counts[_known(channel, channels), outcome] += count
    for labels, count in counts.items():
        metric.add_metric(labels, count)
    return metric


def _handovers(stand: Figures) -> Iterator[Metric]:
    says = "Handovers nobody has taken over yet: on offer, or assigned and still to be read back."
    waiting = _gauge("handovers_waiting", says, "role", "state")
    oldest = _gauge(
        "oldest_waiting_handover_seconds", "How long ago the first waiting handover was offered.",
        "state",
    )  # fmt: skip
    for state in ON_OFFER:
        queues = {role: stand.handovers.get((role.value, state), NOTHING) for role in Role}
        for role, queue in queues.items():
            waiting.add_metric([role.value, state], queue.count)
        oldest.add_metric([state], stand.longest(one.since for one in queues.values()))
    yield from (waiting, oldest)


def _audit(last: LastRound | None) -> Iterator[Metric]:
    found = _gauge("audit_findings", "Findings of the last audit, by what was found.", "check")
    for check in FINDINGS:
        found.add_metric([check], last.found.get(check, 0) if last else 0)
    yield found
    yield from _round("audit", "the last audit", "checked_cases", "Open cases it looked at.", last)


def _sweep(last: LastRound | None) -> Iterator[Metric]:
    says = "Rungs it raised, and chores it did."
    yield from _round("sweep", "the watch's last round that raised anything", "raised", says, last)


def _round(
    name: str, what: str, counted: str, says: str, last: LastRound | None
) -> Iterator[Metric]:
    """Its moment is 0 while there was none, so that "too long ago" holds for never too."""
    at = _gauge(f"{name}_last_timestamp_seconds", f"Moment of {what}; 0: there was none.")
    took = _gauge(f"{name}_duration_seconds", f"How long {what} took.")
    count = _gauge(f"{name}_{counted}", f"Of {what}: {says[0].lower()}{says[1:]}")
    at.add_metric([], last.at.timestamp() if last else 0)
    if last:
        took.add_metric([], last.seconds)
        count.add_metric([], last.counted)
    yield from (at, took, count)


def _gauge(name: str, says: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"estafette_{name}", says, labels=labels)


def _known(word: str, words: Collection[str]) -> str:
    return word if word in words else OTHER
