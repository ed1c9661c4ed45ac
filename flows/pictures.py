"""Artifacts: what operations staff see in Prefect of a case, a stage and the last audit.

Keys, codes, questions of the path and dates only. A picture that has not changed is not made again.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient

from casework.audit import Report
from casework.views import Line, timeline
from casework.waiting_lists import Waiting, waiting, waiting_list
from casework.words import Answer, Role
from escalation.moves import acts
from escalation.path import OPEN_STAGES, STAGES
from flows.artifacts import show, table
from flows.settings import engine
from flows.words import due, moment

A_SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
# What a line may tell beside its kind: words of the path. A contact's key could be a name.
TOLD = ("stage", "to", "how", "act", "answer", "role")
WORDS = frozenset(
    {stage.key for stage in STAGES.values()}
    | {leaving.key for stage in STAGES.values() for leaving in stage.exits}
    | {act.key for act in acts()}
    | {*Answer, *Role, "opened", "reopened", "other"}
)


def show_timeline(client: SyncPrefectClient, case_key: str, run_id: UUID | None) -> None:
    """The artifact `case-2026-00042` shows what happened to the case."""
    lines = [_timeline_line(line) for line in timeline(engine(), case_key)]
    text = f"# Zaak {case_key}\n\n" + table(("Moment", "Wat", "Waarheen of uitkomst"), lines)
    show(client, f"case-{case_key}", text, run_id)


def show_waiting_lists(client: SyncPrefectClient, now: datetime, frontier: datetime) -> None:
    """An artifact per stage shows which cases wait there, the most urgent first, and how many of
    them without a run in Prefect because their moment lies beyond the frontier."""
    counts = waiting(engine())
    for stage in OPEN_STAGES:
        total, in_rows = counts.get(stage.key, (0, 0))
        lines = waiting_list(engine(), stage.key) if total else []
        head = [f"# In {stage.dutch}", _how_many(total, len(lines)), _in_rows(in_rows, frontier)]
        text = "\n\n".join(part for part in [*head, _waiting(lines, now)] if part)
        show(client, f"waiting-{stage.key.replace('_', '-')}", text, None)


def show_audit(client: SyncPrefectClient, report: Report, run_id: UUID | None) -> None:
    """The artifact `last-audit` shows what the last audit found."""
    head = f"# Laatste controle\n\n{moment(report.at)}: {report.checked} open zaken nagekeken.\n\n"
    found = [(finding.case_key, finding.what) for finding in report.findings]
    body = table(("Zaak", "Bevinding"), found) if found else "Alles in orde.\n"
    show(client, "last-audit", head + body, run_id)


def _timeline_line(line: Line) -> tuple[str, ...]:
    return (moment(line.at), line.what, _details(line))


def _details(line: Line) -> str:
    told = [word for name in TOLD if (word := str(line.data.get(name))) in WORDS]
    return ", ".join(STAGES[word].dutch if word in STAGES else word for word in told)


def _how_many(total: int, shown: int) -> str:
    rest = f" De lijst toont de {shown} die het eerst aan de beurt zijn." if shown < total else ""
    return f"{_cases(total)} hier.{rest}"


def _in_rows(count: int, frontier: datetime) -> str:
    if not count:
        return ""
    return (
        f"{_cases(count)} buiten Prefect, zonder run, omdat hun volgende moment later is dan "
        f"{due(frontier)}. Ze krijgen hun run vanzelf als het nadert; tot dan bewaakt "
        "`watch` hun termijnen zoals alle andere."
    )


def _cases(count: int) -> str:
    return "1 zaak wacht" if count == 1 else f"{count} zaken wachten"


def _waiting(rows: Sequence[Waiting], now: datetime) -> str:
    titles = ("Zaak", "Bezoek", "Sinds", "Wacht op", "Uiterlijk", "Te laat")
    return table(titles, [_waiting_line(row, now) for row in rows]) if rows else ""


def _waiting_line(row: Waiting, now: datetime) -> tuple[str, ...]:
    asks = row.waits_for.nl if row.waits_for else ""
    until = due(row.due_at) if row.due_at else ""
    late = f"{(now - row.due_at).days} dagen" if row.due_at and row.due_at < now else ""
    return (row.case_key, str(row.number), moment(row.since), asks, until, late)
