"""The command line: `estafette`. Commands import what they need when they run, so help is quick."""

import os
import sys

import typer

from desk.commands import (
    alerts,
    cases,
    channels,
    contacts,
    decrees,
    handovers,
    holding,
    organisations,
    partners,
    parts,
    paths,
    policies,
    receiving,
    reporters,
    requests,
    running,
    signals,
    succession,
    templates,
    terms,
    tools,
    ways,
    window,
)

HELP = """Estafette passes a nuisance case from signal to aftercare without dropping the baton.

Every open case has one holder, every promise a lawful date, and every date a watcher.

First steps: [bold]estafette demo[/bold] shows real cases travelling the path;
[bold]estafette case list[/bold] lists them; [bold]estafette case show KEY[/bold] draws one.
Every command takes --json.
"""

app = typer.Typer(
    help=HELP, no_args_is_help=True, rich_markup_mode="rich", pretty_exceptions_enable=False,
    add_completion=False, context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip
app.add_typer(signals.app, name="signal")
app.add_typer(cases.app, name="case")
terms.add_to(cases.app)
holding.add_to(cases.app)
reporters.add_to(cases.app)
requests.add_to(cases.app)
partners.add_to(cases.app, contacts.app)
app.add_typer(handovers.app, name="handover")
receiving.add_to(handovers.app)
succession.add_to(handovers.app)
app.add_typer(alerts.app, name="alert")
app.add_typer(contacts.app, name="contact")
organisations.add_to(contacts.app)
contacts.app.add_typer(ways.app, name="way")
app.add_typer(channels.app, name="channel")
app.add_typer(templates.app, name="template")
app.add_typer(policies.app, name="policy")
app.add_typer(decrees.app, name="decree")
paths.add_to(app)
running.add_to(app)
parts.add_to(app)
tools.add_to(app)
window.add_to(app)


def main() -> None:
    """Runs a command; what goes wrong is one sentence, unless it is a bug of ours."""
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        # The reader (head, less) has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Exception as error:
        from desk.plainly import sentence_for

        sentence = sentence_for(error)
        if sentence is None or os.environ.get("ESTAFETTE_DEBUG"):
            raise
        typer.echo(sentence, err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
