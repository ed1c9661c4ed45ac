"""A handover that does not succeed goes back and is told of; the second time somebody decides."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from casework.checkups import leave
from casework.connect import transaction
from casework.holding import held_at
from casework.ledger import extend_term, redate_term
from casework.offering import draft, offer_draft, revoke
from casework.policies import _parsed
from casework.promises import answer, next_due, raise_due
from casework.receiving import acknowledge
from casework.refusals import NotAllowed, Unmet
from casework.returning import expire
from casework.stages import decide
from casework.words import Answer, Role
from escalation.policy import shipped
from escalation.terms import Length
from tests.builders import NOW, a_case, a_contact, evidence, go
from tests.casework.handing import (
    AN_HOUR,
    CARE,
    DIRECTOR,
    LATER,
    a_packet,
    accepted,
    assigned,
    clocks,
    gone,
    news,
    offered,
    refused,
    refused_twice,
    the_row,
    unchanged,
)
from tests.casework.looking import (
    DAY,
    a_policy,
    at_once,
    everything,
    kinds,
    promises,
    raise_all,
    rows,
    told,
)

OVER = datetime(2026, 3, 9, 23, tzinfo=UTC)  # 24:00 in Amsterdam, where the term of an offer ends


def follow_ups(engine):
    return [(r["key"], r["state"]) for r in rows(
        engine, "checkpoints", "key IN ('handover_returned', 'process_decides')")]  # fmt: skip


def asked(engine, key):
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    (row,) = rows(engine, "checkpoints", f"key = '{key}' AND state = 'open'")
    return names.get(row["asked_id"]), names.get(row["owed_id"]), str(row["due_on"])


# --- refused -------------------------------------------------------------------------------------


def test_refusing_leaves_the_role_and_tells_sender_and_process_director(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    done = refused(engine, made.id, by="deputy", reason="geen tijd", now=LATER)
    assert done.state == "refused"
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "director"
    assert the_row(engine, made.id)["reason"] == "geen tijd"
    clock = promises(engine, in_signal, "answered")["handover_answered"]
    assert clock.answer == "not_done"
    assert news(engine, made.id) == [
        ("deputy", "offered"), ("director", "refused"), ("process", "returned"),
    ]  # fmt: skip


def test_a_refusal_asks_the_sender_once_how_to_go_on(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    assert follow_ups(engine) == [("handover_returned", "open")]
    assert asked(engine, "handover_returned") == ("director", None, "2026-03-04")


@pytest.mark.parametrize("reason", ["", "  ", "x" * 1001], ids=["empty", "blank", "long"])
def test_refusing_needs_a_reason(engine, in_signal, reason):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "needs a reason",
              lambda: refused(engine, made.id, reason=reason))  # fmt: skip


def test_refused_twice_in_a_row_of_calls_is_refused_once(engine, in_signal):
    made = offered(engine, in_signal)
    done = refused(engine, made.id)
    before = everything(engine)
    assert refused(engine, made.id, now=LATER) == done
    assert everything(engine) == before
    unchanged(engine, NotAllowed, f"handover {made.id} was refused already, for another reason",
              lambda: refused(engine, made.id, reason="nog voller", now=LATER))  # fmt: skip


def test_refused_twice_at_once_is_refused_once(engine, in_signal):
    made = offered(engine, in_signal)
    got = at_once(*[lambda: refused(engine, made.id)] * 2)
    assert got[0] == got[1]
    assert follow_ups(engine) == [("handover_returned", "open")]
    assert kinds(engine, in_signal).count("handover_refused") == 1


def test_offering_it_anew_is_how_the_sender_goes_on(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    offered(engine, in_signal, to="jurist")
    assert follow_ups(engine) == [("handover_returned", "answered")]


def test_the_sender_may_also_say_how_to_go_on(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    say = lambda **more: answer(  # noqa: E731
        engine, in_signal, "handover_returned",
        **({"given": Answer.DONE, "by": "director", "reason": "ik houd het zelf", "now": LATER}
           | more))  # fmt: skip
    unchanged(engine, NotAllowed, "is for director to answer, who can also offer it again",
              lambda: say(by="care"))  # fmt: skip
    unchanged(engine, NotAllowed, "needs a reason that says how you go on",
              lambda: say(reason=" "))  # fmt: skip
    say()
    assert follow_ups(engine) == [("handover_returned", "answered")]
    offered(engine, in_signal)


def test_who_stands_in_for_the_sender_says_so_too(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    gone(engine, "director")
    answer(engine, in_signal, "handover_returned", given=Answer.NOT_DONE, by="deputy",
           reason="wacht op de regievoerder", now=NOW)  # fmt: skip
    assert follow_ups(engine) == [("handover_returned", "answered")]


def test_what_comes_back_comes_back_to_whoever_has_the_senders_place_now(engine, in_signal):
    made = offered(engine, in_signal)
    accepted(engine, offered(engine, in_signal, role=DIRECTOR, to="deputy").id, by="deputy")
    refused(engine, made.id, now=LATER)
    assert ("deputy", "refused") in news(engine, made.id)
    assert asked(engine, "handover_returned")[0] == "deputy"


# --- expired -------------------------------------------------------------------------------------


def test_an_offer_expires_at_the_end_of_its_term_and_not_a_moment_before(engine, in_signal):
    made = offered(engine, in_signal)
    acknowledge(engine, made.id, by="care", now=NOW)
    raise_all(engine, OVER - AN_HOUR)
    assert the_row(engine, made.id)["state"] == "offered"
    raise_all(engine, OVER)
    row = the_row(engine, made.id)
    assert (row["state"], row["answered_at"]) == ("expired", OVER)
    assert held_at(engine, in_signal, CARE, OVER) is None
    assert clocks(engine, made.id).keys() == {"handover_returned"}
    assert news(engine, made.id)[-3:] == [
        ("director", "expired"), ("process", "returned"), ("care", "lapsed"),
    ]  # fmt: skip
    assert "handover_expired" in kinds(engine, in_signal)


def test_an_offer_rings_for_both_sides_before_it_expires(engine, in_signal):
    offered(engine, in_signal)
    raise_all(engine, datetime(2026, 3, 9, 9, tzinfo=UTC))
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    clock = promises(engine, in_signal)["handover_answered"].id
    heard = {names[r["recipient_id"]] for r in rows(engine, "alerts", f"checkpoint_id = {clock}")}
    assert heard == {"director", "care"}


def test_an_urgent_offer_rings_before_it_expires_in_the_same_tick(engine, in_signal):
    made = offered(engine, in_signal, packet=a_packet(severity="urgent"))
    clock = promises(engine, in_signal)["handover_urgent"].id
    raise_all(engine, NOW + 4 * AN_HOUR)
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    rang = rows(engine, "alerts", f"checkpoint_id = {clock} AND rung = 0")
    assert {"care", "director"} <= {names[row["recipient_id"]] for row in rang}
    assert the_row(engine, made.id)["state"] == "expired"
    assert news(engine, made.id)[-3:] == [
        ("director", "expired"), ("process", "returned"), ("care", "lapsed"),
    ]  # fmt: skip


def test_an_urgent_offer_expires_after_its_hours(engine, in_signal):
    made = offered(engine, in_signal, packet=a_packet(severity="urgent"))
    raise_all(engine, NOW + 4 * AN_HOUR - AN_HOUR / 60)
    assert the_row(engine, made.id)["state"] == "offered"
    assert next_due(engine) <= NOW + 4 * AN_HOUR
    raise_all(engine, NOW + 4 * AN_HOUR)
    assert the_row(engine, made.id)["state"] == "expired"


def test_the_watch_wakes_at_the_end_of_the_term(engine, in_signal):
    for key in ("acknowledged", "triaged"):
        answer(engine, in_signal, key, given=Answer.DONE, by="director", now=NOW)
    made = offered(engine, in_signal)
    acknowledge(engine, made.id, by="care", now=NOW)
    raise_all(engine, OVER - AN_HOUR)
    assert next_due(engine) == OVER


def test_when_the_sender_is_away_whoever_stands_in_hears_that_it_expired(engine, in_signal):
    made = offered(engine, in_signal)
    gone(engine, "director", at=LATER)
    raise_all(engine, OVER)
    assert ("deputy", "expired") in news(engine, made.id)
    assert asked(engine, "handover_returned")[0] == "director"  # and it rings for the deputy
    raise_all(engine, OVER + 3 * DAY)
    question = promises(engine, in_signal)["handover_returned"].id
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    heard = {
        names[r["recipient_id"]] for r in rows(engine, "alerts", f"checkpoint_id = {question}")
    }
    assert "deputy" in heard
    assert "director" not in heard


def test_expired_twice_is_expired_once(engine, in_signal):
    offered(engine, in_signal)
    raise_all(engine, OVER)
    before = everything(engine)
    assert raise_due(engine, OVER) == 0
    assert everything(engine) == before
    assert follow_ups(engine) == [("handover_returned", "open")]


def test_two_watches_expire_an_offer_once(engine, in_signal):
    offered(engine, in_signal)
    raise_all(engine, OVER - AN_HOUR)
    at_once(*[lambda: raise_all(engine, OVER)] * 2)
    assert kinds(engine, in_signal).count("handover_expired") == 1
    assert follow_ups(engine) == [("handover_returned", "open")]


def test_accepting_at_the_moment_of_expiry_one_wins(engine, in_signal):
    made = offered(engine, in_signal)
    raise_all(engine, OVER - AN_HOUR)
    got = at_once(lambda: accepted(engine, made.id, now=OVER), lambda: raise_all(engine, OVER))
    state = the_row(engine, made.id)["state"]
    holder = held_at(engine, in_signal, CARE, OVER)
    if state == "expired":
        assert isinstance(got[0], NotAllowed)
        assert holder is None
    else:
        assert (state, holder, got[0].state) == ("accepted", "care", "accepted")
    assert bool(follow_ups(engine)) == (state == "expired")


def test_an_outage_of_weeks_expires_each_offer_once(engine, in_signal):
    other = a_case(engine, address="Voorbeeldplein 2")
    made = [offered(engine, key).id for key in (in_signal, other)]
    raise_all(engine, NOW + 40 * DAY)
    assert [the_row(engine, number)["state"] for number in made] == ["expired", "expired"]
    assert [key for key, _state in follow_ups(engine)] == ["handover_returned"] * 2


def test_taking_a_limited_number_each_time_expires_them_all(engine, in_signal):
    for number in range(3):
        offered(engine, a_case(engine, address=f"Voorbeeldlaan {number}"))
    while raise_due(engine, OVER, 1):
        pass
    assert {row["state"] for row in rows(engine, "handovers")} == {"expired"}


def test_a_visit_expires_what_is_due_in_its_own_case_alone(engine, in_signal):
    other = a_case(engine, address="Voorbeeldplein 2")
    here, there = offered(engine, in_signal).id, offered(engine, other).id
    while raise_due(engine, OVER, case_key=in_signal):
        pass
    assert the_row(engine, here)["state"] == "expired"
    assert the_row(engine, there)["state"] == "offered"


def test_an_expiry_follows_the_term_when_its_date_is_changed(engine, in_signal):
    made = offered(engine, in_signal)
    extend_term(engine, in_signal, "handover_answered", length=Length.parse("5 working days"),
                on=NOW.date(), ground="afspraak", reason="vakantie", by="director",
                now=NOW)  # fmt: skip
    raise_all(engine, OVER)
    assert the_row(engine, made.id)["state"] == "offered"
    redate_term(engine, in_signal, "handover_answered", to=(NOW + 9 * DAY).date(), on=OVER.date(),
                ground="afspraak", reason="toch eerder", by="director", now=OVER)  # fmt: skip
    raise_all(engine, NOW + 9 * DAY)
    assert the_row(engine, made.id)["state"] == "offered"
    raise_all(engine, NOW + 10 * DAY)
    assert the_row(engine, made.id)["state"] == "expired"


def test_after_it_expired_nobody_accepts_and_the_watch_leaves_what_was_answered(engine, in_signal):
    made = offered(engine, in_signal)
    raise_all(engine, OVER)
    unchanged(engine, NotAllowed, "no longer on offer: it was expired",
              lambda: accepted(engine, made.id, now=OVER))  # fmt: skip
    other = offered(engine, in_signal, now=OVER)
    accepted(engine, other.id, now=OVER)
    raise_all(engine, OVER + 30 * DAY)
    assert the_row(engine, other.id)["state"] == "accepted"


def test_a_draft_and_a_role_assigned_by_force_never_expire(engine, in_signal):
    made = assigned(engine, in_signal)
    raise_all(engine, NOW + 60 * DAY)
    assert the_row(engine, made.id)["state"] == "assigned"
    assert ("care", "overdue") in told(engine, in_signal)


def test_the_end_of_the_term_is_right_over_the_change_of_the_clock(engine, in_signal):
    friday = datetime(2026, 3, 27, 9, tzinfo=UTC)  # the clock goes forward on Sunday
    made = offered(engine, in_signal, now=friday)
    (clock,) = [c for c in clocks(engine, made.id).values() if c["key"] == "handover_answered"]
    # Good Friday and Easter Monday are no working days.
    assert str(clock["due_on"]) == "2026-04-07"
    assert clock["due_at"] == datetime(2026, 4, 7, 22, tzinfo=UTC)


def test_one_that_can_not_be_judged_stays_as_it_is(engine, in_signal):
    made = offered(engine, in_signal)
    with transaction(engine) as session:
        beyond = datetime(9999, 12, 30, tzinfo=UTC)  # no calendar reaches what would follow
        assert expire(session, beyond, limit=10) == 0
    assert the_row(engine, made.id)["state"] == "offered"
    assert "handover_answered" in clocks(engine, made.id)


def damage_policy(engine, case):
    """The policy of this case alone can not be read any more."""
    with engine.begin() as connection:
        connection.execute(sa.text(
            "INSERT INTO policy_versions (name, municipality, digest, text, base, loaded_at) "
            "SELECT 'stuk', '', 'stuk', 'name = ', base, loaded_at FROM policy_versions"
        ))  # fmt: skip
        connection.execute(sa.text(
            "UPDATE cases SET policy_id = (SELECT id FROM policy_versions WHERE name = 'stuk') "
            f"WHERE key = '{case}'"))  # fmt: skip
    _parsed.cache_clear()


def test_an_offer_under_a_damaged_policy_runs_out_by_the_default_all_the_same(engine, in_signal):
    other = a_case(engine, address="Voorbeeldplein 2")
    poisoned, sound = offered(engine, in_signal).id, offered(engine, other).id
    damage_policy(engine, in_signal)
    raise_all(engine, OVER)
    assert [the_row(engine, n)["state"] for n in (sound, poisoned)] == ["expired"] * 2
    assert follow_ups(engine) == [("handover_returned", "open")] * 2


def test_under_a_damaged_policy_an_offer_is_answered_all_the_same(engine, in_signal):
    made = offered(engine, in_signal)
    damage_policy(engine, in_signal)
    refused(engine, made.id)
    again = offered(engine, in_signal)
    accepted(engine, again.id)
    assert the_row(engine, again.id)["state"] == "accepted"
    assert {"warm_contact", "report_back"} <= clocks(engine, again.id).keys()


# --- the second time in a row --------------------------------------------------------------------


def test_the_second_refusal_in_a_row_asks_the_process_director_to_decide(engine, in_signal):
    second = refused_twice(engine, in_signal)
    assert follow_ups(engine) == [("handover_returned", "answered"), ("process_decides", "open")]
    assert asked(engine, "process_decides") == ("process", "director", "2026-03-03")
    assert news(engine, second.id) == [
        ("care", "offered"), ("director", "refused"), ("process", "decide"),
    ]  # fmt: skip


@pytest.mark.parametrize("first", ["refused", "expired"])
@pytest.mark.parametrize("second", ["refused", "expired"])
def test_refusals_and_expiries_count_alike(engine, in_signal, first, second):
    at = NOW
    for how in (first, second):
        made = offered(engine, in_signal, now=at)
        if how == "refused":
            refused(engine, made.id, now=at)
        else:
            at += 10 * DAY
            raise_all(engine, at)
    assert "process_decides" in promises(engine, in_signal)
    assert "handover_returned" not in promises(engine, in_signal)


def test_a_revoked_offer_counts_for_nothing_either_way(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    revoke(engine, offered(engine, in_signal).id, by="director", now=NOW)
    assert "process_decides" not in promises(engine, in_signal)
    refused(engine, offered(engine, in_signal).id)
    assert "process_decides" in promises(engine, in_signal)


def test_counting_begins_anew_when_the_role_is_taken_over(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    accepted(engine, offered(engine, in_signal).id, now=NOW)
    refused(engine, offered(engine, in_signal, to="jurist").id, by="jurist")
    assert "process_decides" not in promises(engine, in_signal)
    refused(engine, offered(engine, in_signal, to="jurist").id, by="jurist")
    assert "process_decides" in promises(engine, in_signal)


def test_another_role_and_another_case_count_for_themselves(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    refused(engine, offered(engine, in_signal, role=Role.ENFORCEMENT, to="jurist").id, by="jurist")
    refused(engine, offered(engine, a_case(engine, address="Voorbeeldplein 2")).id)
    assert {key for key, _state in follow_ups(engine)} == {"handover_returned"}


def test_how_often_is_the_policys_number(engine):
    three = shipped("default").replace("case.refusals = 2", "case.refusals = 3")
    a_policy(engine, three.replace('name = "default"', 'name = "drie"'), "voorbeeldstad")
    case = a_case(engine)
    refused_twice(engine, case)
    assert "process_decides" not in promises(engine, case)
    refused(engine, offered(engine, case).id)
    assert "process_decides" in promises(engine, case)


def test_while_the_process_director_decides_nobody_else_offers(engine, in_signal):
    refused_twice(engine, in_signal)
    for by in ("director", "care"):
        unchanged(engine, NotAllowed, "the process director decides",
                  lambda by=by: offered(engine, in_signal, by=by, to="jurist"))  # fmt: skip
    offered(engine, in_signal, role=DIRECTOR, to="deputy")  # another role is as free as before


def test_a_draft_waits_as_well_while_the_process_director_decides(engine, in_signal):
    klad = draft(engine, in_signal, role=CARE, to="jurist", packet=a_packet(), by="director",
                 now=NOW)  # fmt: skip
    gone(engine, "jurist", NOW + DAY)
    with pytest.raises(NotAllowed, match="jurist is absent"):
        offer_draft(engine, klad.id, by="director", now=NOW)
    for _ in range(2):
        made = offered(engine, in_signal, to="care")
        refused(engine, made.id)
    unchanged(engine, NotAllowed, "the process director decides",
              lambda: draft(engine, in_signal, role=CARE, to="care", packet=a_packet(),
                            by="director", now=LATER))  # fmt: skip


def test_who_stands_in_for_the_process_director_may_offer_then(engine, in_signal):
    a_contact(engine, "process", "process_director", deputy="head")
    refused_twice(engine, in_signal)
    gone(engine, "process")
    assert offered(engine, in_signal, by="head", to="jurist").state == "offered"


def test_what_the_process_director_offers_and_is_taken_over_decides_it(engine, in_signal):
    refused_twice(engine, in_signal)
    made = offered(engine, in_signal, by="process", to="jurist")
    assert follow_ups(engine)[-1] == ("process_decides", "open")
    accepted(engine, made.id, by="jurist")
    assert follow_ups(engine)[-1] == ("process_decides", "lapsed")
    assert "process_decides" not in promises(engine, in_signal)


def test_what_the_process_director_offers_in_vain_is_asked_anew_once(engine, in_signal):
    refused_twice(engine, in_signal)
    made = offered(engine, in_signal, by="process", to="jurist", now=LATER)
    refused(engine, made.id, by="jurist", now=LATER)
    assert follow_ups(engine)[1:] == [("process_decides", "lapsed"), ("process_decides", "open")]
    assert ("process", "decide") in news(engine, made.id)


def test_the_process_director_may_decide_in_words_and_then_the_holder_offers_again(
    engine, in_signal
):
    refused_twice(engine, in_signal)
    say = lambda **more: answer(  # noqa: E731
        engine, in_signal, "process_decides",
        **({"given": Answer.NOT_DONE, "by": "process", "reason": "zorg komt later", "now": NOW}
           | more))  # fmt: skip
    unchanged(engine, NotAllowed, "for process to answer, who can also assign the role",
              lambda: say(by="director"))  # fmt: skip
    say()
    assert offered(engine, in_signal, to="jurist").state == "offered"


def test_without_a_process_director_the_head_of_public_order_decides(engine, in_signal):
    gone(engine, "process")
    refused_twice(engine, in_signal)
    assert asked(engine, "process_decides")[0] == "head"
    assert offered(engine, in_signal, by="head", to="jurist").state == "offered"


@pytest.mark.parametrize("how", [gone, lambda engine, who: leave(engine, who, by=who, now=NOW)],
                         ids=["away", "left"])  # fmt: skip
def test_when_nobody_can_decide_the_director_is_asked_again_and_goes_on(engine, in_signal, how):
    for who in ("process", "head"):
        how(engine, who)
    second = refused_twice(engine, in_signal)
    assert follow_ups(engine) == [("handover_returned", "answered"), ("handover_returned", "open")]
    assert asked(engine, "handover_returned")[0] == "director"
    assert news(engine, second.id)[-1] == ("director", "refused")
    refused(engine, offered(engine, in_signal, now=LATER).id, now=LATER)
    answer(engine, in_signal, "handover_returned", given=Answer.NOT_DONE, by="director",
           reason="ik houd het zelf", now=LATER)  # fmt: skip
    assert offered(engine, in_signal, to="jurist", now=LATER).state == "offered"


def test_a_decision_nobody_is_there_to_take_any_more_holds_nobody_up(engine, in_signal):
    refused_twice(engine, in_signal)
    for who in ("process", "head"):
        gone(engine, who, at=LATER)
    say = lambda by: answer(  # noqa: E731
        engine, in_signal, "process_decides", given=Answer.NOT_DONE, by=by,
        reason="ik houd het zelf", now=LATER)  # fmt: skip
    unchanged(engine, NotAllowed, "for process to answer", lambda: say("care"))
    made = offered(engine, in_signal, to="jurist", now=LATER)
    refused(engine, made.id, by="jurist", now=LATER)
    assert follow_ups(engine)[-2:] == [("process_decides", "lapsed"), ("handover_returned", "open")]


def test_who_waits_for_a_decision_nobody_can_take_answers_it_in_words(engine, in_signal):
    refused_twice(engine, in_signal)
    for who in ("process", "head"):
        gone(engine, who, at=LATER)
    answer(engine, in_signal, "process_decides", given=Answer.NOT_DONE, by="director",
           reason="ik houd het zelf", now=LATER)  # fmt: skip
    assert follow_ups(engine)[-1] == ("process_decides", "answered")


def test_revoking_what_was_offered_anew_asks_again_how_to_go_on(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    for count in (1, 2):
        again = offered(engine, in_signal, to="jurist")
        for _ in range(2):
            revoke(engine, again.id, by="director", now=NOW)
        assert clocks(engine, again.id).keys() == {"handover_returned"}
        assert asked(engine, "handover_returned")[0] == "director"
        assert len(follow_ups(engine)) == 1 + count


def test_revoking_a_draft_a_first_offer_or_what_somebody_decides_asks_nothing_more(
    engine, in_signal
):
    klad = draft(engine, in_signal, role=CARE, to="jurist", packet=a_packet(), by="director",
                 now=NOW)  # fmt: skip
    revoke(engine, klad.id, by="director", now=NOW)
    revoke(engine, offered(engine, in_signal).id, by="director", now=NOW)
    assert follow_ups(engine) == []
    refused_twice(engine, in_signal)
    before = follow_ups(engine)
    revoke(engine, offered(engine, in_signal, by="process").id, by="process", now=NOW)
    assert follow_ups(engine) == before


# --- a handover to care and coercion -------------------------------------------------------------


def test_no_coercive_stage_is_entered_while_care_is_on_offer(engine, in_warning):
    evidence(engine, in_warning)
    made = offered(engine, in_warning)
    with pytest.raises(Unmet, match="no_care_on_offer"):
        go(engine, in_warning, "persists")
    refused(engine, made.id)
    go(engine, in_warning, "persists")
    assert rows(engine, "cases")[0]["stage"] == "behavioural_order"


def test_no_coercive_stage_is_entered_while_forced_care_is_not_read_back(engine, in_warning):
    evidence(engine, in_warning)
    made = assigned(engine, in_warning, now=NOW)
    with pytest.raises(Unmet, match="no_care_on_offer"):
        go(engine, in_warning, "persists")
    accepted(engine, made.id, now=NOW)
    go(engine, in_warning, "persists")
    assert rows(engine, "cases")[0]["stage"] == "behavioural_order"


def test_once_it_expired_a_care_offer_is_in_no_ones_way(engine, in_warning):
    evidence(engine, in_warning)
    offered(engine, in_warning)
    raise_all(engine, OVER)
    version = rows(engine, "cases")[0]["version"]
    decide(engine, in_warning, by="director", seen_version=version, now=OVER, exit_key="persists")
    assert rows(engine, "cases")[0]["stage"] == "behavioural_order"
