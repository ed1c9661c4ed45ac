"""Who may act, who may move the clock of a handover or a request, and how far."""

from datetime import date

import pytest

from casework.absences import away, back
from casework.acknowledging import acknowledge
from casework.acts import NewAct, record_act
from casework.checkups import confirm, leave
from casework.ledger import extend_term, pause_term, redate_term
from casework.links import make_link
from casework.offering import draft, revoke
from casework.organisations import OrganisationDetails, set_organisation
from casework.promises import answer
from casework.receiving import acknowledge as acknowledge_offer
from casework.receiving import ask_call
from casework.refusals import NotAllowed
from casework.reporters import reporters_of
from casework.reporting import contacted, report_back
from casework.requests import ask, reply, withdraw
from casework.stages import decide, reopen
from casework.succession import pass_on
from casework.waits import end_wait, wait
from casework.words import Answer, Role
from escalation.terms import Length
from tests.builders import NOW, TOWN, a_contact, go
from tests.casework.handing import (
    a_packet,
    accepted,
    assigned,
    clocks,
    offered,
    refused,
    refused_twice,
    the_row,
    unchanged,
)
from tests.casework.looking import DAY, promises, rows

LATER = NOW + DAY
CARE = f"zorg-{TOWN}"
DATED = {"ground": "afspraak", "reason": "eerder gesproken"}
WAITING = {"until": date(2026, 4, 1), "reason": "de zitting"}
FURTHEST = date(2026, 6, 1)  # thirteen weeks after Monday 2 March
SOON = date(2026, 3, 16)


# --- who left ------------------------------------------------------------------------------------

BY_NOW = {"by": "weg", "now": LATER}
DONE = {
    "acts": lambda e, k, n, r: record_act(
        e, k, NewAct(kind="note_added", at=LATER, by="weg", facts={"text": "x"}), LATER),
    "decides": lambda e, k, n, r: decide(e, k, seen_version=0, exit_key="take_up", **BY_NOW),
    "answers": lambda e, k, n, r: answer(e, k, "next_step", given=Answer.DONE, **BY_NOW),
    "waits": lambda e, k, n, r: wait(e, k, **WAITING, **BY_NOW),
    "ends a wait": lambda e, k, n, r: end_wait(e, k, **BY_NOW),
    "away": lambda e, k, n, r: away(e, "jurist", since=LATER, **BY_NOW),
    "back": lambda e, k, n, r: back(e, "jurist", **BY_NOW),
    "asks": lambda e, k, n, r: ask(e, k, to="jurist", what="Wie gaat?", **BY_NOW),
    "replies": lambda e, k, n, r: reply(e, r, given=Answer.DONE, reason="is er", **BY_NOW),
    "withdraws": lambda e, k, n, r: withdraw(e, r, reason="is er", **BY_NOW),
    "drafts": lambda e, k, n, r: draft(
        e, k, role=Role.CARE, to="care", packet=None, **BY_NOW),
    "offers": lambda e, k, n, r: offered(e, k, **BY_NOW),
    "assigns": lambda e, k, n, r: assigned(e, k, **BY_NOW),
    "revokes": lambda e, k, n, r: revoke(e, n, **BY_NOW),
    "has seen": lambda e, k, n, r: acknowledge_offer(e, n, **BY_NOW),
    "accepts": lambda e, k, n, r: accepted(e, n, **BY_NOW),
    "refuses": lambda e, k, n, r: refused(e, n, **BY_NOW),
    "asks a call": lambda e, k, n, r: ask_call(e, n, how="na vijven", **BY_NOW),
    "spoke": lambda e, k, n, r: contacted(e, n, **BY_NOW),
    "reports": lambda e, k, n, r: report_back(e, n, report="er is hulp", **BY_NOW),
    "makes a link": lambda e, k, n, r: make_link(e, n, secret=b"x" * 32, **BY_NOW),
    "passes on": lambda e, k, n, r: pass_on(
        e, "director", to=("jurist",), because="vakantie", packet=a_packet(), **BY_NOW),
    "moves a date": lambda e, k, n, r: redate_term(
        e, k, "handover_answered", on=NOW.date(), to=SOON, **DATED, **BY_NOW),
    "reads who reported": lambda e, k, n, r: reporters_of(e, k, **BY_NOW),
    "sees a message": lambda e, k, n, r: acknowledge(e, 1, **BY_NOW),
    "confirms": lambda e, k, n, r: confirm(e, "jurist", **BY_NOW),
    "lets go": lambda e, k, n, r: leave(e, "jurist", **BY_NOW),
    "sets hours": lambda e, k, n, r: set_organisation(e, CARE, OrganisationDetails(), **BY_NOW),
}  # fmt: skip


