"""Several senders as processes at one outbox on PostgreSQL, to a real mail server; one killed."""

import asyncio
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy.engine import Engine

from tests.builders import a_case, a_contact, a_town
from tests.casework.looking import rows
from tests.casework.outbox import an_alert
from tests.notifications.servers import free_port

ROOT = Path(__file__).parents[2]
PEOPLE, BUNDLING, EACH = 30, 6, 10
SHORT, LONG = 8, 120  # seconds of lease
SENDER = """
import json, smtplib, sys, time
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from casework.alerts import next_to_send, record
from casework.claiming import claim
from casework.connect import connect
from escalation.interruptions import Manners
from tests.casework.outbox import customs_of, messages

url, port, who, bundling, lease = sys.argv[1:4] + [int(arg) for arg in sys.argv[4:]]
engine = connect(url)
customs = customs_of(**{f"p{n}": Manners(budget=1000) for n in range(bundling)})
clock = lambda: datetime.now(UTC)

def post(message):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["X-Who"] = "estafette@localhost", message[0].address, who
    mail["X-Numbers"] = json.dumps([one.number for one in message])
    mail.set_content("Er wacht iets op u.")
    with smtplib.SMTP("127.0.0.1", int(port), timeout=60) as server:
        server.send_message(mail)

engine.connect().close()
print("ready", flush=True)
input()
while next_to_send(engine) is not None:
    found = messages(claim(engine, clock(), 8, timedelta(seconds=lease), customs=customs))
    print(json.dumps([one.number for message in found for one in message]), flush=True)
    for message in found:
        post(message)
        record(engine, message[0].token, "delivered", "250", clock(), customs=customs)
    if not found:
        time.sleep(0.2)
"""


def a_full_outbox(engine: Engine) -> None:
    a_town(engine)
    a_case(engine)
    ago = datetime.now(UTC) - timedelta(minutes=1)
    for n in range(PEOPLE):
        a_contact(engine, f"p{n}", "case_worker")
    for n in range(PEOPLE * EACH):
        an_alert(engine, f"p{n % PEOPLE}", ago, law=n % 7 == 0)


@pytest.fixture
def town(worlds: Any) -> Engine:
    engine: Engine = worlds.begin("postgresql", a_full_outbox)
    return engine


class Mailbox:
    """A mail server that keeps what it took: by whom, and which alerts. It takes the message
    `holds` of the sender "a", and then says nothing any more about that one."""

    def __init__(self, holds: int | None = None) -> None:
        self.taken: list[tuple[str, tuple[int, ...]]] = []
        self.holds, self.held = holds, threading.Event()

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802
        mail = message_from_bytes(envelope.content)
        self.taken.append((mail["X-Who"], tuple(json.loads(mail["X-Numbers"]))))
        if mail["X-Who"] == "a" and sum(who == "a" for who, _ in self.taken) == self.holds:
            self.held.set()
            await asyncio.sleep(60)
        return "250 OK"

    def times(self) -> Counter[int]:
        return Counter(number for _, numbers in self.taken for number in numbers)


@contextmanager
def served(mailbox: Mailbox) -> Iterator[int]:
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@contextmanager
def senders(engine: Engine, port: int, lease: int) -> Iterator[dict[str, Any]]:
    """Three processes that began to send at one signal."""
    url = engine.url.render_as_string(hide_password=False)
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    started = {
        who: subprocess.Popen(
            [sys.executable, "-c", SENDER, url, str(port), who, str(BUNDLING), str(lease)],
            cwd=ROOT, text=True, **pipes,
        )
        for who in "abc"
    }  # fmt: skip
    try:
        for process in started.values():
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in started.values():
            process.stdin.write("go\n")
            process.stdin.flush()
        yield started
    finally:
        for process in started.values():
            process.kill()
            process.communicate()


def ended(process: Any) -> None:
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0, said


def test_three_senders_share_the_outbox_and_every_alert_arrives_once(town):
    mailbox = Mailbox()
    with served(mailbox) as port, senders(town, port, LONG) as started:
        for process in started.values():
            ended(process)
    alerts = rows(town, "alerts")
    assert mailbox.times() == Counter(row["id"] for row in alerts)
    assert {row["state"] for row in alerts} == {"delivered"}
    assert len(rows(town, "deliveries")) == len(alerts) == PEOPLE * EACH
    assert {who for who, _ in mailbox.taken} == {"a", "b", "c"}
    # Who bundles was planned for by one sender at a time, and never alert by alert.
    bundles = [numbers for _, numbers in mailbox.taken if len(numbers) > 1]
    assert sum(len(numbers) for numbers in bundles) == BUNDLING * EACH
    assert len(bundles) == BUNDLING


def test_a_sender_killed_in_mid_send_doubles_at_most_what_it_had_and_loses_nothing(town):
    mailbox = Mailbox(holds=10)
    with served(mailbox) as port, senders(town, port, SHORT) as started:
        assert mailbox.held.wait(30)
        started["a"].kill()
        claimed, _ = started["a"].communicate()
        for who in "bc":
            ended(started[who])
    had = set(json.loads(claimed.splitlines()[-1]))  # its last batch, and no other was its own
    times, alerts = mailbox.times(), rows(town, "alerts")
    assert {row["state"] for row in alerts} == {"delivered"}
    assert times.keys() == {row["id"] for row in alerts}
    doubled = {number for number, count in times.items() if count > 1}
    on_its_way = next(n for who, n in reversed(mailbox.taken) if who == "a")
    assert set(on_its_way) <= doubled <= had
    assert max(times.values()) == 2
    perhaps = {row["alert_id"] for row in rows(town, "deliveries", "outcome = 'perhaps'")}
    assert doubled <= perhaps <= had
