"""Several processes at one handover on PostgreSQL: one wins, the others are told clearly."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casework.holding import history_of
from casework.offering import offer
from casework.packets import Packet
from casework.words import Role
from tests.builders import NOW, PACKET, a_case, a_town
from tests.casework.looking import rows

ROOT = Path(__file__).parents[2]
HANDOVERS = 12
LATER = NOW + timedelta(days=1)
WAITING = """
import json, sys
from datetime import datetime
from casework.connect import connect
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import accept, refuse
from casework.refusals import Refusal
from casework.words import Role
from tests.builders import PACKET

url, what, numbers, now = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), sys.argv[4]
now = datetime.fromisoformat(now)
engine = connect(url)
calls = {
    "accept": lambda n: accept(
        engine, n, by="care", now=now, read_back="Ik bel maandag zelf en neem de leiding op me"),
    "refuse": lambda n: refuse(engine, n, by="care", reason="vol", now=now),
    "revoke": lambda n: revoke(engine, n, by="director", now=now),
    "expire": lambda n: raise_due(engine, now),
    "offer-jurist": lambda key: offer(
        engine, key, role=Role.CARE, to="jurist", packet=Packet(**PACKET), by="director", now=now),
    "offer-care": lambda key: offer(
        engine, key, role=Role.CARE, to="care", packet=Packet(**PACKET), by="director", now=now),
}
connect(url).connect().close()
print("ready", flush=True)
input()
said = []
for number in numbers:
    try:
        calls[what](number)
        said.append("done")
    except Refusal as refusal:
        said.append(str(refusal))
print(json.dumps(said))
"""


@pytest.fixture
def town(worlds: Any) -> Engine:
    engine: Engine = worlds.begin("postgresql", a_town)
    return engine


def cases(engine: Engine) -> list[str]:
    return [a_case(engine, address=f"Voorbeeldstraat {n}") for n in range(1, HANDOVERS + 1)]


def offered(engine: Engine) -> list[int]:
    return [
        offer(
            engine, key, role=Role.CARE, to="care", packet=Packet(**PACKET), by="director", now=NOW
        ).id
        for key in cases(engine)
    ]


@contextmanager
def processes(engine: Engine, *whats: str, over: list[Any], now: Any) -> Iterator[Any]:
    url = engine.url.render_as_string(hide_password=False)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [
        subprocess.Popen(
            [sys.executable, "-c", WAITING, url, what, json.dumps(over), now.isoformat()],
            cwd=ROOT, text=True, **pipes,
        )
        for what in whats
    ]  # fmt: skip
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()


def at_once(engine: Engine, *whats: str, over: list[Any], now: Any = LATER) -> list[list[str]]:
    """What each process was told about each handover, all of them started by one signal."""
    with processes(engine, *whats, over=over, now=now) as started:
        for process in started:
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in started:
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=120) for process in started]
    return [json.loads(out) if out else pytest.fail(err) for out, err in said]


def test_of_processes_that_answer_one_offer_at_once_one_wins_and_the_others_are_told(town):
    numbers = offered(town)
    whats = ("accept", "refuse", "revoke", "accept", "refuse")
    told = at_once(town, *whats, over=numbers)
    ends = {"accept": "accepted", "refuse": "refused", "revoke": "revoked"}
    for place, number in enumerate(numbers):
        state = rows(town, "handovers", f"id = {number}")[0]["state"].value
        for what, said in zip(whats, told, strict=True):
            # The same answer twice is given once, and both are told that it is so.
            won = said[place] == "done"
            assert won == (ends[what] == state), (what, state, said[place])
            assert won or f"handover {number} is no longer on offer" in said[place]
        assert bool(rows(town, "assignments", f"case_id = {place + 1} AND role = 'care_lead'")) == (
            state == "accepted"
        )


def test_of_processes_that_offer_one_role_at_once_one_offer_stands(town):
    keys = cases(town)
    told = at_once(town, "offer-care", "offer-jurist", "offer-care", "offer-jurist", over=keys)
    for place in range(len(keys)):
        standing = rows(town, "handovers", f"case_id = {place + 1}")
        assert [h["state"].value for h in standing] == ["offered"]
        refused = [said[place] for said in told if said[place] != "done"]
        assert len(refused) == 2
        assert all(f"handover {standing[0]['id']}" in said for said in refused)


def test_an_offer_that_runs_out_while_it_is_accepted_is_one_of_the_two(town):
    numbers = offered(town)
    over = max(
        c["due_at"] for c in rows(town, "checkpoints", "key = 'handover_answered'")
    ) + timedelta(minutes=1)  # fmt: skip
    at_once(town, "accept", "expire", "accept", "expire", over=numbers, now=over)
    for place, number in enumerate(numbers):
        state = rows(town, "handovers", f"id = {number}")[0]["state"].value
        assert state in {"accepted", "expired"}
        leads = rows(town, "assignments", f"case_id = {place + 1} AND role = 'care_lead'")
        assert bool(leads) == (state == "accepted")
        follow_ups = rows(
            town, "checkpoints", f"handover_id = {number} AND key = 'handover_returned'"
        )
        assert len(follow_ups) == (state == "expired")


def test_every_instant_had_one_director_whatever_the_processes_did(town):
    keys = cases(town)
    for key in keys:
        offer(
            town, key, role=Role.DIRECTOR, to="care", packet=Packet(**PACKET), by="director",
            now=NOW,
        )  # fmt: skip
    numbers = [h["id"] for h in rows(town, "handovers")]
    at_once(town, "accept", "accept", "refuse", "revoke", over=numbers)
    for key in keys:
        directors = [held for held in history_of(town, key) if held.role == Role.DIRECTOR]
        ends = [held.until for held in directors]
        assert ends[-1] is None
        assert ends[:-1] == [held.since for held in directors[1:]]
