"""Visits as their Prefect runs see them: stock taken, armed, moved, left, completed."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from casework.promises import answer
from casework.refusals import NotFound
from casework.stock import take_stock
from casework.views import case_view, timeline
from casework.visits import armed, completed, frontier, unarmed
from casework.waiting_lists import waiting as waiting_where
from casework.waiting_lists import waiting_list
from casework.words import Answer
from models import UtcTime
from tests.builders import NOW, a_case, a_signal, act, announce_order, go, receive_signal
from tests.casework.looking import DAY, everything, held, promises, raise_all, rows, told

HORIZON, STUCK = timedelta(days=14), timedelta(minutes=5)
DUE = datetime(2026, 3, 9, 8, tzinfo=UTC)


def waiting(engine, now=NOW, **more):
    return unarmed(engine, now, **{"horizon": HORIZON, "stuck_after": STUCK, **more})


def arm(engine, now=NOW, run="run-1"):
    """Arms what needs it, as a watch would; returns what it armed."""
    found = waiting(engine, now)
    for visit in found:
        armed(engine, visit.id, run, visit.wake_at, now, visit.version)
    return found


# --- taking stock --------------------------------------------------------------------------------


def test_stock_says_what_is_promised_and_what_the_visit_waits_for(engine, in_signal):
    stock = take_stock(engine, in_signal, "signal", NOW)
    assert (stock.case_key, stock.stage, stock.number, stock.here) == (in_signal, "signal", 1, True)
    assert [p.key for p in stock.promises] == ["acknowledged", "triaged"]
    assert (stock.waits_for.key, stock.next_at) == (
        "acknowledged", datetime(2026, 3, 4, 8, tzinfo=UTC),
    )  # fmt: skip
    assert (stock.left_for, stock.left_how) == (None, None)


def test_taking_stock_raises_what_rings_for_this_case_and_no_other(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    stock = take_stock(engine, in_signal, "signal", DUE)
    assert {p.key: p.rung for p in stock.promises} == {"acknowledged": 3, "triaged": 0}
    assert stock.next_at > DUE
    assert told(engine, other) == []


def test_taking_stock_twice_at_the_same_moment_changes_nothing_more(engine, in_signal):
    first = take_stock(engine, in_signal, "signal", DUE)
    before = everything(engine)
    assert take_stock(engine, in_signal, "signal", DUE) == first
    assert everything(engine) == before


def test_a_visit_that_was_left_says_for_where_and_how(engine, in_signal):
    go(engine, in_signal, "take_up", DUE)
    stock = take_stock(engine, in_signal, "signal", DUE)
    assert (stock.here, stock.left_for, stock.left_how) == (False, "assessment", "take_up")
    assert take_stock(engine, in_signal, "assessment", DUE).here


def test_each_visit_of_a_stage_can_be_asked_for_by_its_number(engine, in_outreach_care):
    go(engine, in_outreach_care, "accepted")
    go(engine, in_outreach_care, "refused")
    asked = {n: take_stock(engine, in_outreach_care, "outreach_care", NOW, number=n).here
             for n in (1, 2)}  # fmt: skip
    assert asked == {1: False, 2: True}
    assert take_stock(engine, in_outreach_care, "outreach_care", NOW).number == 2


@pytest.mark.parametrize(
    ("key", "stage", "number"),
    [("2026-00099", "signal", None), ("2026-00001", "warning", None), ("2026-00001", "signal", 2)],
)
def test_a_visit_that_never_was_is_not_found(engine, in_signal, key, stage, number):
    before = everything(engine)
    with pytest.raises(NotFound):
        take_stock(engine, key, stage, DUE, number=number)
    assert everything(engine) == before


def test_terms_that_outlived_another_stage_are_looked_at_where_the_case_is_now(
    engine, in_behavioural_order
):
    announce_order(engine, in_behavioural_order)
    go(engine, in_behavioural_order, "obeyed")
    stock = take_stock(engine, in_behavioural_order, "aftercare", NOW)
    assert "objection" in {p.key for p in stock.promises if p.state == "open"}


# --- arming --------------------------------------------------------------------------------------


def test_a_new_visit_needs_a_run_at_its_next_moment_and_has_it_then(engine, in_signal):
    (visit,) = waiting(engine)
    assert (visit.case_key, visit.stage, visit.number, visit.run_id, visit.left) == (
        in_signal, "signal", 1, None, False,
    )  # fmt: skip
    assert visit.wake_at == datetime(2026, 3, 4, 8, tzinfo=UTC)
    arm(engine)
    assert waiting(engine) == []


def test_a_visit_whose_next_moment_lies_beyond_the_horizon_waits_in_the_rows(engine):
    a_case(engine, "aftercare")  # nothing rings within four weeks
    in_stage = [v for v in waiting(engine) if not v.left]
    assert in_stage == []
    assert [v.stage for v in waiting(engine, NOW + 25 * DAY) if not v.left] == ["aftercare"]


def test_a_moment_that_is_past_is_armed_for_now(engine, in_signal):
    (visit,) = waiting(engine, DUE)
    assert visit.wake_at == DUE


@pytest.mark.parametrize("step", ["act", "signal", "answer"])
def test_a_visit_whose_case_changed_must_come_now(engine, in_signal, step):
    arm(engine)
    later = NOW + timedelta(hours=1)
    if step == "act":
        act(engine, in_signal, "reporter_informed", later)
    if step == "signal":
        receive_signal(engine, a_signal(text="weer"), later)
    if step == "answer":
        answer(engine, in_signal, "triaged", given=Answer.DONE, by="director", now=later)
    (visit,) = waiting(engine, later)
    assert (visit.run_id, visit.wake_at, visit.left) == ("run-1", later, False)
    arm(engine, later)
    assert waiting(engine, later) == []


def test_a_writer_that_knows_nothing_of_calling_calls_the_visit_too(engine, in_signal):
    arm(engine)
    with engine.begin() as connection:  # as the version before does it, in a rolling upgrade
        connection.exec_driver_sql("UPDATE cases SET version = version + 1")
        connection.exec_driver_sql("UPDATE visits SET seen_version = seen_version + 0")
    (visit,) = waiting(engine)
    assert (visit.run_id, visit.wake_at) == ("run-1", NOW)


def test_a_change_while_the_run_was_being_armed_still_calls_it(engine, in_signal):
    (visit,) = waiting(engine)
    act(engine, in_signal, "reporter_informed", NOW)
    armed(engine, visit.id, "run-1", visit.wake_at, NOW, visit.version)
    assert [v.id for v in waiting(engine)] == [visit.id]


def test_arming_waits_for_whoever_changes_the_case_just_then(engine, in_signal):
    (visit,) = waiting(engine)
    with held(engine, "UPDATE cases SET version = version + 1") as meanwhile:
        meanwhile(lambda: armed(engine, visit.id, "run-1", NOW + DAY, NOW, visit.version))
    assert [(v.run_id, v.wake_at) for v in waiting(engine)] == [("run-1", NOW)]


def test_a_visit_in_the_rows_alone_follows_its_case_to_a_nearer_moment(engine):
    a_case(engine, "aftercare")
    assert [v for v in waiting(engine) if not v.left] == []
    with engine.begin() as connection:
        nearer = "UPDATE checkpoints SET next_at = :at WHERE state = 'open'"
        connection.execute(sa.text(nearer).bindparams(sa.bindparam("at", NOW + DAY, UtcTime())))
        connection.exec_driver_sql("UPDATE cases SET version = version + 1")
    assert [(v.stage, v.wake_at) for v in waiting(engine) if not v.left] == [
        ("aftercare", NOW + DAY)
    ]


@pytest.mark.parametrize(("most", "days"), [(0, 1), (2, 3), (9, 14)])
def test_the_frontier_lets_only_the_nearest_through(engine, most, days):
    for day in range(5):
        a_case(engine, address=f"Straat {day}")
        with engine.begin() as connection:
            at = sa.bindparam("at", NOW + (day + 1) * DAY, UtcTime())
            newest = "case_id = (SELECT max(id) FROM cases) AND state = 'open'"
            statement = f"UPDATE checkpoints SET next_at = :at WHERE {newest}"
            connection.execute(sa.text(statement).bindparams(at))
    waiting(engine)
    until = frontier(engine, NOW, horizon=HORIZON, most=most)
    assert until == NOW + days * DAY - (timedelta(microseconds=1) if most < 5 else timedelta(0))
    assert len(waiting(engine, horizon=until - NOW)) == min(most, 5)


def test_more_visits_at_one_moment_than_are_armed_ahead_are_armed_when_it_has_come(engine):
    for n in range(4):
        a_case(engine, address=f"Straat {n}")
    waiting(engine)  # arming has seen them
    come = datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert frontier(engine, NOW, horizon=HORIZON, most=2) < come
    raise_all(engine, come)
    later = come + timedelta(minutes=1)
    until = frontier(engine, later, horizon=HORIZON, most=2)
    assert len(waiting(engine, later, horizon=until - later)) == 4


def test_raising_alone_does_not_call_a_run_that_comes_by_itself(engine, in_signal):
    arm(engine)
    raise_all(engine, datetime(2026, 3, 4, 8, tzinfo=UTC))
    assert waiting(engine, datetime(2026, 3, 4, 8, 1, tzinfo=UTC)) == []


def test_a_run_that_did_not_come_is_stuck_and_armed_again(engine, in_signal):
    (visit,) = arm(engine)
    assert waiting(engine, visit.wake_at + STUCK - timedelta(seconds=1)) == []
    late = visit.wake_at + STUCK
    assert [v.id for v in waiting(engine, late)] == [visit.id]


def test_at_most_the_limit_is_named(engine):
    for n in range(5):
        a_case(engine, address=f"Straat {n}")
    assert len(waiting(engine, limit=3)) == 3
    assert len(waiting(engine)) == 5


# --- leaving and completing ----------------------------------------------------------------------


def test_a_left_visit_needs_its_run_once_more_to_say_how_it_was_left(engine, in_signal):
    arm(engine)
    left = NOW + timedelta(hours=1)
    go(engine, in_signal, "take_up", left)
    found = {v.stage: v for v in waiting(engine, left)}
    assert (found["signal"].left, found["signal"].wake_at, found["signal"].run_id) == (
        True, left, "run-1",
    )  # fmt: skip
    assert (found["assessment"].left, found["assessment"].run_id) == (False, None)
    after = left + timedelta(seconds=1)
    arm(engine, after)
    assert waiting(engine, after) == []


def test_a_left_visit_that_never_had_a_run_gets_one_to_say_so(engine, in_signal):
    go(engine, in_signal, "take_up")
    assert {(v.stage, v.left) for v in waiting(engine)} == {
        ("signal", True), ("assessment", False),
    }  # fmt: skip


def test_a_completed_visit_never_needs_a_run_again(engine, in_signal):
    arm(engine)
    go(engine, in_signal, "unfounded", NOW + DAY)
    visit = waiting(engine, NOW + DAY)[0]
    completed(engine, visit.id, NOW + DAY)
    assert waiting(engine, NOW + 99 * DAY) == []
    before = everything(engine)
    completed(engine, visit.id, NOW + 50 * DAY)
    assert everything(engine) == before


def test_a_visit_that_is_still_there_is_not_completed(engine, in_signal):
    (visit,) = waiting(engine)
    completed(engine, visit.id, NOW)
    assert rows(engine, "visits")[0]["completed_at"] is None


def test_a_left_visit_whose_run_got_lost_is_chased(engine, in_signal):
    arm(engine)
    left = NOW + timedelta(hours=1)
    go(engine, in_signal, "unfounded", left)
    arm(engine, left + timedelta(seconds=1))
    assert waiting(engine, left + timedelta(minutes=4)) == []
    assert len(waiting(engine, left + timedelta(minutes=6))) == 1


def test_a_run_that_went_back_to_waiting_while_the_case_was_leaving_is_called(engine, in_signal):
    (visit,) = arm(engine)
    version = case_view(engine, in_signal, NOW).version
    go(engine, in_signal, "unfounded", NOW + DAY)
    armed(engine, visit.id, "run-1", NOW + 9 * DAY, NOW + DAY + timedelta(seconds=1), version)
    found = waiting(engine, NOW + DAY + timedelta(seconds=2))
    assert [(v.id, v.left) for v in found] == [(visit.id, True)]


def test_a_left_visit_whose_run_is_to_be_tried_again_is_left_alone_until_then(engine, in_signal):
    (visit,) = arm(engine)
    go(engine, in_signal, "unfounded", NOW + DAY)
    version = case_view(engine, in_signal, NOW).version
    again = NOW + DAY + timedelta(hours=1)
    armed(engine, visit.id, "run-2", again, NOW + DAY + timedelta(seconds=1), version)
    assert waiting(engine, again) == []
    assert [v.id for v in waiting(engine, again + STUCK)] == [visit.id]


# --- what is shown -------------------------------------------------------------------------------


def test_the_waiting_list_of_a_stage_has_the_most_urgent_first(engine):
    calm = a_case(engine, address="Rustig 1", now=NOW)
    acute = a_case(engine, address="Spoed 1", acute=True)
    gone = a_case(engine, address="Weg 1")
    go(engine, gone, "take_up")
    waiting(engine)  # arming has seen them
    listed = waiting_list(engine, "signal")
    assert [w.case_key for w in listed] == [acute, calm]
    first = listed[0]
    assert first.waits_for.nl == "Is er bij deze spoedmelding iemand gaan kijken?"
    assert first.next_at == first.due_at == NOW + timedelta(hours=4)
    assert [w.case_key for w in waiting_list(engine, "signal", limit=1)] == [acute]
    assert waiting_list(engine, "house_closure") == []


def test_it_is_counted_how_many_wait_where(engine):
    near, _ = a_case(engine), a_case(engine, "aftercare", address="Ver 1")
    arm(engine)
    assert waiting_where(engine, NOW + HORIZON) == {"signal": (1, 0, 0), "aftercare": (1, 1, 0)}
    go(engine, near, "unfounded", NOW)
    assert waiting_where(engine, NOW + HORIZON) == {"aftercare": (1, 1, 0)}
    assert waiting_where(engine, NOW + 99 * DAY) == {"aftercare": (1, 0, 1)}


def test_the_timeline_tells_what_happened_in_order_without_a_name_or_address(engine, in_warning):
    lines = timeline(engine, in_warning)
    assert [line.what for line in lines][:4] == ["opened", "entered", "act", "decided"]
    assert [line.at for line in lines] == sorted(line.at for line in lines)
    assert "Voorbeeld" not in str(lines)
    with pytest.raises(NotFound):
        timeline(engine, "2026-00099")


def test_a_case_page_shows_each_way_out_with_what_it_still_lacks(engine, in_outreach_care):
    exits = {e.key: e for e in case_view(engine, in_outreach_care, NOW).exits}
    assert set(exits) == {"accepted", "stable", "exhausted"}
    assert exits["accepted"].unmet == ()
    assert exits["exhausted"].unmet
    assert promises(engine, in_outreach_care).keys() >= {"first_attempt", "review"}
