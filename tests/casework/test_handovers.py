"""The baton: offered with a packet, accepted by reading back; the sender holds it until then."""

from itertools import pairwise

import pytest
from pydantic import ValidationError

from casework.absences import away
from casework.acts import NewAct, record_act
from casework.alert_views import alert_list
from casework.handover_views import handover_list, handover_view
from casework.holding import held_at
from casework.ledger import redate_term
from casework.offering import draft, offer_draft, revoke
from casework.packets import Packet
from casework.people import NewOrganisation, add_organisation
from casework.promises import answer
from casework.questions import question
from casework.receiving import accept, acknowledge, ask_call, refuse
from casework.refusals import CaseMoved, IncompletePacket, NotAllowed, NotFound
from casework.requests import ask
from casework.views import case_view
from casework.words import Answer, Role
from escalation.baton import HANDOVER_NEWS
from escalation.packet import PARTS
from tests.builders import NOW, PACKET, TOWN, a_contact, a_town, announce_order, go
from tests.casework.handing import (
    AN_HOUR,
    CARE,
    DIRECTOR,
    LATER,
    READ_BACK,
    a_packet,
    accepted,
    clocks,
    gone,
    news,
    offered,
    refused,
    the_row,
    unchanged,
)
from tests.casework.looking import DAY, at_once, everything, held, kinds, promises, rows, told

HOME = f"zorg-{TOWN}"


# --- offering ------------------------------------------------------------------------------------


def test_an_offer_leaves_the_sender_responsible_and_tells_the_receiver(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    assert (made.state, made.role, made.missing) == ("offered", "case_director", ())
    view = case_view(engine, in_signal, NOW)
    assert view.holders == {"case_director": "director"}
    assert [(h.sender, h.receiver, h.state) for h in view.handovers] == [
        ("director", "deputy", "offered")
    ]
    assert told(engine, in_signal) == [("deputy", "offered")]
    assert kinds(engine, in_signal)[-1] == "handover_offered"
    assert view.version == made.version


def test_an_offer_runs_two_clocks_asked_of_the_receiver_and_owed_to_the_sender(engine, in_signal):
    running = clocks(engine, offered(engine, in_signal).id)
    assert {key: str(row["due_on"]) for key, row in running.items()} == {
        "handover_acknowledged": "2026-03-04", "handover_answered": "2026-03-09",
    }  # fmt: skip
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    assert {(names[r["asked_id"]], names[r["owed_id"]]) for r in running.values()} == {
        ("care", "director")
    }


def test_an_urgent_offer_is_answered_within_hours(engine, in_signal):
    made = offered(engine, in_signal, packet=a_packet(severity="urgent"))
    (clock,) = clocks(engine, made.id).values()
    assert (clock["key"], clock["due_at"], clock["exact"]) == (
        "handover_urgent", NOW + 4 * AN_HOUR, True,
    )  # fmt: skip
    accepted(engine, made.id, now=NOW + AN_HOUR)
    assert clocks(engine, made.id, "answered")["handover_urgent"]["answered_by"] == "care"


def test_the_packet_takes_along_what_is_open_with_its_dates(engine, in_voluntary_care):
    offered(engine, in_voluntary_care)
    packet = rows(engine, "handovers")[0]["packet"]
    assert {"key": "voluntary_care.review", "by": "2026-03-30"} in packet["open_actions"]
    assert packet["summary"] == PACKET["summary"]


def test_an_open_action_about_a_handover_or_request_says_which(engine, in_signal):
    first = accepted(engine, offered(engine, in_signal).id)
    asked = ask(engine, in_signal, to="care", what="Is hij thuis?", by="director", now=LATER)
    second = offered(engine, in_signal, role=DIRECTOR, to="deputy", now=LATER)
    actions = handover_view(engine, second.id).packet["open_actions"]
    about = {action["key"]: action.get("about") for action in actions}
    assert about["case.warm_contact"] == about["case.report_back"] == f"handover {first.id}"
    assert about["case.request_answered"] == f"request {asked.id}"
    assert about["signal.triaged"] is None


def test_what_people_wrote_stays_with_the_handover(engine, in_signal):
    secret = "KANARIE zingt hier"
    text = dict.fromkeys(("summary", "if_then", "not_shared", "ask_whom", "told_person"), secret)
    made = offered(engine, in_signal, packet=a_packet(**text))
    ask_call(engine, made.id, by="care", how=secret, now=NOW)
    refused(engine, made.id, reason=secret)
    again = offered(engine, in_signal)
    accepted(engine, again.id, read_back=f"{secret} en ik ga morgen langs")
    kept = {"handovers", "checkpoints"}  # a refusal's reason is on its promise too
    for table, found in everything(engine).items():
        assert table in kept or "KANARIE" not in str(found), table


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("empty", [None, "", "   "], ids=["missing", "empty", "blank"])
def test_an_incomplete_packet_is_not_offered_and_every_missing_part_is_named(
    engine, in_signal, part, empty
):
    packet = {k: v for k, v in PACKET.items() if k != part}
    if empty is not None and part != "risks":
        packet[part] = empty
    call = lambda: offered(engine, in_signal, packet=Packet.model_validate(packet))  # noqa: E731
    unchanged(engine, IncompletePacket, f"- {part}: {PARTS[part].en[:20]}", call)
    with pytest.raises(IncompletePacket) as caught:
        call()
    assert caught.value.missing == (part,)


def test_an_empty_packet_is_refused_with_all_that_it_lacks(engine, in_signal):
    with pytest.raises(IncompletePacket, match="not complete") as caught:
        offered(engine, in_signal, packet=Packet())
    assert caught.value.missing == tuple(PARTS)


def test_all_that_is_wrong_with_a_packet_is_named_in_one_go(engine, in_signal):
    packet = a_packet(summary="Geluid.\n" * 11, severity="hihg", risks=["hond"], if_then="-",
                      told_person="")  # fmt: skip
    with pytest.raises(IncompletePacket) as caught:
        offered(engine, in_signal, packet=packet)
    assert caught.value.missing == ("if_then", "told_person")
    assert [fault.split(";")[0] for fault in caught.value.wrong] == [
        "'hihg' is no severity", "'hond' is no risk", "the summary has more than 10 lines",
    ]  # fmt: skip
    assert all(f"- {fault}" in str(caught.value) for fault in caught.value.wrong)
    whole = a_packet(summary="Geluid.\n" * 11, risks=["hond"])
    unchanged(engine, NotAllowed, "'hond' is no risk.*more than 10 lines",
              lambda: offered(engine, in_signal, packet=whole))  # fmt: skip


def test_a_packet_has_no_field_for_anything_else():
    with pytest.raises(ValidationError):
        Packet.model_validate(PACKET | {"diagnosis": "x"})


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"summary": "\n".join("x" * 11)}, "more than 10 lines"),
        ({"risks": ["dogs"]}, "'dogs' is no risk; did you mean 'dog'"),
        ({"risks": ["none", "dog"]}, "'none' stands alone"),
        ({"severity": "?"}, "choose from low, medium, high, urgent"),
    ],
)
def test_a_packet_that_is_wrong_is_refused_by_name(engine, in_signal, wrong, match):
    unchanged(engine, NotAllowed, match,
              lambda: offered(engine, in_signal, packet=a_packet(**wrong)))  # fmt: skip


