"""The log: one line an event, with run, case and promises beside it, and no error's own text."""

import io
import json
import logging

import pytest

from casework.stock import take_stock
from flows import logs
from flows.clock import now
from tests.builders import a_case, go
from tests.flows.run_page import logged
from tests.flows.working import arm, only, runs, said

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

CANARY = "Kanariepietstraat"


@pytest.fixture
def written(monkeypatch):
    """What a process writes once its log is settled, in the form that is asked for."""
    root = logging.getLogger()
    quiet = [logging.getLogger(name) for name in ("httpx", "opentelemetry.sdk.trace")]
    before = root.handlers[:], root.level, [one.level for one in quiet]

    def settled(form: str) -> io.StringIO:
        monkeypatch.setenv("ESTAFETTE_LOG_FORMAT", form)
        to = io.StringIO()
        # Beside what the tests listen with, which must not be closed.
        root.handlers[:] = []
        logs.settle(to)
        return to

    yield settled
    root.handlers[:], root.level = before[0], before[1]
    for one, level in zip(quiet, before[2], strict=True):
        one.setLevel(level)


def test_in_json_each_line_is_one_object_with_run_case_and_promises(written):
    to = written("json")
    with logs.about(run="a-run", case="2026-00042"):
        logging.getLogger("estafette.flows.x").info("looked", extra={"promises": [1, 2]})
    logging.getLogger("estafette.flows.x").warning("more of %d", 3)
    first, second = (json.loads(line) for line in to.getvalue().splitlines())
    assert list(first) == ["time", "level", "logger", "message", "run", "case", "promises"]
    assert (first["run"], first["case"], first["promises"]) == ("a-run", "2026-00042", [1, 2])
    assert (second["level"], second["message"]) == ("warning", "more of 3")
    assert not second.keys() & {"run", "case", "promises"}, "what was bound ends with its block"


def test_in_text_the_same_stands_behind_the_message(written):
    to = written("text")
    with logs.about(run="a-run", case="2026-00042"):
        logging.getLogger("estafette.flows.x").info("looked", extra={"promises": [1, 2]})
    line = to.getvalue()
    assert line.endswith("INFO estafette.flows.x looked run=a-run case=2026-00042 promises=1,2\n")


@pytest.mark.parametrize("form", ["json", "text"])
def test_an_error_in_a_log_is_its_kind_and_its_place_in_one_line(written, form):
    to = written(form)
    try:
        raise ValueError(CANARY)
    except ValueError:
        logging.getLogger("a.library").exception("went wrong", extra={"address": CANARY})
    assert "ValueError at test_logs.py:" in to.getvalue()
    assert len(to.getvalue().splitlines()) == 1
    assert CANARY not in to.getvalue()


def test_a_visit_says_on_its_own_page_what_it_found_once_and_nothing_else_does(
    house, prefect, workers
):
    key = a_case(house, "assessment", now())
    arm(house)
    workers.enter_due()
    open_ones = take_stock(house, key, "assessment", now()).promises
    here = only(prefect, "beoordeling")
    (line,) = logged(prefect, here)
    assert line.startswith(f"{key} · beoordeling · 1: {said(here)}; open: ")
    assert all(f"{one.id} {one.key}" in line for one in open_ones if one.state == "open")
    go(house, key, "care_avoided", now())
    arm(house)
    workers.enter_due()
    gone = only(prefect, "beoordeling")
    assert [line.partition(";")[0] for line in logged(prefect, gone)][1:] == [
        f"{key} · beoordeling · 1: naar bemoeizorg: mijdt hulp"
    ]
    assert runs(prefect, "bemoeizorg")
