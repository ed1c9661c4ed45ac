"""The pages for who is at the machine, and the ways that the page of an alert spells out."""

import re
import smtplib

import pytest
from fastapi.testclient import TestClient

from casework.absences import away
from casework.alert_links import alert_link
from casework.alert_views import alert_list
from casework.connect import connect
from casework.link_tokens import link_secret
from casework.offering import offer
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import refuse
from casework.words import Role
from desk.clock import now
from desk.pages import pages
from desk.settings import DeskSettings
from notifications.mailbox import Mailbox
from tests.builders import NOW, PACKET, a_case, a_town
from tests.casework.looking import behind_the_back, everything


@pytest.fixture
def client(folder):
    return TestClient(pages(DeskSettings()), base_url="http://127.0.0.1")


@pytest.fixture
def an_alert(folder) -> str:
    engine = connect()
    a_town(engine)
    a_case(engine, acute=True, reporter_name="Canarie Kanarie")
    while raise_due(engine, NOW.replace(day=4)):
        pass
    leads_to = place(engine, alert_list(engine)[0])
    engine.dispose()
    return leads_to


def place(engine, alert) -> str:
    """Where the link in this alert's message leads."""
    token = alert_link(engine, alert.number, to=alert.recipient, secret=link_secret(), now=now())
    return f"/a/{token}"


def test_following_the_link_changes_nothing(client, an_alert):
    engine = connect()
    before = everything(engine)
    for path in (an_alert, "/", "/mail"):
        client.get(path)
        client.head(path)
    assert everything(engine) == before
    engine.dispose()


@pytest.mark.parametrize(("seen_at", "public"), [
    ("http://estafette.gemeente.example", ""), ("http://127.0.0.1", "https://estafette.example"),
])  # fmt: skip
def test_cases_and_mailbox_are_seen_at_the_machine_alone(
    client, an_alert, monkeypatch, seen_at, public
):
    monkeypatch.setenv("ESTAFETTE_DESK_URL", public)
    for path in ("/", "/mail"):
        assert client.get(f"{seen_at}{path}").status_code == 404
    assert client.get(f"{seen_at}{an_alert}").status_code == 200


def test_no_page_shows_a_name_or_an_address(client, an_alert):
    for path in (an_alert, "/"):
        assert not re.search("Voorbeeldstraat|Canarie|voorbeeld.example", client.get(path).text)


def test_an_alert_has_no_page_without_a_seal(client, an_alert):
    for path in ("/alerts/1", "/a/1", "/a/a1.1.20990101." + "A" * 43):
        assert client.get(path).status_code == 404


def test_the_link_in_a_letter_of_the_mailbox_can_be_followed_and_no_other(client, folder):
    with Mailbox(folder / "mailbox").serve(port=0) as port, smtplib.SMTP("127.0.0.1", port) as mail:
        mail.sendmail("a@voorbeeld.example", "b@voorbeeld.example", (
            "Subject: proef\r\n\r\nBekijk: https://elders.example/a/a1.2.20260401.AB-c_.\r\n"
            "https://elders.example/weg <b>vet</b>\r\n"))  # fmt: skip
    page = client.get("/mail").text
    links = [link for link in re.findall(r'href="([^"]*)"', page) if "/static/" not in link]
    assert links == ["/", "/mail", "/a/a1.2.20260401.AB-c_"]
    assert "<b>" not in page
    assert "AB-c_</a>." in page


def test_an_empty_desk_says_so(client, folder):
    assert "Er zijn geen open zaken." in client.get("/").text
    assert "nog niets aangekomen" in client.get("/mail").text


def test_the_page_of_an_alert_spells_out_what_its_reader_can_do_now(client, folder):
    engine = connect()
    a_town(engine)
    key = a_case(engine, "voluntary_care")
    made = offer(engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
                 by="director", now=NOW)  # fmt: skip
    accepts, refuses = f"handover accept {made.id}", f"handover refuse {made.id}"
    first = place(engine, alert_list(engine)[-1])
    page = client.get(first).text
    assert accepts in page
    assert refuses in page
    refuse(engine, made.id, by="care", reason="vol", now=NOW)
    assert accepts not in client.get(first).text
    pages_since = [client.get(place(engine, a)).text for a in alert_list(engine)[:2]]
    assert all(f"handover offer {key} --role care_lead" in page for page in pages_since)
    assert not [page for page in pages_since if PACKET["summary"] in page or "vol" in page]
    engine.dispose()


def test_who_hears_that_nobody_is_there_reads_how_to_take_back_or_assign(client, folder):
    engine = connect()
    a_town(engine)
    key = a_case(engine, "voluntary_care")
    made = offer(engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
                 by="director", now=NOW)  # fmt: skip
    away(engine, "care", since=NOW, by="care", now=NOW)
    (page,) = [client.get(place(engine, a)).text for a in alert_list(engine)
               if a.lead == "unreached"]  # fmt: skip
    assert f"handover revoke {made.id}" in page
    assert f"handover assign {key} --role care_lead" in page
    assert "handover accept" not in page
    engine.dispose()


def test_who_waits_for_anothers_answer_reads_whom_to_ask_and_not_how_to_answer(client, folder):
    engine = connect()
    a_town(engine)
    key = a_case(engine, "voluntary_care")
    made = offer(engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
                 by="director", now=NOW)  # fmt: skip
    while raise_due(engine, NOW.replace(day=4)):
        pass
    seen = {a.recipient: client.get(place(engine, a)).text for a in alert_list(engine)
            if a.promise == "handover_acknowledged"}  # fmt: skip
    assert "<h1>Heeft u gezien dat deze zaak u wordt aangeboden?</h1>" in seen["care"]
    assert f"handover acknowledge {made.id}" in seen["care"]
    assert "Een ander moet dit nog beantwoorden. Vraagt u ernaar?" in seen["director"]
    assert "contact show care" in seen["director"]
    assert "handover ac" not in seen["director"]
    engine.dispose()


@pytest.mark.parametrize("nonsense", ["1 december", "morgen", "9999-12-31T23:59:59.000000Z"])
def test_a_moment_that_is_none_stops_no_page(client, an_alert, estafette, nonsense):
    engine = connect()
    behind_the_back(engine, f"UPDATE checkpoints SET next_at = '{nonsense}' WHERE state = 'open'")
    behind_the_back(engine, f"UPDATE alerts SET next_at = '{nonsense}' WHERE next_at IS NOT NULL")
    behind_the_back(engine, f"UPDATE visits SET entered_at = '{nonsense}'")
    engine.dispose()
    for path in ("/", an_alert, "/metrics"):
        assert client.get(path).status_code == 200, path
    said = estafette("audit")
    assert "no-moment (checkpoints " in said.out
    assert nonsense not in said.out
    for command in ("case list", "case show 2026-00001", "alert list --unsent"):
        assert "Traceback" not in estafette(*command.split()).err
