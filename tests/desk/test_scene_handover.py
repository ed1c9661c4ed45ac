"""The demo shows a handover nobody wants: refused twice, forced by the process director, read back
and reported back, and every letter about it arrives. Here on a virtual clock."""

import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from casework.alert_views import AlertView, alert_list, deliveries
from casework.alerts import next_to_send
from casework.audit import audit
from casework.connect import connect
from casework.handover_views import HandoverDetail, handover_list
from casework.holding import held_at
from casework.promises import raise_due
from casework.views import timeline
from casework.words import Role
from desk import scene
from desk.scene import PIECES, Scene, play_next, set_scene
from flows.deliver import Post, deliver_loop
from notifications.channels import Channels, local_mail
from notifications.mailbox import Letter, Mailbox, letters

SUNDAY_NIGHT = datetime(2026, 11, 22, 2, 17, 33, 250_000, tzinfo=UTC)
SECONDS = 10  # so often the virtual clock is looked at
END = 360


@dataclass(frozen=True)
class Evening:
    """Six minutes of the demo: what stands in the rows after it, and what the mailbox received."""

    engine: Engine
    case: str
    handovers: list[HandoverDetail]
    alerts: list[AlertView]
    letters: list[Letter]

    @property
    def ends(self) -> datetime:
        return SUNDAY_NIGHT + timedelta(seconds=END)


@pytest.fixture(scope="module")
def evening(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evening]:
    """Played once; the tests only look at it."""
    folder = tmp_path_factory.mktemp("evening")
    (folder / "estafette.db").write_bytes(sqlite_template.read_bytes())
    engine = connect(f"sqlite:///{folder / 'estafette.db'}")
    yield played(engine, folder / "mail")
    engine.dispose()


def played(engine: Engine, mail: Path) -> Evening:
    with warnings.catch_warnings():  # the first import warns; the hands would each meet that
        warnings.simplefilter("ignore")
        import_module("apprise.utils.pgp")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scene, "PIECES", [p for p in PIECES if p.name == "nobody_wants"])
        on = set_scene(engine, SUNDAY_NIGHT)
    with Mailbox(mail).serve(port=0) as port:
        channels = Channels({"mail": local_mail(port)})
        for seconds in range(0, END, SECONDS):
            pass_time(engine, on, channels, SUNDAY_NIGHT + timedelta(seconds=seconds))
    case = on.cases[0]
    return Evening(
        engine, case, handover_list(engine, case_key=case)[::-1],
        alert_list(engine, case_key=case, limit=1000)[::-1], letters(mail),
    )  # fmt: skip


def pass_time(engine: Engine, on: Scene, channels: Channels, at: datetime) -> None:
    """What the demo does in a moment: raise, play what is due, deliver what waits."""
    raise_due(engine, at)
    play_next(engine, on, at)

    def all_sent() -> bool:
        waits = next_to_send(engine)
        return waits is None or waits > at

    post = Post(engine, channels, "http://127.0.0.1:8080", now=lambda: at)
    deliver_loop(post, threading.Event(), all_sent, poll=0.01)


def test_it_is_refused_twice_forced_read_back_and_reported_back(evening):
    went = [(h.receiver, h.state, h.forced_by) for h in evening.handovers]
    assert went == [
        ("arnhem-zorg", "refused", None),
        ("arnhem-corporatie", "refused", None),
        ("arnhem-zorg", "closed", "arnhem-procesregie"),
    ]
    assert all(h.reason for h in evening.handovers[:2])
    forced = evening.handovers[-1]
    assert forced.forced_because
    assert forced.read_back
    assert forced.report
    assert forced.packet["summary"] == evening.handovers[0].packet["summary"]


def test_it_happens_live_half_a_minute_apart_within_six_minutes(evening):
    steps = [
        line.at - SUNDAY_NIGHT
        for line in timeline(evening.engine, evening.case)
        if line.what.startswith("handover_")
    ]
    assert len(steps) == 8
    assert steps[-1] < timedelta(minutes=6)
    apart = [later - sooner for sooner, later in pairwise(steps)]
    assert min(apart) >= timedelta(seconds=30)


def test_every_alert_of_it_is_delivered_to_the_local_mailbox(evening):
    told = [(a.lead, a.recipient) for a in evening.alerts if a.handover and not a.promise]
    assert told == [
        ("offered", "arnhem-zorg"),
        ("refused", "arnhem-regie"), ("returned", "arnhem-procesregie"),
        ("offered", "arnhem-corporatie"),
        ("refused", "arnhem-regie"), ("decide", "arnhem-procesregie"),
        ("assigned", "arnhem-zorg"), ("taken", "arnhem-regie"),
        ("accepted", "arnhem-regie"), ("read_back", "arnhem-procesregie"),
        ("contacted", "arnhem-regie"), ("reported", "arnhem-regie"),
    ]  # fmt: skip
    live = [a for a in evening.alerts if a.created_at > SUNDAY_NIGHT]
    assert {a.state for a in live} == {"delivered"}
    assert sorted(letter.number or 0 for letter in evening.letters) == [a.number for a in live]
    for alert in live:
        attempts = deliveries(evening.engine, alert.number)
        assert [(channel, outcome) for _n, channel, outcome, _ in attempts] == [
            ("mail", "delivered")
        ]


def test_no_letter_about_it_tells_what_it_is_about(evening):
    said = [
        text
        for handover in evening.handovers
        for text in (
            handover.packet["summary"], handover.packet["if_then"], handover.reason,
            handover.read_back, handover.report, handover.forced_because,
        )
        if text
    ]  # fmt: skip
    written = " ".join(letter.subject + letter.body for letter in evening.letters)
    assert not [text for text in said if text in written]


def test_the_case_is_never_without_a_holder_meanwhile(evening):
    for seconds in range(END):
        at = SUNDAY_NIGHT + timedelta(seconds=seconds)
        assert held_at(evening.engine, evening.case, Role.DIRECTOR, at) == "arnhem-regie"
    assert held_at(evening.engine, evening.case, Role.CARE, evening.ends) == "arnhem-zorg"
    assert {f.what for f in audit(evening.engine, evening.ends).findings} <= {"no-run"}
