"""The audit finds each planted fault by name, and nothing in a house in order."""

from datetime import timedelta

import pytest

from casework.alerts import record
from casework.audit import CHECKS, UNARMED, UNSENT, audit
from casework.claiming import claim
from casework.journal import broken_at
from casework.visits import armed, unarmed
from tests.builders import NOW, a_case, act, announce_order, go
from tests.casework.handing import offered
from tests.casework.looking import DAY, behind_the_back, raise_all, rows, without_keys

LATER = NOW + 30 * DAY
WEEK = timedelta(days=7)


def send_all(engine, now):
    for alert in claim(engine, now, limit=100):
        record(engine, alert.token, "delivered", "250", now)


def arm_all(engine, now):
    for visit in unarmed(engine, now, horizon=WEEK, stuck_after=timedelta(hours=1)):
        armed(engine, visit.id, f"run-{visit.id}", visit.wake_at, now, visit.version)


@pytest.fixture
def in_order(engine, in_voluntary_care):
    """A case after a month in which watch, sender and visits did their work."""
    raise_all(engine, LATER)
    send_all(engine, LATER)
    arm_all(engine, LATER)
    assert found(engine) == []
    return in_voluntary_care


def found(engine, now=LATER, **more) -> list[tuple[str, str]]:
    return [(f.case_key, f.what) for f in audit(engine, now, horizon=WEEK, **more).findings]


def test_a_house_in_order_is_clean_and_every_open_case_was_looked_at(engine, in_order):
    a_case(engine, address="Nieuw 1", now=LATER)
    closed = a_case(engine, address="Dicht 1", now=LATER)
    go(engine, closed, "unfounded", LATER)
    report = audit(engine, LATER, horizon=WEEK)
    assert (report.clean, report.checked, report.at) == (True, 2, LATER)


def test_only_the_nearest_visits_need_a_run_ahead_of_their_moment(engine, in_order):
    for number in range(3):
        a_case(engine, address=f"Nieuw {number}", now=LATER)
    soon = LATER + timedelta(hours=1)
    raise_all(engine, soon)
    send_all(engine, soon)
    unarmed_ones = {what for _, what in found(engine, soon)}
    assert unarmed_ones == {"no-run"}
    few = audit(engine, soon, horizon=WEEK, armed_at_most=2)
    assert len(few.findings) < len(audit(engine, soon, horizon=WEEK).findings)


def test_an_empty_house_is_clean(engine):
    assert audit(engine, NOW).clean


PLANTED = {
    "no-holder": ("UPDATE assignments SET until = since WHERE role = 'case_director'",
                  "assignments"),
    "no-promise": "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, closed_at = due_at "
                  "WHERE state = 'open'",
    "not-raised": "UPDATE checkpoints SET next_at = since WHERE state = 'open'",
    "put-off": ("UPDATE journal SET kind = 'put_off', rung = NULL, checkpoint_id = "
                "(SELECT max(id) FROM checkpoints WHERE state = 'open') "
                "WHERE seq = (SELECT max(seq) FROM journal)", "journal"),
    "no-visit": "UPDATE visits SET left_at = entered_at, left_for = 'closed' "
                "WHERE left_at IS NULL",
    "no-run": "UPDATE visits SET run_id = NULL WHERE left_at IS NULL",
    "offer-past-term": ("UPDATE checkpoints SET due_at = (SELECT opened_at FROM cases) "
                        "WHERE key = 'handover_answered'", "checkpoints"),
    "unsent-alert": "UPDATE alerts SET state = 'failed', next_at = created_at, "
                    "created_at = (SELECT opened_at FROM cases)",
    "silence-unwatched": "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, "
                         "closed_at = due_at WHERE key = 'case_silent'",
    "silence-not-asked": "UPDATE cases SET silent_at = opened_at",
    "rung-without-alert": "DELETE FROM alerts WHERE id NOT IN (SELECT alert_id FROM deliveries "
                          "WHERE FALSE)",
    "promise-gone": "DELETE FROM checkpoints WHERE id = (SELECT max(checkpoint_id) FROM journal "
                    "WHERE kind = 'raised')",
    "assignment-gone": ("UPDATE assignments SET since = (SELECT max(at) FROM journal)",
                        "assignments"),
}  # fmt: skip


