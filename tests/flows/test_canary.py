"""A canary in every field that is about people: it comes out of the database nowhere.

Not in a message, a link, a log line, or anything Prefect keeps (names, tags, parameters, states,
logs, artifacts), while a case is reported, handed over, refused, asked about, waits and rings.
"""

import io
import logging
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa

from casework.absences import away
from casework.alerts import next_to_send
from casework.forcing import assign
from casework.intake import receive_signal
from casework.ledger import redate_term
from casework.organisations import OrganisationDetails, set_organisation
from casework.promises import answer, raise_due
from casework.receiving import accept, ask_call
from casework.reporting import contacted, report_back
from casework.requests import ask, reply
from casework.succession import pass_on
from casework.troubles import tell_troubles
from casework.waits import wait
from casework.ways import add_way
from casework.words import Answer, Role
from escalation.troubles import RUNS_FAILED, TROUBLES
from flows import logs
from flows.audit import audit_once
from flows.clock import now
from flows.deliver import Post, deliver_loop
from flows.house_pictures import show_house
from flows.settings import FlowSettings
from flows.troubles import trouble
from notifications.channels import Channels, local_mail
from notifications.mailbox import Mailbox
from tests.builders import PACKET, TOWN, a_contact, a_signal, act, go
from tests.casework.handing import offered, refused
from tests.flows.working import arm

# Prefect's watchers of events are given two seconds to close; on a busy machine they need more.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")

CANARY = "Kanariepietstraat"
SAID = f"{CANARY} nam dit op zich en belt morgen met de buurvrouw van nummer twaalf"
# Every column that holds what people typed, or who they are. A new one is added here.
ABOUT_PEOPLE = {
    ("acts", "facts"), ("cases", "address"), ("checkpoints", "derivation"),
    ("checkpoints", "reason"), ("contacts", "name"), ("handovers", "call"),
    ("handovers", "forced_because"), ("handovers", "packet"), ("handovers", "read_back"),
    ("handovers", "reason"), ("handovers", "report"), ("organisations", "card"),
    ("organisations", "name"), ("reporters", "contact"), ("reporters", "name"),
    ("requests", "ask"), ("requests", "reason"), ("signals", "text"), ("successions", "because"),
    ("term_changes", "ground"), ("term_changes", "reason"), ("waits", "reason"),
}  # fmt: skip


@pytest.fixture
def planted(house):
    """The key of a case in which the canary is in every field that is about people."""
    a_contact(house, "extra", "care_worker", organisation=f"zorg-{TOWN}", name=CANARY)
    with house.begin() as rows:  # no verb renames an organisation
        rows.execute(sa.text("UPDATE organisations SET name = :name"), {"name": CANARY})
    card = OrganisationDetails(can=SAID, cannot=SAID, when=SAID, how_fast=SAID)
    set_organisation(house, f"zorg-{TOWN}", card, by="care", now=now())
    add_way(house, "care", "sms", "+31600000000", by="care", now=now())
    key = receive_signal(house, a_signal(
        address=f"{CANARY} 12", received_at=now(), text=SAID, reporter_name=CANARY,
        reporter_contact=f"{CANARY}@voorbeeld.example"), now()).case_key  # fmt: skip
    act(house, key, "note_added", now(), text=SAID)
    packet = {part: f"{CANARY} {text}" if isinstance(text, str) and " " in text else text
              for part, text in PACKET.items()}  # fmt: skip
    refused(house, offered(house, key, packet=_packet(packet), now=now()).id,
            reason=SAID, now=now())  # fmt: skip
    taken = offered(house, key, packet=_packet(packet), now=now())
    ask_call(house, taken.id, by="care", how=SAID, now=now())
    accept(house, taken.id, by="care", read_back=SAID, now=now())
    contacted(house, taken.id, by="care", now=now(), given=Answer.NOT_DONE, reason=SAID)
    report_back(house, taken.id, by="care", report=SAID, now=now())
    asked = ask(house, key, to="care", what=SAID, by="director", now=now())
    reply(house, asked.id, by="care", given=Answer.CANNOT_SHARE, reason=SAID, now=now())
    until = (now() + timedelta(days=10)).date()
    wait(house, key, until=until, reason=SAID, by="director", now=now())
    redate_term(house, key, "acknowledged", on=now().date(), to=until, by="director", ground=SAID,
                reason=SAID, now=now())  # fmt: skip
    pass_on(house, "care", to=["extra"], packet=_packet(packet), by="care", because=SAID,
            now=now())  # fmt: skip
    assign(house, key, role=Role.ENFORCEMENT, to="jurist", by="process", because=SAID,
           packet=_packet(packet), now=now())  # fmt: skip
    answer(house, key, "triaged", given=Answer.NOT_DONE, by="director", reason=SAID, now=now())
    away(house, "head", since=now(), until=None, by="head", now=now())
    return key


