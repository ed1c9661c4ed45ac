"""The page of an alert: it says what is asked, changes nothing when it is opened, and takes a
one-time code before its reader has seen it."""

import re
from datetime import timedelta
from html.parser import HTMLParser
from types import SimpleNamespace

import pytest
from fastapi.testclient import TestClient

from casework.acknowledging import acknowledge
from casework.alert_links import alert_link
from casework.alert_views import alert_list
from casework.codes import HOLDS, code_in_message
from casework.connect import connect
from casework.link_sessions import session_for
from casework.link_tokens import link_secret
from casework.notices import raise_notices
from casework.promises import answer, raise_due
from casework.troubles import tell_troubles
from casework.words import Answer
from desk.alert_pages import SEEN, said
from desk.clock import now
from desk.pages import pages
from desk.settings import DeskSettings
from desk.showing import COOKIE
from escalation.link_replies import GONE, PAST
from escalation.troubles import TROUBLES
from tests.builders import NOW, a_case, a_contact, a_town
from tests.casework.looking import T, everything, kinds, rows

DUE = NOW.replace(day=4, hour=9)


class Form(HTMLParser):
    """What a browser finds in a page: labels, fields, and the buttons with where they lead."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labels: list[str | None] = []
        self.inputs: dict[str | None, dict[str, str | None]] = {}
        self.buttons: list[str | None] = []
        self.ids: list[str] = []
        self.lang: str | None = None
        self._action: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids += [found["id"]] if "id" in found else []
        if tag == "html":
            self.lang = found["lang"]
        if tag == "form":
            self._action = found["action"]
        if tag == "label":
            self.labels.append(found["for"])
        if tag == "input":
            self.inputs[found["id"]] = found
        if tag == "button":
            self.buttons.append(found.get("formaction", self._action))


@pytest.fixture
def engine(folder):
    made = connect()
    a_town(made)
    yield made
    made.dispose()


@pytest.fixture
def alert(engine) -> int:
    """The director's alert about a promise that is due."""
    a_case(engine, reporter_name="Canarie Kanarie")
    while raise_due(engine, DUE):
        pass
    return next(a.number for a in alert_list(engine) if a.recipient == "director")


@pytest.fixture
def place(engine, alert) -> str:
    return place_of(engine, alert)


def place_of(engine, number, to="director", at=None):
    token = alert_link(engine, number, to=to, secret=link_secret(), now=at or now())
    return f"/a/{token}"


@pytest.fixture
def client(folder):
    return TestClient(pages(DeskSettings()), base_url="http://127.0.0.1")


def shown_as(browser, engine, key):
    """The browser of somebody who has shown who they are."""
    given = session_for(engine, number_of(engine, key), secret=link_secret(), now=now())
    browser.cookies.set(COOKIE, given)
    return browser


def number_of(engine, key):
    return next(row["id"] for row in rows(engine, "contacts") if row["key"] == key)


def newest_code(engine, to="director"):
    number = rows(engine, "codes")[-1]["id"]
    code = code_in_message(engine, number, to=to, secret=link_secret())
    return f"{code[:4]} {code[4:]}"


def change(engine, table, **values):
    with engine.begin() as connection:
        connection.execute(T[table].update().values(values))


# --- what it shows -------------------------------------------------------------------------------


def test_the_link_in_an_alert_says_what_is_asked_by_when_and_how_to_answer(client, place):
    page = client.get(place)
    assert page.status_code == 200
    assert re.search(r"<h1>.+\?</h1>", page.text)
    for shown in ("2026-00001", "wo 4 mrt 2026", "./estafette case answer 2026-00001"):
        assert shown in page.text


def test_opening_changes_no_row_at_all_however_often_and_by_whatever_program(client, engine, place):
    before = everything(engine)
    for look in (client.get, client.head, client.get, client.head, client.options):
        look(place)
    shown_as(client, engine, "director").get(place)
    assert everything(engine) == before


