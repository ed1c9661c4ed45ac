"""Absences: from the moment somebody is away, what waits for them is with who stands in."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from casework.absences import Away, away, back
from casework.administration import administration, administration_broken_at
from casework.alerts import record
from casework.chores import do_chores
from casework.claiming import claim
from casework.connect import transaction
from casework.contact_views import contact_view
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.promises import next_due, raise_due
from casework.receiving import ask_call
from casework.refusals import NotAllowed, NotFound
from casework.requests import ask, withdraw
from casework.words import Role
from escalation.baton import HANDOVER_NEWS
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact, act
from tests.casework.handing import accepted, assigned, offered, refused, refused_twice
from tests.casework.looking import DAY, at_once, everything, held, raise_all, rows

LATER = NOW + DAY
A_MOMENT = timedelta(microseconds=1)
DUE = NOW + timedelta(days=7) - timedelta(hours=1)  # "triaged" rings on Monday 9 March at nine


def gone(engine, who: str, since: datetime = NOW, until: datetime | None = None,
         now: datetime | None = None) -> Away:  # fmt: skip
    return away(engine, who, since=since, until=until, by="process", now=now or since)


def unchanged(engine, error, match, call):
    before = everything(engine)
    with pytest.raises(error, match=match):
        call()
    assert everything(engine) == before


def times(engine, who: str = "director", now: datetime = NOW) -> list[tuple]:
    return [(one.since, one.until) for one in contact_view(engine, who, now).absences]


def told(engine) -> list[tuple[str, str]]:
    """Who has which message, oldest first."""
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    return [(names[row["recipient_id"]], row["lead"]) for row in rows(engine, "alerts")]


def send_all(engine, now: datetime) -> list[str]:
    """The addresses everything waiting is sent to, without the domain."""
    sent = claim(engine, now, 100)
    for one in sent:
        assert record(engine, one.token, "delivered", "ok", now)
    return [one.address.partition("@")[0] for one in sent]


def an_offer(engine, case: str, to: str = "wijkteam", now: datetime = NOW) -> None:
    offer(engine, case, role=Role.CARE, to=to, packet=Packet.model_validate(PACKET), by="director",
          now=now)  # fmt: skip


@pytest.fixture
def wijkteam(engine) -> str:
    """Somebody of another organisation, with a deputy."""
    a_contact(engine, "invaller", "care_worker", organisation=f"zorg-{TOWN}")
    a_contact(engine, "wijkteam", "care_worker", organisation=f"zorg-{TOWN}", deputy="invaller")
    return "wijkteam"


@pytest.fixture
def triage(engine, in_signal) -> str:
    """A case in which only "triaged" is still open."""
    act(engine, in_signal, "reporter_informed")
    return in_signal


# --- when ----------------------------------------------------------------------------------------


def test_absences_far_apart_stand_beside_each_other(engine):
    gone(engine, "director", NOW, LATER)
    gone(engine, "director", NOW + 30 * DAY, NOW + 40 * DAY, now=NOW)
    assert times(engine) == [(NOW, LATER), (NOW + 30 * DAY, NOW + 40 * DAY)]
    assert [contact_view(engine, "director", NOW + n * DAY).absent for n in (0, 1, 30, 40)] == [
        True, False, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ((0, 5), (3, 8), (0, 8)),
        ((3, 8), (0, 5), (0, 8)),
        ((0, 5), (5, 8), (0, 8)),  # they touch
        ((0, 8), (2, 3), (0, 8)),
        ((2, 3), (0, 8), (0, 8)),
        ((0, None), (2, 3), (0, None)),
        ((2, 5), (0, None), (0, None)),
    ],
)
def test_absences_that_overlap_or_touch_are_one(engine, first, second, together):
    def at(day: int | None) -> datetime | None:
        return None if day is None else NOW + day * DAY

    for since, until in (first, second):
        got = gone(engine, "director", at(since), at(until), now=NOW)
    assert times(engine) == [(at(together[0]), at(together[1]))]
    assert (got.since, got.until) == (at(together[0]), at(together[1]))


def test_one_absence_can_join_two(engine):
    gone(engine, "director", NOW, NOW + 2 * DAY)
    gone(engine, "director", NOW + 4 * DAY, NOW + 6 * DAY, now=NOW)
    gone(engine, "director", NOW + DAY, NOW + 5 * DAY, now=NOW)
    assert times(engine) == [(NOW, NOW + 6 * DAY)]


def test_the_same_absence_again_changes_nothing(engine):
    gone(engine, "director", NOW, LATER)
    before = everything(engine)
    assert gone(engine, "director", NOW, LATER) == Away(NOW, LATER)
    assert everything(engine) == before


def test_two_who_note_an_absence_at_once_note_one(engine):
    at_once(
        lambda: gone(engine, "director", NOW, NOW + 3 * DAY),
        lambda: gone(engine, "director", NOW + DAY, NOW + 4 * DAY, now=NOW),
    )
    assert times(engine) == [(NOW, NOW + 4 * DAY)]
    assert administration_broken_at(engine) is None


def test_who_is_back_is_there_and_what_is_planned_stays_planned(engine):
    gone(engine, "director", NOW)
    back(engine, "director", by="director", now=LATER)
    gone(engine, "director", NOW + 9 * DAY, NOW + 10 * DAY, now=LATER)
    back(engine, "director", by="director", now=LATER)
    assert times(engine, now=LATER) == [(NOW + 9 * DAY, NOW + 10 * DAY)]
    assert contact_view(engine, "director", NOW + A_MOMENT).absent
    assert not contact_view(engine, "director", LATER).absent


def test_who_is_back_at_once_was_never_away(engine):
    gone(engine, "director", NOW)
    back(engine, "director", by="director", now=NOW)
    assert rows(engine, "absences") == []


def test_back_twice_is_back_once(engine):
    gone(engine, "director", NOW)
    back(engine, "director", by="director", now=LATER)
    before = everything(engine)
    back(engine, "director", by="director", now=NOW + 2 * DAY)
    assert everything(engine) == before


def test_a_planned_absence_is_called_off(engine):
    gone(engine, "director", NOW + 9 * DAY, NOW + 10 * DAY, now=NOW)
    back(engine, "director", by="director", now=NOW, since=NOW + 9 * DAY)
    assert rows(engine, "absences") == []


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (NOW, NOW, "begins before it ends"),
        (NOW, NOW - DAY, "begins before it ends"),
        (NOW - 2 * DAY, NOW - DAY, "over already"),
        (datetime(2026, 3, 2), None, "time zone"),  # noqa: DTZ001
        (NOW, datetime(2026, 3, 9), "time zone"),  # noqa: DTZ001
    ],
    ids=["empty", "backwards", "over", "naive", "naive-end"],
)
def test_an_absence_that_can_not_be_is_refused_in_words(engine, since, until, says):
    unchanged(engine, NotAllowed, says, lambda: gone(engine, "director", since, until, now=NOW))


def test_nobody_unknown_is_absent_or_back_or_notes_it(engine):
    unchanged(engine, NotFound, "nobody", lambda: gone(engine, "nobody"))
    unchanged(engine, NotFound, "nobody", lambda: back(engine, "nobody", by="process", now=NOW))
    unchanged(engine, NotFound, "nobody", lambda: away(
        engine, "director", since=NOW, by="nobody", now=NOW))  # fmt: skip
    gone(engine, "director", NOW)
    unchanged(engine, NotAllowed, "began already", lambda: back(
        engine, "director", by="process", now=LATER, since=NOW))  # fmt: skip


def test_the_record_of_administration_says_who_noted_what(engine):
    gone(engine, "director", NOW, LATER)
    back(engine, "director", by="director", now=NOW + timedelta(hours=1))
    noted = [(e.kind, e.actor, e.data.get("contact")) for e in administration(engine)]
    assert noted[:2] == [("back", "director", "director"), ("absent", "process", "director")]
    assert administration(engine)[1].data["until"] == LATER.isoformat()


# --- what waits is passed on ---------------------------------------------------------------------


def test_an_open_offer_goes_to_the_deputy_at_once(engine, in_signal, wijkteam):
    an_offer(engine, in_signal)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER)
    assert told(engine) == [("wijkteam", "offered"), ("invaller", "deputy")]
    passed = administration(engine)[0]
    assert (passed.kind, passed.actor, passed.data) == (
        "rerouted", "estafette", {"contact": "wijkteam", "to": 1},
    )  # fmt: skip
    (claimed,) = claim(engine, LATER)
    assert claimed.due_at is not None


def test_an_open_request_goes_to_the_deputy_at_once(engine, in_signal, wijkteam):
    ask(engine, in_signal, to=wijkteam, what="Is er een zorgplan?", by="director", now=NOW)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER)
    assert told(engine) == [("wijkteam", "asked"), ("invaller", "deputy")]


def test_an_absence_planned_ahead_passes_on_when_it_begins_and_not_before(
    engine, in_signal, wijkteam
):
    an_offer(engine, in_signal)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER, now=NOW)
    assert next_due(engine) == LATER
    raise_all(engine, LATER - A_MOMENT)
    assert ("invaller", "deputy") not in told(engine)
    raise_all(engine, LATER)
    assert told(engine).count(("invaller", "deputy")) == 1
    raise_all(engine, LATER)
    assert told(engine).count(("invaller", "deputy")) == 1
    assert next_due(engine) > LATER


def test_much_that_waits_is_passed_on_some_cases_at_a_time_until_all_is(
    engine, in_signal, wijkteam
):
    cases = [in_signal, *(a_case(engine, address=f"Voorbeeldlaan {n}") for n in range(4))]
    for case in cases:
        an_offer(engine, case)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER, now=NOW)
    passed = []
    for _times in range(3):
        with transaction(engine) as session:
            assert do_chores(session, LATER, limit=2)
        passed.append(told(engine).count(("invaller", "deputy")))
    assert passed == [2, 4, 5]
    raise_all(engine, LATER)
    assert told(engine).count(("invaller", "deputy")) == 5
    assert next_due(engine) > LATER


def test_an_absence_that_was_over_before_anybody_looked_passes_nothing_on(
    engine, in_signal, wijkteam
):
    an_offer(engine, in_signal)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER, LATER + timedelta(hours=1), now=NOW)
    raise_due(engine, LATER + timedelta(hours=2))
    assert ("invaller", "deputy") not in told(engine)


def test_a_promise_that_rang_for_the_absent_rings_for_the_deputy_as_it_did(engine, triage):
    raise_all(engine, DUE)
    send_all(engine, DUE)
    gone(engine, "director", DUE + A_MOMENT)
    first, passed = rows(engine, "alerts")
    same = ("checkpoint_id", "rung", "lead", "statutory")
    assert [passed[name] for name in same] == [first[name] for name in same]
    assert told(engine) == [("director", "due"), ("deputy", "due")]
    raise_all(engine, DUE + 2 * A_MOMENT)
    assert len(rows(engine, "alerts")) == 2


@pytest.mark.parametrize("deputy_is", ["absent", "missing"])
def test_without_a_deputy_who_is_there_the_process_director_hears_at_once(
    engine, in_signal, deputy_is
):
    a_contact(engine, "stand", "care_worker")
    a_contact(engine, "alleen", "care_worker",
              deputy="stand" if deputy_is == "absent" else None)  # fmt: skip
    an_offer(engine, in_signal, to="alleen")
    send_all(engine, NOW)
    if deputy_is == "absent":
        gone(engine, "stand", NOW)
    gone(engine, "alleen", LATER)
    assert told(engine)[-1] == ("process", "unreached")


def test_a_deputy_who_goes_away_too_leaves_it_to_the_process_director(engine, in_signal, wijkteam):
    an_offer(engine, in_signal)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER)
    gone(engine, "care", LATER)
    gone(engine, "invaller", LATER + DAY)
    assert told(engine)[1:] == [("invaller", "deputy"), ("process", "unreached")]


def test_who_may_not_take_over_is_asked_to_take_back_or_assign_and_can(engine, in_signal):
    a_contact(engine, "alleen", "care_worker")
    an_offer(engine, in_signal, to="alleen")
    gone(engine, "alleen", LATER)
    assert told(engine) == [("alleen", "offered"), ("process", "unreached")]
    (claimed,) = [one for one in claim(engine, LATER, 100) if one.recipient == "process"]
    assert claimed.asks == HANDOVER_NEWS["unreached"]
    assert claimed.due_at is not None
    unchanged(engine, NotAllowed, "was not offered to process",
              lambda: accepted(engine, 1, by="process", now=LATER))  # fmt: skip
    assert revoke(engine, 1, by="process", now=LATER).state == "revoked"
    assert assigned(engine, in_signal, now=LATER).state == "assigned"


def test_with_nobody_to_decide_the_sender_hears_that_nobody_is_there_to_answer(engine, in_signal):
    a_contact(engine, "alleen", "care_worker")
    an_offer(engine, in_signal, to="alleen")
    for who in ("process", "head"):
        gone(engine, who)
    gone(engine, "alleen", LATER)
    assert told(engine)[-1] == ("director", "unreached")


def test_a_request_to_somebody_nobody_stands_in_for_is_for_others_to_withdraw(engine, in_signal):
    a_contact(engine, "alleen", "adviser", organisation=f"zorg-{TOWN}")
    made = ask(engine, in_signal, to="alleen", what="Komt u langs?", by="director", now=NOW)
    gone(engine, "care", LATER)
    gone(engine, "alleen", LATER)
    assert told(engine)[-1] == ("process", "unreached")
    assert withdraw(engine, made.id, reason="een ander doet het", by="process", now=LATER)


# --- what is asked of somebody and has not rung yet ----------------------------------------------


def asked_before_it_rang(engine, case, key):
    """A promise of this kind that waits for somebody; who that is."""
    if key == "handover_returned":
        refused(engine, offered(engine, case).id)
        return "director"
    if key == "process_decides":
        refused_twice(engine, case)
        return "process"
    made = offered(engine, case)
    if key == "call_back":
        ask_call(engine, made.id, by="care", how="na tien uur", now=NOW)
        return "director"
    accepted(engine, made.id, now=NOW)
    return "care"


@pytest.mark.parametrize(
    "key", ["handover_returned", "process_decides", "call_back", "warm_contact", "report_back"]
)
@pytest.mark.parametrize("stands_in", [True, False])
def test_what_is_asked_of_somebody_is_with_who_stands_in_before_it_rang(
    engine, in_signal, key, stands_in
):
    a_contact(engine, "invaller", "adviser")
    who = asked_before_it_rang(engine, in_signal, key)
    send_all(engine, NOW)
    with engine.begin() as connection:
        deputy = "(SELECT id FROM contacts WHERE key = 'invaller')" if stands_in else "NULL"
        connection.execute(sa.text(
            f"UPDATE contacts SET deputy_id = {deputy} WHERE key = '{who}'"))  # fmt: skip
    before = told(engine)
    gone(engine, who, LATER)
    (question,) = rows(engine, "checkpoints", f"state = 'open' AND key = '{key}'")
    names = {row["id"]: row["key"] for row in rows(engine, "contacts")}
    about = rows(engine, "alerts", f"checkpoint_id = {question['id']} OR event = 'decide'")
    above = "head" if who == "process" else "process"
    heard = [names[row["recipient_id"]] for row in about]
    assert heard[-1] == ("invaller" if stands_in else above)
    assert len(told(engine)) > len(before)
    waiting = everything(engine)
    gone(engine, who, LATER)
    assert everything(engine) == waiting
    for days in range(2, 20):  # and its rungs ring as they would have
        raise_all(engine, NOW + days * DAY)
    assert rows(engine, "checkpoints", f"id = {question['id']}")[0]["rung"] is not None


def test_what_has_not_rung_follows_when_the_deputy_goes_away_too(engine, in_signal):
    refused(engine, offered(engine, in_signal).id)
    send_all(engine, NOW)
    gone(engine, "director", LATER)
    gone(engine, "deputy", LATER + DAY)
    assert told(engine)[-2:] == [("deputy", "deputy"), ("process", "skipped")]


def test_what_an_organisation_was_asked_goes_to_a_colleague_before_it_goes_up(engine, in_signal):
    a_contact(engine, "balie", "coordinator", organisation=f"zorg-{TOWN}", fixed=True)
    an_offer(engine, in_signal, to=f"zorg-{TOWN}")
    send_all(engine, NOW)
    gone(engine, "balie", LATER)
    assert told(engine) == [("balie", "offered"), ("care", "deputy")]


def test_when_nobody_is_there_nothing_is_sent_to_nobody(engine, in_signal, wijkteam):
    an_offer(engine, in_signal)
    for person in ("care", "invaller", "process", "head", "director", "deputy"):
        gone(engine, person, NOW)
    gone(engine, wijkteam, LATER)
    assert told(engine) == [("wijkteam", "offered")]


def test_what_is_answered_or_of_a_closed_promise_is_passed_on_to_nobody(engine, in_signal):
    raise_all(engine, DUE)
    send_all(engine, DUE)
    before = len(rows(engine, "alerts"))
    gone(engine, "care", DUE + DAY)
    gone(engine, "jurist", DUE + DAY)
    assert len(rows(engine, "alerts")) == before


def test_a_case_somebody_works_on_is_passed_on_when_they_are_done(engine, in_signal, wijkteam):
    if engine.dialect.name == "sqlite":
        return  # there nobody works beside another
    other = a_case(engine, address="Elders 2")
    for case in (in_signal, other):
        an_offer(engine, case)
    send_all(engine, NOW)
    with held(engine, f"UPDATE cases SET version = version WHERE key = '{in_signal}'"):
        gone(engine, wijkteam, LATER)
        assert told(engine).count(("invaller", "deputy")) == 1
        assert next_due(engine) == LATER
    raise_all(engine, LATER)
    assert told(engine).count(("invaller", "deputy")) == 2
    assert next_due(engine) > LATER


def test_two_watchers_at_once_pass_on_once(engine, in_signal, wijkteam):
    an_offer(engine, in_signal)
    send_all(engine, NOW)
    gone(engine, wijkteam, LATER, now=NOW)
    at_once(*[lambda: raise_all(engine, LATER)] * 2)
    raise_all(engine, LATER)
    assert told(engine).count(("invaller", "deputy")) == 1


# --- what was not sent yet -----------------------------------------------------------------------


def test_a_message_that_was_not_sent_yet_goes_to_the_deputy_alone(engine, in_signal, wijkteam):
    an_offer(engine, in_signal)
    gone(engine, wijkteam, LATER)
    assert told(engine) == [("invaller", "offered")]
    assert send_all(engine, LATER) == ["invaller"]


def test_what_waits_for_somebody_who_is_away_by_then_is_sent_to_the_deputy(engine, triage):
    raise_all(engine, DUE)
    waiting = len(rows(engine, "alerts"))
    gone(engine, "director", DUE + A_MOMENT, now=NOW)
    assert set(send_all(engine, DUE + A_MOMENT)) == {"deputy"}
    assert {who for who, _ in told(engine)} == {"deputy"}
    assert len(rows(engine, "alerts")) == waiting


def test_with_a_deputy_away_too_it_is_sent_to_whom_it_was_for(engine, triage):
    raise_all(engine, DUE)
    for person in ("director", "deputy"):
        gone(engine, person, DUE + A_MOMENT, now=NOW)
    assert set(send_all(engine, DUE + A_MOMENT)) == {"director"}


def test_a_deputy_who_has_the_same_message_gets_no_second_one(engine, triage):
    third_day = DUE + DAY  # director and deputy both hear
    raise_all(engine, third_day)
    gone(engine, "director", third_day + A_MOMENT, now=NOW)
    sent = send_all(engine, third_day + A_MOMENT)
    pairs = [(r["checkpoint_id"], r["rung"], r["recipient_id"]) for r in rows(engine, "alerts")]
    assert len(pairs) == len(set(pairs)) == len(sent)
    assert {"director", "deputy"} <= set(sent)
