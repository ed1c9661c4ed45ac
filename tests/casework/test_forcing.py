"""Assigning by force: the process director decides, the role passes at once, and is read back."""

import pytest

from casework.absences import away
from casework.handover_views import handover_view
from casework.holding import held_at
from casework.offering import draft, revoke
from casework.packets import Packet
from casework.promises import answer
from casework.receiving import acknowledge, refuse
from casework.refusals import CaseMoved, IncompletePacket, NotAllowed, NotFound
from casework.views import case_view
from casework.words import Answer, Role
from tests.builders import NOW, TOWN, a_contact, evidence, go
from tests.casework.handing import (
    CARE,
    DIRECTOR,
    LATER,
    READ_BACK,
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
from tests.casework.looking import DAY, at_once, everything, kinds, promises, raise_all, rows, told

HOME = f"zorg-{TOWN}"


def test_the_receiver_holds_the_role_at_once_and_owes_a_read_back(engine, in_voluntary_care):
    made = assigned(engine, in_voluntary_care)
    assert made.state == "assigned"
    assert held_at(engine, in_voluntary_care, CARE, LATER) == "care"
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    (clock,) = clocks(engine, made.id).values()
    assert (clock["key"], str(clock["due_on"])) == ("read_back_owed", "2026-03-06")
    assert (names[clock["asked_id"]], names[clock["owed_id"]]) == ("care", "process")
    assert "lead_taken" not in promises(engine, in_voluntary_care)
    assert kinds(engine, in_voluntary_care)[-1] == "handover_assigned"
    shown = handover_view(engine, made.id)
    assert (shown.forced_by, shown.forced_because) == ("process", "de buurt wacht al te lang")
    assert "wacht al te lang" not in str(rows(engine, "journal")) + str(rows(engine, "alerts"))


def test_both_sides_and_the_old_holder_are_told(engine, in_signal):
    accepted(engine, offered(engine, in_signal).id, now=NOW)
    pending = offered(engine, in_signal, by="director", to="jurist")
    a_contact(engine, "wijkteam", "care_worker", organisation=HOME)
    made = assigned(engine, in_signal, to="wijkteam")
    assert news(engine, made.id) == [
        ("wijkteam", "assigned"), ("director", "taken"), ("care", "taken"),
    ]  # fmt: skip
    assert the_row(engine, pending.id)["state"] == "revoked"
    assert news(engine, pending.id)[-1] == ("jurist", "revoked")
    assert clocks(engine, pending.id) == {}


def test_the_director_too_can_be_succeeded_by_force_in_one_instant(engine, in_signal):
    assigned(engine, in_signal, role=DIRECTOR, to="deputy")
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "deputy"
    assert held_at(engine, in_signal, DIRECTOR, LATER - DAY / 24) == "director"
    assert ("director", "taken") in told(engine, in_signal)
    assert rows(engine, "cases")[0]["director_id"] is not None


def test_force_ends_the_question_whom_to_assign(engine, in_signal):
    refused_twice(engine, in_signal)
    made = assigned(engine, in_signal, packet=None)
    assert "process_decides" not in promises(engine, in_signal)
    decided = promises(engine, in_signal, "answered")["process_decides"]
    assert decided.answer == "done"
    assert handover_view(engine, made.id).packet["summary"] == a_packet().summary


def test_force_ends_the_question_how_to_go_on(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    assigned(engine, in_signal)
    assert "handover_returned" in promises(engine, in_signal, "lapsed")


def test_counting_refusals_begins_anew_after_force(engine, in_signal):
    refused_twice(engine, in_signal)
    assigned(engine, in_signal)
    accepted(engine, rows(engine, "handovers")[-1]["id"])
    again = offered(engine, in_signal, by="care", to="jurist", now=LATER)
    refused(engine, again.id, by="jurist", now=LATER)
    assert "process_decides" not in promises(engine, in_signal)


def test_the_last_packet_is_taken_along_with_what_is_open_now(engine, in_signal):
    refused(engine, offered(engine, in_signal, packet=a_packet(summary="Dit is het vorige.")).id)
    draft(engine, in_signal, role=CARE, to="care", packet=a_packet(summary="Een klad."),
          by="director", now=NOW)  # fmt: skip
    answer(engine, in_signal, "triaged", given=Answer.DONE, by="director", now=LATER)
    made = assigned(engine, in_signal, packet=Packet(severity="urgent"))
    packet = handover_view(engine, made.id).packet
    assert (packet["summary"], packet["severity"]) == ("Dit is het vorige.", "urgent")
    assert "signal.triaged" not in [a["key"] for a in packet["open_actions"]]
    assert "read_back_owed" in clocks(engine, made.id)


def test_without_any_packet_nothing_is_assigned(engine, in_signal):
    unchanged(engine, IncompletePacket, "- summary", lambda: assigned(
        engine, in_signal, packet=None))  # fmt: skip
    unchanged(engine, IncompletePacket, "- ask_whom", lambda: assigned(
        engine, in_signal, packet=a_packet(ask_whom="")))  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"by": "director"}, NotAllowed, "only the process director of voorbeeldstad"),
        ({"by": "head"}, NotAllowed, "only the process director"),
        ({"by": "care"}, NotAllowed, "estafette handover offer"),
        ({"because": "  "}, NotAllowed, "needs a reason"),
        ({"because": "x" * 1001}, NotAllowed, "at most 1000"),
        ({"to": "nobody"}, NotFound, "contact or organisation nobody"),
        ({"to": "director", "role": DIRECTOR}, NotAllowed, "holds this role"),
        ({"packet": Packet(risks=("dogs",))}, NotAllowed, "did you mean 'dog'"),
    ],
)
def test_a_refused_assignment_changes_nothing(engine, in_signal, wrong, error, match):
    unchanged(engine, error, match, lambda: assigned(engine, in_signal, **wrong))