def test_no_word_about_people_leaves_the_database(
    house, prefect, workers, server, planted, process_log, tmp_path, caplog, capfd
):
    # The key that cases are found by is the address again.
    assert with_canary(house) - {("cases", "address_key")} == ABOUT_PEOPLE
    caplog.set_level("DEBUG")
    arm(house)
    workers.enter_due()
    go(house, planted, "take_up", now())
    arm(house)
    workers.enter_due()
    later = now() + timedelta(days=30)
    while raise_due(house, later):
        pass
    assert tell_troubles(house, dict.fromkeys(TROUBLES, 3), later) == len(TROUBLES)
    trouble(kind=RUNS_FAILED, run="a run", of="signal", return_state=True)
    broken_off(house, workers, planted)
    show_house(prefect, later)
    mail = everything_sent(house, tmp_path / "mail", later)
    audit_once(FlowSettings())
    assert b"estafette-" in mail, "messages did go out"
    kept = b"".join(file.read_bytes() for file in (server / "prefect").glob("prefect.db*"))
    assert planted.encode() in kept, "Prefect did see the case"
    assert b"een fout van Estafette zelf" in kept, "a visit did fail"
    assert planted in process_log.getvalue(), "the process did log about the case"
    told = {
        "a message or link": mail, "Prefect": kept, "a log": caplog.text.encode(),
        "the log of a process": process_log.getvalue().encode(),
        "the screen": "".join(capfd.readouterr()).encode(),
    }  # fmt: skip
    assert [place for place, text in told.items() if CANARY.encode() in text] == []


@pytest.fixture
def process_log():
    """What our own processes would write, with every line of every library."""
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logs.form("json"))
    logging.getLogger().addHandler(handler)
    yield handler.stream
    logging.getLogger().removeHandler(handler)


def broken_off(house, workers, key) -> None:
    """A visit fails by an error that quotes the canary."""
    act(house, key, "note_added", now(), text=SAID)
    arm(house)
    with house.begin() as rows:
        rows.execute(sa.text(
            "CREATE TRIGGER refuse BEFORE UPDATE ON visits BEGIN"
            f" SELECT RAISE(ABORT, '{SAID}'); END"
        ))  # fmt: skip
    workers.enter_due()
    with house.begin() as rows:
        rows.execute(sa.text("DROP TRIGGER refuse"))


def with_canary(house) -> set[tuple[str, str]]:
    """Where in the database the canary is, by table and column."""
    found = set()
    with house.connect() as rows:
        for table in sa.inspect(house).get_table_names():
            for row in rows.execute(sa.text(f'SELECT * FROM "{table}"')).mappings():
                found |= {(table, column) for column, said in row.items() if CANARY in str(said)}
    return found


def everything_sent(house, folder, moment) -> bytes:
    """All letters as they were received, headers included."""
    with Mailbox(folder).serve(port=0) as port:
        channels = Channels({"mail": local_mail(port), "sms": local_mail(port)})
        post = Post(house, channels, "http://127.0.0.1:8080", now=lambda: moment)
        end = time.monotonic() + 60
        sent = lambda: (next_to_send(house) or moment + timedelta(1)) > moment  # noqa: E731
        deliver_loop(post, threading.Event(), lambda: sent() or time.monotonic() > end, poll=0.05)
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def _packet(parts):
    from casework.packets import Packet

    return Packet.model_validate(parts)
