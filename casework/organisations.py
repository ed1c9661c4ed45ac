"""Organisations: what they do, when somebody is there, and what others may expect of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import record
from casework.connect import reading, transaction
from casework.people import acting, organisation
from casework.policies import calendars_now
from casework.refusals import NotAllowed
from escalation.hours import AMSTERDAM, BadHours, next_opening, parse, spoken
from escalation.text import Text
from models import Contact, Organisation

# fmt: off
CARD = {
    "can": Text("Kan", "Can"),
    "cannot": Text("Kan niet", "Cannot"),
    "when": Text("Wanneer", "When"),
    "how_fast": Text("Hoe snel", "How fast"),
}
# fmt: on


class OrganisationDetails(BaseModel):
    """What is stated about an organisation; what is left out stays as it is, and an empty text
    takes away what was stated."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    functions: tuple[str, ...] | None = Field(default=None, max_length=20)
    hours: str | None = Field(default=None, max_length=500)
    can: str | None = Field(default=None, max_length=500)
    cannot: str | None = Field(default=None, max_length=500)
    when: str | None = Field(default=None, max_length=500)
    how_fast: str | None = Field(default=None, max_length=500)


@dataclass(frozen=True, slots=True)
class OrganisationView:
    """An organisation with its expectation card; `is_open` is None while no hours are stated, and
    `opens_next` is the moment it opens when it is closed."""

    key: str
    name: str
    kind: str
    municipality: str
    functions: tuple[str, ...]
    hours: str
    card: dict[str, str]
    is_open: bool | None
    opens_next: datetime | None
    fixed: tuple[str, ...]
    contacts: tuple[str, ...]


def set_organisation(
    engine: Engine, key: str, details: OrganisationDetails, *, by: str, now: datetime
) -> None:
    """The organisation is as stated; called twice is called once.

    Raises NotFound, NotAllowed for opening hours that cannot be, saying how to write them.
    """
    hours = _hours(details.hours)
    with transaction(engine) as session:
        actor, row = acting(session, by, now).key, organisation(session, key)
        session.refresh(row, with_for_update={"key_share": True})
        stated = _stated(row, details, hours)
        changed = [name for name, value in stated.items() if getattr(row, name) != value]
        if changed:
            row.sqlmodel_update(stated)
            session.add(row)
            record(session, now, actor, "organisation_set", organisation=key, changed=changed)


def organisation_view(engine: Engine, key: str, now: datetime) -> OrganisationView:
    """The organisation as it is now. Raises NotFound."""
    with reading(engine) as session:
        row = organisation(session, key)
        opens = _opens(session, row, now)
        here = session.exec(
            select(Contact)
            .where(Contact.organisation_id == row.id, col(Contact.left_at).is_(None))
            .order_by(col(Contact.key))
        ).all()
        return OrganisationView(
            row.key, row.name, row.kind, row.municipality, tuple(row.functions),
            spoken(row.hours), {name: row.card[name] for name in CARD if name in row.card},
            opens == now if row.hours else None, None if opens == now else opens,
            tuple(person.key for person in here if person.fixed),
            tuple(person.key for person in here),
        )  # fmt: skip


def card_of(session: Session, home: Organisation, now: datetime) -> tuple[Text, ...]:
    """What others may expect of the organisation, and that it is closed now, if it is.

    Nothing for one that never stated anything.
    """
    said = [
        Text(f"{word.nl}: {home.card[name]}", f"{word.en}: {home.card[name]}")
        for name, word in CARD.items()
        if home.card.get(name)
    ]
    opens = _opens(session, home, now)
    if home.hours and opens != now:
        said.append(_closed(home, opens))
    return tuple(said)


def _closed(home: Organisation, opens: datetime | None) -> Text:
    if opens is None:
        return Text(f"{home.key} is nu gesloten.", f"{home.key} is closed now.")
    at = f"{opens.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
    return Text(
        f"{home.key} is nu gesloten en weer bereikbaar vanaf {at}.",
        f"{home.key} is closed now and can be reached again from {at}.",
    )


def _opens(session: Session, home: Organisation, now: datetime) -> datetime | None:
    """`now` itself when it is open, else when it opens; None when it never does."""
    return next_opening(home.hours, now, calendars_now(session).working) if home.hours else None


def _hours(text: str | None) -> dict[str, Any] | None:
    try:
        return None if text is None else dict(parse(text))
    except BadHours as error:
        raise NotAllowed(str(error)) from error


def _stated(
    row: Organisation, details: OrganisationDetails, hours: dict[str, Any] | None
) -> dict[str, Any]:
    """What the row holds once the details are in it."""
    said = details.model_dump(include=set(CARD), exclude_none=True)
    card = {name: text for name, text in (row.card | said).items() if text}
    named = row.functions if details.functions is None else details.functions
    functions = list(dict.fromkeys(word.strip() for word in named if word.strip()))
    return {"functions": functions, "hours": row.hours if hours is None else hours, "card": card}
