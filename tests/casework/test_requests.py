"""Requests: a partner is asked something, answers with a reason, and the asker is told."""

import pytest

from casework.absences import away
from casework.checkups import leave
from casework.ledger import extend_term
from casework.organisations import OrganisationDetails, set_organisation
from casework.people import NewOrganisation, add_organisation
from casework.promises import answer
from casework.refusals import NotAllowed, NotFound
from casework.requests import ask, reply, requests_of, withdraw
from casework.stages import reopen
from casework.words import Answer
from escalation.terms import Length
from tests.builders import NOW, TOWN, a_contact, go
from tests.casework.looking import (
    DAY,
    at_once,
    everything,
    kinds,
    promises,
    raise_all,
    rows,
    told,
)

LATER = NOW + 3 * DAY
CARE = f"zorg-{TOWN}"
ASK, REASON = "Is er al hulp in dit gezin?", "Dat mogen wij niet zeggen."


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def asked(engine, case, **more):
    return ask(engine, case, **{"to": "care", "what": ASK, "by": "director", "now": NOW, **more})


def replied(engine, number, given=Answer.DONE, **more):
    options = {"given": given, "reason": REASON, "by": "care", "now": LATER, **more}
    return reply(engine, number, **options)


def journalled(engine, kind):
    return [line["data"] for line in rows(engine, "journal", f"kind = '{kind}'")]


# --- asking --------------------------------------------------------------------------------------


def test_asking_tells_the_receiver_and_starts_a_clock_that_both_sides_hear(engine, in_signal):
    got = asked(engine, in_signal)
    assert told(engine, in_signal) == [("care", "asked")]
    clock = promises(engine, in_signal)["request_answered"]
    assert (str(clock.due_on), clock.due_on) == ("2026-03-09", got.due_on)
    [row] = rows(engine, "checkpoints", "request_id IS NOT NULL")
    who = {r["id"]: r["key"] for r in rows(engine, "contacts")}
    assert (who[row["asked_id"]], who[row["owed_id"]]) == ("care", "director")
    assert row["origin"] == f"request:{got.id}"
    assert kinds(engine, in_signal)[-1] == "asked"


def test_the_journal_says_whom_and_by_when_and_never_what(engine, in_signal):
    got = asked(engine, in_signal)
    replied(engine, got.id)
    [said] = journalled(engine, "asked")
    clock = promises(engine, in_signal, "answered")["request_answered"]
    assert said == {
        "request": got.id, "promise": clock.id,
        "to": "care", "organisation": CARE, "due_at": "2026-03-09T23:00:00+00:00",
    }  # fmt: skip
    assert journalled(engine, "replied") == [
        {"request": got.id, "organisation": CARE, "answer": "done"}
    ]
    for table in ("journal", "alerts"):
        assert ASK not in str(rows(engine, table))
        assert REASON not in str(rows(engine, table))


def test_an_organisation_is_asked_through_whoever_answers_there(engine, in_signal):
    got = asked(engine, in_signal, to=CARE)
    assert told(engine, in_signal) == [("care", "asked")]
    away(engine, "care", since=NOW, by="care", now=NOW)
    a_contact(engine, "wijkteam", "care_worker", organisation=CARE)
    assert asked(engine, in_signal, to=CARE) == got
    another = asked(engine, in_signal, to=CARE, what="En bij de buren?")
    [_, second] = requests_of(engine, in_signal)
    assert (second.id, second.receiver, second.organisation) == (another.id, "wijkteam", CARE)


def test_the_asker_hears_what_may_be_expected_and_that_it_is_closed(engine, in_signal):
    details = OrganisationDetails(hours="tue 09:00-10:00", cannot="Geen crisisdienst.")
    set_organisation(engine, CARE, details, by="process", now=NOW)
    said = [warning.en for warning in asked(engine, in_signal, to=CARE).warnings]
    assert any("Geen crisisdienst." in line for line in said)
    assert any("closed now" in line for line in said)


def test_the_same_open_ask_to_the_same_person_is_one(engine, in_signal):
    first = asked(engine, in_signal)
    before = everything(engine)
    assert asked(engine, in_signal, what=f"  {ASK} ", now=LATER) == first
    assert everything(engine) == before
    assert asked(engine, in_signal, what="Iets anders").id != first.id
    replied(engine, first.id)
    assert asked(engine, in_signal, now=LATER).id != first.id


def test_asked_twice_at_once_is_asked_once(engine, in_signal):
    got = at_once(*[lambda: asked(engine, in_signal)] * 2)
    assert got[0] == got[1]
    assert len(rows(engine, "requests")) == 1


