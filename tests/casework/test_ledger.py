"""Dates that change: replaced with ground and reason, recounted at any time, never moved."""

from datetime import UTC, date, datetime, timedelta

import pytest

from casework.audit import audit
from casework.ledger import (
    extend_term,
    ledger_of,
    pause_term,
    redate_term,
    resume_term,
)
from casework.promises import answer
from casework.refusals import NotAllowed, NotFound
from casework.stages import decide
from casework.views import case_view
from casework.words import Answer
from escalation.counting import AMSTERDAM
from escalation.terms import Length
from tests.builders import NOW, act, announce_order, go
from tests.casework.looking import (
    DAY,
    at_once,
    behind_the_back,
    everything,
    held,
    kinds,
    promises,
    raise_all,
    rows,
    told,
    without_keys,
)

TODAY = NOW.date()
PROMISE = "request_decided"  # 8 weeks by law: 27 April is King's Day, so Tuesday 28 April
SAID = {"by": "director", "ground": "Awb 4:15", "reason": "stukken van Jansen ontbreken"}
SIX_WEEKS = Length.parse("6 weeks")


def april(day: int) -> date:
    return date(2026, 4, day)


def march(day: int) -> date:
    return date(2026, 3, day)


@pytest.fixture
def key(engine, in_assessment) -> str:
    """A case with a term of law that does not end with its stage."""
    act(engine, in_assessment, "enforcement_requested")
    return in_assessment


@pytest.fixture(name="in_assessment")
def _in_assessment(engine) -> str:
    return "2026-00001"


def paused(engine, key, promise=PROMISE, on=TODAY, until=march(16), now=NOW, **more):
    return pause_term(engine, key, promise, on=on, until=until, now=now, **(SAID | more))


def resumed(engine, key, promise=PROMISE, on=march(9), now=NOW + 7 * DAY, **more):
    return resume_term(engine, key, promise, on=on, now=now, **(SAID | more))


def extended(engine, key, promise=PROMISE, on=TODAY, length=SIX_WEEKS, now=NOW, **more):
    return extend_term(engine, key, promise, on=on, length=length, now=now, **(SAID | more))


def redated(engine, key, promise=PROMISE, *, to, on=TODAY, now=NOW, **more):
    return redate_term(engine, key, promise, on=on, to=to, now=now, **(SAID | more))


def refused(engine, call, *args, error=NotAllowed, match=None, **more):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call(engine, *args, **more)
    assert everything(engine) == before


def differs(engine, now=NOW) -> bool:
    return "ledger-differs" in {f.what for f in audit(engine, now, horizon=7 * DAY).findings}


# --- one change ----------------------------------------------------------------------------------


def test_a_pause_gives_a_later_date_in_a_promise_of_its_own(engine, key):
    before = promises(engine, key)[PROMISE]
    version = case_view(engine, key, NOW).version
    change = paused(engine, key)
    now = promises(engine, key)[PROMISE]
    assert (before.due_on, now.due_on) == (april(28), date(2026, 5, 11))
    assert (change.promise, change.due_on) == (now.id, now.due_on)
    assert promises(engine, key, "lapsed")[PROMISE].id == before.id
    assert (change.version, case_view(engine, key, NOW).version) == (version + 1, version + 1)


def test_everything_but_the_date_goes_over_to_the_new_promise(engine, key):
    paused(engine, key)
    old, new = rows(engine, "checkpoints", f"key = '{PROMISE}'")
    same = ("case_id", "section", "visit_id", "handover_id", "kind", "statutory", "outlives",
            "source", "length", "since", "awaits")  # fmt: skip
    assert [old[name] for name in same] == [new[name] for name in same]
    assert (new["origin"], new["nominal_on"]) == (f"change:{old['id']}", date(2026, 5, 11))
    assert "Opgeschort na maandag 2 maart 2026" in str(new["derivation"])
    assert old["due_on"] == april(28)


