"""estafette case pause, resume, extend, redate, ledger: change a promised date, and see why."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import typer

from desk import say
from desk.clock import now

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
PROMISE = typer.Argument(
    ..., metavar="PROMISE", help="Key or number of the promise; `case show` names both."
)
ON = typer.Option(None, metavar="DATE", help="The day it takes effect. Default: today.")
GROUND = typer.Option(..., metavar="TEXT", help='On what ground: an article or ruling, "Awb 4:15".')
REASON = typer.Option(
    ..., metavar="TEXT", help="Why, in your own words. Kept in the ledger, never in a message."
)


def pause(
    case: str = CASE,
    promise: str = PROMISE,
    until: str = typer.Option(..., metavar="DATE", help="The last day that does not count."),
    on: str | None = ON,
    ground: str = GROUND,
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Pause a term: the days after --on up to and including --until do not count.

    The promise keeps a date all the while, and on the last day you are asked whether it runs again.

    estafette case pause 2026-00042 objection_decided --until 2026-04-01 --ground "Awb 7:10(2)" …
    """
    from casework.ledger import pause_term

    _change(pause_term, case, promise, on, ground, reason, by, as_json, until=_day(until))


def resume(
    case: str = CASE,
    promise: str = PROMISE,
    on: str | None = ON,
    ground: str = GROUND,
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Resume a paused term: --on was the last day that did not count.

    The date is counted again with the days it really stood still.
    """
    from casework.ledger import resume_term

    _change(resume_term, case, promise, on, ground, reason, by, as_json)


def extend(
    case: str = CASE,
    promise: str = PROMISE,
    length: str = typer.Option(..., metavar="LENGTH", help='How much longer, such as "6 weeks".'),
    on: str | None = ON,
    ground: str = GROUND,
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Extend a term: counted on from where counting ended, before free days moved the end.

    estafette case extend 2026-00042 objection_decided --length "6 weeks"
        --ground "Awb 7:10(3)" --reason "advies van de commissie is later" --by regie
    """
    from casework.ledger import extend_term
    from escalation.terms import Length

    _change(
        extend_term, case, promise, on, ground, reason, by, as_json, length=Length.parse(length)
    )


def redate(
    case: str = CASE,
    promise: str = PROMISE,
    to: str = typer.Option(
        ..., metavar="DATE|MOMENT", help="2026-05-14, or 2026-05-14T12:00+02:00 for a moment."
    ),
    on: str | None = ON,
    ground: str = GROUND,
    reason: str = REASON,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Give a promise the date a court or a decision states; no free day moves it."""
    from casework.ledger import redate_term

    stated = _day(to) if len(to) == len("2026-05-14") else say.moment_of(to)
    _change(redate_term, case, promise, on, ground, reason, by, as_json, to=stated)


def ledger(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """List every change of a date in a case, promise by promise: what, why, by whom."""
    from casework.connect import connect
    from casework.ledger import ledger_of

    lines = ledger_of(connect(), case)
    header = ("nr", "was", "promise", "what", "on", "due", "ground", "reason", "by")
    rows = [
        (str(ln.promise), str(ln.replaced), f"{ln.section}.{ln.key}", _what(ln), say.when(ln.on),
         say.when(ln.due_at if ln.exact else ln.due_on), ln.ground, ln.reason, ln.by)
        for ln in lines
    ]  # fmt: skip
    none = [f"No date in case {case} was ever changed."]
    say.answer(lines, as_json, lambda: say.table(rows, header) if rows else none)


def add_to(app: typer.Typer) -> None:
    """These are commands of `estafette case`."""
    for command in (pause, resume, extend, redate, ledger):
        app.command()(command)


def _change(
    verb: Callable[..., Any], case: str, promise: str, on: str | None, ground: str, reason: str,
    by: str, as_json: bool, **more: Any,
) -> None:  # fmt: skip
    from casework.connect import connect

    moment = now()
    effect = _day(on) if on else moment.astimezone(say.AMSTERDAM).date()
    change = verb(
        connect(), case, promise, on=effect, by=by, ground=ground, reason=reason, now=moment, **more
    )
    due = say.when(change.due_at if change.exact else change.due_on)
    again = " already" if change.known_already else ""
    line = f"{case}: {change.key} is due {due}{again}, as number {change.promise}."
    say.answer(change, as_json, lambda: [line, "  why: estafette case show " + case])


def _what(line: Any) -> str:
    more: dict[str, date | datetime | str | None] = {
        "paused": line.until and f"paused until {line.until}",
        "extended": f"extended by {line.length}",
    }
    return str(more.get(line.what) or line.what)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        say.stop(f"{text!r} is not a date; write it as 2026-05-14")
