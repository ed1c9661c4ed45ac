"""Outbox: messages a second through claim, send and record, beside bare Apprise.

Senders and receivers are processes of their own, so that neither waits for the other's Python.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.engine import Engine

from bench import receivers
from bench.drain import drained
from bench.figures import Table, middle, spread
from bench.world import DUE, Databases, Heap, databases
from casework.alerts import next_to_send
from casework.connect import connect
from flows.deliver import HANDS, Post, deliver_loop
from notifications.channels import Channel, Channels

HEAP = Heap(200)
RUNS = 3
SENDERS = {"sqlite": (1,), "postgresql": (1, 2, 3)}
URLS = {
    "mail": "mailto://127.0.0.1:{port}?from=estafette%40localhost&to={address}",
    "webhook": "json://127.0.0.1:{port}/hook",
}
SAYS = f"""\
Messages a second from a full outbox until each is on record as delivered, by the loop of
`flows.deliver` ({HANDS} hands a process), to a mail server and a webhook on this machine.
*Bare*: the same texts by Apprise alone, a fresh one each, {HANDS} threads, nothing kept.
*Without lending*: ours, with Apprise reading the certificates anew for every mail, as it does by
itself (`notifications/secure.py`). Turns alternate; median of the runs, extremes behind."""


def bench(quick: bool) -> Table:
    table = Table("outbox", "Through the whole outbox", SAYS)
    for kind, counts in SENDERS.items():
        with databases(kind) as place:
            for channel in URLS:
                for count in counts:
                    runs = [_turns(place, channel, count) for _ in range(1 if quick else RUNS)]
                    table.rows.append(_row(place, channel, count, runs))
    return table


def _row(
    place: Databases, channel: str, count: int, runs: Sequence[dict[str, float]]
) -> dict[str, Any]:
    found = {name: [run[name] for run in runs] for name in runs[0]}

    def share(of: str, base: str) -> float:
        return round(middle([run[of] / run[base] for run in runs]), 2)

    return {
        "database": place.kind,
        "channel": channel,
        "senders": count,
        "ours /s": middle(found["ours"]),
        "(from – to)": spread(found["ours"]),
        "bare /s": middle(found["bare"]),
        "ours : bare": share("ours", "bare"),
        "without lending /s": middle(found["reading"]) if "reading" in found else "–",
        "lending brings": share("ours", "reading") if "reading" in found else "–",
    }


def _turns(place: Databases, channel: str, count: int) -> dict[str, float]:
    with receivers.running(channel) as receiver:
        url = URLS[channel].replace("{port}", str(receiver.port))
        found = {"ours": _ours(place, receiver, url, ["lend"] * count)}
        found["bare"] = _bare(receiver, url)
        if channel == "mail":
            found["reading"] = _ours(place, receiver, url, ["read"] * count)
    return found


def _ours(place: Databases, receiver: receivers.Receiver, url: str, senders: list[str]) -> float:
    with place.copy(HEAP) as engine:
        drained(engine, HEAP)
        address = engine.url.render_as_string(hide_password=False)
        messages = _waiting(engine)
        seconds = _timed([[how, url, address] for how in senders])
        assert receiver.taken() == messages, "lost, or twice"
        assert _waiting(engine) == 0
    return messages / seconds


def _bare(receiver: receivers.Receiver, url: str) -> float:
    seconds = _timed([["bare", url, str(HEAP.promises)]])
    assert receiver.taken() == HEAP.promises, "lost, or twice"
    return HEAP.promises / seconds


def _waiting(engine: Engine) -> int:
    with engine.connect() as connection:
        count = sa.text("SELECT count(*) FROM alerts WHERE state <> 'delivered'")
        return int(connection.execute(count).scalar_one())


def _timed(commands: list[list[str]]) -> float:
    """Seconds from the word until the last of these senders had nothing left to do."""
    with ExitStack() as stack:
        senders = [stack.enter_context(_sender(command)) for command in commands]
        for sender in senders:
            assert _line(sender) == "ready"
        began = time.perf_counter()
        for sender in senders:
            print("go", file=sender.stdin, flush=True)
        # The clock of perf_counter is the machine's, the same for all processes.
        return max(float(_line(sender)) for sender in senders) - began


@contextmanager
def _sender(words: list[str]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.outbox", *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started


def _line(sender: subprocess.Popen[str]) -> str:
    assert sender.stdout
    return sender.stdout.readline().strip()


# --- in a process of its own ----------------------------------------------------------------------


def _send_ours(how: str, url: str, address: str) -> None:
    from notifications import secure

    if how == "read":
        secure.lend_certificates = lambda: False
    engine = connect(address)
    next_to_send(engine)
    channel = Channel(url=SecretStr(url), shared="{address}" not in url)
    post = Post(engine, Channels({"mail": channel}), "http://127.0.0.1:8080", Clock())
    _warm_up(url)
    _on_the_word()
    done = [0.0]

    def over() -> bool:
        done[0] = time.perf_counter()
        return next_to_send(engine) is None

    deliver_loop(post, threading.Event(), over, poll=0.02)
    print(done[0], flush=True)


def _send_bare(url: str, count: str) -> None:
    """What a script of twenty lines would do."""
    from apprise import Apprise

    def one(number: int) -> None:
        apprise = Apprise()
        assert apprise.add(url.replace("{address}", f"director-{number % 20}%40voorbeeld.example"))
        assert apprise.notify(TEXT, title=f"Estafette 2026-{number:06}: een vraag [#{number}]")

    _warm_up(url)
    _on_the_word()
    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(one, range(int(count))))
    print(time.perf_counter(), flush=True)


class Clock:
    """Starts when everything is due, and goes on from there."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def __call__(self) -> datetime:
        return DUE + timedelta(seconds=time.perf_counter() - self._began)


def _warm_up(url: str) -> None:
    from apprise import Apprise

    Apprise().add(url.replace("{address}", "a%40voorbeeld.example"))  # imports what it needs


def _on_the_word() -> None:
    print("ready", flush=True)
    sys.stdin.readline()


TEXT = "\n".join(["Een vraag wacht op u."] * 12)  # as long as a message of ours

if __name__ == "__main__":
    if sys.argv[1] == "bare":
        _send_bare(*sys.argv[2:])
    else:
        _send_ours(*sys.argv[1:])
