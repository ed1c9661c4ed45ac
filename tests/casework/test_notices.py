"""Notices: whoever administers the installation is told in time that the decreed days run out."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.administration import administration, administration_broken_at
from casework.alert_views import alert_list, alert_view
from casework.alerts import record
from casework.audit import audit
from casework.claiming import claim
from casework.decrees import add_decree
from casework.notices import raise_notices
from escalation.notices import RUNGS, last_moment, months_before, notice_asks, rung_at
from tests.builders import a_contact
from tests.casework.looking import at_once, everything, rows

END = datetime(2028, 12, 31, 23, tzinfo=UTC)  # 24:00 in Amsterdam
A_YEAR_AHEAD = datetime(2027, 12, 31, 23, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def told(engine) -> list[tuple[int, str]]:
    """Who was told on which rung, oldest first."""
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    return [(a["rung"], names[a["recipient_id"]]) for a in rows(engine, "alerts")]


def test_nobody_is_told_while_the_end_is_more_than_a_year_away(engine):
    before = everything(engine)
    assert raise_notices(engine, A_YEAR_AHEAD - MOMENT) == 0
    assert everything(engine) == before


def test_each_rung_is_told_once_however_often_anybody_looks(engine):
    a_contact(engine, "beheer", "administrator")
    for rung in RUNGS:
        at = months_before(END, -rung)
        assert [raise_notices(engine, at + n * MOMENT) for n in range(3)] == [1, 0, 0]
    assert told(engine) == [(rung, "beheer") for rung in RUNGS]
    raised = [entry for entry in administration(engine) if entry.kind == "notice_raised"]
    assert [entry.data["rung"] for entry in reversed(raised)] == list(RUNGS)
    assert raised[0].data["period"] == "2028"


def test_rungs_that_passed_meanwhile_are_told_as_one(engine):
    assert raise_notices(engine, datetime(2028, 8, 1, tzinfo=UTC)) == 1
    assert told(engine) == [(-6, "process")]


def test_a_table_that_ran_out_is_told_years_later_too(engine):
    assert raise_notices(engine, datetime(2031, 8, 1, tzinfo=UTC)) == 1
    assert told(engine) == [(0, "process")]


def test_every_administrator_is_told_and_without_one_the_process_directors(engine):
    raise_notices(engine, A_YEAR_AHEAD)
    a_contact(engine, "beheer", "administrator")
    a_contact(engine, "elders", "administrator", deputy="beheer")
    raise_notices(engine, A_YEAR_AHEAD)
    assert told(engine) == [(-12, "process"), (-12, "beheer"), (-12, "elders")]


def test_who_is_absent_is_replaced_by_the_deputy(engine):
    a_contact(engine, "vervanger", "case_worker")
    a_contact(engine, "beheer", "administrator", deputy="vervanger")
    away(engine, "beheer", since=A_YEAR_AHEAD - timedelta(days=1), by="process", now=A_YEAR_AHEAD)
    raise_notices(engine, A_YEAR_AHEAD)
    assert told(engine) == [(-12, "vervanger")]


def test_loading_the_next_decree_silences_the_notice(engine):
    raise_notices(engine, A_YEAR_AHEAD)
    add_decree(engine, [date(2029, 5, 11)], 2029, 2031, "Stcrt.", "head", A_YEAR_AHEAD)
    assert raise_notices(engine, END) == 0


def test_two_who_look_at_once_tell_once(engine):
    both = at_once(*[lambda: raise_notices(engine, A_YEAR_AHEAD)] * 2)
    assert sorted(both) == [0, 1]
    assert administration_broken_at(engine) is None


def test_a_notice_is_claimed_and_recorded_as_any_alert_and_names_no_case(engine):
    raise_notices(engine, A_YEAR_AHEAD)
    (claimed,) = claim(engine, A_YEAR_AHEAD)
    assert (claimed.case_key, claimed.lead, claimed.due_at) == (None, "installation", END)
    assert "2028" in claimed.asks.nl
    assert (claimed.at_moment, claimed.statutory) == (False, False)
    assert record(engine, claimed.token, "delivered", "ok", A_YEAR_AHEAD)


def test_a_notice_is_listed_beside_the_alerts_of_cases(engine, in_voluntary_care):
    raise_notices(engine, A_YEAR_AHEAD)
    (shown,) = alert_list(engine)
    assert (shown.case_key, shown.notice, shown.recipient) == (None, "decrees_run_out", "process")
    assert (shown.promise, shown.handover, shown.over) == (None, None, False)
    assert shown.due_on == date(2028, 12, 31)
    assert alert_view(engine, shown.number) == shown
    assert alert_list(engine, case_key=in_voluntary_care) == []


def test_a_notice_is_acknowledged_on_record_and_returns_on_its_next_rung(engine):
    raise_notices(engine, A_YEAR_AHEAD)
    (row,) = rows(engine, "alerts")
    assert acknowledge(engine, row["id"], by="process", now=A_YEAR_AHEAD) == "seen"
    assert acknowledge(engine, row["id"], by="process", now=A_YEAR_AHEAD) == "known"
    entry = administration(engine)[0]
    assert (entry.kind, entry.actor, entry.data) == (
        "acknowledged",
        "process",
        {"alert": row["id"]},
    )
    assert alert_list(engine)[0].acknowledged
    assert raise_notices(engine, months_before(END, 6)) == 1


def test_a_notice_that_waits_does_not_trouble_the_audit_of_cases(engine):
    raise_notices(engine, A_YEAR_AHEAD)
    assert audit(engine, A_YEAR_AHEAD + timedelta(days=1)).clean


@pytest.mark.parametrize(
    ("now", "rung"),
    [
        (A_YEAR_AHEAD - MOMENT, None),
        (A_YEAR_AHEAD, -12),
        (datetime(2028, 6, 30, 22, tzinfo=UTC) - MOMENT, -12),
        (datetime(2028, 6, 30, 22, tzinfo=UTC), -6),  # midnight in summer time
        (datetime(2028, 9, 30, 22, tzinfo=UTC), -3),
        (datetime(2028, 11, 30, 23, tzinfo=UTC), -1),
        (END - MOMENT, -1),
        (END, 0),
    ],
)
def test_a_rung_rings_at_midnight_in_the_netherlands(now, rung):
    assert last_moment(2028) == END
    assert rung_at(2028, now) == rung


def test_a_notice_of_a_later_version_is_asked_as_itself():
    assert notice_asks("the_moon", "2028").nl == "the_moon"
    assert len(notice_asks("decrees_run_out", "2028").nl) < 160