def test_while_it_is_paused_somebody_is_asked_whether_it_runs_again(engine, key):
    paused(engine, key)
    asked = promises(engine, key)["pause_over"]
    assert (asked.due_on, asked.section) == (march(16), "case")
    resumed(engine, key)
    over = promises(engine, key, "answered")["pause_over"]
    assert (over.id, over.answer) == (asked.id, "done")
    assert promises(engine, key)[PROMISE].due_on == date(2026, 5, 4)


def test_a_pause_nobody_ends_is_over_by_itself_and_rings(engine, key):
    paused(engine, key)
    raise_all(engine, datetime(2026, 3, 16, 9, tzinfo=UTC))
    asked = promises(engine, key)["pause_over"]
    assert asked.rung == 0
    refused(engine, resumed, key, on=march(17), match="up to 2026-03-16; resume on a day in it")


def test_a_pause_is_not_asked_after_once_the_promise_is_over(engine, key):
    paused(engine, key)
    answer(engine, key, PROMISE, given=Answer.DONE, by="director", now=NOW + DAY)
    assert "pause_over" not in promises(engine, key)
    assert case_view(engine, key, NOW).promises


def test_an_extension_is_counted_on_from_where_counting_ended(engine, key):
    extended(engine, key)
    assert promises(engine, key)[PROMISE].due_on == date(2026, 6, 8)  # 27 April + 6 weeks


@pytest.mark.parametrize(
    ("to", "exact"), [(date(2026, 5, 14), False), (datetime(2026, 5, 14, 10, tzinfo=UTC), True)]
)
def test_a_court_gives_a_date_or_a_moment_as_it_stands(engine, key, to, exact):
    redated(engine, key, to=to)
    now = promises(engine, key)[PROMISE]
    assert (now.due_on, now.exact) == (date(2026, 5, 14), exact)
    if exact:
        assert now.due_at == to


# --- several changes -----------------------------------------------------------------------------


def test_of_many_changes_in_a_row_the_stored_date_is_the_one_recounted(engine, key):
    paused(engine, key)
    extended(engine, key, on=march(5), now=NOW + 3 * DAY)
    resumed(engine, key)
    paused(engine, key, on=march(20), until=april(1), now=NOW + 18 * DAY)
    redated(engine, key, to=date(2026, 5, 14), on=march(25), now=NOW + 23 * DAY)
    paused(engine, key, on=april(2), until=april(9), now=NOW + 31 * DAY)
    lines = ledger_of(engine, key)
    assert [line.what for line in lines] == [
        "paused", "extended", "resumed", "paused", "redated", "paused"]  # fmt: skip
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6]
    assert {line.first for line in lines} == {lines[0].replaced}
    assert [line.replaced for line in lines[1:]] == [line.promise for line in lines[:-1]]
    assert promises(engine, key)[PROMISE].due_on == lines[-1].due_on == date(2026, 5, 21)
    assert not differs(engine)


def test_a_date_that_is_not_what_its_ledger_says_is_found(engine, key):
    paused(engine, key)
    assert not differs(engine)
    behind_the_back(
        engine, "UPDATE term_changes SET due_on = '2026-05-12'", "term_changes", "checkpoints"
    )
    assert differs(engine)


def test_a_promise_that_is_not_where_its_ledger_left_it_is_found(engine, key):
    number = paused(engine, key).promise
    sql = f"UPDATE checkpoints SET due_on = '2026-06-12' WHERE id = {number}"
    behind_the_back(engine, sql, "checkpoints")
    assert differs(engine)


def test_a_day_decreed_later_moves_no_date_that_was_changed_before(engine, key):
    paused(engine, key, until=march(16))
    behind_the_back(engine, (
        "INSERT INTO decrees (day, first_year, last_year, source, loaded_at) VALUES "
        "('2026-05-11', 2026, 2026, 'een besluit', '2026-03-20T00:00:00.000000Z')"
    ))  # fmt: skip
    assert not differs(engine, NOW + 30 * DAY)
    resumed(engine, key, on=march(16), now=NOW + 30 * DAY)
    assert promises(engine, key)[PROMISE].due_on == date(2026, 5, 12)
    assert not differs(engine, NOW + 30 * DAY)


# --- once, and only what can be ------------------------------------------------------------------

