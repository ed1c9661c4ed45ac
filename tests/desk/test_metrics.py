"""Metrics: what Prometheus reads is right, says nothing of anybody, and never goes back."""

import json
import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families as parsed

from casework.audit import audit
from casework.connect import connect
from casework.lateness import Tally
from casework.promises import raise_due
from casework.rounds import audited, swept
from casework.words import Role
from desk.clock import now
from desk.metrics import Metrics
from desk.pages import pages
from desk.settings import DeskSettings
from escalation.path import STAGES
from escalation.terms import Kind
from tests.builders import TOWN, a_case, a_town, act
from tests.casework.handing import offered
from tests.casework.looking import behind_the_back
from tests.casework.outbox import an_alert, send

CANARY = "Kanariepietstraat"
# Every metric there is: its name, its type, and the labels its samples carry. Dashboards and alert
# rules of municipalities hang on these: a name is changed by a line in the changelog.
GOLDEN = {
    ("estafette_open_cases", "gauge"): {"municipality", "stage"},
    ("estafette_open_promises", "gauge"): {"stage", "kind"},
    ("estafette_due_promises_lateness_seconds", "histogram"): {"statutory", "le"},
    ("estafette_due_promises_lateness_seconds_gcount", "gauge"): {"statutory"},
    ("estafette_due_promises_lateness_seconds_gsum", "gauge"): {"statutory"},
    ("estafette_raised_late_seconds", "histogram"): {"statutory", "le"},
    ("estafette_oldest_due_promise_seconds", "gauge"): {"statutory"},
    ("estafette_outbox_alerts", "gauge"): {"state", "statutory"},
    ("estafette_outbox_oldest_alert_seconds", "gauge"): {"statutory"},
    ("estafette_outbox_overdue_seconds", "gauge"): {"statutory"},
    ("estafette_deliveries", "counter"): {"channel", "outcome"},
    ("estafette_handovers_waiting", "gauge"): {"role", "state"},
    ("estafette_oldest_waiting_handover_seconds", "gauge"): {"state"},
    ("estafette_audit_findings", "gauge"): {"check"},
    ("estafette_audit_last_timestamp_seconds", "gauge"): set(),
    ("estafette_audit_duration_seconds", "gauge"): set(),
    ("estafette_audit_checked_cases", "gauge"): set(),
    ("estafette_sweep_last_timestamp_seconds", "gauge"): set(),
    ("estafette_sweep_duration_seconds", "gauge"): set(),
    ("estafette_sweep_raised", "gauge"): set(),
}


@pytest.fixture
def house(folder):
    """A house with something of everything, and a canary wherever people typed."""
    engine, at = connect(), now()
    a_town(engine)
    a_case(engine, "voluntary_care", at - timedelta(days=60), address=f"{CANARY} 12", text=CANARY,
           reporter_name=CANARY, reporter_contact=f"{CANARY}@voorbeeld.example")  # fmt: skip
    act(engine, "2026-00001", "note_added", at, text=CANARY)
    while raise_due(engine, at - timedelta(days=30)):
        pass
    offered(engine, "2026-00001", now=at - timedelta(minutes=3))
    an_alert(engine, "director", at - timedelta(hours=2), channel=CANARY)
    send(engine, at, **{CANARY: "unreachable"})
    swept(engine, 7, 0.5, at, late())
    audited(engine, audit(engine, at), 0.25)
    behind_the_back(engine, f"UPDATE contacts SET name = '{CANARY}', address = '{CANARY}'")
    behind_the_back(engine, f"UPDATE organisations SET name = '{CANARY}'")
    yield engine
    engine.dispose()


def late() -> Tally:
    """One rung by law three seconds late, one two minutes, and one not by law an hour and a bit."""
    tally = Tally()
    for law, seconds in ((True, 3), (True, 120), (False, 3700)):
        tally.add(law, seconds)
    return tally


@pytest.fixture
def client(house):
    return TestClient(pages(DeskSettings()))


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in parsed(text)
        for one in family.samples
    }


def value(text: str, name: str, **labels: str) -> float:
    return values(text)[name, frozenset(labels.items())]


