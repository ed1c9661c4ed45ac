"""Manners: a person's before their organisation's, before everybody's, before what is shipped."""

import tomllib
from datetime import time, timedelta

import pytest

from escalation.hours import parse
from escalation.interruptions import Manners
from escalation.manners import READ, SHIPPED, BadManners, as_written, book

FILE = """
[everybody]
hours = "mon-fri 09:00-17:00"
budget = 5

[organisations.wijkteam]
digest_at = "never"
unseen_after = "4 hours"
channels = ["teams", "mail"]

[people.regie-noord]
hours = "always"
budget = "none"
fall_back_after = "30 minutes"
"""


def written(text: str, channels=None):
    return book(tomllib.loads(text), channels)


def test_without_a_file_everybody_has_office_hours_a_digest_and_three_interruptions():
    assert book({}).of("iemand", "ergens") == Manners(
        hours=parse("mon-fri 08:00-18:00"), digest_at=time(8, 30), budget=3,
        fall_back_after=timedelta(hours=1), unseen_after=timedelta(hours=24), order=(),
    )  # fmt: skip


def test_a_person_goes_before_their_organisation_that_before_everybody_that_before_the_shipped():
    manners = written(FILE).of("regie-noord", "wijkteam")
    assert manners == Manners(
        hours=None, digest_at=None, budget=None, fall_back_after=timedelta(minutes=30),
        unseen_after=timedelta(hours=4), order=("teams", "mail"),
    )  # fmt: skip


def test_what_somebody_does_not_say_is_as_with_the_others():
    manners = written(FILE).of("iemand", "gemeente")
    assert (manners.hours, manners.budget) == (parse("mon-fri 09:00-17:00"), 5)
    assert (manners.digest_at, manners.unseen_after) == (SHIPPED.digest_at, SHIPPED.unseen_after)


def test_a_person_can_be_freed_of_a_limit_everybody_has():
    assert (
        written('[everybody]\nbudget = 1\n[people.a]\nbudget = "none"').of("a", "b").budget is None
    )


@pytest.mark.parametrize(
    ("setting", "meant"),
    [
        ('digest_at = "00:00"', {"digest_at": time(0, 0)}),
        ("digest_at = 07:15:00", {"digest_at": time(7, 15)}),
        ('digest_at = "never"', {"digest_at": None}),
        ("budget = 1", {"budget": 1}),
        ('fall_back_after = "1 minute"', {"fall_back_after": timedelta(minutes=1)}),
        ('fall_back_after = "never"', {"fall_back_after": None}),
        ('unseen_after = "2 days"', {"unseen_after": timedelta(days=2)}),
        ('hours = "ma-vr 08:00-18:00"', {"hours": parse("mon-fri 08:00-18:00")}),
        ('channels = ["sms"]', {"order": ("sms",)}),
    ],
)
def test_each_setting_is_read_as_it_is_written(setting, meant):
    manners = written(f"[people.a]\n{setting}").of("a", "b")
    assert {name: getattr(manners, name) for name in meant} == meant


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ("[people.a]\nbudget = 0", "people.a, budget: write how many messages a day"),
        ("[people.a]\nbudget = true", "people.a, budget: write how many"),
        ("[people.a]\nbudget = '3'", "people.a, budget: write how many"),
        ("[people.a]\nbudgett = 3", "people.a, budgett: is not a known setting; did you mean bud"),
        ("[people.a]\nzzz = 3", "Known are hours, digest_at, budget"),
        ("[everybody]\nhours = ''", 'everybody, hours: write it as "mon-fri 08:00-18:00"'),
        ("[everybody]\nhours = 'moon 08:00-18:00'", "everybody, hours: 'moon' is not a day"),
        ("[everybody]\nhours = 8", "everybody, hours: write it"),
        ("[everybody]\ndigest_at = '24:00'", "everybody, digest_at: write a time of the day"),
        ("[everybody]\ndigest_at = '8:30'", 'as "08:30"'),
        ("[organisations.b]\nunseen_after = '0 days'", "organisations.b, unseen_after: write it"),
        ("[organisations.b]\nunseen_after = '400 days'", "a year at most"),
        ("[organisations.b]\nunseen_after = '1 week'", '"1 day"'),
        ("[organisations.b]\nunseen_after = 3", "unseen_after: write it"),
        ("[organisations.b]\nchannels = []", "channels: write the channels in the order"),
        ("[organisations.b]\nchannels = 'mail'", "channels: write the channels in the order"),
        ("[organisations.b]\nchannels = ['a', 'a']", "names a channel twice"),
        ("[peoples.a]\nbudget = 3", "peoples: is not a known setting; did you mean people"),
        ("people = 3", "people: is a table; write [people]"),
        ("[people]\na = 3", "people.a: is a table; write [people.a]"),
    ],
)  # fmt: skip
def test_a_setting_that_cannot_be_is_refused_by_place_with_how_to_write_it(table, says):
    with pytest.raises(BadManners) as refused:
        written(table)
    assert says in str(refused.value)


def test_a_channel_the_file_does_not_have_is_refused_by_name():
    with pytest.raises(BadManners) as refused:
        written("[people.a]\nchannels = ['mail', 'pigeon']", {"mail", "teams"})
    assert str(refused.value) == (
        "people.a, channels: there is no channel 'pigeon'; the channels are mail, teams"
    )
    assert written("[people.a]\nchannels = ['mail']", {"mail"}).of("a", "b").order == ("mail",)


def test_every_part_of_manners_can_be_set():
    assert {name for name, _ in READ.values()} == set(Manners.__dataclass_fields__)


def test_manners_are_told_in_the_words_of_the_file():
    assert as_written(SHIPPED) == {
        "hours": "mon-fri 08:00-18:00", "digest_at": "08:30", "budget": 3,
        "fall_back_after": "1 hour", "unseen_after": "1 day", "channels": [],
    }  # fmt: skip
    assert as_written(Manners()) == {
        "hours": "always", "digest_at": "never", "budget": "none",
        "fall_back_after": "never", "unseen_after": "never", "channels": [],
    }  # fmt: skip


@pytest.mark.parametrize("text", ["90 minutes", "1 minute", "25 hours", "2 days", "never"])
def test_what_is_told_can_be_written_again(text):
    manners = written(f"[everybody]\nunseen_after = '{text}'").of("a", "b")
    assert as_written(manners)["unseen_after"] == text
    again = {key: value for key, value in as_written(manners).items() if value != []}
    assert book({"everybody": again}).of("a", "b") == manners