@pytest.mark.parametrize("does", DONE)
def test_who_left_does_nothing_any_more(engine, in_signal, does):
    a_contact(engine, "weg", "case_director", organisation=CARE)
    number = offered(engine, in_signal).id
    request = ask(engine, in_signal, to=CARE, what="Is er hulp?", by="director", now=NOW).id
    leave(engine, "weg", by="weg", now=NOW)
    call = DONE[does]
    unchanged(engine, NotAllowed, "^weg left; somebody else goes on",
              lambda: call(engine, in_signal, number, request))  # fmt: skip


def test_who_left_opens_no_case_again(engine, in_signal):
    a_contact(engine, "weg", "case_director")
    leave(engine, "weg", by="weg", now=NOW)
    go(engine, in_signal, "unfounded")
    unchanged(engine, NotAllowed, "^weg left", lambda: reopen(
        engine, in_signal, stage="signal", by="weg", reason="weer", director="director",
        now=LATER))  # fmt: skip


def test_leaving_twice_is_leaving_once_also_by_oneself(engine, in_signal):
    a_contact(engine, "weg", "case_director")
    leave(engine, "weg", by="weg", now=NOW)
    leave(engine, "weg", by="weg", now=LATER)
    [row] = rows(engine, "contacts", "key = 'weg'")
    assert row["left_at"] == NOW


# --- whose clock it is ---------------------------------------------------------------------------


def redated(engine, case, key="handover_answered", *, by, to=SOON, now=NOW):
    return redate_term(engine, case, key, on=NOW.date(), to=to, by=by, now=now, **DATED)


def test_who_is_asked_does_not_move_the_date_and_neither_does_a_stranger(engine, in_signal):
    offered(engine, in_signal)
    ask(engine, in_signal, to="care", what="Is er hulp?", by="director", now=NOW)
    for key in ("handover_answered", "handover_acknowledged", "request_answered"):
        unchanged(engine, NotAllowed, "care is asked promise",
                  lambda key=key: redated(engine, in_signal, key, by="care"))  # fmt: skip
        for stranger in ("jurist", "head", "deputy"):
            unchanged(engine, NotAllowed, "for whoever waits for it",
                      lambda key=key, by=stranger: redated(
                          engine, in_signal, key, by=by))  # fmt: skip


def test_who_stands_in_for_who_is_asked_does_not_move_the_date_either(engine, in_signal):
    a_contact(engine, "invaller", "care_worker", organisation=CARE)
    a_contact(engine, "care", "care_worker", organisation=CARE, deputy="invaller")
    offered(engine, in_signal)
    away(engine, "care", since=NOW, by="care", now=NOW)
    unchanged(engine, NotAllowed, "invaller is asked", lambda: redated(
        engine, in_signal, by="invaller"))  # fmt: skip


def test_no_way_of_changing_a_date_is_open_to_who_is_asked(engine, in_signal):
    offered(engine, in_signal)
    said = {"on": NOW.date(), "by": "care", "now": NOW, **DATED}
    unchanged(engine, NotAllowed, "care is asked", lambda: pause_term(
        engine, in_signal, "handover_answered", until=SOON, **said))  # fmt: skip
    unchanged(engine, NotAllowed, "care is asked", lambda: extend_term(
        engine, in_signal, "handover_answered", length=Length.parse("1 weeks"),
        **said))  # fmt: skip