def test_a_program_that_asks_only_for_the_head_hears_that_the_link_is_good(client, place):
    page = client.head(place)
    assert (page.status_code, page.text) == (200, "")


def test_the_page_tells_nobodys_name_leads_nowhere_else_and_keeps_the_link_to_itself(client, place):
    page = client.get(place)
    assert not re.search("Voorbeeldstraat|Canarie|voorbeeld.example|Voorbeeld Dir", page.text)
    assert re.findall(r'href="([^"]*)"', page.text) == ["/static/estafette.css"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "set-cookie" not in page.headers


@pytest.mark.parametrize(
    ("state", "says"), [("delivered", "bezorgd"), ("perhaps", "misschien bezorgd")]
)
def test_the_page_says_whether_the_message_arrived(client, engine, place, state, says):
    change(engine, "alerts", state=state, next_at=None)
    assert f"<dd>{says}</dd>" in client.get(place).text


def test_the_page_says_how_many_have_seen_it_and_not_who(client, engine, place, alert):
    acknowledge(engine, alert, by="deputy", now=now())
    assert "door 1 ander<" in client.get(place).text
    acknowledge(engine, alert, by="process", now=now())
    acknowledge(engine, alert, by="director", now=now())
    page = client.get(place).text
    assert re.search(r"door u, .+ en door 2 anderen", page)
    assert not re.search("deputy|process", page)


def test_an_old_message_says_that_there_is_a_newer_one(client, engine, place):
    assert "nieuwer bericht" not in client.get(place).text
    while raise_due(engine, DUE + timedelta(days=14)):
        pass
    assert "nieuwer bericht" in client.get(place).text


def test_a_question_that_is_answered_says_so(client, engine, place):
    answer(engine, "2026-00001", "acknowledged", given=Answer.DONE, by="director", now=now())
    page = client.get(place).text
    assert "inmiddels beantwoord of vervallen" in page
    assert "<button" not in page


# --- links that open nothing ---------------------------------------------------------------------


def test_a_link_that_does_not_hold_says_so_in_one_sentence_for_every_cause(
    client, engine, place, alert
):
    wrong = client.get("/a/onzin")
    assert (wrong.status_code, GONE.nl in wrong.text) == (404, True)
    others = [place[:-1] + ("A" if place[-1] != "A" else "B"), place_of(engine, alert, "care"),
              place_of(engine, 1).replace("/a/a1.", "/a/a77.")]  # fmt: skip
    for path in (*others, *(f"{other}/{verb}" for other in others for verb in ("code", "seen"))):
        call = client.post if path.endswith(("code", "seen")) else client.get
        page = call(path)
        assert (page.status_code, page.text) == (404, wrong.text)
    assert not rows(engine, "codes")


def test_a_link_that_expired_says_so_plainly_and_how_to_go_on(client, engine, alert):
    old = place_of(engine, alert, at=now() - timedelta(days=32))
    before = everything(engine)
    for page in (client.get(old), client.post(f"{old}/code"), client.post(f"{old}/seen")):
        assert page.status_code == 410
        assert "Deze link is verlopen" in page.text
        assert PAST.nl in page.text
        assert f"bericht nummer {alert}" in page.text
    assert everything(engine) == before


# --- showing who you are -------------------------------------------------------------------------


def test_nothing_changes_without_a_code(client, engine, place):
    before = everything(engine)
    page = client.post(f"{place}/seen")
    assert (page.status_code, "Vraag een nieuwe code" in page.text) == (422, True)
    assert everything(engine) == before


def test_a_code_goes_to_the_recipient_alone_and_the_page_asks_for_it(client, engine, place):
    page = client.post(f"{place}/code")
    assert page.status_code == 200
    assert "Wij hebben u een code gestuurd" in page.text
    (code,) = (a for a in alert_list(engine) if a.lead == "code")
    assert code.recipient == "director"
    form = Form(page.text)
    assert form.labels == ["code"]
    field = form.inputs["code"]
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")
    assert form.buttons == [f"{place}/seen", f"{place}/code"]
    assert form.lang == "nl"
    assert Form(client.get(place).text).labels == ["code"], "also when the page is opened anew"


def test_the_right_code_is_enough_to_have_seen_it_and_opens_a_session(client, engine, place):
    client.post(f"{place}/code")
    page = client.post(f"{place}/seen", data={"code": newest_code(engine)})
    assert (page.status_code, SEEN["quiet"] in page.text) == (200, True)
    assert [row["by"] for row in rows(engine, "acknowledgements")] == ["director"]
    assert kinds(engine, "2026-00001")[-1] == "acknowledged"
    cookie = page.headers["set-cookie"]
    assert re.fullmatch(
        rf"{COOKIE}={number_of(engine, 'director')}\.[0-9]+\.[\w-]{{43}}; HttpOnly; "
        "Max-Age=43200; Path=/; SameSite=lax",
        cookie,
    )
    again = client.post(f"{place}/seen")
    assert SEEN["known"] in again.text


def test_behind_https_the_session_goes_over_nothing_else(client, engine, place, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_DESK_URL", "https://estafette.voorbeeld.example")
    client.post(f"{place}/code")
    page = client.post(f"{place}/seen", data={"code": newest_code(engine)})
    assert "; Secure" in page.headers["set-cookie"]


def test_with_a_session_one_press_is_enough_also_for_another_alert(client, engine, place, alert):
    page = shown_as(client, engine, "director").get(place)
    assert Form(page.text).buttons == [f"{place}/seen", "/out"]
    assert SEEN["quiet"] in client.post(f"{place}/seen").text
    assert not rows(engine, "codes")


@pytest.mark.parametrize("who", ["deputy", "care", "process"])
def test_the_session_of_somebody_else_has_seen_nothing_for_them(client, engine, place, who):
    before = everything(engine)
    page = shown_as(client, engine, who).get(place)
    assert "iemand anders" in page.text
    assert Form(page.text).buttons == [f"{place}/code"]
    assert client.post(f"{place}/seen").status_code == 422
    assert everything(engine) == before


def test_a_session_is_void_once_its_contact_is_elsewhere(client, engine, place):
    shown_as(client, engine, "director")
    a_contact(engine, "director", "case_director", organisation="zorg-voorbeeldstad")
    assert client.get(place).status_code == 404
    token = place_of(engine, 1)
    before = everything(engine)
    assert client.post(f"{token}/seen").status_code == 422
    assert everything(engine) == before


def test_a_browser_can_be_told_to_forget(client, engine, place):
    shown_as(client, engine, "director")
    page = client.post("/out")
    assert "Deze browser kent u niet meer" in page.text
    assert f'{COOKIE}=""' in page.headers["set-cookie"]


@pytest.mark.parametrize(("code", "says"), [("12", "acht cijfers"), ("0000 0000", "klopt niet")])
def test_a_code_that_does_not_do_is_said_plainly_at_its_field(client, engine, place, code, says):
    client.post(f"{place}/code")
    page = client.post(f"{place}/seen", data={"code": code})
    assert page.status_code == 422
    assert re.search(rf'role="alert">.+<a href="#code">[^<]*{says}', page.text, re.S)
    assert "<title>Let op: " in page.text
    form = Form(page.text)
    field = form.inputs["code"]
    assert (field["aria-invalid"], field["value"]) == ("true", code)
    assert set(field["aria-describedby"].split()) <= set(form.ids)
    assert COOKIE not in client.cookies
    assert not rows(engine, "acknowledgements")


def test_a_used_and_an_expired_code_are_said_plainly(client, engine, place):
    client.post(f"{place}/code")
    code = newest_code(engine)
    change(engine, "codes", used_at=now())
    assert "al een keer gebruikt" in client.post(f"{place}/seen", data={"code": code}).text
    over = now() - timedelta(minutes=1)
    change(engine, "codes", used_at=None, made_at=over - HOLDS, expires_at=over)
    assert "Deze code is verlopen" in client.post(f"{place}/seen", data={"code": code}).text
    assert not rows(engine, "acknowledgements")


def test_guessing_ends_after_five_tries(client, engine, place):
    client.post(f"{place}/code")
    code = newest_code(engine)
    for n in range(5):
        page = client.post(f"{place}/seen", data={"code": f"{n:08}"})
    assert "te vaak een verkeerde code" in page.text
    page = client.post(f"{place}/seen", data={"code": code})
    assert (page.status_code, "te vaak een verkeerde code" in page.text) == (422, True)
    assert not rows(engine, "acknowledgements")


def test_a_sixth_code_in_an_hour_is_refused_plainly_and_sends_nothing(client, engine, place):
    for _ in range(5):
        client.post(f"{place}/code")
    before = everything(engine)
    page = client.post(f"{place}/code")
    assert page.status_code == 429
    assert re.search(r"vijf codes gevraagd.+weer vanaf [0-9]{2}:[0-9]{2} uur", page.text)
    assert everything(engine) == before
    page = client.post(f"{place}/seen", data={"code": newest_code(engine)})
    assert SEEN["quiet"] in page.text, "the codes that were sent still work"


def test_who_has_seen_it_and_presses_again_is_not_asked_for_a_code(client, engine, place):
    client.post(f"{place}/code")
    once = {"code": newest_code(engine)}
    client.post(f"{place}/seen", data=once)
    client.cookies.clear()
    page = client.post(f"{place}/seen", data=once)
    assert (page.status_code, SEEN["known"] in page.text) == (200, True)
    assert "set-cookie" not in page.headers


def test_seeing_an_old_message_says_that_it_moved_on(client, engine, place):
    while raise_due(engine, DUE + timedelta(days=14)):
        pass
    page = shown_as(client, engine, "director").post(f"{place}/seen")
    assert SEEN["moved on"] in page.text


def test_a_notice_is_seen_and_comes_back(client, engine):
    a_contact(engine, "beheer", "administrator")
    raise_notices(engine, NOW.replace(year=2040))
    number = next(a.number for a in alert_list(engine) if a.notice)
    there = place_of(engine, number, "beheer")
    page = shown_as(client, engine, "beheer").post(f"{there}/seen")
    assert "estafette decree import" in page.text
    assert f"{SEEN['seen']} Het komt terug" in page.text
    assert "None" not in page.text


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trouble_says_what_to_do_and_comes_back_while_it_stands(client, engine, trouble):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, {trouble: 3}, NOW)
    number = next(a.number for a in alert_list(engine) if a.notice)
    there = place_of(engine, number, "ops")
    page = shown_as(client, engine, "ops").post(f"{there}/seen")
    for words in ("3", "estafette doctor", f"{SEEN['seen']} Het komt terug"):
        assert words in page.text
    assert "decree" not in page.text
    assert "None" not in page.text


def test_a_term_of_law_rings_on_its_day_and_the_words_say_so():
    view = SimpleNamespace(statutory=True, notice=None)
    assert said("quiet", SimpleNamespace(alert=view)).endswith("hoort u toch van ons.")
    view = SimpleNamespace(statutory=False, notice=None)
    assert said("quiet", SimpleNamespace(alert=view)) == SEEN["quiet"]


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elders.example"}, {"Origin": "null"}],
)
def test_another_site_changes_nothing_in_somebodys_name(client, engine, place, headers):
    before = everything(engine)
    shown_as(client, engine, "director")
    for path in (f"{place}/code", f"{place}/seen", "/out"):
        page = client.post(path, headers=headers)
        assert page.status_code == 403
        assert "set-cookie" not in page.headers
    assert everything(engine) == before


def test_neither_address_nor_cookie_tells_who_somebody_is(client, engine, place):
    client.post(f"{place}/code")
    client.post(f"{place}/seen", data={"code": newest_code(engine)})
    for text in (place, client.cookies[COOKIE]):
        assert not re.search("director|voorbeeld", text, re.I)
