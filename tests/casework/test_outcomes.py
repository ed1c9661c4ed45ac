"""Outcomes: what a court or a decision on objection does to a measure and what hangs on it."""

from datetime import UTC, datetime

import pytest

from casework.audit import audit
from casework.ledger import ledger_of
from casework.refusals import NotAllowed, Unmet
from casework.views import case_view
from escalation.facts import BadFacts
from tests.builders import (
    NOW,
    act,
    announce_closure,
    announce_order,
    impose_ban,
)
from tests.casework.looking import DAY, everything, promises, raise_all

BREACH, RULED = NOW + 20 * DAY, NOW + 30 * DAY
TILL_DECIDED = "6 weeks after objection_decided"
EXTENSION = {
    "serious_fear": "dreigt terug te keren", "duration_motivated": True, "objection_clause": True,
    "decided_by": "burgemeester",
}  # fmt: skip


def ruled(engine, key, when=RULED, **facts):
    return act(engine, key, "ruling_received", when, result="gegrond", **facts)


def decided(engine, key, when=RULED, **facts):
    """A decision on an objection that was received the day before."""
    act(engine, key, "objection_received", when - DAY, against=facts["against"])
    return act(engine, key, "objection_decided", when, result="gegrond",
               decided_by="algemeen directeur", **facts)  # fmt: skip


def refuses(engine, error, key, kind, when, match="", **facts):
    before = everything(engine)
    with pytest.raises(error, match=match or None) as refusal:
        act(engine, key, kind, when, **facts)
    assert everything(engine) == before
    return refusal.value


def open_of(engine, key, section="behavioural_order") -> dict[str, str]:
    """The open promises of one section, each with its last day."""
    found = [p for p in promises(engine, key).values() if p.section == section]
    return {p.key: p.due_on.isoformat() for p in found}


def clean(engine, when) -> bool:
    """Whether the auditor finds nothing, once what was due is raised."""
    raise_all(engine, when)
    return audit(engine, when).findings == ()


@pytest.fixture
def ordered(engine, in_behavioural_order) -> str:
    """An order with a penalty, to be obeyed by the end of April."""
    announce_order(
        engine, in_behavioural_order, form="penalty", amount=500, maximum=5000,
        compliance_until="2026-04-30",
    )  # fmt: skip
    return in_behavioural_order


@pytest.fixture
def breached(engine, in_behavioural_order) -> str:
    """Such an order, to be obeyed by the middle of March, and a breach of it after that."""
    key = in_behavioural_order
    announce_order(
        engine, key, form="penalty", amount=500, maximum=5000, compliance_until="2026-03-16"
    )
    act(engine, key, "breach_recorded", BREACH, observer="toezichthouder", at_place="portiek")
    return key


@pytest.fixture
def forfeited(engine, breached) -> str:
    act(engine, breached, "penalty_forfeited", BREACH, amount=500)
    return breached


# --- ended ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [ruled, decided])
def test_what_is_ended_asks_nothing_any_more_penalties_and_objection_term_included(
    engine, forfeited, outcome
):
    asked = {"objection", "complied", "evaluated", "evaluated_again", "order_ends", "paid",
             "collection_lapses"}  # fmt: skip
    assert asked <= promises(engine, forfeited).keys()
    done = outcome(engine, forfeited, against="order", effect="ended")
    assert not asked & promises(engine, forfeited).keys()
    assert dict(done.started) == {"undone": "2026-04-10"}  # five working days, over Easter
    over = [p for p in case_view(engine, forfeited, NOW).promises if p.key in asked]
    assert all(p.next_at is None for p in over)
    assert clean(engine, RULED)


def test_what_is_ended_makes_room_for_a_new_order_and_forfeits_nothing(engine, breached):
    ruled(engine, breached, against="order", effect="ended")
    refusal = refuses(engine, Unmet, breached, "penalty_forfeited", RULED + DAY, amount=500)
    assert [guard.key for guard in refusal.guards] == ["penalty_order_in_force"]
    announce_order(engine, breached, RULED + DAY)


def test_of_an_order_that_was_undone_nothing_is_collected(engine, forfeited):
    collecting = {"amount": 500, "objection_clause": True, "decided_by": "burgemeester"}
    ruled(engine, forfeited, against="order", effect="ended")
    refusal = refuses(engine, Unmet, forfeited, "collection_decided", RULED + DAY, **collecting)
    assert [guard.key for guard in refusal.guards] == ["power_not_lapsed"]


def test_ending_one_measure_leaves_another_as_it_was(engine, ordered):
    impose_ban(engine, ordered, NOW + 25 * DAY)
    before = open_of(engine, ordered)
    ruled(engine, ordered, against="house_ban", effect="ended")
    gone = before.keys() - open_of(engine, ordered).keys()
    assert gone == {"ban_ends", "ban_heard", "ban_extension"}
    still = [p for p in case_view(engine, ordered, NOW).promises if p.key == "objection"]
    assert [p.state for p in still] == ["open", "lapsed"]


