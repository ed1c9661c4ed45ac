"""A mail about a handover or request leads whoever has no account to it, by a signed link."""

import re
import threading
import time
import warnings
from importlib import import_module

import pytest

from casework.alerts import next_to_send
from casework.link_tokens import link_secret
from casework.links import make_link, opened
from casework.offering import offer
from casework.packets import Packet
from casework.promises import raise_due
from casework.receiving import accept, refuse
from casework.reporting import contacted, report_back
from casework.requests import ask, withdraw
from casework.words import Role
from flows.clock import now
from flows.deliver import Post, deliver_loop
from notifications.channels import Channels, local_mail
from notifications.mailbox import Mailbox, letters
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact

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


def sent(house, tmp_path):
    """Where each letter leads, by the person it is for; all that the outbox holds is sent."""
    with warnings.catch_warnings():  # its first import warns; threads would each meet the warning
        warnings.simplefilter("ignore")
        import_module("apprise.utils.pgp")
    with Mailbox(tmp_path / "mail").serve(port=0) as port:
        post = Post(house, Channels({"mail": local_mail(port)}), "http://127.0.0.1:8080/")
        end = time.monotonic() + 20
        over = lambda: not next_to_send(house) or time.monotonic() >= end  # noqa: E731
        deliver_loop(post, threading.Event(), over, poll=0.1)
    found: dict[str, list[str]] = {}
    for letter in letters(tmp_path / "mail"):
        found.setdefault(letter.to.split("@")[0], []).extend(PLACE.findall(letter.body))
    return found


def opens(house, place):
    return opened(house, place.removeprefix("o/"), secret=link_secret(), now=now())


def test_whoever_has_no_account_is_led_to_the_packet(house, case, tmp_path):
    offered(house, case, "buiten")
    (place,) = sent(house, tmp_path)["buiten"]
    assert opens(house, place).packet["summary"] == PACKET["summary"]


def test_whoever_has_an_account_is_led_to_the_alert(house, case, tmp_path):
    offered(house, case, "care")
    (place,) = sent(house, tmp_path)["care"]
    assert re.fullmatch(r"alerts/[0-9]+", place)


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


def test_news_of_what_is_over_carries_no_link(house, case, tmp_path):
    refuse(house, offered(house, case, "buiten").id, by="buiten", reason="vol", now=now())
    (place,) = sent(house, tmp_path)["buiten"]
    assert re.fullmatch(r"alerts/[0-9]+", place)


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


def test_news_after_the_handover_is_closed_carries_no_link(house, case, tmp_path):
    made = offered(house, case, "buiten")
    accept(house, made.id, by="buiten", read_back=READ_BACK, now=now())
    report_back(house, made.id, by="buiten", report="goed", now=now())
    contacted(house, made.id, by="director", now=now())
    assert all(place.startswith("alerts/") for place in sent(house, tmp_path)["buiten"])


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


def test_a_request_to_whoever_has_an_account_or_withdrawn_carries_no_link(house, case, tmp_path):
    ask(house, case, to="care", what="Wilt u bellen?", by="director", now=now())
    made = ask(house, case, to="buiten", what="Wilt u bellen?", by="director", now=now())
    withdraw(house, made.id, by="director", reason="hoeft niet", now=now())
    found = sent(house, tmp_path)
    assert all(place.startswith("alerts/") for place in found["care"] + found["buiten"])