def test_nothing_is_assigned_to_somebody_absent_or_in_a_closed_case(engine, in_signal):
    gone(engine, "care")
    unchanged(engine, NotAllowed, "care is absent", lambda: assigned(engine, in_signal))
    go(engine, in_signal, "unfounded")
    unchanged(engine, NotAllowed, "is closed",
              lambda: assigned(engine, in_signal, to="jurist"))  # fmt: skip


def test_who_stands_in_for_the_process_director_assigns(engine, in_signal):
    a_contact(engine, "process", "process_director", deputy="jurist")
    unchanged(engine, NotAllowed, "only the process director",
              lambda: assigned(engine, in_signal, by="jurist"))  # fmt: skip
    gone(engine, "process")
    assert assigned(engine, in_signal, by="jurist").state == "assigned"


def test_assigned_twice_alike_is_assigned_once(engine, in_signal):
    first = assigned(engine, in_signal)
    before = everything(engine)
    assert assigned(engine, in_signal, now=LATER + DAY) == first
    assert everything(engine) == before
    accepted(engine, first.id)
    before = everything(engine)
    assert assigned(engine, in_signal, now=LATER + DAY).state == "accepted"
    assert everything(engine) == before


def test_another_packet_is_not_assigned_over_the_first(engine, in_signal):
    made = assigned(engine, in_signal)
    unchanged(engine, NotAllowed, f"handover {made.id} assigned this role already, with another",
              lambda: assigned(engine, in_signal, packet=a_packet(severity="high")))  # fmt: skip
    before = everything(engine)
    assert assigned(engine, in_signal, packet=None) == made
    assert everything(engine) == before


