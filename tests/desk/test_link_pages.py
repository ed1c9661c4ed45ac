"""Where a signed link leads: a packet or an ask, and its answers; nothing typed is lost, nothing
else is shown, and neither a log nor another site learns of the link."""

import logging
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from fastapi.testclient import TestClient

from casework.connect import connect
from casework.link_tokens import link_secret
from casework.links import make_link, request_link_in_message
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.reporting import contacted
from casework.requests import ask
from casework.words import Role
from desk.clock import now
from desk.link_pages import LARGEST
from desk.pages import pages
from desk.settings import DeskSettings
from escalation.link_replies import GONE
from tests.builders import PACKET, TOWN, a_case, a_contact, a_town
from tests.casework.looking import everything, rows

READ_BACK = "Ik ga maandag langs en bel daarna de wijkagent over het vervolg."
SNEAKY = "<script>alert(1)</script> & \"aanhaling\" 'enkel' </textarea><b>"


class Fields(HTMLParser):
    """What a browser finds in a page: its labels, its fields and what stands in them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.labels: set[str | None] = set()
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
            self.buttons.append(found["value"])
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
def client(folder):
    return TestClient(pages(DeskSettings()))


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


def test_no_log_holds_the_link_or_what_was_typed(client, link, caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("httpx").disabled = True  # this test's own browser
    client.get(link)
    client.post(link, data={"reply": "call", "call": "kanarie"})
    client.post(link, data={"reply": "accept", "accept": READ_BACK})
    ours = [r.getMessage() for r in caplog.records if not r.name.startswith(("httpx", "httpcore"))]
    assert link.split(".")[2] not in "".join(ours)
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
