"""Interruptions: in opening hours, within a budget, the rest in a digest; the law is never late.

By hand first; then the days and weeks of one person, whatever comes and however they want it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from escalation.baton import HANDOVER_NEWS, REQUEST_NEWS
from escalation.calendars import WorkingCalendar
from escalation.hours import AMSTERDAM, is_open, next_opening, parse
from escalation.interruptions import (
    ALWAYS,
    CAN_WAIT,
    INSTANT,
    MOST,
    SAFE,
    Manners,
    Pending,
    Plan,
    day_begins,
    next_digest,
    plan,
)
from notifications.wording import Lead

CALENDAR = WorkingCalendar()
OFFICE = parse("mon-fri 08:00-18:00")
SHIPPED = Manners(OFFICE, time(8, 30), 3)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def local(*moment: int, fold: int = 0) -> datetime:
    return datetime(*moment, tzinfo=AMSTERDAM, fold=fold).astimezone(UTC)


def march(day: int, hour: int = 0, minute: int = 0) -> datetime:
    """A moment in March 2026; the 2nd is a Monday."""
    return local(2026, 3, day, hour, minute)


def planned(pending: Iterable[Pending], now: datetime, manners=SHIPPED, used=0) -> Plan:
    return plan(pending, manners, now, used, CALENDAR)


def until(
    lead: str, now: datetime, manners=SHIPPED, used=0, *, made=None, due=None, law=False
) -> datetime:
    """Until when an alert of this lead is held; `now` when it goes."""
    one = Pending(1, lead, made or now, due, statutory=law)
    found = planned([one], now, manners, used)
    assert found.send == (() if found.hold else (1,))
    return found.hold.get(1, now)


# --- which may wait ------------------------------------------------------------------------------

SOON = {
    "due", "overdue", "offered", "refused", "expired", "decide", "assigned", "call", "deputy",
    "unreached", "asked", "skipped",
    "code",  # what somebody asked for this minute
    "notice",  # nobody knows what it says
}  # fmt: skip


def test_every_lead_either_asks_somebody_to_act_soon_or_can_wait():
    leads = {lead.value for lead in Lead}
    assert not SOON & CAN_WAIT
    assert leads - {"code"} == (SOON | CAN_WAIT) - {"code"}
    assert HANDOVER_NEWS.keys() | REQUEST_NEWS.keys() <= SOON | CAN_WAIT


def test_news_that_asks_something_does_not_wait():
    asking = {
        event
        for news in (HANDOVER_NEWS, REQUEST_NEWS)
        for event, said in news.items()
        if said.en.endswith("?")
    }
    assert asking <= SOON
    # These two say it without a question mark: the sender has to go on.
    assert (HANDOVER_NEWS.keys() | REQUEST_NEWS.keys()) & SOON == asking | {"refused", "expired"}


def test_a_lead_nobody_knows_is_urgent():
    assert until("something_new", march(2, 12)) == march(2, 12)


# --- by hand -------------------------------------------------------------------------------------


def test_without_manners_everything_goes_at_once_at_any_hour():
    sunday_night = march(8, 3)
    pending = [Pending(n, lead, sunday_night) for n, lead in enumerate(sorted(SOON | CAN_WAIT), 1)]
    found = planned(pending, sunday_night, ALWAYS, used=1000)
    assert sorted(found.send) == [one.number for one in pending]
    assert not found.hold
    assert not ALWAYS.bundles


@pytest.mark.parametrize(
    ("now", "used", "goes"),
    [
        (march(2, 12), 0, march(2, 12)),
        (march(2, 12), 2, march(2, 12)),
        (march(2, 12), 3, march(3, 8, 30)),  # no more today: tomorrow's digest
        (march(2, 8), 0, march(2, 8)),
        (march(2, 8, 10), 1, march(2, 8, 10)),
        (march(2, 8, 10), 2, march(2, 8, 30)),  # the last place is kept for the digest of today
        (march(2, 8, 30), 2, march(2, 8, 30)),
        (march(2, 7, 59), 0, march(2, 8)),
        (march(2, 18), 0, march(3, 8)),
        (march(6, 18), 0, march(9, 8)),  # Friday evening: Monday morning
        (march(6, 12), 3, march(9, 8, 30)),
        (local(2026, 4, 2, 18), 0, local(2026, 4, 3 + 4, 8)),  # over Good Friday and Easter
        (march(2, 20), 9, march(3, 8)),  # a budget is a day's
    ],
)
def test_what_is_urgent_goes_in_opening_hours_and_within_the_budget(now, used, goes):
    assert until("due", now, used=used) == goes


@pytest.mark.parametrize(
    ("made", "goes"),
    [
        (march(2, 7), march(2, 8, 30)),
        (march(2, 8, 30), march(2, 8, 30)),
        (march(2, 9), march(3, 8, 30)),
        (march(6, 9), march(9, 8, 30)),  # not at eight, when it opens: Saturday has no digest
        (march(7, 9), march(9, 8, 30)),
        (local(2026, 3, 27, 9), local(2026, 3, 30, 8, 30)),  # the clock went forward
        (local(2026, 10, 23, 9), local(2026, 10, 26, 8, 30)),  # and back
        (local(2026, 12, 24, 9), local(2026, 12, 28, 8, 30)),
    ],
)
def test_what_can_wait_joins_the_first_digest_after_it_was_made(made, goes):
    assert until("reminder", made) == goes
    assert until("reminder", goes, made=made) == goes


@pytest.mark.parametrize(
    ("due", "goes"),
    [
        (march(12), march(9, 9)),  # Wednesday is over at this moment
        (march(17, 8, 29), march(9, 9)),
        (march(17, 8, 30), march(16, 8, 30)),
        (None, march(16, 8, 30)),
    ],
)
def test_a_reminder_does_not_wait_for_a_digest_that_comes_too_late(due, goes):
    only_mondays = Manners(parse("mon 08:00-18:00"), time(8, 30), 3)
    assert until("reminder", march(9, 9), only_mondays, due=due) == goes


@pytest.mark.parametrize(
    ("now", "due", "goes"),
    [
        (march(2, 12), march(20), march(2, 12)),
        (march(2, 19), march(20), march(3, 8)),  # it opens soon enough
        (march(2, 19), march(4, 8), march(3, 8)),
        (march(2, 19), march(4, 7, 59), march(2, 19)),  # it would be too late
        (march(2, 19), march(3), march(2, 19)),
        (march(2, 19), march(1), march(2, 19)),  # overdue: at any hour
        (march(6, 19), march(10), march(6, 19)),  # Monday is the last day
        (march(6, 19), march(11), march(9, 8)),
        (march(2, 19), None, march(2, 19)),
    ],
)
def test_what_a_law_dates_waits_for_the_opening_only_when_that_is_soon_enough(now, due, goes):
    for lead in ("reminder", "due", "overdue", "deputy"):
        assert until(lead, now, used=99, due=due, law=True) == goes


def test_what_somebody_has_just_asked_for_goes_at_once_and_costs_nothing():
    found = planned([Pending(1, "code", march(8, 3), exempt=True)], march(8, 3), used=99)
    assert found == Plan(send=(1,), counted=False)


def test_what_may_go_goes_together_what_a_law_dates_first_and_then_what_is_urgent():
    now = march(2, 8, 30)
    pending = [
        Pending(1, "accepted", march(1, 7)),
        Pending(2, "asked", march(2, 8)),
        Pending(3, "reminder", march(2, 8, 20), march(20), statutory=True),
        Pending(4, "due", march(2, 8, 25), march(3), statutory=True),
        Pending(5, "overdue", march(2, 7)),
        Pending(6, "reported", march(1, 6)),
    ]
    assert planned(pending, now, used=2) == Plan(send=(4, 3, 5, 2, 6, 1), counted=False)
    ordinary = [one for one in pending if not one.statutory]
    assert planned(ordinary, now, used=2) == Plan(send=(5, 2, 6, 1), counted=True)


def test_what_a_law_dates_takes_nothing_along_that_has_to_wait():
    pending = [Pending(1, "due", march(2, 19), march(3), statutory=True)]
    pending += [Pending(2, "due", march(2, 19)), Pending(3, "answered", march(2, 19))]
    hold = {2: march(3, 8), 3: march(3, 8, 30)}
    assert planned(pending, march(2, 19)) == Plan(send=(1,), counted=False, hold=hold)


def test_with_one_message_a_day_the_digest_has_it():
    sparing = replace(SHIPPED, budget=1)
    assert until("due", march(2, 8, 10), sparing) == march(2, 8, 30)
    assert until("due", march(2, 8, 30), sparing) == march(2, 8, 30)
    assert until("due", march(2, 12), sparing, used=1) == march(3, 8, 30)
    # A day whose digest was empty still has its message.
    assert until("due", march(2, 12), sparing) == march(2, 12)


def test_a_budget_that_lets_nothing_through_is_refused():
    with pytest.raises(ValueError, match="one message a day or more, not 0"):
        Manners(budget=0)


def test_what_does_not_fit_in_a_message_is_for_the_next():
    pending = [Pending(n, "due", march(2, 12)) for n in range(MOST + 5, 0, -1)]
    found = planned(pending, march(2, 12))
    assert found.send == tuple(range(1, MOST + 1))
    assert not found.hold
    rest = [one for one in pending if one.number not in found.send]
    assert planned(rest, march(2, 12), used=3).hold.keys() == set(range(MOST + 1, MOST + 6))


@pytest.mark.parametrize("hours", [{}, {"mon": []}])
def test_hours_that_never_open_hold_nothing(hours):
    never = replace(SHIPPED, hours=hours)
    assert until("due", march(8, 3), never) == march(8, 3)
    assert until("due", march(8, 3), never, due=march(20), law=True) == march(8, 3)
    assert until("reminder", march(8, 3), never) == march(8, 8, 30)


def test_when_the_municipality_is_closed_all_year_nothing_is_held_for_that():
    closed = WorkingCalendar(frozenset(date(2026, 1, 1) + n * DAY for n in range(900)))
    found = plan([Pending(1, "due", march(2, 3))], SHIPPED, march(2, 3), 0, closed)
    assert found.send == (1,)


@pytest.mark.parametrize(
    ("hours", "digest_at", "moment", "comes"),
    [
        ("mon-fri 08:00-18:00", time(6), march(2, 9), march(3, 8)),
        ("mon-fri 08:00-18:00", time(20), march(2, 9), march(3, 8)),
        ("mon-fri 08:00-18:00", time(20), march(6, 9), march(9, 8)),
        ("wed 13:00-17:00", time(8, 30), march(2, 9), march(4, 13)),
        ("mon-fri 07:00-08:00, 17:00-18:00", time(8, 30), march(2, 9), march(2, 17)),
        # Friday's would come on Saturday morning; Saturday has one of its own.
        ("fri 08:00-18:00; sat 08:00-22:00", time(20), march(6, 9), march(7, 20)),
        (None, time(8, 30), march(7, 9), march(8, 8, 30)),
        ("mon-fri 08:00-18:00", None, march(7, 9), march(9, 8)),
        (None, None, march(7, 9), march(7, 9)),
        # On 29 March 2026 there is no 02:30; on 25 October it comes twice.
        (None, time(2, 30), march(29, 1), march(29, 3, 30)),
        (None, time(2, 30), local(2026, 10, 25, 1), local(2026, 10, 25, 2, 30)),
        (None, time(2, 30), local(2026, 10, 25, 2, 40), local(2026, 10, 26, 2, 30)),
    ],
)
def test_a_digest_comes_once_a_day_at_its_time_or_when_it_next_opens(
    hours, digest_at, moment, comes
):
    manners = Manners(hours and parse(hours), digest_at, 3)
    assert next_digest(manners, moment, CALENDAR) == comes


def test_a_digest_without_a_budget_or_hours_holds_only_what_can_wait():
    by_night = Manners(digest_at=time(8, 30))
    assert until("due", march(8, 3), by_night, used=99) == march(8, 3)
    assert until("reminder", march(8, 9), by_night, used=99) == march(9, 8, 30)


def test_a_budget_without_a_digest_begins_anew_on_the_next_day_it_is_open():
    for lead in ("due", "reminder"):
        assert until(lead, march(6, 12), Manners(OFFICE, budget=2), used=1) == march(6, 12)
        assert until(lead, march(6, 12), Manners(OFFICE, budget=2), used=2) == march(9, 8)
        assert until(lead, march(6, 12), Manners(budget=2), used=2) == march(7)


@pytest.mark.parametrize(
    ("noon", "begins", "hours"),
    [
        (march(2, 12), march(2), 24),
        (march(29, 12), march(29), 23),
        (local(2026, 10, 25, 12), local(2026, 10, 25), 25),
        (march(2, 0), march(2), 24),
    ],
)
def test_a_day_is_the_netherlands_day_also_when_the_clock_changes(noon, begins, hours):
    assert day_begins(noon) == begins
    assert day_begins(noon, 1) - day_begins(noon) == hours * HOUR


# --- days and weeks of one person ----------------------------------------------------------------

WRITTEN = (
    "mon-fri 08:00-18:00",
    "mon, tue 09:00-17:00; thu 09:00-12:30",  # part-time
    "mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00",
    "mon-sun 00:00-06:00, 22:00-24:00",
    "sat-sun 10:00-16:00",
    "sun 02:00-03:30",
    "wed 13:00-13:01",
)
# Around both changes of the clock in two years, Christmas and Easter; and a week like any other.
DAYS = [(2026, 3, 29), (2026, 10, 25), (2027, 3, 28), (2027, 10, 31)]
DAYS += [(2026, 12, 25), (2027, 3, 26), (2026, 6, 10)]
BEGINS = [local(*day) - n * DAY for day in DAYS for n in (0, 1, 4)]
RETRY = 10 * MINUTE
TIMES = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))


@st.composite
def some_hours(draw):
    days = draw(st.sets(st.sampled_from(("mon", "tue", "wed", "thu", "fri", "sat", "sun"))))
    times = [f"{at:%H:%M}" for at in sorted(draw(st.sets(TIMES, min_size=2, max_size=6)))]
    spans = [[a, b] for a, b in zip(times[::2], times[1::2], strict=False)]
    return dict.fromkeys(days or {"mon"}, spans)


HOURS = st.sampled_from([None, *map(parse, WRITTEN)]) | some_hours()
MANNERS = st.builds(
    Manners,
    hours=HOURS,
    digest_at=st.none() | st.just(time(8, 30)) | TIMES,
    budget=st.none() | st.integers(1, 5),
)
BUNDLING = MANNERS.filter(lambda one: one.digest_at is not None and one.budget is not None)


@dataclass(frozen=True)
class Story:
    """How somebody wants it, what comes, when else there is a look, and which attempts fail."""

    manners: Manners
    load: list[Pending]
    looks: list[datetime]
    fails: list[bool]


@dataclass(frozen=True)
class Attempt:
    at: datetime
    message: tuple[Pending, ...]
    counted: bool
    failed: bool

    @property
    def day(self) -> date:
        return self.at.astimezone(AMSTERDAM).date()


@st.composite
def stories(draw, manners=MANNERS, most_fails=6) -> Story:
    begin = draw(st.sampled_from(BEGINS))
    minutes = st.integers(0, 600) | st.integers(0, 16 * 1440)
    lead = st.sampled_from(sorted(SOON | CAN_WAIT))
    due = st.none() | st.integers(-48 * 60, 20 * 1440)
    rows = st.lists(st.tuples(minutes, lead, due, st.booleans()), min_size=1, max_size=25)
    load = []
    for number, (minute, one, date_in, law) in enumerate(draw(rows), 1):
        made = begin + minute * MINUTE
        due_at = None if date_in is None else made + date_in * MINUTE
        load.append(Pending(number, one, made, due_at, statutory=law))
    looks = [begin + n * MINUTE for n in draw(st.lists(minutes, max_size=8))]
    fails = draw(st.lists(st.booleans(), max_size=most_fails))
    return Story(draw(manners), load, sorted(looks), fails)


def lived(story: Story) -> list[Attempt]:
    """Every attempt, by a sender who looks whenever something comes, may go again, or at random;
    and never finds something held for a moment that is not to come."""
    left = {one.number: one for one in story.load}
    due = {one.number: one.made_at for one in story.load}
    looks, fails = list(story.looks), iter(story.fails)
    attempts: list[Attempt] = []
    for _ in range(60 * len(left)):
        if not left:
            return attempts
        first = min(due[number] for number in left)
        everything = bool(looks) and looks[0] <= first
        now = looks.pop(0) if everything else first
        seen = [
            one
            for number, one in left.items()
            if one.made_at <= now and (everything or due[number] <= now)
        ]
        attempt = _look(story.manners, seen, now, attempts, due)
        if attempt is None:
            continue
        attempt = replace(attempt, failed=next(fails, False))
        attempts.append(attempt)
        for one in attempt.message:
            if attempt.failed:
                due[one.number] = now + RETRY
            else:
                del left[one.number]
    raise AssertionError(f"still looking for {sorted(left)}")


def _look(
    manners: Manners,
    seen: list[Pending],
    now: datetime,
    attempts: list[Attempt],
    due: dict[int, datetime],
) -> Attempt | None:
    today = now.astimezone(AMSTERDAM).date()
    used = sum(one.counted and not one.failed and one.day == today for one in attempts)
    found = plan(seen, manners, now, used, CALENDAR)
    assert sorted([*found.send, *found.hold]) == [one.number for one in seen]
    assert all(at > now for at in found.hold.values())
    due.update(found.hold)
    by_number = {one.number: one for one in seen}
    message = tuple(by_number[number] for number in found.send)
    return Attempt(now, message, found.counted, failed=False) if message else None


def first_attempts(story: Story) -> dict[int, datetime]:
    first: dict[int, datetime] = {}
    for attempt in lived(story):
        for one in attempt.message:
            first.setdefault(one.number, attempt.at)
    return first


def arrived(story: Story) -> dict[int, datetime]:
    sent = [attempt for attempt in lived(story) if not attempt.failed]
    return {one.number: attempt.at for attempt in sent for one in attempt.message}


def opens(manners: Manners, moment: datetime) -> datetime:
    """When it is first open from this moment on."""
    if manners.hours is None:
        return moment
    return next_opening(manners.hours, moment, CALENDAR) or moment


def by_turn(manners: Manners, moment: datetime, turns: int) -> datetime:
    """By when so many digests have come; without a digest, when so many new days have opened."""
    for _ in range(turns):
        if manners.digest_at is None:
            moment = opens(manners, day_begins(opens(manners, moment), 1))
        else:
            moment = next_digest(manners, moment, CALENDAR) + INSTANT
    return moment


@given(stories())
def test_no_day_has_more_messages_than_the_budget_but_what_a_law_dates(story):
    counted: dict[date, int] = {}
    for attempt in lived(story):
        lawful = any(one.statutory for one in attempt.message)
        assert attempt.counted is not lawful
        if attempt.counted and not attempt.failed:
            counted[attempt.day] = counted.get(attempt.day, 0) + 1
    if story.manners.budget is not None:
        assert all(n <= story.manners.budget for n in counted.values())


@given(stories())
def test_nothing_a_law_dates_is_tried_later_than_its_last_safe_moment(story):
    first = first_attempts(story)
    for one in story.load:
        if one.statutory:
            safe = one.made_at if one.due_at is None else max(one.made_at, one.due_at - SAFE)
            assert first[one.number] <= safe
            # And it waits for nothing but the opening.
            assert first[one.number] in {one.made_at, opens(story.manners, one.made_at)}


@given(stories())
def test_outside_opening_hours_nothing_goes_but_what_a_law_dates(story):
    hours = story.manners.hours
    for attempt in lived(story):
        if hours is not None and not is_open(hours, attempt.at, CALENDAR):
            assert all(one.statutory for one in attempt.message)


@given(stories())
def test_everything_arrives_within_a_digest_and_one_more_for_each_failure(story):
    at = arrived(story)
    assert at.keys() == {one.number for one in story.load}
    for one in story.load:
        if not one.statutory:
            by = by_turn(story.manners, one.made_at, 1 + sum(story.fails))
            assert at[one.number] <= by + sum(story.fails) * RETRY


@given(stories(BUNDLING, most_fails=0))
def test_what_can_wait_goes_in_a_digest_and_nowhere_else(story):
    for attempt in lived(story):
        for one in attempt.message:
            digest = next_digest(story.manners, one.made_at, CALENDAR)
            too_late = one.due_at is not None and digest > one.due_at - SAFE
            if one.lead in CAN_WAIT and not one.statutory and not too_late:
                assert attempt.at == digest


@given(stories(), st.integers(0, 6), st.randoms())
def test_a_plan_is_the_same_whatever_the_order_and_told_in_one_order(story, used, random):
    now = max(one.made_at for one in story.load)
    found = plan(story.load, story.manners, now, used, CALENDAR)
    mixed = random.sample(story.load, len(story.load))
    assert plan(mixed, story.manners, now, used, CALENDAR) == found
    by_number = {one.number: one for one in story.load}
    told = [by_number[number] for number in found.send]
    ranks = [(not one.statutory, one.lead in CAN_WAIT, one.made_at) for one in told]
    assert ranks == sorted(ranks)


@given(MANNERS.filter(lambda one: one.digest_at is not None), st.sampled_from(BEGINS))
@example(SHIPPED, march(6))
def test_no_day_has_two_digests_and_each_is_in_opening_hours(manners, moment):
    digests = [next_digest(manners, moment, CALENDAR)]
    for _ in range(8):
        digests.append(next_digest(manners, digests[-1] + INSTANT, CALENDAR))
    for one, other in pairwise(digests):
        assert one < other
        assert one.astimezone(AMSTERDAM).date() < other.astimezone(AMSTERDAM).date()
        assert next_digest(manners, other, CALENDAR) == other
        assert manners.hours is None or is_open(manners.hours, other, CALENDAR)


@settings(max_examples=20)
@given(BUNDLING, st.sampled_from(BEGINS), st.integers(MOST, 4 * MOST))
def test_a_heap_larger_than_a_message_shrinks_by_one_message_a_digest(manners, begin, how_many):
    left = [Pending(n, "due" if n % 2 else "reminder", begin) for n in range(how_many)]
    now = next_digest(manners, begin, CALENDAR)
    for _ in range(1 + how_many // MOST):
        found = plan(left, manners, now, manners.budget - 1, CALENDAR)
        assert len(found.send) == min(len(left), MOST)
        left = [one for one in left if one.number not in found.send]
        now = next_digest(manners, now + INSTANT, CALENDAR)
    assert not left
