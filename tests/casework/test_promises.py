"""Promises: dated once with their why, never moved, answered once, and never none at all."""

from datetime import UTC, datetime, timedelta

import pytest

from casework.promises import answer, next_due
from casework.refusals import NotAllowed, NotFound
from casework.stages import decide
from casework.views import case_view
from casework.words import Answer
from escalation.policy import shipped
from tests.builders import NOW, TOWN, a_case, act, announce_order, go, impose_ban
from tests.casework.looking import (
    DAY,
    a_policy,
    at_once,
    everything,
    held,
    kinds,
    promises,
    raise_all,
    rows,
)

LATER = NOW + 30 * DAY
DONE, NOT_DONE, CANNOT_SHARE = Answer.DONE, Answer.NOT_DONE, Answer.CANNOT_SHARE


def answered(engine, case, promise, given=DONE, now=NOW, by="director", reason=None) -> int:
    return answer(engine, case, promise, given=given, by=by, now=now, reason=reason)


def refuses(engine, error, *args, match=None, **more):
    before = everything(engine)
    with pytest.raises(error, match=match):
        answered(engine, *args, **more)
    assert everything(engine) == before


# --- dated ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stage", "key", "due"),
    [
        ("signal", "acknowledged", "2026-03-04"),  # 2 working days
        ("signal", "triaged", "2026-03-09"),  # 5 working days
        ("assessment", "analysed", "2026-03-16"),  # 10 working days
        ("voluntary_care", "offered", "2026-03-09"),
        ("voluntary_care", "review", "2026-03-30"),  # 4 weeks
        ("voluntary_care", "solved", "2026-06-01"),  # 13 weeks
        ("aftercare", "first_check", "2026-04-02"),  # a month
        ("aftercare", "last_check", "2026-09-02"),  # six months
    ],
)
def test_a_policy_promise_is_due_when_the_policy_says(engine, stage, key, due):
    promise = promises(engine, a_case(engine, stage))[key]
    assert str(promise.due_on) == due
    assert (promise.exact, promise.statutory, promise.section) == (False, False, stage)


def test_a_promise_is_due_at_the_end_of_its_day_in_amsterdam_summer_or_winter(engine):
    winter = promises(engine, a_case(engine))["triaged"]
    assert winter.due_at == datetime(2026, 3, 9, 23, tzinfo=UTC)
    july = datetime(2026, 7, 1, 9, tzinfo=UTC)
    summer = promises(engine, a_case(engine, address="Zomer 1", now=july))["triaged"]
    assert summer.due_at == datetime(2026, 7, 8, 22, tzinfo=UTC)


def test_weeks_are_weeks_over_a_change_of_the_clock(engine, in_voluntary_care):
    review = promises(engine, in_voluntary_care)["review"]
    assert review.due_at - NOW.replace(hour=23) == timedelta(days=28) - timedelta(hours=1)


def test_every_promise_explains_its_date_in_both_languages(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order, in_force_until="2026-09-01")
    for promise in case_view(engine, in_behavioural_order, NOW).promises:
        assert promise.derivation
        assert all(step["nl"] and step["en"] for step in promise.derivation)
        assert promise.asks.nl.endswith(("?", "."))


def test_a_later_version_of_the_policy_moves_no_date_and_binds_new_cases_only(engine):
    old = a_case(engine)
    before = promises(engine, old)["triaged"]
    stricter = shipped("default").replace('triaged = "5 working days"', 'triaged = "1 working day"')
    a_policy(engine, stricter.replace('name = "default"', 'name = "streng"'), TOWN)
    assert promises(engine, old)["triaged"] == before
    new = a_case(engine, address="Nieuw 1")
    assert str(promises(engine, new)["triaged"].due_on) == "2026-03-03"
    assert [case_view(engine, k, NOW).policy for k in (old, new)] == ["default", "streng"]


def test_a_running_case_keeps_its_policy_in_stages_it_enters_later(engine, in_signal):
    stricter = shipped("default").replace('"10 working days"', '"1 working day"')
    a_policy(engine, stricter.replace('name = "default"', 'name = "streng"'), TOWN)
    go(engine, in_signal, "take_up")
    assert str(promises(engine, in_signal)["analysed"].due_on) == "2026-03-16"


def test_the_same_policy_loaded_twice_is_one_version(engine):
    for _ in range(2):
        a_policy(engine, shipped("aalten-2025"), TOWN)
    assert len(rows(engine, "policy_versions")) == 2  # with the default


def test_a_policy_that_is_activated_again_serves_new_cases_again(engine):
    stricter = shipped("default").replace('"5 working days"', '"1 working day"')
    stricter = stricter.replace('name = "default"', 'name = "streng"')
    ours = shipped("default").replace('name = "default"', 'name = "eigen"')
    for hours, text in enumerate((ours, stricter, ours)):
        a_policy(engine, text, TOWN, NOW + timedelta(hours=hours))
    assert case_view(engine, a_case(engine), NOW).policy == "eigen"


