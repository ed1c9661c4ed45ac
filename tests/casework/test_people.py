"""Who there is, who is away, and who held what when."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy.exc import StatementError

from casework.handovers import Packet, accept, offer
from casework.people import (
    NewContact,
    NewOrganisation,
    add_organisation,
    contacts,
    held_at,
    set_absence,
)
from casework.refusals import NotAllowed, NotFound
from casework.words import Role
from tests.builders import NOW, PACKET, TOWN, a_contact, a_town, go
from tests.casework.looking import DAY, everything, rows

A_MOMENT = timedelta(microseconds=1)


def test_an_organisation_added_twice_is_added_once(engine):
    before = everything(engine)
    add_organisation(engine, NewOrganisation(
        key=f"gemeente-{TOWN}", name="Anders", kind="municipality", municipality=TOWN))  # fmt: skip
    assert everything(engine) == before


def test_a_contact_added_again_is_brought_up_to_date(engine):
    a_contact(engine, "director", "case_director", address="nieuw@voorbeeld.example", language="en")
    row = rows(engine, "contacts", "key = 'director'")[0]
    assert (row["address"], row["language"], row["deputy_id"]) == (
        "nieuw@voorbeeld.example", "en", None,
    )  # fmt: skip
    assert len(rows(engine, "contacts")) == 6


def test_an_absence_outlasts_a_change_of_address(engine):
    set_absence(engine, "director", NOW, NOW + DAY)
    a_contact(engine, "director", "case_director", address="nieuw@voorbeeld.example")
    assert rows(engine, "contacts", "key = 'director'")[0]["absent_from"] == NOW


@pytest.mark.parametrize("wrong", [{"organisation": "nergens"}, {"deputy": "nobody"}])
def test_a_contact_belongs_somewhere_and_its_deputy_exists(engine, wrong):
    before = everything(engine)
    with pytest.raises(NotFound):
        a_contact(engine, "nieuw", "case_worker", **wrong)
    assert everything(engine) == before


@pytest.mark.parametrize("wrong", [{"key": "Met Hoofdletter"}, {"language": "de"}, {"address": ""},
                                   {"salary": 1}])  # fmt: skip
def test_what_can_not_be_a_contact_does_not_come_in(wrong):
    fine = {"key": "a", "organisation": "b", "name": "c", "function": "d", "address": "e"}
    with pytest.raises(ValidationError):
        NewContact(**(fine | wrong))


def test_contacts_are_listed_by_key_with_where_they_work(engine):
    assert contacts(engine)[0] == ("care", "care_worker", f"zorg-{TOWN}", TOWN)
    assert [c[0] for c in contacts(engine)] == sorted(c[0] for c in contacts(engine))


def test_nobody_stands_in_for_themselves(engine):
    before = everything(engine)
    with pytest.raises(NotAllowed, match="somebody else"):
        a_contact(engine, "director", "case_director", deputy="director")
    assert everything(engine) == before


# --- absence -------------------------------------------------------------------------------------


def test_an_absence_can_be_ended(engine):
    set_absence(engine, "director", NOW, None)
    set_absence(engine, "director", None, None)
    row = rows(engine, "contacts", "key = 'director'")[0]
    assert (row["absent_from"], row["absent_until"]) == (None, None)


@pytest.mark.parametrize(
    ("absent_from", "absent_until"),
    [(NOW, NOW), (NOW, NOW - DAY), (None, NOW)],
    ids=["empty", "backwards", "no-beginning"],
)
def test_an_absence_that_can_not_be_is_refused_in_words(engine, absent_from, absent_until):
    before = everything(engine)
    with pytest.raises(NotAllowed, match="absence"):
        set_absence(engine, "director", absent_from, absent_until)
    assert everything(engine) == before


def test_an_absence_needs_moments_with_their_zone(engine):
    with pytest.raises(StatementError, match="needs a time zone"):
        set_absence(engine, "director", datetime(2026, 3, 2), None)  # noqa: DTZ001


def test_nobody_unknown_is_absent(engine):
    with pytest.raises(NotFound):
        set_absence(engine, "nobody", NOW, None)


# --- who held it ---------------------------------------------------------------------------------


def test_who_held_a_case_is_known_for_every_instant_of_its_life(engine, in_signal):
    made = offer(engine, in_signal, role=Role.DIRECTOR, to="deputy", by="director", now=NOW,
                 packet=Packet.model_validate(PACKET))  # fmt: skip
    passed = NOW + DAY
    accept(engine, made.id, by="deputy", read_back="Ik neem de zaak nu over.", now=passed)
    closed = NOW + 2 * DAY
    go(engine, in_signal, "unfounded", closed)
    asked = [NOW - A_MOMENT, NOW, passed - A_MOMENT, passed, closed - A_MOMENT, closed]
    assert [held_at(engine, in_signal, Role.DIRECTOR, at) for at in asked] == [
        None, "director", "director", "deputy", "deputy", None,
    ]  # fmt: skip


def test_who_held_an_unknown_case_is_nobody(engine):
    assert held_at(engine, "2026-00099", Role.DIRECTOR, NOW) is None


def test_a_town_is_built_twice_without_harm(engine):
    before = everything(engine)
    a_town(engine)
    assert everything(engine) == before
