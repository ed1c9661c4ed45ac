"""estafette handover: what a receiver or sender can do with an offer besides accepting it."""

import typer

from desk import say
from desk.clock import now

app = typer.Typer(no_args_is_help=True, help="Refuse or revoke a handover that is on offer.")

NUMBER = typer.Argument(..., metavar="HANDOVER", help="The handover's number.")


@app.command()
def refuse(
    handover_id: int = NUMBER,
    reason: str = typer.Option(..., help="Why; the sender sees it."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Refuse a handover; the sender keeps the case and is told."""
    from casework.connect import connect
    from casework.handovers import refuse as decline

    got = decline(connect(), handover_id, by=by, reason=reason, now=now())
    say.answer(got, as_json, lambda: [f"Handover {got.id} is refused; the sender keeps the case."])


@app.command()
def revoke(handover_id: int = NUMBER, by: str = say.BY, as_json: bool = say.AS_JSON) -> None:
    """Take back an offer of your own that was not answered yet."""
    from casework.connect import connect
    from casework.handovers import revoke as take_back

    got = take_back(connect(), handover_id, by=by, now=now())
    say.answer(got, as_json, lambda: [f"Handover {got.id} is revoked."])
