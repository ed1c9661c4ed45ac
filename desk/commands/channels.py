"""estafette channel: what alerts go through, and how people want to be reached."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from notifications.channels import Channels

app = typer.Typer(no_args_is_help=True, help="What alerts go through, and who is reached how.")
FILE = typer.Argument(..., exists=True, dir_okay=False, help="A channels file in TOML.")
HEADER = ("channel", "shared", "brief", "per_minute")


@app.command("list")
def list_(as_json: bool = say.AS_JSON) -> None:
    """List the channels by name; their URLs hold secrets and are not shown."""
    from notifications.channels import Channels

    rows = [
        (name, channel.shared, channel.brief, channel.per_minute)
        for name, channel in Channels.from_env().by_name.items()
    ]
    shown = [(name, *map(_cell, more)) for name, *more in rows]
    say.answer(
        [dict(zip(HEADER, row, strict=True)) for row in rows], as_json,
        lambda: say.table(shown, ("channel", "shared", "brief", "a minute at most")),
    )  # fmt: skip


@app.command()
def check(file: Path = FILE, as_json: bool = say.AS_JSON) -> None:
    """Check a channels file: could each channel work, and is everybody still reached?"""
    _, names = _checked(file)
    body = {"file": file.name, "channels": names}
    say.answer(body, as_json, lambda: [f"{file.name} can be used: {', '.join(names)}."])


@app.command()
def save(file: Path = FILE, as_json: bool = say.AS_JSON) -> None:
    """Check a channels file, and put it to use; the former one is kept beside it."""
    from notifications.channels_file import save as keep

    text, names = _checked(file)
    place, before = keep(text)
    body = {"file": str(place), "channels": names, "before": before and str(before)}
    kept = [f"  the former file is kept as {before}"] if before else []
    say.answer(
        body, as_json,
        lambda: [
            f"Alerts go through {', '.join(names)}, as {place} says.", *kept,
            "  a running estafette up takes it over, if it was started with these secrets",
            "  now try each channel: estafette doctor --send-test --to KEY",
        ],
    )  # fmt: skip


@app.command()
def show(
    person: str = typer.Argument(..., help="A contact's key."), as_json: bool = say.AS_JSON
) -> None:
    """Show how somebody is reached, in order, and how they want it; addresses are not shown."""
    body = _reached(person)
    say.answer(body, as_json, lambda: _page(body))


def _cell(value: bool | int | None) -> str:
    return "yes" if value is True else str(value or "–")


def _checked(file: Path) -> tuple[str, list[str]]:
    """The text of a file that can be put to use and its channels; stops with all that is wrong."""
    from casework.connect import connect
    from desk.reachable import objections
    from notifications.channels import Channels

    text = file.read_text("utf-8")
    channels = Channels.from_toml(text)
    if wrong := objections(connect(), channels):
        say.stop("\n".join([f"{file.name} can not be used; nothing was changed:", *wrong]))
    return text, list(channels.by_name)


def _reached(key: str) -> dict[str, Any]:
    from casework.connect import connect
    from casework.contact_views import contact_view
    from casework.ways import ways_of
    from escalation.manners import as_written, book
    from notifications.channels import Channels

    engine, channels = connect(), Channels.from_env()
    home = contact_view(engine, key, now()).organisation
    listed = [way.channel for way in ways_of(engine, key)]
    manners = book(channels.manners, channels.by_name).of(key, home)
    order = list(manners.order) or listed
    ways = [{"channel": name, "reaches": _reaches(channels, name, listed)} for name in order]
    return {"contact": key, "organisation": home, **as_written(manners), "channels": ways}


def _reaches(channels: "Channels", name: str, listed: list[str]) -> bool:
    channel = channels.by_name.get(name)
    return channel is not None and (channel.shared or name in listed)


def _page(body: dict[str, Any]) -> list[str]:
    ways = [way["channel"] + ("" if way["reaches"] else " (NOT OK)") for way in body["channels"]]
    budget = body["budget"]
    return [
        f"{body['contact']} of {body['organisation']} is reached by {', then '.join(ways)}",
        f"  hours: {body['hours']}",
        f"  digest at: {body['digest_at']}",
        f"  interruptions a day: {'no limit' if budget == 'none' else budget}",
        f"  another way when it cannot be delivered, after: {body['fall_back_after']}",
        f"  another way when nobody saw it, after: {body['unseen_after']}",
    ]
