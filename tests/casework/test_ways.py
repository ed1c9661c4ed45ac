"""Ways: somebody can be reached by more channels than one, in an order."""

from datetime import timedelta

import pytest

from casework.administration import administration, administration_broken_at
from casework.refusals import NotAllowed, NotFound
from casework.ways import Reach, add_way, in_order, remove_way, ways_of
from escalation.interruptions import Manners
from models import Contact, Way
from tests.builders import NOW
from tests.casework.looking import at_once, everything, rows
from tests.casework.outbox import (
    HOUR,
    MINUTE,
    an_alert,
    customs_of,
    outbox,
    send,
    state_of,
    ways_taken,
)

MAIL = Reach("mail", "care@voorbeeld.example")


def add(engine, channel="teams", address="care-op-teams", who="care", now=NOW):
    return add_way(engine, who, channel, address, by="process", now=now)


def remove(engine, channel="teams", who="care", now=NOW):
    return remove_way(engine, who, channel, by="process", now=now)


def test_the_first_way_is_the_contacts_own(engine):
    assert ways_of(engine, "care") == [MAIL]


def test_further_ways_follow_in_the_order_in_which_they_were_added(engine):
    add(engine, "teams")
    assert add(engine, "sms", "+31612345678") == ways_of(engine, "care")
    assert [way.channel for way in ways_of(engine, "care")] == ["mail", "teams", "sms"]
    assert ways_of(engine, "jurist") == [Reach("mail", "jurist@voorbeeld.example")]


def test_a_channel_that_is_there_gets_the_new_address_and_keeps_its_place(engine):
    add(engine, "teams")
    add(engine, "sms", "+31612345678")
    add(engine, "teams", "nieuw")
    add(engine, "mail", "nieuw@voorbeeld.example")
    assert ways_of(engine, "care") == [
        Reach("mail", "nieuw@voorbeeld.example"), Reach("teams", "nieuw"),
        Reach("sms", "+31612345678"),
    ]  # fmt: skip


def test_a_way_that_was_removed_is_gone_and_the_rest_keeps_its_order(engine):
    for channel in ("teams", "sms", "ntfy"):
        add(engine, channel)
    assert [way.channel for way in remove(engine, "teams")] == ["mail", "sms", "ntfy"]
    assert [way.channel for way in add(engine, "teams")] == ["mail", "sms", "ntfy", "teams"]


def test_the_first_way_cannot_be_removed_and_the_refusal_says_what_to_do(engine):
    add(engine)
    before = everything(engine)
    with pytest.raises(NotAllowed, match=r"give another first channel: estafette contact add care"):
        remove(engine, "mail")
    assert everything(engine) == before


def test_removing_what_is_not_there_changes_nothing(engine):
    before = everything(engine)
    assert remove(engine, "sms") == [MAIL]
    assert everything(engine) == before


@pytest.mark.parametrize("call", [add, remove])
def test_ways_of_nobody_are_refused_by_name(engine, call):
    before = everything(engine)
    with pytest.raises(NotFound, match="contact nobody"):
        call(engine, who="nobody")
    assert everything(engine) == before


def test_what_changed_is_on_record_with_the_channel_and_never_the_address(engine):
    add(engine)
    remove(engine)
    told = [(e.kind, e.actor, e.data) for e in reversed(administration(engine))][-2:]
    assert told == [
        ("way_added", "process", {"contact": "care", "channel": "teams"}),
        ("way_removed", "process", {"contact": "care", "channel": "teams"}),
    ]
    assert "care-op-teams" not in str([e.data for e in administration(engine)])


def test_two_who_add_ways_at_once_add_both(engine):
    at_once(lambda: add(engine, "teams"), lambda: add(engine, "sms"), lambda: add(engine, "teams"))
    assert {way.channel for way in ways_of(engine, "care")} == {"mail", "teams", "sms"}
    assert administration_broken_at(engine) is None


def test_what_failed_is_tried_again_at_once_when_an_address_is_mended(engine, in_signal):
    number = an_alert(engine, "care")
    other = an_alert(engine, "jurist")
    send(engine, NOW, mail="refused")
    later = NOW + timedelta(seconds=1)
    assert send(engine, later) == []
    add(engine, "mail", "goed@voorbeeld.example", now=later)
    again = send(engine, later)
    assert [(sent.to, sent.numbers, sent.outcome) for sent in again] == [
        ("care", (number,), "delivered")
    ]
    assert (state_of(engine, number), state_of(engine, other)) == ("delivered", "failed")


def test_the_order_of_ones_manners_goes_before_the_order_in_the_list():
    person = Contact(id=1, channel="mail", address="a@voorbeeld.example")
    further = [Way(contact_id=1, channel="sms", address="+31"),
               Way(contact_id=2, channel="teams", address="een ander")]  # fmt: skip
    assert in_order(person, further) == [Reach("mail", person.address), Reach("sms", "+31")]
    assert in_order(person, further, ("sms", "room", "mail")) == [
        Reach("sms", "+31"), Reach("room", ""), Reach("mail", person.address),
    ]  # fmt: skip


def test_a_first_channel_that_was_a_further_one_has_the_contacts_own_address():
    person = Contact(id=1, channel="teams", address="nieuw")
    assert in_order(person, [Way(contact_id=1, channel="teams", address="oud")]) == [
        Reach("teams", "nieuw")
    ]


def test_what_was_to_go_by_a_way_that_is_gone_goes_another_way(engine, in_signal):
    manners = customs_of(Manners(fall_back_after=HOUR, order=()))
    for channel in ("teams", "sms"):
        add(engine, channel)
    first = an_alert(engine, "care")
    send(engine, NOW, manners, mail="refused", teams="deferred")
    assert ways_taken(engine)[:2] == [("care", ""), ("care", "teams")]
    remove(engine, "teams", now=NOW + MINUTE)
    teams = next(row for row in outbox(engine) if row["channel"] == "teams")
    assert (teams["state"], teams["next_at"]) == ("void", None)
    sent = send(engine, NOW + MINUTE, manners, mail="refused", teams="deferred")
    assert ("care", "sms", "delivered") in {(s.to, s.channel, s.outcome) for s in sent}
    assert state_of(engine, first) == "void"
    assert not rows(engine, "alerts", "next_at IS NOT NULL AND channel <> ''")
