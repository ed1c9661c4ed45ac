"""estafette contact organisation, card: what others may expect of an organisation, and when."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from casework.organisations import OrganisationView

ORGANISATION = typer.Argument(..., help="The organisation's key.")


def organisation(
    key: str = ORGANISATION,
    functions: list[str] = typer.Option(
        None, "--function", help="What it does for others; again for each. Replaces all of them."
    ),
    hours: str | None = typer.Option(
        None, help='"mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00"; empty takes them away.'
    ),
    can: str | None = typer.Option(None, help="What it can do."),
    cannot: str | None = typer.Option(None, help="What it cannot do."),
    when: str | None = typer.Option(None, help="When to turn to it."),
    how_fast: str | None = typer.Option(None, help="How fast it answers and acts."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """State what an organisation does, when it is open and what to expect of it.

    What is left out stays as it is; an empty text takes away what was stated.
    """
    from casework.connect import connect
    from casework.organisations import (
        OrganisationDetails,
        organisation_view,
        set_organisation,
    )

    details = OrganisationDetails(
        functions=tuple(functions) if functions else None, hours=hours, can=can, cannot=cannot,
        when=when, how_fast=how_fast,
    )  # fmt: skip
    set_organisation(connect(), key, details, by=by, now=now())
    got = organisation_view(connect(), key, now())
    say.answer(got, as_json, lambda: _page(got))


def card(key: str = ORGANISATION, as_json: bool = say.AS_JSON) -> None:
    """Show an organisation's expectation card, whom to turn to, and whether it is open now."""
    from casework.connect import connect
    from casework.organisations import organisation_view

    got = organisation_view(connect(), key, now())
    say.answer(got, as_json, lambda: _page(got))


def _page(got: "OrganisationView") -> Iterable[str]:
    from casework.organisations import CARD

    yield f"{got.key} ({got.kind}, {got.municipality}): {got.name}"
    yield f"  does: {', '.join(got.functions) or '–'}"
    for name, word in CARD.items():
        yield f"  {word.en.lower()}: {got.card.get(name, '–')}"
    yield f"  hours: {got.hours or '–'}"
    if got.is_open is not None:
        opens = f"closed now; opens {say.when(got.opens_next)}"
        yield "  open now" if got.is_open else f"  {opens}"
    yield f"  turn to: {', '.join(got.fixed or got.contacts) or 'nobody yet'}"


def add_to(app: typer.Typer) -> None:
    """These belong to `estafette contact`."""
    app.command()(organisation)
    app.command()(card)
