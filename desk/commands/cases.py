"""estafette case: look at cases, record what was done, decide, answer."""

from typing import Any

import typer

from desk import say
from desk.clock import now
from desk.typed import answer_of

app = typer.Typer(no_args_is_help=True, help="Look at cases and move them on.")

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
SEEN = typer.Option(
    None,
    "--version",
    help="The version you saw; refused when it moved on. Default: now's.",
)
WAIVE = typer.Option(
    [], "--waive", metavar="GUARD=REASON", help="Waive a guard the policy sets (never one by law)."
)
WAIVED_BY = typer.Option(
    None, metavar="CONTACT",
    help="Who waives: a process director, head of public order or mayor. Default: --by.",
)  # fmt: skip
FACT = typer.Option(
    [], "--fact", "-f", metavar="NAME=VALUE", help="A fact of the act, such as valid_until=…"
)


@app.command("list")
def list_(
    closed: bool = typer.Option(False, "--closed", help="Closed cases too."),
    limit: int = typer.Option(200, min=1, help="At most this many."),
    as_json: bool = say.AS_JSON,
) -> None:
    """List cases; the one whose next date comes first on top."""
    from casework.connect import connect
    from casework.views import case_list
    from escalation.path import STAGES

    rows = case_list(connect(), include_closed=closed, limit=limit)
    lines = [
        (r.key, r.municipality, STAGES[r.stage].dutch, r.holder or "–", say.when(r.next_at))
        for r in rows
    ]
    header = ("case", "municipality", "stage", "holder", "next date rings")
    say.answer(rows, as_json, lambda: say.table(lines, header) if lines else ["No open cases."])


@app.command()
def show(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """Draw a case: its path and lanes, promises with their why, who holds it, its journal."""
    from casework.connect import connect
    from casework.ledger import ledger_of
    from casework.views import case_view

    view = case_view(connect(), case, now())
    if as_json:
        say.answer(view, True, list)
        return
    from desk.picture import draw

    draw(view, ledger_of(connect(), case))


@app.command()
def act(
    case: str = CASE,
    kind: str = typer.Argument(..., metavar="ACT", help="What was done; `case acts` lists them."),
    fact: list[str] = FACT,
    at: str | None = typer.Option(None, help="When it was done. Default: now."),
    ground: str | None = typer.Option(None, help="On what ground."),
    reference: str | None = typer.Option(None, help="Its own number; twice is once."),
    waive: list[str] = WAIVE,
    waived_by: str | None = WAIVED_BY,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Record what was done; its terms begin to run.

    The same act with the same --at (or the same --reference) is recorded once.
    """
    from casework.acts import NewAct, record_act
    from casework.connect import connect

    moment = now()
    new = NewAct(
        kind=kind, at=say.moment_of(at) or moment, by=by, ground=ground, reference=reference,
        facts=say.pairs(fact, "--fact valid_until=2027-01-31"),
    )  # fmt: skip
    done = record_act(
        connect(), case, new, moment, waived_by=waived_by,
        waive=say.pairs(waive, "--waive warning_in_force=REASON"),
    )  # fmt: skip
    lines = (
        [f"{done.case_key}: {kind} was on record already."]
        if done.known_already
        else [
            f"{done.case_key}: {kind} is on record.",
            *(f"  promised: {key} by {day}" for key, day in done.started),
            *(f"  {warning.nl}" for warning in done.warnings),
        ]
    )
    say.answer(done, as_json, lambda: lines)


@app.command()
def may(
    case: str = CASE,
    kind: str = typer.Argument(..., metavar="ACT", help="What somebody wants to do."),
    fact: list[str] = FACT,
    at: str | None = typer.Option(None, help="When it would be done. Default: now."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Ask every guard of an act, as the dossier stands; nothing is recorded."""
    from casework.connect import connect
    from casework.judging import judged

    facts = say.pairs(fact, "--fact valid_until=2027-01-31")
    rows = judged(connect(), case, kind, facts, say.moment_of(at) or now())
    header = ("", "question", "guard", "source")
    lines = [("ja" if r.met else "NEE", r.asks.nl, r.guard, r.source) for r in rows]
    say.answer(
        {"act": kind, "allowed": all(r.met for r in rows), "guards": rows}, as_json,
        lambda: say.table(lines, header) if lines else [f"{kind} is asked nothing."],
    )  # fmt: skip


@app.command()
def acts(as_json: bool = say.AS_JSON) -> None:
    """List every act the path knows, with the facts it takes."""
    from escalation.moves import acts as known

    rows = [
        (a.key, a.name.nl, "coercive" if a.coercive else "", ", ".join(_marked(a))) for a in known()
    ]
    header = ("act", "Dutch", "", "facts (needed ones marked *)")
    say.answer(
        [{"act": r[0], "dutch": r[1], "coercive": bool(r[2]), "facts": r[3]} for r in rows],
        as_json, lambda: say.table(rows, header),
    )  # fmt: skip


@app.command()
def decide(
    case: str = CASE,
    exit_key: str | None = typer.Argument(None, metavar="[EXIT]", help="An exit of the stage."),
    to: str | None = typer.Option(None, help="Any other stage; needs --reason."),
    reason: str | None = typer.Option(None, help="Why the case leaves the ordinary path."),
    result: str | None = typer.Option(None, help="When closing: resolved, reduced, moved, …"),
    waive: list[str] = WAIVE,
    waived_by: str | None = WAIVED_BY,
    version: int | None = SEEN,
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Take the decision that moves a case to another stage; the same guards judge every move."""
    from casework.connect import connect
    from casework.stages import decide as take
    from casework.views import case_view

    engine, moment = connect(), now()
    seen = version if version is not None else case_view(engine, case, moment).version
    after = take(
        engine, case, by=by, seen_version=seen, now=moment, exit_key=exit_key, to=to,
        reason=reason, result=result, waived_by=waived_by,
        waive=say.pairs(waive, "--waive warning_in_force=REASON"),
    )  # fmt: skip
    stage = case_view(engine, case, moment).stage
    say.answer(
        {"case": case, "stage": stage, "version": after}, as_json,
        lambda: [f"{case} is now in {stage} (version {after})."],
    )  # fmt: skip


@app.command()
def answer(
    case: str = CASE,
    promise: str = typer.Argument(..., help="Key or number of the promise."),
    given: str = typer.Argument("done", help="done, not_done or cannot_share."),
    reason: str | None = typer.Option(None, help="Needed unless it is done."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Answer a promise: done, not done or cannot share, each with a reason the others may see."""
    from casework.connect import connect
    from casework.promises import answer as give

    said = answer_of(given)
    version = give(connect(), case, promise, given=said, by=by, now=now(), reason=reason)
    say.answer(
        {"case": case, "promise": promise, "answer": given, "version": version}, as_json,
        lambda: [f"{case}: {promise} is answered: {given}."],
    )  # fmt: skip


@app.command()
def reopen(
    case: str = CASE,
    stage: str = typer.Option("assessment", help="The stage to reopen it in."),
    reason: str = typer.Option(..., help="Why."),
    director: str | None = typer.Option(None, help="Who directs it from now. Default: --by."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """Reopen a closed case, with a director from the first instant."""
    from casework.connect import connect
    from casework.stages import reopen as again

    version = again(
        connect(), case, stage=stage, by=by, reason=reason, now=now(), director=director
    )
    say.answer(
        {"case": case, "stage": stage, "version": version}, as_json,
        lambda: [f"{case} is open again, in {stage}."],
    )  # fmt: skip


def _marked(act: Any) -> list[str]:
    return [f"{name}*" if name in act.needs else name for name in act.fields]
