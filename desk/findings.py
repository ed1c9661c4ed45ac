"""Findings of the audit in words: what each means, and how an operator mends it."""

from collections.abc import Iterable, Iterator

from casework.audit import NO_CASE, Finding
from casework.mending import Mended

MEND = "estafette mend {case} --by YOU"
BACKUP = (
    "restore that row from the last backup (docs/audit.md says how), then "
    "estafette mend {case} --by YOU --accept"
)
WATCH = "start the worker, or: estafette watch"
# Whoever mends says who they are; the audit names nobody.
YOU = "YOU is your key among the contacts (estafette contact list), or set ESTAFETTE_BY to it once."
# Each code with what it means and what mends it.
MEANS: dict[str, tuple[str, str]] = {
    "no-holder": ("nobody directs the case", f"{MEND}; if that brings nothing back, {BACKUP}"),
    "no-promise": (
        "it has no open promise, so nothing would ever ring",
        f"{MEND}; if that brings nothing back, the director records an act that starts one",
    ),
    "not-raised": ("a promise rang five minutes ago and nobody raised it", WATCH),
    "rings-too-late": (
        "a promise would be told of when its date is long past",
        f"{MEND}, which lets it ring at its own moment again",
    ),
    "over-untold": (
        "a promise is over, and its journal says nothing of that",
        "compare it to the last backup and put back what was changed by hand (docs/audit.md)",
    ),
    "put-off": (
        "a promise could not be judged and was put off",
        "mend the cause (the policy, the calendar, or its date: estafette case redate), "
        f"then {MEND}, which lets it ring again",
    ),
    "no-visit": (
        "it has no stay in the stage it is in",
        f"{MEND}; if that brings nothing back, {BACKUP}",
    ),
    "no-run": (
        "it has had no run in Prefect for ten minutes",
        "start the worker; it arms what is missing. Rows are watched meanwhile",
    ),
    "run-of-another": (
        "the run that shows it shows another case too",
        f"{MEND} --run, which gives it a run of its own",
    ),
    "half-closed": (
        "it is closed, and its stay in its last stage is not",
        "compare it to the last backup and put back what was changed by hand (docs/audit.md)",
    ),
    "offer-past-term": ("a handover is on offer past its term", WATCH),
    "unsent-alert": (
        "an alert was not delivered within the hour",
        "see which: estafette alert list --unsent, then: estafette doctor --send-test",
    ),
    "unsent-untold": (
        "an alert is said to have arrived or to be void, and nothing shows that it did",
        "see who was told: estafette alert list; tell them, and compare the alert to the last "
        "backup (docs/audit.md)",
    ),
    "silence-unwatched": (
        "nobody would notice that nothing happens in it",
        f"{MEND}; else start the worker, which looks at each case once",
    ),
    "silence-not-asked": ("it has been silent for too long and nobody was asked about it", WATCH),
    "rung-without-alert": (
        "a rung was raised, and not everybody it was meant for was told",
        f"{MEND}, which tells who would hear it now and was not told",
    ),
    "promise-gone": (
        "its journal, an alert or its ledger tells of a promise that is not there",
        f"{MEND}; if that brings nothing back, {BACKUP}",
    ),
    "assignment-gone": (
        "its holders do not follow each other: one is missing",
        f"{MEND}; if that brings nothing back, {BACKUP}",
    ),
    "ledger-differs": (
        "a date does not follow from the ledger of its changes",
        "compare the promise to a backup, and re-date it: estafette case redate",
    ),
    "removed-promise": ("a promise was deleted by hand", f"{MEND}, which brings it back"),
    "removed-assignment": (
        "who held the case was deleted by hand",
        f"{MEND}, which brings it back",
    ),
    "removed-alert": ("an alert was deleted by hand", f"{MEND}, which brings it back"),
    "removed-row": (
        "a visit, handover or delivery was deleted by hand",
        f"{MEND}, which brings it back",
    ),
    "guard-off": (
        "the database no longer keeps its history or tells what is deleted from it",
        "that trigger was dropped or disabled: on PostgreSQL enable it (ALTER TABLE … ENABLE "
        "TRIGGER …); else restore the schema, docs/audit.md says how",
    ),
    "no-moment": (
        "what is stored there is no moment, and is read as long ago",
        "write the right one there, from the last backup and spelled as the others are; "
        "docs/audit.md says how",
    ),
    "run-gone": (
        "the run that shows it is not in Prefect, or has ended there",
        f"the worker makes it anew by itself; at once: {MEND} --run",
    ),
    "prefect-away": (
        "Prefect did not answer, so nobody knows whether every visit has its run",
        "start Prefect's server, or look at: estafette doctor. Promises are raised meanwhile",
    ),
}


def explained(findings: Iterable[Finding]) -> Iterator[str]:
    """Each finding on a line, and below it what it means and what to do."""
    for finding in findings:
        means, mend = MEANS[finding.what]
        whose = "installation" if finding.case_key == NO_CASE else finding.case_key
        yield f"{whose}: {finding}"
        yield f"    {means}."
        yield f"    Mend: {mend.format(case=finding.case_key)}."


def mended(done: Mended) -> Iterator[str]:
    """What was put right, and what could not be."""
    for row in done.restored:
        yield f"Restored as it was: {row}."
    for row in done.accepted:
        yield f"Stays away, and is no finding any longer: {row}."
    if done.alerts:
        yield f"Made again: {done.alerts} alerts."
    if done.unheard:
        yield f"Nobody is left to be told of {done.unheard} of its rungs; that is on record now."
    for promise in done.promises:
        yield f"Rings again, at once or at its own moment: promise {promise}."
    if done.run:
        yield "Its visit gets another run."
    for row in done.refused:
        yield (
            f"Not restored: {row}. Another row has taken its place, or what it belongs to is gone "
            "too; compare both to a backup, put back what is missing, and then: --accept."
        )
    if not (done.anything or done.refused):
        yield "Nothing to mend."
