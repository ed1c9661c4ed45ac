"""The baton: offered with a packet, accepted by reading back; the sender holds it until then."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from casework.acts import NewAct, record_act
from casework.handovers import Packet, accept, offer, refuse, revoke
from casework.people import held_at, set_absence
from casework.promises import answer
from casework.refusals import CaseMoved, NotAllowed, NotFound
from casework.views import alert_list, case_view
from casework.words import Answer, Role
from tests.builders import NOW, PACKET, a_contact, act, announce_order, go
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

LATER = NOW + 3 * DAY
READ_BACK = "Ik neem de regie over en bel de melder voor vrijdag."
DIRECTOR, CARE = Role.DIRECTOR, Role.CARE


def offered(engine, case, **more):
    options = {"role": CARE, "to": "care", "by": "director", "now": NOW, **more}
    return offer(engine, case, packet=Packet.model_validate(PACKET), **options)


def accepted(engine, number, by="care", read_back=READ_BACK, now=LATER):
    return accept(engine, number, by=by, read_back=read_back, now=now)


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


# --- offering ------------------------------------------------------------------------------------


def test_an_offer_leaves_the_sender_responsible_and_tells_the_receiver(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    assert (made.state, made.role) == ("offered", "case_director")
    view = case_view(engine, in_signal, NOW)
    assert view.holders == {"case_director": "director"}
    assert [(h.sender, h.receiver, h.state) for h in view.handovers] == [
        ("director", "deputy", "offered")
    ]
    assert told(engine, in_signal) == [("deputy", "offered")]
    clock = promises(engine, in_signal)["handover_answered"]
    assert (str(clock.due_on), clock.section) == ("2026-03-09", "case")
    assert kinds(engine, in_signal)[-1] == "handover_offered"
    assert view.version == made.version


def test_the_packet_takes_along_what_is_open_with_its_dates(engine, in_voluntary_care):
    offered(engine, in_voluntary_care)
    packet = rows(engine, "handovers")[0]["packet"]
    assert {"key": "voluntary_care.review", "by": "2026-03-30"} in packet["open_actions"]
    assert packet["summary"] == PACKET["summary"]
    assert PACKET["summary"] not in str(rows(engine, "journal"))
    assert PACKET["summary"] not in str(rows(engine, "alerts"))


@pytest.mark.parametrize("part", ["severity", "summary", "if_then", "not_shared", "told"])
@pytest.mark.parametrize("wrong", [None, "", "   "], ids=["missing", "empty", "blank"])
def test_a_packet_can_not_be_incomplete(part, wrong):
    packet = {k: v for k, v in PACKET.items() if k != part or wrong is not None}
    with pytest.raises(ValidationError):
        Packet.model_validate(packet if wrong is None else packet | {part: wrong})


def test_a_packet_has_no_field_for_anything_else():
    with pytest.raises(ValidationError):
        Packet.model_validate(PACKET | {"diagnosis": "x"})


def test_a_summary_of_more_than_ten_lines_is_too_long(engine, in_signal):
    long = Packet.model_validate(PACKET | {"summary": "\n".join("x" * 11)})
    unchanged(engine, NotAllowed, "more than 10 lines", lambda: offer(
        engine, in_signal, role=CARE, to="care", packet=long, by="director", now=NOW))  # fmt: skip


def test_offered_twice_to_the_same_person_is_offered_once(engine, in_signal):
    first = offered(engine, in_signal)
    before = everything(engine)
    assert offered(engine, in_signal, now=LATER) == first
    assert everything(engine) == before


def test_offered_twice_at_once_is_offered_once(engine, in_signal):
    got = at_once(*[lambda: offered(engine, in_signal)] * 2)
    assert got[0] == got[1]
    assert len(rows(engine, "handovers")) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"to": "director"}, NotAllowed, "somebody else"),
        ({"to": "nobody"}, NotFound, "contact nobody"),
        ({"by": "nobody"}, NotFound, "contact nobody"),
        ({"by": "jurist"}, NotAllowed, "holds neither"),
        ({"by": "care", "to": "jurist"}, NotAllowed, "holds neither"),
        ({"seen_version": 0}, CaseMoved, "look again"),
    ],
    ids=lambda v: str(v) if isinstance(v, dict) else "",
)
def test_a_refused_offer_changes_nothing(engine, in_signal, wrong, error, match):
    unchanged(engine, error, match, lambda: offered(engine, in_signal, **wrong))


def test_nothing_is_offered_to_somebody_absent_and_the_deputy_is_named(engine, in_signal):
    a_contact(engine, "wijkteam", "care_worker", deputy="care")
    set_absence(engine, "wijkteam", NOW, NOW + 9 * DAY)
    unchanged(engine, NotAllowed, "wijkteam is absent; care stands in",
              lambda: offered(engine, in_signal, to="wijkteam"))  # fmt: skip
    set_absence(engine, "care", NOW, None)
    unchanged(engine, NotAllowed, "care is absent$", lambda: offered(engine, in_signal))


def test_one_role_is_on_offer_to_one_person_at_a_time(engine, in_signal):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, f"handover {made.id} of this role is still on offer",
              lambda: offered(engine, in_signal, to="jurist"))  # fmt: skip
    offered(engine, in_signal, role=DIRECTOR, to="deputy")


def test_a_closed_case_has_nothing_to_hand_over(engine, in_signal):
    go(engine, in_signal, "unfounded")
    unchanged(engine, NotAllowed, "is closed", lambda: offered(engine, in_signal))


def test_an_unanswered_offer_rings_for_the_director_and_the_receiver(engine, in_signal):
    offered(engine, in_signal)
    raise_all(engine, NOW + 20 * DAY)
    overdue = [(who, lead) for who, lead in told(engine, in_signal) if lead == "overdue"]
    assert ("care", "overdue") in overdue
    assert ("director", "overdue") in overdue


# --- accepting -----------------------------------------------------------------------------------


def test_accepting_hands_over_in_one_instant_and_owes_the_sender_a_report(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    done = accepted(engine, made.id, by="deputy")
    assert done.state == "accepted"
    before = [held_at(engine, in_signal, DIRECTOR, at) for at in (NOW, LATER - DAY)]
    assert before == ["director", "director"]
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "deputy"
    assert rows(engine, "handovers")[0]["read_back"] == READ_BACK
    assert promises(engine, in_signal, "answered")["handover_answered"].answer == "done"
    report = promises(engine, in_signal)["report_back"]
    assert str(report.due_on) == "2026-03-19"
    assert told(engine, in_signal)[-1] == ("director", "accepted")
    assert READ_BACK not in str(rows(engine, "journal"))


def test_the_report_back_is_owed_across_stages_until_it_is_given(engine, in_signal):
    accepted(engine, offered(engine, in_signal).id)
    go(engine, in_signal, "take_up", LATER)
    assert "report_back" in promises(engine, in_signal)
    act(engine, in_signal, "reported_back", LATER)
    assert "report_back" in promises(engine, in_signal, "answered")


def test_accepted_twice_is_accepted_once(engine, in_signal):
    made = offered(engine, in_signal)
    first = accepted(engine, made.id)
    before = everything(engine)
    assert accepted(engine, made.id, now=NOW + 9 * DAY) == first
    assert everything(engine) == before


def test_accepted_twice_at_once_is_accepted_once(engine, in_signal):
    made = offered(engine, in_signal)
    got = at_once(*[lambda: accepted(engine, made.id)] * 2)
    assert got[0] == got[1]
    assert kinds(engine, in_signal).count("handover_accepted") == 1


@pytest.mark.parametrize(
    "words",
    ["", "   ", "ok", "akkoord", PACKET["summary"], PACKET["if_then"].upper(),
     "  geluid in de nacht,   al weken. ", PACKET["told"]],
)  # fmt: skip
def test_accepting_needs_a_read_back_in_ones_own_words(engine, in_signal, words):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "own words", lambda: accepted(engine, made.id, read_back=words))


@pytest.mark.parametrize("stranger", ["director", "jurist", "deputy", "process"])
def test_only_the_receiver_accepts_or_refuses(engine, in_signal, stranger):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "was not offered to",
              lambda: accepted(engine, made.id, by=stranger))  # fmt: skip
    unchanged(engine, NotAllowed, "was not offered to",
              lambda: refuse(engine, made.id, by=stranger, reason="nee", now=NOW))  # fmt: skip


def test_a_handover_nobody_made_is_not_found(engine, in_signal):
    for call in (
        lambda: accepted(engine, 77),
        lambda: refuse(engine, 77, by="care", reason="x", now=NOW),
        lambda: revoke(engine, 77, by="director", now=NOW),
    ):
        unchanged(engine, NotFound, "handover 77", call)


def test_taking_a_lead_answers_who_takes_it(engine, in_voluntary_care):
    accepted(engine, offered(engine, in_voluntary_care).id)
    assert "lead_taken" not in promises(engine, in_voluntary_care)
    assert case_view(engine, in_voluntary_care, LATER).holders == {
        "case_director": "director", "care_lead": "care",
    }  # fmt: skip


def test_taking_another_role_leaves_the_lead_to_be_taken(engine, in_voluntary_care):
    made = offered(engine, in_voluntary_care, role=DIRECTOR, to="deputy")
    accepted(engine, made.id, by="deputy")
    assert "lead_taken" in promises(engine, in_voluntary_care)


def test_a_role_passes_on_from_hand_to_hand_and_history_stays(engine, in_signal):
    hands = ["director", "deputy", "jurist", "director"]
    for number, (sender, receiver) in enumerate(pairwise(hands), start=1):
        at = NOW + number * DAY
        made = offered(engine, in_signal, role=DIRECTOR, by=sender, to=receiver, now=at)
        accepted(engine, made.id, by=receiver, now=at)
    when = [held_at(engine, in_signal, DIRECTOR, NOW + n * DAY) for n in range(4)]
    assert when == hands
    assert held_at(engine, in_signal, CARE, NOW) is None
    assert held_at(engine, in_signal, DIRECTOR, NOW - DAY) is None
    assert len(rows(engine, "assignments")) == 4


def test_a_case_without_any_other_promise_has_one_after_accepting(engine, in_signal):
    for key in ("acknowledged", "triaged"):
        answer(engine, in_signal, key, given=Answer.DONE, by="director", now=NOW)
    accepted(engine, offered(engine, in_signal, role=DIRECTOR, to="deputy").id, by="deputy")
    assert {"next_step", "report_back"} == promises(engine, in_signal).keys()


def test_the_clock_of_an_offer_is_answered_by_accepting_or_refusing_alone(engine, in_signal):
    made = offered(engine, in_signal)
    unchanged(
        engine, NotAllowed, f"about handover {made.id}; accept or refuse",
        lambda: answer(engine, in_signal, "handover_answered", given=Answer.DONE, by="director",
                       now=NOW),
    )  # fmt: skip


# --- refusing and revoking -----------------------------------------------------------------------


def test_refusing_leaves_the_role_and_tells_the_sender_why(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    done = refuse(engine, made.id, by="deputy", reason="geen tijd", now=LATER)
    assert done.state == "refused"
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "director"
    assert rows(engine, "handovers")[0]["reason"] == "geen tijd"
    clock = promises(engine, in_signal, "answered")["handover_answered"]
    assert clock.answer == "not_done"
    assert told(engine, in_signal)[-1] == ("director", "refused")
    assert "geen tijd" not in str(rows(engine, "journal"))


@pytest.mark.parametrize("reason", ["", "  "])
def test_refusing_needs_a_reason(engine, in_signal, reason):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "needs a reason",
              lambda: refuse(engine, made.id, by="care", reason=reason, now=NOW))  # fmt: skip


def test_refused_or_revoked_twice_is_once(engine, in_signal):
    first = offered(engine, in_signal)
    done = refuse(engine, first.id, by="care", reason="vol", now=NOW)
    before = everything(engine)
    assert refuse(engine, first.id, by="care", reason="nog voller", now=LATER) == done
    assert everything(engine) == before
    second = offered(engine, in_signal)
    done = revoke(engine, second.id, by="director", now=NOW)
    before = everything(engine)
    assert revoke(engine, second.id, by="director", now=LATER) == done
    assert everything(engine) == before


def test_revoking_takes_the_offer_and_its_clock_back(engine, in_signal):
    made = offered(engine, in_signal)
    revoke(engine, made.id, by="director", now=LATER)
    assert case_view(engine, in_signal, LATER).handovers[0].state == "revoked"
    assert "handover_answered" in promises(engine, in_signal, "lapsed")
    offered(engine, in_signal, to="jurist", now=LATER)


def test_only_the_sender_revokes(engine, in_signal):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "only the sender",
              lambda: revoke(engine, made.id, by="care", now=NOW))  # fmt: skip


def test_after_an_offer_is_over_nothing_more_can_be_done_with_it(engine, in_signal):
    made = offered(engine, in_signal)
    refuse(engine, made.id, by="care", reason="vol", now=NOW)
    for call in (
        lambda: accepted(engine, made.id),
        lambda: revoke(engine, made.id, by="director", now=NOW),
    ):
        unchanged(engine, NotAllowed, "no longer on offer: it was refused", call)


def test_accepting_and_revoking_at_once_one_wins_and_the_other_is_told(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    got = at_once(
        lambda: accepted(engine, made.id, by="deputy"),
        lambda: revoke(engine, made.id, by="director", now=LATER),
    )
    assert sorted(type(g).__name__ for g in got) == ["NotAllowed", "Offer"]
    state = rows(engine, "handovers")[0]["state"]
    holder = held_at(engine, in_signal, DIRECTOR, LATER)
    assert (state, holder) in {("accepted", "deputy"), ("revoked", "director")}


@pytest.mark.parametrize("verb", ["accept", "refuse", "revoke"])
def test_one_who_had_to_wait_builds_on_what_the_other_left(engine, in_signal, verb):
    made = offered(engine, in_signal)
    calls = {
        "accept": lambda: accepted(engine, made.id),
        "refuse": lambda: refuse(engine, made.id, by="care", reason="vol", now=LATER),
        "revoke": lambda: revoke(engine, made.id, by="director", now=LATER),
    }
    with held(engine, "UPDATE cases SET version = version + 10") as start:
        waiting = start(calls[verb])
    assert waiting.result(20).version == made.version + 11


def test_a_second_offer_after_a_refusal_has_a_clock_of_its_own(engine, in_signal):
    refuse(engine, offered(engine, in_signal).id, by="care", reason="vol", now=NOW)
    offered(engine, in_signal, now=LATER)
    assert str(promises(engine, in_signal)["handover_answered"].due_on) == "2026-03-12"
    assert len(alert_list(engine, case_key=in_signal)) == 3


def test_a_handover_changes_nothing_for_what_runs_by_law(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order)
    before = promises(engine, in_behavioural_order)["objection"]
    made = offered(engine, in_behavioural_order, role=DIRECTOR, to="deputy")
    accepted(engine, made.id, by="deputy")
    record_act(engine, in_behavioural_order, NewAct(kind="note_added", at=LATER, by="deputy",
               facts={"text": "x"}), LATER)  # fmt: skip
    assert promises(engine, in_behavioural_order)["objection"] == before
