"""Several processes at one handover on PostgreSQL: one wins, the others are told clearly.

They meet at every handover. Each in turn gets a head start: the others begin once it holds the case
and has not ended, so that each answer wins somewhere; at every third they all begin at once.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine

from casework.holding import history_of
from casework.offering import offer
from casework.packets import Packet
from casework.words import Role
from tests.builders import NOW, PACKET, a_case, a_town
from tests.casework.looking import DAY, rows

ROOT = Path(__file__).parents[2]
HANDOVERS = 12
LATER = NOW + timedelta(days=1)
MEETING = """
import json, sys
from datetime import datetime
import sqlalchemy as sa
from casework.connect import connect
from casework.forcing import assign
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import accept, refuse
from casework.refusals import Refusal
from casework.words import Role
from tests.builders import PACKET

engine, what = connect(sys.argv[1]), sys.argv[2]
verb, _, to = what.partition("-")
calls = {
    "accept": lambda n, now: accept(
        engine, n, by="care", now=now, read_back="Ik bel maandag zelf en neem de leiding op me"),
    "refuse": lambda n, now: refuse(engine, n, by="care", reason="vol", now=now),
    "revoke": lambda n, now: revoke(engine, n, by="director", now=now),
    "expire": lambda n, now: raise_due(engine, now),
    "offer": lambda key, now: offer(
        engine, key, role=Role.CARE, to=to, packet=Packet(**PACKET), by="director", now=now),
    "assign": lambda key, now: assign(
        engine, key, role=Role.DIRECTOR, to=to, by="process", because="nu", now=now),
}
# The statement that takes the case from the others.
TAKES = "handovers" if verb == "expire" else "FROM cases"
leads = False

def taken(_connection, _cursor, statement, *_more):
    global leads
    if leads and TAKES in statement and "FOR NO KEY UPDATE" in statement:
        leads = False
        print("taken", flush=True)

sa.event.listen(engine, "after_cursor_execute", taken)
engine.connect().close()
print("ready", flush=True)
for line in sys.stdin:
    thing, now, leads = json.loads(line)
    if isinstance(thing, list):  # a handover and its case
        thing = thing[verb == "assign"]
    try:
        calls[verb](thing, datetime.fromisoformat(now))
        said = "done"
    except Refusal as refusal:
        said = str(refusal)
    if leads:
        print("taken", flush=True)
    print(json.dumps(said), flush=True)
