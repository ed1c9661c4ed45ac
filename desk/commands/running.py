"""Running Estafette: up, demo, watch, migrate, audit, mend, metrics."""

import os
import sys

import typer

from desk import say
from desk.clock import now


def add_to(app: typer.Typer) -> None:
    for command in (up, demo, watch, migrate, audit, mend, metrics):
        app.command()(command)


def up(as_json: bool = say.AS_JSON) -> None:
    """Run everything on this machine: Prefect with its pages, the worker, and a local mailbox.

    One process tree on loopback, its data in one folder (ESTAFETTE_DATA). Stop with Ctrl-C.
    """
    from desk.embedded import run

    run(as_json)


def demo(as_json: bool = say.AS_JSON) -> None:
    """Run everything, with published rulings played up to now.

    Within minutes a wait ends, an alert lands in the mailbox and a stage is left. Stop with Ctrl-C.
    """
    from desk.embedded import run_demo

    run_demo(as_json)


def watch() -> None:
    """Raise what is due and send it, without Prefect: the same loops, for when Prefect is down.

    Runs until Ctrl-C. Beside a running worker it does no harm: nothing is raised or sent twice.
    """
    from casework.connect import connect
    from casework.views import case_list
    from desk.settings import DeskSettings

    DeskSettings()  # one that is out of range is said now, in one sentence; so is
    case_list(connect(), limit=1)  # a database that is not there
    os.execv(sys.executable, [sys.executable, "-m", "flows.plain"])


def migrate(as_json: bool = say.AS_JSON) -> None:
    """Bring the database to this version's schema; safe to run again."""
    from casework.connect import connect
    from casework.schema import migrate as bring_up

    engine = connect()
    revision = bring_up(engine, now())
    say.answer(
        {"database": engine.dialect.name, "revision": revision}, as_json,
        lambda: [f"The database ({engine.dialect.name}) is at revision {revision}."],
    )  # fmt: skip


def audit(as_json: bool = say.AS_JSON) -> None:
    """Prove that every open case is held, promised, watched and told of; exit code 1 if not.

    Says what each finding means and how to mend it. Changes nothing.
    """
    from casework.audit import audit as look
    from casework.connect import connect
    from desk.findings import YOU, explained
    from desk.settings import DeskSettings

    settings = DeskSettings()
    report = look(connect(), now(), horizon=settings.horizon, armed_at_most=settings.armed_at_most)
    count = len(report.findings)
    verdict = "clean" if report.clean else "1 finding" if count == 1 else f"{count} findings"
    last = f"{report.checked} open cases: {verdict}."
    who = [YOU] if count else []
    say.answer(report, as_json, lambda: [*explained(report.findings), *who, last])
    if not report.clean:
        raise typer.Exit(1)


def mend(
    case: str = typer.Argument(..., help="The case, or - for what belongs to no case."),
    by: str = say.BY,
    run: bool = typer.Option(False, "--run", help="Make the run of its visit anew, too."),
    accept: bool = typer.Option(
        False, "--accept", help="What was deleted and cannot come back need not."
    ),
    as_json: bool = say.AS_JSON,
) -> None:
    """Mend what `estafette audit` found in a case, as far as that can be done exactly.

    Deleted rows come back as they were, missing alerts are made again, and a promise that was put
    off rings again. Safe to run again; what was done is in the case's journal.
    """
    from casework.audit import NO_CASE
    from casework.connect import connect
    from casework.mending import mend as put_right
    from casework.mending import mend_installation
    from desk.findings import mended

    engine, at = connect(), now()
    if case == NO_CASE:
        done = mend_installation(engine, by=by, now=at, accepting=accept)
    else:
        done = put_right(engine, case, by=by, now=at, run=run, accepting=accept)
    say.answer(done, as_json, lambda: mended(done))
    if done.refused:
        raise typer.Exit(1)


def metrics(as_json: bool = say.AS_JSON) -> None:
    """Show how the whole house stands in numbers, as Prometheus reads them at /metrics.

    No case, no name and no address is in them; docs/metrics.md says what each means.
    """
    from casework.connect import connect
    from desk.metrics import Metrics
    from desk.metrics_page import as_values

    text = Metrics(connect()).text()
    say.answer(as_values(text) if as_json else None, as_json, text.splitlines)
