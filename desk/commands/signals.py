"""estafette signal: reports come in."""

from pathlib import Path
from typing import Any

import typer

from desk import say
from desk.clock import now

app = typer.Typer(no_args_is_help=True, help="Receive reports of nuisance.")


@app.command()
def add(
    municipality: str = typer.Option(..., help="Key of the municipality, such as de-bilt."),
    address: str = typer.Option(..., help="Where the nuisance is."),
    text: str = typer.Option("", help="What the reporter said, verbatim."),
    nature: str = typer.Option("unknown", help="noise, threats, waste, smell, …"),
    channel: str = typer.Option("desk", help="How it came in."),
    acute: bool = typer.Option(False, "--acute", help="Somebody must go and look within hours."),
    received_at: str | None = typer.Option(
        None, "--received-at", help="When, with its zone: 2026-11-23T14:05+01:00. Default: now."
    ),
    reference: str | None = typer.Option(
        None, help="The source's own number; the same number twice is one signal."
    ),
    reporter: str | None = typer.Option(None, help="The reporter's name; kept apart."),
    reporter_contact: str = typer.Option("", help="How to reach the reporter."),
    director: str | None = typer.Option(None, help="Who directs a new case; else who is there."),
    separate: str | None = typer.Option(
        None, help="Open a case beside the one at this address, for this reason."
    ),
    as_json: bool = say.AS_JSON,
) -> None:
    """Receive one signal: it joins the open case at its address, or opens one."""
    from casework.connect import connect
    from casework.intake import receive_signal
    from casework.signals import NewSignal

    moment = now()
    new = NewSignal(
        municipality=municipality, address=address, text=text, nature=nature, channel=channel,
        acute=acute, received_at=say.moment_of(received_at) or moment, reference=reference,
        reporter_name=reporter, reporter_contact=reporter_contact,
    )  # fmt: skip
    got = receive_signal(connect(), new, moment, director=director, separate_because=separate)
    say.answer(got, as_json, lambda: [_sentence(got)])


@app.command("import")
def import_(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="JSON Lines or YAML list."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Receive many signals from a file; every line is read before the first is stored.

    Needed: municipality, address, received_at (with its zone). Also: text, nature, channel, acute,
    reference, reporter_name, reporter_contact. Should one be refused, those before it are
    received; importing the same file again goes on where it stopped and doubles nothing.
    """
    from casework.connect import connect
    from casework.intake import receive_signal
    from casework.refusals import Refusal

    engine, moment, got = connect(), now(), list[Any]()
    for place, new in enumerate(_read(file), start=1):
        try:
            got.append(receive_signal(engine, new, moment))
        except Refusal as refusal:
            say.stop(
                f"{file.name}, signal {place}: {refusal}; the {place - 1} before it are received. "
                "Mend this and import the file again"
            )
    counts = {how: sum(g.how == how for g in got) for how in ("opened", "joined", "known")}
    say.answer(
        {"received": got, "counts": counts}, as_json,
        lambda: [f"{len(got)} signals: " + ", ".join(f"{n} {how}" for how, n in counts.items())],
    )  # fmt: skip


def _read(file: Path) -> list[Any]:
    from pydantic import ValidationError

    from casework.signals import NewSignal
    from desk.plainly import sentence_for

    signals, problems = [], []
    for place, row in enumerate(_rows(file), start=1):
        try:
            signals.append(NewSignal.model_validate(row))
        except ValidationError as error:
            problems.append(f"{file.name}, signal {place}: {sentence_for(error)}")
    if problems:
        say.stop("\n".join([*problems, "nothing was imported; mend these and import again"]))
    return signals


def _rows(file: Path) -> list[Any]:
    import json

    import yaml

    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix in {".yaml", ".yml"}:
            return list(yaml.safe_load(text) or [])
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (yaml.YAMLError, ValueError, TypeError) as error:
        say.stop(f"{file.name} can not be read: {error}; nothing was imported")


def _sentence(got: Any) -> str:
    how = {
        "opened": "A new case was opened",
        "joined": "The signal joined the open case at this address",
        "known": "This signal was received before; it is on case",
    }
    return f"{how[got.how]}: {got.case_key}"
