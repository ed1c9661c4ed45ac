"""Tools that touch no case: term, replay, mailbox and doctor."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from desk import say
from desk.clock import now

# The words of escalation.terms.Kind, written out: help loads no rules. A test keeps them alike.
KINDS = (
    "statutory, statutory_excluded, decision_set, policy, backward, hours, effect_period, "
    "event_relative"
)
ITS_END_IS_BY_LAW = ("statutory", "backward", "hours")
THE_MUNICIPALITYS = ("policy", "decision_set", "effect_period", "event_relative")


def add_to(app: typer.Typer) -> None:
    app.command()(term)
    app.command()(replay)
    app.command()(mailbox)
    app.command()(doctor)


def term(
    start: str = typer.Option(..., "--from", help="A date, or a moment with its zone."),
    length: str = typer.Option(..., help='"6 weeks", "10 working days", "4 hours", …'),
    kind: str = typer.Option("statutory", help=f"Why it holds: {KINDS}."),
    backward: bool = typer.Option(False, "--backward", help="Count back from --from."),
    article: str = typer.Option("", help="The article or policy the term rests on."),
    language: str | None = typer.Option(None, help="nl or en; both when not given."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Compute where a term ends, and say step by step why.

    It counts with the decreed days of this installation, or before there is one with those that
    come along.

    estafette term --from 2026-02-20 --length "6 weeks" --article "Awb 6:7"
    """
    from casework.connect import connect
    from casework.policies import installed_calendars
    from escalation.calendars import calendars
    from escalation.counting import ends
    from escalation.terms import Kind, Length, Term
    from escalation.text import law, policy

    if kind not in set(Kind):
        say.stop(f"{kind!r} is not a kind of term; choose {', '.join(Kind)}")
    languages = [language] if language else ["nl", "en"]
    if not {*languages} <= {"nl", "en"}:
        say.stop(f"{language!r} is not a language of ours; choose nl or en")
    wanted = Kind.BACKWARD if backward else Kind(kind)
    if not article and wanted not in ITS_END_IS_BY_LAW:
        article = "zoals opgegeven / as given"
    source = (policy if wanted in THE_MUNICIPALITYS else law)(article)
    installed = installed_calendars(connect())
    ending = ends(
        _start(start), Term(Length.parse(length), wanted, source), installed or calendars()
    )
    body = {
        "from": start, "length": length, "kind": wanted.value,
        "nominal_end": ending.nominal_end, "end": ending.end, "due_at": ending.due_at,
        "article": ending.article, "derivation": ending.derivation, "warnings": ending.warnings,
        "decrees": "installed" if installed else "shipped",
    }  # fmt: skip
    say.answer(
        body, as_json,
        lambda: [" ".join(t.in_language(one) for t in ending.derivation) for one in languages],
    )  # fmt: skip


def replay(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="A history in YAML."),
    policy: str | None = typer.Option(
        None, help="Play it under this policy: a shipped one's name, or a TOML file."
    ),
    as_json: bool = say.AS_JSON,
) -> None:
    """Play a dated case history on a virtual clock, through the same code as live."""
    from desk.history import read_history
    from desk.replay import replayed_apart

    got = replayed_apart(read_history(file), policy=policy)
    say.answer(got, as_json, got.lines)


def mailbox(
    number: int | None = typer.Argument(None, help="Show the letter about this alert."),
    limit: int = typer.Option(10, min=1, help="At most this many, newest first."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Read the local mailbox of the embedded default, newest first."""
    from notifications.mailbox import letters

    found = letters(_mail_folder(), None if number is not None else limit)
    if number is not None:
        found = [letter for letter in found if letter.number == number]
    say.answer(
        found,
        as_json,
        lambda: _letters(found, whole=number is not None or limit == 1, number=number),
    )


def doctor(
    send_test: bool = typer.Option(
        False, "--send-test", help="Really send one message through each channel."
    ),
    to: str | None = typer.Option(None, help="Whom to send it to: a contact's key."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Check everything Estafette depends on; each line is ok or says what to do."""
    from casework.connect import connect
    from desk.doctor import examine
    from desk.send_test import try_channels
    from desk.settings import DeskSettings
    from notifications.channels import Channels

    if to is not None and not send_test:
        say.stop("--to says whom a test message goes to; add --send-test")
    engine = connect()
    sent = try_channels(engine, Channels.from_env(), to) if send_test else []
    lines = [*examine(engine, DeskSettings(), now()), *sent]
    rows = [("ok" if ln.ok else "NOT OK", ln.what, ln.found) for ln in lines]
    todo = [f"  {ln.what}: {ln.way_out}" for ln in lines if not ln.ok and ln.way_out]
    say.answer(lines, as_json, lambda: [*say.table(rows, ("", "what", "found")), *todo])
    if not all(line.ok for line in lines):
        raise typer.Exit(1)


def _start(given: str) -> date | datetime:
    written = "write it as 2026-02-20, or as 2026-02-20T14:05+01:00"
    try:
        return date.fromisoformat(given)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        say.stop(f"{given!r} is not a date or moment; {written}")
    if moment.tzinfo is None:
        say.stop(f"{given!r} does not say in which time zone; {written}")
    return moment


def _mail_folder() -> Path:
    from desk.settings import DeskSettings

    return DeskSettings().mailbox


def _letters(found: list[Any], *, whole: bool, number: int | None) -> list[str]:
    if not found:
        about = f"There is no letter about alert {number}; estafette alert show {number} says why."
        return ["The mailbox is empty." if number is None else about]
    lines: list[str] = []
    for letter in found:
        lines += [f"{say.when(letter.received)}  {letter.to}", f"  {letter.subject}"]
        lines += ["", *letter.body.splitlines(), ""] if whole else []
    return lines
