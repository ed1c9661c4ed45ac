"""Where traces are collected, every run is one span that ends, also when the visit only waits."""

import pytest
from opentelemetry.trace import INVALID_SPAN_CONTEXT, NonRecordingSpan, StatusCode

from flows import reasons
from flows.clock import now
from flows.deployments import deployment_id
from tests.builders import a_case, go
from tests.flows.working import POOL, arm

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")


class Span(NonRecordingSpan):
    """A span that remembers how it ended, and as the real one ignores what comes after that."""

    def __init__(self, name: str) -> None:
        super().__init__(INVALID_SPAN_CONTEXT)
        self.name, self.status, self.ended = name, None, False

    def set_status(self, status, description=None) -> None:
        self.status = self.status if self.ended else status

    def end(self, end_time=None) -> None:
        self.ended = True


class Tracer:
    """Stands for that of a collector: Prefect asks it for a span for every run."""

    def __init__(self) -> None:
        self.spans: list[Span] = []

    def start_span(self, name, **_):
        self.spans.append(Span(name))
        return self.spans[-1]


@pytest.fixture
def traced(monkeypatch):
    tracer = Tracer()
    monkeypatch.setattr("prefect.telemetry.run_telemetry.get_tracer", lambda *_: tracer)

    def ended() -> dict[str, StatusCode | None]:
        return {one.name: one.status.status_code for one in tracer.spans if one.ended}

    tracer.ended = ended
    return tracer


def test_the_span_of_a_visit_ends_when_it_waits_when_it_is_left_and_when_it_fails(
    house, prefect, workers, traced
):
    key = a_case(house, "signal", now())
    arm(house)
    workers.enter_due()
    assert traced.ended()[f"{key} · melding · 1"] == StatusCode.OK
    go(house, key, "take_up", now())
    arm(house)
    workers.enter_due()
    assert traced.ended()[f"{key} · beoordeling · 1"] == StatusCode.OK
    signal = deployment_id(prefect, "signal", POOL)
    prefect.create_flow_run_from_deployment(signal, name="nobody", parameters={"case": "2026-9"})
    workers.enter_due()
    assert traced.ended()["nobody"] == StatusCode.ERROR
    assert [one.name for one in traced.spans if not one.ended] == []
    failed = next(one for one in traced.spans if one.name == "nobody")
    assert failed.status.description.startswith("2026-9: de zaak of dit bezoek staat niet")
    assert reasons.NOTHING_LOST in failed.status.description
