"""After acceptance sender and receiver speak and the sender is owed word; then it is closed."""

import pytest

from casework.alert_views import alert_list
from casework.checkups import leave
from casework.handover_views import Given, handover_view
from casework.refusals import NotAllowed, NotFound
from casework.reporting import contacted, report_back
from casework.words import Answer, Role
from tests.builders import NOW, TOWN, a_contact, act, go
from tests.casework.handing import (
    LATER,
    accepted,
    assigned,
    clocks,
    gone,
    news,
    offered,
    the_row,
    unchanged,
)
from tests.casework.looking import DAY, at_once, everything, kinds, raise_all, rows, told

NO = (Answer.NOT_DONE, Answer.CANNOT_SHARE)
REPORT = "De bewoner doet open en wil meewerken."


@pytest.fixture
def taken(engine, in_signal) -> int:
    """A handover that was accepted: word is owed."""
    return accepted(engine, offered(engine, in_signal).id).id


def spoke(engine, number, **more):
    return contacted(engine, number, **({"by": "care", "now": LATER + DAY} | more))


def reported(engine, number, **more):
    options = {"by": "care", "report": REPORT, "now": LATER + 2 * DAY}
    return report_back(engine, number, **(options | more))


def test_warm_contact_then_report_back_closes_the_handover(engine, taken):
    assert spoke(engine, taken).state == "contacted"
    assert clocks(engine, taken).keys() == {"report_back"}
    assert reported(engine, taken).state == "closed"
    row = the_row(engine, taken)
    assert (row["contacted_at"], row["reported_at"]) == (LATER + DAY, LATER + 2 * DAY)
    assert (row["closed_at"], row["report"]) == (LATER + 2 * DAY, REPORT)
    assert clocks(engine, taken) == {}
    assert news(engine, taken)[-2:] == [("director", "contacted"), ("director", "reported")]


def test_report_back_then_warm_contact_closes_it_as_well(engine, taken):
    assert reported(engine, taken).state == "reported"
    assert spoke(engine, taken, by="director").state == "closed"
    assert news(engine, taken)[-2:] == [("director", "reported"), ("care", "contacted")]


def test_what_was_reported_is_in_no_journal_or_message(engine, taken):
    reported(engine, taken)
    spoke(engine, taken, given=Answer.NOT_DONE, reason="KANARIE nam niet op")
    for table in ("journal", "alerts", "cases"):
        assert "meewerken" not in str(rows(engine, table))
        assert "KANARIE" not in str(rows(engine, table))
    assert handover_view(engine, taken).report == REPORT


@pytest.mark.parametrize("given", NO)
def test_that_they_did_not_speak_closes_its_promise_with_a_reason(engine, taken, given):
    unchanged(engine, NotAllowed, "needs a reason",
              lambda: spoke(engine, taken, given=given, reason=" "))  # fmt: skip
    done = spoke(engine, taken, given=given, reason="niet bereikt")
    assert done.state == "accepted"
    assert the_row(engine, taken)["contacted_at"] is None
    clock = clocks(engine, taken, "answered")["warm_contact"]
    assert (clock["answer"], clock["reason"]) == (given.value, "niet bereikt")
    assert news(engine, taken)[-1] == ("director", "not_contacted")
    assert reported(engine, taken).state == "closed"


@pytest.mark.parametrize("given", NO)
def test_that_there_is_nothing_to_report_is_said_with_its_reason_and_not_as_a_report(
    engine, taken, given
):
    done = reported(engine, taken, given=given, report="mag ik niet delen")
    assert done.state == "reported"
    clock = clocks(engine, taken, "answered")["report_back"]
    assert (clock["answer"], clock["reason"]) == (given.value, "mag ik niet delen")
    assert news(engine, taken)[-1] == ("director", "not_reported")
    said = alert_list(engine)[0]
    assert (said.handover, said.recipient) == (taken, "director")
    assert said.asks.nl.startswith("Er is niet teruggemeld")
    shown = handover_view(engine, taken)
    assert (shown.reported, shown.report) == (
        Given(given.value, "care", "mag ik niet delen"), "mag ik niet delen",
    )  # fmt: skip


