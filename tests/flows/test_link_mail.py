"""Where the link in a mail leads: to its alert, or for who has no account to what they answer."""

import re
import threading
import time
import warnings
from importlib import import_module

import pytest
from pydantic import ValidationError
from sqlalchemy import text

from casework.alert_links import opened_alert
from casework.alert_views import alert_list
from casework.alerts import next_to_send
from casework.claiming import claim
from casework.codes import Checked, check
from casework.codes import ask as ask_code
from casework.customs import AT_ONCE, Customs
from casework.link_tokens import link_secret
from casework.links import make_link, opened
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import accept
from casework.reporting import contacted, report_back
from casework.requests import ask, withdraw
from casework.words import Role
from escalation.interruptions import Manners
from flows.clock import now
from flows.deliver import Post, _payload, deliver_loop
from notifications.channels import Channels, local_mail
from notifications.mailbox import Mailbox, letters
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact
from tests.casework.looking import rows

READ_BACK = "Ik ga maandag langs en bel daarna de wijkagent over het vervolg."
PLACE = re.compile(r"http://127\.0\.0\.1:8080/(\S+)")


@pytest.fixture
def case(house) -> str:
    a_contact(house, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    return a_case(house, now=now())


def offered(house, case, to, moment=None):
    packet = Packet.model_validate(PACKET)
    return offer(house, case, role=Role.CARE, to=to, packet=packet, by="director",
                 now=moment or now())  # fmt: skip


def sent(house, tmp_path, customs=AT_ONCE):
    """Where each letter leads, by the person it is for; all that the outbox holds is sent."""
    with warnings.catch_warnings():  # its first import warns; threads would each meet the warning
        warnings.simplefilter("ignore")
        import_module("apprise.utils.pgp")
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        post = Post(house, Channels({"mail": local_mail(port)}), "http://127.0.0.1:8080/",
                    customs=customs)  # fmt: skip
        end = time.monotonic() + 20
        over = lambda: not next_to_send(house) or time.monotonic() >= end  # noqa: E731
        deliver_loop(post, threading.Event(), over, poll=0.1)
    found: dict[str, list[str]] = {}
    for letter in letters(tmp_path / "mail"):
        found.setdefault(letter.to.split("@")[0], []).extend(PLACE.findall(letter.body))
    return found


def opens(house, place):
    return opened(house, place.removeprefix("o/"), secret=link_secret(), now=now())


def shows(house, place):
    token = place.removeprefix("a/")
    return opened_alert(house, token, secret=link_secret(), now=now())


def house_number(house, key):
    return next(row["id"] for row in rows(house, "contacts") if row["key"] == key)


def test_whoever_has_no_account_is_led_to_the_packet(house, case, tmp_path):
    offered(house, case, "buiten")
    (place,) = sent(house, tmp_path)["buiten"]
    assert opens(house, place).packet["summary"] == PACKET["summary"]


def test_whoever_has_an_account_is_led_to_the_alert(house, case, tmp_path):
    offered(house, case, "care")
    (place,) = sent(house, tmp_path)["care"]
    (alert,) = alert_list(house, case_key=case)
    assert shows(house, place).alert == alert


def test_each_alert_of_a_message_has_its_own_link(house, tmp_path):
    a_case(house, now=NOW)
    while raise_due(house, NOW.replace(day=9)):
        pass
    bundled = Customs(lambda *_: Manners(budget=3), lambda _: None)
    places = sent(house, tmp_path, bundled)["director"]
    assert len(places) > 1
    opened_ = {shows(house, place).alert.number for place in places}
    assert opened_ == {a.number for a in alert_list(house) if a.recipient == "director"}


def test_a_code_is_in_its_message_and_leads_nowhere(house, case, tmp_path):
    number = house_number(house, "care")
    ask_code(house, number, now=now())
    assert sent(house, tmp_path) == {"care": []}
    (letter,) = letters(tmp_path / "mail")
    (code,) = re.findall(r"^[0-9]{4} [0-9]{4}$", letter.body, re.M)
    assert "/a/" not in letter.body
    assert check(house, number, code, secret=link_secret(), now=now()) is Checked.RIGHT


def test_a_code_that_became_somebody_elses_message_is_not_told(house, case, tmp_path):
    ask_code(house, house_number(house, "care"), now=now())
    with house.begin() as connection:
        connection.execute(text("UPDATE alerts SET recipient_id = (SELECT id FROM contacts "
                                "WHERE key = 'deputy') WHERE notice = 'code'"))  # fmt: skip
    post = Post(house, Channels({}), "http://127.0.0.1:8080")
    (alert,) = claim(house, now())
    with pytest.raises(ValidationError):
        _payload(post, alert)


def test_a_reminder_leads_to_the_same_packet_and_the_older_mail_still_works(house, tmp_path):
    a_contact(house, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    made = offered(house, a_case(house, now=NOW), "buiten", NOW)
    while raise_due(house, NOW.replace(day=9)):
        pass
    places = sent(house, tmp_path)["buiten"]
    assert len(places) > 1
    assert len(set(places)) == 1
    assert opens(house, places[0]).case_key == made.case_key


def test_a_link_made_by_hand_is_the_one_the_mail_carries(house, case, tmp_path):
    made = offered(house, case, "buiten")
    token = make_link(house, made.id, by="director", secret=link_secret(), now=now())
    assert sent(house, tmp_path)["buiten"] == [f"o/{token}"]


def test_news_of_what_is_over_leads_to_its_alert(house, case, tmp_path):
    revoke(house, offered(house, case, "buiten").id, by="director", now=now())
    (place,) = sent(house, tmp_path)["buiten"]
    assert shows(house, place).alert.lead == "revoked"


def test_reminders_of_what_is_owed_after_it_lead_to_the_same_link(house, tmp_path):
    a_contact(house, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    made = offered(house, a_case(house, now=NOW), "buiten", NOW)
    accept(house, made.id, by="buiten", read_back=READ_BACK, now=NOW)
    while raise_due(house, NOW.replace(day=18)):
        pass
    found = sent(house, tmp_path)
    places = {place for place in found["buiten"] if place.startswith("o/")}
    assert len(places) == 1
    view = opens(house, places.pop())
    assert (view.read_back, len(view.owed)) == (READ_BACK, 2)
    assert not [place for place in found["director"] if place.startswith("o/")]


def test_news_after_the_handover_is_closed_leads_to_its_alert(house, case, tmp_path):
    made = offered(house, case, "buiten")
    accept(house, made.id, by="buiten", read_back=READ_BACK, now=now())
    report_back(house, made.id, by="buiten", report="goed", now=now())
    contacted(house, made.id, by="director", now=now())
    assert all(place.startswith("a/") for place in sent(house, tmp_path)["buiten"])


def test_a_request_leads_to_the_ask_and_each_reminder_to_the_same(house, tmp_path):
    a_contact(house, "buiten", "care_worker", organisation=f"zorg-{TOWN}", account=False)
    made = ask(house, a_case(house, now=NOW), to="buiten", what="Wilt u bellen?", by="director",
               now=NOW)  # fmt: skip
    while raise_due(house, NOW.replace(day=11)):
        pass
    places = sent(house, tmp_path)["buiten"]
    assert len(places) > 1
    assert len(set(places)) == 1
    assert (opens(house, places[0]).ask, made.state) == ("Wilt u bellen?", "open")


def test_a_request_to_whoever_has_an_account_or_withdrawn_leads_to_its_alert(house, case, tmp_path):
    ask(house, case, to="care", what="Wilt u bellen?", by="director", now=now())
    made = ask(house, case, to="buiten", what="Wilt u bellen?", by="director", now=now())
    withdraw(house, made.id, by="director", reason="hoeft niet", now=now())
    found = sent(house, tmp_path)
    assert all(place.startswith("a/") for place in found["care"] + found["buiten"])