CHANGES = {
    "pause": paused,
    "extend": extended,
    "redate": lambda engine, key, **more: redated(engine, key, to=date(2026, 5, 14), **more),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_same_change_twice_is_made_once(engine, key, change):
    first = change(engine, key)
    before = everything(engine)
    again = change(engine, key)
    assert everything(engine) == before
    assert (again.promise, again.known_already, first.known_already) == (first.promise, True, False)


def test_the_same_change_to_the_number_it_replaced_is_made_once(engine, key):
    number = str(promises(engine, key)[PROMISE].id)
    first = paused(engine, key, number)
    assert paused(engine, key, number).promise == first.promise
    assert len(ledger_of(engine, key)) == 1


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_of_the_same_change_made_at_once_one_is_made(engine, key, change):
    done = at_once(*[lambda: change(engine, key)] * 3)
    assert sorted(one.known_already for one in done) == [False, True, True]
    assert len(ledger_of(engine, key)) == 1


def test_of_two_pauses_at_once_the_second_is_refused(engine, key):
    done = at_once(
        lambda: paused(engine, key, until=march(16)), lambda: paused(engine, key, until=march(20))
    )
    assert sorted(type(one).__name__ for one in done) == ["Changed", "NotAllowed"]
    assert not differs(engine)


def test_a_change_that_had_to_wait_builds_on_what_the_other_left(engine, key):
    number = promises(engine, key)[PROMISE].id
    over = ("UPDATE cases SET version = version + 1", (
        "UPDATE checkpoints SET state = 'lapsed', next_at = NULL, "
        f"closed_at = '2026-03-02T09:00:00.000000Z' WHERE id = {number}"
    ))  # fmt: skip
    with held(engine, *over) as start:
        waiting = start(lambda: paused(engine, key))
    assert isinstance(waiting.exception(20), NotAllowed)


def test_an_answer_to_a_number_that_was_replaced_is_refused_with_the_new_one(engine, key):
    old = promises(engine, key)[PROMISE].id
    paused(engine, key)
    new = extended(engine, key, on=march(5)).promise
    with pytest.raises(NotAllowed, match=f"as number {new}, due {date(2026, 6, 22)}"):
        answer(engine, key, str(old), given=Answer.DONE, by="director", now=NOW)
    answer(engine, key, PROMISE, given=Answer.DONE, by="director", now=NOW)
    assert PROMISE not in promises(engine, key)


def test_what_can_not_be_is_refused_and_changes_nothing(engine, key):
    refused(engine, paused, key, "nonsense", error=NotFound)
    refused(engine, paused, "2026-99999", error=NotFound)
    refused(engine, paused, key, by="nobody", error=NotFound)
    refused(engine, paused, key, ground="  ", match="a ground")
    refused(engine, paused, key, reason="", match="a reason")
    refused(engine, paused, key, reason="x" * 1001, match="at most 1000")
    refused(engine, paused, key, until=TODAY - DAY, match="before it begins")
    refused(engine, paused, key, on=date(2026, 4, 29), until=date(2026, 5, 1), match="may begin")
    refused(engine, resumed, key, match="nothing to resume")
    paused(engine, key)
    refused(engine, paused, key, "pause_over", match="resume or pause that term instead")
    refused(engine, extended, key, length=Length.parse("0 days"), match="a length of its own")


def test_a_term_that_follows_another_can_not_be_paused_before_it_counts(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    announce_order(engine, key)
    act(engine, key, "objection_received", NOW + DAY, against="order")
    began = april(13)  # the last day of the objection term
    refused(engine, paused, key, "objection_decided", on=march(9), match=f"may begin from {began}")
    paused(engine, key, "objection_decided", on=began, until=april(20))
    assert promises(engine, key)["objection_decided"].due_on == date(2026, 6, 1)
    assert not differs(engine)


@pytest.mark.parametrize(
    ("promise", "why"), [("objection", "knows no extension"), ("order_ends", "end of a measure")]
)
def test_what_the_law_or_a_decision_fixes_is_not_extended_by_hand(
    engine, in_behavioural_order, promise, why
):
    announce_order(engine, in_behavioural_order)
    refused(engine, extended, in_behavioural_order, promise, match=why)


def test_a_promise_that_is_over_keeps_its_date(engine, key):
    answer(engine, key, PROMISE, given=Answer.DONE, by="director", now=NOW)
    refused(engine, paused, key, match="over already: done")


# --- watched -------------------------------------------------------------------------------------


def test_a_changed_promise_rings_again_for_its_new_date(engine, key):
    raise_all(engine, datetime(2026, 4, 28, 10, tzinfo=UTC))
    first = [a for a in rows(engine, "alerts") if a["statutory"]]
    number = extended(engine, key, on=april(28), now=datetime(2026, 4, 28, 11, tzinfo=UTC)).promise
    raise_all(engine, datetime(2026, 6, 8, 10, tzinfo=UTC))
    later = [a for a in rows(engine, "alerts") if a["checkpoint_id"] == number]
    assert first
    assert {a["rung"] for a in later} >= {0}
    assert {a["lead"] for a in later} <= {"reminder", "due"}
    assert ("director", "due") in told(engine, key)


def test_a_date_that_is_past_already_rings_at_once(engine, key):
    redated(engine, key, to=march(3), on=march(20), now=NOW + 18 * DAY)
    assert promises(engine, key)[PROMISE].next_at <= NOW + 18 * DAY


def test_a_changed_term_outlives_its_stage_as_before(engine, key):
    number = paused(engine, key).promise
    go(engine, key, "help_first", NOW + DAY)
    now = promises(engine, key)
    assert (now[PROMISE].id, now["pause_over"].due_on) == (number, march(16))
    raise_all(engine, NOW + 100 * DAY)
    assert number in {a["checkpoint_id"] for a in rows(engine, "alerts")}


def test_a_changed_promise_of_a_stage_ends_with_it_and_so_does_its_pause(engine, key):
    paused(engine, key, "analysed")
    go(engine, key, "help_first", NOW + DAY)
    assert not {"analysed", "pause_over"} & promises(engine, key).keys()


def test_a_paused_next_step_is_still_the_next_step(engine, in_assessment):
    answer(engine, in_assessment, "analysed", given=Answer.DONE, by="director", now=NOW)
    paused(engine, in_assessment, "next_step", on=TODAY, until=march(6))
    act(engine, in_assessment, "note_added", NOW + DAY, text="genoteerd")
    assert {"next_step", "pause_over"} <= promises(engine, in_assessment).keys()


def test_a_case_whose_term_of_law_is_paused_can_not_be_closed(engine, key):
    paused(engine, key)
    seen = case_view(engine, key, NOW).version
    with pytest.raises(NotAllowed, match=PROMISE):
        decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="no_nuisance")


# --- what is told --------------------------------------------------------------------------------


def test_the_journal_says_what_changed_in_codes_and_the_reason_stays_in_the_ledger(engine, key):
    paused(engine, key)
    assert kinds(engine, key)[-1] == "term_changed"
    line = case_view(engine, key, NOW).journal[-1]
    assert (line.data["what"], line.data["due"], line.actor) == ("paused", "2026-05-11", "director")
    assert ledger_of(engine, key)[0].reason == SAID["reason"]
    raise_all(engine, NOW + 100 * DAY)
    for table in ("journal", "alerts", "deliveries", "checkpoints"):
        assert "Jansen" not in str(rows(engine, table))


def test_the_ledger_of_a_case_that_is_not_there_is_not_found(engine):
    with pytest.raises(NotFound):
        ledger_of(engine, "2026-99999")


# --- after an event ------------------------------------------------------------------------------


def a_waiting_order(engine, key, said="3 days after the ruling", at=NOW):
    announce_order(engine, key, at, compliance_until=said)
    return promises(engine, key)["complied"]


def ruling(engine, key, at, **more):
    return act(engine, key, "ruling_received", at, result="in stand gebleven", **more)


def test_a_term_after_an_event_is_watched_until_it_happens(engine, in_behavioural_order):
    key = in_behavioural_order
    row = a_waiting_order(engine, key)
    stored = next(r for r in rows(engine, "checkpoints") if r["id"] == row.id)
    assert (stored["awaits"], stored["awaits_length"]) == ("ruling_received", "3 days")
    assert (stored["kind"], row.due_on) == ("event_relative", march(30))  # 4 weeks, by policy
    assert "Voorlopige datum" in row.derivation[0]["nl"]
    assert row.next_at is not None


def test_the_event_gives_it_its_real_date_once(engine, in_behavioural_order):
    key = in_behavioural_order
    a_waiting_order(engine, key)
    ruling(engine, key, NOW + 8 * DAY)
    now = promises(engine, key)["complied"]
    assert now.due_on == march(13)
    change = ledger_of(engine, key)[0]
    assert (change.what, change.on) == ("redated", march(10))
    assert change.ground == "event recorded: ruling_received"
    ruling(engine, key, NOW + 9 * DAY)
    assert promises(engine, key)["complied"].id == now.id
    assert len(ledger_of(engine, key)) == 1
    assert not differs(engine, NOW + 9 * DAY)


def test_an_event_that_happened_since_dates_it_at_once(engine, in_behavioural_order):
    key = in_behavioural_order
    ruling(engine, key, NOW)
    row = a_waiting_order(engine, key, at=NOW + timedelta(hours=2))
    assert row.due_on == march(5)
    assert ledger_of(engine, key) == []


def test_an_event_from_before_it_does_not_date_it(engine, in_behavioural_order):
    key = in_behavioural_order
    ruling(engine, key, NOW)
    a_waiting_order(engine, key, at=NOW + 5 * DAY)
    act(engine, key, "ruling_received", NOW + 4 * DAY, result="x")  # written down later
    assert ledger_of(engine, key) == []


def test_at_once_is_the_day_of_the_act(engine, in_behavioural_order):
    row = a_waiting_order(engine, in_behavioural_order, "immediately")
    assert row.due_on == TODAY
    assert row.derivation[0]["en"].startswith("No length, so at once")


def test_the_end_of_a_measure_keeps_the_time_of_its_event(engine, in_behavioural_order):
    key = in_behavioural_order
    said = {
        "in_force_until": "2 weeks after the ruling",
        "deviation_because": "wacht op de rechter",
    }
    announce_order(engine, key, **said)
    ruling(engine, key, NOW + 30 * DAY)  # 1 April, eleven in the morning by then
    ends = promises(engine, key)["order_ends"]
    assert ends.due_at == datetime(2026, 4, 15, 11, tzinfo=AMSTERDAM).astimezone(UTC)
    assert ends.exact


def test_a_date_somebody_gives_is_not_overtaken_by_the_event(engine, in_behavioural_order):
    key = in_behavioural_order
    a_waiting_order(engine, key)
    redated(engine, key, "complied", to=date(2026, 5, 14))
    ruling(engine, key, NOW + 8 * DAY)
    assert promises(engine, key)["complied"].due_on == date(2026, 5, 14)


def test_a_waiting_term_that_is_paused_still_waits(engine, in_behavioural_order):
    key = in_behavioural_order
    a_waiting_order(engine, key)
    paused(engine, key, "complied")
    ruling(engine, key, NOW + 8 * DAY)
    assert promises(engine, key)["complied"].due_on == march(13)
    assert "pause_over" not in promises(engine, key)
    assert not differs(engine, NOW + 8 * DAY)


def test_a_waiting_term_outlives_its_stage_and_is_dated_there(engine, in_behavioural_order):
    key = in_behavioural_order
    a_waiting_order(engine, key)
    go(engine, key, "obeyed", NOW + DAY)
    ruling(engine, key, NOW + 8 * DAY)
    assert promises(engine, key)["complied"].due_on == march(13)


def test_a_changed_promise_that_is_deleted_by_hand_breaks_no_audit(engine, key):
    redated(engine, key, to=april(30))
    without_keys(engine, "DELETE FROM checkpoints WHERE id = (SELECT root_id FROM term_changes)")
    found = {f.what for f in audit(engine, NOW, horizon=7 * DAY).findings}
    assert {"promise-gone", "ledger-differs"} <= found