@pytest.mark.parametrize("by", ["jurist", "director", "process"])
def test_who_waits_for_an_answer_and_who_directs_may_move_its_date(engine, in_signal, by):
    ask(engine, in_signal, to="care", what="Is er hulp?", by="jurist", now=NOW)
    assert redated(engine, in_signal, "request_answered", by=by).due_on == SOON


def test_who_stands_in_for_the_director_may_move_it(engine, in_signal):
    offered(engine, in_signal)
    away(engine, "director", since=NOW, by="director", now=NOW)
    assert redated(engine, in_signal, by="deputy").due_on == SOON


def test_a_decision_of_the_process_director_is_not_put_off_by_who_must_make_it(engine, in_signal):
    refused_twice(engine, in_signal)
    unchanged(engine, NotAllowed, "process is asked", lambda: redated(
        engine, in_signal, "process_decides", by="process"))  # fmt: skip
    assert redated(engine, in_signal, "process_decides", by="director").due_on == SOON


def test_the_clock_of_a_handover_goes_no_further_than_a_case_may_wait(engine, in_signal):
    offered(engine, in_signal)
    said = {"on": NOW.date(), "by": "director", "now": NOW, **DATED}
    too_far = date(2026, 6, 2)
    unchanged(engine, NotAllowed, "2026-06-02 is too far.*2026-06-01", lambda: redated(
        engine, in_signal, by="director", to=too_far))  # fmt: skip
    unchanged(engine, NotAllowed, "too far", lambda: pause_term(
        engine, in_signal, "handover_answered", until=too_far, **said))  # fmt: skip
    unchanged(engine, NotAllowed, "too far", lambda: extend_term(
        engine, in_signal, "handover_answered", length=Length.parse("1 years"),
        **said))  # fmt: skip
    assert redated(engine, in_signal, by="director", to=FURTHEST).due_on == FURTHEST


def test_other_promises_are_moved_as_before(engine, in_signal):
    key = next(iter(promises(engine, in_signal)))
    far = date(2027, 1, 4)
    assert redated(engine, in_signal, key, by="jurist", to=far).due_on == far


# --- a pause of what is over ---------------------------------------------------------------------


@pytest.mark.parametrize("ends", ["accepted", "refused", "revoked", "replied", "withdrawn"])
def test_no_pause_is_asked_about_when_what_it_paused_is_over(engine, in_signal, ends):
    if ends in {"accepted", "refused", "revoked"}:
        key, number = "handover_answered", offered(engine, in_signal).id
    else:
        key = "request_answered"
        number = ask(engine, in_signal, to="care", what="Is er hulp?", by="director", now=NOW).id
    pause_term(engine, in_signal, key, on=NOW.date(), until=SOON, by="director", now=NOW, **DATED)
    assert "pause_over" in promises(engine, in_signal)
    end = {
        "accepted": lambda: accepted(engine, number),
        "refused": lambda: refused(engine, number),
        "revoked": lambda: revoke(engine, number, by="director", now=LATER),
        "replied": lambda: reply(
            engine, number, given=Answer.DONE, reason="er is hulp", by="care", now=LATER),
        "withdrawn": lambda: withdraw(
            engine, number, reason="is bekend", by="director", now=LATER),
    }  # fmt: skip
    end[ends]()
    assert "pause_over" not in promises(engine, in_signal)
    assert "pause_over" in promises(engine, in_signal, "lapsed")


def test_a_date_that_was_moved_still_ends_with_the_offer(engine, in_signal):
    made = offered(engine, in_signal)
    redated(engine, in_signal, by="director")
    refused(engine, made.id)
    assert the_row(engine, made.id)["state"] == "refused"
    assert "handover_answered" not in clocks(engine, made.id)
