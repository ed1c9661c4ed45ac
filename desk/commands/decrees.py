"""estafette decree: the table of days equated with a holiday by royal decree."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from casework.decree_views import DecreeRow
    from casework.decrees import Changed
    from casework.differing import Differing

HELP = """Decreed days (Algemene termijnenwet art. 3(3)): see the table, load and withdraw.

No rule predicts these days: each comes from a royal decree, about once in three years, in the
Staatscourant. A statutory term never ends on one. A municipality's working days are another matter:
people are at work that day.

Dates already promised never move by themselves. Every answer names the open statutory promises
that today's table would date otherwise; a person re-dates each: estafette case redate.
"""

app = typer.Typer(no_args_is_help=True, help=HELP)

AN_EXAMPLE = """

A file holds rows like these; a row without a day covers years in which no day was decreed:

decreed = [
  { day = 2029-05-11, years = [2029, 2031], source = "Stcrt. 2028, 12345" },
  { years = [2029, 2031], source = "Stcrt. 2028, 12345" },
]
"""


@app.command("list")
def list_(as_json: bool = say.AS_JSON) -> None:
    """List the decreed days by period and source, withdrawn ones too, and the years left out."""
    from casework.connect import connect
    from casework.decree_views import decrees

    table = decrees(connect())
    lines = [_line(row) for row in table.rows]
    header = ("years", "day", "source", "state")

    def page() -> Iterable[str]:
        yield from say.table(lines, header) if lines else ["No decreed days are loaded."]
        if table.uncovered:
            years = ", ".join(map(str, table.uncovered))
            yield f"No decree is loaded for {years}: terms that end there carry a warning."
        yield from _differing(table.differing)

    say.answer(table, as_json, page)


@app.command()
def add(
    days: list[str] = typer.Argument(None, help="The days, as 2029-05-11; none is allowed."),
    first_year: int = typer.Option(..., "--from", help="The first year the decree covers."),
    last_year: int = typer.Option(..., "--to", help="The last year the decree covers."),
    source: str = typer.Option(..., help='Where it was published: "Stcrt. 2028, 12345".'),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Load a decree: the years it covers and every day in it. Loaded twice is loaded once.

    estafette decree add 2029-05-11 2030-05-31 --from 2029 --to 2031 --source "Stcrt. 2028, 12345"
    """
    from casework.connect import connect
    from casework.decrees import add_decree

    wanted = [_day(day) for day in days or []]
    done = add_decree(connect(), wanted, first_year, last_year, source, by, now())
    say.answer(done, as_json, lambda: _loaded(done))


@app.command("import", help="Load decrees from a TOML file, all of it or nothing." + AN_EXAMPLE)
def import_(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="Decrees in TOML."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    from casework.connect import connect
    from casework.decrees import import_decrees
    from escalation.decrees import read_decrees

    rows = read_decrees(file.read_text("utf-8"))
    done = import_decrees(connect(), rows, by, now())
    say.answer(done, as_json, lambda: _loaded(done))


@app.command()
def withdraw(
    what: str = typer.Argument(..., help="A day (2029-05-11), or a whole period (2029-2031)."),
    reason: str = typer.Option(..., help="Why, for whoever looks it up later."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Withdraw a day, or a decree with all its days: they count as ordinary days from now.

    Nothing is deleted; the table shows who withdrew it.

    estafette decree withdraw 2029-05-11 --reason "was 10 May; see Stcrt. 2028, 12346"
    """
    from casework.connect import connect
    from casework.decrees import withdraw_decree, withdraw_decree_day

    if period := re.fullmatch(r"([0-9]{4})-([0-9]{4})", what):
        years = int(period[1]), int(period[2])
        done = withdraw_decree(connect(), *years, by, reason, now())
    else:
        done = withdraw_decree_day(connect(), _day(what), by, reason, now())
    days = ", ".join(say.when(day) for day in done.days)
    said = f"Withdrawn, and ordinary from now: {days}." if days else f"{what}: no day was in force."
    say.answer(done, as_json, lambda: [said, *_differing(done.differing)])


def _day(given: str) -> date:
    try:
        return date.fromisoformat(given)
    except ValueError:
        say.stop(f"{given!r} is not a day; write it as 2029-05-11")


def _line(row: "DecreeRow") -> tuple[str, str, str, str]:
    years = f"{row.first_year}-{row.last_year}"
    state = f"loaded {say.when(row.loaded_at)}"
    if row.withdrawn_at:
        state = f"withdrawn {say.when(row.withdrawn_at)} by {row.withdrawn_by}"
    return years, say.when(row.day) if row.day else "(covers)", row.source, state


def _loaded(done: "Changed") -> Iterable[str]:
    days = ", ".join(say.when(day) for day in done.days)
    yield f"Loaded: {days}." if days else "No new day; the table covers these years."
    yield from (f"Mind: {warning.nl} / {warning.en}" for warning in done.warnings)
    yield from _differing(done.differing)


def _differing(found: Iterable["Differing"]) -> Iterable[str]:
    rows = [
        (d.case_key, str(d.number), d.promise, say.when(d.promised), say.when(d.by_table))
        for d in found
    ]
    if rows:
        yield ""
        yield "These open statutory promises keep their date; today's table would give another."
        yield from say.table(rows, ("case", "nr", "promise", "promised", "by table"))
        yield "To move one: estafette case redate KEY PROMISE"
