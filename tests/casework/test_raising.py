"""Raising: every rung once, to whoever must hear it; no outage, race or absence loses one."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.alert_views import alert_list
from casework.checkups import leave
from casework.offering import offer
from casework.packets import Packet
from casework.promises import answer, next_due, raise_due
from casework.stock import take_stock
from casework.views import case_view, timeline
from casework.words import Answer, Role
from tests.builders import (
    NOW,
    PACKET,
    a_case,
    a_contact,
    a_signal,
    a_town,
    act,
    announce_order,
    receive_signal,
)
from tests.casework.looking import (
    DAY,
    at_once,
    everything,
    held,
    kinds,
    promises,
    raise_all,
    rows,
    told,
)

# "triaged" is due on Monday 9 March 2026; its rungs ring at nine in Amsterdam (08:00 UTC).
REMINDER = datetime(2026, 3, 5, 8, tzinfo=UTC)
DUE = datetime(2026, 3, 9, 8, tzinfo=UTC)
DAY_AFTER = datetime(2026, 3, 10, 8, tzinfo=UTC)
A_MOMENT = timedelta(microseconds=1)


@pytest.fixture
def triage(engine, in_signal):
    """A case in which only "triaged" is still open."""
    act(engine, in_signal, "reporter_informed")
    return in_signal


# --- when ----------------------------------------------------------------------------------------


def test_nothing_rings_early(engine, triage):
    assert raise_due(engine, REMINDER - A_MOMENT) == 0
    assert (rows(engine, "alerts"), promises(engine, triage)["triaged"].rung) == ([], None)
    assert raise_due(engine, REMINDER) == 1
    assert raise_due(engine, DUE - A_MOMENT) == 0
    assert raise_due(engine, DUE) == 1


def of_triage(engine) -> list[tuple[str, str]]:
    """Who was told of that promise, oldest first; a case that is silent for long rings too."""
    alerts = reversed(alert_list(engine))
    return [(a.recipient, a.lead) for a in alerts if a.promise == "triaged"]


def test_each_rung_goes_to_whom_the_policy_says(engine, triage):
    heard = []
    for day in (5, 9, 10, 12, 16, 23, 30):
        raise_all(engine, datetime(2026, 3, day, 7 if day == 30 else 8, tzinfo=UTC))
        heard.append([who for who, _ in of_triage(engine)[sum(map(len, heard)) :]])
    assert heard == [
        ["director"], ["director"], ["director", "deputy"], ["process"], ["head"], ["head"],
        ["head"],
    ]  # fmt: skip
    assert [lead for _, lead in of_triage(engine)] == ["reminder", "due"] + ["overdue"] * 6


def test_raising_marks_the_promise_writes_the_journal_and_fills_the_outbox(engine, triage):
    raise_due(engine, DUE)
    promise = promises(engine, triage)["triaged"]
    assert (promise.rung, promise.next_at) == (0, DAY_AFTER)
    line = case_view(engine, triage, DUE).journal[-1]
    assert (line.what, line.actor, line.at) == ("raised", "estafette", DUE)
    alert = rows(engine, "alerts")[0]
    assert (alert["rung"], alert["state"], alert["next_at"], alert["attempts"]) == (
        0, "waiting", DUE, 0,
    )  # fmt: skip


def test_raising_moves_nothing_a_director_looks_at_so_no_page_turns_stale(engine, triage):
    seen = case_view(engine, triage, NOW).version
    raise_all(engine, DUE + 8 * DAY)
    view = case_view(engine, triage, NOW)
    assert (view.version, view.stage) == (seen, "signal")


def test_raising_twice_is_raising_once(engine, triage):
    raise_due(engine, DUE)
    before = everything(engine)
    assert raise_due(engine, DUE) == 0
    assert everything(engine) == before


def test_it_climbs_for_months_without_an_answer(engine, triage):
    while (ringing := next_due(engine)) < DUE + 200 * DAY:
        assert raise_due(engine, ringing - A_MOMENT) == 0
        assert raise_all(engine, ringing) >= 1
    number = promises(engine, triage)["triaged"].id
    raised = rows(engine, "journal", f"kind = 'raised' AND checkpoint_id = {number}")
    climbed = [line["rung"] for line in raised]
    assert climbed == [-2, 0, 1, 3, *range(5, climbed[-1] + 1, 5)]
    assert climbed[-1] > 100


def test_a_promise_dated_in_the_past_rings_at_once(engine):
    long_ago = NOW - 40 * DAY
    key = receive_signal(
        engine, a_signal(received_at=long_ago, text="laat ingevoerd"), NOW
    ).case_key
    assert raise_all(engine, NOW) == 2
    assert all(p.rung > 0 for p in promises(engine, key).values())
    assert next_due(engine) > NOW


# --- after an outage -----------------------------------------------------------------------------


def test_after_a_week_of_outage_everybody_who_missed_a_rung_is_told_once(engine, triage):
    after = DUE + 8 * DAY
    assert raise_all(engine, after) == 1
    assert told(engine, triage) == [
        ("director", "overdue"), ("deputy", "overdue"), ("process", "overdue"), ("head", "overdue"),
    ]  # fmt: skip
    assert promises(engine, triage)["triaged"].rung == 5
    assert raise_all(engine, after) == 0


def test_after_a_year_of_outage_it_is_one_message_each_and_not_fifty(engine, triage):
    raise_all(engine, DUE + 365 * DAY)
    assert len(of_triage(engine)) == 4


def test_many_promises_are_raised_in_batches_the_terms_of_law_first(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key)
    later = NOW + 60 * DAY
    raise_due(engine, later, limit=1)
    assert len(rows(engine, "journal", "kind = 'raised'")) == 1
    assert rows(engine, "alerts")[-1]["statutory"] is True
    while raise_due(engine, later, limit=2):
        pass
    rung = [p for p in promises(engine, key).values() if p.rung is not None]
    assert len(rows(engine, "journal", "kind = 'raised'")) == len(rung)
    order = [r["statutory"] for r in rows(engine, "alerts")]
    assert order == sorted(order, reverse=True)


def test_a_limit_never_starves_a_promise(engine):
    keys = [a_case(engine, address=f"Straat {n}") for n in range(5)]
    while raise_due(engine, DUE, limit=3):
        pass
    assert all(p.rung == 0 for k in keys for n, p in promises(engine, k).items() if n == "triaged")


# --- two watchers --------------------------------------------------------------------------------


def test_two_watchers_at_once_raise_every_rung_once(engine):
    for n in range(8):
        a_case(engine, address=f"Straat {n}")

    def watch() -> int:
        return raise_all(engine, DUE)

    got = at_once(watch, watch)
    raise_all(engine, DUE)  # a watcher passes over what another has in hand
    raised = rows(engine, "journal", "kind = 'raised'")
    assert sum(got) <= len(raised) == 16
    assert len({(r["checkpoint_id"], r["rung"]) for r in raised}) == 16
    assert next_due(engine) > DUE


def test_a_watcher_and_a_visit_at_once_raise_every_rung_once(engine, triage):
    at_once(lambda: raise_all(engine, DUE), lambda: take_stock(engine, triage, "signal", DUE))
    raise_all(engine, DUE)
    assert kinds(engine, triage).count("raised") == 1
    assert told(engine, triage) == [("director", "due")]


def test_answering_and_raising_at_once_never_leave_an_answered_promise_ringing(engine, triage):
    at_once(
        lambda: raise_all(engine, DUE),
        lambda: answer(engine, triage, "triaged", given=Answer.DONE, by="director", now=DUE),
    )
    assert "triaged" in promises(engine, triage, "answered")
    raise_all(engine, DUE + 3 * DAY)
    assert rows(engine, "checkpoints", "key = 'triaged' AND next_at IS NOT NULL") == []


def test_a_case_somebody_works_on_is_passed_over_and_raised_when_they_are_done(engine, triage):
    other = a_case(engine, address="Elders 2")
    if engine.dialect.name == "sqlite":
        assert raise_all(engine, DUE) == 3  # on SQLite a watcher waits for the writer instead
        return
    with held(engine, f"UPDATE cases SET version = version WHERE key = '{triage}'"):
        assert raise_all(engine, DUE) == 2
        assert promises(engine, other)["triaged"].rung == 0
    assert raise_all(engine, DUE) == 1


# --- who is there --------------------------------------------------------------------------------


def test_an_absent_director_is_stood_in_for(engine, triage):
    away(engine, "director", since=NOW, until=NOW + 90 * DAY, by="process", now=NOW)
    raise_due(engine, DUE)
    assert told(engine, triage) == [("deputy", "due")]
    raise_due(engine, DAY_AFTER)
    assert told(engine, triage)[1:] == [("deputy", "overdue")]


def test_an_absence_that_is_over_or_still_to_come_changes_nothing(engine, triage):
    away(engine, "director", since=NOW, until=DUE, by="process", now=NOW)
    raise_due(engine, DUE)
    away(engine, "director", since=DAY_AFTER + A_MOMENT, by="process", now=NOW)
    raise_due(engine, DAY_AFTER)
    assert told(engine, triage) == [
        ("director", "due"), ("director", "overdue"), ("deputy", "overdue"),
    ]  # fmt: skip


def gone(engine, *people: str) -> None:
    for person in people:
        away(engine, person, since=NOW, by="process", now=NOW)


def skipped(engine, case: str) -> list[dict]:
    return [line.data for line in timeline(engine, case) if line.what == "skipped"]


def test_when_neither_director_nor_deputy_is_there_the_next_level_hears_at_once(engine, triage):
    gone(engine, "director", "deputy")
    raise_due(engine, DUE)
    assert told(engine, triage) == [("process", "skipped")]
    assert kinds(engine, triage)[-2:] == ["raised", "skipped"]
    assert skipped(engine, triage) == [{"step": -2, "to": 1}]


def test_a_skipped_step_is_told_of_once_and_its_level_hears_its_own_step_as_usual(engine, triage):
    gone(engine, "director", "deputy")
    raise_due(engine, DUE)
    raise_due(engine, DAY_AFTER)
    raise_due(engine, datetime(2026, 3, 12, 8, tzinfo=UTC))
    leads = ["skipped", "skipped", "overdue"]
    assert told(engine, triage) == [("process", lead) for lead in leads]
    assert [line["step"] for line in skipped(engine, triage)] == [-2, 1]


def test_when_nobody_at_all_is_there_it_still_goes_to_the_director_and_is_never_lost(
    engine, triage
):
    gone(engine, "director", "deputy", "process", "head")
    raise_due(engine, DUE)
    assert told(engine, triage) == [("director", "due")]
    assert skipped(engine, triage) == [{"step": -2, "to": 0}]


def test_of_steps_that_ring_as_one_each_that_is_skipped_goes_up(engine, triage):
    gone(engine, "process")
    raise_all(engine, datetime(2026, 3, 12, 8, tzinfo=UTC))
    assert told(engine, triage) == [
        ("director", "overdue"), ("deputy", "overdue"), ("head", "skipped"),
    ]  # fmt: skip
    assert skipped(engine, triage) == [{"step": 3, "to": 1}]


def test_with_nobody_above_the_nearest_below_hears(engine, triage):
    gone(engine, "head", "director", "deputy")
    raise_due(engine, datetime(2026, 3, 12, 8, tzinfo=UTC))
    raise_all(engine, datetime(2026, 3, 16, 8, tzinfo=UTC))
    assert told(engine, triage)[-1] == ("process", "skipped")


def test_who_left_hears_nothing_and_their_step_goes_up(engine, triage):
    leave(engine, "process", by="head", now=NOW)
    for day in (10, 12):
        raise_all(engine, datetime(2026, 3, day, 8, tzinfo=UTC))
    assert told(engine, triage)[-1] == ("head", "skipped")


def test_that_somebody_else_is_asked_too_hides_no_skipped_step(engine, triage):
    offer(
        engine, triage, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    gone(engine, "director", "deputy")
    raise_all(engine, DUE)
    leads = {(a.recipient, a.lead) for a in alert_list(engine) if a.promise == "handover_answered"}
    assert leads == {("care", "due"), ("process", "skipped")}


def test_an_absent_level_without_a_deputy_is_stood_in_for_by_a_colleague(engine, triage):
    a_contact(engine, "second-process", "process_director")
    away(engine, "process", since=NOW, by="process", now=NOW)
    raise_due(engine, DAY_AFTER + DAY)
    raise_due(engine, datetime(2026, 3, 12, 8, tzinfo=UTC))
    assert told(engine, triage)[-1] == ("second-process", "overdue")


def test_levels_are_those_of_the_cases_own_municipality(engine, triage):
    a_town(engine, "elders")  # takes the shared names of the builders along to the other town
    raise_due(engine, DUE + 8 * DAY)
    assert told(engine, triage) == [("director", "overdue"), ("deputy", "overdue")]


def test_a_handover_on_offer_rings_for_the_receiver_as_well(engine, triage):
    a_contact(engine, "wijkteam", "care_worker")
    offer(
        engine, triage, role=Role.CARE, to="wijkteam", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    raise_all(engine, DUE)
    alerts = [a for a in alert_list(engine) if a.promise == "handover_answered"]
    heard = sorted((a.recipient, a.lead) for a in alerts if a.lead == "due")
    assert heard == [("director", "due"), ("wijkteam", "due")]


# --- acknowledging -------------------------------------------------------------------------------


def first_alert(engine) -> int:
    return alert_list(engine)[-1].number


def test_acknowledging_quiets_for_two_working_days_and_answers_nothing(engine, triage):
    raise_due(engine, DUE)
    assert acknowledge(engine, first_alert(engine), by="director", now=DUE) == "quiet"
    promise = promises(engine, triage)["triaged"]
    assert (promise.state, promise.next_at) == ("open", datetime(2026, 3, 11, 8, tzinfo=UTC))
    assert raise_due(engine, DAY_AFTER) == 0
    assert raise_due(engine, datetime(2026, 3, 11, 8, tzinfo=UTC)) == 1
    assert promises(engine, triage)["triaged"].rung == 1


def test_acknowledging_twice_is_acknowledging_once(engine, triage):
    raise_due(engine, DUE)
    acknowledge(engine, first_alert(engine), by="director", now=DUE)
    before = everything(engine)
    later = DUE + 5 * DAY
    assert acknowledge(engine, first_alert(engine), by="director", now=later) == "known"
    assert everything(engine) == before


def test_several_people_can_acknowledge_each_on_record_with_the_first_as_when_it_was_seen(
    engine, triage
):
    raise_due(engine, DUE)
    number = first_alert(engine)
    got = [acknowledge(engine, number, by=by, now=DUE + n * DAY)
           for n, by in enumerate(("director", "deputy", "process"))]  # fmt: skip
    assert got == ["quiet", "quiet", "quiet"]
    seen = [(a["by"], a["at"]) for a in rows(engine, "acknowledgements")]
    assert seen == [("director", DUE), ("deputy", DUE + DAY), ("process", DUE + 2 * DAY)]
    assert rows(engine, "alerts", f"id = {number}")[0]["acknowledged_at"] == DUE
    assert promises(engine, triage)["triaged"].state == "open"


@pytest.mark.parametrize("other", ["director", "deputy"])
def test_acknowledging_at_once_is_on_record_once_for_each_person(engine, triage, other):
    raise_due(engine, DAY_AFTER)
    number = first_alert(engine)
    got = at_once(
        lambda: acknowledge(engine, number, by="director", now=DAY_AFTER),
        lambda: acknowledge(engine, number, by=other, now=DAY_AFTER),
    )
    each = {"director", other}
    assert sorted(got) == ["known", "quiet"] if len(each) == 1 else ["quiet", "quiet"]
    assert kinds(engine, triage).count("acknowledged") == len(each)


def test_one_who_had_to_wait_sees_that_it_was_acknowledged_meanwhile(engine, triage):
    raise_due(engine, DUE)
    number = first_alert(engine)
    meanwhile = f"""INSERT INTO acknowledgements (alert_id, "by", at)
        SELECT id, 'deputy', created_at FROM alerts WHERE id = {number}"""
    with held(engine, "UPDATE cases SET version = version", meanwhile) as start:
        waiting = start(lambda: acknowledge(engine, number, by="deputy", now=DUE))
    assert waiting.result(20) == "known"
    assert kinds(engine, triage).count("acknowledged") == 0


def test_an_old_message_changes_nothing(engine, triage):
    raise_due(engine, REMINDER)
    old = first_alert(engine)
    raise_due(engine, DUE)
    before = promises(engine, triage)["triaged"]
    assert acknowledge(engine, old, by="director", now=DUE) == "moved on"
    assert promises(engine, triage)["triaged"] == before


def test_a_message_about_an_answered_promise_changes_nothing(engine, triage):
    raise_due(engine, DUE)
    answer(engine, triage, "triaged", given=Answer.DONE, by="director", now=DUE)
    before = rows(engine, "checkpoints")
    assert acknowledge(engine, first_alert(engine), by="director", now=DUE) == "moved on"
    assert rows(engine, "checkpoints") == before


@pytest.fixture
def objection(engine, in_behavioural_order):
    """A case with an objection term that ends on Monday 13 April 2026, and nothing else due."""
    announce_order(engine, in_behavioural_order)
    raise_all(engine, datetime(2026, 4, 8, 8, tzinfo=UTC))
    return in_behavioural_order


def test_a_term_of_law_rings_on_its_own_date_whoever_acknowledged_the_reminder(engine, objection):
    due = datetime(2026, 4, 13, 7, tzinfo=UTC)
    raise_all(engine, due - 4 * DAY)
    ids = {r["id"] for r in rows(engine, "checkpoints", "key = 'objection'")}
    reminder = next(a for a in rows(engine, "alerts") if a["checkpoint_id"] in ids)
    assert (reminder["rung"], reminder["lead"]) == (-2, "reminder")
    late = datetime(2026, 4, 10, 15, tzinfo=UTC)  # Friday afternoon: quiet would last to Tuesday
    assert acknowledge(engine, reminder["id"], by="director", now=late) == "quiet"
    assert promises(engine, objection)["objection"].next_at == due
    raise_all(engine, due)
    assert promises(engine, objection)["objection"].rung == 0


def test_a_policy_term_may_be_quiet_past_its_date_but_rings_when_the_quiet_is_over(engine, triage):
    raise_due(engine, REMINDER)
    friday = datetime(2026, 3, 6, 15, tzinfo=UTC)
    acknowledge(engine, first_alert(engine), by="director", now=friday)
    assert raise_due(engine, DUE) == 0
    tuesday = datetime(2026, 3, 10, 8, tzinfo=UTC)
    assert raise_due(engine, tuesday) == 1
    assert told(engine, triage)[1:] == [("director", "overdue"), ("deputy", "overdue")]
