"""Decisions: judged by the guards, taken once, dated on entry; closing and reopening."""

from datetime import timedelta

import pytest

from casework.acts import NewAct, record_act
from casework.closing import RESULTS
from casework.holding import held_at
from casework.offering import offer
from casework.packets import Packet
from casework.promises import answer
from casework.receiving import accept
from casework.refusals import CaseMoved, Incomplete, NotAllowed, NotFound, Unmet
from casework.stages import decide, reopen
from casework.views import case_list, case_view
from casework.words import Answer, Role
from escalation.moves import Unknown
from escalation.path import OPEN_STAGES, STAGES
from escalation.policy import shipped
from tests.builders import (
    NOW,
    PACKET,
    ROADS,
    TOWN,
    a_case,
    a_signal,
    act,
    announce_order,
    evidence,
    go,
    receive_signal,
    threat,
)
from tests.casework.looking import (
    DAY,
    a_policy,
    at_once,
    everything,
    kinds,
    promises,
    rows,
    told,
)

LATER = NOW + 30 * DAY


def moved(engine, key, **more) -> int:
    view = case_view(engine, key, NOW)
    options = {"by": "director", "seen_version": view.version, "now": NOW, **more}
    return decide(engine, key, **options)


def refuses(engine, error, key, match="", **more):
    """The decision is refused and nothing at all has changed."""
    before = everything(engine)
    with pytest.raises(error, match=match or None) as refused:
        moved(engine, key, **more)
    assert everything(engine) == before
    return refused.value


# --- entering ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stage", ROADS)
def test_every_stage_can_be_reached_by_its_ordinary_exits_and_dates_its_promises(engine, stage):
    key = a_case(engine, stage)
    view, row = case_view(engine, key, NOW), STAGES[stage]
    assert view.stage == stage
    dated = {p.key for p in view.promises if p.section == stage and p.state == "open"}
    assert dated == {c.key for c in row.checkpoints if c.only_if is None}
    here = [v for v in view.visits if v[3] is None]
    assert [(v[0], v[1]) for v in here] == [(stage, 1)]


def test_every_open_stage_has_a_road_in_these_tests():
    assert set(ROADS) == {stage.key for stage in OPEN_STAGES}


def test_a_decision_leaves_one_stage_and_enters_the_next_at_the_same_moment(engine, in_signal):
    key = in_signal
    version = go(engine, key, "take_up", LATER)
    view = case_view(engine, key, LATER)
    assert (view.stage, view.version) == ("assessment", version)
    assert view.visits == [
        ("signal", 1, NOW, LATER, "take_up"), ("assessment", 1, LATER, None, None),
    ]  # fmt: skip
    assert kinds(engine, key)[-2:] == ["decided", "entered"]
    assert promises(engine, key, "lapsed").keys() == {"triaged"}
    assert "acknowledged" in promises(engine, key)  # the reporter is owed word all the same


def test_a_stage_entered_again_is_a_second_visit_with_fresh_promises(engine, in_outreach_care):
    key = in_outreach_care
    first = promises(engine, key)["review"].due_on
    go(engine, key, "accepted", LATER)
    go(engine, key, "refused", LATER)
    view = case_view(engine, key, LATER)
    assert [v[1] for v in view.visits if v[0] == "outreach_care"] == [1, 2]
    assert promises(engine, key)["review"].due_on == first + (LATER - NOW)


def test_a_stage_whose_lead_nobody_holds_asks_who_takes_it(engine, in_voluntary_care):
    key = in_voluntary_care
    assert "lead_taken" in promises(engine, key)
    made = offer(
        engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    accept(engine, made.id, by="care", read_back="Ik bezoek hen deze week.", now=NOW)
    assert "lead_taken" in promises(engine, key, "lapsed")
    go(engine, key, "refused")
    assert "lead_taken" not in promises(engine, key)


# --- other moves ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "to"), [
    ("signal", "outreach_care"), ("outreach_care", "assessment"), ("aftercare", "voluntary_care"),
    ("signal", "closed"),
])  # fmt: skip
def test_any_other_move_up_or_down_needs_a_reason_and_keeps_it(engine, start, to):
    key = a_case(engine, start)
    for reason in (None, "", "  "):
        refuses(engine, NotAllowed, key, "the reason why", to=to, reason=reason)
    moved(engine, key, to=to, reason="afgeschaald na overleg", result="unfounded")
    view = case_view(engine, key, NOW)
    assert view.stage == to
    assert ("reason_recorded", {"of": "decision", "text": "afgeschaald na overleg"}) in [
        (kind, facts) for _, kind, _, facts in view.acts
    ]
    assert "afgeschaald" not in str(view.journal)