"""


@pytest.fixture
def town(worlds: Any) -> Engine:
    engine: Engine = worlds.begin("postgresql", a_town)
    return engine


def cases(engine: Engine) -> list[str]:
    return [a_case(engine, address=f"Voorbeeldstraat {n}") for n in range(1, HANDOVERS + 1)]


def offered(engine: Engine) -> list[int]:
    return [offered_in(engine, key, Role.CARE, NOW) for key in cases(engine)]


def offered_in(engine: Engine, key: str, role: Role, at: datetime) -> int:
    packet = Packet(**PACKET)
    return offer(engine, key, role=role, to="care", packet=packet, by="director", now=at).id


@contextmanager
def processes(engine: Engine, *whats: str) -> Iterator[Any]:
    url = engine.url.render_as_string(hide_password=False)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = [
        subprocess.Popen([sys.executable, "-c", MEETING, url, what], cwd=ROOT, text=True, **pipes)
        for what in whats
    ]
    try:
        yield started
    finally:
        for process in started:
            process.kill()
            process.communicate()


def at_each(
    engine: Engine, *whats: str, over: Sequence[Any], now: Sequence[datetime] = ()
) -> list[list[str]]:
    """What each process was told about each handover; `now` is by the handover."""
    moments = now or [LATER] * len(over)
    with processes(engine, *whats) as started:
        assert [heard(process) for process in started] == ["ready"] * len(whats)
        told = [
            meet(started, place, thing, at)
            for place, (thing, at) in enumerate(zip(over, moments, strict=True))
        ]
    return [list(said) for said in zip(*told, strict=True)]


def meet(started: list[Any], place: int, thing: Any, now: datetime) -> list[str]:
    """What each was told about one handover; they have all answered before the next one."""
    first, ahead = place % len(started), place % 3 != 2
    for turn in range(len(started)):
        process, leads = started[(first + turn) % len(started)], ahead and turn == 0
        process.stdin.write(json.dumps([thing, now.isoformat(), leads]) + "\n")
        process.stdin.flush()
        if leads:
            assert heard(process) == "taken"
    return [json.loads(heard(process)) for process in started]


def heard(process: Any) -> str:
    line: str = process.stdout.readline()
    return line.strip() or pytest.fail(process.stderr.read())


def state_of(engine: Engine, number: int) -> str:
    return str(rows(engine, "handovers", f"id = {number}")[0]["state"].value)


def test_of_processes_that_answer_one_offer_at_once_one_wins_and_the_others_are_told(town):
    numbers = offered(town)
    whats = ("accept", "refuse", "revoke", "accept", "refuse")
    told = at_each(town, *whats, over=numbers)
    ends = {"accept": "accepted", "refuse": "refused", "revoke": "revoked"}
    for place, number in enumerate(numbers):
        state = state_of(town, number)
        for what, said in zip(whats, told, strict=True):
            # The same answer twice is given once, and both are told that it is so.
            won = said[place] == "done"
            assert won == (ends[what] == state), (what, state, said[place])
            assert won or f"handover {number} is no longer on offer" in said[place]
        assert bool(rows(town, "assignments", f"case_id = {place + 1} AND role = 'care_lead'")) == (
            state == "accepted"
        )
    assert {state_of(town, number) for number in numbers} == set(ends.values())


def test_of_processes_that_offer_one_role_at_once_one_offer_stands(town):
    keys = cases(town)
    told = at_each(town, "offer-care", "offer-jurist", "offer-care", "offer-jurist", over=keys)
    for place in range(len(keys)):
        standing = rows(town, "handovers", f"case_id = {place + 1}")
        assert [h["state"].value for h in standing] == ["offered"]
        refused = [said[place] for said in told if said[place] != "done"]
        assert len(refused) == 2
        assert all(f"handover {standing[0]['id']}" in said for said in refused)
    assert len({h["to_contact_id"] for h in rows(town, "handovers")}) == 2


def test_an_offer_that_runs_out_while_it_is_accepted_is_one_of_the_two(town):
    # A week apart, so that each runs out at a moment of its own.
    numbers = [
        offered_in(town, key, Role.CARE, NOW + 7 * place * DAY)
        for place, key in enumerate(cases(town))
    ]
    ends = [
        max(c["due_at"] for c in rows(town, "checkpoints", f"handover_id = {number}"))
        + timedelta(minutes=1)
        for number in numbers
    ]
    at_each(town, "accept", "expire", "accept", "expire", over=numbers, now=ends)
    for place, number in enumerate(numbers):
        state = state_of(town, number)
        assert state in {"accepted", "expired"}
        leads = rows(town, "assignments", f"case_id = {place + 1} AND role = 'care_lead'")
        assert bool(leads) == (state == "accepted")
        follow_ups = rows(
            town, "checkpoints", f"handover_id = {number} AND key = 'handover_returned'"
        )
        assert len(follow_ups) == (state == "expired")
    assert {state_of(town, number) for number in numbers} == {"accepted", "expired"}


def test_every_instant_had_one_director_whatever_the_processes_did(town):
    keys = cases(town)
    numbers = [offered_in(town, key, Role.DIRECTOR, NOW) for key in keys]
    assert numbers == [*range(1, HANDOVERS + 1)]
    things = [*zip(numbers, keys, strict=True)]
    told = at_each(town, "accept", "assign-jurist", "accept", "assign-deputy", over=things)
    last = set()
    for key in keys:
        directors = [held for held in history_of(town, key) if held.role == Role.DIRECTOR]
        assert len(directors) > 1
        last.add(directors[-1].person)
        ends = [held.until for held in directors]
        assert ends[-1] is None
        assert ends[:-1] == [held.since for held in directors[1:]]
    assert len(last) > 1
    taken = [said == "done" for said in told[0]]
    assert any(taken)
    assert not all(taken)  # where the process director came first there was nothing to accept
