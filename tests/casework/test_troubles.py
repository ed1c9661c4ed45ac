"""Troubles: operations is told once of what goes wrong with the machinery, by whoever sees it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.administration import administration, administration_broken_at, record
from casework.alert_views import alert_list
from casework.audit import Finding, Report
from casework.claiming import claim
from casework.connect import transaction
from casework.journal import SYSTEM
from casework.rounds import audited
from casework.trouble_signs import standing
from casework.troubles import BOTH_RUN, tell_troubles, untold
from casework.ways import add_way
from escalation.troubles import (
    AGAIN_AFTER,
    AUDIT_FINDINGS,
    AUDIT_SILENT,
    NOT_DELIVERED,
    NOT_RAISED,
    NOT_SENT,
    OUTBOX_STUCK,
    PROMISES_LATE,
    RUNS_CRASHED,
    RUNS_LATE,
    SEEN_AGAIN_AFTER,
    SILENT,
    TROUBLES,
)
from models import UtcTime
from tests.builders import NOW, a_contact
from tests.casework.looking import DAY, at_once, everything, raise_all, rows
from tests.casework.outbox import an_alert, send

MOMENT = timedelta(microseconds=1)
LONG_AGO = NOW - 30 * DAY
CRASHED = {RUNS_CRASHED: 3}


def told(engine) -> list[tuple[str, int, str]]:
    """What was told to whom, and how many, oldest first."""
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    return [
        (a["notice"], a["how_many"], names[a["recipient_id"]])
        for a in rows(engine, "alerts")
        if a["notice"] in TROUBLES
    ]


def test_what_is_not_there_is_not_told_and_changes_nothing(engine):
    before = everything(engine)
    assert tell_troubles(engine, {}, NOW) == 0
    assert tell_troubles(engine, dict.fromkeys(TROUBLES, 0), NOW) == 0
    assert everything(engine) == before


def test_ten_thousand_crashed_runs_are_one_alert_which_says_so(engine):
    a_contact(engine, "ops", "operations")
    assert tell_troubles(engine, {RUNS_CRASHED: 10_000}, NOW) == 1
    assert [tell_troubles(engine, {RUNS_CRASHED: n}, NOW + n * MOMENT) for n in (1, 9)] == [0, 0]
    assert told(engine) == [(RUNS_CRASHED, 10_000, "ops")]
    (alert,) = alert_list(engine)
    assert "10000" in alert.asks.nl
    assert (alert.case_key, alert.notice, alert.how_many) == (None, RUNS_CRASHED, 10_000)


def test_several_who_find_it_at_the_same_time_tell_it_once(engine):
    a_contact(engine, "ops", "operations")
    both = at_once(*[lambda: tell_troubles(engine, CRASHED, NOW)] * 4)
    assert sorted(both) == [0, 0, 0, 1]
    assert administration_broken_at(engine) is None


def test_the_database_itself_refuses_the_same_trouble_told_twice(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    (row,) = rows(engine, "alerts")
    again = ", ".join(column for column in row if column != "id")
    with pytest.raises(sa.exc.IntegrityError), engine.begin() as planting:
        planting.execute(sa.text(f"INSERT INTO alerts ({again}) SELECT {again} FROM alerts"))


@pytest.mark.parametrize(("seen", "after"), [(False, AGAIN_AFTER), (True, SEEN_AGAIN_AFTER)])
def test_a_trouble_that_stands_is_told_again_later_and_later_still_when_it_was_seen(
    engine, seen, after
):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    send(engine, NOW)
    if seen:
        number = alert_list(engine)[0].number
        assert acknowledge(engine, number, by="ops", now=NOW) == "seen"
    assert RUNS_CRASHED not in untold(engine, NOW + after - MOMENT)
    assert tell_troubles(engine, CRASHED, NOW + after - MOMENT) == 0
    assert untold(engine, NOW + after)[RUNS_CRASHED].since == NOW
    assert tell_troubles(engine, {RUNS_CRASHED: 1}, NOW + after) == 1
    assert told(engine) == [(RUNS_CRASHED, 3, "ops"), (RUNS_CRASHED, 1, "ops")]


def test_it_is_not_told_again_to_somebody_to_whom_the_former_could_not_be_sent_yet(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    assert tell_troubles(engine, CRASHED, NOW + 30 * DAY) == 0
    send(engine, NOW + 30 * DAY)
    assert tell_troubles(engine, CRASHED, NOW + 30 * DAY) == 1


def test_one_kind_keeps_no_other_quiet(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    assert untold(engine, NOW).keys() == set(TROUBLES) - {RUNS_CRASHED}
    assert tell_troubles(engine, {**CRASHED, RUNS_LATE: 2}, NOW) == 1


def test_operations_hears_else_who_administers_else_the_process_director(engine):
    for later, function in enumerate(("process_director", "administrator", "operations")):
        if function != "process_director":
            a_contact(engine, function, function)
        now = NOW + later * DAY
        assert tell_troubles(engine, CRASHED, now) == 1
        send(engine, now)
    assert [who for _, _, who in told(engine)] == ["process", "administrator", "operations"]


def test_the_deputy_hears_for_who_is_absent(engine):
    a_contact(engine, "tweede", "case_worker")
    a_contact(engine, "ops", "operations", deputy="tweede")
    away(engine, "ops", since=NOW - DAY, by="process", now=NOW)
    tell_troubles(engine, CRASHED, NOW)
    assert told(engine) == [(RUNS_CRASHED, 3, "tweede")]


def test_it_is_on_record_with_how_many_and_nobodys_name(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    entry = administration(engine)[0]
    assert (entry.kind, entry.data["notice"], entry.data["how_many"]) == (
        "notice_raised", RUNS_CRASHED, 3,
    )  # fmt: skip
    assert "ops" not in str(entry.data)


def test_it_is_sent_as_any_alert(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW)
    (claimed,) = claim(engine, NOW)
    assert (claimed.case_key, claimed.lead, claimed.due_at) == (None, "installation", None)
    assert "3" in claimed.asks.nl


def test_what_does_not_arrive_says_the_same_by_the_next_way_and_is_no_new_telling(engine):
    a_contact(engine, "ops", "operations")
    add_way(engine, "ops", "sms", "+31600000001", by="process", now=NOW)
    tell_troubles(engine, CRASHED, NOW)
    later = NOW + AGAIN_AFTER - MOMENT
    sent = [(one.to, one.channel) for one in send(engine, later, mail="refused")]
    assert sent[:2] == [("ops", "mail"), ("ops", "sms")]
    assert told(engine) == [(RUNS_CRASHED, 3, "ops")] * 2
    assert untold(engine, NOW + AGAIN_AFTER)[RUNS_CRASHED].since == NOW


@pytest.mark.parametrize(("before", "told_now"), [("0007", 0), ("0009", 1)])
def test_nothing_is_told_while_senders_that_cannot_read_it_may_still_run(engine, before, told_now):
    a_contact(engine, "ops", "operations")
    with transaction(engine) as session:
        record(session, NOW, SYSTEM, "schema_upgraded", **{"from": before, "to": "0010"})
    assert tell_troubles(engine, CRASHED, NOW + BOTH_RUN - MOMENT) == told_now
    assert tell_troubles(engine, CRASHED, NOW + BOTH_RUN) == 1 - told_now


# What the rows show, without Prefect.


def test_a_promise_that_nobody_raised_is_a_trouble_after_minutes(engine, in_signal):
    due = min(row["next_at"] for row in rows(engine, "checkpoints", "state = 'open'"))
    assert standing(engine, due + NOT_RAISED, watched_since=LONG_AGO)[PROMISES_LATE] == 0
    late = due + NOT_RAISED + MOMENT
    assert standing(engine, late, watched_since=LONG_AGO)[PROMISES_LATE] == 1
    raise_all(engine, late)
    assert standing(engine, late, watched_since=LONG_AGO)[PROMISES_LATE] == 0


def test_nothing_counts_as_late_before_somebody_watched_for_as_long(engine, in_signal):
    an_alert(engine, "director")
    now = NOW + 300 * DAY
    found = standing(engine, now, watched_since=now)
    assert not any(found.values())
    found = standing(engine, now, watched_since=now - DAY)
    assert found.keys() >= {PROMISES_LATE, OUTBOX_STUCK, AUDIT_SILENT}
    assert all(found.values())


def test_an_alert_that_no_sender_takes_is_a_trouble_and_one_that_keeps_to_hours_is_none(
    engine, in_signal
):
    start = standing(engine, NOW, watched_since=LONG_AGO)[OUTBOX_STUCK]
    an_alert(engine, "director")
    late = NOW + NOT_SENT + MOMENT
    assert standing(engine, NOW + NOT_SENT, watched_since=LONG_AGO)[OUTBOX_STUCK] == start
    assert standing(engine, late, watched_since=LONG_AGO)[OUTBOX_STUCK] > start
    held = sa.text("UPDATE alerts SET next_at = :at WHERE next_at IS NOT NULL")
    with engine.begin() as planting:
        planting.execute(held.bindparams(sa.bindparam("at", late + DAY, UtcTime())))
    assert standing(engine, late, watched_since=LONG_AGO)[OUTBOX_STUCK] == 0


def test_an_alert_at_which_every_attempt_failed_is_a_trouble_after_an_hour(engine, in_signal):
    an_alert(engine, "director")
    send(engine, NOW, mail="refused")
    late = NOW + NOT_DELIVERED + MOMENT
    with engine.begin() as planting:  # its next attempt is still to come
        planting.execute(
            sa.text("UPDATE alerts SET next_at = :at WHERE state = 'failed'").bindparams(
                sa.bindparam("at", late + DAY, UtcTime())
            )
        )
    assert standing(engine, NOW + NOT_DELIVERED, watched_since=LONG_AGO)[OUTBOX_STUCK] == 0
    failed = len(rows(engine, "alerts", "state = 'failed'"))
    assert standing(engine, late, watched_since=LONG_AGO)[OUTBOX_STUCK] == failed > 0


def test_a_full_outbox_is_not_kept_full_by_saying_so(engine):
    tell_troubles(engine, {OUTBOX_STUCK: 5}, NOW)
    assert standing(engine, NOW + 9 * DAY, watched_since=LONG_AGO)[OUTBOX_STUCK] == 0


def test_findings_of_the_last_audit_are_a_trouble_until_an_audit_finds_none(engine):
    found = (Finding("2026-00001", "no-holder"), Finding("2026-00001", "no-run"))
    audited(engine, Report(NOW, 1, found), 0.1)
    assert standing(engine, NOW + SILENT, watched_since=LONG_AGO)[AUDIT_FINDINGS] == 2
    audited(engine, Report(NOW + MOMENT, 1, ()), 0.1)
    assert standing(engine, NOW + SILENT, watched_since=LONG_AGO)[AUDIT_FINDINGS] == 0


def test_an_audit_that_stays_away_is_a_trouble_and_then_its_old_findings_are_none(engine):
    audited(engine, Report(NOW, 1, (Finding("2026-00001", "no-holder"),)), 0.1)
    silent = standing(engine, NOW + SILENT + MOMENT, watched_since=LONG_AGO)
    assert silent[AUDIT_SILENT] == 35
    assert AUDIT_FINDINGS not in silent


def test_an_installation_that_never_had_an_audit_is_silent_since_it_was_made(engine):
    assert AUDIT_SILENT not in standing(engine, NOW + SILENT, watched_since=LONG_AGO)
    assert standing(engine, NOW + 2 * SILENT, watched_since=LONG_AGO)[AUDIT_SILENT] == 70


def test_what_an_audit_finds_of_a_night_that_the_machine_was_off_is_no_trouble_yet(engine):
    behind = Finding("2026-00001", "not-raised"), Finding("2026-00001", "removed-promise")
    audited(engine, Report(NOW, 1, behind), 0.1)
    just_begun = standing(engine, NOW + MOMENT, watched_since=NOW - NOT_RAISED / 2)
    assert just_begun[AUDIT_FINDINGS] == 1
    assert standing(engine, NOW, watched_since=NOW - NOT_RAISED)[AUDIT_FINDINGS] == 2


def test_an_audit_of_a_clock_that_was_ahead_is_taken_for_none(engine):
    audited(engine, Report(NOW + 1500 * DAY, 1, ()), 0.1)
    assert AUDIT_SILENT not in standing(engine, NOW + SILENT, watched_since=NOW)
    assert standing(engine, NOW + SILENT + MOMENT, watched_since=NOW)[AUDIT_SILENT] == 35


def test_what_was_told_by_a_clock_that_was_ahead_is_told_again_today(engine):
    a_contact(engine, "ops", "operations")
    tell_troubles(engine, CRASHED, NOW + 1500 * DAY)
    send(engine, NOW + 1500 * DAY)
    assert tell_troubles(engine, CRASHED, NOW) == 1
    assert tell_troubles(engine, CRASHED, NOW + MOMENT) == 0


def test_an_alert_held_over_a_weekend_is_not_stuck_at_its_first_failure(engine, in_signal):
    number = an_alert(engine, "director", LONG_AGO)
    send(engine, NOW, mail="refused")
    assert rows(engine, "alerts", f"id = {number}")[0]["state"] == "failed"
    assert standing(engine, NOW, watched_since=LONG_AGO)[OUTBOX_STUCK] == 0
    assert standing(engine, NOW + 2 * NOT_DELIVERED, watched_since=LONG_AGO)[OUTBOX_STUCK] > 0
