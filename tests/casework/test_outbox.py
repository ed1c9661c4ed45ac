"""The outbox: claim, send elsewhere, record. At least once, never lost, a repeat recognisable."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.alert_views import alert_list, deliveries
from casework.alerts import LONGEST_RETRY, next_to_send, record
from casework.alerts import _wait as wait_after
from casework.claiming import LEASE, claim
from casework.ledger import redate_term
from casework.offering import offer
from casework.packets import Packet
from casework.promises import answer
from casework.receiving import refuse
from casework.refusals import NotFound
from casework.requests import ask, withdraw
from casework.words import Answer, Role
from models import Alert
from tests.builders import NOW, PACKET, TOWN, a_case, a_contact, announce_order
from tests.casework.looking import DAY, at_once, everything, raise_all, rows

THEN = datetime(2026, 3, 9, 8, tzinfo=UTC)  # two promises of a new case have rung by then


@pytest.fixture
def outbox(engine, in_signal):
    """Two alerts wait: one overdue to director and deputy told once, one due."""
    raise_all(engine, THEN)
    return rows(engine, "alerts")


def states(engine) -> list[str]:
    return [row["state"] for row in rows(engine, "alerts")]


# --- claiming ------------------------------------------------------------------------------------


def test_a_claimed_alert_says_all_that_is_needed_to_word_and_send_it(engine, outbox):
    alerts = {a.number: a for a in claim(engine, THEN)}
    assert set(alerts) == {row["id"] for row in outbox}
    due = next(a for a in alerts.values() if a.lead == "due")
    assert (due.case_key, due.channel, due.address, due.language, due.statutory) == (
        "2026-00001", "mail", "director@voorbeeld.example", "nl", False,
    )  # fmt: skip
    assert due.asks.nl == "Is beslist wie deze melding oppakt?"
    assert (due.due_at, due.at_moment) == (datetime(2026, 3, 9, 23, tzinfo=UTC), False)


def test_what_is_claimed_is_not_claimed_again_while_the_lease_runs(engine, outbox):
    assert len(claim(engine, THEN)) == len(outbox)
    assert claim(engine, THEN + LEASE - timedelta(microseconds=1)) == []
    assert set(states(engine)) == {"leased"}


def test_nothing_is_claimed_before_its_moment(engine, outbox):
    assert claim(engine, THEN - timedelta(seconds=1)) == []


def test_at_most_the_limit_is_claimed_and_terms_of_law_first(engine, in_behavioural_order):
    announce_order(engine, in_behavioural_order)
    raise_all(engine, NOW + 60 * DAY)
    by_law = len(rows(engine, "alerts", "statutory"))
    claimed = []
    while batch := claim(engine, NOW + 60 * DAY, limit=3):
        assert len(batch) <= 3
        claimed += [a.statutory for a in batch]
    assert claimed == [True] * by_law + [False] * (len(claimed) - by_law)


def test_of_one_case_only_when_it_is_named(engine, outbox):
    other = a_case(engine, address="Elders 2")
    raise_all(engine, THEN)
    assert {a.case_key for a in claim(engine, THEN, case_key=other)} == {other}


def test_two_senders_at_once_never_hold_the_same_alert(engine):
    for n in range(6):
        a_case(engine, address=f"Straat {n}")
    raise_all(engine, THEN)
    got = at_once(*[lambda: claim(engine, THEN, limit=5)] * 3)
    numbers = [a.number for batch in got for a in batch]
    assert len(numbers) == len(set(numbers)) > 0


# --- recording -----------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", ["delivered", "perhaps"])
def test_a_sent_alert_is_never_sent_again_by_the_machine(engine, outbox, outcome):
    for alert in claim(engine, THEN):
        assert record(engine, alert.token, outcome, "250", THEN)
    assert set(states(engine)) == {outcome}
    assert claim(engine, THEN + 365 * DAY) == []
    assert next_to_send(engine) is None
    assert deliveries(engine, outbox[0]["id"]) == [(1, "mail", outcome, "250")]


def test_a_failed_alert_is_tried_again_for_as_long_as_it_takes(engine, outbox):
    now = THEN
    for attempt in range(1, 31):
        alert = claim(engine, now, limit=1)[0]
        record(engine, alert.token, "failed", "refused", now)
        waiting = rows(engine, "alerts", f"id = {alert.number}")[0]["next_at"] - now
        assert timedelta(seconds=20) < waiting <= LONGEST_RETRY * 1.2
        for other in claim(engine, now):
            record(engine, other.token, "delivered", "250", now)
        assert [a[0] for a in deliveries(engine, alert.number)] == list(range(1, attempt + 1))
        now += waiting
    alert = claim(engine, now)[0]
    record(engine, alert.token, "delivered", "250", now)
    assert deliveries(engine, alert.number)[-1] == (31, "mail", "delivered", "250")


@given(st.integers(1, 1_000_000), st.integers(1, 100_000))
def test_the_wait_after_a_failure_is_bounded_however_often_it_failed(number, attempts):
    wait = wait_after(Alert(id=number, attempts=attempts))
    assert timedelta(seconds=24) <= wait <= LONGEST_RETRY * 1.2


def test_waits_grow_and_do_not_all_end_at_the_same_moment():
    waits = [wait_after(Alert(id=7, attempts=n)) for n in (1, 3, 5, 7)]
    assert waits == sorted(waits)
    assert len({wait_after(Alert(id=n, attempts=5)) for n in range(50)}) == 50


def test_an_attempt_recorded_twice_is_recorded_once(engine, outbox):
    alert = claim(engine, THEN, limit=1)[0]
    assert record(engine, alert.token, "delivered", "250", THEN)
    before = everything(engine)
    assert not record(engine, alert.token, "failed", "late", THEN)
    assert everything(engine) == before


@pytest.mark.parametrize("wrong", ["waiting", "leased", "lost", ""])
def test_an_outcome_nobody_knows_is_not_recorded(engine, outbox, wrong):
    alert = claim(engine, THEN, limit=1)[0]
    before = everything(engine)
    with pytest.raises(ValueError, match="is not a valid Outcome"):
        record(engine, alert.token, wrong, "x", THEN)
    assert everything(engine) == before


def test_nobody_records_with_anothers_token(engine, outbox):
    claim(engine, THEN, limit=1)
    assert not record(engine, "another", "delivered", "250", THEN)
    assert not record(engine, "", "delivered", "250", THEN)


# --- crashing ------------------------------------------------------------------------------------


def test_a_sender_that_crashed_loses_nothing_and_its_attempt_is_down_as_perhaps(engine, outbox):
    lost = claim(engine, THEN, limit=1)[0]
    again = next(a for a in claim(engine, THEN + LEASE) if a.number == lost.number)
    assert again.token != lost.token
    assert deliveries(engine, lost.number) == [(1, "mail", "perhaps", "lease-ran-out")]
    assert record(engine, again.token, "delivered", "250", THEN + LEASE)
    assert [(d[0], d[2]) for d in deliveries(engine, lost.number)] == [
        (1, "perhaps"), (2, "delivered"),
    ]  # fmt: skip


def test_a_sender_that_was_only_slow_learns_that_another_has_its_alert(engine, outbox):
    slow = claim(engine, THEN, limit=1)[0]
    claim(engine, THEN + LEASE)
    assert not record(engine, slow.token, "delivered", "250", THEN + LEASE)


def test_a_slow_sender_whom_nobody_replaced_may_still_record(engine, outbox):
    slow = claim(engine, THEN, limit=1)[0]
    later = THEN + LEASE + timedelta(seconds=1)
    assert record(engine, slow.token, "delivered", "250", later)
    assert deliveries(engine, slow.number) == [(1, "mail", "delivered", "250")]


def test_the_next_moment_to_send_is_the_earliest_of_waiting_failed_and_leased(engine, outbox):
    assert next_to_send(engine) == THEN
    claimed = claim(engine, THEN)
    assert next_to_send(engine) == THEN + LEASE
    for alert in claimed:
        record(engine, alert.token, "failed", "x", THEN)
    expected = min(r["next_at"] for r in rows(engine, "alerts"))
    assert next_to_send(engine) == expected > THEN


# --- handovers, views ----------------------------------------------------------------------------


def test_news_of_a_handover_is_worded_by_what_happened(engine, in_signal):
    made = offer(
        engine, in_signal, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    first = claim(engine, NOW)
    assert [(a.address, a.asks.nl, a.due_at is None) for a in first] == [
        ("care@voorbeeld.example", "Neemt u deze zaak over, of niet?", False)
    ]
    refuse(engine, made.id, by="care", reason="geen plek", now=NOW)
    second = claim(engine, NOW)
    assert [(a.address, a.asks.nl, a.due_at) for a in second] == [
        ("director@voorbeeld.example", "Uw overdracht is geweigerd; u houdt de zaak.", None),
        ("process@voorbeeld.example",
         "Een overdracht is niet gelukt; de afzender houdt de zaak.", None),
    ]  # fmt: skip
    listed = {a.lead: a.asks.nl for a in alert_list(engine)}
    assert listed == {
        "offered": "Neemt u deze zaak over, of niet?",
        "refused": "Uw overdracht is geweigerd; u houdt de zaak.",
        "returned": "Een overdracht is niet gelukt; de afzender houdt de zaak.",
    }


def test_a_message_names_the_date_as_it_was_changed_and_not_the_old_one(engine, in_signal):
    offer(engine, in_signal, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
          by="director", now=NOW)  # fmt: skip
    ask(engine, in_signal, to="jurist", what="Is er hulp?", by="director", now=NOW)
    to = (NOW + 4 * DAY).date()
    for key in ("handover_answered", "request_answered"):
        redate_term(engine, in_signal, key, to=to, on=NOW.date(), by="director", now=NOW,
                    ground="afspraak", reason="eerder gesproken")  # fmt: skip
    due = {a.recipient: a.due_at for a in claim(engine, NOW)}
    assert due == {who: datetime(2026, 3, 6, 23, tzinfo=UTC) for who in ("care", "jurist")}


def test_what_is_no_longer_asked_of_anybody_is_not_asked_in_a_message(engine, in_signal):
    made = offer(engine, in_signal, role=Role.CARE, to="care", by="director", now=NOW,
                 packet=Packet.model_validate(PACKET)).id  # fmt: skip
    asked = ask(engine, in_signal, to="jurist", what="Is er hulp?", by="director", now=NOW).id
    (on_its_way,) = claim(engine, NOW, limit=1)
    withdraw(engine, asked, by="director", reason="is al bekend", now=NOW)
    refuse(engine, made, by="care", reason="geen plek", now=NOW)
    later = claim(engine, NOW + LEASE)
    assert not {"offered", "asked"} & {a.lead for a in later}
    assert {a.lead for a in later} == {"refused", "returned", "withdrawn"}
    # The one that was on its way may have arrived.
    assert {row["event"]: row["state"] for row in rows(engine, "alerts", "id <= 2")} == {
        "offered": "perhaps", "asked": "void",
    }  # fmt: skip
    assert on_its_way.lead == "offered"


FOR_ANOTHER = "Een ander moet dit nog beantwoorden. Vraagt u ernaar?"


def of_promise(engine, key, now):
    """What each reader of this promise's messages is asked, in the message and within."""
    within = {a.number: (a.promise, a.asks.nl) for a in alert_list(engine, limit=1000)}
    said = {}
    for alert in claim(engine, now, limit=1000):
        promise, asks = within[alert.number]
        assert promise != key or asks == alert.asks.nl
        if promise == key:
            said.setdefault(alert.recipient, set()).add(alert.asks.nl)
    return said