def test_offered_twice_to_the_same_person_is_offered_once(engine, in_signal):
    first = offered(engine, in_signal)
    before = everything(engine)
    assert offered(engine, in_signal, now=LATER, seen_version=0) == first
    assert everything(engine) == before


@pytest.mark.parametrize(
    "other", [{"severity": "high"}, {"risks": ["dog"]}, {"told_person": "Weet nog van niets."}]
)
def test_another_packet_is_not_offered_over_the_one_that_waits(engine, in_signal, other):
    made = offered(engine, in_signal)
    match = (f"handover {made.id} is on offer with another packet; revoke it first: "
             f"estafette handover revoke {made.id}")  # fmt: skip
    unchanged(engine, NotAllowed, match,
              lambda: offered(engine, in_signal, packet=a_packet(**other)))  # fmt: skip
    unchanged(engine, NotAllowed, match, lambda: offer_draft(
        engine, made.id, by="director", now=LATER, packet=a_packet(**other)))  # fmt: skip
    before = everything(engine)
    assert offered(engine, in_signal, packet=Packet(severity="medium"), now=LATER) == made
    assert everything(engine) == before
    revoke(engine, made.id, by="director", now=LATER)
    assert offered(engine, in_signal, packet=a_packet(**other), now=LATER).state == "offered"


def test_offered_twice_at_once_is_offered_once(engine, in_signal):
    got = at_once(*[lambda: offered(engine, in_signal)] * 2)
    assert got[0] == got[1]
    assert len(rows(engine, "handovers")) == 1


def test_offered_to_two_at_once_one_wins_and_the_other_is_refused(engine, in_signal):
    got = at_once(
        lambda: offered(engine, in_signal, to="care"),
        lambda: offered(engine, in_signal, to="jurist"),
    )
    (made,) = [g for g in got if not isinstance(g, Exception)]
    (no,) = [g for g in got if isinstance(g, Exception)]
    assert isinstance(no, NotAllowed)
    assert f"handover {made.id} of this role is still on offer" in str(no)
    assert len(rows(engine, "handovers")) == len(rows(engine, "alerts")) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"to": "director"}, NotAllowed, "somebody else"),
        ({"to": "nobody"}, NotFound, "contact or organisation nobody; see: estafette contact list"),
        ({"by": "nobody"}, NotFound, "contact nobody"),
        ({"by": "jurist"}, NotAllowed, "holds neither"),
        ({"by": "care", "to": "jurist"}, NotAllowed, "holds neither"),
        ({"seen_version": 0}, CaseMoved, "look again"),
        ({"role": DIRECTOR, "by": "process", "to": "director"}, NotAllowed, "somebody else"),
        ({"by": "head"}, NotAllowed, "holds neither"),
    ],
    ids=lambda v: str(v) if isinstance(v, dict) else "",
)
def test_a_refused_offer_changes_nothing(engine, in_signal, wrong, error, match):
    unchanged(engine, error, match, lambda: offered(engine, in_signal, **wrong))


def test_an_answer_says_who_holds_the_role_meanwhile(engine, in_signal):
    made = offered(engine, in_signal)
    assert made.held_by == "director"
    assert accepted(engine, made.id).held_by == "care"
    assert offered(engine, in_signal, to="jurist", now=LATER).held_by == "care"


def test_who_may_not_offer_hears_who_does(engine, in_signal):
    unchanged(engine, NotAllowed, "nobody holds the role, and director directs it",
              lambda: offered(engine, in_signal, by="jurist"))  # fmt: skip
    accepted(engine, offered(engine, in_signal).id)
    unchanged(engine, NotAllowed, "care holds the role, and director directs it",
              lambda: offered(engine, in_signal, by="deputy", to="jurist"))  # fmt: skip
    unchanged(engine, NotAllowed, "2026-00001; director directs it",
              lambda: offered(engine, in_signal, role=DIRECTOR, by="jurist"))  # fmt: skip


# --- who holds it while another offers it ---------------------------------------------------------


def test_whoever_loses_a_role_that_another_offered_is_told_of_it_and_of_its_passing(
    engine, in_signal
):
    accepted(engine, offered(engine, in_signal).id)
    on = offered(engine, in_signal, to="jurist", now=LATER)
    assert news(engine, on.id) == [("jurist", "offered"), ("care", "offered_on")]
    accepted(engine, on.id, by="jurist")
    assert set(news(engine, on.id)[2:]) == {("care", "passed"), ("director", "accepted")}


