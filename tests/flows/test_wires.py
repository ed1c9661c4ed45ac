"""The wires: a channels file that changes is taken over while sending goes on."""

import threading
import time
from datetime import timedelta

import pytest

from casework.alert_views import alert_list
from casework.promises import raise_due
from escalation.interruptions import ALWAYS
from flows import bells
from flows.clock import now
from flows.deliver import deliver_plainly
from flows.wires import Watched, log
from notifications.channels import ChannelError
from notifications.mailbox import Mailbox
from tests.builders import a_case
from tests.postgres import free_port

ALWAYS_OPEN = '[everybody]\nhours = "always"\ndigest_at = "never"\nbudget = "none"\n'
NEVER_BACK = ALWAYS_OPEN + 'fall_back_after = "never"\nunseen_after = "never"\n'
NOT_NOW = '[everybody]\nhours = "{day} 03:00-03:01"\n'


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_DATA", str(tmp_path))
    return tmp_path / "channels.toml"


def test_a_file_that_changed_is_taken_over_once(file):
    watched = Watched()
    first, is_new = watched.now()
    assert (is_new, first.customs.manners_of("anna", "gemeente").budget) == (True, 3)
    assert watched.now() == (first, False)
    file.write_text(NEVER_BACK)
    second, is_new = watched.now()
    assert (is_new, second.customs.manners_of("anna", "gemeente")) == (True, ALWAYS)
    assert watched.now() == (second, False)


@pytest.mark.parametrize("damage", ["[channels", '[everybody]\nbudget = "KANARIE"\n'])
def test_a_damaged_file_leaves_the_former_in_force_and_is_said_once(file, said_by, damage):
    watched = Watched()
    former, _ = watched.now()
    file.write_text(damage)
    assert [watched.now() for _ in range(3)] == [(former, False)] * 3
    assert [record.levelname for record in said_by(log)] == ["ERROR"]


def test_a_sender_does_not_begin_with_a_damaged_file(file):
    file.write_text("[channels")
    with pytest.raises(ChannelError):
        Watched()


@pytest.mark.usefixtures("house")
def test_what_was_held_goes_when_a_running_sender_takes_over_other_manners(
    file, house, tmp_path, monkeypatch
):
    day = f"{now() + timedelta(days=2):%a}".lower()
    file.write_text(NOT_NOW.format(day=day))
    a_case(house, "voluntary_care", now() - timedelta(days=30))
    while raise_due(house, now()):
        pass
    due, end = [a for a in alert_list(house) if not a.statutory], time.monotonic() + 60
    saved = threading.Event()

    def over() -> bool:
        states = {alert.number: alert.state for alert in alert_list(house)}
        held = all(states[alert.number] == "waiting" for alert in due)
        if held and not saved.is_set() and next_looks():
            file.write_text(ALWAYS_OPEN)
            saved.set()
        bells.OUTBOX.ring()
        arrived = all(states[alert.number] == "delivered" for alert in due)
        return arrived or time.monotonic() > end

    looks = iter(range(3))
    next_looks = lambda: next(looks, None) is None  # noqa: E731
    port = free_port()
    monkeypatch.setenv("ESTAFETTE_SMTP_PORT", str(port))
    with Mailbox(tmp_path / "mail").serve(port=port):
        deliver_plainly(over)
    assert saved.is_set(), "they were held at first"
    assert {alert.state for alert in alert_list(house)} == {"delivered"}
