"""Troubles: what goes wrong with the machinery itself, and what operations is asked to do about it.

Each is told as a number of things that stand alike, never one by one. Pure; moments are UTC.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from escalation.text import Text

RUNS_LATE, RUNS_CRASHED, RUNS_FAILED = "runs_late", "runs_crashed", "runs_failed"
AUDIT_FINDINGS, AUDIT_SILENT = "audit_findings", "audit_silent"
PROMISES_LATE, OUTBOX_STUCK = "promises_late", "outbox_stuck"

# What is counted as a trouble, and no longer as weather.
REALLY_LATE = timedelta(minutes=15)  # a run past its moment
NOT_RAISED = timedelta(minutes=5)  # a promise past its moment that nobody raised
NOT_SENT = timedelta(minutes=15)  # an alert that could go and that no sender took
NOT_DELIVERED = timedelta(hours=1)  # an alert every attempt at which failed
SILENT = timedelta(minutes=35)  # the audit comes every quarter of an hour; one may be missed

# A trouble that still stands is told again: once in a part of a day, once a day when it was seen.
AGAIN_AFTER, SEEN_AGAIN_AFTER = timedelta(hours=4), timedelta(days=1)

# fmt: off
ASKS: dict[str, Callable[[str], Text]] = {
    RUNS_LATE: lambda n: Text(
        f"Runs in Prefect die meer dan een kwartier te laat zijn: {n}. Draait de worker? "
        "Begin met: estafette doctor",
        f"Runs in Prefect that are over a quarter of an hour late: {n}. Does the worker run? "
        "Begin with: estafette doctor"),
    RUNS_CRASHED: lambda n: Text(
        f"Afgebroken runs in Prefect (Crashed): {n}. Bezoeken komen vanzelf opnieuw. "
        "Waardoor kwam het? Begin met: estafette doctor",
        f"Crashed runs in Prefect: {n}. Visits come again by themselves. "
        "What was the cause? Begin with: estafette doctor"),
    RUNS_FAILED: lambda n: Text(
        f"Mislukte runs in Prefect (Failed): {n}. Op de pagina van de run staat waarom. "
        "Begin met: estafette doctor",
        f"Failed runs in Prefect: {n}. The page of the run says why. "
        "Begin with: estafette doctor"),
    AUDIT_FINDINGS: lambda n: Text(
        f"Bevindingen van de laatste controle: {n}. Herstelt u ze? "
        "Welke het zijn zegt: estafette audit",
        f"Findings of the last audit: {n}. Do you mend them? "
        "Which they are says: estafette audit"),
    AUDIT_SILENT: lambda n: Text(
        f"De controle van de zaken blijft al {n} minuten uit. Begin met: estafette doctor",
        f"The audit of the cases has stayed away for {n} minutes. Begin with: estafette doctor"),
    PROMISES_LATE: lambda n: Text(
        f"Afspraken waarvan de dag kwam en die niemand meldt: {n}. Draait de bewaking? "
        "Begin met: estafette doctor",
        f"Promises whose moment came and that nobody raises: {n}. Does the watch run? "
        "Begin with: estafette doctor"),
    OUTBOX_STUCK: lambda n: Text(
        f"Berichten die blijven liggen: {n}. Werken de kanalen? "
        "Begin met: estafette alert list --unsent",
        f"Messages that are not delivered: {n}. Do the channels work? "
        "Begin with: estafette alert list --unsent"),
}
# fmt: on
TROUBLES = tuple(ASKS)


def again_at(told_at: datetime, *, seen: bool) -> datetime:
    """From when a trouble that was told then is told again, if it still stands."""
    return told_at + (SEEN_AGAIN_AFTER if seen else AGAIN_AFTER)


def trouble_asks(trouble: str, how_many: int | None) -> Text:
    """What operations is asked to do about so many things of this kind."""
    return ASKS[trouble]("?" if how_many is None else str(how_many))