def test_a_holder_in_whose_name_the_process_director_offers_is_told(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy", by="process")
    assert news(engine, made.id) == [("deputy", "offered"), ("director", "offered_on")]
    accepted(engine, made.id, by="deputy")
    assert news(engine, made.id)[2:] == [("director", "accepted")]


def test_nobody_is_told_of_what_they_or_their_stand_in_did_themselves(engine, in_signal):
    gone(engine, "director", LATER + DAY)
    made = offered(engine, in_signal, role=DIRECTOR, to="jurist", by="deputy")
    assert news(engine, made.id) == [("jurist", "offered")]


def test_who_gave_a_lead_that_a_deputy_then_takes_is_told_once(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    a_contact(engine, "care", "care_worker", organisation=HOME, deputy="collega")
    accepted(engine, offered(engine, in_signal).id)
    gone(engine, "care", LATER + DAY, at=LATER)
    made = offered(engine, in_signal, to="collega", now=LATER)
    assert ("collega", "offered_on") in news(engine, made.id)
    accepted(engine, made.id, by="collega")
    assert "passed" not in {event for _, event in news(engine, made.id)}


@pytest.mark.parametrize(
    ("kind", "function", "role", "fits"),
    [
        ("care", "care_worker", Role.ENFORCEMENT, False),
        ("landlord", "adviser", Role.ENFORCEMENT, False),
        ("municipality", "care_worker", Role.ENFORCEMENT, False),
        ("municipality", "enforcement_jurist", Role.ENFORCEMENT, True),
        ("police", "police_officer", Role.ENFORCEMENT, True),
        ("landlord", "adviser", CARE, False),
        ("police", "police_officer", CARE, False),
        ("municipality", "enforcement_jurist", CARE, False),
        ("municipality", "case_worker", CARE, True),
        ("care", "care_worker", CARE, True),
        ("landlord", "adviser", DIRECTOR, True),
    ],
)
def test_a_role_that_hardly_fits_is_warned_about_and_not_refused(
    engine, in_signal, kind, function, role, fits
):
    add_organisation(engine, NewOrganisation(
        key="partij", name="Partij Voorbeeld", kind=kind, municipality=TOWN))  # fmt: skip
    a_contact(engine, "iemand", function, organisation="partij")
    for _ in range(2):
        made = offered(engine, in_signal, role=role, to="iemand")
        assert made.state == "offered"
        assert any("Past deze rol?" in text.nl for text in made.warnings) is not fits


def test_nothing_is_offered_to_somebody_absent_and_deputy_and_end_are_named(engine, in_signal):
    a_contact(engine, "wijkteam", "care_worker", deputy="care")
    gone(engine, "wijkteam", NOW + 9 * DAY)
    unchanged(engine, NotAllowed, "wijkteam is absent until 11-03-2026.*care stands in",
              lambda: offered(engine, in_signal, to="wijkteam"))  # fmt: skip
    gone(engine, "care")
    unchanged(engine, NotAllowed, "care is absent", lambda: offered(engine, in_signal))


def test_an_offer_says_that_its_receiver_is_away_before_the_answer_is_due(engine, in_signal):
    def warned(made):
        return [text.nl for text in made.warnings if "afwezig vanaf" in text.nl]

    away(engine, "care", since=LATER, until=None, by="care", now=NOW)
    away(engine, "jurist", since=NOW + 30 * DAY, until=None, by="jurist", now=NOW)
    made = offered(engine, in_signal)
    says = "care is afwezig vanaf 05-03-2026, voordat het antwoord er moet zijn; niemand vervangt"
    assert [text[: len(says)] for text in warned(made)] == [says]
    assert warned(offered(engine, in_signal)) == warned(made)
    assert warned(offered(engine, in_signal, role=Role.ENFORCEMENT, to="jurist")) == []
    a_contact(engine, "care", "care_worker", organisation=HOME, deputy="jurist")
    assert warned(offered(engine, in_signal))[0].endswith("jurist vervangt dan.")


def test_nothing_is_offered_to_somebody_who_holds_the_role_already(engine, in_signal):
    accepted(engine, offered(engine, in_signal).id)
    unchanged(engine, NotAllowed, "care holds this role of case 2026-00001 already; there is not",
              lambda: offered(engine, in_signal))  # fmt: skip


def test_one_role_is_on_offer_to_one_person_at_a_time(engine, in_signal):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, f"handover {made.id} of this role is still on offer",
              lambda: offered(engine, in_signal, to="jurist"))  # fmt: skip
    offered(engine, in_signal, role=DIRECTOR, to="deputy")


def test_a_closed_case_has_nothing_to_hand_over(engine, in_signal):
    go(engine, in_signal, "unfounded")
    unchanged(engine, NotAllowed, "is closed", lambda: offered(engine, in_signal))
    unchanged(engine, NotAllowed, "is closed", lambda: a_draft(engine, in_signal))


def test_whoever_stands_in_for_the_holder_offers_in_the_holders_name(engine, in_signal):
    unchanged(engine, NotAllowed, "holds neither", lambda: offered(engine, in_signal, by="deputy"))
    gone(engine, "director", NOW + DAY)
    made = offered(engine, in_signal, by="deputy")
    assert handover_view(engine, made.id).sender == "director"
    accepted(engine, made.id)
    assert ("deputy", "accepted") not in news(engine, made.id)  # back by then
    assert ("director", "accepted") in news(engine, made.id)


def test_the_process_director_offers_in_the_holders_name(engine, in_signal):
    made = offered(engine, in_signal, by="process")
    shown = handover_view(engine, made.id)
    assert (shown.sender, shown.receiver) == ("director", "care")
    accepted(engine, made.id)
    again = offered(engine, in_signal, to="jurist", by="process", now=LATER)
    assert handover_view(engine, again.id).sender == "care"


def test_a_process_director_of_another_town_offers_nothing_here(engine, in_signal):
    add_organisation(engine, NewOrganisation(
        key="gemeente-elders", name="Gemeente Elders", kind="municipality",
        municipality="elders"))  # fmt: skip
    a_contact(engine, "process-elders", "process_director", "elders")
    unchanged(engine, NotAllowed, "holds neither",
              lambda: offered(engine, in_signal, by="process-elders"))  # fmt: skip


# --- by somebody else than the sender ------------------------------------------------------------


@pytest.mark.parametrize("role", [CARE, DIRECTOR])
def test_who_stands_in_for_the_sender_does_not_offer_the_role_to_themselves(
    engine, in_signal, role
):
    kept = a_draft(engine, in_signal, role=role, to="deputy", packet=a_packet())
    gone(engine, "director")
    for call in (
        lambda: offered(engine, in_signal, role=role, to="deputy", by="deputy"),
        lambda: a_draft(engine, in_signal, role=role, to="deputy", by="deputy"),
        lambda: offer_draft(engine, kept.id, by="deputy", now=NOW),
    ):
        unchanged(engine, NotAllowed, "somebody else, and deputy offers it for director", call)


def test_the_process_director_does_not_take_the_direction_by_an_offer_to_themselves(
    engine, in_signal
):
    unchanged(engine, NotAllowed, "process offers it for director.*estafette handover assign",
              lambda: offered(engine, in_signal, role=DIRECTOR, to="process",
                              by="process"))  # fmt: skip


def test_an_offer_to_ones_own_organisation_goes_past_who_offers_it_for_another(engine, in_signal):
    gone(engine, "director")
    klad = a_draft(engine, in_signal, to=f"gemeente-{TOWN}", by="deputy", packet=a_packet())
    made = offered(engine, in_signal, to=f"gemeente-{TOWN}", by="deputy")
    assert (klad.id, handover_view(engine, made.id).receiver) == (made.id, "process")


def test_whoever_offered_it_for_the_sender_never_answers_it(engine, in_signal):
    a_contact(engine, "care", "care_worker", organisation=HOME, deputy="deputy")
    gone(engine, "director")
    named = offered(engine, in_signal, by="deputy")
    homely = offered(engine, in_signal, role=DIRECTOR, to=f"gemeente-{TOWN}", by="deputy")
    gone(engine, "care", at=LATER)
    for made in (named, homely):
        for call in (
            lambda made=made: accepted(engine, made.id, by="deputy"),
            lambda made=made: refused(engine, made.id, by="deputy", now=LATER),
            lambda made=made: acknowledge(engine, made.id, by="deputy", now=LATER),
        ):
            unchanged(engine, NotAllowed, f"deputy offered handover {made.id}", call)
    assert accepted(engine, homely.id, by="jurist").state == "accepted"


def test_a_deputy_to_whom_the_sender_offered_it_accepts_also_once_the_sender_is_away(
    engine, in_signal
):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    gone(engine, "director", at=LATER)
    assert accepted(engine, made.id, by="deputy").held_by == "deputy"


# --- to an organisation --------------------------------------------------------------------------


def test_an_organisation_is_asked_by_its_fixed_contact_and_anybody_there_may_answer(
    engine, in_signal
):
    a_contact(engine, "vast", "care_worker", organisation=HOME, fixed=True)
    made = offered(engine, in_signal, to=HOME)
    shown = handover_view(engine, made.id)
    assert (shown.receiver, shown.principal) == ("vast", HOME)
    assert news(engine, made.id) == [("vast", "offered")]
    before = everything(engine)
    assert offered(engine, in_signal, to=HOME) == made
    assert everything(engine) == before
    accepted(engine, made.id, by="care")
    assert held_at(engine, in_signal, CARE, LATER) == "care"
    (lead,) = rows(engine, "assignments", "role = 'care_lead'")
    home = rows(engine, "organisations", f"key = '{HOME}'")[0]
    assert lead["principal_id"] == home["id"]
    assert [c["asked_id"] == lead["contact_id"] for c in clocks(engine, made.id).values()] == [
        True, True,
    ]  # fmt: skip


def test_an_organisation_where_nobody_can_be_reached_is_not_asked(engine, in_signal):
    add_organisation(engine, NewOrganisation(
        key="leeg", name="Leeg Voorbeeld", kind="care", municipality=TOWN))  # fmt: skip
    unchanged(engine, NotAllowed, "leeg has no contact who can be reached",
              lambda: offered(engine, in_signal, to="leeg"))  # fmt: skip
    gone(engine, "care")
    unchanged(engine, NotAllowed, f"{HOME} has no contact",
              lambda: offered(engine, in_signal, to=HOME))  # fmt: skip


def test_an_offer_to_ones_own_organisation_goes_to_another_than_its_fixed_contact(
    engine, in_signal
):
    a_contact(engine, "director", "case_director", deputy="deputy", fixed=True)
    klad = draft(engine, in_signal, role=CARE, to=f"gemeente-{TOWN}", packet=a_packet(),
                 by="director", now=NOW)  # fmt: skip
    made = offer_draft(engine, klad.id, by="director", now=NOW)
    assert made.state == "offered"
    assert handover_view(engine, made.id).receiver != "director"


def test_inside_one_organisation_a_colleague_is_asked_and_never_the_sender_answers(
    engine, in_signal
):
    made = offered(engine, in_signal, role=DIRECTOR, to=f"gemeente-{TOWN}")
    assert handover_view(engine, made.id).receiver == "deputy"
    unchanged(engine, NotAllowed, "somebody else than its sender",
              lambda: accepted(engine, made.id, by="director"))  # fmt: skip
    accepted(engine, made.id, by="jurist")
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "jurist"


# --- drafts --------------------------------------------------------------------------------------


def a_draft(engine, case, **more):
    options = {"role": CARE, "to": "care", "by": "director", "now": NOW, "packet": Packet()}
    return draft(engine, case, **(options | more))


def test_a_draft_says_what_is_missing_and_tells_nobody(engine, in_signal):
    packet = Packet(severity="low", summary="Kort maar krachtig.", if_then="-")
    made = a_draft(engine, in_signal, packet=packet)
    assert made.state == "draft"
    assert made.missing == tuple(p for p in PARTS if p not in {"severity", "summary"})
    assert told(engine, in_signal) == []
    assert clocks(engine, made.id) == {}
    shown = handover_view(engine, made.id)
    assert (shown.completeness, shown.missing) == (2 / 8, made.missing)
    assert held_at(engine, in_signal, CARE, NOW) is None


def test_drafting_again_brings_the_same_draft_up_to_date(engine, in_signal):
    first = a_draft(engine, in_signal, packet=Packet(severity="low", summary="Kort."))
    second = a_draft(
        engine, in_signal, to="jurist", packet=Packet(summary="Langer.", if_then="Bel.")
    )
    assert second.id == first.id
    shown = handover_view(engine, first.id)
    assert (shown.receiver, shown.packet["severity"]) == ("jurist", "low")
    assert (shown.packet["summary"], shown.packet["if_then"]) == ("Langer.", "Bel.")
    a_draft(engine, in_signal, to="jurist", packet=Packet(summary=""))
    assert "summary" in handover_view(engine, first.id).missing


def test_drafted_twice_alike_is_drafted_once(engine, in_signal):
    first = a_draft(engine, in_signal, packet=a_packet())
    before = everything(engine)
    assert a_draft(engine, in_signal, packet=a_packet(), now=LATER) == first
    assert everything(engine) == before


def test_a_draft_with_a_long_summary_is_kept_and_warned_about(engine, in_signal):
    long = a_packet(summary="\n".join("x" * 11))
    made = a_draft(engine, in_signal, packet=long)
    assert "10" in made.warnings[0].en
    unchanged(engine, NotAllowed, "more than 10 lines",
              lambda: offer_draft(engine, made.id, by="director", now=NOW))  # fmt: skip


def test_a_draft_is_offered_once_it_is_complete(engine, in_signal):
    made = a_draft(engine, in_signal, packet=Packet(severity="low"))
    unchanged(engine, IncompletePacket, "- summary:",
              lambda: offer_draft(engine, made.id, by="director", now=NOW))  # fmt: skip
    done = offer_draft(engine, made.id, by="director", now=LATER, packet=a_packet())
    assert (done.id, done.state, done.missing) == (made.id, "offered", ())
    assert the_row(engine, made.id)["offered_at"] == LATER
    assert news(engine, made.id) == [("care", "offered")]
    before = everything(engine)
    assert offer_draft(engine, made.id, by="director", now=LATER) == done
    assert everything(engine) == before


def test_an_offer_takes_the_senders_draft_over(engine, in_signal):
    made = a_draft(engine, in_signal, packet=a_packet(summary="Uit het klad."))
    done = offered(engine, in_signal, packet=Packet(severity="urgent"))
    assert done.id == made.id
    assert handover_view(engine, made.id).packet["summary"] == "Uit het klad."
    assert "handover_urgent" in clocks(engine, made.id)


def test_what_is_open_is_looked_up_again_when_the_draft_is_offered(engine, in_signal):
    made = a_draft(engine, in_signal, packet=a_packet())
    answer(engine, in_signal, "triaged", given=Answer.DONE, by="director", now=NOW)
    offer_draft(engine, made.id, by="director", now=NOW)
    actions = [a["key"] for a in handover_view(engine, made.id).packet["open_actions"]]
    assert "signal.triaged" not in actions
    assert "signal.acknowledged" in actions


def test_a_draft_to_an_organisation_asks_whoever_is_there_when_it_is_offered(engine, in_signal):
    made = a_draft(engine, in_signal, to=HOME, packet=a_packet())
    a_contact(engine, "vast", "care_worker", organisation=HOME, fixed=True)
    offer_draft(engine, made.id, by="director", now=LATER)
    assert handover_view(engine, made.id).receiver == "vast"


def test_a_draft_of_somebody_else_is_not_offered(engine, in_signal):
    made = a_draft(engine, in_signal, packet=a_packet())
    accepted(engine, offered(engine, in_signal, role=DIRECTOR, to="deputy").id, by="deputy")
    for by in ("director", "deputy", "jurist"):
        unchanged(engine, NotAllowed, "of somebody else|holds neither",
                  lambda by=by: offer_draft(engine, made.id, by=by, now=LATER))  # fmt: skip


def test_a_draft_is_answered_by_nobody_and_revoked_in_silence(engine, in_signal):
    made = a_draft(engine, in_signal, packet=a_packet())
    unchanged(engine, NotAllowed, "no longer on offer: it was draft",
              lambda: accepted(engine, made.id))  # fmt: skip
    assert revoke(engine, made.id, by="director", now=NOW).state == "revoked"
    assert told(engine, in_signal) == []
    unchanged(engine, NotAllowed, "no draft any more",
              lambda: offer_draft(engine, made.id, by="director", now=NOW))  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"to": "director"}, NotAllowed, "somebody else"),
        ({"to": "nobody"}, NotFound, "contact or organisation nobody"),
        ({"by": "jurist"}, NotAllowed, "holds neither"),
        ({"packet": Packet(risks=("dogs",))}, NotAllowed, "did you mean 'dog'"),
    ],
)
def test_a_refused_draft_changes_nothing(engine, in_signal, wrong, error, match):
    unchanged(engine, error, match, lambda: a_draft(engine, in_signal, **wrong))