def test_an_extension_that_is_ended_ends_with_the_ban(engine, in_behavioural_order):
    key = in_behavioural_order
    impose_ban(engine, key)
    act(engine, key, "views_heard", NOW + 7 * DAY)
    act(engine, key, "house_ban_extended", NOW + 8 * DAY, until="2026-03-28", **EXTENSION)
    ruled(engine, key, NOW + 9 * DAY, against="house_ban", effect="ended")
    assert "ban_ends" not in promises(engine, key)
    again = {"until": "2026-03-29"} | EXTENSION
    refusal = refuses(engine, Unmet, key, "house_ban_extended", NOW + 10 * DAY, **again)
    assert "house_ban_in_force" in [guard.key for guard in refusal.guards]


def test_urgent_coercion_that_is_ended_need_not_be_objected_to(engine, in_behavioural_order):
    key, by = in_behavioural_order, {"decided_by": "burgemeester"}
    act(engine, key, "policy_checked", followed=True)
    act(engine, key, "urgent_coercion", urgent_because="brandgevaar", measures="afvoeren",
        measures_concrete=True, hearing_skipped="urgency", duration_motivated=True,
        **by)  # fmt: skip
    act(engine, key, "urgent_decision_announced", NOW + DAY, objection_clause=True, **by)
    ruled(engine, key, against="urgent_coercion", effect="ended")
    assert "objection" not in promises(engine, key)


# --- nothing changed -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts",
    [{}, {"against": "order"}, {"against": "order", "effect": "stands"},
     {"against": "order", "effect": "effects_kept"}],
    ids=["about nothing", "no effect", "stands", "effects kept"],
)  # fmt: skip
def test_an_outcome_that_changes_nothing_leaves_every_promise_as_it_was(engine, forfeited, facts):
    before = promises(engine, forfeited)
    ruled(engine, forfeited, **facts)
    assert promises(engine, forfeited) == before
    assert ledger_of(engine, forfeited) == []


def test_a_ruling_recorded_twice_is_carried_through_once(engine, forfeited):
    facts = {"against": "order", "effect": "suspended", "until": "2026-05-01"}
    ruled(engine, forfeited, **facts)
    before = everything(engine)
    assert ruled(engine, forfeited, **facts).known_already
    assert everything(engine) == before


# --- re-dated ------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [ruled, decided])
def test_a_measure_ends_where_the_outcome_puts_its_end(engine, in_house_closure, outcome):
    key = in_house_closure
    announce_closure(engine, key)
    outcome(engine, key, against="closure", effect="redated", until="2026-04-20T12:00+02:00")
    end = promises(engine, key)["closure_ends"]
    assert (end.exact, end.due_at) == (True, datetime(2026, 4, 20, 10, tzinfo=UTC))
    (line,) = [line for line in ledger_of(engine, key) if line.key == "closure_ends"]
    assert (line.what, line.by) == ("redated", "director")
    assert clean(engine, RULED)


def test_what_a_court_cut_short_can_not_be_extended_after_its_end(engine, in_house_closure):
    key = in_house_closure
    announce_closure(engine, key)
    ruled(engine, key, against="closure", effect="redated", until="2026-04-20")
    act(engine, key, "views_heard", NOW + 60 * DAY)
    act(engine, key, "housing_inquiry_recorded", NOW + 60 * DAY)
    facts = EXTENSION | {"until": "2026-06-20"}
    refusal = refuses(engine, Unmet, key, "closure_extended", NOW + 61 * DAY, **facts)
    assert [guard.key for guard in refusal.guards] == ["closure_in_force"]


def test_an_end_that_waits_for_an_event_has_a_date_meanwhile_and_its_own_when_it_came(
    engine, in_house_closure
):
    key = in_house_closure
    announce_closure(engine, key)
    act(engine, key, "objection_received", RULED - DAY, against="closure")
    ruled(engine, key, against="closure", effect="redated", until="3 days after objection_decided")
    assert promises(engine, key)["closure_ends"].due_at > RULED
    act(engine, key, "objection_decided", RULED + 20 * DAY, result="ongegrond",
        decided_by="algemeen directeur")  # fmt: skip
    assert str(promises(engine, key)["closure_ends"].due_on) == "2026-04-24"


# --- suspended -----------------------------------------------------------------------------------


def test_what_a_suspended_order_demands_stands_still_and_its_suspension_ends_on_a_day(
    engine, ordered
):
    before = open_of(engine, ordered)
    done = ruled(engine, ordered, against="order", effect="suspended", until="2026-04-11")
    assert dict(done.started) == {"suspension_ends": "2026-04-11"}
    after = open_of(engine, ordered)
    assert {key for key in after if after[key] != before.get(key)} >= {"complied"}
    assert after["complied"] == "2026-05-10"  # ten days on: 2 to 11 April do not count
    assert after["objection"] == before["objection"]  # objecting goes on meanwhile
    assert clean(engine, RULED)