@pytest.mark.parametrize(
    ("wrong", "error", "match"),
    [
        ({"to": "director"}, NotAllowed, "a request goes to somebody else"),
        ({"to": "nobody"}, NotFound, "contact or organisation nobody"),
        ({"by": "nobody"}, NotFound, "contact nobody"),
        ({"what": "   "}, NotAllowed, "says what is asked"),
        ({"what": "x" * 2001}, NotAllowed, "at most 2000 characters"),
        ({"to": "leeg"}, NotAllowed, "leeg has no contact who can be reached"),
        ({"to": "weg"}, NotAllowed, "weg left"),
        ({"by": "weg"}, NotAllowed, "weg left"),
        ({"to": "vrij"}, NotAllowed, "vrij is absent.*deputy stands in"),
    ],
    ids=lambda v: str(v)[:40] if isinstance(v, dict) else "",
)
def test_a_refused_ask_changes_nothing(engine, in_signal, wrong, error, match):
    add_organisation(engine, NewOrganisation(
        key="leeg", name="Voorbeeld Leeg", kind="care", municipality=TOWN))  # fmt: skip
    a_contact(engine, "weg", "care_worker", organisation=CARE)
    leave(engine, "weg", by="process", now=NOW)
    a_contact(engine, "vrij", "case_worker", deputy="deputy")
    away(engine, "vrij", since=NOW, by="process", now=NOW)
    unchanged(engine, error, match, lambda: asked(engine, in_signal, **wrong))


def test_ones_own_organisation_is_asked_through_another_than_its_fixed_contact(engine, in_signal):
    a_contact(engine, "director", "case_director", deputy="deputy", fixed=True)
    made = asked(engine, in_signal, to=f"gemeente-{TOWN}")
    assert made.state == "open"
    assert requests_of(engine, in_signal)[0].receiver != "director"


def test_an_organisation_is_not_asked_through_the_asker_alone(engine, in_signal):
    unchanged(engine, NotAllowed, "care answers for zorg-voorbeeldstad now",
              lambda: asked(engine, in_signal, to=CARE, by="care"))  # fmt: skip


def test_nothing_is_asked_about_a_closed_case(engine, in_signal):
    go(engine, in_signal, "unfounded")
    unchanged(engine, NotAllowed, "is closed", lambda: asked(engine, in_signal))


# --- answering -----------------------------------------------------------------------------------


@pytest.mark.parametrize("given", list(Answer))
def test_each_answer_closes_the_request_and_tells_the_asker(engine, in_signal, given):
    got = asked(engine, in_signal)
    after = replied(engine, got.id, given)
    assert (after.state, after.id) == ("answered", got.id)
    [seen] = requests_of(engine, in_signal)
    assert (seen.state, seen.answer, seen.reason) == ("answered", given.value, REASON)
    assert (seen.closed_by, seen.closed_at) == ("care", LATER)
    assert told(engine, in_signal)[-1] == ("director", "answered")
    clock = promises(engine, in_signal, "answered")["request_answered"]
    assert clock.answer == given.value
    assert kinds(engine, in_signal)[-1] == "replied"


@pytest.mark.parametrize("given", list(Answer))
def test_no_answer_goes_without_a_reason(engine, in_signal, given):
    got = asked(engine, in_signal)
    unchanged(engine, NotAllowed, f"'{given.value}' needs a reason",
              lambda: replied(engine, got.id, given, reason=" "))  # fmt: skip


def test_the_same_answer_twice_is_given_once_and_another_is_refused(engine, in_signal):
    got = asked(engine, in_signal)
    first = replied(engine, got.id)
    before = everything(engine)
    assert replied(engine, got.id, now=LATER + DAY) == first
    assert everything(engine) == before
    unchanged(engine, NotAllowed, "over already: done",
              lambda: replied(engine, got.id, Answer.NOT_DONE))  # fmt: skip


def test_somebody_else_of_the_organisation_may_answer(engine, in_signal):
    got = asked(engine, in_signal)
    a_contact(engine, "wijkteam", "care_worker", organisation=CARE)
    assert replied(engine, got.id, by="wijkteam").state == "answered"


def test_the_deputy_answers_while_the_person_is_away_and_not_before(engine, in_signal):
    a_contact(engine, "care", "care_worker", organisation=CARE, deputy="jurist")
    got = asked(engine, in_signal)
    unchanged(engine, NotAllowed, "was not put to jurist",
              lambda: replied(engine, got.id, by="jurist"))  # fmt: skip
    away(engine, "care", since=LATER, by="care", now=LATER)
    assert replied(engine, got.id, by="jurist", now=LATER).state == "answered"


@pytest.mark.parametrize(
    ("by", "match"),
    [("process", "was not put to process"), ("director", "is yours; whoever was asked")],
)
def test_nobody_else_answers(engine, in_signal, by, match):
    got = asked(engine, in_signal)
    unchanged(engine, NotAllowed, match, lambda: replied(engine, got.id, by=by))