# --- seeing --------------------------------------------------------------------------------------


def test_a_pending_offer_is_listed_for_both_sides_and_a_draft_for_its_sender_alone(
    engine, in_signal
):
    made = offered(engine, in_signal)
    klad = a_draft(engine, in_signal, role=DIRECTOR, to="jurist", packet=a_packet())
    seen = {who: [h.id for h in handover_list(engine, contact=who)]
            for who in ("director", "care", "jurist", "head")}  # fmt: skip
    assert seen == {"director": [klad.id, made.id], "care": [made.id], "jurist": [], "head": []}
    assert [h.id for h in handover_list(engine, pending=True)] == [made.id]
    assert [h.id for h in handover_list(engine, case_key="2026-00099")] == []
    with pytest.raises(NotFound, match="contact nobody"):
        handover_list(engine, contact="nobody")


def test_a_handover_shows_its_clocks_and_packet(engine, in_signal):
    shown = handover_view(engine, offered(engine, in_signal).id)
    assert [(c.key, str(c.due_on)) for c in shown.clocks] == [
        ("handover_acknowledged", "2026-03-04"), ("handover_answered", "2026-03-09"),
    ]  # fmt: skip
    assert shown.packet["risks"] == PACKET["risks"]
    assert (shown.missing, shown.completeness) == ((), 1)
    with pytest.raises(NotFound, match="handover 77"):
        handover_view(engine, 77)


