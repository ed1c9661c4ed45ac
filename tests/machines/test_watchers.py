"""Three watchers and senders on one PostgreSQL, without Prefect; one is killed in mid-send.

The quick sister of test_machines: what raises and sends needs the rows and nothing else.
"""

import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine

from casework.claiming import LEASE
from casework.connect import connect
from flows.clock import now
from flows.deliver import MESSAGES
from tests.builders import a_town
from tests.casework.looking import rows
from tests.conftest import copy_of_template
from tests.faults.mail_host import MailHost
from tests.machines import burst as bursts
from tests.machines.parts import ROOT, Part, eventually

MANNERS = '[everybody]\nhours = "always"\ndigest_at = "never"\nbudget = "none"\n'
CALLS = 24
A_WHILE = timedelta(seconds=5)  # a living sender is done with a mail long before


@pytest.fixture
def town(postgres_url: str) -> Iterator[Engine]:
    engine = connect(copy_of_template(postgres_url))
    a_town(engine)
    yield engine
    engine.dispose()


@contextmanager
def watchers(engine: Engine, mail: MailHost, folder: Path) -> Iterator[list[Part]]:
    (folder / "channels.toml").write_text(MANNERS)
    url = engine.url.render_as_string(hide_password=False)
    started = []
    for name in ("one", "two", "three"):
        env = os.environ | {
            "ESTAFETTE_DATA": str(folder / name), "ESTAFETTE_DATABASE_URL": url,
            "ESTAFETTE_CHANNELS_FILE": str(folder / "channels.toml"),
            "ESTAFETTE_SMTP_PORT": str(mail.port), "ESTAFETTE_LINK_SECRET": "x" * 40,
        }  # fmt: skip
        (folder / name).mkdir()
        part = Part(name, [sys.executable, "-m", "flows.plain"], env, folder, cwd=ROOT)
        part.start()
        started.append(part)
    try:
        yield started
    finally:
        for part in started:
            part.kill()


@pytest.mark.timeout(280)
def test_of_three_watchers_one_is_killed_in_a_burst_and_the_others_raise_and_send_it_all(
    town, tmp_path
):
    mail = MailHost()
    with mail.serve(), watchers(town, mail, tmp_path) as started:
        at = bursts.burst(town, "burst", cases=CALLS)
        mail.on_text = lambda: started[0].kill()
        assert eventually(lambda: bursts.all_raised(town, at))
        assert eventually(lambda: all_gone_but_what_the_dead_one_held(town))
    assert started[0].is_over()
    assert len(bursts.lateness(town, at)) == CALLS
    assert bursts.raised_twice(town) == {}
    found = {finding.what for finding in bursts.findings(town)}
    assert found <= {"no-run"}, "without Prefect there are none"
    held = {one["id"] for one in rows(town, "alerts", "state = 'leased'")}
    came = Counter(number for _, numbers in mail.taken for number in numbers)
    sent = {one["id"] for one in rows(town, "alerts", "state = 'delivered'")}
    assert sent == came.keys() - held
    assert {times for number, times in came.items() if number not in held} == {1}


def all_gone_but_what_the_dead_one_held(engine: Engine) -> bool:
    """What it had leased is another's after two minutes: test_senders follows it that far."""
    waits = rows(engine, "alerts", "state IN ('waiting', 'failed')")
    leased = rows(engine, "alerts", "state = 'leased'")
    nobody_is_at_it = all(one["next_at"] < now() + LEASE - A_WHILE for one in leased)
    return not waits and nobody_is_at_it and len(leased) <= MESSAGES
