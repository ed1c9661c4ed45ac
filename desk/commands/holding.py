"""estafette case holder, holders: who held a case at a moment, and everybody who ever did."""

from typing import Any

import typer

from desk import say
from desk.clock import now

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
NOBODY = {
    "not_open_yet": "{case} was not open yet on {at}, so nobody held it.",
    "closed": "{case} was closed on {at}, so nobody held it.",
}
HEADER = ("role", "held by", "for", "since", "until")


def holder(
    case: str = CASE,
    at: str | None = typer.Option(
        None,
        metavar="MOMENT",
        help="When, such as 2026-03-03T14:00 (Dutch time), or with its zone. Default: now.",
    ),
    as_json: bool = say.AS_JSON,
) -> None:
    """Say who held each role of a case at a moment.

    estafette case holder 2026-00042 --at 2026-03-03T14:00
    """
    from casework.connect import connect
    from casework.holding import holders_at

    today = now()
    moment = say.moment_of(at) or today
    if moment > today:
        say.stop(f"{say.when(moment)} is still to come; nobody knows who holds the case then")
    held = holders_at(connect(), case, moment)
    said = NOBODY.get(held.state)
    lines = (
        [said.format(case=held.case_key, at=say.when(moment))]
        if said
        else [f"{held.case_key} on {say.when(moment)}:", *_table(held.roles.values())]
    )
    say.answer(held, as_json, lambda: lines)


def holders(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """List everybody who ever held a role on a case, and from when until when."""
    from casework.connect import connect
    from casework.holding import history_of

    history = history_of(connect(), case)
    say.answer(history, as_json, lambda: _table(history))


def add_to(app: typer.Typer) -> None:
    """These are commands of `estafette case`."""
    for command in (holder, holders):
        app.command()(command)


def _table(held: Any) -> list[str]:
    rows = [(h.role, h.person, h.organisation, say.when(h.since), say.when(h.until)) for h in held]
    return say.fitting(rows, HEADER)