# --- acknowledging -------------------------------------------------------------------------------


def test_acknowledging_answers_that_it_was_seen_and_nothing_more(engine, in_signal):
    made = offered(engine, in_signal)
    acknowledge(engine, made.id, by="care", now=LATER)
    assert set(clocks(engine, made.id)) == {"handover_answered"}
    assert the_row(engine, made.id)["acknowledged_at"] == LATER
    assert the_row(engine, made.id)["state"] == "offered"
    before = everything(engine)
    acknowledge(engine, made.id, by="care", now=LATER + DAY)
    assert everything(engine) == before


def test_accepting_or_refusing_says_that_it_was_seen(engine, in_signal):
    made = offered(engine, in_signal)
    accepted(engine, made.id)
    assert clocks(engine, made.id, "answered").keys() == {
        "handover_acknowledged", "handover_answered",
    }  # fmt: skip
    other = offered(engine, in_signal, role=Role.ENFORCEMENT, to="jurist")
    refused(engine, other.id, by="jurist")
    over = clocks(engine, other.id, "answered")
    assert {key: row["answer"] for key, row in over.items()} == {
        "handover_acknowledged": "done", "handover_answered": "not_done",
    }  # fmt: skip


def test_what_is_over_is_acknowledged_no_longer(engine, in_signal):
    made = offered(engine, in_signal)
    revoke(engine, made.id, by="director", now=NOW)
    unchanged(engine, NotAllowed, "no longer on offer",
              lambda: acknowledge(engine, made.id, by="care", now=NOW))  # fmt: skip


# --- accepting -----------------------------------------------------------------------------------


def test_accepting_hands_over_in_one_instant_and_owes_the_sender_word(engine, in_signal):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    done = accepted(engine, made.id, by="deputy")
    assert done.state == "accepted"
    before = [held_at(engine, in_signal, DIRECTOR, at) for at in (NOW, LATER - DAY)]
    assert before == ["director", "director"]
    assert held_at(engine, in_signal, DIRECTOR, LATER) == "deputy"
    assert the_row(engine, made.id)["read_back"] == READ_BACK
    assert promises(engine, in_signal, "answered")["handover_answered"].answer == "done"
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    assert {
        key: (str(row["due_on"]), names[row["asked_id"]], names[row["owed_id"]])
        for key, row in clocks(engine, made.id).items()
    } == {
        "warm_contact": ("2026-03-19", "deputy", "director"),
        "report_back": ("2026-03-19", "deputy", "director"),
    }
    assert told(engine, in_signal)[-1] == ("director", "accepted")


