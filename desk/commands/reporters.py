"""estafette case reporters, reporter-text: who reported, and what they may be told."""

import typer

from desk import say
from desk.clock import now

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
LANGUAGE = typer.Option("nl", help="nl or en.")


def reporters(case: str = CASE, by: str = say.BY, as_json: bool = say.AS_JSON) -> None:
    """Show who reported; for the case director and the enforcement lead. Each look is noted."""
    from casework.connect import connect
    from casework.reporters import reporters_of

    found = reporters_of(connect(), case, by=by, now=now())
    rows = [(say.when(who.received_at), who.name or "–", who.contact or "–") for who in found]
    header = ("reported", "name", "how to reach")
    none = [f"Nobody is known to have reported case {case}."]
    say.answer(found, as_json, lambda: say.table(rows, header) if rows else none)


def reporter_text(case: str = CASE, language: str = LANGUAGE, as_json: bool = say.AS_JSON) -> None:
    """Write what a reporter may be told now: fixed words, about nobody else.

    When you have sent it, record that: estafette case act CASE reporter_informed --by YOU
    """
    from casework.connect import connect
    from casework.reporters import word_for_reporter

    text = word_for_reporter(connect(), case, language)
    say.answer({"case": case, "language": language, "text": text}, as_json, lambda: [text])


def add_to(app: typer.Typer) -> None:
    """These are commands of `estafette case`."""
    for command in (reporters, reporter_text):
        app.command()(command)
