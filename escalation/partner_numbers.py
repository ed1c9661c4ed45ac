"""How partners answer, counted from journal lines alone: requests, handovers and silence.

A request that got another date is late by that date. One that was withdrawn counts as asked, and as
neither answered nor late.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from math import ceil
from statistics import median
from typing import Any

from escalation.calendars import WorkingCalendar
from escalation.rungs import AMSTERDAM
from escalation.silence import ends_with

HANDOVERS = ("accepted", "refused", "expired", "revoked")
ANSWERS = ("done", "not_done", "cannot_share")


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a journal, as far as the numbers need it."""

    at: datetime
    kind: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """How one partner answered. Times are None while nothing was answered.

    `late` were answered after their date; `silent` are open past it. `silences` is how often the
    partner had to be asked whether it was still there. `revoked` were taken back by their sender.
    """

    organisation: str
    asked: int
    answered: int
    open: int
    withdrawn: int
    done: int
    not_done: int
    cannot_share: int
    late: int
    silent: int
    median_hours: float | None
    p90_hours: float | None
    median_working_days: float | None
    p90_working_days: float | None
    offered: int
    accepted: int
    refused: int
    expired: int
    revoked: int
    silences: int


@dataclass(slots=True)
class _Request:
    asked_at: datetime
    due_at: datetime
    closed_at: datetime | None = None
    answer: str | None = None


@dataclass(slots=True)
class _Partner:
    requests: dict[int, _Request] = field(default_factory=dict)
    handovers: dict[int, str | None] = field(default_factory=dict)  # how each ended
    silences: int = 0


def partner_numbers(
    lines: Iterable[Told], now: datetime, calendar: WorkingCalendar, since: datetime | None = None
) -> list[Numbers]:
    """The numbers of every partner by key, as they were at `now`.

    The lines come in the order in which they were written, case by case or all together. Of what
    was asked or offered before `since` nothing is counted.
    """
    book = _Book(since)
    for line in lines:
        if line.at <= now:
            book.read(line)
    return [_numbers(key, book.partners[key], now, calendar) for key in sorted(book.partners)]


class _Book:
    """What the lines so far amount to."""

    def __init__(self, since: datetime | None) -> None:
        self.partners: dict[str, _Partner] = {}
        self._since = since
        self._requests: dict[int, _Request] = {}
        self._handovers: dict[int, _Partner] = {}
        self._promises: dict[int, _Request] = {}

    def read(self, line: Told) -> None:
        reads = getattr(self, f"_{line.kind}", None)
        if reads is not None:
            reads(line)
        elif line.kind.startswith("handover_"):
            self._ended(line)

    def _partner(self, line: Told) -> _Partner | None:
        """The partner a line is about; None when it is too long ago, or names nobody."""
        key = line.data.get("organisation")
        if key is None or (self._since is not None and line.at < self._since):
            return None
        return self.partners.setdefault(key, _Partner())

    def _asked(self, line: Told) -> None:
        if (partner := self._partner(line)) is not None:
            request = _Request(line.at, datetime.fromisoformat(line.data["due_at"]))
            partner.requests[line.data["request"]] = request
            self._requests[line.data["request"]] = request
            self._promises[line.data["promise"]] = request

    def _replied(self, line: Told) -> None:
        if (request := self._requests.get(line.data["request"])) is not None:
            request.closed_at, request.answer = line.at, line.data["answer"]

    def _withdrawn(self, line: Told) -> None:
        if (request := self._requests.get(line.data["request"])) is not None:
            request.closed_at = line.at

    def _term_changed(self, line: Told) -> None:
        if (request := self._promises.pop(line.data["replaced"], None)) is not None:
            self._promises[line.data["promise"]] = request
            request.due_at = ends_with(date.fromisoformat(line.data["due"]))

    def _silence_asked(self, line: Told) -> None:
        if (partner := self._partner(line)) is not None:
            partner.silences += 1

    def _handover_offered(self, line: Told) -> None:
        if (partner := self._partner(line)) is not None:
            partner.handovers[line.data["id"]] = None
            self._handovers[line.data["id"]] = partner

    def _ended(self, line: Told) -> None:
        how, number = line.kind.removeprefix("handover_"), line.data.get("id")
        if how in HANDOVERS and number in self._handovers:
            self._handovers[number].handovers[number] = how


def _numbers(key: str, partner: _Partner, now: datetime, calendar: WorkingCalendar) -> Numbers:
    requests = list(partner.requests.values())
    answered = [(r, r.closed_at) for r in requests if r.answer is not None and r.closed_at]
    hours = [(closed - r.asked_at) / timedelta(hours=1) for r, closed in answered]
    days = [float(working_days(r.asked_at, closed, calendar)) for r, closed in answered]
    still = [r for r in requests if r.closed_at is None]
    ended = list(partner.handovers.values())
    return Numbers(
        organisation=key,
        asked=len(requests),
        answered=len(answered),
        open=len(still),
        withdrawn=len(requests) - len(answered) - len(still),
        **{given: sum(r.answer == given for r, _ in answered) for given in ANSWERS},
        late=sum(closed > r.due_at for r, closed in answered),
        silent=sum(now > r.due_at for r in still),
        median_hours=median(hours) if hours else None,
        p90_hours=percentile(hours, 90),
        median_working_days=median(days) if days else None,
        p90_working_days=percentile(days, 90),
        offered=len(ended),
        **{how: ended.count(how) for how in HANDOVERS},
        silences=partner.silences,
    )


def percentile(values: Iterable[float], percent: int) -> float | None:
    """The least value that at least so many per cent of them do not exceed (nearest rank)."""
    known = sorted(values)
    return known[ceil(percent * len(known) / 100) - 1] if known else None


def working_days(asked: datetime, answered: datetime, calendar: WorkingCalendar) -> int:
    """The working days after the day of asking, up to and including the day of the answer."""
    first, last = (moment.astimezone(AMSTERDAM).date() for moment in (asked, answered))
    return sum(
        bisect_right(days, last) - bisect_right(days, first)
        for year in range(first.year, last.year + 1)
        for days in [calendar.working_days(year)]
    )
