"""Outages of the mail server, on a virtual clock: what came in, what came twice, and how late.

The sender's own loop runs, and really sends: to a mail server that is out of order for a while, and
to a chat that is not. Only the clock is ours: it goes to the next moment at which there is
something to do, so that a week takes seconds. Sending itself takes no virtual time.
"""

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from pydantic import SecretStr
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from casework.acknowledging import acknowledge, resend
from casework.alerts import next_to_send
from casework.connect import connect, reading, transaction
from casework.customs import Customs
from casework.ways import add_way
from escalation.interruptions import Manners
from escalation.manners import SHIPPED
from flows.deliver import Post, deliver_loop
from models import Alert, AlertState, Checkpoint, Contact
from notifications.channels import Channel, Channels
from tests.builders import NOW, a_case, a_contact, a_town
from tests.faults.mail_host import MailHost, Weather, numbers_in
from tests.notifications.servers import receiver

ROOT = Path(__file__).parents[2]
FIRST = 1000  # the rung of the first alert of ours: each is another one to the rows
SEES_AFTER = timedelta(hours=2)  # a person sees that something perhaps arrived, and sends it again
PATIENCE = 20.0
MAIL = "mailto://127.0.0.1:{port}?from=estafette%40localhost&to={{address}}&cto={silence}&rto={silence}"
AT_ANY_HOUR = replace(SHIPPED, hours=None, digest_at=None, budget=None)


@dataclass(frozen=True, slots=True)
class Outage:
    """What is wrong, for how long, and how many alerts come meanwhile: one `every` so often, as
    before and after, for three people in turn; of four one has a date of law."""

    weather: Weather
    lasts: timedelta
    every: timedelta
    resends: bool = False  # somebody sends again what perhaps arrived
    kills: int = 0  # so many times a sender is killed, each with twelve alerts to send
    manners: Manners = AT_ANY_HOUR
    per_minute: int | None = 30

    @property
    def begins(self) -> datetime:
        return NOW + 4 * self.every

    @property
    def ends(self) -> datetime:
        return self.begins + self.lasts

    @property
    def arrivals(self) -> list[datetime]:
        return [NOW + n * self.every for n in range(8 + round(self.lasts / self.every))]

    @property
    def silence(self) -> float:
        """Seconds the mail server may be silent: short where it hangs, or a test would too."""
        return 0.5 if self.weather in {Weather.MUTE, Weather.SILENT} else 8


@dataclass(frozen=True, slots=True)
class Received:
    """An alert as it came in at the far end; those with one `message` came in one."""

    number: int
    by_mail: bool
    message: int
    at: datetime


@contextmanager
def play(engine: Engine, outage: Outage) -> Iterator["Story"]:
    """The outage has come and gone, and nothing waits any more. `engine`: an empty database."""
    build(engine)
    with MailHost().serve() as host, receiver() as (port, chat):
        story = Story(engine, outage, host, port, chat)
        story.run()
        yield story


def build(engine: Engine) -> None:
    """One case and its people: mail alone, mail and a chat, nobody to stand in; and who
    administers the contacts, by the chat."""
    a_town(engine)
    a_contact(engine, "admin", "administrator", channel="chat")
    add_way(engine, "jurist", "chat", "", by="director", now=NOW)
    a_case(engine)


class Hands(ThreadPoolExecutor):
    """The sender's own hands, of which one can ask what they are doing."""

    def __init__(self, how_many: int, **more: str) -> None:
        super().__init__(how_many, **more)
        self.flying: list[Future] = []

    def submit(self, *call, **more) -> Future:
        self.flying.append(super().submit(*call, **more))
        return self.flying[-1]


