"""When somebody may be interrupted: in opening hours, within a budget, the rest in a daily digest.

What a law dates is exempt: it goes at once, or waits for the next opening when that is soon enough.
Pure; all moments are UTC, days and times are the Netherlands'.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from escalation.calendars import ONE_DAY, WorkingCalendar
from escalation.hours import AMSTERDAM, Hours, next_opening

MOST = 100  # alerts in one message; what is left goes in the next
SAFE = timedelta(hours=24)  # before a date, there must be time left to act
INSTANT = timedelta(microseconds=1)
# Good to know, and nothing to do today. A lead that is not named here is urgent.
CAN_WAIT = frozenset({
    "reminder", "accepted", "returned", "lapsed", "revoked", "taken", "read_back", "offered_on",
    "passed", "contacted", "not_contacted", "reported", "not_reported", "answered_for_you",
    "case_closed", "answered", "withdrawn", "installation", "checkup",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Manners:
    """How somebody wants to be interrupted. `hours` and `digest_at` are by the clock on the wall,
    `budget` is the number of messages a day. None: at any hour, no digest, no limit.

    A message that cannot be delivered, or that nobody has seen, goes another way after
    `fall_back_after` and `unseen_after`; None: it does not. `order` names the channels to try, in
    turn; empty: as they are listed with the contact.

    Raises ValueError for a budget below one: what waited for it would wait for ever.
    """

    hours: Hours | None = None
    digest_at: time | None = None
    budget: int | None = None
    fall_back_after: timedelta | None = None
    unseen_after: timedelta | None = None
    order: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.budget is not None and self.budget < 1:
            raise ValueError(f"a budget is one message a day or more, not {self.budget}")

    @property
    def bundles(self) -> bool:
        """Whether what goes out together is one message; else each alert is one of its own."""
        return self.digest_at is not None or self.budget is not None


ALWAYS = Manners()


@dataclass(frozen=True, slots=True)
class Pending:
    """An alert that has not gone out. `due_at` is the moment its promise is due, None without one;
    `exempt` is what somebody has just asked for, and goes at once."""

    number: int
    lead: str
    made_at: datetime
    due_at: datetime | None = None
    statutory: bool = False
    exempt: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes now to one person, as one message, and until when the rest is held.

    `counted`: the message spends one of the day's budget.
    """

    send: tuple[int, ...] = ()
    counted: bool = False
    hold: Mapping[int, datetime] = field(default_factory=dict)


def plan(
    pending: Iterable[Pending],
    manners: Manners,
    now: datetime,
    used: int,
    calendar: WorkingCalendar,
) -> Plan:
    """What of one person's alerts goes now, when `used` messages of today's budget are spent.

    What a law dates comes first in it, then what is urgent, each by age. An alert that is neither
    sent nor held did not fit in the message, and is for the next.
    """
    ordered = sorted(pending, key=_first)
    opening = _opening(manners, now, calendar)
    turn = _next_turn(manners, now, used, calendar) if opening == now else opening
    until = {one.number: _until(one, manners, opening, turn, calendar) or now for one in ordered}
    going = [one for one in ordered if until[one.number] <= now][:MOST]
    return Plan(
        send=tuple(one.number for one in going),
        counted=bool(going) and not any(_is_exempt(one) for one in going),
        hold={number: at for number, at in until.items() if at > now},
    )


def next_digest(manners: Manners, moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The first digest at or after `moment`. There is one a day at most: at its time, or when it
    opens after that. One that would come on a later day joins the digest of that day.

    Without a digest: the first moment at which it is open. Hours that never open hold nothing.
    """
    if manners.digest_at is None:
        return _opening(manners, moment, calendar)
    day = _day(moment) - ONE_DAY
    while (digest := _digest_from(manners, manners.digest_at, day, calendar)) < moment:
        day += ONE_DAY
    own = _digest_from(manners, manners.digest_at, _day(digest), calendar)
    return own if _day(own) == _day(digest) else digest


def day_begins(moment: datetime, days_on: int = 0) -> datetime:
    """The moment the day began in the Netherlands, or one so many days on: a budget is a day's."""
    return _at(_day(moment) + days_on * ONE_DAY, time())


def _first(one: Pending) -> tuple[bool, bool, bool, datetime, int]:
    waits = one.lead in CAN_WAIT
    return not one.exempt, not one.statutory, waits, one.made_at, one.number


def _is_exempt(one: Pending) -> bool:
    return one.statutory or one.exempt


def _until(
    one: Pending, manners: Manners, opening: datetime, turn: datetime, calendar: WorkingCalendar
) -> datetime | None:
    """Until when this alert waits, None when it need not; `turn` is when a message may go that is
    counted."""
    if one.exempt:
        return None
    if one.statutory:
        return opening if one.due_at is not None and _in_time(one, opening) else None
    if one.lead not in CAN_WAIT:
        return turn
    digest = next_digest(manners, one.made_at, calendar)
    return max(digest, turn) if _in_time(one, digest) else turn


def _in_time(one: Pending, at: datetime) -> bool:
    """Whether there is time left to act for who hears of it then."""
    return one.due_at is None or at <= one.due_at - SAFE


def _next_turn(manners: Manners, now: datetime, used: int, calendar: WorkingCalendar) -> datetime:
    """When a message may go that is counted: now, or over the budget at the next digest, or without
    one the next day it is open. Until the digest of today one place is kept for it."""
    coming = next_digest(manners, now, calendar)
    kept = now < coming < day_begins(now, 1)
    if manners.budget is None or used + kept < manners.budget:
        return now
    if manners.digest_at is None:
        return _opening(manners, day_begins(now, 1), calendar)
    return next_digest(manners, now + INSTANT, calendar)


def _digest_from(
    manners: Manners, digest_at: time, day: date, calendar: WorkingCalendar
) -> datetime:
    """When what the digest of a day gathers can go: then, or when it next opens."""
    return _opening(manners, _at(day, digest_at), calendar)


def _opening(manners: Manners, moment: datetime, calendar: WorkingCalendar) -> datetime:
    """The first moment from this one on at which it is open; hours that never open are none."""
    hours = manners.hours or {}
    if not any(hours.values()):
        return moment
    return next_opening(hours, moment, calendar) or moment


def _day(moment: datetime) -> date:
    return moment.astimezone(AMSTERDAM).date()


def _at(day: date, at: time) -> datetime:
    return datetime.combine(day, at, tzinfo=AMSTERDAM).astimezone(UTC)