@pytest.mark.parametrize("given", NO)
def test_a_handover_shows_what_was_answered_after_it_and_why(engine, taken, given):
    before = handover_view(engine, taken)
    assert (before.contact, before.reported) == (None, None)
    spoke(engine, taken, given=given, reason="niet bereikt")
    reported(engine, taken)
    shown = handover_view(engine, taken)
    assert shown.contact == Given(given.value, "care", "niet bereikt")
    assert (shown.reported, shown.report) == (Given("done", "care", None), REPORT)


@pytest.mark.parametrize("report", ["", "   ", "x" * 4001], ids=["empty", "blank", "long"])
@pytest.mark.parametrize("given", Answer)
def test_a_report_has_words(engine, taken, report, given):
    unchanged(engine, NotAllowed, "say how things go",
              lambda: reported(engine, taken, report=report, given=given))  # fmt: skip


@pytest.mark.parametrize("verb", [spoke, reported])
def test_said_twice_is_said_once_and_never_otherwise(engine, taken, verb):
    first = verb(engine, taken)
    before = everything(engine)
    assert verb(engine, taken, now=LATER + 9 * DAY) == first
    assert everything(engine) == before
    more = {"given": Answer.NOT_DONE} | ({"reason": "x"} if verb is spoke else {})
    unchanged(engine, NotAllowed, "answered already", lambda: verb(engine, taken, **more))


@pytest.mark.parametrize(
    ("verb", "other"),
    [(spoke, {"reason": "aan de deur"}), (reported, {"report": "Het gaat toch slechter."})],
)
def test_other_words_once_it_was_said_are_refused_by_name_and_not_lost(
    engine, in_signal, taken, verb, other
):
    verb(engine, taken)
    match = f"in other words; it stays as it was.*estafette case act {in_signal} note_added"
    unchanged(engine, NotAllowed, match, lambda: verb(engine, taken, **other))


@pytest.mark.parametrize("given", NO)
def test_another_reason_why_they_did_not_speak_is_refused(engine, taken, given):
    spoke(engine, taken, given=given, reason="niet bereikt")
    before = everything(engine)
    spoke(engine, taken, given=given, reason=" niet bereikt ", by="director")
    assert everything(engine) == before
    unchanged(engine, NotAllowed, "in other words",
              lambda: spoke(engine, taken, given=given, reason="ziek"))  # fmt: skip


def test_a_report_after_the_act_that_reported_back_is_no_report_twice(engine, in_signal, taken):
    act(engine, in_signal, "reported_back", LATER + DAY, result="loopt")
    unchanged(engine, NotAllowed, "in other words", lambda: reported(engine, taken))


@pytest.mark.parametrize("verb", [spoke, reported])
def test_said_twice_at_once_is_said_once(engine, in_signal, taken, verb):
    got = at_once(*[lambda: verb(engine, taken)] * 2)
    assert got[0] == got[1]
    said = [kind for kind in kinds(engine, in_signal)
            if kind in {"handover_contacted", "handover_reported"}]  # fmt: skip
    assert len(said) == 1


def test_both_at_once_close_it(engine, taken):
    at_once(lambda: spoke(engine, taken), lambda: reported(engine, taken))
    assert the_row(engine, taken)["state"] == "closed"
    assert clocks(engine, taken) == {}


@pytest.mark.parametrize("stranger", ["jurist", "process", "deputy"])
def test_only_the_two_sides_say_so(engine, taken, stranger):
    unchanged(engine, NotAllowed, "for director or care to say",
              lambda: spoke(engine, taken, by=stranger))  # fmt: skip
    for by in (stranger, "director"):
        unchanged(engine, NotAllowed, "for care to say",
                  lambda by=by: reported(engine, taken, by=by))  # fmt: skip


def test_who_stands_in_may_say_so(engine, taken):
    a_contact(engine, "care", "care_worker", organisation=f"zorg-{TOWN}", deputy="jurist")
    gone(engine, "care", at=LATER)
    gone(engine, "director", at=LATER)
    assert spoke(engine, taken, by="deputy").state == "contacted"
    assert reported(engine, taken, by="jurist").state == "closed"


def test_whoever_in_fact_took_it_over_reports_back(engine, in_signal):
    a_contact(engine, "collega", "care_worker", organisation=f"zorg-{TOWN}")
    made = offered(engine, in_signal, to=f"zorg-{TOWN}")
    accepted(engine, made.id, by="collega")
    unchanged(engine, NotAllowed, "for collega to say", lambda: reported(engine, made.id))
    assert reported(engine, made.id, by="collega").state == "reported"


