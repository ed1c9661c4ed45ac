"""estafette case ask, requests, reply, withdraw: what is asked about a case, and the answers."""

import typer

from desk import say
from desk.clock import now
from desk.typed import answer_of

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
NUMBER = typer.Argument(
    ..., metavar="REQUEST", help="The request's number; `case requests` lists them."
)
REASON = typer.Option(
    ..., metavar="TEXT", help="Why, in your own words. Kept with the case, never in a message."
)


def ask(
    case: str = CASE,
    to: str = typer.Option(..., metavar="KEY", help="A contact, or an organisation as a whole."),
    what: str = typer.Option(..., metavar="TEXT", help="What you ask. Never in a message."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Ask a partner something; the answer is owed to you on a date.

    estafette case ask 2026-00042 --to wijkteam --what "Is er al hulp?" --by regie
    """
    from casework.connect import connect
    from casework.requests import ask as put

    got = put(connect(), case, to=to, what=what, by=by, now=now())
    lines = [f"{case}: request {got.id} is with {to}, to be answered by {say.when(got.due_on)}."]
    say.answer(got, as_json, lambda: [*lines, *(f"  {w.nl}" for w in got.warnings)])


def requests(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """List what was asked about a case, of whom, and how it was answered."""
    from casework.connect import connect
    from casework.requests import requests_of

    found = requests_of(connect(), case)
    header = ("nr", "from", "to", "organisation", "asked", "due", "state", "ask", "reason")
    rows = [
        (str(r.id), r.asker, r.receiver, r.organisation, say.when(r.asked_at), say.when(r.due_on),
         r.answer or r.state, r.ask, r.reason or "–")
        for r in found
    ]  # fmt: skip
    none = [f"Nothing was asked about case {case}."]
    say.answer(found, as_json, lambda: say.fitting(rows, header) if rows else none)


def reply(
    request_id: int = NUMBER,
    answer: str = typer.Argument(
        ..., metavar="ANSWER", help="done, not_done or cannot_share; each with a reason."
    ),
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Answer a request; whoever asked is told."""
    from casework.connect import connect
    from casework.requests import reply as give

    got = give(
        connect(), request_id, given=answer_of(answer), reason=reason, by=by, now=now()
    )  # fmt: skip
    say.answer(got, as_json, lambda: [f"{got.case_key}: request {got.id} is answered: {answer}."])


def withdraw(
    request_id: int = NUMBER,
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Withdraw a request that was not answered yet; whoever was asked is told."""
    from casework.connect import connect
    from casework.requests import withdraw as take_back

    got = take_back(connect(), request_id, by=by, reason=reason, now=now())
    say.answer(got, as_json, lambda: [f"{got.case_key}: request {got.id} is withdrawn."])


def add_to(app: typer.Typer) -> None:
    """These are commands of `estafette case`."""
    for command in (ask, requests, reply, withdraw):
        app.command()(command)
