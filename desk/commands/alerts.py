"""estafette alert: what was sent to whom, and acknowledging it."""

import typer

from desk import say
from desk.clock import now

app = typer.Typer(no_args_is_help=True, help="Look at alerts and acknowledge them.")


@app.command("list")
def list_(
    case: str | None = typer.Option(None, help="Only of this case."),
    unsent: bool = typer.Option(False, "--unsent", help="Only what still has to arrive."),
    limit: int = typer.Option(50, min=1, help="At most this many, newest first."),
    as_json: bool = say.AS_JSON,
) -> None:
    """List alerts with their delivery state; "perhaps" means it may have arrived."""
    from casework.alert_views import alert_list
    from casework.connect import connect

    rows = alert_list(connect(), case_key=case, unsent=unsent, limit=limit)
    lines = [
        (str(a.number), a.case_key or "–", a.lead, a.recipient, _state(a.state, a.acknowledged),
         str(a.attempts), say.when(a.created_at), a.asks.nl)
        for a in rows
    ]  # fmt: skip
    header = ("nr", "case", "lead", "to", "state", "tries", "made", "asks")
    say.answer(rows, as_json, lambda: say.fitting(lines, header) if lines else ["No alerts."])


@app.command()
def ack(
    number: int = typer.Argument(..., help="The alert's number, as in the message."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Acknowledge an alert: its promise is quiet for a while, and stays open until answered."""
    from casework.alerts import acknowledge
    from casework.connect import connect

    got = acknowledge(connect(), number, by=by, now=now())
    words = {
        "quiet": "is acknowledged; its promise is quiet for a while and still to be answered",
        "known": "was acknowledged before; nothing changed",
        "seen": "is seen; it comes back nearer the end, until what it asks is done",
        "moved on": "is seen, but its promise has moved on since; nothing else changed",
    }
    say.answer({"alert": number, "state": got}, as_json, lambda: [f"Alert {number} {words[got]}."])


def _state(state: str, acknowledged: bool) -> str:
    return f"{state}, seen" if acknowledged else state