def test_a_colleague_who_reads_back_tells_whom_it_was_assigned_to(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    made = assigned(engine, in_signal, to=HOME)
    accepted(engine, made.id, by="collega", now=LATER + DAY)
    assert ("care", "passed") in news(engine, made.id)


def test_assigned_twice_at_once_is_assigned_once(engine, in_signal):
    got = at_once(*[lambda: assigned(engine, in_signal)] * 2)
    assert got[0] == got[1]
    assert len(rows(engine, "handovers")) == 1


def test_two_process_directors_at_once_leave_one_holder(engine, in_signal):
    a_contact(engine, "process-2", "process_director")
    at_once(
        lambda: assigned(engine, in_signal, to="care"),
        lambda: assigned(engine, in_signal, to="jurist", by="process-2"),
    )
    open_ones = rows(engine, "assignments", "role = 'care_lead' AND until IS NULL")
    waiting = rows(engine, "handovers", "state = 'assigned'")
    assert len(open_ones) == len(waiting) == 1
    assert open_ones[0]["contact_id"] == waiting[0]["to_contact_id"]


def test_of_two_process_directors_who_saw_the_same_page_the_second_is_refused(engine, in_signal):
    a_contact(engine, "process-2", "process_director")
    seen = case_view(engine, in_signal, NOW).version
    first = assigned(engine, in_signal, to="care", seen_version=seen)
    unchanged(engine, CaseMoved, "moved on since you looked.*look again",
              lambda: assigned(engine, in_signal, to="jurist", by="process-2",
                               seen_version=seen))  # fmt: skip
    assert assigned(engine, in_signal, to="care", seen_version=seen) == first
    assert held_at(engine, in_signal, CARE, LATER) == "care"


def test_the_process_director_may_take_a_role_by_force_with_a_reason(engine, in_signal):
    made = assigned(engine, in_signal, role=DIRECTOR, to="process")
    assert handover_view(engine, made.id).forced_because == "de buurt wacht al te lang"
    assert accepted(engine, made.id, by="process").held_by == "process"


def test_assigning_says_that_the_receiver_is_away_before_the_read_back_is_due(engine, in_signal):
    away(engine, "care", since=LATER + DAY, until=None, by="care", now=NOW)
    assert any(
        "care is absent from 06-03-2026" in w.en for w in assigned(engine, in_signal).warnings
    )


def test_accepting_an_offer_and_assigning_at_once_leaves_one_holder(engine, in_signal):
    made = offered(engine, in_signal)
    at_once(
        lambda: accepted(engine, made.id),
        lambda: assigned(engine, in_signal, to="jurist"),
    )
    assert held_at(engine, in_signal, CARE, LATER + DAY) == "jurist"
    assert len(rows(engine, "assignments", "role = 'care_lead' AND until IS NULL")) == 1
    assert len(rows(engine, "handovers", "state IN ('offered', 'assigned')")) == 1


# --- reading back --------------------------------------------------------------------------------


def test_reading_back_makes_it_accepted_and_owes_the_old_hands_word(engine, in_signal):
    made = assigned(engine, in_signal)
    done = accepted(engine, made.id, now=LATER + DAY)
    assert done.state == "accepted"
    assert the_row(engine, made.id)["read_back"] == READ_BACK
    assert clocks(engine, made.id, "answered").keys() == {"read_back_owed"}
    assert clocks(engine, made.id).keys() == {"warm_contact", "report_back"}
    assert {("director", "accepted"), ("process", "read_back")} <= set(news(engine, made.id))
    assert len(rows(engine, "assignments", "role = 'care_lead'")) == 1


def test_a_forced_role_is_not_accepted_without_a_read_back_of_ones_own(engine, in_signal):
    made = assigned(engine, in_signal)
    for words in ("", "ja goed hoor", a_packet().summary):
        unchanged(engine, NotAllowed, "own words",
                  lambda words=words: accepted(engine, made.id, read_back=words))  # fmt: skip


def test_a_decision_of_the_process_director_is_not_refused_or_taken_back(engine, in_signal):
    made = assigned(engine, in_signal)
    unchanged(engine, NotAllowed, "decided by the process director; read it back, or ask them",
              lambda: refuse(engine, made.id, by="care", reason="vol", now=LATER))  # fmt: skip
    for by in ("director", "process"):
        unchanged(engine, NotAllowed, "no longer on offer: it was assigned",
                  lambda by=by: revoke(engine, made.id, by=by, now=LATER))  # fmt: skip
    unchanged(engine, NotAllowed, f"use: estafette handover accept {made.id}",
              lambda: answer(engine, in_signal, "read_back_owed", given=Answer.DONE, by="care",
                             reason="x", now=LATER))  # fmt: skip


def test_while_it_is_not_read_back_the_role_is_not_offered_on(engine, in_signal):
    made = assigned(engine, in_signal)
    unchanged(engine, NotAllowed, f"handover {made.id} assigned this role to care, who has to read",
              lambda: offered(engine, in_signal, to="jurist"))  # fmt: skip
    accepted(engine, made.id)
    assert offered(engine, in_signal, by="care", to="jurist", now=LATER).state == "offered"


def test_the_process_director_may_assign_it_to_another_instead(engine, in_signal):
    first = assigned(engine, in_signal)
    second = assigned(engine, in_signal, to="jurist", now=LATER + DAY)
    assert the_row(engine, first.id)["state"] == "revoked"
    assert held_at(engine, in_signal, CARE, LATER + DAY) == "jurist"
    assert clocks(engine, first.id) == {}
    assert ("care", "taken") in news(engine, second.id)


def test_an_assigned_role_is_acknowledged_and_keeps_ringing_until_it_is_read_back(
    engine, in_signal
):
    made = assigned(engine, in_signal)
    acknowledge(engine, made.id, by="care", now=LATER)
    raise_all(engine, LATER + 20 * DAY)
    heard = set(told(engine, in_signal))
    assert {("care", "overdue"), ("process", "overdue"), ("head", "overdue")} <= heard
    assert the_row(engine, made.id)["state"] == "assigned"


def test_an_organisation_can_be_assigned_and_whoever_reads_back_holds_it(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    made = assigned(engine, in_signal, to=HOME)
    assert held_at(engine, in_signal, CARE, LATER) == "care"
    accepted(engine, made.id, by="collega", now=LATER + DAY)
    assert held_at(engine, in_signal, CARE, LATER + DAY) == "collega"
    home = rows(engine, "organisations", f"key = '{HOME}'")[0]["id"]
    assert {a["principal_id"] for a in rows(engine, "assignments", "role = 'care_lead'")} == {home}


def test_the_director_can_be_given_a_lead_nobody_had(engine, in_signal):
    made = assigned(engine, in_signal, to="director")
    shown = handover_view(engine, made.id)
    assert (shown.sender, shown.receiver) == ("process", "director")


def test_the_end_of_the_case_revokes_what_was_not_read_back(engine, in_signal):
    made = assigned(engine, in_signal, now=NOW)
    go(engine, in_signal, "unfounded")
    assert the_row(engine, made.id)["state"] == "revoked"
    assert news(engine, made.id)[-1] == ("care", "revoked")


def test_an_assigned_care_lead_that_was_read_back_is_no_care_on_offer(engine, in_warning):
    evidence(engine, in_warning)
    made = assigned(engine, in_warning, role=Role.CARE, now=NOW)
    accepted(engine, made.id, now=NOW)
    go(engine, in_warning, "persists")
    assert rows(engine, "cases")[0]["stage"] == "behavioural_order"
