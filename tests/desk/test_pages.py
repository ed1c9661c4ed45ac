"""The pages alerts lead to: they say what is asked, tell nobody's name, and change nothing."""

import re

import pytest
from fastapi.testclient import TestClient

from casework.connect import connect
from casework.promises import raise_due
from casework.views import alert_list, case_view
from desk.pages import pages
from desk.settings import DeskSettings
from tests.builders import NOW, a_case, a_town


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
