"""estafette contact way: the channels by which somebody is reached, first to last."""

from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from casework.ways import Reach

app = typer.Typer(no_args_is_help=True, help="The ways to reach a contact, in order.")
KEY = typer.Argument(..., help="The contact's key.")


@app.command()
def add(
    key: str = KEY,
    channel: str = typer.Option(..., help="A channel's name: estafette channel list."),
    address: str = typer.Option("", help="Where they are reached there; a shared one needs none."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Add a way to reach a contact, after those they have, or give one another address."""
    from casework.connect import connect
    from casework.ways import add_way
    from desk.new_contacts import refuse_odd_address

    refuse_odd_address(channel, address)
    _tell(key, add_way(connect(), key, channel, address, by=by, now=now()), as_json)


@app.command()
def remove(
    key: str = KEY,
    channel: str = typer.Argument(..., help="The channel's name."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Take a way to reach a contact away; the first one stays."""
    from casework.connect import connect
    from casework.ways import remove_way

    _tell(key, remove_way(connect(), key, channel, by=by, now=now()), as_json)


@app.command("list")
def list_(key: str = KEY, as_json: bool = say.AS_JSON) -> None:
    """List the ways to reach a contact, first to last; addresses stay in the database."""
    from casework.connect import connect
    from casework.ways import ways_of

    _tell(key, ways_of(connect(), key), as_json)


def _tell(key: str, ways: "list[Reach]", as_json: bool) -> None:
    names = [way.channel for way in ways]
    say.answer(
        {"contact": key, "channels": names}, as_json,
        lambda: [f"{key} is reached by {', then '.join(names)}."],
    )  # fmt: skip
