"""Whether a channels file leaves everybody reachable: asked before it is put to use."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from escalation.manners import Book
    from notifications.channels import Channels

NEARLY = 0.6


def objections(engine: "Engine", channels: "Channels") -> list[str]:
    """All that speaks against these channels, by key and name; without it nobody is lost.

    Raises: BadManners, for a setting that cannot be.
    """
    from casework.people import contacts
    from escalation.manners import book

    found = book(channels.manners, channels.by_name)
    people = [(key, home) for key, _, home, _ in contacts(engine)]
    return [
        *_strangers("people", found.people, [key for key, _ in people]),
        *_strangers("organisations", found.organisations, sorted({home for _, home in people})),
        *(line for key, home in people for line in _lost(engine, channels, found, key, home)),
    ]


def _strangers(section: str, named: Iterable[str], known: list[str]) -> Iterator[str]:
    for key in named:
        if key not in known:
            near = get_close_matches(key, known, n=1, cutoff=NEARLY)
            hint = f"did you mean {near[0]}? " if near else ""
            yield f"{section}.{key}: nobody knows that key; {hint}See: estafette contact list"


def _lost(
    engine: "Engine", channels: "Channels", found: "Book", key: str, home: str
) -> Iterator[str]:
    """What of one person would go nowhere."""
    from casework.ways import ways_of
    from desk.new_contacts import reaches

    listed = {way.channel: way.address for way in ways_of(engine, key)}
    for name, address in listed.items():
        if name not in channels.by_name:
            yield f"contact {key} is reached by {name}, and there is no such channel; keep it"
        elif not reaches(channels, name, address):
            yield f"contact {key} has an address that {name} cannot reach; correct it first"
    for name in found.of(key, home).order:
        if name not in listed and not channels.by_name[name].shared:
            yield (
                f"contact {key} is to be reached by {name} and has no address there; add it "
                f"first: estafette contact way add {key} --channel {name} --address … --by …"
            )