def test_decreed_days_loaded_later_move_no_date(engine, in_behavioural_order):
    done = announce_order(engine, in_behavioural_order)
    dated = dict(done.started)["objection"]
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO decrees (day, first_year, last_year, source, loaded_at) SELECT "
            f"'{dated}', 2026, 2028, 'KB', loaded_at FROM decrees LIMIT 1"
        )
    assert str(promises(engine, in_behavioural_order)["objection"].due_on) == dated


# --- an open case always has a next date ---------------------------------------------------------


def test_answering_everything_leaves_the_next_step_to_be_asked(engine, in_signal):
    for key in ("acknowledged", "triaged"):
        answered(engine, in_signal, key)
    assert promises(engine, in_signal).keys() == {"next_step"}
    for number in range(3):
        answered(engine, in_signal, "next_step", now=NOW + number * DAY)
        assert promises(engine, in_signal).keys() == {"next_step"}
    assert len(case_view(engine, in_signal, NOW).promises) == 6


def test_a_term_that_outlives_the_stage_is_not_a_next_step_of_the_stage(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    announce_order(engine, key)
    for promise in promises(engine, key):
        if promise not in {"objection", "warning_lapses"}:
            answered(engine, key, promise)
    assert "next_step" in promises(engine, key)


def test_no_next_step_is_asked_of_a_closed_case(engine, in_behavioural_order):
    key = in_behavioural_order
    act(engine, key, "objection_received")
    answered(engine, key, "objection_decided")
    with engine.connect() as looking:
        version = looking.exec_driver_sql("SELECT version FROM cases").scalar_one()
    decide(engine, key, by="director", seen_version=version, now=NOW, to="closed",
           reason="verhuisd", result="moved")  # fmt: skip
    assert promises(engine, key) == {}


# --- answering -----------------------------------------------------------------------------------


def test_done_needs_no_reason_and_is_on_record(engine, in_signal):
    version = answered(engine, in_signal, "triaged", by="deputy", now=LATER)
    row = rows(engine, "checkpoints", "key = 'triaged'")[0]
    assert (row["state"], row["answer"], row["answered_by"], row["closed_at"], row["next_at"]) == (
        "answered", "done", "deputy", LATER, None,
    )  # fmt: skip
    view = case_view(engine, in_signal, LATER)
    assert view.version == version
    assert (view.journal[-1].what, view.journal[-1].data["answer"]) == ("answered", "done")


@pytest.mark.parametrize("given", [NOT_DONE, CANNOT_SHARE])
def test_not_done_and_cannot_share_need_a_reason_which_the_journal_does_not_repeat(
    engine, in_signal, given
):
    for reason in (None, "", "   "):
        refuses(engine, NotAllowed, in_signal, "triaged", given, reason=reason, match="a reason")
    answered(engine, in_signal, "triaged", given, reason="wachten op politie")
    row = rows(engine, "checkpoints", "key = 'triaged'")[0]
    assert (row["answer"], row["reason"]) == (given.value, "wachten op politie")
    assert "politie" not in str(rows(engine, "journal"))


def test_the_same_answer_twice_is_given_once(engine, in_signal):
    version = answered(engine, in_signal, "triaged")
    before = everything(engine)
    assert answered(engine, in_signal, "triaged", now=LATER) == version
    assert everything(engine) == before


def test_the_same_answer_to_a_numbered_promise_twice_is_given_once_even_when_it_asks_again(
    engine, in_signal
):
    for key in ("acknowledged", "triaged"):
        answered(engine, in_signal, key)
    number = str(promises(engine, in_signal)["next_step"].id)
    answered(engine, in_signal, number)
    before = everything(engine)
    answered(engine, in_signal, number, now=LATER)
    assert everything(engine) == before


def test_the_same_answer_sent_twice_at_once_is_given_once(engine, in_signal):
    got = at_once(*[lambda: answered(engine, in_signal, "triaged")] * 2)
    assert got[0] == got[1]
    assert kinds(engine, in_signal).count("answered") == 1


def test_another_answer_to_what_was_answered_is_refused(engine, in_signal):
    answered(engine, in_signal, "triaged")
    refuses(
        engine, NotAllowed, in_signal, "triaged", NOT_DONE, reason="toch niet",
        match="over already: done",
    )  # fmt: skip


@pytest.mark.parametrize(
    "other", [{"by": "deputy"}, {"reason": "gebeld"}, {"by": "deputy", "reason": "gebeld"}]
)
def test_the_same_answer_by_another_or_for_another_reason_is_refused_and_says_who_gave_it(
    engine, in_signal, other
):
    answered(engine, in_signal, "triaged", reason=" aan de deur ")
    said = r"over already: done, by director on 02-03-2026 10:00\. .*note_added"
    refuses(
        engine, NotAllowed, in_signal, "triaged", match=said, **{"reason": "aan de deur"} | other
    )


def test_a_promise_that_lapsed_is_not_answered(engine, in_signal):
    go(engine, in_signal, "take_up")
    refuses(engine, NotAllowed, in_signal, "triaged", match="over already: lapsed")


@pytest.mark.parametrize("wrong", ["moon_phase", "999999", "analysed"])
def test_a_promise_the_case_never_had_is_not_answered(engine, in_signal, wrong):
    refuses(engine, NotFound, in_signal, wrong, match="estafette case show")


def test_a_promise_of_another_case_is_not_answered_by_its_number(engine, in_signal):
    other = a_case(engine, address="Elders 2")
    number = str(promises(engine, other)["triaged"].id)
    refuses(engine, NotFound, in_signal, number)


def test_an_unknown_person_answers_nothing(engine, in_signal):
    refuses(engine, NotFound, in_signal, "triaged", by="nobody")


def two_objections(engine, key) -> list[int]:
    announce_order(engine, key)
    impose_ban(engine, key, NOW + DAY)
    found = case_view(engine, key, NOW).promises
    return [p.id for p in found if p.key == "objection" and p.state == "open"]


def test_of_two_promises_with_one_key_the_number_says_which(engine, in_behavioural_order):
    key = in_behavioural_order
    first, second = two_objections(engine, key)
    refuses(engine, NotAllowed, key, "objection", match=f"by its number: {first}, {second}")
    answered(engine, key, str(first))
    assert promises(engine, key)["objection"].id == second
    answered(engine, key, "objection")
    assert "objection" not in promises(engine, key)


def test_the_answer_that_was_given_last_is_the_one_that_may_be_repeated(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    first, second = two_objections(engine, key)
    answered(engine, key, str(second), NOT_DONE, reason="geen bezwaar")
    answered(engine, key, "objection", now=NOW + DAY)
    before = everything(engine)
    answered(engine, key, "objection", now=LATER)
    assert everything(engine) == before
    states = {p.id: p.answer for p in case_view(engine, key, NOW).promises if p.key == "objection"}
    assert states == {first: "done", second: "not_done"}


def test_answering_does_not_stop_what_others_still_owe(engine, in_voluntary_care):
    answered(engine, in_voluntary_care, "offered")
    left = promises(engine, in_voluntary_care)
    assert {"review", "solved", "lead_taken"} == left.keys()


def test_an_answered_promise_never_rings_again(engine, in_signal):
    raise_all(engine, LATER)
    answered(engine, in_signal, "triaged", now=LATER)
    before = rows(engine, "alerts")
    raise_all(engine, LATER + 300 * DAY)
    ids = {r["id"] for r in rows(engine, "checkpoints", "key = 'triaged'")}
    late = [a for a in rows(engine, "alerts")[len(before) :] if a["checkpoint_id"] in ids]
    assert late == []


# --- waiting for each other ----------------------------------------------------------------------


@pytest.mark.parametrize("verb", ["answer", "act", "signal", "decide"])
def test_a_verb_that_had_to_wait_builds_on_what_the_other_left(engine, in_signal, verb):
    from tests.builders import a_signal, receive_signal

    seen = case_view(engine, in_signal, NOW).version
    calls = {
        "answer": lambda: answered(engine, in_signal, "triaged"),
        "act": lambda: act(engine, in_signal, "reporter_informed"),
        "signal": lambda: receive_signal(engine, a_signal(text="weer"), NOW),
        "decide": lambda: decide(
            engine, in_signal, by="director", seen_version=seen, now=NOW, exit_key="take_up"),
    }  # fmt: skip
    with held(engine, "UPDATE cases SET version = version + 10") as start:
        waiting = start(calls[verb])
    error = waiting.exception(20)
    assert (type(error).__name__ == "CaseMoved") == (verb == "decide")
    expected = seen + 10 + (verb != "decide")
    assert case_view(engine, in_signal, NOW).version == expected


# --- the next moment -----------------------------------------------------------------------------


def test_the_next_moment_is_that_of_the_promise_that_rings_first(engine):
    assert next_due(engine) is None
    key = a_case(engine)
    wednesday_at_nine = datetime(2026, 3, 4, 8, tzinfo=UTC)
    assert next_due(engine) == wednesday_at_nine
    answered(engine, key, "acknowledged")
    assert next_due(engine) == datetime(2026, 3, 5, 8, tzinfo=UTC)  # two days before the 9th
    a_case(engine, acute=True, address="Spoed 1")
    assert next_due(engine) == NOW + timedelta(hours=4)
