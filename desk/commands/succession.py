"""estafette handover: pass on all that somebody holds, and the link for whoever has no account."""

import os
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now
from desk.packet_options import option_of, with_packet

if TYPE_CHECKING:
    from casework.packets import Packet
    from casework.succession import Passing, Progress

HEADER = ("case", "role", "state", "with", "handover")


def add_to(app: typer.Typer) -> None:
    """The commands stand among those of a handover."""
    for command, name in ((pass_on, "pass-on"), (progress, "progress"), (link, "link")):
        app.command(name)(command)


@with_packet
def pass_on(
    leaver: str = typer.Argument(..., metavar="LEAVER", help="Key of who passes on all they hold."),
    to: list[str] = typer.Option(
        ..., "--to", help="Who may take over; repeat it. Who holds fewest roles goes first."
    ),
    because: str = typer.Option(..., help="Why; kept, never sent."),
    packet: "Packet | None" = None,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Offer every role somebody holds, case by case; nothing is without a holder meanwhile.

    The packet is for every case; what it leaves out is taken from the last packet of the role
    there. Run it again to go on where it was.
    """
    from casework.connect import connect
    from casework.packets import Packet
    from casework.succession import pass_on as pass_all

    got = pass_all(
        connect(), leaver, to=to, packet=packet or Packet(), by=by, because=because, now=now()
    )
    say.answer(got, as_json, lambda: _lines(got))


def progress(
    number: str | None = typer.Argument(
        None, metavar="SUCCESSION", help="Its number; left out: all of them, newest first."
    ),
    as_json: bool = say.AS_JSON,
) -> None:
    """Show how far passing on is: of each role where it stands, with whom, and what is missing."""
    from casework.connect import connect
    from casework.succession import progress as look
    from casework.succession import successions

    if number is not None:
        got = look(connect(), _number(number))
        say.answer(got, as_json, lambda: _lines(got))
        return
    every = successions(connect())
    rows = [(str(p.number), p.leaver, say.when(p.begun_at), _how_far(p)) for p in every]
    header = ("nr", "who", "begun", "how far")
    say.answer(every, as_json, lambda: say.fitting(rows, header) if rows else ["No successions."])


def _number(word: str) -> int:
    if not word.isdecimal():
        say.stop(
            f"{word!r} is not the number of a succession; see them all: estafette handover progress"
        )
    return int(word)


def link(
    handover_id: int = typer.Argument(..., metavar="HANDOVER", help="The handover's number."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Make a link for a receiver without an account: it shows the packet and takes an answer.

    Whoever has the link can answer. Links made before no longer work.
    """
    from casework.connect import connect
    from casework.link_tokens import link_secret
    from casework.links import make_link

    token = make_link(connect(), handover_id, by=by, secret=link_secret(), now=now())
    whole = f"{_desk_url()}/o/{token}"
    say.answer({"handover": handover_id, "link": whole}, as_json, lambda: [whole])


def _desk_url() -> str:
    from desk.settings import DeskSettings

    # Behind a proxy the pages have another address than the port they listen on.
    return (os.environ.get("ESTAFETTE_DESK_URL") or DeskSettings().desk_url).rstrip("/")


def _lines(got: "Progress") -> list[str]:
    rows = [
        (p.case_key, p.role, p.state, p.receiver or "–", str(p.handover or "–"))
        for p in got.passings
    ]
    left = sum(p.held for p in got.passings)
    end = (
        f"{got.leaver} holds nothing more that this was begun for."
        if got.done
        else f"{got.leaver} still holds {left} of {len(got.passings)}, until they are accepted."
    )
    ways = [line for p in got.passings for line in _way_on(p)]
    return [f"Succession {got.number}: {_how_far(got)}", *say.fitting(rows, HEADER), *ways, end]


def _how_far(got: "Progress") -> str:
    return ", ".join(f"{count} {state}" for state, count in got.counts.items()) or "nothing"


def _way_on(p: "Passing") -> list[str]:
    """What stands in the way of one role, and how to go on."""
    place = f"{p.case_key} {p.role}:"
    if p.missing:
        lacking = " ".join(f"{option_of(part)} …" for part in p.missing)
        return [f"{place} incomplete; estafette handover offer-draft {p.handover} {lacking}"]
    if p.state in {"refused", "expired"}:
        again = f"estafette handover offer {p.case_key} --role {p.role} --to …"
        return [f"{place} it came back ({p.state}); {p.why or again}"]
    return [f"{place} {p.why}"] if p.why else []