def test_the_page_tells_every_metric_with_its_type_help_and_labels(client):
    reply = client.get("/metrics")
    assert (reply.status_code, reply.headers["content-type"]) == (
        200, "text/plain; version=0.0.4; charset=utf-8",
    )  # fmt: skip
    families = list(parsed(reply.text))
    told = {(f.name, f.type): {label for one in f.samples for label in one.labels}
            for f in families}  # fmt: skip
    assert told == GOLDEN
    assert [f.name for f in families if not f.documentation.endswith(".") or not f.samples] == []


def test_what_is_told_is_what_was_planted(house):
    text = Metrics(house).text()
    assert value(text, "estafette_open_cases", municipality=TOWN, stage="voluntary_care") == 1
    late = [n for (name, labels), n in values(text).items()
            if name.endswith("lateness_seconds_bucket") and ("le", "+Inf") in labels]  # fmt: skip
    assert sum(late) > 0, "thirty days went by unwatched"
    assert value(text, "estafette_handovers_waiting", role="care_lead", state="offered") == 1
    waiting = value(text, "estafette_oldest_waiting_handover_seconds", state="offered")
    assert waiting == pytest.approx(180, abs=60)
    assert value(text, "estafette_deliveries_total", channel="other", outcome="failed") == 1
    assert value(text, "estafette_sweep_raised") == 7
    raised = "estafette_raised_late_seconds"
    within = {le: value(text, f"{raised}_bucket", statutory="true", le=le)
              for le in ("1.0", "5.0", "60.0", "300.0", "+Inf")}  # fmt: skip
    assert within == {"1.0": 0, "5.0": 1, "60.0": 1, "300.0": 2, "+Inf": 2}
    assert value(text, f"{raised}_count", statutory="false") == 1
    assert value(text, f"{raised}_sum", statutory="true") == 123
    assert value(text, "estafette_audit_findings", check="not-raised") == 1
    assert value(text, "estafette_audit_last_timestamp_seconds") == pytest.approx(
        now().timestamp(), abs=60
    )


def test_no_word_about_people_and_no_case_is_in_them(house, client, estafette):
    said = estafette("metrics")
    told = client.get("/metrics").text + said.out + estafette("metrics", "--json").out
    assert said.code == 0
    assert not re.search(f"{CANARY}|2026-0|voorbeeld\\.example|director@", told)


def test_labels_are_words_of_closed_lists(house):
    closed = {
        "stage": {*STAGES}, "kind": {*Kind}, "statutory": {"true", "false"},
        "state": {"waiting", "leased", "failed", "offered", "assigned"}, "role": {*Role},
        "channel": {"mail", "other"}, "outcome": {"delivered", "perhaps", "failed"},
        "municipality": {TOWN},
    }  # fmt: skip
    for _, labels in values(Metrics(house).text()):
        for name, word in labels:
            assert name in {"le", "check"} or word in closed[name]


def test_counters_never_go_back_whoever_is_asked_and_however_often(house):
    one = Metrics(house)
    before = counted(one)
    assert counted(one) == before, "asked twice is counted once"
    an_alert(house, "director", now())
    send(house, now())
    assert counted(one) == before + 1
    assert counted(Metrics(house)) == before + 1, "a restart begins where it was"


def counted(metrics: Metrics) -> float:
    return sum(n for (name, _), n in values(metrics.text()).items()
               if name == "estafette_deliveries_total")  # fmt: skip


def test_the_command_prints_the_same_as_the_page_and_in_json_too(house, client, estafette):
    steady = [line for line in client.get("/metrics").text.splitlines() if "second" not in line]
    assert [line for line in estafette("metrics").out.splitlines() if "second" not in line] == (
        steady
    )
    families = json.loads(estafette("metrics", "--json").out)
    assert {(f["name"], f["type"]) for f in families} == GOLDEN.keys()


def test_while_the_rows_cannot_be_read_the_page_says_so(client, folder, house):
    house.dispose()
    for file in folder.glob("estafette.db*"):
        file.unlink()
    reply = client.get("/metrics")
    assert (reply.status_code, reply.text) == (
        503, "the database is not ready for this version; run: estafette migrate\n",
    )  # fmt: skip
