"""Artifacts: what operations staff see in Prefect of a case, a stage and the last audit.

Keys, codes, questions of the path and dates only. A picture that has not changed is not made again.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient

from casework.audit import Report
from casework.views import Line, timeline
from casework.waiting_lists import Waiting, waiting, waiting_list
from escalation.path import FIRST, OPEN_STAGES
from flows import finding_words, told_words
from flows.artifacts import show, table
from flows.settings import engine
from flows.words import due, findings, moment, open_cases

A_SECOND, A_DAY = timedelta(seconds=1), timedelta(days=1)
WHO = "\nWIE is wie het doet: de sleutel van een contact.\n"


def show_timeline(client: SyncPrefectClient, case_key: str, run_id: UUID | None) -> None:
    """The artifact `case-2026-00042` shows what happened to the case."""
    lines = list(_told(timeline(engine(), case_key)))
    text = f"# Zaak {case_key}\n\n" + table(("Moment", "Wat", "Waarover of uitkomst"), lines)
    show(client, f"case-{case_key}", text, run_id)


def show_waiting_lists(client: SyncPrefectClient, now: datetime, frontier: datetime) -> None:
    """An artifact per stage shows which cases wait there, the most urgent first, and how many of
    them without a run in Prefect: because their moment lies beyond the frontier, or not yet."""
    counts = waiting(engine(), frontier)
    for stage in OPEN_STAGES:
        total, far, missing = counts.get(stage.key, (0, 0, 0))
        lines = waiting_list(engine(), stage.key) if total else []
        head = [f"# In {stage.dutch}", _how_many(total, len(lines))]
        without = [_in_rows(far, frontier), _missing(missing)]
        text = "\n\n".join(part for part in [*head, *without, _waiting(lines, now)] if part)
        show(client, f"waiting-{stage.key.replace('_', '-')}", text, None)


def show_audit(client: SyncPrefectClient, report: Report, run_id: UUID | None) -> None:
    """The artifact `last-audit` shows what the last audit found."""
    looked = f"{moment(report.at)}: {open_cases(report.checked)} nagekeken"
    found = [finding_words.row(finding) for finding in report.findings]
    head = f"# Laatste controle\n\n{looked}, {findings(len(found))}.\n\n"
    titles = ("Zaak", "Bevinding", "Wat het is", "Wat te doen")
    body = table(titles, found) + WHO if found else "Alles in orde.\n"
    show(client, "last-audit", head + body, run_id)


def _told(lines: Iterable[Line]) -> Iterator[tuple[str, ...]]:
    stage = FIRST.key
    for line in lines:
        about = told_words.details(line.what, line.data, stage, line.asks, line.rung)
        yield moment(line.at), told_words.what(line.what), about
        if line.what == "entered":
            stage = str(line.data.get("stage"))


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


def _missing(count: int) -> str:
    if not count:
        return ""
    have = "1 zaak heeft" if count == 1 else f"{count} zaken hebben"
    return (
        f"{have} nog geen run in Prefect, hoewel het moment nadert. Die wordt gemaakt; weigert "
        "Prefect hem, dan staat dat in het log van de worker."
    )


def _cases(count: int) -> str:
    return "1 zaak wacht" if count == 1 else f"{count} zaken wachten"


def _waiting(rows: Sequence[Waiting], now: datetime) -> str:
    titles = ("Zaak", "Bezoek", "Sinds", "Wacht op", "Uiterlijk", "Te laat")
    return table(titles, [_waiting_line(row, now) for row in rows]) if rows else ""


def _waiting_line(row: Waiting, now: datetime) -> tuple[str, ...]:
    asks = row.waits_for.nl if row.waits_for else ""
    until = due(row.due_at) if row.due_at else ""
    late = _days((now - row.due_at).days) if row.due_at and row.due_at < now else ""
    return (row.case_key, str(row.number), moment(row.since), asks, until, late)


def _days(count: int) -> str:
    if count == 0:
        return "minder dan 1 dag"
    return "1 dag" if count == 1 else f"{count} dagen"
