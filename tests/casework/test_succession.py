"""Somebody passes on all they hold: case by case, each accepted by itself, nothing unowned."""

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from casework.absences import away
from casework.checkups import leave
from casework.forcing import assign
from casework.holding import held_at
from casework.offering import draft, offer, offer_draft, revoke
from casework.packets import Packet
from casework.people import NewOrganisation, add_organisation
from casework.receiving import accept, refuse
from casework.refusals import NotAllowed, NotFound
from casework.succession import pass_on, progress, successions
from casework.words import Role
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact
from tests.casework.looking import DAY, at_once, everything, kinds, raise_all, rows, told

WHOLE = Packet.model_validate(PACKET)
LATER = NOW + DAY
READ_BACK = "Ik ga maandag langs en bel daarna de wijkagent over het vervolg."
BECAUSE = "gaat met pensioen"


@pytest.fixture
def three(engine):
    """Three cases of one director, and two more directors who hold nothing yet."""
    keys = [a_case(engine, address=f"Voorbeeldlaan {n}") for n in range(3)]
    for key in ("noord", "zuid"):
        a_contact(engine, key, "case_director")
    return keys


def passed(engine, **more):
    options = {
        "to": ("noord", "zuid"), "packet": WHOLE, "by": "director", "because": BECAUSE, "now": NOW,
        **more,
    }  # fmt: skip
    return pass_on(engine, "director", **options)


def accepted(engine, p, now=LATER):
    return accept(engine, p.handover, by=p.receiver, read_back=READ_BACK, now=now)


def refused(engine, p, now=LATER):
    return refuse(engine, p.handover, by=p.receiver, reason="vol", now=now)


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def directors(engine):
    """Who directs each open case by the rows; exactly one each."""
    held = rows(engine, "assignments", "until IS NULL AND role = 'case_director'")
    assert len({row["case_id"] for row in held}) == len(held) == len(rows(engine, "cases"))
    keys = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    return [keys[row["contact_id"]] for row in sorted(held, key=lambda row: row["case_id"])]


# --- one run -------------------------------------------------------------------------------------


def test_every_role_is_on_offer_in_turn_and_stays_the_leavers(engine, three):
    got = passed(engine)
    assert [p.case_key for p in got.passings] == three
    assert Counter(p.receiver for p in got.passings) == {"noord": 2, "zuid": 1}
    assert (got.counts, got.done, got.leaver) == ({"offered": 3}, False, "director")
    assert all(p.held for p in got.passings)
    assert directors(engine) == ["director"] * 3


def test_whoever_has_fewest_roles_goes_first_and_the_load_evens_out(engine, three):
    for n in range(2):
        a_case(engine, address=f"Elders {n}")
    assert directors(engine)[3:] == ["noord", "zuid"]
    a_contact(engine, "west", "case_director")
    got = passed(engine, to=("noord", "zuid", "west"))
    assert [p.receiver for p in got.passings] == ["west", "noord", "zuid"]


def test_each_offer_takes_its_own_cases_open_actions_along_and_tells_its_receiver(engine, three):
    got = passed(engine)
    for p in got.passings:
        (row,) = rows(engine, "handovers", f"id = {p.handover}")
        assert row["packet"]["summary"] == PACKET["summary"]
        assert row["packet"]["open_actions"]
        assert told(engine, p.case_key) == [(p.receiver, "offered")]
        assert kinds(engine, p.case_key)[-1] == "handover_offered"


def test_acceptance_is_per_case_and_progress_follows(engine, three):
    got = passed(engine)
    first, second, third = got.passings
    accepted(engine, first)
    assert directors(engine) == [first.receiver, "director", "director"]
    now = progress(engine, got.number)
    assert now.counts == {"accepted": 1, "offered": 2}
    assert [p.held for p in now.passings] == [False, True, True]
    accepted(engine, second)
    assert not progress(engine, got.number).done
    accepted(engine, third)
    assert progress(engine, got.number).done
    assert directors(engine) == [p.receiver for p in got.passings]


def test_nothing_is_unowned_at_any_moment_of_it(engine, three):
    got = passed(engine)
    moments = [NOW + n * timedelta(hours=8) for n in range(9)]
    for p, now in zip(got.passings, moments[3::2], strict=False):
        accepted(engine, p, now)
        directors(engine)
    for moment in moments:
        assert all(held_at(engine, key, Role.DIRECTOR, moment) for key in three)


