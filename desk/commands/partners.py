"""estafette case wait, waits, partners, and contact statistics: silence, and who is heard."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

import typer

from desk import say
from desk.clock import now

if TYPE_CHECKING:
    from escalation.partner_numbers import Numbers

CASE = typer.Argument(..., metavar="CASE", help="The case's key, such as 2026-00042.")
PARTNER = typer.Option(
    None, metavar="ORGANISATION", help="Only this partner waits; `case partners` lists them."
)

ASKED = (
    "partner", "asked", "done", "not done", "cannot share", "open", "late", "silent", "silences",
)  # fmt: skip
QUICK = ("partner", "median hours", "p90 hours", "median days", "p90 days")
OFFERED = ("partner", "offered", "accepted", "refused", "expired", "revoked")


def wait(
    case: str = CASE,
    until: str | None = typer.Option(None, metavar="DATE", help="The day it is over."),
    reason: str | None = typer.Option(
        None, metavar="TEXT", help="What is waited for. Kept with the case, never in a message."
    ),
    partner: str | None = PARTNER,
    over: bool = typer.Option(False, "--over", help="What was waited for is there."),
    by: str = say.BY,
    as_json: bool = say.AS_JSON,
) -> None:
    """State why a case waits: silence is not spoken of before that day.

    estafette case wait 2026-00042 --until 2026-05-01 --reason "zitting op 30 april" --by regie
    """
    from casework.connect import connect
    from casework.waits import end_wait
    from casework.waits import wait as state

    if over:
        got = end_wait(connect(), case, by=by, now=now(), partner=partner)
    elif until is None or reason is None:
        say.stop("a wait needs --until and --reason; --over ends one")
    else:
        got = state(
            connect(), case, until=_day(until), reason=reason, by=by, now=now(), partner=partner
        )  # fmt: skip
    who = partner or case
    line = f"{who} waits until {say.when(got.until)}." if got.until else f"{who} waits no longer."
    say.answer(got, as_json, lambda: [line])


def waits(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """List what a case or a partner of it waited for, and until when."""
    from casework.connect import connect
    from casework.waits import waits_of

    found = waits_of(connect(), case)
    header = ("who", "since", "until", "by", "ended", "reason")
    rows = [
        (w.partner or "case", say.when(w.since), say.when(w.until), w.by, say.when(w.ended_at),
         w.reason)
        for w in found
    ]  # fmt: skip
    none = [f"Case {case} never waited."]
    say.answer(found, as_json, lambda: say.fitting(rows, header) if rows else none)


def partners(case: str = CASE, as_json: bool = say.AS_JSON) -> None:
    """List who is at the table of a case, and when each was last heard."""
    from casework.connect import connect
    from casework.partners import partners_of

    found = partners_of(connect(), case)
    header = ("partner", "expected", "last heard", "waits until", "silence asked")
    rows = [
        (p.organisation, p.contact or "–", say.when(p.heard_at), say.when(p.waits_until),
         "now" if p.asked_about else say.when(p.silent_at))
        for p in found
    ]  # fmt: skip
    none = [f"No partner is at the table of case {case}."]
    say.answer(found, as_json, lambda: say.fitting(rows, header) if rows else none)


def statistics(
    since: str | None = typer.Option(None, metavar="DATE", help="Asked or offered from then on."),
    until: str | None = typer.Option(None, metavar="DATE", help="As it stood before that day."),
    as_json: bool = say.AS_JSON,
) -> None:
    """Count how each partner answers: times, refusals, cannot share, silence. From the journals."""
    from casework.connect import connect
    from casework.partners import statistics as count

    found = count(connect(), now=now(), since=_start(since), until=_start(until))
    none = ["No partner was asked or offered anything in that time."]
    say.answer(found, as_json, lambda: _pages(found) if found else none)


def _pages(found: "Sequence[Numbers]") -> Iterator[str]:
    """What was asked, how quickly it was answered, and what became of offers; each where there
    was any."""
    asked = [n for n in found if n.asked or n.silences]
    quick = [n for n in found if n.answered]
    offered = [n for n in found if n.offered]
    tables = (
        ("Requests", [_asked(n) for n in asked], ASKED),
        ("Answer times", [_quick(n) for n in quick], QUICK),
        ("Handovers", [_offered(n) for n in offered], OFFERED),
    )
    gap: tuple[str, ...] = ()
    for title, rows, header in tables:
        if rows:
            yield from (*gap, f"{title}:", *say.fitting(rows, header))
            gap = ("",)


def _asked(n: "Numbers") -> list[str]:
    counts = (n.asked, n.done, n.not_done, n.cannot_share, n.open, n.late, n.silent, n.silences)
    return [n.organisation, *map(str, counts)]


def _quick(n: "Numbers") -> list[str]:
    times = (n.median_hours, n.p90_hours, n.median_working_days, n.p90_working_days)
    return [n.organisation, *map(_number, times)]


def _offered(n: "Numbers") -> list[str]:
    ended = (n.offered, n.accepted, n.refused, n.expired, n.revoked)
    return [n.organisation, *map(str, ended)]


def add_to(cases: typer.Typer, contacts: typer.Typer) -> None:
    """These are commands of `estafette case`, and one of `estafette contact`."""
    for command in (wait, waits, partners):
        cases.command()(command)
    contacts.command()(statistics)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _start(text: str | None) -> datetime | None:
    day = _day(text) if text else None
    return datetime.combine(day, time.min, tzinfo=say.AMSTERDAM) if day else None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        say.stop(f"{text!r} is not a date; write it as 2026-05-14")