def test_the_report_back_is_owed_across_stages_until_it_is_given(engine, in_signal):
    accepted(engine, offered(engine, in_signal).id)
    go(engine, in_signal, "take_up", LATER)
    assert {"report_back", "warm_contact"} <= promises(engine, in_signal).keys()


def test_accepted_twice_is_accepted_once_and_the_read_back_stays_as_it_was(engine, in_signal):
    made = offered(engine, in_signal)
    first = accepted(engine, made.id)
    before = everything(engine)
    again = f"  {READ_BACK} "
    assert accepted(engine, made.id, now=NOW + 9 * DAY, read_back=again, seen_version=0) == first
    assert everything(engine) == before
    for other in ("Bij nader inzien neem ik iets heel anders op me.", PACKET["summary"], ""):
        unchanged(engine, NotAllowed, f"handover {made.id} was accepted already, with another read",
                  lambda other=other: accepted(engine, made.id, read_back=other))  # fmt: skip


def test_accepted_twice_at_once_is_accepted_once(engine, in_signal):
    made = offered(engine, in_signal)
    got = at_once(*[lambda: accepted(engine, made.id)] * 2)
    assert got[0] == got[1]
    assert kinds(engine, in_signal).count("handover_accepted") == 1


@pytest.mark.parametrize("answer_it", [accepted, refused])
def test_whom_it_was_offered_to_hears_that_a_colleague_answered(engine, in_signal, answer_it):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    made = offered(engine, in_signal, to=HOME)
    other = offered(engine, in_signal, role=DIRECTOR, to="care")
    answer_it(engine, made.id, by="collega")
    answer_it(engine, other.id, by="care")
    told_of_it = ("care", "answered_for_you")
    assert news(engine, made.id).count(told_of_it) == 1
    assert told_of_it not in news(engine, other.id)
    said = [a.asks.nl for a in alert_list(engine, case_key=in_signal) if a.recipient == "care"]
    assert said[0].startswith("Een ander heeft geantwoord")


def test_two_of_one_organisation_accept_at_once_and_one_of_them_holds_it(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    made = offered(engine, in_signal, to=HOME)
    got = at_once(*[lambda by=by: accepted(engine, made.id, by=by) for by in ("care", "collega")])
    assert sorted(type(g).__name__ for g in got) == ["NotAllowed", "Offer"]
    assert "no longer on offer: it was accepted" in str(got)
    by = the_row(engine, made.id)["answered_by"]
    assert held_at(engine, in_signal, CARE, LATER) == by
    assert len(rows(engine, "assignments", "role = 'care_lead'")) == 1


@pytest.mark.parametrize(
    "words",
    ["", "   ", "ok", "akkoord", "ja ja ja ja ja ja", "Ik neem het over",
     PACKET["summary"], PACKET["if_then"].upper(), PACKET["told_reporter"],
     "  geluid in de nacht,   al weken. ", "Bij escalatie BEL: de wijkagent!",
     "al weken geluid in de nacht", f"{PACKET['summary']} {PACKET['if_then']}"],
)  # fmt: skip
def test_accepting_needs_a_read_back_in_ones_own_words(engine, in_signal, words):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "own words",
              lambda: accepted(engine, made.id, read_back=words))  # fmt: skip


@pytest.mark.parametrize("language", ["nl", "en"])
def test_an_open_action_copied_from_the_packet_is_no_read_back(engine, in_voluntary_care, language):
    made = offered(engine, in_voluntary_care)
    actions = handover_view(engine, made.id).packet["open_actions"]
    asked = [getattr(question(*action["key"].split(".")), language) for action in actions]
    assert len(asked) > 1
    for words in (*asked, " ".join(asked), f"Ok, ik neem het over: {asked[0]} {asked[-1]}"):
        unchanged(engine, NotAllowed, "own words",
                  lambda words=words: accepted(engine, made.id, read_back=words))  # fmt: skip


@pytest.mark.parametrize(
    "words",
    ["1 2 3 4 5", "a b c d e", f"Ok, ik neem het over: {PACKET['summary']}",
     f"{PACKET['told_person']} {PACKET['summary']} {PACKET['not_shared']}",
     "Akkoord: hond, ga met zijn tweeën, geluid in de nacht, bel de wijkagent"],
)  # fmt: skip
def test_no_words_and_a_mix_of_copied_parts_are_no_read_back(engine, in_signal, words):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "own words",
              lambda: accepted(engine, made.id, read_back=words))  # fmt: skip


def test_that_a_read_back_needs_different_words_is_said(engine, in_signal):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "at least 5 different words",
              lambda: accepted(engine, made.id, read_back="ja ja ja ja ja ja"))  # fmt: skip


def test_an_old_page_accepts_nothing(engine, in_signal):
    made = offered(engine, in_signal)
    go(engine, in_signal, "take_up")
    unchanged(engine, CaseMoved, "look again",
              lambda: accepted(engine, made.id, seen_version=made.version))  # fmt: skip
    now_at = case_view(engine, in_signal, NOW).version
    assert accepted(engine, made.id, seen_version=now_at).state == "accepted"


def test_an_old_page_offers_refuses_and_takes_back_nothing(engine, in_signal):
    klad = a_draft(engine, in_signal, role=DIRECTOR, to="deputy", packet=a_packet())
    made = offered(engine, in_signal)
    old = {"now": LATER, "seen_version": made.version - 1}
    for call in (
        lambda: offer_draft(engine, klad.id, by="director", **old),
        lambda: refuse(engine, made.id, by="care", reason="vol", **old),
        lambda: revoke(engine, made.id, by="director", **old),
        lambda: revoke(engine, klad.id, by="director", **old),
    ):
        unchanged(engine, CaseMoved, "look again", call)
    done = refuse(engine, made.id, by="care", reason="vol", now=NOW, seen_version=made.version)
    put = offer_draft(engine, klad.id, by="director", now=NOW, seen_version=done.version)
    back = revoke(engine, klad.id, by="director", now=NOW, seen_version=put.version)
    # Again alike on the old page it is done once.
    assert refuse(engine, made.id, by="care", reason="vol", **old).state == "refused"
    assert revoke(engine, klad.id, by="director", **old) == back