def test_all_roles_on_one_case_are_passed_on(engine, three):
    made = offer(engine, three[0], role=Role.CARE, to="zuid", packet=WHOLE, by="director", now=NOW)
    accept(engine, made.id, by="zuid", read_back=READ_BACK, now=NOW)
    made = offer(engine, three[0], role=Role.CARE, to="director", packet=WHOLE, by="zuid", now=NOW)
    accept(engine, made.id, by="director", read_back=READ_BACK, now=NOW)
    got = passed(engine)
    assert [(p.case_key, p.role) for p in got.passings] == [
        (three[0], "care_lead"), (three[0], "case_director"),
        (three[1], "case_director"), (three[2], "case_director"),
    ]  # fmt: skip


def test_cases_that_are_over_and_roles_of_others_are_left_alone(engine, three):
    made = offer(engine, three[2], role=Role.DIRECTOR, to="noord", packet=WHOLE, by="director",
                 now=NOW)  # fmt: skip
    accept(engine, made.id, by="noord", read_back=READ_BACK, now=NOW)
    got = passed(engine, to=("zuid",), now=LATER)
    assert [p.case_key for p in got.passings] == three[:2]


def test_an_organisation_may_be_named_and_anybody_there_accepts(engine, three):
    got = passed(engine, to=(f"zorg-{TOWN}",))
    assert {p.receiver for p in got.passings} == {"care"}
    a_contact(engine, "collega", "care_worker", organisation=f"zorg-{TOWN}")
    accept(engine, got.passings[0].handover, by="collega", read_back=READ_BACK, now=LATER)
    assert directors(engine)[0] == "collega"
    assert progress(engine, got.number).passings[0].receiver == "collega"


def test_the_process_director_passes_on_for_somebody_who_is_away(engine, three):
    away(engine, "director", since=NOW, by="director", now=NOW)
    got = passed(engine, by="process")
    assert got.counts == {"offered": 3}
    assert directors(engine) == ["director"] * 3
    refused(engine, got.passings[0])
    assert ("deputy", "refused") in told(engine, three[0]), "who stands in hears of it"
    assert directors(engine)[0] == "director"


def test_a_lead_who_is_no_director_passes_on_too(engine, three):
    made = offer(engine, three[0], role=Role.CARE, to="care", packet=WHOLE, by="director", now=NOW)
    accept(engine, made.id, by="care", read_back=READ_BACK, now=NOW)
    options = {"to": ["jurist"], "packet": Packet(), "because": "weg", "now": LATER}
    got = pass_on(engine, "care", by="care", **options)
    assert [(p.case_key, p.role, p.state) for p in got.passings] == [
        (three[0], "care_lead", "offered")
    ]
    accepted(engine, got.passings[0])
    assert progress(engine, got.number).done


def test_whoever_leaves_can_when_everything_was_taken_over(engine, three):
    got = passed(engine)
    for p in got.passings[:2]:
        accepted(engine, p)
    unchanged(engine, NotAllowed, "pass-on",
              lambda: leave(engine, "director", by="process", now=LATER))  # fmt: skip
    accepted(engine, got.passings[2])
    leave(engine, "director", by="process", now=LATER)
    assert progress(engine, got.number).done
    unchanged(
        engine,
        NotAllowed,
        "left",
        lambda: pass_on(
            engine, "noord", to=["director"], packet=WHOLE, by="noord", because="x", now=LATER
        ),
    )


# --- the packet ----------------------------------------------------------------------------------


def test_what_the_packet_lacks_is_taken_from_the_last_packet_of_that_role(engine, three):
    before = offer(engine, three[1], role=Role.DIRECTOR, to="deputy", packet=WHOLE, by="director",
                   now=NOW)  # fmt: skip
    revoke(engine, before.id, by="director", now=NOW)
    got = passed(engine, packet=Packet(summary="Kort en nieuw."))
    assert [p.state for p in got.passings] == ["draft", "offered", "draft"]
    (row,) = rows(engine, "handovers", f"id = {got.passings[1].handover}")
    assert row["packet"]["summary"] == "Kort en nieuw."
    assert row["packet"]["if_then"] == PACKET["if_then"]