def test_no_penalty_is_forfeited_nor_collected_while_its_order_is_suspended(engine, forfeited):
    ruled(engine, forfeited, against="order", effect="suspended", until=TILL_DECIDED)
    again = RULED + DAY
    act(engine, forfeited, "breach_recorded", again, observer="toezichthouder", at_place="hal")
    refusal = refuses(engine, Unmet, forfeited, "penalty_forfeited", again, amount=500)
    assert [guard.key for guard in refusal.guards] == ["order_not_suspended"]
    collecting = {"amount": 500, "objection_clause": True, "decided_by": "burgemeester"}
    refusal = refuses(engine, Unmet, forfeited, "collection_decided", again, **collecting)
    assert [guard.key for guard in refusal.guards] == ["order_not_suspended"]


def test_a_suspension_until_an_event_ends_when_that_was_and_not_before(engine, ordered):
    act(engine, ordered, "objection_received", RULED - DAY, against="order")
    ruled(engine, ordered, against="order", effect="suspended", until=TILL_DECIDED)
    act(engine, ordered, "objection_decided", RULED + 5 * DAY, result="ongegrond",
        against="order", decided_by="algemeen directeur")  # fmt: skip
    ends = promises(engine, ordered)["suspension_ends"]
    assert str(ends.due_on) == "2026-05-18"
    assert clean(engine, RULED + 5 * DAY)


def test_a_decision_that_lets_an_order_stand_does_not_shorten_its_suspension(engine, breached):
    key = breached
    until = "2 weeks after objection_decided"
    ruled(engine, key, BREACH + DAY, against="order", effect="suspended", until=until)
    decided(engine, key, RULED, against="order", effect="stands")
    refusal = refuses(engine, Unmet, key, "penalty_forfeited", RULED + 14 * DAY, amount=500)
    assert [guard.key for guard in refusal.guards] == ["order_not_suspended"]
    act(engine, key, "penalty_forfeited", RULED + 15 * DAY, amount=500)


def test_what_a_higher_court_restores_stands_again(engine, breached):
    ruled(engine, breached, against="order", effect="ended")
    ruled(engine, breached, RULED + DAY, against="order", effect="stands")
    act(engine, breached, "penalty_forfeited", RULED + 2 * DAY, amount=500)


def test_a_suspended_ban_is_not_extended(engine, in_behavioural_order):
    key = in_behavioural_order
    impose_ban(engine, key)
    act(engine, key, "views_heard", NOW + 7 * DAY)
    ruled(engine, key, NOW + 6 * DAY, against="house_ban", effect="suspended", until="2026-03-20")
    facts = EXTENSION | {"until": "2026-03-28"}
    refusal = refuses(engine, Unmet, key, "house_ban_extended", NOW + 8 * DAY, **facts)
    assert [guard.key for guard in refusal.guards] == ["house_ban_in_force"]


def test_what_is_suspended_and_then_ended_is_over_with_its_suspension(engine, ordered):
    ruled(engine, ordered, against="order", effect="suspended", until=TILL_DECIDED)
    ruled(engine, ordered, RULED + DAY, against="order", effect="ended")
    assert {"complied", "order_ends", "suspension_ends"}.isdisjoint(promises(engine, ordered))
    assert clean(engine, RULED + DAY)


# --- postponed -----------------------------------------------------------------------------------


def test_a_term_to_comply_that_still_runs_is_postponed_with_a_reason(engine, ordered):
    act(engine, ordered, "effect_postponed", RULED, against="order", until="2026-06-01",
        reason="in afwachting van de zitting")  # fmt: skip
    assert open_of(engine, ordered)["complied"] == "2026-06-01"
    assert [line.key for line in ledger_of(engine, ordered)] == ["complied"]
    assert "zitting" not in str(case_view(engine, ordered, NOW).journal)


@pytest.mark.parametrize("left_out", ["against", "until", "reason"])
def test_a_postponement_says_of_what_until_when_and_why(engine, ordered, left_out):
    facts = {"against": "order", "until": "2026-06-01", "reason": "zitting"}
    del facts[left_out]
    refuses(engine, BadFacts, ordered, "effect_postponed", RULED, left_out, **facts)


def test_what_took_effect_already_can_not_be_postponed(engine, in_house_closure):
    key = in_house_closure
    announce_closure(engine, key)
    refuses(engine, NotAllowed, key, "effect_postponed", NOW + 5 * DAY, "can not be postponed",
            against="closure", until="2026-04-01", reason="zitting")  # fmt: skip
    refuses(engine, NotAllowed, key, "effect_postponed", NOW + 5 * DAY, "",
            against="order", until="2026-04-01", reason="zitting")  # fmt: skip