def test_another_move_is_judged_by_the_same_guards(engine, in_signal):
    key = in_signal
    refusal = refuses(engine, Unmet, key, to="behavioural_order", reason="haast")
    assert [g.key for g in refusal.guards] == [
        "serious_and_repeated", "facts_verified", "lighter_means", "warning_in_force",
    ]  # fmt: skip


def test_a_case_can_not_move_to_where_it_is(engine):
    refuses(engine, NotAllowed, a_case(engine), "already", to="signal", reason="nogmaals")


@pytest.mark.parametrize("nothing", [{}, {"reason": "zomaar"}])
def test_a_decision_names_where_it_leads(engine, nothing):
    refuses(engine, NotAllowed, a_case(engine), "an exit, or a stage", **nothing)


def test_an_exit_or_stage_the_path_does_not_have_is_refused_with_those_it_has(engine, in_signal):
    key = in_signal
    refuses(engine, Unknown, key, "take_up, not_ours, unfounded", exit_key="persists")
    refuses(engine, Unknown, key, "house_closure", to="prison", reason="boos")


def test_an_unknown_case_or_person_decides_nothing(engine, in_signal):
    key = in_signal
    refuses(engine, NotFound, key, "contact nobody", by="nobody", exit_key="take_up")
    with pytest.raises(NotFound, match="2026-99999"):
        decide(engine, "2026-99999", by="director", seen_version=1, now=NOW, exit_key="take_up")


# --- guards --------------------------------------------------------------------------------------


def test_every_unmet_guard_is_listed_with_its_question_and_source(engine, in_outreach_care):
    key = in_outreach_care
    refusal = refuses(engine, Unmet, key, exit_key="exhausted")
    assert [g.key for g in refusal.guards] == [
        "serious_and_repeated", "lighter_means", "care_consulted",
    ]  # fmt: skip
    for guard in refusal.guards:
        assert guard.asks.nl in str(refusal)
        assert guard.source.cite in str(refusal)
    view = case_view(engine, key, NOW)
    exhausted = next(e for e in view.exits if e.key == "exhausted")
    assert exhausted.unmet == refusal.guards


def test_a_coercive_stage_is_entered_only_with_its_guards_met(engine, in_outreach_care):
    key = in_outreach_care
    evidence(engine, key)
    go(engine, key, "exhausted")
    assert case_view(engine, key, NOW).stage == "warning"


def test_a_lapsed_warning_leads_to_no_order(engine, in_warning):
    key = in_warning
    evidence(engine, key)  # a warning for 270 days
    after = NOW + 271 * DAY
    with pytest.raises(Unmet) as refused:
        go(engine, key, "persists", after)
    assert [g.key for g in refused.value.guards] == ["warning_in_force"]
    go(engine, key, "persists", NOW + 269 * DAY)