@pytest.mark.parametrize("stranger", ["director", "jurist", "deputy", "process"])
def test_only_the_receiver_answers(engine, in_signal, stranger):
    made = offered(engine, in_signal)
    for call in (
        lambda: accepted(engine, made.id, by=stranger),
        lambda: refused(engine, made.id, by=stranger),
        lambda: acknowledge(engine, made.id, by=stranger, now=NOW),
        lambda: ask_call(engine, made.id, by=stranger, how="na vieren", now=NOW),
    ):
        unchanged(engine, NotAllowed, "was not offered to", call)


def test_the_deputy_answers_while_the_receiver_is_absent_and_becomes_the_holder(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=HOME)
    a_contact(engine, "care", "care_worker", organisation=HOME, deputy="collega")
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "was not offered to",
              lambda: accepted(engine, made.id, by="collega"))  # fmt: skip
    gone(engine, "care", LATER + DAY)
    accepted(engine, made.id, by="collega")
    assert held_at(engine, in_signal, CARE, LATER) == "collega"
    assert handover_view(engine, made.id).answered_by == "collega"


def test_a_deputy_who_offered_it_does_not_accept_it_too(engine, in_signal):
    a_contact(engine, "wijkteam", "care_worker", deputy="director")
    made = offered(engine, in_signal, to="wijkteam")
    gone(engine, "wijkteam")
    unchanged(engine, NotAllowed, "somebody else than its sender",
              lambda: accepted(engine, made.id, by="director"))  # fmt: skip


def test_news_for_a_sender_who_is_away_goes_to_who_stands_in(engine, in_signal):
    made = offered(engine, in_signal)
    gone(engine, "director", LATER + DAY)
    accepted(engine, made.id)
    assert news(engine, made.id) == [("care", "offered"), ("deputy", "accepted")]


def test_news_for_nobody_goes_up_the_line_and_is_never_lost(engine, in_signal):
    made = offered(engine, in_signal)
    for person in ("director", "deputy"):
        gone(engine, person)
    accepted(engine, made.id)
    assert news(engine, made.id)[-1] == ("process", "accepted")
    for person in ("process", "head"):
        gone(engine, person)
    other = offered(engine, in_signal, role=Role.ENFORCEMENT, to="jurist")
    refused(engine, other.id, by="jurist")
    assert ("director", "refused") in news(engine, other.id)


def test_a_handover_nobody_made_is_not_found(engine, in_signal):
    for call in (
        lambda: accepted(engine, 77),
        lambda: refused(engine, 77),
        lambda: acknowledge(engine, 77, by="care", now=NOW),
        lambda: ask_call(engine, 77, by="care", how="x", now=NOW),
        lambda: offer_draft(engine, 77, by="director", now=NOW),
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
    assert {"next_step", "report_back", "warm_contact"} <= promises(engine, in_signal).keys()


# --- the clocks and the other door ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "way"),
    [
        ("handover_acknowledged", "estafette handover acknowledge {0}"),
        ("handover_answered", "estafette handover accept {0} or estafette handover refuse {0}"),
        ("warm_contact", "estafette handover contacted {0}"),
        ("report_back", "estafette handover report {0}"),
    ],
)
def test_a_clock_of_a_handover_is_answered_by_its_own_verb_which_is_named(
    engine, in_signal, key, way
):
    made = offered(engine, in_signal)
    if key in {"warm_contact", "report_back"}:
        accepted(engine, made.id)
    for by in ("director", "care", "process"):
        unchanged(
            engine, NotAllowed, f"about handover {made.id}; use: {way.format(made.id)}",
            lambda by=by: answer(engine, in_signal, key, given=Answer.NOT_DONE, by=by, now=NOW,
                                 reason="x"),
        )  # fmt: skip


def test_an_urgent_clock_names_its_verbs_too(engine, in_signal):
    made = offered(engine, in_signal, packet=a_packet(severity="urgent"))
    unchanged(engine, NotAllowed, f"estafette handover accept {made.id}",
              lambda: answer(engine, in_signal, "handover_urgent", given=Answer.DONE, by="care",
                             now=NOW, reason="x"))  # fmt: skip


def test_a_handover_changes_nothing_for_what_runs_by_law(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order)
    before = promises(engine, in_behavioural_order)["objection"]
    made = offered(engine, in_behavioural_order, role=DIRECTOR, to="deputy")
    accepted(engine, made.id, by="deputy")
    record_act(engine, in_behavioural_order, NewAct(kind="note_added", at=LATER, by="deputy",
               facts={"text": "x"}), LATER)  # fmt: skip
    assert promises(engine, in_behavioural_order)["objection"] == before


# --- a call first --------------------------------------------------------------------------------


def test_a_receiver_may_ask_to_be_called_and_the_offer_stays_open(engine, in_signal):
    made = offered(engine, in_signal)
    done = ask_call(engine, made.id, by="care", how="morgen na vieren, 06-00000000", now=NOW)
    assert done.state == "offered"
    assert news(engine, made.id)[-1] == ("director", "call")
    assert str(clocks(engine, made.id)["call_back"]["due_on"]) == "2026-03-03"
    before = everything(engine)
    ask_call(engine, made.id, by="care", how="morgen na vieren, 06-00000000", now=LATER)
    assert everything(engine) == before
    ask_call(engine, made.id, by="care", how="liever overmorgen", now=LATER)
    assert the_row(engine, made.id)["call"] == "liever overmorgen"
    assert len(rows(engine, "checkpoints", "key = 'call_back'")) == 1


def test_whoever_was_called_asks_again_with_a_clock_of_its_own(engine, in_signal):
    made = offered(engine, in_signal)
    ask_call(engine, made.id, by="care", how="na vieren", now=NOW)
    unchanged(engine, NotAllowed, "needs a reason that says how you go on",
              lambda: answer(engine, in_signal, "call_back", given=Answer.DONE, by="director",
                             now=NOW))  # fmt: skip
    unchanged(engine, NotAllowed, "is for director to answer",
              lambda: answer(engine, in_signal, "call_back", given=Answer.DONE, by="care",
                             now=NOW, reason="x"))  # fmt: skip
    answer(engine, in_signal, "call_back", given=Answer.DONE, by="director", now=NOW,
           reason="gebeld")  # fmt: skip
    ask_call(engine, made.id, by="care", how="nog een keer", now=LATER)
    assert "call_back" in clocks(engine, made.id)
    assert [event for who, event in news(engine, made.id) if who == "director"] == [
        "call", "call:2",
    ]  # fmt: skip
    said = [a for a in alert_list(engine, case_key=in_signal) if a.lead == "call"]
    assert [a.asks for a in said] == [HANDOVER_NEWS["call"]] * 2
    accepted(engine, made.id)
    assert "call_back" not in clocks(engine, made.id)


