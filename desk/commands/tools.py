"""Tools: term, replay, policy, mailbox and watch over dates without touching a case."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import typer

from desk import say
from desk.clock import now

policies = typer.Typer(no_args_is_help=True, help="Look at policies and check them.")


def add_to(app: typer.Typer) -> None:
    app.command()(term)
    app.command()(replay)
    app.command()(mailbox)
    app.add_typer(policies, name="policy")


def term(
    start: str = typer.Option(..., "--from", help="A date, or a moment with its zone."),
    length: str = typer.Option(..., help='"6 weeks", "10 working days", "4 hours", …'),
    kind: str = typer.Option("statutory", help="statutory, policy, hours, decision_set, …"),
    backward: bool = typer.Option(False, "--backward", help="Count back from --from."),
    article: str = typer.Option("", help="The article or policy the term rests on."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Compute where a term ends, and say step by step why."""
    from escalation.calendars import calendars
    from escalation.terms import Kind, Length, Term, ends
    from escalation.text import law

    if kind not in set(Kind):
        say.stop(f"{kind!r} is not a kind of term; choose {', '.join(Kind)}")
    wanted = Kind.BACKWARD if backward else Kind(kind)
    ending = ends(_start(start), Term(Length.parse(length), wanted, law(article)), calendars())
    body = {
        "from": start, "length": length, "kind": wanted.value,
        "nominal_end": ending.nominal_end, "end": ending.end, "due_at": ending.due_at,
        "article": ending.article,
        "derivation": ending.derivation, "warnings": ending.warnings,
    }  # fmt: skip
    say.answer(body, as_json, lambda: [t.nl for t in (*ending.derivation, *ending.warnings)])


def replay(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="A history in YAML."),
    policy: str | None = typer.Option(None, help="Play it under this shipped policy."),
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
    say.answer(found, as_json, lambda: _letters(found, whole=number is not None or limit == 1))


@policies.command("list")
def list_(as_json: bool = say.AS_JSON) -> None:
    """List the policies that come with Estafette."""
    from escalation.policy import shipped_names

    names = shipped_names()
    say.answer(names, as_json, lambda: names)


@policies.command()
def check(
    policy: str = typer.Argument(..., help="A TOML file, or the name of a shipped policy."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Check a policy: what is wrong, what is missing, and which stages that keeps shut."""
    from escalation.path import OPEN_STAGES
    from escalation.policy import parse, shipped

    text = Path(policy).read_text("utf-8") if Path(policy).is_file() else shipped(policy)
    got = parse(text, shipped("default"))
    shut = [stage.key for stage in OPEN_STAGES if got.missing_for(stage.key)]
    body = {"policy": got.name, "by_law": got.by_law, "missing": got.missing, "shut": shut}
    lines = [
        f"Policy {got.name} ({got.source}) can be used.",
        *(f"  missing: {key}" for key in got.missing),
        *(f"  no case can enter {key} until that is set" for key in shut),
    ]
    say.answer(body, as_json, lambda: lines)


@policies.command()
def load(
    file: Path = typer.Argument(..., exists=True, dir_okay=False, help="A policy in TOML."),
    municipality: str = typer.Option(..., help="The municipality whose new cases it serves."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Load a policy as a new version; cases that run keep the one they began with."""
    from casework.connect import connect
    from casework.policies import activate

    name = activate(connect(), file.read_text("utf-8"), municipality, now())
    say.answer(
        {"policy": name, "municipality": municipality}, as_json,
        lambda: [f"Policy {name} serves new cases in {municipality} from now."],
    )  # fmt: skip


def _start(given: str) -> date | datetime:
    try:
        return datetime.fromisoformat(given) if "T" in given else date.fromisoformat(given)
    except ValueError:
        say.stop(f"{given!r} is not a date; write it as 2026-02-20 or 2026-02-20T14:05+01:00")


def _mail_folder() -> Path:
    from desk.settings import DeskSettings

    return DeskSettings().mailbox


def _letters(found: list[Any], *, whole: bool) -> list[str]:
    if not found:
        return ["The mailbox is empty."]
    lines: list[str] = []
    for letter in found:
        lines += [f"{say.when(letter.received)}  {letter.to}", f"  {letter.subject}"]
        lines += ["", *letter.body.splitlines(), ""] if whole else []
    return lines