@pytest.fixture
def on_offer(engine, in_signal):
    """An offer to somebody of a partner, who has a deputy."""
    care = f"zorg-{TOWN}"
    a_contact(engine, "invaller", "care_worker", organisation=care)
    a_contact(engine, "wijkteam", "care_worker", organisation=care, deputy="invaller")
    return offer(
        engine, in_signal, role=Role.CARE, to="wijkteam", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip


def test_who_waits_for_anothers_answer_is_asked_to_ask_after_it(engine, on_offer):
    now = NOW + 7 * DAY
    raise_all(engine, now)
    said = of_promise(engine, "handover_acknowledged", now)
    assert said.pop("wijkteam") == {"Heeft u gezien dat deze zaak u wordt aangeboden?"}
    assert said == {who: {FOR_ANOTHER} for who in ("director", "deputy", "process")}


def test_the_deputy_of_who_must_answer_is_asked_the_question_itself(engine, on_offer):
    away(engine, "wijkteam", since=NOW, by="director", now=NOW)
    raise_all(engine, NOW + 3 * DAY)
    said = of_promise(engine, "handover_acknowledged", NOW + 3 * DAY)
    assert said["invaller"] == {"Heeft u gezien dat deze zaak u wordt aangeboden?"}
    assert said["director"] == {FOR_ANOTHER}


def test_who_must_decide_is_asked_that_and_the_sender_is_not(engine, on_offer):
    refuse(engine, on_offer.id, by="wijkteam", reason="geen plek", now=NOW)
    again = offer(
        engine, "2026-00001", role=Role.CARE, to="jurist", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    refuse(engine, again.id, by="jurist", reason="niet van ons", now=NOW)
    raise_all(engine, NOW + 2 * DAY)
    said = of_promise(engine, "process_decides", NOW + 2 * DAY)
    assert said["process"] == {"Twee keer niet overgenomen. Wie wijst u aan?"}
    assert said["director"] == {FOR_ANOTHER}


def test_news_and_a_promise_of_nobody_in_particular_are_worded_for_every_reader(engine, outbox):
    assert FOR_ANOTHER not in {a.asks.nl for a in claim(engine, THEN)}
    assert {a.waits_for for a in alert_list(engine)} == {None}


def test_the_list_shows_the_newest_first_and_what_is_still_unsent(engine, outbox):
    alert = claim(engine, THEN, limit=1)[0]
    record(engine, alert.token, "delivered", "250", THEN)
    assert [a.number for a in alert_list(engine)] == [r["id"] for r in reversed(outbox)]
    assert alert.number not in [a.number for a in alert_list(engine, unsent=True)]
    assert alert_list(engine, case_key="2026-00099") == []
    assert len(alert_list(engine, limit=1)) == 1


def test_what_is_answered_before_it_was_sent_is_void_and_can_still_be_read_back(engine, outbox):
    answer(engine, "2026-00001", "triaged", given=Answer.DONE, by="director", now=THEN)
    assert {a.asks.nl for a in claim(engine, THEN)} == {
        "Heeft de melder bericht dat de melding binnen is?"
    }
    void = [a for a in alert_list(engine) if a.state == "void"]
    assert {a.asks.nl for a in void} == {"Is beslist wie deze melding oppakt?"}
    assert next_to_send(engine) == THEN + LEASE


@pytest.mark.parametrize("number", [0, 999])
def test_an_alert_that_does_not_exist_is_not_acknowledged(engine, outbox, number):
    with pytest.raises(NotFound, match="estafette alert list"):
        acknowledge(engine, number, by="director", now=THEN)


def test_a_person_nobody_knows_acknowledges_nothing(engine, outbox):
    before = everything(engine)
    with pytest.raises(NotFound, match="contact nobody"):
        acknowledge(engine, outbox[0]["id"], by="nobody", now=THEN)
    assert everything(engine) == before


def test_acknowledging_an_offer_is_on_record_and_quiets_nothing(engine, in_signal):
    offer(
        engine, in_signal, role=Role.CARE, to="care", packet=Packet.model_validate(PACKET),
        by="director", now=NOW,
    )  # fmt: skip
    before = rows(engine, "checkpoints")
    number = alert_list(engine)[0].number
    assert acknowledge(engine, number, by="care", now=NOW) == "moved on"
    assert rows(engine, "checkpoints") == before
    assert alert_list(engine)[0].acknowledged