def test_an_incomplete_packet_is_a_draft_that_says_what_is_missing(engine, three):
    got = passed(engine, packet=WHOLE.model_copy(update={"if_then": None}))
    assert {p.missing for p in got.passings} == {("if_then",)}
    assert got.counts == {"draft": 3}
    assert Counter(p.receiver for p in got.passings) == {"noord": 2, "zuid": 1}
    assert all(told(engine, key) == [] for key in three)
    added = Packet(if_then="Bel het meldpunt.")
    offer_draft(engine, got.passings[0].handover, by="director", packet=added, now=NOW)
    assert progress(engine, got.number).counts == {"draft": 2, "offered": 1}


def test_run_again_with_what_was_missing_the_same_drafts_go_on_offer(engine, three):
    first = passed(engine, packet=WHOLE.model_copy(update={"if_then": None}))
    again = passed(engine, packet=Packet(if_then="Bel het meldpunt."), now=LATER)
    assert again.counts == {"offered": 3}
    pairs = [[(p.handover, p.receiver) for p in got.passings] for got in (first, again)]
    assert pairs[0] == pairs[1]


def test_a_draft_made_by_hand_is_taken_over(engine, three):
    kept = draft(engine, three[0], role=Role.DIRECTOR, to="jurist", packet=WHOLE, by="director",
                 now=NOW)  # fmt: skip
    got = passed(engine, packet=Packet(), to=("noord",))
    assert (got.passings[0].handover, got.passings[0].state) == (kept.id, "offered")
    assert got.passings[0].receiver == "noord"


def test_a_summary_that_is_too_long_stays_a_draft_and_says_why(engine, three):
    long = WHOLE.model_copy(update={"summary": "Geluid.\n" * 11})
    got = passed(engine, packet=long)
    assert got.counts == {"draft": 3}
    assert all("more than 10 lines" in p.why for p in got.passings)


# --- again ---------------------------------------------------------------------------------------


def test_run_again_at_once_changes_nothing(engine, three):
    first = passed(engine, packet=WHOLE.model_copy(update={"told_person": None}))
    before = everything(engine)
    again = passed(engine, packet=WHOLE.model_copy(update={"told_person": None}), now=LATER)
    assert everything(engine) == before
    assert again == first


def test_two_who_begin_at_once_begin_the_same_and_double_nothing(engine, three):
    got = at_once(lambda: passed(engine), lambda: passed(engine, by="process"))
    assert [g.number for g in got] == [got[0].number] * 2
    assert len(rows(engine, "handovers")) == len(three)
    assert len(rows(engine, "successions")) == 1


def test_an_interrupted_run_goes_on_where_it_was(engine, three):
    done = []

    def breaks(_connection):
        done.append(1)
        if len(done) == 3:  # the succession, the first case, and then
            raise RuntimeError("the machine stops")

    sa.event.listen(engine, "commit", breaks)
    try:
        with pytest.raises(RuntimeError):
            passed(engine)
    finally:
        sa.event.remove(engine, "commit", breaks)
    (half,) = successions(engine)
    assert half.counts == {"offered": 1, "waiting": 2}
    assert all(p.held for p in half.passings)
    assert directors(engine) == ["director"] * 3
    whole = passed(engine, now=LATER)
    assert (whole.number, whole.counts) == (half.number, {"offered": 3})
    assert whole.passings[0] == half.passings[0]


def test_roles_that_came_later_join_the_succession_that_runs(engine, three):
    first = passed(engine)
    new = a_case(engine, address="Nieuwlaan 1")
    assert directors(engine)[3] == "noord"
    made = offer(engine, new, role=Role.DIRECTOR, to="director", packet=WHOLE, by="noord",
                 now=LATER)  # fmt: skip
    accept(engine, made.id, by="director", read_back=READ_BACK, now=LATER)
    assert new not in [p.case_key for p in progress(engine, first.number).passings]
    again = passed(engine, now=LATER)
    assert again.number == first.number
    assert [p.case_key for p in again.passings] == [*three, new]


