"""estafette handover: offer a role with its packet, keep a draft, take it back, look at it."""

from typing import TYPE_CHECKING, Any

import typer

from desk import say
from desk.clock import now
from desk.packet_options import option_of, with_packet
from desk.typed import role_of

if TYPE_CHECKING:
    from casework.offering import Offer
    from casework.packets import Packet

app = typer.Typer(
    no_args_is_help=True,
    help="Hand over a role: offered with a packet, accepted by reading back. Until then "
    "its holder keeps it.",
)
CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
NUMBER = typer.Argument(..., metavar="HANDOVER", help="The handover's number.")
VERSION = typer.Option(
    None, "--version", help="The version you saw; refused when it moved on. Default: now's."
)
ROLE = typer.Option(..., help="case_director, care_lead or enforcement_lead.")
TO = typer.Option(..., help="Key of the contact who is asked, or of an organisation.")

ANSWERED = {"handover_answered", "handover_urgent"}  # the promises to accept or refuse


@app.command()
@with_packet
def offer(
    case: str = CASE,
    role: str = ROLE,
    to: str = TO,
    version: int | None = VERSION,
    packet: "Packet | None" = None,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Offer a role with its packet; who holds it keeps it until it is accepted by reading back.

    A draft of yours for this role is taken over. What is open in the case, with its dates, is added
    by itself. To an organisation: its contact for this is asked, and anybody there may answer.
    """
    from casework.connect import connect
    from casework.offering import offer as put
    from casework.packets import Packet

    made = put(
        connect(), case, role=role_of(role), to=to, packet=packet or Packet(), by=by, now=now(),
        seen_version=version,
    )  # fmt: skip
    say.answer(made, as_json, lambda: [*_on_offer(made), *warned(made)])


@app.command()
@with_packet
def draft(
    case: str = CASE,
    role: str = ROLE,
    to: str = TO,
    packet: "Packet | None" = None,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Keep a packet you are not ready to offer; it says what is missing and how to fill it.

    Nobody is told. Drafting again adds to it; a part stated again replaces the former words.
    """
    from casework.connect import connect
    from casework.offering import draft as keep
    from casework.packets import Packet

    kept = keep(
        connect(), case, role=role_of(role), to=to, packet=packet or Packet(), by=by, now=now()
    )
    say.answer(kept, as_json, lambda: [*_draft(kept, to), *warned(kept)])


@app.command("offer-draft")
@with_packet
def offer_draft(
    handover_id: int = NUMBER,
    version: int | None = VERSION,
    packet: "Packet | None" = None,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Offer a draft; parts stated here are added to it first."""
    from casework.connect import connect
    from casework.offering import offer_draft as put

    made = put(connect(), handover_id, by=by, now=now(), packet=packet, seen_version=version)
    say.answer(made, as_json, lambda: [*_on_offer(made), *warned(made)])


@app.command()
@with_packet
def assign(
    case: str = CASE,
    role: str = ROLE,
    to: str = TO,
    because: str = typer.Option(..., help="Why it is decided for them; kept, never sent."),
    version: int | None = VERSION,
    packet: "Packet | None" = None,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Assign a role by force, as process director: the receiver holds it at once.

    They still have to read back. Without a packet the one of the last offer travels along.
    """
    from casework.connect import connect
    from casework.forcing import assign as force

    made = force(
        connect(), case, role=role_of(role), to=to, packet=packet, by=by, because=because,
        now=now(), seen_version=version,
    )  # fmt: skip
    held = (
        f"{made.role} of case {made.case_key} is assigned to {to}, who holds it from now and has "
        f"to read back handover {made.id}."
    )
    say.answer(made, as_json, lambda: [held, *warned(made)])


@app.command()
def revoke(
    handover_id: int = NUMBER,
    version: int | None = VERSION,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Take back an offer of yours that was not answered yet, or throw away a draft."""
    from casework.connect import connect
    from casework.offering import revoke as take_back

    got = take_back(connect(), handover_id, by=by, now=now(), seen_version=version)
    say.answer(got, as_json, lambda: [f"Handover {got.id} is revoked."])


@app.command()
def show(handover_id: int = NUMBER, as_json: bool = say.AS_JSON) -> None:
    """Show a handover: its packet, its read-back, its clocks, and what is missing."""
    from casework.connect import connect
    from casework.handover_views import handover_view
    from desk.handover_page import lines

    view = handover_view(connect(), handover_id)
    say.answer(view, as_json, lambda: lines(view))


@app.command("list")
def list_(
    case: str | None = typer.Option(None, metavar="CASE", help="Only of this case."),
    contact: str | None = typer.Option(None, help="Only to or from this contact."),
    pending: bool = typer.Option(False, "--pending", help="Only what waits for its receiver."),
    as_json: bool = say.AS_JSON,
) -> None:
    """List handovers, newest first; sender and receiver both see theirs."""
    from casework.connect import connect
    from casework.handover_views import handover_list
    from desk.handover_page import next_due

    rows = handover_list(connect(), case_key=case, contact=contact, pending=pending)
    header = ("nr", "case", "role", "from", "to", "state", "next is due", "by")
    lines = [
        (str(r.id), r.case_key, r.role, r.sender, r.receiver, r.state, *next_due(r)) for r in rows
    ]
    say.answer(rows, as_json, lambda: say.fitting(lines, header) if lines else ["No handovers."])


def warned(made: Any) -> list[str]:
    """What the sender should know about the receiver, in Dutch."""
    return [f"  Let op: {warning.nl}" for warning in made.warnings]


def _on_offer(made: "Offer") -> list[str]:
    """To whom it is on offer, who holds the role meanwhile, and by when an answer is promised."""
    from casework.connect import connect
    from casework.handover_views import handover_view
    from desk.handover_page import due

    view = handover_view(connect(), made.id)
    answers = [due(clock) for clock in view.clocks if clock.key in ANSWERED]
    return [
        f"Handover {made.id} of {made.role} of case {made.case_key} is on offer to "
        f"{view.receiver}; {made.held_by} holds it meanwhile.",
        *(f"An answer is promised by {by}." for by in answers),
    ]


def _draft(kept: "Offer", to: str) -> list[str]:
    from escalation.packet import PARTS

    head = f"Handover {kept.id} is a draft of {kept.role} for {to}; nobody is told."
    if not kept.missing:
        return [head, f"It is complete. Offer it: estafette handover offer-draft {kept.id}"]
    lacking = [f"  {option_of(part)}: {PARTS[part].en}" for part in kept.missing]
    way = (
        "Draft again with these, or offer it with them: "
        f"estafette handover offer-draft {kept.id} {option_of(kept.missing[0])} …"
    )
    return [head, "Still missing:", *lacking, way]
