"""Who there is, who is away, and who held what when."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from casework.absences import away
from casework.connect import reading
from casework.contact_views import contact_view
from casework.holding import held_at
from casework.offering import offer
from casework.packets import Packet
from casework.people import (
    NewContact,
    NewOrganisation,
    add_contact,
    add_organisation,
    contact,
    contacts,
    known_organisation,
    organisation,
)
from casework.presence import fixed_contact, refuse_unreachable
from casework.receiving import accept
from casework.refusals import NotAllowed, NotFound
from casework.stages import reopen
from casework.words import Role
from tests.builders import NOW, PACKET, TOWN, a_contact, a_town, go
from tests.casework.looking import DAY, everything, rows

A_MOMENT = timedelta(microseconds=1)
ZORG = f"zorg-{TOWN}"


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
    away(engine, "director", since=NOW, until=NOW + DAY, by="director", now=NOW)
    a_contact(engine, "director", "case_director", address="nieuw@voorbeeld.example")
    assert contact_view(engine, "director", NOW).absent


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


def test_a_contact_comes_with_an_organisation_that_was_not_known_yet(engine):
    home = NewOrganisation(key="wijkteam", name="Wijkteam", kind="care", municipality=TOWN)
    new = NewContact(key="nieuw", organisation="wijkteam", name="Voorbeeld Nieuw",
                     function="care_worker", address="nieuw@voorbeeld.example")  # fmt: skip
    add_contact(engine, new, NOW, home)
    assert known_organisation(engine, "wijkteam") == home
    before = everything(engine)
    add_contact(engine, new, NOW, home)
    assert everything(engine) == before


def test_a_refused_contact_leaves_no_organisation_behind(engine):
    home = NewOrganisation(key="wijkteam", name="Wijkteam", kind="care", municipality=TOWN)
    before = everything(engine)
    with pytest.raises(NotFound, match="no contact nobody"):
        add_contact(engine, NewContact(
            key="nieuw", organisation="wijkteam", name="Voorbeeld Nieuw", function="care_worker",
            address="nieuw@voorbeeld.example", deputy="nobody"), NOW, home)  # fmt: skip
    assert everything(engine) == before
    assert known_organisation(engine, "wijkteam") is None


def test_nobody_stands_in_for_themselves(engine):
    before = everything(engine)
    with pytest.raises(NotAllowed, match="somebody else"):
        a_contact(engine, "director", "case_director", deputy="director")
    assert everything(engine) == before


def test_a_contact_is_shown_with_what_others_must_know(engine, in_signal):
    a_contact(engine, "wijkteam", "care_worker", organisation=f"zorg-{TOWN}", fixed=True,
              account=False, deputy="care")  # fmt: skip
    got = contact_view(engine, "wijkteam", NOW)
    assert (got.name, got.fixed, got.account, got.deputy) == (
        "Voorbeeld Wijkteam", True, False, "care",
    )  # fmt: skip
    assert contact_view(engine, str(got.number), NOW) == got
    assert contact_view(engine, "director", NOW).roles == 1
    with pytest.raises(NotFound, match="contact list"):
        contact_view(engine, "99999", NOW)


# --- whom to turn to -----------------------------------------------------------------------------


def turned_to(engine, function: str | None = None, at: datetime = NOW) -> str | None:
    with reading(engine) as session:
        found = fixed_contact(session, organisation(session, ZORG), at, function)
        return found.key if found else None


def test_the_fixed_contact_of_an_organisation_is_turned_to_and_else_anybody(engine):
    assert turned_to(engine) == "care"
    a_contact(engine, "balie", "coordinator", organisation=ZORG, fixed=True)
    assert turned_to(engine) == "balie"
    assert turned_to(engine, "care_worker") == "care"
    assert turned_to(engine, "psychiatrist") is None


def test_of_a_fixed_contact_who_is_absent_the_deputy_there_is_turned_to(engine):
    a_contact(engine, "vervanger", "coordinator", organisation=ZORG)
    a_contact(engine, "balie", "coordinator", organisation=ZORG, fixed=True, deputy="vervanger")
    away(engine, "balie", since=NOW, by="balie", now=NOW)
    assert turned_to(engine) == "vervanger"


def test_a_deputy_elsewhere_does_not_answer_for_an_organisation(engine):
    a_contact(engine, "balie", "coordinator", organisation=ZORG, fixed=True, deputy="jurist")
    away(engine, "balie", since=NOW, until=NOW + DAY, by="balie", now=NOW)
    assert turned_to(engine) == "care"
    assert turned_to(engine, "coordinator") is None
    assert turned_to(engine, at=NOW + DAY) == "balie"


def refused(engine, which, at: datetime = NOW) -> None:
    with reading(engine) as session:
        refuse_unreachable(session, which(session), at)


def test_an_organisation_without_a_reachable_contact_is_refused_by_name(engine):
    def zorg(session):
        return organisation(session, ZORG)

    refused(engine, zorg)
    away(engine, "care", since=NOW, until=NOW + DAY, by="care", now=NOW)
    with pytest.raises(NotAllowed, match=f"{ZORG} has no contact who can be reached"):
        refused(engine, zorg)
    refused(engine, zorg, NOW + DAY)


@pytest.mark.parametrize(
    ("until", "deputy", "says"),
    [
        (NOW + DAY, "jurist", "care is absent until 03-03-2026 10:00; jurist stands in"),
        (None, "jurist", "care is absent for now; jurist stands in"),
        (None, None, "care is absent for now; nobody stands in"),
    ],
)
def test_somebody_absent_is_refused_with_until_when_and_who_stands_in(engine, until, deputy, says):
    a_contact(engine, "care", "care_worker", organisation=ZORG, deputy=deputy)
    away(engine, "care", since=NOW, until=until, by="care", now=NOW)
    with pytest.raises(NotAllowed, match=says):
        refused(engine, lambda session: contact(session, "care"))


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


@pytest.mark.parametrize("named", [{"director": "director"}, {}])
def test_a_case_is_not_reopened_in_the_hands_of_somebody_absent(engine, in_signal, named):
    go(engine, in_signal, "unfounded", NOW)
    away(engine, "director", since=NOW, until=NOW + DAY, by="director", now=NOW)
    before = everything(engine)
    again = {"stage": "signal", "by": "director", "reason": "weer klachten"}
    with pytest.raises(NotAllowed, match=r"director is absent until .*; deputy stands in"):
        reopen(engine, in_signal, **again, **named, now=NOW)
    assert everything(engine) == before
    reopen(engine, in_signal, **again, director="deputy", now=NOW)
    assert held_at(engine, in_signal, Role.DIRECTOR, NOW) == "deputy"


def test_who_held_an_unknown_case_is_nobody(engine):
    assert held_at(engine, "2026-00099", Role.DIRECTOR, NOW) is None


def test_a_town_is_built_twice_without_harm(engine):
    before = everything(engine)
    a_town(engine)
    assert everything(engine) == before