def test_an_unknown_request_is_not_found(engine, in_signal):
    for call in (lambda: replied(engine, 99), lambda: taken_back(engine, 99)):
        unchanged(engine, NotFound, "request 99", call)


def test_its_promise_is_answered_by_the_reply_alone(engine, in_signal):
    got = asked(engine, in_signal)
    unchanged(engine, NotAllowed, f"estafette case reply {got.id}", lambda: answer(
        engine, in_signal, "request_answered", given=Answer.DONE, by="care", now=NOW,
        reason="x"))  # fmt: skip


def test_an_unanswered_ask_rings_for_both_and_climbs_to_the_process_director(engine, in_signal):
    asked(engine, in_signal)
    number = promises(engine, in_signal)["request_answered"].id
    raise_all(engine, NOW + 14 * DAY)
    who = {r["id"]: r["key"] for r in rows(engine, "contacts")}
    got = {who[r["recipient_id"]] for r in rows(engine, "alerts", f"checkpoint_id = {number}")}
    assert {"care", "director", "process"} <= got


def test_another_date_for_an_ask_keeps_it_with_the_same_people(engine, in_signal):
    got = asked(engine, in_signal)
    longer = Length.parse("2 weeks")
    extend_term(engine, in_signal, "request_answered", on=NOW.date(), length=longer,
                ground="afspraak", reason="vakantie", by="director", now=NOW)  # fmt: skip
    [seen] = requests_of(engine, in_signal)
    assert str(seen.due_on) == "2026-03-23"
    assert replied(engine, got.id, now=LATER).due_on == seen.due_on
    assert "request_answered" not in promises(engine, in_signal)


# --- withdrawing ---------------------------------------------------------------------------------


def taken_back(engine, number, **more):
    return withdraw(
        engine, number, **{"by": "director", "reason": "niet nodig", "now": LATER, **more}
    )


def test_withdrawing_tells_the_receiver_and_ends_the_clock(engine, in_signal):
    got = asked(engine, in_signal)
    assert taken_back(engine, got.id).state == "withdrawn"
    assert told(engine, in_signal)[-1] == ("care", "withdrawn")
    assert "request_answered" in promises(engine, in_signal, "lapsed")
    assert kinds(engine, in_signal)[-1] == "withdrawn"
    before = everything(engine)
    assert taken_back(engine, got.id, now=LATER + DAY).state == "withdrawn"
    assert everything(engine) == before
    unchanged(engine, NotAllowed, "over already: withdrawn", lambda: replied(engine, got.id))


def test_an_answered_request_is_not_withdrawn(engine, in_signal):
    got = asked(engine, in_signal)
    replied(engine, got.id)
    unchanged(engine, NotAllowed, "over already: done", lambda: taken_back(engine, got.id))


@pytest.mark.parametrize(("by", "may"), [("jurist", True), ("director", True), ("process", True),
                                         ("care", False), ("head", False)])  # fmt: skip
def test_who_asked_the_director_and_the_process_director_may_withdraw(engine, in_signal, by, may):
    got = asked(engine, in_signal, by="jurist")
    if may:
        assert taken_back(engine, got.id, by=by).state == "withdrawn"
    else:
        unchanged(engine, NotAllowed, "withdrawn by whoever asked it",
                  lambda: taken_back(engine, got.id, by=by))  # fmt: skip


def test_withdrawing_needs_a_reason(engine, in_signal):
    got = asked(engine, in_signal)
    unchanged(engine, NotAllowed, "needs a reason",
              lambda: taken_back(engine, got.id, reason=""))  # fmt: skip


def test_closing_a_case_withdraws_what_is_still_asked(engine, in_signal):
    first, second = asked(engine, in_signal), asked(engine, in_signal, what="Nog iets?")
    replied(engine, first.id)
    go(engine, in_signal, "unfounded", LATER)
    done, over = requests_of(engine, in_signal)
    assert (done.state, over.state, over.reason) == ("answered", "withdrawn", "case closed")
    assert ("care", "withdrawn") in told(engine, in_signal)
    assert journalled(engine, "withdrawn") == [{"request": second.id, "organisation": CARE}]
    reopen(engine, in_signal, stage="signal", by="director", reason="toch weer", now=LATER)
    assert "request_answered" not in promises(engine, in_signal)


def test_answering_and_withdrawing_at_once_have_one_winner(engine, in_signal):
    got = asked(engine, in_signal)
    results = at_once(lambda: replied(engine, got.id), lambda: taken_back(engine, got.id))
    assert sum(isinstance(r, NotAllowed) for r in results) == 1
    [row] = rows(engine, "requests")
    assert row["state"] in {"answered", "withdrawn"}
