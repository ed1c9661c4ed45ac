"""Figures: planted rows give the right numbers, on both databases, and a look stays cheap."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from casework.audit import audit
from casework.figures import LATENESS, delivered, figures
from casework.rounds import FINDINGS, audited, swept
from models import UtcTime
from tests.builders import NOW, TOWN, a_case, go
from tests.casework.handing import offered
from tests.casework.looking import DAY, behind_the_back, raise_all, rows
from tests.casework.outbox import HOUR, MINUTE, an_alert, send

SECOND = timedelta(seconds=1)
LATER = NOW + 30 * DAY


def test_an_empty_house_has_nothing_open_late_unsent_or_on_offer(engine):
    now = figures(engine, NOW)
    assert (now.at, now.cases, now.promises, now.outbox, now.handovers) == (NOW, {}, {}, {}, {})
    assert {law: (late.at_most, late.total, late.oldest) for law, late in now.late.items()} == {
        law: ((0,) * (len(LATENESS) + 1), 0.0, 0.0) for law in (True, False)
    }
    assert (now.sweep, now.audit, delivered(engine)) == (None, None, {})


def test_open_cases_and_promises_are_counted_where_their_case_is(engine, in_warning):
    a_case(engine, address="Elders 1")
    closed = a_case(engine, address="Dicht 1")
    go(engine, closed, "unfounded")
    now = figures(engine, NOW)
    assert now.cases == {(TOWN, "signal"): 1, (TOWN, "warning"): 1}
    stages = {row["id"]: row["stage"] for row in rows(engine, "cases")}
    wanted: dict[tuple[str, str], int] = {}
    for row in rows(engine, "checkpoints", "state = 'open'"):
        at = (stages[row["case_id"]], row["kind"])
        wanted[at] = wanted.get(at, 0) + 1
    assert now.promises == wanted
    assert len({stage for stage, _ in wanted}) >= 2


def test_what_rings_and_was_not_raised_is_counted_by_how_late_it_is(engine, in_signal):
    numbers = [an_alert(engine, "director", law=True) for _ in range(3)]
    of = {row["id"]: row["checkpoint_id"] for row in rows(engine, "alerts")}
    for number, seconds in zip(numbers, (0, 3, 7200), strict=True):
        with engine.begin() as planting:
            planting.execute(_RINGS, {"at": LATER - seconds * SECOND, "id": of[number]})
    late = figures(engine, LATER).late[True]
    before = sum(r["next_at"] < LATER - 604_800 * SECOND for r in _due_by_law(engine))
    assert late.at_most == (1, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3 + before)
    if not before:
        assert late.total == pytest.approx(7203, abs=0.01)
        assert late.oldest == 7200
    raise_all(engine, LATER)
    assert figures(engine, LATER).late[True].at_most[-1] == 0


def test_the_outbox_is_counted_by_state_with_its_oldest_and_the_first_that_could_go(
    engine, in_signal
):
    an_alert(engine, "director", NOW)
    an_alert(engine, "deputy", NOW + HOUR, next_at=NOW + 5 * HOUR)
    an_alert(engine, "process", NOW + HOUR, law=True)
    now = figures(engine, NOW + HOUR)
    plain, law = now.outbox["waiting", False], now.outbox["waiting", True]
    assert (plain.count, plain.since, plain.due) == (2, NOW, NOW)
    assert (law.count, law.since) == (1, NOW + HOUR)
    send(engine, NOW + 2 * HOUR, mail="unreachable")
    assert now.outbox.keys() == {("waiting", False), ("waiting", True)}
    assert ("failed", True) in figures(engine, NOW + 2 * HOUR).outbox


def test_attempts_are_counted_by_channel_and_outcome_in_the_time_that_is_asked(engine, in_signal):
    an_alert(engine, "director", channel="mail")
    an_alert(engine, "director", channel="sms")
    send(engine, NOW, sms="unreachable")
    an_alert(engine, "deputy", NOW + HOUR, channel="mail")
    send(engine, NOW + HOUR, mail="timeout", sms="unreachable")
    found = delivered(engine)
    assert found["mail", "delivered"] >= 1
    assert found["mail", "perhaps"] >= 1
    assert found["sms", "failed"] >= 1
    assert sum(found.values()) == len(rows(engine, "deliveries"))
    first = delivered(engine, until=NOW + MINUTE)
    assert first + delivered(engine, after=NOW + MINUTE) == found
    assert first["mail", "perhaps"] == 0


def test_handovers_that_wait_are_counted_by_role_and_state_with_the_oldest(
    engine, in_voluntary_care
):
    offered(engine, in_voluntary_care, now=NOW)
    waiting = figures(engine, NOW).handovers
    assert [(key, one.count, one.since) for key, one in waiting.items()] == [
        (("care_lead", "offered"), 1, NOW)
    ]


def test_the_last_round_of_watch_and_audit_is_kept_and_an_older_one_changes_nothing(
    engine, in_signal
):
    swept(engine, 3, 0.25, LATER)
    swept(engine, 9, 9.0, LATER - timedelta(minutes=1))
    behind_the_back(engine, "UPDATE checkpoints SET next_at = since WHERE state = 'open'")
    audited(engine, audit(engine, LATER), 0.5)
    now = figures(engine, LATER)
    assert now.sweep is not None
    assert (now.sweep.at, now.sweep.counted, now.sweep.seconds) == (LATER, 3, 0.25)
    assert now.audit is not None
    assert (now.audit.at, now.audit.counted, now.audit.found["not-raised"]) == (LATER, 1, 1)
    assert set(now.audit.found) <= set(FINDINGS)
    audited(engine, audit(engine, LATER + DAY), 0.5)
    assert len(rows(engine, "rounds")) == 2


def test_a_round_kept_by_a_clock_that_was_years_ahead_gives_way_to_the_next(engine):
    ahead = NOW + 1500 * DAY
    audited(engine, audit(engine, ahead), 0.5)
    swept(engine, 3, 0.25, ahead)
    audited(engine, audit(engine, NOW), 0.5)
    swept(engine, 3, 0.25, NOW)
    assert {row["at"] for row in rows(engine, "rounds")} == {NOW}


def _due_by_law(engine):
    return [r for r in rows(engine, "checkpoints", "state = 'open'")
            if r["statutory"] and r["next_at"] <= LATER]  # fmt: skip


_RINGS = sa.text("UPDATE checkpoints SET next_at = :at WHERE id = :id").bindparams(
    sa.bindparam("at", type_=UtcTime())
)
