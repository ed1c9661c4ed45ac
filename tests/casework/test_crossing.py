"""Crossing: two who work at the same moment wait for each other shortly, and nothing gets lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casework.absences import away, back
from casework.cases import find
from casework.checkups import confirm, leave
from casework.claiming import claim
from casework.connect import transaction
from casework.refusals import NotAllowed, Refusal
from casework.requests import ask
from tests.builders import NOW, a_contact
from tests.casework.handing import assigned, gone, news, offered
from tests.casework.looking import DAY, at_once, behind_the_back, held, raise_all, rows

LATER = NOW + DAY
ON_POSTGRES = pytest.mark.parametrize("engine", ["postgresql"], indirect=True)
OF_WIJK = "(SELECT id FROM contacts WHERE key = 'wijk')"
OF_STAND = "(SELECT id FROM contacts WHERE key = 'stand')"
BEING_SENT = f"""
    UPDATE alerts SET state = 'leased', token = 'elders', attempts = 1
    WHERE recipient_id = {OF_WIJK}"""
THE_SAME_FOR_WHO_STANDS_IN = f"""
    INSERT INTO alerts (case_id, handover_id, event, lead, recipient_id, statutory, created_at,
        channel, by_hand, state, next_at, attempts)
    SELECT case_id, handover_id, event, lead, {OF_STAND}, statutory, created_at, channel, by_hand,
        state, next_at, 0
    FROM alerts WHERE recipient_id = {OF_WIJK}"""
LEAVES = f"UPDATE contacts SET left_at = '{NOW.isoformat()}' WHERE key = 'wijk'"
GOES_AWAY = (
    "UPDATE contacts SET fixed = fixed WHERE key = 'wijk'",
    "INSERT INTO absences (contact_id, since, recorded_at) "
    f"SELECT id, '{NOW.isoformat()}', '{NOW.isoformat()}' FROM contacts WHERE key = 'wijk'",
)
ASKED: dict[str, Callable[[Engine, str], Any]] = {
    "offered": lambda engine, case: offered(engine, case, to="wijk"),
    "assigned": lambda engine, case: assigned(engine, case, to="wijk", now=NOW),
    "asked": lambda engine, case: asked(engine, case),
}


def asked(engine: Engine, case: str) -> Any:
    return ask(engine, case, to="wijk", what="Is er plek?", by="director", now=NOW)


@pytest.fixture
def wijk(engine: Engine) -> None:
    a_contact(engine, "stand", "care_worker")
    a_contact(engine, "wijk", "care_worker", deputy="stand")


@pytest.fixture
def waiting_for_who_is_away(engine: Engine, in_signal: str, wijk: None) -> int:
    """An offer whose message was not sent yet when the absence that was planned begins."""
    away(engine, "wijk", since=LATER, by="wijk", now=NOW)
    return offered(engine, in_signal, to="wijk").id


def recipients(claimed: Any) -> list[str]:
    return sorted(one.recipient for one in claimed if one.handover is not None)


# --- sending --------------------------------------------------------------------------------------


@ON_POSTGRES
def test_sending_never_waits_for_whoever_works_on_the_case(
    engine, in_signal, waiting_for_who_is_away
):
    with ThreadPoolExecutor(1) as thread, transaction(engine) as session:
        find(session, in_signal)
        assert recipients(thread.submit(claim, engine, LATER).result(10)) == ["stand"]


@ON_POSTGRES
def test_what_refers_to_a_case_never_waits_for_whoever_works_on_it(
    engine, in_signal, waiting_for_who_is_away
):
    with ThreadPoolExecutor(1) as thread, transaction(engine) as session:
        find(session, in_signal)
        thread.submit(behind_the_back, engine, THE_SAME_FOR_WHO_STANDS_IN).result(10)
    assert recipients(claim(engine, LATER)) == ["stand", "wijk"]


def test_a_message_the_deputy_gets_at_that_moment_keeps_no_other_from_being_sent(
    engine, waiting_for_who_is_away
):
    with held(engine, THE_SAME_FOR_WHO_STANDS_IN) as start:
        waiting = start(lambda: claim(engine, LATER))
    assert recipients(waiting.result(20)) == ["stand", "wijk"]


def test_an_offer_that_is_being_sent_is_passed_on_by_a_message_of_its_own(engine, in_signal, wijk):
    made = offered(engine, in_signal, to="wijk")
    with held(engine, BEING_SENT) as start:
        waiting = start(lambda: gone(engine, "wijk"))
    waiting.result(20)
    assert news(engine, made.id) == [("wijk", "offered"), ("stand", "deputy")]


def test_a_request_that_is_being_sent_is_passed_on_by_a_message_of_its_own(engine, in_signal, wijk):
    asked(engine, in_signal)
    with held(engine, BEING_SENT) as start:
        waiting = start(lambda: gone(engine, "wijk"))
    waiting.result(20)
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    told = rows(engine, "alerts", "request_id IS NOT NULL")
    assert [(names[a["recipient_id"]], a["event"]) for a in told] == [
        ("wijk", "asked"), ("stand", "deputy"),
    ]  # fmt: skip


def test_a_promise_that_is_being_sent_rings_for_who_stands_in_too(engine, in_signal, wijk):
    asked(engine, in_signal)
    claim(engine, NOW, 100)
    a_month_on = NOW + 31 * DAY
    raise_all(engine, a_month_on)
    rung = f"recipient_id = {OF_WIJK} AND rung IS NOT NULL"
    (alert,) = rows(engine, "alerts", rung)
    with held(engine, f"{BEING_SENT} AND rung IS NOT NULL") as start:
        waiting = start(lambda: gone(engine, "wijk", at=a_month_on))
    waiting.result(20)
    promise = f"checkpoint_id = {alert['checkpoint_id']} AND rung = {alert['rung']}"
    assert [a["id"] for a in rows(engine, "alerts", rung)] == [alert["id"]]
    assert rows(engine, "alerts", f"{promise} AND recipient_id = {OF_STAND}")


# --- who is back ----------------------------------------------------------------------------------


@ON_POSTGRES
def test_who_waits_to_note_that_somebody_is_back_keeps_no_administrator_waiting(engine, wijk):
    gone(engine, "wijk")
    with ThreadPoolExecutor(1) as other, held(engine, "UPDATE absences SET since = since") as start:
        waiting = start(lambda: back(engine, "wijk", by="process", now=LATER))
        assert other.submit(confirm, engine, "care", by="process", now=LATER).result(10)
    waiting.result(20)
    assert [row["until"] for row in rows(engine, "absences")] == [LATER]


@ON_POSTGRES
def test_who_waits_to_note_an_absence_again_keeps_no_administrator_waiting(
    engine, waiting_for_who_is_away
):
    again = partial(away, engine, "wijk", since=LATER, by="process", now=LATER)
    with ThreadPoolExecutor(1) as other, held(engine, "UPDATE absences SET since = since") as start:
        waiting = start(again)
        assert other.submit(confirm, engine, "care", by="process", now=LATER).result(10)
    assert waiting.result(20).since == LATER
    assert [row["routed_at"] for row in rows(engine, "absences")] == [LATER]


# --- who leaves -----------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", ASKED)
@pytest.mark.parametrize("so", ["left", "absent"])
def test_nothing_is_put_to_somebody_who_is_gone_at_that_very_moment(
    engine, in_signal, wijk, verb, so
):
    with held(engine, *((LEAVES,) if so == "left" else GOES_AWAY)) as start:
        waiting = start(lambda: ASKED[verb](engine, in_signal))
    with pytest.raises(NotAllowed, match=f"wijk (is )?{so}"):
        waiting.result(20)
    assert not rows(engine, "handovers") + rows(engine, "requests")


@pytest.mark.parametrize("verb", ["offered", "asked"])  # who holds a role does not leave
def test_who_leaves_while_something_is_put_to_them_leaves_it_to_somebody(
    engine, in_signal, wijk, verb
):
    got = at_once(
        lambda: ASKED[verb](engine, in_signal),
        lambda: leave(engine, "wijk", by="process", now=NOW),
    )
    assert all(not isinstance(one, Exception) or isinstance(one, Refusal) for one in got)
    stayed = isinstance(got[1], Refusal)
    put = rows(engine, "handovers") + rows(engine, "requests")
    told = rows(engine, "alerts", f"recipient_id = {OF_STAND}")
    assert stayed or not put or told