def test_after_it_is_done_later_roles_begin_another(engine, three):
    first = passed(engine)
    for p in first.passings:
        accepted(engine, p)
    unchanged_progress = progress(engine, first.number)
    assert passed(engine, now=LATER) == unchanged_progress, "nothing is left to pass on"
    made = offer(engine, three[0], role=Role.DIRECTOR, to="director", packet=WHOLE,
                 by=first.passings[0].receiver, now=LATER)  # fmt: skip
    accept(engine, made.id, by="director", read_back=READ_BACK, now=LATER)
    assert progress(engine, first.number).passings[1:] == unchanged_progress.passings[1:]
    second = passed(engine, now=LATER + DAY)
    assert second.number == first.number + 1
    assert [p.number for p in successions(engine)] == [second.number, first.number]


# --- what comes back -----------------------------------------------------------------------------


def test_what_is_refused_is_the_leavers_and_shows_as_such(engine, three):
    got = passed(engine)
    refused(engine, got.passings[0])
    now = passed(engine, now=LATER)
    assert (now.passings[0].state, now.passings[0].held) == ("refused", True)
    assert now.passings[1:] == got.passings[1:]
    assert directors(engine)[0] == "director"
    assert "handover_returned" in {p["key"] for p in rows(engine, "checkpoints", "state = 'open'")}


def test_what_runs_out_is_the_leavers_and_shows_as_such(engine, three):
    got = passed(engine)
    accepted(engine, got.passings[1])
    raise_all(engine, NOW + 30 * DAY)
    now = progress(engine, got.number)
    assert now.counts == {"accepted": 1, "expired": 2}
    assert [p.held for p in now.passings] == [True, False, True]
    assert directors(engine) == ["director", got.passings[1].receiver, "director"]


def test_the_process_director_offers_it_anew_to_who_did_not_have_it(engine, three):
    got = passed(engine)
    refused(engine, got.passings[0])
    again = passed(engine, by="process", now=LATER)
    first = again.passings[0]
    assert first.state == "offered"
    assert {first.receiver, got.passings[0].receiver} == {"noord", "zuid"}
    assert again.passings[1:] == got.passings[1:]
    refused(engine, first, LATER + DAY)
    third = passed(engine, by="process", now=LATER + DAY)
    assert third.passings[0].state == "refused"
    assert "handover assign" in third.passings[0].why


def test_what_was_offered_or_assigned_by_hand_since_counts_too(engine, three):
    got = passed(engine)
    refused(engine, got.passings[0])
    by_hand = offer(engine, three[0], role=Role.DIRECTOR, to="jurist", packet=WHOLE, by="director",
                    now=LATER)  # fmt: skip
    now = progress(engine, got.number).passings[0]
    assert (now.handover, now.state, now.receiver) == (by_hand.id, "offered", "jurist")
    assign(engine, three[0], role=Role.DIRECTOR, to="head", by="process", because="nodig",
           now=LATER)  # fmt: skip
    now = progress(engine, got.number).passings[0]
    assert (now.state, now.receiver, now.held) == ("assigned", "head", False)


def test_a_role_assigned_to_the_leaver_and_not_read_back_keeps_it_from_being_done(engine, three):
    assign(engine, three[0], role=Role.CARE, to="noord", packet=WHOLE, by="process",
           because="nodig", now=NOW)  # fmt: skip
    got = pass_on(engine, "noord", to=["zuid"], packet=WHOLE, by="noord", because=BECAUSE,
                  now=LATER)  # fmt: skip
    (passing,) = got.passings
    assert (passing.state, passing.held, got.done) == ("assigned", True, False)
    assert "estafette handover accept 1" in passing.why
    assert "estafette handover assign" in passing.why
    accept(engine, 1, by="noord", read_back=READ_BACK, now=LATER)
    options = {"to": ["zuid"], "packet": WHOLE, "by": "noord", "because": BECAUSE, "now": LATER}
    again = pass_on(engine, "noord", **options)
    assert (again.number, again.counts) == (got.number, {"offered": 1})
    accept(engine, again.passings[0].handover, by="zuid", read_back=READ_BACK, now=LATER)
    assert progress(engine, got.number).done