def test_noise_alone_never_reaches_a_closure_whoever_decides_and_whatever_is_waived(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    refusal = refuses(engine, Unmet, key, exit_key="danger")
    assert [g.key for g in refusal.guards] == [
        "closure_ground", "threat_comes_from_dwelling", "more_than_noise", "ground_evidence",
    ]  # fmt: skip
    for guard in refusal.guards:
        waive = {guard.key: "wij willen het"}
        refuses(engine, NotAllowed, key, guard.key, exit_key="danger", waive=waive,
                waived_by="head")  # fmt: skip
    threat(engine, key)
    go(engine, key, "danger")


def test_a_policy_guard_is_waived_by_a_named_person_with_a_reason_that_is_kept(
    engine, in_outreach_care
):
    key = in_outreach_care
    act(engine, key, "pattern_established", serious=True, repeated=True)
    act(engine, key, "lighter_means_recorded", means="brief", result="geen effect")
    refuses(
        engine, NotAllowed, key, "needs a reason", exit_key="exhausted",
        waive={"care_consulted": " "}, waived_by="head",
    )  # fmt: skip
    moved(engine, key, exit_key="exhausted", waive={"care_consulted": "zorg antwoordt niet"},
          waived_by="head")  # fmt: skip
    view = case_view(engine, key, NOW)
    assert view.journal[-2].data["waived"] == ["care_consulted"]
    assert view.acts[-1][1:] == (
        "reason_recorded", "head",
        {"of": "waived: care_consulted", "text": "zorg antwoordt niet"},
    )  # fmt: skip


def test_a_law_guard_and_a_guard_of_another_stage_can_not_be_waived(engine, in_outreach_care):
    key = in_outreach_care
    for guard in ("lighter_means", "warning_in_force", "moon_phase"):
        refuses(
            engine, NotAllowed, key, guard, exit_key="exhausted", waive={guard: "het mag"}
        )  # fmt: skip


def test_no_coercive_stage_is_entered_while_care_is_on_offer(engine, in_outreach_care):
    key = in_outreach_care
    evidence(engine, key)
    offer(
        engine, key, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    refusal = refuses(engine, Unmet, key, exit_key="exhausted")
    assert [g.key for g in refusal.guards] == ["no_care_on_offer"]


def test_a_stage_whose_number_the_policy_lacks_can_not_be_entered(engine):
    a_policy(engine, shipped("aalten-2025"), TOWN)
    key = a_case(engine, "outreach_care")
    evidence(engine, key)
    refusal = refuses(engine, Incomplete, key, "aalten-2025", exit_key="exhausted")
    assert refusal.missing == ("warning.delivered", "warning.observed", "warning.validity")
    exhausted = next(e for e in case_view(engine, key, NOW).exits if e.key == "exhausted")
    assert exhausted.missing == refusal.missing


# --- once, and never on an old page --------------------------------------------------------------


def test_the_same_decision_twice_is_taken_once(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    first = decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="take_up")
    before = everything(engine)
    again = decide(engine, key, by="director", seen_version=seen, now=LATER, exit_key="take_up")
    assert (again, everything(engine)) == (first, before)


def test_a_move_with_a_reason_twice_is_taken_once(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    for _ in range(2):
        decide(engine, key, by="director", seen_version=seen, now=NOW, to="outreach_care",
               reason="bekend gezin")  # fmt: skip
    assert kinds(engine, key).count("decided") == 1


def test_closing_twice_is_closing_once(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    for _ in range(2):
        decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="unfounded")
    assert kinds(engine, key).count("decided") == 1


@pytest.mark.parametrize(
    "other",
    [{"exit_key": "not_ours"}, {"by": "deputy"}, {"exit_key": None, "to": "outreach_care"}],
    ids=["exit", "person", "move"],
)
def test_another_decision_on_the_same_page_is_refused(engine, other, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    go(engine, key, "take_up")
    asked = {"exit_key": "take_up", "seen_version": seen, "reason": "anders"} | other
    refuses(engine, CaseMoved, key, "look again", **asked)


@pytest.mark.parametrize("step", ["signal", "act", "answer"])
def test_a_decision_on_a_page_older_than_what_happened_since_is_refused(engine, step, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    if step == "signal":
        receive_signal(engine, a_signal(text="weer"), NOW)
    if step == "act":
        act(engine, key, "reporter_informed")
    if step == "answer":
        answer(engine, key, "triaged", given=Answer.DONE, by="director", now=NOW)
    refusal = refuses(engine, CaseMoved, key, exit_key="take_up", seen_version=seen)
    assert f"you saw version {seen}, it is at {seen + 1}" in str(refusal)


def test_of_two_different_decisions_at_once_one_is_taken_and_one_refused(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    got = at_once(*[
        lambda way=way: decide(
            engine, key, by="director", seen_version=seen, now=NOW, exit_key=way)
        for way in ("take_up", "not_ours")
    ])  # fmt: skip
    assert sorted(type(g).__name__ for g in got) == ["CaseMoved", "int"]
    assert kinds(engine, key).count("decided") == 1


def test_one_decision_pressed_twice_at_once_is_taken_once(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    got = at_once(*[
        lambda: decide(engine, key, by="director", seen_version=seen, now=NOW, exit_key="take_up")
    ] * 2)  # fmt: skip
    assert got[0] == got[1] == seen + 1


# --- closing -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("way", "result"), [("unfounded", "unfounded"), ("not_ours", "referred")])
def test_before_anything_was_done_the_exit_says_the_result(engine, way, result, in_signal):
    key = in_signal
    go(engine, key, way)
    assert case_view(engine, key, NOW).result == result


def test_after_that_a_result_must_be_named_and_known(engine, in_aftercare):
    key = in_aftercare
    for wrong in (None, "", "solved"):
        refuses(engine, NotAllowed, key, "one of: resolved", exit_key="calm", result=wrong)
    for result in RESULTS[:1]:
        go(engine, key, "calm", result=result)
    assert case_view(engine, key, NOW).result == "resolved"


def test_a_closed_case_has_no_holder_no_visit_and_no_open_promise_and_is_out_of_the_list(
    engine, in_aftercare
):
    key = in_aftercare
    go(engine, key, "calm", LATER, result="resolved")
    view = case_view(engine, key, LATER)
    assert (view.stage, view.closed_at, view.holders) == ("closed", LATER, {})
    assert all(p.state != "open" and p.next_at is None for p in view.promises)
    assert all(v[3] is not None for v in view.visits)
    assert view.exits == []
    assert case_list(engine) == []
    assert [(c.key, c.closed, c.holder) for c in case_list(engine, include_closed=True)] == [
        (key, True, None)
    ]


def test_a_closed_case_takes_no_decision(engine, in_signal):
    key = in_signal
    go(engine, key, "unfounded")
    refuses(engine, NotAllowed, key, "reopen it first", exit_key="calm")
    refuses(engine, NotAllowed, key, "reopen it first", to="assessment", reason="toch")


def test_closing_is_refused_while_a_term_of_law_runs_and_names_it(engine, in_behavioural_order):
    key = in_behavioural_order
    announce_order(engine, key, compliance_until="2026-03-20")
    closing = {"to": "closed", "reason": "verhuisd", "result": "moved"}
    refuses(engine, NotAllowed, key, "terms of law still run: complied, objection", **closing)
    answer(engine, key, "objection", given=Answer.DONE, by="director", now=NOW)
    refuses(engine, NotAllowed, key, "terms of law still run: complied", **closing)
    answer(engine, key, "complied", given=Answer.DONE, by="director", now=NOW)
    moved(engine, key, **closing)
    assert case_view(engine, key, NOW).result == "moved"


def test_terms_outlive_the_stage_and_keep_the_case_from_closing_until_answered(
    engine, in_behavioural_order
):
    key = in_behavioural_order
    announce_order(engine, key, in_force_until="2026-09-01")
    dated = promises(engine, key)["objection"].due_on
    go(engine, key, "obeyed", LATER)
    open_now = promises(engine, key)
    assert open_now["objection"].due_on == dated
    assert {"objection", "order_ends", "warning_lapses"} <= open_now.keys()
    assert {"evaluated", "evaluated_again"} <= promises(engine, key, "lapsed").keys()
    refuses(engine, NotAllowed, key, "objection", exit_key="calm", result="resolved")
    answer(engine, key, "objection", given=Answer.DONE, by="director", now=LATER)
    go(engine, key, "calm", LATER, result="resolved")


def test_what_is_on_offer_is_taken_back_when_the_case_closes(engine, in_signal):
    key = in_signal
    made = offer(
        engine, key, role=Role.DIRECTOR, to="deputy", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    go(engine, key, "unfounded")
    assert [h.state for h in case_view(engine, key, NOW).handovers] == ["revoked"]
    before = everything(engine)
    with pytest.raises(NotAllowed, match="no longer on offer"):
        accept(engine, made.id, by="deputy", read_back="Ik neem de zaak over.", now=NOW)
    assert everything(engine) == before


# --- reopening -----------------------------------------------------------------------------------


def reopened(engine, key, **more) -> int:
    options = {"stage": "assessment", "by": "deputy", "reason": "weer klachten", "now": LATER}
    return reopen(engine, key, **(options | more))


def a_closed_case(engine) -> str:
    key = a_case(engine, "aftercare")
    go(engine, key, "calm", result="resolved")
    return key


def test_a_reopened_case_has_a_director_a_visit_and_promises_from_the_first_instant(engine):
    key = a_closed_case(engine)
    reopened(engine, key)
    view = case_view(engine, key, LATER)
    assert (view.stage, view.closed_at, view.result) == ("assessment", None, None)
    assert view.holders == {"case_director": "deputy"}
    assert promises(engine, key).keys() == {"analysed"}
    assert view.visits[-1][:3] == ("assessment", 2, LATER)
    assert held_at(engine, key, Role.DIRECTOR, NOW - timedelta(seconds=1)) is None
    assert "weer klachten" in str(view.acts)
    assert "weer klachten" not in str(view.journal)


def test_a_named_director_holds_the_reopened_case(engine):
    key = a_closed_case(engine)
    reopened(engine, key, director="director")
    assert case_view(engine, key, LATER).holders == {"case_director": "director"}


def test_reopening_twice_is_reopening_once(engine):
    key = a_closed_case(engine)
    first = reopened(engine, key)
    before = everything(engine)
    assert reopened(engine, key) == first
    assert everything(engine) == before


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"reason": "  "}, NotAllowed, "a reason"),
        ({"stage": "closed"}, NotAllowed, "an open stage"),
        ({"stage": "moon"}, Unknown, "unknown stage"),
        ({"by": "nobody"}, NotFound, "nobody"),
        ({"director": "nobody"}, NotFound, "nobody"),
        ({"stage": "warning"}, Unmet, "not yet met"),
    ],
    ids=lambda v: str(v) if isinstance(v, dict) else "",
)
def test_a_refused_reopening_changes_nothing(engine, wrong, error, match):
    key = a_closed_case(engine)
    before = everything(engine)
    with pytest.raises(error, match=match):
        reopened(engine, key, **wrong)
    assert everything(engine) == before


def test_an_open_case_is_not_reopened_elsewhere(engine):
    with pytest.raises(NotAllowed, match="nothing to reopen"):
        reopened(engine, a_case(engine))


def test_a_case_is_not_reopened_beside_another_at_its_address(engine):
    key = a_closed_case(engine)
    other = receive_signal(engine, a_signal(text="weer", received_at=LATER), LATER).case_key
    with pytest.raises(NotAllowed, match=f"case {other} is open at the same address"):
        reopened(engine, key)


def test_two_who_reopen_at_once_reopen_once(engine):
    key = a_closed_case(engine)
    got = at_once(*[lambda: reopened(engine, key)] * 2)
    assert got[0] == got[1]
    assert kinds(engine, key).count("reopened") == 1


# --- what a reader may rely on -------------------------------------------------------------------


def test_every_step_writes_the_journal_and_raises_the_version(engine, in_signal):
    key = in_signal
    seen = case_view(engine, key, NOW).version
    record_act(engine, key, NewAct(kind="reporter_informed", at=NOW, by="director"), NOW)
    answer(engine, key, "triaged", given=Answer.DONE, by="director", now=NOW)
    go(engine, key, "take_up")
    view = case_view(engine, key, NOW)
    assert view.version == seen + 3
    assert kinds(engine, key) == ["opened", "entered", "act", "answered", "decided", "entered"]
    assert [line.actor for line in view.journal] == [
        "estafette", "estafette", "director", "director", "director", "estafette",
    ]  # fmt: skip
    assert told(engine, key) == []
    assert len(rows(engine, "visits", "left_at IS NULL")) == 1
