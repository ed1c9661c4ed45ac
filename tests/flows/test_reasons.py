"""A run that failed says which case, what trouble and what to do; never an error's text."""

import sqlite3
from datetime import timedelta

import pytest
import sqlalchemy as sa
from prefect import flow
from prefect.client.schemas.objects import StateType
from prefect.states import Late

from casework.connect import connect
from casework.intake import receive_signal
from casework.refusals import NotFound
from casework.stock import take_stock
from flows import clean, reasons, settings, troubles, words
from flows.ailment_words import words_for
from flows.arming import Arming
from flows.clock import now
from flows.deployments import deployment_id
from flows.reasons import NOTHING_LOST, OURS, explained, reason
from flows.settings import FlowSettings
from tests.builders import a_case, a_signal
from tests.casework.test_poison import damage
from tests.flows.run_page import logged
from tests.flows.working import POOL, arm, only, runs, said

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

CANARY = "Kanariepietstraat"


def test_a_visit_that_the_database_refuses_a_row_says_that_it_is_ours_to_mend(
    house, prefect, workers, server
):
    key = receive_signal(house, a_signal(received_at=now(), address=f"{CANARY} 1"), now()).case_key
    arm(house)
    with house.begin() as rows:
        rows.execute(sa.text(
            "CREATE TRIGGER refuse BEFORE UPDATE ON visits BEGIN"
            f" SELECT RAISE(ABORT, '{CANARY}'); END"
        ))  # fmt: skip
    workers.enter_due()
    failed = only(prefect, "melding")
    assert failed.state_type == StateType.FAILED
    assert said(failed).startswith(f"{key}: {OURS.what} (IntegrityError, visits.py:")
    assert NOTHING_LOST in said(failed)
    assert reasons.COMES_BACK in said(failed)
    assert logged(prefect, failed) == [said(failed)], "and no traceback, which quotes the error"
    kept = b"".join(file.read_bytes() for file in (server / "prefect").glob("prefect.db*"))
    assert CANARY.encode() not in kept


def test_a_visit_whose_database_is_away_says_so_and_is_tried_again(
    house, prefect, workers, monkeypatch, tmp_path
):
    key = a_case(house, "signal", now())
    arm(house)
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("ESTAFETTE_DATA", str(tmp_path / "gone"))
        settings.engine.cache_clear()
        workers.enter_due()
        settings.engine.cache_clear()
    failed = only(prefect, "melding")
    assert failed.state_type == StateType.FAILED
    assert said(failed).startswith(
        f"{key}: het bestand van de database gaat niet open (OperationalError, "
    )
    impatient = FlowSettings.model_construct(stuck_seconds=0, horizon_days=400, work_pool=POOL)
    assert Arming(house, impatient).round()
    assert runs(prefect, "melding")[0].state_type == StateType.SCHEDULED


def test_a_visit_to_a_case_that_is_not_there_says_so_and_repeats_nothing_that_was_typed(
    house, prefect, workers
):
    for typed in ("2026-99999", CANARY):
        prefect.create_flow_run_from_deployment(
            deployment_id(prefect, "signal", POOL), parameters={"case": typed}
        )
    workers.enter_due()
    told = sorted(said(run) for run in prefect.read_flow_runs())
    assert [one.partition(" (")[0] for one in told] == [
        "2026-99999: de zaak of dit bezoek staat niet in de database",
        "de zaak of dit bezoek staat niet in de database",
    ]
    assert all("back-up" in one and reasons.COMES_BACK not in one for one in told)


def test_a_run_that_was_late_waits_again_as_scheduled_and_says_for_what(house, prefect, workers):
    a_case(house, "signal", now())
    arm(house)
    waiting = only(prefect, "melding")
    prefect.set_flow_run_state(waiting.id, Late(scheduled_time=now()), force=True)
    workers.enter_due()
    run = only(prefect, "melding")
    assert (run.state_name, said(run)[:10]) == ("Scheduled", "wacht tot ")


def test_a_visit_that_waits_for_what_is_late_says_since_when_and_when_it_is_told_again(
    house, prefect, workers
):
    long_ago = now() - timedelta(days=60)
    key = a_case(house, "signal", long_ago)
    stock = take_stock(house, key, "signal", now())
    assert stock.waits_for is not None
    assert stock.waits_for.due_at < now()
    assert stock.next_at is not None
    said = words.waits(stock.waits_for, now())
    assert said.startswith("te laat sinds ")
    assert said.endswith(f"(gemeld; weer op {words.moment(stock.next_at)})")


