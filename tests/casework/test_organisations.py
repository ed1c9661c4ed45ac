"""Organisations: what others may expect of them, and a warning when nobody is there."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from casework.administration import administration
from casework.connect import reading
from casework.organisations import (
    OrganisationDetails,
    card_of,
    organisation_view,
    set_organisation,
)
from casework.people import organisation
from casework.refusals import NotAllowed, NotFound
from escalation.text import Text
from tests.builders import NOW, TOWN, a_contact
from tests.casework.looking import DAY, everything

ZORG = f"zorg-{TOWN}"
EVENING = datetime(2026, 3, 6, 18, 0, tzinfo=UTC)  # a Friday


def state(engine, key: str = ZORG, **details) -> None:
    set_organisation(engine, key, OrganisationDetails(**details), by="care", now=NOW)


def card(engine, now: datetime = NOW) -> tuple[Text, ...]:
    with reading(engine) as session:
        return card_of(session, organisation(session, ZORG), now)


def test_who_states_nothing_has_no_card_and_is_neither_open_nor_closed(engine):
    got = organisation_view(engine, ZORG, NOW)
    assert (got.card, got.hours, got.is_open, got.opens_next) == ({}, "", None, None)
    assert card(engine) == ()


def test_an_organisation_is_shown_with_its_functions_hours_card_and_contacts(engine):
    a_contact(engine, "balie", "coordinator", organisation=ZORG, fixed=True)
    state(engine, functions=("care", "crisis", "care"), hours="mon-fri 09:00-17:00",
          can="bezoeken", how_fast="binnen een week")  # fmt: skip
    got = organisation_view(engine, ZORG, NOW)
    assert (got.functions, got.hours) == (("care", "crisis"), "mon-fri 09:00-17:00")
    assert got.card == {"can": "bezoeken", "how_fast": "binnen een week"}
    assert (got.fixed, got.contacts) == (("balie",), ("balie", "care"))
    assert (got.is_open, got.opens_next) == (True, None)
    closed = organisation_view(engine, ZORG, EVENING)
    assert closed.is_open is False
    assert closed.opens_next == datetime(2026, 3, 9, 8, 0, tzinfo=UTC)


def test_whoever_turns_to_it_reads_the_card_and_that_it_is_closed_now(engine):
    state(engine, hours="mon-fri 09:00-17:00", can="bezoeken", cannot="dwingen")
    open_now = (Text("Kan: bezoeken", "Can: bezoeken"),
                Text("Kan niet: dwingen", "Cannot: dwingen"))  # fmt: skip
    assert card(engine) == open_now
    *same, closed = card(engine, EVENING)
    assert tuple(same) == open_now
    assert closed.nl.endswith("is nu gesloten en weer bereikbaar vanaf 09-03-2026 09:00.")


def test_stated_twice_is_stated_once_and_on_record_without_its_text(engine):
    state(engine, can="bezoeken", hours="mon 09:00-10:00")
    before = everything(engine)
    state(engine, can="bezoeken", hours="mon 9:00 - 10:00")
    assert everything(engine) == before
    entry = administration(engine)[0]
    assert (entry.kind, entry.actor) == ("organisation_set", "care")
    assert entry.data == {"organisation": ZORG, "changed": ["hours", "card"]}


@pytest.mark.parametrize(
    ("key", "details", "error", "says"),
    [
        (ZORG, {"hours": "mon 17:00-09:00"}, NotAllowed, "ends before it begins"),
        (ZORG, {"hours": "altijd"}, NotAllowed, "write them as"),
        ("nergens", {"can": "iets"}, NotFound, "no organisation nergens"),
    ],
)
def test_what_can_not_be_stated_changes_nothing(engine, key, details, error, says):
    state(engine, can="bezoeken")
    before = everything(engine)
    with pytest.raises(error, match=says):
        state(engine, key, **details)
    assert everything(engine) == before


def test_a_card_has_no_other_parts():
    with pytest.raises(ValidationError, match="Extra inputs"):
        OrganisationDetails(salary="1")
    with pytest.raises(ValidationError, match="at most 500"):
        OrganisationDetails(can="x" * 501)


def test_on_a_holiday_it_is_closed(engine):
    state(engine, hours="mon-sun 00:00-24:00")
    kings_day = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
    assert organisation_view(engine, ZORG, kings_day - DAY).is_open is True
    assert organisation_view(engine, ZORG, kings_day).is_open is False