class Story:
    """What happens, moment by moment. The sender's loop asks `over` before each look."""

    def __init__(
        self, engine: Engine, outage: Outage, host: MailHost, port: int, chat: list
    ) -> None:
        self.engine, self.outage, self.host, self.chat = engine, outage, host, chat
        self.now, self.received = NOW, list[Received]()
        self.overtaken = 0  # messages without a date of law that went while one with it waited
        self._read = [0, 0]  # how much of mail and chat was looked at
        self._events = sorted(self._all_events(), key=lambda event: event[0])
        self._quiet = 0
        self.channels = channels(host.port, port, outage.silence)
        self.post = Post(
            engine, self.channels, "http://127.0.0.1:8080", lambda: self.now, lambda: b"x" * 32,
            Customs(lambda person, home: outage.manners, self._per_minute),
        )  # fmt: skip

    def run(self) -> None:
        with patch("flows.deliver.ThreadPoolExecutor", self._hands):
            deliver_loop(self.post, threading.Event(), self.over, poll=0)

    def over(self) -> bool:
        """The clock stands at the next moment something is to be done; True when nothing is. It
        stands still while messages are on their way."""
        wait(self.busy.flying)
        self._people_read()
        coming = next_to_send(self.engine)
        if coming is not None and coming <= self.now:
            self._quiet += 1
            assert self._quiet < 100, f"the outbox asks for {coming} and sends nothing"
            return False
        self._quiet = 0
        if self._events and (coming is None or self._events[0][0] <= coming):
            self.now, happens = self._events.pop(0)
            happens()
        elif coming is None:
            return True
        else:
            self.now = coming
        return False

    def _hands(self, how_many: int, **more: str) -> "Hands":
        self.busy = Hands(how_many, **more)
        return self.busy

    def _all_events(self) -> Iterator:
        outage = self.outage
        for n, at in enumerate(outage.arrivals):
            yield at, lambda n=n: self._comes_in(n)
        yield outage.begins, lambda: self.host.turn(outage.weather)
        yield outage.ends, lambda: self.host.turn(Weather.FINE)
        for n in range(outage.kills):
            yield outage.begins + n * timedelta(hours=1), lambda n=n: self._killed(n)
        if outage.resends:
            yield outage.ends + SEES_AFTER, self._resend

    def _comes_in(self, n: int, people: tuple[str, ...] = ("director", "jurist", "care")) -> None:
        with transaction(self.engine) as session:
            about = session.exec(select(Checkpoint).order_by(Checkpoint.id)).first()
            to = session.exec(select(Contact).where(Contact.key == people[n % 3])).one()
            session.add(Alert(
                case_id=about.case_id, checkpoint_id=about.id, rung=FIRST + n, lead="due",
                recipient_id=to.id, statutory=n % 4 == 3, created_at=self.now,
                state=AlertState.WAITING, next_at=self.now))  # fmt: skip

    def _per_minute(self, channel: str) -> int | None:
        return self.outage.per_minute if channel == "mail" else None

    def _people_read(self) -> None:
        """Whoever got an alert has seen it, and says so."""
        mail = [(True, n, alerts) for n, (_, alerts) in enumerate(self.host.taken)]
        chat = [(False, n, numbers_in(text)) for n, (*_, text) in enumerate(self.chat)]
        new = mail[self._read[0] :] + chat[self._read[1] :]
        self._read = [len(mail), len(chat)]
        for by_mail, message, alerts in new:
            for number in sorted(alerts):
                self.received.append(Received(number, by_mail, message, self.now))
                acknowledge(self.engine, number, by=self._recipient(number), now=self.now)
            self._quiet = 0
        self.overtaken += len(self._without_law(new)) if self._law_waits() else 0

    def _without_law(self, new: list) -> list:
        with reading(self.engine) as session:
            return [
                alerts for by_mail, _, alerts in new
                if by_mail and not any(session.get_one(Alert, n).statutory for n in alerts)
            ]  # fmt: skip

    def _law_waits(self) -> bool:
        """Whether an alert with a date of law could have gone by now."""
        due = select(Alert.id).where(
            Alert.statutory, Alert.next_at <= self.now, Alert.state != AlertState.LEASED
        )
        with reading(self.engine) as session:
            return session.exec(due).first() is not None

    def _recipient(self, number: int) -> str:
        with reading(self.engine) as session:
            return recipient(session, number)

    def _resend(self) -> None:
        with reading(self.engine) as session:
            perhaps = select(Alert.id).where(Alert.state == AlertState.PERHAPS)
            numbers = session.exec(perhaps).all()
        for number in numbers:
            resend(self.engine, number, by="director", now=self.now)

    def _killed(self, time: int) -> None:
        """A sender of its own takes twelve alerts, and is killed while the server has the first
        texts and has not answered yet."""
        for n in range(12):
            self._comes_in(10_000 + 100 * time + n)
        url = self.engine.url.render_as_string(hide_password=False)
        command = [sys.executable, "-m", __name__, url, str(self.host.port), self.now.isoformat()]
        sender = subprocess.Popen(command, cwd=ROOT)
        self.host.on_text = sender.kill
        assert sender.wait(60) == -9
        self.host.on_text = lambda: None


def channels(mail: int, chat: int, silence: float) -> Channels:
    url = MAIL.format(port=mail, silence=silence)
    hook = f"json://127.0.0.1:{chat}/chat"
    return Channels(
        {"mail": Channel(url=SecretStr(url)), "chat": Channel(url=SecretStr(hook), shared=True)},
        PATIENCE,
    )


def recipient(session: Session, number: int) -> str:
    to = session.get_one(Contact, session.get_one(Alert, number).recipient_id)
    return to.key


def twice(received: list[Received]) -> int:
    """How many more than once: each by the number people see."""
    return sum(count - 1 for count in Counter(one.number for one in received).values())


def _send(url: str, port: str, moment: str) -> None:
    """A sender in a process of its own; it never gets to recording anything."""
    now = datetime.fromisoformat(moment)
    post = Post(connect(url), channels(int(port), 9, 8), "http://127.0.0.1", lambda: now)
    deliver_loop(post, threading.Event(), poll=0.1)


if __name__ == "__main__":
    _send(*sys.argv[1:])
