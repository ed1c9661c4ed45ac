"""The Dutch sentences Prefect shows: keys, questions of the path and dates, never a person."""

import re
from datetime import datetime, timedelta
from typing import Protocol

from casework.stock import Promise, Stock
from escalation.path import STAGES
from escalation.rungs import AMSTERDAM
from escalation.spoken_dates import clock, spoken
from escalation.text import Text

# What a visit finds about a promise: the name of its task's state.
OPEN, RAISED, ANSWERED, LAPSED = "Open", "Gemeld", "Beantwoord", "Vervallen"
ELSEWHERE = "andere beslissing, met reden"
A_MOMENT_BEFORE = timedelta(microseconds=1)
A_NUMBER = re.compile(r"[0-9]{1,9}")  # anything longer is no visit's, and no column holds it


def run_name(case_key: str, stage: str, number: int) -> str:
    """ "2026-00042 · bemoeizorg · 1": how a visit is called in Prefect."""
    return f"{case_key} · {STAGES[stage].dutch} · {number}"


def number_in(name: str) -> int | None:
    """The visit's number in a run's name; None when a person named the run otherwise."""
    _, dot, number = name.rpartition(" · ")
    return int(number) if dot and A_NUMBER.fullmatch(number) else None


def found(promise: Promise) -> str:
    """One word for how a promise stands."""
    if promise.state != "open":
        return ANSWERED if promise.state == "answered" else LAPSED
    return OPEN if promise.rung is None else RAISED


def due(due_at: datetime, exact: bool = False) -> str:
    """ "vrijdag 3 april 2026": a day that ends at 24:00 is that day, not the next."""
    local = (due_at if exact else due_at - A_MOMENT_BEFORE).astimezone(AMSTERDAM)
    return clock(local).nl if exact else spoken(local.date()).nl


def until(due_at: datetime, exact: bool) -> str:
    """ "03-04-2026", or "03-04-2026 22:34" for a promise with an exact moment."""
    return moment(due_at) if exact else moment(due_at - A_MOMENT_BEFORE).partition(" ")[0]


class Awaited(Protocol):
    """A promise that a visit waits for, as its row or its stock tells it."""

    @property
    def asks(self) -> Text: ...
    @property
    def due_at(self) -> datetime: ...
    @property
    def exact(self) -> bool: ...
    @property
    def raised(self) -> bool: ...
    @property
    def next_at(self) -> datetime | None: ...


def waits(promise: Awaited | None, now: datetime) -> str:
    """What a visit that goes back to Scheduled waits for, or since when that is late."""
    if promise is None:
        return "wacht op de volgende stap"
    # The date first: Prefect's page cuts a message off after some sixty characters.
    day = until(promise.due_at, promise.exact)
    if promise.due_at <= now:
        return f"te laat sinds {day}: {promise.asks.nl}{_again(promise, now)}"
    asked = f"wacht tot {day} op: {promise.asks.nl}"
    return f"{asked} (hierover is al gemeld)" if promise.raised else asked


def _again(promise: Awaited, now: datetime) -> str:
    at = promise.next_at
    if at is None or at <= now:
        return ""
    if not promise.raised:  # it could not be judged: nobody was told yet
        return f" (nog niet gemeld; weer geprobeerd op {moment(at)})"
    return f" (gemeld; weer op {moment(at)})"


def looked(stock: Stock, says: str) -> str:
    """The line in a run's log: the case, the stage, what is open by its number, what is said."""
    about = run_name(stock.case_key, stock.stage, stock.number)
    numbers = ", ".join(f"{p.id} {p.key}" for p in stock.promises if p.state == "open")
    return f"{about}: {says}; open: {numbers or 'niets'}"


def left(stock: Stock) -> str:
    """How a stage was left: "naar bemoeizorg: hulp geweigerd"."""
    target = STAGES.get(stock.left_for or "")
    names = {leaving.key: leaving.name for leaving in STAGES[stock.stage].exits}
    how = names.get(stock.left_how or "", Text(ELSEWHERE, ""))
    return f"naar {target.dutch if target else stock.left_for}: {how.nl}"


def open_cases(count: int) -> str:
    """ "1 open zaak", "3 open zaken"."""
    return "1 open zaak" if count == 1 else f"{count} open zaken"


def findings(count: int) -> str:
    """ "1 bevinding", "3 bevindingen"."""
    return "1 bevinding" if count == 1 else f"{count} bevindingen"


def moment(at: datetime) -> str:
    """ "03-04-2026 09:00" on a Dutch clock."""
    return f"{at.astimezone(AMSTERDAM):%d-%m-%Y %H:%M}"
