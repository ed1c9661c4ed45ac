"""What rings and was not raised: counted by stage and kind, with the first moment."""

from datetime import timedelta

from casework.alerts import record
from casework.channel_state import FIRST_PROBE, paused
from casework.claiming import claim
from casework.promises import next_due, raise_due
from casework.ringing import ringing
from tests.builders import NOW, a_case, a_town

LATER = NOW + timedelta(days=60)
A_WHILE = timedelta(seconds=15)


def test_what_rings_is_told_until_it_is_raised(engine):
    a_town(engine)
    a_case(engine, "signal", NOW)
    first = next_due(engine)
    found = ringing(engine, LATER, longer_than=A_WHILE)
    assert {one.stage for one in found} == {"signal"}
    assert sum(one.count for one in found) >= len(found) > 0
    assert found[0].since == first == min(one.since for one in found)
    while raise_due(engine, LATER):
        pass
    assert ringing(engine, LATER, longer_than=A_WHILE) == []


def test_what_rang_only_just_now_is_not_told(engine):
    a_town(engine)
    a_case(engine, "signal", NOW)
    first = next_due(engine)
    assert ringing(engine, first + A_WHILE - timedelta(seconds=1), longer_than=A_WHILE) == []
    assert ringing(engine, first + A_WHILE, longer_than=A_WHILE)[0].since == first


def test_a_channel_that_nobody_can_be_reached_by_is_paused_with_its_next_try(engine):
    a_town(engine)
    a_case(engine, "signal", NOW)
    while raise_due(engine, LATER):
        pass
    assert paused(engine, ["mail"]) == {}
    for token in {alert.token for alert in claim(engine, LATER, limit=3)}:
        record(engine, token, "failed", "unreachable", LATER)
    assert paused(engine, ["mail", "sms"])["mail"] >= LATER + FIRST_PROBE
    assert "sms" not in paused(engine, ["mail", "sms"])