def test_an_assigned_role_the_process_director_gave_to_somebody_else_is_passed(engine, three):
    assign(engine, three[0], role=Role.CARE, to="noord", packet=WHOLE, by="process",
           because="nodig", now=NOW)  # fmt: skip
    got = pass_on(engine, "noord", to=["zuid"], packet=WHOLE, by="noord", because=BECAUSE,
                  now=LATER)  # fmt: skip
    assign(engine, three[0], role=Role.CARE, to="zuid", by="process", because="anders",
           now=LATER)  # fmt: skip
    assert progress(engine, got.number).done
    leave(engine, "noord", by="noord", now=LATER)


def test_the_leavers_own_organisation_takes_over_when_they_are_its_fixed_contact(engine, three):
    a_contact(engine, "director", "case_director", deputy="deputy", fixed=True)
    got = passed(engine, to=(f"gemeente-{TOWN}",))
    assert got.counts == {"offered": 3}
    assert "director" not in {p.receiver for p in got.passings}


def test_what_was_taken_back_is_offered_anew(engine, three):
    got = passed(engine)
    revoke(engine, got.passings[2].handover, by="director", now=NOW)
    assert progress(engine, got.number).passings[2].state == "revoked"
    again = passed(engine, now=LATER)
    assert again.counts == {"offered": 3}
    assert again.passings[2].handover != got.passings[2].handover


def test_one_bad_case_says_why_and_keeps_no_other_waiting(engine, three):
    for to in ("jurist", "head"):
        made = offer(engine, three[0], role=Role.DIRECTOR, to=to, packet=WHOLE, by="director",
                     now=NOW)  # fmt: skip
        refuse(engine, made.id, by=to, reason="vol", now=NOW)
    got = passed(engine, now=LATER)
    assert [p.state for p in got.passings] == ["waiting", "offered", "offered"]
    assert "the process director decides" in got.passings[0].why
    assert got.passings[0].held


def test_an_offer_that_waits_already_is_left_as_it_is(engine, three):
    made = offer(engine, three[0], role=Role.DIRECTOR, to="jurist", packet=WHOLE, by="director",
                 now=NOW)  # fmt: skip
    got = passed(engine)
    assert (got.passings[0].handover, got.passings[0].receiver) == (made.id, "jurist")


# --- refused -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"to": ()}, NotAllowed, "at least one"),
        ({"to": ("noord", "director")}, NotAllowed, "somebody else than director"),
        ({"to": ("nobody",)}, NotFound, "nobody"),
        ({"to": ("noord", "weg")}, NotAllowed, "weg is absent"),
        ({"by": "jurist"}, NotAllowed, "jurist can not pass on"),
        ({"by": "nobody"}, NotFound, "contact nobody"),
        ({"because": "  "}, NotAllowed, "needs a reason"),
        ({"because": "x" * 1001}, NotAllowed, "needs a reason"),
    ],
    ids=lambda v: "-".join(v) if isinstance(v, dict) else "",
)
def test_a_wrong_call_is_refused_by_name_and_leaves_nothing(engine, three, wrong, error, match):
    a_contact(engine, "weg", "case_director")
    away(engine, "weg", since=NOW, by="weg", now=NOW)
    unchanged(engine, error, match, lambda: passed(engine, **wrong))


def test_who_holds_nothing_has_nothing_to_pass_on(engine, three):
    options = {"to": ["noord"], "packet": WHOLE, "because": "x", "now": NOW}
    unchanged(engine, NotAllowed, "holds no role",
              lambda: pass_on(engine, "jurist", by="jurist", **options))  # fmt: skip


def test_an_unknown_succession_is_not_found(engine):
    with pytest.raises(NotFound, match="no succession 7"):
        progress(engine, 7)


def test_the_process_director_of_another_town_can_not(engine, three):
    home = {"key": "elders", "name": "Gemeente Elders", "kind": "municipality"}
    add_organisation(engine, NewOrganisation(**home, municipality="elders"))
    a_contact(engine, "elders-process", "process_director", organisation="elders")
    unchanged(engine, NotAllowed, "can not pass on", lambda: passed(engine, by="elders-process"))


def test_the_reason_stays_in_its_row(engine, three):
    passed(engine, because="kanarie met pensioen")
    everywhere = {name: str(found) for name, found in everything(engine).items()}
    assert [name for name, text in everywhere.items() if "kanarie" in text] == ["successions"]