@pytest.mark.parametrize("what", CHECKS)
def test_a_planted_fault_is_found_by_its_name(engine, in_order, what):
    planted = PLANTED[what]
    sql, *without = planted if isinstance(planted, tuple) else (planted,)
    if what == "rung-without-alert":
        behind_the_back(engine, "DELETE FROM deliveries")
    if what == "offer-past-term":
        offered(engine, in_order, to="jurist", now=LATER)
        assert found(engine) == []
    (without_keys if what == "promise-gone" else behind_the_back)(engine, sql, *without)
    assert (in_order, what) in found(engine)


def test_every_check_has_a_fault_planted_for_it():
    assert PLANTED.keys() == CHECKS.keys()


def test_a_visit_of_another_stage_than_the_case_is_no_visit(engine, in_order):
    behind_the_back(engine, "UPDATE cases SET stage = 'warning'")
    assert found(engine) == [(in_order, "no-visit")]


def test_faults_of_a_closed_case_are_not_looked_for(engine, in_signal):
    go(engine, in_signal, "unfounded")
    behind_the_back(engine, "UPDATE visits SET run_id = NULL")
    assert audit(engine, LATER, horizon=WEEK).clean


def test_a_watch_that_stands_still_is_noticed_within_minutes(engine, in_signal):
    arm_all(engine, NOW)
    reminder = NOW.replace(day=4, hour=8)
    assert found(engine, reminder + timedelta(minutes=4)) == []
    assert found(engine, reminder + timedelta(minutes=6)) == [(in_signal, "not-raised")]


def test_a_sender_that_stands_still_is_noticed_within_the_hour(engine, in_order):
    raise_all(engine, LATER + 7 * DAY)
    at = LATER + 7 * DAY
    arm_all(engine, at)
    assert (in_order, "unsent-alert") not in found(engine, at + UNSENT)
    assert (in_order, "unsent-alert") in found(engine, at + UNSENT + timedelta(seconds=1))


def test_a_visit_without_a_run_is_noticed_within_minutes_unless_it_has_long_to_wait(engine):
    key = a_case(engine, "aftercare")
    assert found(engine, NOW + UNARMED) == []
    assert (key, "no-run") not in found(engine, NOW + DAY)  # nothing rings within a week
    soon = a_case(engine, address="Straks 1")
    assert (soon, "no-run") in found(engine, NOW + UNARMED + timedelta(seconds=1))


def test_every_case_at_fault_is_named_up_to_the_limit(engine):
    keys = [a_case(engine, address=f"Straat {n}") for n in range(4)]
    sql = "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, closed_at = due_at"
    behind_the_back(engine, sql)
    assert found(engine, NOW) == [(key, "no-promise") for key in keys]
    assert found(engine, NOW, limit=2) == [(key, "no-promise") for key in keys[:2]]


# --- the journal ---------------------------------------------------------------------------------


def test_the_chain_of_a_long_case_is_whole(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key, in_force_until="2026-09-01T12:00+02:00")
    raise_all(engine, LATER)
    act(engine, key, "note_added", LATER, text="dit staat niet in het journaal: \u20ac \u00eb")
    go(engine, key, "obeyed", LATER)
    assert broken_at(engine, key) is None
    assert len(rows(engine, "journal")) > 20


@pytest.mark.parametrize(
    ("changed", "value"),
    [
        ("actor", "'somebody-else'"),
        ("kind", "'answered'"),
        ("at", "(SELECT max(recorded_at) FROM acts)"),
        ("data", "'{}'"),
        ("rung", "77"),
        ("previous", "'0'"),
        ("hash", "'0'"),
    ],
)
def test_a_line_changed_behind_the_back_is_found_where_it_is(engine, in_warning, changed, value):
    act(engine, in_warning, "note_added", LATER, text="later")
    behind_the_back(engine, f"UPDATE journal SET {changed} = {value} WHERE seq = 3", "journal")
    assert broken_at(engine, in_warning) == 3


def test_a_line_taken_out_or_put_elsewhere_is_found(engine, in_warning):
    other = a_case(engine, address="Elders 2")
    behind_the_back(engine, "DELETE FROM journal WHERE seq = 4 AND case_id = 1", "journal")
    assert broken_at(engine, in_warning) == 4
    assert broken_at(engine, other) is None
    behind_the_back(engine, "UPDATE journal SET seq = 4 WHERE seq = 5 AND case_id = 1", "journal")
    assert broken_at(engine, in_warning) == 4


def test_lines_of_two_cases_are_chained_apart(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    raise_all(engine, LATER)
    for key in (in_signal, other):
        assert broken_at(engine, key) is None
    first = rows(engine, "journal", "seq = 1")
    assert [line["previous"] for line in first] == ["0" * 64] * 2
