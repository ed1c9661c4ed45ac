"""The audit finds each planted fault by name, and nothing in a house in order."""

from datetime import timedelta

import pytest

from casework.acknowledging import acknowledge
from casework.alerts import record
from casework.audit import CHECKS, UNARMED, UNSENT, audit
from casework.claiming import claim
from casework.journal import broken_at
from casework.mending import mend
from casework.visits import armed, unarmed
from tests.builders import NOW, a_case, act, announce_order, go
from tests.casework.handing import offered
from tests.casework.looking import DAY, behind_the_back, raise_all, rows, without_keys
from tests.casework.outbox import an_alert

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
    "rings-too-late": "UPDATE checkpoints SET next_at = '9999-12-31T23:59:59.000000Z' "
                      "WHERE state = 'open' AND next_rung <= 0",
    "over-untold": "UPDATE checkpoints SET state = 'answered', answer = 'done', next_at = NULL, "
                   "answered_by = 'director', closed_at = '2026-03-31T12:00:00.000000Z' "
                   "WHERE id = (SELECT max(id) FROM checkpoints WHERE state = 'open')",
    "put-off": ("UPDATE journal SET kind = 'put_off', rung = NULL, checkpoint_id = "
                "(SELECT max(id) FROM checkpoints WHERE state = 'open') "
                "WHERE seq = (SELECT max(seq) FROM journal)", "journal"),
    "no-visit": "UPDATE visits SET left_at = entered_at, left_for = 'closed' "
                "WHERE left_at IS NULL",
    "no-run": "UPDATE visits SET run_id = NULL WHERE left_at IS NULL",
    "run-of-another": "UPDATE visits SET run_id = 'run-of-all'",
    "half-closed": "UPDATE cases SET closed_at = stirred_at, result = 'unfounded', "
                   "silent_at = NULL",
    "offer-past-term": ("UPDATE checkpoints SET due_at = (SELECT opened_at FROM cases) "
                        "WHERE key = 'handover_answered'", "checkpoints"),
    "unsent-alert": "UPDATE alerts SET state = 'waiting', next_at = '9999-12-31T00:00:00.000000Z'",
    "unsent-untold": "UPDATE alerts SET attempts = attempts + 1, state = 'perhaps'",
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
    assert (in_order, what) in found(engine, LATER + UNARMED)


UNSEEN = {
    "a director who is none": (
        "no-holder",
        "UPDATE cases SET director_id = '00000000000000000000000000004711'",
    ),
    "a director who is not among the contacts": (
        "no-holder", "UPDATE assignments SET contact_id = 4711 WHERE role = 'case_director'",
    ),
    "a promise that rings in a year, of which the date is near": (
        "rings-too-late",
        "UPDATE checkpoints SET next_at = '2027-06-01T09:00:00.000000Z' "
        "WHERE id = (SELECT max(id) FROM checkpoints WHERE state = 'open' AND next_rung <= 0)",
    ),
    "a promise that is past its date and rings in two years": (
        "rings-too-late",
        "UPDATE checkpoints SET next_at = '2028-06-01T09:00:00.000000Z' "
        "WHERE id = (SELECT max(id) FROM checkpoints WHERE state = 'open' AND next_rung > 0)",
    ),
    "a promise that lapsed by nobody": (
        "over-untold",
        "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, "
        "closed_at = '2026-03-31T12:00:00.000000Z' "
        "WHERE id = (SELECT max(id) FROM checkpoints WHERE state = 'open')",
    ),
    "an alert that is void for no reason": (
        "unsent-untold",
        "UPDATE alerts SET state = 'void', next_at = NULL WHERE id = (SELECT max(t.id) "
        "FROM alerts t JOIN checkpoints c ON c.id = t.checkpoint_id WHERE c.state = 'open')",
    ),
}  # fmt: skip


@pytest.mark.parametrize("planted", UNSEEN)
def test_what_is_changed_by_hand_to_keep_something_silent_is_found(engine, in_order, planted):
    what, sql = UNSEEN[planted]
    keyless = without_keys if what == "no-holder" else behind_the_back
    keyless(engine, sql, "cases", "assignments")
    assert (in_order, what) in found(engine, LATER + UNARMED)


def test_a_promise_that_was_moved_beyond_its_date_rings_at_its_own_moment_once_it_is_mended(
    engine, in_order
):
    before = rows(engine, "checkpoints")
    behind_the_back(engine, PLANTED["rings-too-late"])
    moved = [row["id"] for row in before if row["next_at"] and row["next_rung"] <= 0]
    assert moved
    assert mend(engine, in_order, by="director", now=LATER).promises == tuple(moved)
    assert rows(engine, "checkpoints") == before
    assert mend(engine, in_order, by="director", now=LATER).promises == ()


def test_a_reminder_that_was_seen_may_keep_its_promise_quiet_until_after_its_date(
    engine, in_signal
):
    reminded = NOW.replace(day=4, hour=8)
    raise_all(engine, reminded)
    send_all(engine, reminded)
    (alert, *_) = rows(engine, "alerts")
    acknowledge(engine, alert["id"], by="director", now=reminded)
    assert "rings-too-late" not in {what for _, what in found(engine, reminded)}


def test_an_alert_that_was_held_over_a_weekend_has_an_hour_from_its_first_attempt(engine, in_order):
    monday = LATER + 3 * DAY
    an_alert(engine, "director", LATER)
    (lease,) = claim(engine, monday)
    record(engine, lease.token, "failed", "deferred", monday)
    assert (in_order, "unsent-alert") not in found(engine, monday + timedelta(seconds=10))
    assert (in_order, "unsent-alert") in found(engine, monday + UNSENT + timedelta(minutes=1))


def test_a_case_that_moves_on_just_now_is_given_time_for_its_run(engine):
    key = a_case(engine, "aftercare")
    later = NOW + DAY
    assert found(engine, later) == []  # it waits in the rows, and nothing rings within a week
    act(engine, key, "enforcement_requested", later)
    soon = audit(engine, later, horizon=timedelta(days=400)).findings
    assert [f.what for f in soon] == []
    much_later = later + UNARMED + timedelta(seconds=1)
    assert "no-run" in {f.what for f in audit(engine, much_later, horizon=400 * DAY).findings}


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
    for limit in (1000, 2):
        named = [key for key, what in found(engine, NOW, limit=limit) if what == "no-promise"]
        assert named == keys[:limit]


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