@pytest.mark.parametrize("state", ["offered", "assigned"])
@pytest.mark.parametrize("verb", [spoke, reported])
def test_before_it_is_read_back_there_is_nothing_to_report(engine, in_signal, state, verb):
    make = offered if state == "offered" else assigned
    made = make(engine, in_signal)
    unchanged(engine, NotAllowed, f"not accepted yet: it is {state}",
              lambda: verb(engine, made.id))  # fmt: skip
    unchanged(engine, NotFound, "handover 77", lambda: verb(engine, 77))


def test_the_act_of_reporting_back_is_the_report(engine, in_signal, taken):
    act(engine, in_signal, "reported_back", LATER + DAY, result="loopt")
    row = the_row(engine, taken)
    assert (row["state"], row["reported_at"]) == ("reported", LATER + DAY)
    assert news(engine, taken)[-1] == ("director", "reported")
    assert spoke(engine, taken).state == "closed"


def test_one_act_reports_back_on_every_handover_that_waits_for_it(engine, in_signal, taken):
    other = offered(engine, in_signal, role=Role.ENFORCEMENT, to="jurist", now=LATER)
    accepted(engine, other.id, by="jurist", now=LATER)
    act(engine, in_signal, "reported_back", LATER + DAY, result="loopt")
    assert {row["state"] for row in rows(engine, "handovers")} == {"reported"}


def test_word_that_is_owed_rings_for_both_sides_until_it_is_given(engine, in_signal, taken):
    raise_all(engine, LATER + 40 * DAY)
    heard = set(told(engine, in_signal))
    assert {("care", "overdue"), ("director", "overdue"), ("process", "overdue")} <= heard
    assert reported(engine, taken, now=LATER + 41 * DAY).state == "reported"


def test_after_the_case_was_closed_there_is_nothing_left_to_say(engine, in_signal, taken):
    go(engine, in_signal, "unfounded", LATER)
    assert the_row(engine, taken)["state"] == "closed"
    for verb in (spoke, reported):
        unchanged(engine, NotAllowed, "its case was closed",
                  lambda verb=verb: verb(engine, taken))  # fmt: skip


def test_word_is_owed_also_after_the_receiver_has_passed_it_on(engine, in_signal, taken):
    on = offered(engine, in_signal, by="care", to="jurist", now=LATER)
    accepted(engine, on.id, by="jurist", now=LATER)
    assert clocks(engine, taken).keys() == {"warm_contact", "report_back"}
    assert reported(engine, taken).state == "reported"
    assert handover_view(engine, on.id).sender == "care"


@pytest.mark.parametrize("by", ["jurist", "process"])
def test_when_the_taker_is_gone_who_holds_the_role_now_or_who_decides_says_so(
    engine, in_signal, taken, by
):
    on = offered(engine, in_signal, by="care", to="jurist", now=LATER)
    accepted(engine, on.id, by="jurist", now=LATER)
    for verb in (spoke, reported):
        unchanged(engine, NotAllowed, "care to say", lambda verb=verb: verb(engine, taken, by=by))
    leave(engine, "care", by="care", now=LATER)
    for verb in (spoke, reported):
        unchanged(engine, NotAllowed, "care to say",
                  lambda verb=verb: verb(engine, taken, by="head"))  # fmt: skip
    assert spoke(engine, taken, by=by).state == "contacted"
    assert reported(engine, taken, by=by).state == "closed"
    assert news(engine, taken)[-2:] == [("director", "contacted"), ("director", "reported")]


def test_the_sender_does_not_report_back_to_themselves(engine, in_signal, taken):
    back = offered(engine, in_signal, by="care", to="director", now=LATER)
    accepted(engine, back.id, by="director", now=LATER)
    leave(engine, "care", by="care", now=LATER)
    unchanged(engine, NotAllowed, "for care to say", lambda: reported(engine, taken, by="director"))


def test_speaking_is_a_sign_of_life(engine, taken):
    spoke(engine, taken)
    assert rows(engine, "cases")[0]["stirred_at"] == LATER + DAY
    assert rows(engine, "cases")[0]["opened_at"] == NOW