@pytest.mark.parametrize("how", ["", "  ", "x" * 1001], ids=["empty", "blank", "long"])
def test_asking_for_a_call_says_how(engine, in_signal, how):
    made = offered(engine, in_signal)
    unchanged(engine, NotAllowed, "say how and when",
              lambda: ask_call(engine, made.id, by="care", how=how, now=NOW))  # fmt: skip


# --- revoking ------------------------------------------------------------------------------------


def test_revoking_takes_the_offer_and_its_clocks_back_and_tells_the_receiver(engine, in_signal):
    made = offered(engine, in_signal)
    ask_call(engine, made.id, by="care", how="na vieren", now=NOW)
    revoke(engine, made.id, by="director", now=LATER)
    assert case_view(engine, in_signal, LATER).handovers[0].state == "revoked"
    assert clocks(engine, made.id) == {}
    assert news(engine, made.id)[-1] == ("care", "revoked")
    offered(engine, in_signal, to="jurist", now=LATER)


def test_revoked_twice_is_revoked_once(engine, in_signal):
    made = offered(engine, in_signal)
    done = revoke(engine, made.id, by="director", now=NOW)
    before = everything(engine)
    assert revoke(engine, made.id, by="director", now=LATER) == done
    assert everything(engine) == before


def test_only_the_senders_side_or_the_process_director_revokes(engine, in_signal):
    made = offered(engine, in_signal)
    for by in ("care", "jurist", "deputy", "head"):
        unchanged(engine, NotAllowed, "only the sender",
                  lambda by=by: revoke(engine, made.id, by=by, now=NOW))  # fmt: skip
    gone(engine, "director")
    assert revoke(engine, made.id, by="deputy", now=NOW).state == "revoked"
    other = offered(engine, in_signal, by="deputy")
    assert revoke(engine, other.id, by="process", now=NOW).state == "revoked"


def test_after_an_offer_is_over_nothing_more_can_be_done_with_it(engine, in_signal):
    made = offered(engine, in_signal)
    refused(engine, made.id)
    for call in (
        lambda: accepted(engine, made.id),
        lambda: revoke(engine, made.id, by="director", now=NOW),
        lambda: ask_call(engine, made.id, by="care", how="x", now=NOW),
    ):
        unchanged(engine, NotAllowed, "no longer on offer: it was refused", call)


@pytest.mark.parametrize("other", ["revoke", "refuse"])
def test_accepting_and_revoking_at_once_one_wins_and_the_other_is_told(engine, in_signal, other):
    made = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    undo = {
        "revoke": lambda: revoke(engine, made.id, by="director", now=LATER),
        "refuse": lambda: refuse(engine, made.id, by="deputy", reason="vol", now=LATER),
    }[other]
    got = at_once(lambda: accepted(engine, made.id, by="deputy"), undo)
    assert sorted(type(g).__name__ for g in got) == ["NotAllowed", "Offer"]
    state = rows(engine, "handovers")[0]["state"]
    holder = held_at(engine, in_signal, DIRECTOR, LATER)
    undone = {"revoke": "revoked", "refuse": "refused"}[other]
    assert (state, holder) in {("accepted", "deputy"), (undone, "director")}


@pytest.mark.parametrize("verb", ["accept", "refuse", "revoke", "acknowledge"])
def test_one_who_had_to_wait_builds_on_what_the_other_left(engine, in_signal, verb):
    made = offered(engine, in_signal)
    calls = {
        "accept": lambda: accepted(engine, made.id),
        "refuse": lambda: refused(engine, made.id, now=LATER),
        "revoke": lambda: revoke(engine, made.id, by="director", now=LATER),
        "acknowledge": lambda: acknowledge(engine, made.id, by="care", now=LATER),
    }
    with held(engine, "UPDATE cases SET version = version + 10") as start:
        waiting = start(calls[verb])
    assert waiting.result(20).version == made.version + 11


# --- a date of its own, and the end of the case --------------------------------------------------


def test_a_second_offer_after_a_refusal_has_clocks_of_its_own(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    offered(engine, in_signal, now=LATER)
    assert str(promises(engine, in_signal)["handover_answered"].due_on) == "2026-03-12"
    assert len(alert_list(engine, case_key=in_signal)) == 4


def test_an_offer_whose_term_got_another_date_is_accepted_all_the_same(engine, in_signal):
    made = offered(engine, in_signal)
    redate_term(engine, in_signal, "handover_answered", to=(NOW + 30 * DAY).date(), on=NOW.date(),
                ground="afspraak", reason="vakantie", by="director", now=NOW)  # fmt: skip
    assert accepted(engine, made.id, now=NOW + 20 * DAY).state == "accepted"
    assert clocks(engine, made.id).keys() == {"warm_contact", "report_back"}


def test_the_end_of_a_case_ends_its_handovers_and_tells_the_other_side(engine, in_signal):
    done = offered(engine, in_signal)
    accepted(engine, done.id, now=NOW)
    open_still = offered(engine, in_signal, role=DIRECTOR, to="deputy")
    klad = a_draft(engine, in_signal, to="jurist", packet=a_packet())
    go(engine, in_signal, "unfounded")
    states = {row["id"]: row["state"] for row in rows(engine, "handovers")}
    assert states == {done.id: "closed", open_still.id: "revoked", klad.id: "revoked"}
    assert news(engine, done.id)[-1] == ("director", "case_closed")
    assert news(engine, open_still.id)[-1] == ("deputy", "revoked")
    assert news(engine, klad.id) == []
    assert rows(engine, "checkpoints", "state = 'open'") == []
    assert the_row(engine, done.id)["closed_at"] == NOW


def test_a_town_that_was_added_later_has_no_say_here(engine, in_signal):
    a_town(engine, "elders")  # takes the shared names of the builders along to the other town
    unchanged(engine, NotAllowed, "holds neither",
              lambda: offered(engine, in_signal, by="process"))  # fmt: skip


def test_reading_back_is_stored_as_it_was_said(engine, in_signal):
    made = offered(engine, in_signal)
    accept(engine, made.id, by="care", read_back=f"  {READ_BACK}\n", now=NOW)
    assert handover_view(engine, made.id).read_back == READ_BACK
    assert handover_view(engine, made.id).packet["summary"] == PACKET["summary"]
