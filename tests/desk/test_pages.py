"""The pages alerts lead to: they say what is asked, tell nobody's name, and change nothing."""

import re

import pytest
from fastapi.testclient import TestClient

from casework.absences import away
from casework.alert_views import alert_list
from casework.connect import connect
from casework.offering import offer
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import refuse
from casework.views import case_view
from casework.words import Role
from desk.pages import pages
from desk.settings import DeskSettings
from tests.builders import NOW, PACKET, a_case, a_town


@pytest.fixture
def client(folder):
    return TestClient(pages(DeskSettings()))


@pytest.fixture
def an_alert(folder) -> int:
    engine = connect()
    a_town(engine)
    a_case(engine, acute=True, reporter_name="Canarie Kanarie")
    while raise_due(engine, NOW.replace(day=4)):
        pass
    number = alert_list(engine)[0].number
    engine.dispose()
    return number


def test_the_link_in_an_alert_says_what_is_asked_by_when_and_how_to_answer(client, an_alert):
    page = client.get(f"/alerts/{an_alert}")
    assert page.status_code == 200
    assert re.search(r"<h1>.+\?</h1>", page.text)
    assert "./estafette case answer 2026-00001" in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")


def test_following_the_link_changes_nothing(client, an_alert, folder):
    engine = connect()
    before = case_view(engine, "2026-00001", NOW)
    for path in (f"/alerts/{an_alert}", "/", "/mail"):
        client.get(path)
        client.head(path)
    assert case_view(engine, "2026-00001", NOW) == before
    engine.dispose()


def test_no_page_shows_a_name_or_an_address(client, an_alert):
    for path in (f"/alerts/{an_alert}", "/"):
        assert not re.search("Voorbeeldstraat|Canarie|voorbeeld.example", client.get(path).text)


def test_an_unknown_alert_is_not_found(client, folder):
    assert client.get("/alerts/77").status_code == 404


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
    page = client.get("/alerts/1").text
    assert accepts in page
    assert refuses in page
    refuse(engine, made.id, by="care", reason="vol", now=NOW)
    assert accepts not in client.get("/alerts/1").text
    pages_since = [client.get(f"/alerts/{a.number}").text for a in alert_list(engine)[:2]]
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
    (page,) = [client.get(f"/alerts/{a.number}").text for a in alert_list(engine)
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
    seen = {a.recipient: client.get(f"/alerts/{a.number}").text for a in alert_list(engine)
            if a.promise == "handover_acknowledged"}  # fmt: skip
    assert "<h1>Heeft u gezien dat deze zaak u wordt aangeboden?</h1>" in seen["care"]
    assert f"handover acknowledge {made.id}" in seen["care"]
    assert "Een ander moet dit nog beantwoorden. Vraagt u ernaar?" in seen["director"]
    assert "contact show care" in seen["director"]
    assert "handover ac" not in seen["director"]
    engine.dispose()
