"""estafette handover: what a receiver does with an offer, and what both owe each other after it."""

from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now
from desk.typed import answer_of

if TYPE_CHECKING:
    from casework.batons import Offer

NUMBER = typer.Argument(..., metavar="HANDOVER", help="The handover's number.")
VERSION = typer.Option(
    None, "--version", help="The version you saw; refused when it moved on. Default: now's."
)
GIVEN = typer.Option("done", help="done, not_done or cannot_share; the last two with a --reason.")
REPORTED = typer.Option(
    "done", help="done, not_done or cannot_share; --report says what happened, or why not."
)
WHY_NOT = typer.Option(None, "--reason", help="Why it is not done or can not be shared.")

# What is asked when a handover came back, and of whom.
GOES_ON = {
    "handover_returned": "Its sender is asked how to go on, by {by}.",
    "process_decides": "The process director is asked to decide who gets it, by {by}.",
}


def add_to(app: typer.Typer) -> None:
    for command in (acknowledge, accept, refuse, call, contacted, report):
        app.command()(command)


def acknowledge(handover_id: int = NUMBER, by: str = say.BY, as_json: bool = say.AS_JSON) -> None:
    """Let the sender know that you saw the offer; you still have to accept or refuse it."""
    from casework.connect import connect
    from casework.receiving import acknowledge as seen

    got = seen(connect(), handover_id, by=by, now=now())
    say.answer(
        got, as_json, lambda: [f"Handover {got.id} is seen; accept or refuse it by its date."]
    )


def accept(
    handover_id: int = NUMBER,
    read_back: str = typer.Option(
        ..., "--read-back", help="In your own words: what you take on, and by when."
    ),
    version: int | None = VERSION,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Accept a handover by reading back what you take on; there is no other way."""
    from casework.connect import connect
    from casework.receiving import accept as take

    got = take(connect(), handover_id, by=by, read_back=read_back, now=now(), seen_version=version)
    lines = [
        f"{by} holds {got.role} of case {got.case_key} from now.",
        f"Speak with the sender (estafette handover contacted {got.id}) and report back later "
        f"(estafette handover report {got.id}).",
    ]
    say.answer(got, as_json, lambda: lines)


def refuse(
    handover_id: int = NUMBER,
    reason: str = typer.Option(..., help="Why; the sender sees it."),
    version: int | None = VERSION,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Refuse a handover; its sender is told and keeps it, and the process director is told too."""
    from casework.connect import connect
    from casework.receiving import refuse as decline

    got = decline(connect(), handover_id, by=by, reason=reason, now=now(), seen_version=version)
    say.answer(got, as_json, lambda: _refused(got))


def call(
    handover_id: int = NUMBER,
    how: str = typer.Option(..., help="How and when you want to be called."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Ask the sender to call you first; the offer stays open and its date stands."""
    from casework.connect import connect
    from casework.receiving import ask_call

    got = ask_call(connect(), handover_id, by=by, how=how, now=now())
    say.answer(got, as_json, lambda: [f"The sender of handover {got.id} is asked to call you."])


def contacted(
    handover_id: int = NUMBER,
    given: str = GIVEN,
    reason: str | None = WHY_NOT,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Sender and receiver spoke since the handover; either of them says so."""
    from casework.connect import connect
    from casework.reporting import contacted as spoke

    got = spoke(connect(), handover_id, by=by, now=now(), given=answer_of(given), reason=reason)
    said = "sender and receiver spoke" if given == "done" else f"warm contact: {given}"
    say.answer(got, as_json, lambda: [f"Handover {got.id}: {said}. It is now {got.state}."])


def report(
    handover_id: int = NUMBER,
    report: str = typer.Option(..., help="How things go since the handover; the sender reads it."),
    given: str = REPORTED,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Report back to the sender how it went on; the sender is owed this."""
    from casework.connect import connect
    from casework.reporting import report_back

    got = report_back(
        connect(), handover_id, by=by, report=report, now=now(), given=answer_of(given)
    )
    said = "it is reported back" if given == "done" else f"report-back: {given}"
    say.answer(got, as_json, lambda: [f"Handover {got.id}: {said}. It is {got.state}."])


def _refused(got: "Offer") -> list[str]:
    """That it is refused, who holds the role, and who is asked how to go on."""
    from casework.connect import connect
    from casework.handover_views import handover_view
    from desk.handover_page import due

    clocks = handover_view(connect(), got.id).clocks
    asked = [GOES_ON[c.key].format(by=due(c)) for c in clocks if c.key in GOES_ON]
    return [f"Handover {got.id} is refused; {got.held_by} holds {got.role}.", *asked]
