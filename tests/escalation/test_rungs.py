"""Rungs: never early, none forgotten, climbing for ever; over outages and over clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise, takewhile

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from escalation.calendars import WorkingCalendar
from escalation.policy import Ladder, Rung, parse, shipped
from escalation.rungs import (
    AMSTERDAM,
    Step,
    first_step,
    latest_passed,
    moment_of,
    offset_after,
    rungs_passed,
)

CALENDAR = WorkingCalendar()
DEFAULT = parse(shipped("default")).ladder
ROLES = ("director", "deputy", "process_director", "head_of_public_order")


def local(year, month, day, hour=0, minute=0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=AMSTERDAM).astimezone(UTC)


def roles(first: int, last: int, ladder: Ladder) -> tuple[str, ...]:
    """Who is told when these rungs ring as one, each role once."""
    passed = rungs_passed(first, last, ladder)
    return tuple(dict.fromkeys(role for rung in passed for role in rung.to))


def a_ladder(*offsets: int, repeat_every: int = 5, ring_at: time = time(9)) -> Ladder:
    rungs = tuple(Rung(offset=o, to=(ROLES[n % 4],)) for n, o in enumerate(offsets))
    return Ladder(ring_at=ring_at, repeat_every=repeat_every, rungs=rungs)


def offsets_of(ladder: Ladder):
    """The rungs a promise climbs when nobody ever answers: 0, 1, 3, 5, 10, 15, …"""
    offset = ladder.rungs[0].offset
    while True:
        yield offset
        offset = offset_after(offset, ladder)


# --- by hand: Friday 27 March 2026 is due; the clock goes forward on Sunday -----------------------

DUE = date(2026, 3, 27)
NINE_BEFORE, NINE_AFTER = time(8, tzinfo=UTC), time(7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("offset", "rings"),
    [
        (-2, datetime(2026, 3, 25, 8, tzinfo=UTC)),
        (0, datetime(2026, 3, 27, 8, tzinfo=UTC)),
        (1, datetime(2026, 3, 30, 7, tzinfo=UTC)),  # Monday, nine o'clock in summer time
        (3, datetime(2026, 4, 1, 7, tzinfo=UTC)),
        (5, datetime(2026, 4, 7, 7, tzinfo=UTC)),  # after Good Friday and Easter Monday
        (10, datetime(2026, 4, 14, 7, tzinfo=UTC)),
    ],
)
def test_a_rung_rings_at_nine_in_amsterdam_on_its_working_day(offset, rings):
    assert moment_of(offset, DUE, None, DEFAULT, CALENDAR) == rings


def test_the_due_rung_rings_on_the_due_day_even_when_nobody_works():
    sunday = date(2026, 3, 29)
    assert moment_of(0, sunday, None, DEFAULT, CALENDAR) == local(2026, 3, 29, 9)
    assert moment_of(1, sunday, None, DEFAULT, CALENDAR) == local(2026, 3, 30, 9)


@pytest.mark.parametrize("exact", [local(2026, 3, 27, 0, 30), local(2026, 3, 27, 23, 59)])
def test_a_promise_with_a_moment_rings_at_that_moment(exact):
    assert moment_of(0, DUE, exact, DEFAULT, CALENDAR) == exact
    assert moment_of(-2, DUE, exact, DEFAULT, CALENDAR) < exact
    assert moment_of(1, DUE, exact, DEFAULT, CALENDAR) > exact


def test_a_ringing_hour_the_clock_skips_rings_once_and_not_before_the_jump():
    at = moment_of(0, date(2026, 3, 29), None, a_ladder(0, ring_at=time(2, 30)), CALENDAR)
    assert at == local(2026, 3, 29, 3, 30)


def test_a_ringing_hour_that_comes_twice_rings_the_first_time():
    at = moment_of(0, date(2026, 10, 25), None, a_ladder(0, ring_at=time(2, 30)), CALENDAR)
    assert at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_after_the_last_rung_it_repeats_every_so_many_working_days():
    assert list(islice(offsets_of(DEFAULT), 8)) == [-2, 0, 1, 3, 5, 10, 15, 20]


def test_an_offset_between_two_rungs_goes_on_to_the_next():
    assert offset_after(2, DEFAULT) == 3
    assert offset_after(7, DEFAULT) == 10
    assert offset_after(-60, DEFAULT) == -2


@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (-2, -2, ("director",)),
        (0, 0, ("director",)),
        (0, 1, ("director", "deputy")),
        (-2, 5, ROLES),
        (3, 5, ("process_director", "head_of_public_order")),
        (10, 10, ("head_of_public_order",)),
        (3, 20, ("process_director", "head_of_public_order")),
    ],
)
def test_who_is_told_when_rungs_ring_as_one(first, last, told):
    assert roles(first, last, DEFAULT) == told


# --- for every ladder, date and outage -----------------------------------------------------------

clock_change_days = st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2027, 3, 28), date(2027, 10, 31)]
)
due_days = st.one_of(
    st.dates(date(2020, 1, 1), date(2035, 12, 31)),
    st.builds(
        lambda day, n: day + timedelta(days=n), clock_change_days, st.integers(-8, 8)
    ),
)  # fmt: skip
times = st.times().map(lambda t: t.replace(second=0, microsecond=0, tzinfo=None))


@st.composite
def ladders(draw) -> Ladder:
    offsets = draw(st.sets(st.integers(-20, 40).filter(bool), max_size=5)) | {0}
    rungs = tuple(
        Rung(offset=o, to=tuple(draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=3))))
        for o in sorted(offsets)
    )
    return Ladder(ring_at=draw(times), repeat_every=draw(st.integers(1, 60)), rungs=rungs)


@st.composite
def promises(draw) -> tuple[datetime, date, datetime | None, Ladder]:
    """Since when, due on which day, at which moment if it has one, and its ladder."""
    due_on = draw(due_days)
    exact = None
    if draw(st.booleans()):
        exact = datetime.combine(due_on, draw(times), AMSTERDAM).astimezone(UTC)
        assume(exact.astimezone(AMSTERDAM).date() == due_on)
    noon = datetime.combine(due_on, time(12), UTC)
    since = noon - timedelta(minutes=draw(st.integers(-30 * 1440, 90 * 1440)))
    return since, due_on, exact, draw(ladders())


outages = st.lists(
    st.timedeltas(timedelta(minutes=1), timedelta(days=200)), min_size=1, max_size=8
)  # fmt: skip


def raised_over(promise, ticks: list[datetime]) -> list[tuple[datetime, int, int, Step]]:
    """What a watch that looks at these moments raises: when, from and up to which rung, and next.

    This is what casework.raising does with a row, without the row.
    """
    since, due_on, exact, ladder = promise
    step, raised = first_step(since, due_on, exact, ladder, CALENDAR), []
    for now in ticks:
        if step.at <= now:
            first = step.offset
            last, step = latest_passed(first, now, due_on, exact, ladder, CALENDAR)
            raised.append((now, first, last, step))
    return raised


def ticks_after(since: datetime, waits: list[timedelta]) -> list[datetime]:
    moments = [since]
    for wait in waits:
        moments.append(moments[-1] + wait)
    return moments


@given(promises(), outages)
def test_no_rung_is_raised_early_and_none_twice(promise, waits):
    since, due_on, exact, ladder = promise
    raised = raised_over(promise, ticks_after(since, waits))
    for now, first, last, step in raised:
        assert moment_of(last, due_on, exact, ladder, CALENDAR) <= now < step.at
        assert first <= last < step.offset
    for (_, _, last, _), (_, following, _, _) in pairwise(raised):
        assert last < following


@given(promises(), outages)
def test_after_any_outage_the_last_rung_that_passed_is_raised(promise, waits):
    since, due_on, exact, ladder = promise
    ticks = ticks_after(since, waits)
    start = first_step(since, due_on, exact, ladder, CALENDAR).offset
    passed = [
        offset
        for offset in takewhile(
            lambda o: moment_of(o, due_on, exact, ladder, CALENDAR) <= ticks[-1],
            offsets_of(ladder),
        )
        if offset >= start
    ]
    raised = raised_over(promise, ticks)
    assert [last for _, _, last, _ in raised][-1:] == passed[-1:]


@given(promises(), outages)
def test_between_two_raised_rungs_there_is_no_gap_so_everybody_passed_over_is_told(promise, waits):
    since, _, _, ladder = promise
    raised = raised_over(promise, ticks_after(since, waits))
    for (_, _, last, _), (_, following, _, _) in pairwise(raised):
        assert following == offset_after(last, ladder)
    for _, first, last, _ in raised:
        told = set(roles(first, last, ladder))
        wanted = {role for rung in ladder.rungs if first <= rung.offset <= last for role in rung.to}
        assert told >= wanted
        assert told


@given(promises(), outages)
def test_how_often_somebody_looked_makes_no_difference_to_where_it_ends(promise, waits):
    ticks = ticks_after(promise[0], waits)
    often, once = raised_over(promise, ticks), raised_over(promise, ticks[-1:])
    assert [last for _, _, last, _ in often][-1:] == [last for _, _, last, _ in once][-1:]
    assert [step for *_, step in often][-1:] == [step for *_, step in once][-1:]


@given(promises())
def test_a_rung_rings_later_than_the_one_before_it(promise):
    _, due_on, exact, ladder = promise
    rings = [
        moment_of(offset, due_on, exact, ladder, CALENDAR)
        for offset in islice(offsets_of(ladder), len(ladder.rungs) + 10)
    ]
    assert all(earlier < later for earlier, later in pairwise(rings))


@given(promises())
def test_no_reminder_rings_after_the_due_moment_and_no_reproach_before_it(promise):
    _, due_on, exact, ladder = promise
    due = moment_of(0, due_on, exact, ladder, CALENDAR)
    for rung in ladder.rungs:
        at = moment_of(rung.offset, due_on, exact, ladder, CALENDAR)
        assert (at < due) == (rung.offset < 0)
        assert (at > due) == (rung.offset > 0)


@given(promises())
def test_the_first_rung_skips_only_what_was_over_when_the_promise_was_made(promise):
    since, due_on, exact, ladder = promise
    step = first_step(since, due_on, exact, ladder, CALENDAR)
    assert step.offset <= 0
    assert step.at == moment_of(step.offset, due_on, exact, ladder, CALENDAR)
    for rung in ladder.rungs:
        if rung.offset < step.offset:
            assert moment_of(rung.offset, due_on, exact, ladder, CALENDAR) <= since
    assert step.offset == 0 or step.at > since


@given(promises())
@example((local(2026, 1, 1), date(2026, 3, 29), None, DEFAULT))
@example((local(2026, 1, 1), date(2026, 10, 25), None, DEFAULT))
def test_a_rung_rings_at_the_same_hour_on_the_wall_whatever_the_clock_did(promise):
    _, due_on, _, ladder = promise
    for offset in islice(offsets_of(ladder), 12):
        at = moment_of(offset, due_on, None, ladder, CALENDAR).astimezone(AMSTERDAM)
        in_the_gap = (ladder.ring_at.hour, at.hour) == (2, 3)
        assert at.time() == ladder.ring_at or in_the_gap


@given(ladders(), st.integers(-100, 2000))
def test_it_climbs_for_as_long_as_nobody_answers(ladder, offset):
    following = offset_after(offset, ladder)
    assert following > offset
    last = ladder.rungs[-1].offset
    assert following <= max(last, offset + ladder.repeat_every, ladder.rungs[0].offset)