def test_a_visit_says_of_what_could_not_be_judged_that_nobody_was_told_yet(house):
    key = a_case(house, "signal", now() - timedelta(days=60))
    damage(house, "due_on", "checkpoints", "9999-12-30", key)
    damage(house, "next_rung", "checkpoints", 0, key)
    stock = take_stock(house, key, "signal", now())
    said = words.waits(stock.waits_for, now())
    assert said.startswith("te laat sinds ")
    assert said.endswith(f"(nog niet gemeld; weer geprobeerd op {words.moment(stock.next_at)})")


@pytest.mark.parametrize(
    ("flow", "given", "breaks"),
    [(clean.clean, {}, "flows.clean.clean_up"),
     (troubles.trouble, {"kind": "runs_failed"}, "flows.troubles.tell_of_runs")],
    ids=["clean", "trouble"],
)  # fmt: skip
def test_a_run_without_a_case_that_breaks_off_says_why_and_nothing_else(
    house, prefect, monkeypatch, flow, given, breaks
):
    def broken(*_args, **_named):
        raise ValueError(CANARY)

    monkeypatch.setattr(breaks, broken)
    state = flow(**given, return_state=True)
    assert (state.is_failed(), OURS.what in state.message, CANARY in state.message) == (
        True, True, False,
    )  # fmt: skip


def errors_of(file):
    """Real errors of SQLite, by what was done to get them."""
    held = sqlite3.connect(file)
    held.execute("CREATE TABLE kept (name TEXT UNIQUE)")
    held.execute("BEGIN EXCLUSIVE")
    yield "bezet", f"sqlite:///{file}", "SELECT 1 FROM kept"
    held.rollback()
    yield "past niet", f"sqlite:///{file}", f"SELECT * FROM {CANARY}"
    yield "gaat niet open", f"sqlite:///{file}/nowhere/x.db", "SELECT 1"
    held.execute("INSERT INTO kept VALUES (?)", (CANARY,))
    held.commit()
    yield "van Estafette zelf", f"sqlite:///{file}", f"INSERT INTO kept VALUES ('{CANARY}')"
    held.close()
    yield "alleen te lezen", f"sqlite:///file:{file}?mode=ro&uri=true", "DELETE FROM kept"
    file.write_bytes(b"no database" * 1000)
    yield "beschadigd", f"sqlite:///{file}", "SELECT 1 FROM kept"


def test_each_kind_of_trouble_is_told_apart_by_the_code_of_the_database(tmp_path):
    wrong = []
    for word, url, statement in errors_of(tmp_path / "own.db"):
        engine = sa.create_engine(url, connect_args={"timeout": 0})
        with pytest.raises(sa.exc.SQLAlchemyError) as caught, engine.begin() as rows:
            rows.execute(sa.text(statement))
        engine.dispose()
        told = reason(caught.value, "2026-00001")
        assert CANARY not in told
        wrong += [] if word in told else [(word, told)]
    assert wrong == []


def test_a_postgresql_that_is_locked_or_older_or_gone_is_told_apart(postgres_url):
    holder, asker = connect(postgres_url), connect(postgres_url)
    hold = sa.text("SELECT pg_advisory_xact_lock(7)")
    with holder.begin() as rows, asker.begin() as other:
        rows.execute(hold)
        other.execute(sa.text("SET LOCAL lock_timeout = '1ms'"))
        with pytest.raises(sa.exc.OperationalError) as locked:
            other.execute(hold)
        other.rollback()
    with asker.begin() as rows, pytest.raises(sa.exc.ProgrammingError) as older:
        rows.execute(sa.text("SELECT * FROM nowhere"))
    gone = connect("postgresql://nobody@127.0.0.1:9/nothing")
    with pytest.raises(sa.exc.OperationalError) as away:
        gone.connect()
    told = [words_for(caught.value).what for caught in (locked, older, away)]
    assert told == [
        "de database is bezet (op slot)",
        "de database past niet bij deze versie van Estafette",
        "de database is niet bereikbaar",
    ]
    for one in (holder, asker, gone):
        one.dispose()


def test_a_run_without_a_case_says_why_it_failed_too(server):
    @flow(persist_result=False)
    @explained
    def broken():
        """Breaks."""
        raise NotFound("case", CANARY)

    state = broken(return_state=True)
    assert state.type == StateType.FAILED
    assert state.message.startswith("de zaak of dit bezoek staat niet in de database (NotFound, ")
    assert CANARY not in state.message
