"""estafette alert: what was sent to whom, and acknowledging it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from casework.alert_views import AlertDetail, AlertView

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
        (str(a.number), a.case_key or "–", a.lead, a.recipient, _state(a),
         str(a.attempts), say.when(a.created_at), a.asks.nl)
        for a in rows
    ]  # fmt: skip
    header = ("nr", "case", "lead", "to", "state", "tries", "made", "asks")
    say.answer(rows, as_json, lambda: say.fitting(lines, header) if lines else ["No alerts."])


@app.command()
def show(
    number: int = typer.Argument(..., help="The alert's number, as in the message."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Show one alert: what it asks, every attempt to deliver it, and who has seen it."""
    from casework.alert_views import alert_detail
    from casework.connect import connect

    got = alert_detail(connect(), number)
    say.answer(got, as_json, lambda: _page(got))


@app.command()
def ack(
    number: int = typer.Argument(..., help="The alert's number, as in the message."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Acknowledge an alert: its promise is quiet for a while, and stays open until answered."""
    from casework.acknowledging import acknowledge
    from casework.connect import connect

    got = acknowledge(connect(), number, by=by, now=now())
    words = {
        "quiet": "is acknowledged; its promise is quiet for a while and still to be answered",
        "known": "was acknowledged before; nothing changed",
        "seen": "is seen; it comes back later, until what it asks is done",
        "moved on": "is seen, but its promise has moved on since; nothing else changed",
    }
    say.answer({"alert": number, "state": got}, as_json, lambda: [f"Alert {number} {words[got]}."])


@app.command()
def resend(
    number: int = typer.Argument(..., help="The alert's number, as in the message."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Send an alert once more that perhaps arrived, or failed."""
    from casework.acknowledging import resend as send_again
    from casework.connect import connect

    send_again(connect(), number, by=by, now=now())
    say.answer(
        {"alert": number, "state": "waiting"}, as_json, lambda: [f"Alert {number} is sent again."]
    )


def _page(got: "AlertDetail") -> Iterable[str]:
    alert = got.alert
    yield f"Alert {alert.number} to {alert.recipient}, about {alert.case_key or 'no case'}"
    yield f"  asks: {alert.asks.nl}"
    yield f"  {_state(alert)}, made {say.when(alert.created_at)}"
    if alert.over:
        yield "  its promise is over since; nothing is asked any more"
    if got.next_at is not None:
        yield f"  tried {'again ' if got.attempts else ''}{say.when(got.next_at)}"
    if got.instead_of is not None:
        yield f"  because alert {got.instead_of} did not arrive or was not seen"
    for one in got.attempts:
        said = f"{one.outcome} ({one.detail}), in #{one.message}"
        yield f"  {say.when(one.at)} by {one.channel}: {said}"
    for by, at in got.seen:
        yield f"  seen by {by} {say.when(at)}"
    if alert.state in {"perhaps", "failed"}:
        yield f"  send it once more: ./estafette alert resend {alert.number}"


def _state(alert: "AlertView") -> str:
    unsent = alert.state in {"waiting", "failed"}
    more = ("seen", alert.acknowledged), ("over", alert.over and unsent)
    return ", ".join([alert.state, *(word for word, said in more if said)])
