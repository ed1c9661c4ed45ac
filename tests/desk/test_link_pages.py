"""Where a signed link leads: a packet or an ask, and its answers by whom it is for; nothing typed
is lost, nothing else is shown, and neither a log nor another site learns of the link."""

import logging
import re
from datetime import timedelta
from html import unescape
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from casework.codes import HOLDS, code_in_message
from casework.connect import connect
from casework.link_sessions import session_for
from casework.link_tokens import link_secret
from casework.links import make_link, request_link_in_message
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.reporting import contacted
from casework.requests import ask
from casework.words import Role
from desk.clock import now
from desk.forms import LARGEST
from desk.pages import pages
from desk.settings import DeskSettings
from desk.showing import COOKIE
from escalation.link_replies import GONE
from tests.builders import PACKET, TOWN, a_case, a_contact, a_town
from tests.casework.looking import T, everything, rows

READ_BACK = "Ik ga maandag langs en bel daarna de wijkagent over het vervolg."
SNEAKY = "<script>alert(1)</script> & \"aanhaling\" 'enkel' </textarea><b>"


class Fields(HTMLParser):
    """What a browser finds in a page: its labels, its fields and what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labels: set[str | None] = set()
        self.inputs: dict[str | None, dict[str, str | None]] = {}
        self.pressed: list[tuple[str | None, str | None]] = []
        self.typed: dict[str, str] = {}
        self.buttons: list[str | None] = []
        self.tags: set[str] = set()
        self._in: str | None = None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        found = dict(attrs)
        if tag == "label":
            self.labels.add(found["for"])
        if tag == "button":
            self.buttons.append(found.get("value"))
            self.pressed.append((found.get("name"), found.get("value")))
        if tag == "input":
            self.inputs[found["id"]] = found
        if tag == "textarea":
            self._in = found["id"]
            self.typed[self._in] = ""

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._in = None

    def handle_data(self, data):
        if self._in:
            self.typed[self._in] += data


@pytest.fixture
def engine(folder):
    made = connect()
    a_town(made)
    a_contact(made, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    yield made
    made.dispose()


@pytest.fixture
def number(engine) -> int:
    case = a_case(engine, now=now(), reporter_name="Canarie Kanarie")
    packet = Packet.model_validate(PACKET | {"summary": f"Geluid.\n{SNEAKY}"})
    return offer(
        engine, case, role=Role.CARE, to="buiten", packet=packet, by="director", now=now()
    ).id


@pytest.fixture
def link(engine, number) -> str:
    return f"/o/{make_link(engine, number, by='director', secret=link_secret(), now=now())}"


@pytest.fixture
def stranger(folder):
    """A browser in which nobody has shown who they are."""
    return TestClient(pages(DeskSettings()), base_url="http://127.0.0.1")


@pytest.fixture
def client(stranger, engine):
    """The browser of the receiver, who has shown who they are."""
    return shown_as(stranger, engine, "buiten")


def shown_as(browser, engine, key):
    number = number_of(engine, key)
    given = session_for(engine, number, secret=link_secret(), now=now())
    browser.cookies.set(COOKIE, given)
    return browser


def number_of(engine, key):
    return next(row["id"] for row in rows(engine, "contacts") if row["key"] == key)


def newest_code(engine, to="buiten"):
    """The code of the newest message, as its reader types it."""
    number = rows(engine, "codes")[-1]["id"]
    code = code_in_message(engine, number, to=to, secret=link_secret())
    return f"{code[:4]} {code[4:]}"


@pytest.fixture
def taken(client, link) -> str:
    """The same link, after the case was taken over by it."""
    client.post(link, data={"reply": "accept", "accept": READ_BACK})
    return link


@pytest.fixture
def request_link(engine) -> str:
    case = a_case(engine, now=now(), reporter_name="Canarie Kanarie")
    made = ask(
        engine, case, to="buiten", what=f"Wilt u bellen?\n{SNEAKY}", by="director", now=now()
    )
    token = request_link_in_message(engine, made.id, to="buiten", secret=link_secret(), now=now())
    return f"/o/{token}"


def handover(engine):
    return rows(engine, "handovers")[0]


def test_the_page_shows_the_packet_and_three_answers_by_keyboard(client, link):
    page = client.get(link)
    assert page.status_code == 200
    for said in (*PACKET.values(), "Gemeente Voorbeeldstad", "de leiding van de zorg"):
        if isinstance(said, str) and said not in {PACKET["severity"], PACKET["summary"]}:
            assert said in unescape(page.text)
    assert "gemiddeld" in page.text
    assert "hond, ga met zijn tweeën" in page.text
    found = Fields(page.text)
    assert found.buttons == ["accept", "refuse", "call"]
    assert found.labels == found.typed.keys() == {"accept", "refuse", "call"}


def test_what_somebody_wrote_is_text_and_never_markup(client, link):
    page = client.get(link)
    assert SNEAKY in unescape(page.text)
    assert "<script" not in page.text
    assert "b" not in Fields(page.text).tags


@pytest.mark.parametrize("which", ["link", "taken", "request_link"])
def test_the_page_shows_no_person_and_no_address_and_leads_nowhere_else(client, which, request):
    page = client.get(request.getfixturevalue(which)).text
    assert not re.search("Voorbeeldstraat|Canarie|voorbeeld.example|Voorbeeld Director", page)
    assert re.findall(r'href="([^"]*)"', page) == ["/static/estafette.css"]


@pytest.mark.parametrize("which", ["link", "taken", "request_link"])
def test_looking_changes_nothing_however_often(client, which, request, engine):
    place = request.getfixturevalue(which)
    before = everything(engine)
    for look in (client.get, client.head, client.get, client.options):
        look(place)
    assert everything(engine) == before


def test_accepting_says_what_happened_and_keeps_the_link(client, link, engine):
    page = client.post(link, data={"reply": "accept", "accept": READ_BACK})
    assert page.status_code == 200
    assert "U hebt de zaak aangenomen" in page.text
    assert READ_BACK in page.text
    assert (handover(engine)["state"], handover(engine)["read_back"]) == ("accepted", READ_BACK)
    assert "De link werkt niet meer" not in page.text
    assert "Wat laat u nog weten" in client.get(link).text
    again = client.post(link, data={"reply": "accept", "accept": READ_BACK})
    assert "U hebt de zaak aangenomen" in again.text, "a button pressed twice is no mistake"


def test_refusing_says_what_happened_and_ends_the_link(client, link, engine):
    page = client.post(link, data={"reply": "refuse", "refuse": "geen plek", "accept": ""})
    assert "U hebt de zaak niet aangenomen" in page.text
    assert (handover(engine)["state"], handover(engine)["reason"]) == ("refused", "geen plek")
    assert client.get(link).status_code == 404


def test_asking_for_a_call_says_what_happened_and_keeps_the_link(client, link, engine):
    page = client.post(link, data={"reply": "call", "call": "06 na tien uur"})
    assert "vragen de afzender u te bellen" in page.text
    assert handover(engine)["call"] == "06 na tien uur"
    assert "gevraagd om gebeld te worden" in client.get(link).text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"reply": "accept", "accept": "ja, goed"}, "ten minste 5 verschillende woorden"),
        ({"reply": "accept", "accept": PACKET["if_then"]}, "Dit staat al in de overdracht"),
        ({"reply": "accept", "accept": "x" * 4001}, "Maak haar korter dan 4000"),
        ({"reply": "refuse", "refuse": " "}, "waarom u de zaak niet aanneemt"),
        ({"reply": "call", "call": ""}, "hoe en wanneer wij u kunnen bellen"),
        ({"reply": "iets", "accept": READ_BACK}, "Kies wat u wilt"),
        ({"accept": READ_BACK}, "Kies wat u wilt"),
        ({}, "Kies wat u wilt"),
    ],
)
def test_a_reply_that_says_too_little_is_explained_and_nothing_typed_is_lost(
    client, link, engine, typed, says
):
    kept = {"call": f"regel een\n\n{SNEAKY}"} | typed
    before = everything(engine)
    page = client.post(link, data=kept)
    assert page.status_code == 422
    assert says in unescape(page.text)
    assert "nog niet opgeslagen" in page.text
    found = Fields(page.text)
    for field in {"accept", "refuse", "call"} & kept.keys():
        # A browser drops one line end right after the tag, which this parser does not.
        assert found.typed[field].removeprefix("\n") == kept[field]
    assert everything(engine) == before


def test_lines_as_a_browser_sends_them_are_kept_as_lines(client, link, engine):
    client.post(link, data={"reply": "accept", "accept": READ_BACK + "\r\n\r\nTot dan.\0"})
    assert handover(engine)["read_back"] == READ_BACK + "\n\nTot dan."


def test_a_link_that_does_not_hold_says_so_in_one_sentence_for_every_cause(
    client, link, engine, number
):
    wrong = client.get("/o/onzin")
    revoke(engine, number, by="director", now=now())
    over = client.get(link)
    typed = {"reply": "accept", "accept": f"{READ_BACK} {SNEAKY}"}
    for page in (wrong, over):
        assert (page.status_code, page.text) == (404, wrong.text)
        assert GONE.nl in page.text
    lost = [client.post(place, data=typed) for place in ("/o/onzin", link)]
    for page in lost:
        assert (page.status_code, page.text) == (404, lost[0].text)
        assert typed["accept"] in unescape(page.text), "so that it can be kept elsewhere"
        assert "<script" not in page.text


def test_too_much_is_refused_before_it_is_read_whole(client, link, engine):
    before = everything(engine)
    body = b"reply=call&call=" + b"x" * LARGEST
    assert client.post(link, content=body).status_code == 413
    many = b"&".join(b"a=1" for _ in range(50))
    assert client.post(link, content=many).status_code == 400
    assert client.post(link, content=b"\xff\xfe=%zz&reply=%ff").status_code == 422
    assert everything(engine) == before


# --- after it was taken over ---------------------------------------------------------------------


def test_what_is_owed_is_shown_with_the_packet_and_the_read_back_and_asked_by_keyboard(
    client, taken
):
    page = client.get(taken)
    assert READ_BACK in page.text
    assert SNEAKY in unescape(page.text)
    assert page.text.count("Uiterlijk <strong>") == 2
    found = Fields(page.text)
    assert found.buttons == [
        "spoke", "not_spoken", "report_done", "report_not_done", "report_cannot_share",
    ]  # fmt: skip
    assert found.labels == found.typed.keys() == {"not_spoken", "report"}


def test_both_promises_are_kept_on_the_page_and_then_the_link_ends(client, taken, engine):
    page = client.post(taken, data={"reply": "spoke", "not_spoken": "", "report": ""})
    assert "U hebt elkaar gesproken" in page.text
    assert "blijft werken" in page.text
    assert Fields(client.get(taken).text).typed.keys() == {"report"}
    page = client.post(taken, data={"reply": "report_done", "report": "Het gaat goed."})
    assert "Uw bericht is opgeslagen" in page.text
    assert "De link werkt niet meer" in page.text
    assert (handover(engine)["state"], handover(engine)["report"]) == ("closed", "Het gaat goed.")
    assert client.get(taken).status_code == 404
    again = client.post(taken, data={"reply": "report_done", "report": "Het gaat goed."})
    assert again.text == page.text, "a button pressed twice is no mistake"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"reply": "not_spoken", "report": "later"}, "waarom u elkaar niet hebt gesproken"),
        ({"reply": "report_done", "not_spoken": "ziek"}, "Schrijf hoe het gaat"),
        ({"reply": "report_not_done", "report": "x" * 4001}, "Maak haar korter dan 4000"),
        ({"reply": "report", "report": "alles goed"}, "Kies wat u wilt"),
        ({"reply": "refuse", "refuse": "toch niet", "report": "goed"}, "Dit is al beantwoord"),
    ],
)
def test_what_was_typed_about_what_is_owed_is_never_lost(client, taken, engine, typed, says):
    before = everything(engine)
    page = client.post(taken, data=typed)
    assert page.status_code == 422
    assert says in unescape(page.text)
    assert "nog niet opgeslagen" in page.text
    for field in {"not_spoken", "report", "refuse"} & typed.keys():
        assert typed[field] in page.text
    assert everything(engine) == before


def test_an_answer_that_came_too_late_is_shown_beside_what_is_still_open(
    client, taken, engine, number
):
    contacted(engine, number, by="director", now=now())
    page = client.post(taken, data={"reply": "not_spoken", "not_spoken": "ik was ziek"})
    assert page.status_code == 422
    assert "Dit is al beantwoord" in page.text
    assert "ik was ziek" in page.text
    assert Fields(page.text).typed.keys() == {"report"}


# --- showing who you are -------------------------------------------------------------------------

TYPED = {"accept": f"{READ_BACK}\n{SNEAKY}", "refuse": "toch niet", "call": "06 na tien uur"}


def kept(page, typed):
    """Whether all that was typed stands in the form."""
    found = Fields(page.text).typed
    return all(found[name].removeprefix("\n") == words for name, words in typed.items())


def test_who_has_shown_nothing_gets_a_code_and_what_they_typed_waits(stranger, link, engine):
    page = stranger.post(link, data=TYPED | {"reply": "accept"})
    assert page.status_code == 200
    assert "Uw antwoord is nog niet verstuurd" in page.text
    assert kept(page, TYPED)
    assert handover(engine)["state"] == "offered"
    (code,) = rows(engine, "codes")
    assert code["contact_id"] == number_of(engine, "buiten")
    assert COOKIE not in stranger.cookies


def test_the_code_is_asked_in_the_same_form_and_the_enter_key_sends_what_was_chosen(stranger, link):
    page = stranger.post(link, data=TYPED | {"reply": "refuse"})
    found = Fields(page.text)
    assert page.text.count("<form") == 1
    assert found.labels == {"code", "accept", "refuse", "call"}
    field = found.inputs["code"]
    assert (field["autocomplete"], field["inputmode"]) == ("one-time-code", "numeric")
    assert 'id="about-code"' in page.text
    assert found.pressed[:2] == [("reply", "refuse"), ("ask", "refuse")]
    assert "Ik neem de zaak niet over" in page.text


def test_with_the_right_code_the_answer_is_given_and_no_code_is_needed_again(
    stranger, link, engine
):
    stranger.post(link, data=TYPED | {"reply": "call"})
    page = stranger.post(link, data=TYPED | {"reply": "call", "code": newest_code(engine)})
    assert "vragen de afzender u te bellen" in page.text
    assert handover(engine)["call"] == "06 na tien uur"
    page = stranger.post(link, data=TYPED | {"reply": "accept"})
    assert "U hebt de zaak aangenomen" in page.text
    assert len(rows(engine, "codes")) == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("1234", "Een code heeft acht cijfers"),
        ("", "Vul de code in"),
        ("0000 0000", "Deze code klopt niet"),
    ],
)
def test_a_code_that_does_not_do_is_said_plainly_and_nothing_typed_is_lost(
    stranger, link, engine, code, says
):
    stranger.post(link, data=TYPED | {"reply": "accept"})
    page = stranger.post(link, data=TYPED | {"reply": "accept", "code": code})
    assert page.status_code == 422
    assert "Uw antwoord is nog niet opgeslagen" in page.text
    assert re.search(rf'<a href="#code">{says}', page.text)
    field = Fields(page.text).inputs["code"]
    assert (field["aria-invalid"], field["value"]) == ("true", code)
    assert field["aria-describedby"] == "about-code wrong-code"
    assert 'id="wrong-code"' in page.text
    assert kept(page, TYPED)
    assert handover(engine)["state"] == "offered"
    assert COOKIE not in stranger.cookies


def test_a_used_an_expired_and_a_void_code_are_said_plainly_and_nothing_typed_is_lost(
    stranger, link, engine
):
    stranger.post(link, data=TYPED | {"reply": "call"})
    code = newest_code(engine)
    stranger.post(link, data=TYPED | {"reply": "call", "code": code})
    stranger.cookies.clear()
    over = now() - timedelta(minutes=1)
    for values, says in (
        ({"tries": 0}, "al een keer gebruikt"),
        ({"used_at": None, "tries": 5}, "te vaak een verkeerde code"),
        ({"tries": 0, "made_at": over - HOLDS, "expires_at": over}, "Deze code is verlopen"),
    ):
        with engine.begin() as connection:
            connection.execute(T["codes"].update().values(values))
        page = stranger.post(link, data=TYPED | {"reply": "accept", "code": code})
        assert (page.status_code, says in page.text) == (422, True), says
        assert kept(page, TYPED)
    assert handover(engine)["state"] == "offered"


def test_a_new_code_is_sent_on_request_and_what_was_typed_is_still_there(stranger, link, engine):
    stranger.post(link, data=TYPED | {"reply": "accept"})
    page = stranger.post(link, data=TYPED | {"ask": "accept", "code": "1234"})
    assert (page.status_code, len(rows(engine, "codes"))) == (200, 2)
    assert kept(page, TYPED)
    assert Fields(page.text).inputs["code"]["value"] == ""
    again = stranger.post(link, data=TYPED | {"reply": "accept"})
    assert "net een code gestuurd" in again.text
    assert len(rows(engine, "codes")) == 2, "pressing an answer again sends no other"


def test_a_sixth_code_in_an_hour_is_refused_plainly_and_what_was_typed_is_still_there(
    stranger, link, engine
):
    for _ in range(5):
        stranger.post(link, data=TYPED | {"ask": "accept"})
    before = everything(engine)
    page = stranger.post(link, data=TYPED | {"ask": "accept"})
    assert page.status_code == 429
    assert re.search(r"vijf codes gevraagd.+weer vanaf [0-9]{2}:[0-9]{2} uur", page.text)
    assert kept(page, TYPED)
    assert everything(engine) == before


@pytest.mark.parametrize("who", ["care", "director", "deputy"])
def test_the_session_of_somebody_else_answers_nothing(stranger, link, engine, who):
    page = shown_as(stranger, engine, who).post(link, data=TYPED | {"reply": "accept"})
    assert "Uw antwoord is nog niet verstuurd" in page.text
    assert kept(page, TYPED)
    assert handover(engine)["state"] == "offered"


def test_what_the_answer_lacks_is_told_before_a_code_is_asked_or_used(stranger, link, engine):
    before = everything(engine)
    page = stranger.post(link, data={"reply": "refuse", "refuse": ""})
    assert (page.status_code, everything(engine)) == (422, before)
    stranger.post(link, data=TYPED | {"reply": "accept"})
    code = newest_code(engine)
    page = stranger.post(link, data=TYPED | {"reply": "accept", "accept": "ja", "code": code})
    assert (page.status_code, "verschillende woorden" in page.text) == (422, True)
    assert Fields(page.text).inputs["code"]["value"] == code, "typed, and not looked at yet"
    page = stranger.post(link, data=TYPED | {"reply": "accept", "code": code})
    assert "U hebt de zaak aangenomen" in page.text


def test_an_answer_given_twice_is_no_mistake_though_its_code_is_used(stranger, link, engine):
    stranger.post(link, data={"reply": "refuse", "refuse": "geen plek"})
    once = {"reply": "refuse", "refuse": "geen plek", "code": newest_code(engine)}
    page = stranger.post(link, data=once)
    stranger.cookies.clear()
    again = stranger.post(link, data=once)
    assert "U hebt de zaak niet aangenomen" in page.text
    assert "U hebt de zaak niet aangenomen" in again.text


def test_a_link_that_died_while_a_code_was_asked_gives_back_what_was_typed(
    stranger, link, engine, number
):
    stranger.post(link, data=TYPED | {"reply": "accept"})
    code = newest_code(engine)
    revoke(engine, number, by="director", now=now())
    for more in ({"reply": "accept", "code": code}, {"ask": "accept"}):
        page = stranger.post(link, data=TYPED | more)
        assert (page.status_code, READ_BACK in page.text) == (404, True)
    assert len(rows(engine, "codes")) == 1


def test_a_request_and_what_is_owed_ask_for_a_code_too(stranger, request_link, engine):
    typed = {"answer": "gebeld"}
    page = stranger.post(request_link, data=typed | {"reply": "answer_done"})
    assert kept(page, typed)
    page = stranger.post(
        request_link, data=typed | {"reply": "answer_done", "code": newest_code(engine)}
    )
    assert "Uw antwoord is opgeslagen" in page.text


def test_what_is_owed_asks_for_a_code_too(client, taken, engine):
    client.cookies.clear()
    typed = {"not_spoken": "", "report": "Het gaat goed."}
    page = client.post(taken, data=typed | {"reply": "spoke"})
    assert kept(page, typed)
    assert "U koos: <strong>Ja, wij hebben elkaar gesproken" in page.text
    page = client.post(taken, data=typed | {"reply": "spoke", "code": newest_code(engine)})
    assert "U hebt elkaar gesproken" in page.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://elders.example"},
        {"Origin": "null"},
        {"Origin": "https://elders.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_another_site_answers_nothing_in_somebodys_name(client, link, engine, headers):
    before = everything(engine)
    for data in (TYPED | {"reply": "accept"}, {"ask": "accept"}):
        page = client.post(link, data=data, headers=headers)
        assert (page.status_code, "van een andere website" in page.text) == (403, True)
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert everything(engine) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1"},
        {"Origin": "http://127.0.0.1"},
        {"Sec-Fetch-Site": "none"},
        {},
    ],
)
def test_our_own_form_is_taken_from_every_browser(client, link, engine, headers):
    page = client.post(link, data=TYPED | {"reply": "accept"}, headers=headers)
    assert "U hebt de zaak aangenomen" in page.text


# --- a request -----------------------------------------------------------------------------------


def test_a_request_shows_the_ask_from_whom_and_by_when_and_three_answers(client, request_link):
    page = client.get(request_link)
    for said in ("Wilt u bellen?", SNEAKY, "Gemeente Voorbeeldstad", "uiterlijk <strong>"):
        assert said in unescape(page.text)
    assert "<script" not in page.text
    found = Fields(page.text)
    assert found.buttons == ["answer_done", "answer_not_done", "answer_cannot_share"]
    assert found.labels == found.typed.keys() == {"answer"}


@pytest.mark.parametrize("given", ["done", "not_done", "cannot_share"])
def test_a_request_is_answered_on_the_page_with_a_reason(client, request_link, engine, given):
    page = client.post(request_link, data={"reply": f"answer_{given}", "answer": " "})
    assert (page.status_code, "Schrijf wat u hebt gedaan" in page.text) == (422, True)
    page = client.post(request_link, data={"reply": f"answer_{given}", "answer": "gebeld & klaar"})
    assert "Uw antwoord is opgeslagen" in page.text
    assert "gebeld &amp; klaar" in page.text
    (row,) = rows(engine, "requests")
    assert (row["answer"], row["reason"]) == (given, "gebeld & klaar")
    assert client.get(request_link).status_code == 404


def test_what_was_typed_with_an_unknown_answer_to_a_request_is_kept(client, request_link):
    page = client.post(request_link, data={"reply": "weg", "answer": f"tekst {SNEAKY}"})
    assert page.status_code == 422
    assert Fields(page.text).typed["answer"].removeprefix("\n") == f"tekst {SNEAKY}"


# --- discretion ----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post"])
def test_the_browser_is_told_to_keep_the_link_to_itself(client, link, method):
    page = getattr(client, method)(link)
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self'" in policy
    assert "script-src" not in policy
    assert not {"script", "img", "iframe"} & Fields(page.text).tags


def test_no_log_holds_the_link_a_code_a_session_or_what_was_typed(client, link, caplog, engine):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").disabled = True  # this test's own browser
    client.get(link)
    client.post(link, data={"reply": "call", "call": "kanarie"})
    client.post(link, data={"reply": "accept", "accept": READ_BACK})
    client.cookies.clear()
    client.post(link, data={"reply": "spoke"})
    client.post(link, data={"reply": "spoke", "code": "8765 4321"})
    client.post(link, data={"reply": "spoke", "code": (code := newest_code(engine))})
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert link.split(".")[2] not in "".join(ours)
    for secret in ("8765 4321", code, client.cookies[COOKIE]):
        assert secret not in "".join(ours)
    assert "kanarie" not in "".join(ours)


# --- the command line ----------------------------------------------------------------------------


def test_the_command_prints_the_whole_link(estafette, client, number):
    said = estafette("handover", "link", str(number), "--by", "director")
    assert said.code == 0, said.err
    place = re.fullmatch(r"http://127\.0\.0\.1:8080(/o/\S+)\n", said.out)
    assert client.get(place[1]).status_code == 200


def test_the_command_knows_where_the_pages_are_seen(estafette, number, monkeypatch):
    monkeypatch.setenv("ESTAFETTE_DESK_URL", "https://voorbeeld.example/")
    said = estafette("handover", "link", str(number), "--by", "director", "--json")
    assert said.json["link"].startswith(f"https://voorbeeld.example/o/h{number}.")


def test_a_link_for_whoever_has_an_account_is_refused_in_one_sentence(estafette, engine, number):
    revoke(engine, number, by="director", now=now())
    made = offer(engine, "2026-00001", role=Role.CARE, to="care", by="director", now=now(),
                 packet=Packet.model_validate(PACKET))  # fmt: skip
    said = estafette("handover", "link", str(made.id), "--by", "director")
    assert (said.code, said.out) == (1, "")
    assert f"estafette handover accept {made.id}" in said.err


def test_passing_on_and_its_progress_on_the_command_line(estafette, engine):
    for n in range(2):
        a_case(engine, now=now(), address=f"Voorbeeldlaan {n}")
    begin = ("handover", "pass-on", "director", "--to", "deputy", "--because", "weg", "--by",
             "director", "--risk", "dog", "--severity", "low")  # fmt: skip
    said = estafette(*begin)
    assert said.code == 0, said.err
    assert "Succession 1: 2 draft" in said.out
    assert "--summary … --if-then …" in said.out
    more = [word for name, text in PACKET.items() if isinstance(text, str)
            for word in (f"--{name.replace('_', '-')}", text)]  # fmt: skip
    again = estafette(*begin, *more, "--json")
    assert again.json["counts"] == {"offered": 2}
    assert "director still holds 2 of 2" in estafette("handover", "progress", "1").out
    assert re.search(r"1\s+director\s+.+2 offered", estafette("handover", "progress").out)
    assert estafette("handover", "progress", "--json").json[0]["done"] is False
    unknown = estafette("handover", "progress", "9")
    assert (unknown.code, "no succession 9" in unknown.err) == (1, True)
