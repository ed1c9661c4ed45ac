"""Falling back: what did not arrive, or nobody saw, goes another way, and never twice the same."""

from collections import Counter
from datetime import time, timedelta

import pytest
from sqlmodel import col, select

from casework.absences import away
from casework.acknowledging import acknowledge
from casework.alerts import next_to_send, record
from casework.claiming import LEASE, claim
from casework.connect import transaction
from casework.people import NewOrganisation, add_organisation
from casework.receiving import accept
from casework.ways import add_way
from escalation.interruptions import Manners
from models import Alert, AlertState
from tests.builders import NOW, a_contact
from tests.casework.handing import READ_BACK, offered
from tests.casework.looking import DAY, at_once, kinds, rows
from tests.casework.outbox import (
    HOUR,
    MINUTE,
    an_alert,
    closed,
    customs_of,
    outbox,
    send,
    state_of,
    ways_taken,
)

BACK = customs_of(Manners(fall_back_after=HOUR, unseen_after=4 * HOUR))
MOMENT = timedelta(microseconds=1)
DOWN = {"mail": "unreachable"}


@pytest.fixture
def alert(engine, in_signal) -> int:
    """The director, who has a deputy, can be reached by mail, then by Teams; an alert waits."""
    add_way(engine, "director", "teams", "op-teams", by="process", now=NOW)
    return an_alert(engine, "director")


def unreached(engine) -> list[tuple[str, int]]:
    """Who was told of whom that they cannot be reached."""
    return [
        (row["to"], int(row["period"].partition(":")[0]))
        for row in outbox(engine) if row["notice"] == "unreached"
    ]  # fmt: skip


def number_of(engine, key: str) -> int:
    return int(rows(engine, "contacts", f"key = '{key}'")[0]["id"])


def fail_for(engine, hours: int, customs=BACK, begin=NOW, **fails: str) -> None:
    """A sender looks three times an hour, while anything waits, for so many hours."""
    at = begin
    while at <= begin + hours * HOUR:
        send(engine, at, customs, **fails)
        if (coming := next_to_send(engine)) is None:
            return
        at = max(coming, at + 20 * MINUTE)


# --- what failed ---------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["refused", "untrusted", "bad-address", "unknown-channel",
                                  "bad-channel", "nobody"])  # fmt: skip
def test_what_failed_for_good_goes_by_the_next_channel_at_once(engine, alert, code):
    sent = send(engine, NOW, BACK, mail=code)
    assert [(s.to, s.channel, s.outcome) for s in sent][:2] == [
        ("director", "mail", "failed"), ("director", "teams", "delivered"),
    ]  # fmt: skip
    second = outbox(engine)[1]
    assert (second["instead_of"], second["state"]) == (alert, "delivered")


def test_what_arrived_by_one_channel_is_void_by_the_others(engine, alert):
    send(engine, NOW, BACK, mail="refused")
    assert state_of(engine, alert) == "void"
    fail_for(engine, 12, mail="refused")
    assert {row["to"] for row in outbox(engine) if row["notice"] is None} == {"director"}


def test_what_fails_for_now_is_tried_again_for_a_while_and_then_goes_another_way(engine, alert):
    assert [s.channel for s in send(engine, NOW, BACK, mail="deferred")] == ["mail"]
    assert [s.channel for s in send(engine, NOW + HOUR - MOMENT, BACK, mail="deferred")] == ["mail"]
    # It is in its wait after the last attempt, so the other way is all that goes.
    sent = send(engine, NOW + HOUR, BACK, mail="deferred")
    assert [(s.to, s.channel, s.outcome) for s in sent] == [("director", "teams", "delivered")]


def test_without_manners_only_what_failed_for_good_falls_back(engine, alert):
    fail_for(engine, 6, customs_of(), mail="deferred", teams="deferred")
    assert ways_taken(engine) == [("director", "")]


def test_failing_on_and_on_it_goes_to_the_next_channel_the_deputy_and_up(engine, alert):
    fail_for(engine, 8, mail="deferred", teams="deferred")
    ways = [way for way in ways_taken(engine) if way[0] != "director"]
    assert ways_taken(engine)[:3] == [("director", ""), ("director", "teams"), ("deputy", "")]
    assert {who for who, _ in ways} >= {"deputy", "process", "head"}


def test_each_step_up_takes_as_long_as_the_one_before(engine, alert):
    fail_for(engine, 3, mail="deferred", teams="deferred")
    first = {}
    for row in outbox(engine):
        first.setdefault(row["to"] + row["channel"], row["created_at"] - NOW)
    assert HOUR <= first["directorteams"] < first["deputy"] <= 3 * HOUR
    assert first["deputy"] - first["directorteams"] >= HOUR


def test_nobody_is_told_twice_by_the_same_channel_of_the_same(engine, alert):
    fail_for(engine, 10, mail="refused", teams="deferred")
    about = Counter(
        (row["to"], row["channel"] or "mail")
        for row in outbox(engine) if row["notice"] is None
    )  # fmt: skip
    assert set(about.values()) == {1}
    assert {who for who, _ in about} == {"director", "deputy", "process", "head"}


def test_a_deputy_who_is_away_is_passed_by(engine, alert):
    away(engine, "deputy", since=NOW, by="process", now=NOW)
    send(engine, NOW, BACK, mail="refused", teams="refused")
    assert "deputy" not in {row["to"] for row in outbox(engine)}
    assert "process" in {row["to"] for row in outbox(engine)}


def test_one_level_up_is_in_the_municipality_of_the_case(engine, in_signal):
    add_organisation(engine, NewOrganisation(
        key="regio-zorg", name="Zorg Regio", kind="care", municipality="elders"))  # fmt: skip
    a_contact(engine, "elders", "process_director", organisation="regio-zorg")
    a_contact(engine, "regio", "care_worker", organisation="regio-zorg")
    an_alert(engine, "regio")
    add_way(engine, "process", "mail", "goed@voorbeeld.example", by="process", now=NOW)
    send(engine, NOW, BACK, mail="refused")
    assert "process" in {row["to"] for row in outbox(engine)}
    assert "elders" not in {row["to"] for row in outbox(engine)}


def test_it_is_journalled_to_whom_it_goes_and_names_no_address(engine, alert, in_signal):
    send(engine, NOW, BACK, mail="refused")
    (line,) = rows(engine, "journal", "kind = 'fell_back'")
    assert line["data"] == {"alert": alert, "to": "director", "channel": "teams"}
    assert "fell_back" in kinds(engine, in_signal)


def test_what_arrived_with_another_is_still_owed_to_whom_it_was_for(engine, in_signal):
    add_way(engine, "process", "teams", "p", by="process", now=NOW)
    number = an_alert(engine, "jurist")
    send(engine, NOW, BACK, mail="refused")
    assert ("process", "delivered") in {(row["to"], row["state"]) for row in outbox(engine)}
    assert state_of(engine, number) == "failed"
    fail_for(engine, 2)
    assert state_of(engine, number) == "delivered"


def test_the_first_keeps_being_tried_and_arrives_when_it_is_mended(engine, alert):
    fail_for(engine, 6, mail="deferred", teams="deferred")
    fail_for(engine, 24, begin=NOW + 6 * HOUR)
    assert {"delivered", "void"} == {row["state"] for row in outbox(engine)}
    told = [row["to"] for row in outbox(engine) if row["state"] == "delivered"]
    assert "director" in told


def test_two_senders_at_once_fall_back_once(engine, alert):
    (one,) = claim(engine, NOW, customs=BACK)
    record(engine, one.token, "failed", "refused", NOW, customs=BACK)
    at_once(*[lambda: claim(engine, NOW, customs=BACK)] * 3)
    about = [(row["to"], row["channel"]) for row in outbox(engine) if row["notice"] is None]
    assert about == [("director", ""), ("director", "teams")]
    assert len(unreached(engine)) == 1
    assert len(rows(engine, "journal", "kind = 'fell_back'")) == 1


# --- while it was on its way ---------------------------------------------------------------------


@pytest.fixture
def both_on_their_way(engine, alert):
    """The mail failed for now, Teams took over; both are being sent, as by a sender that knows not
    of one way at a time. Their tokens, mail first."""
    send(engine, NOW, BACK, mail="deferred")
    at = NOW + 2 * HOUR
    (first,) = claim(engine, at, customs=BACK)
    with transaction(engine) as session:
        (other,) = session.exec(select(Alert).where(col(Alert.token).is_(None))).all()
        other.state, other.token, other.next_at = AlertState.LEASED, "other", at + LEASE
        other.attempts += 1
        session.add(other)
    tokens = {first.channel: first.token}
    return at, tokens.get("mail", "other"), tokens.get("teams", "other")


@pytest.mark.parametrize("manners", [
    Manners(fall_back_after=HOUR), Manners(fall_back_after=HOUR, budget=3, digest_at=time(8, 30)),
])  # fmt: skip
def test_what_two_channels_could_tell_at_the_same_moment_is_told_once(engine, alert, manners):
    customs = customs_of(manners)
    send(engine, NOW, customs, mail="deferred")
    send(engine, NOW + HOUR, customs, mail="deferred", teams="deferred")
    later = NOW + 30 * DAY  # both have waited long
    told = [one for at in (later, later + LEASE, later + DAY) for one in send(engine, at, customs)]
    assert [one.outcome for one in told if one.to == "director"] == ["delivered"]
    theirs = [row["state"] for row in outbox(engine) if row["to"] == "director"]
    assert sorted(theirs) == ["delivered", "void"]


def test_what_one_of_two_channels_could_not_tell_the_other_tells_at_once(engine, alert):
    send(engine, NOW, BACK, mail="deferred")
    send(engine, NOW + HOUR, BACK, mail="deferred", teams="deferred")
    later = NOW + 30 * DAY
    told = [one for one in send(engine, later, BACK, mail="deferred") if one.to == "director"]
    assert (told[-1].channel, told[-1].outcome) == ("teams", "delivered")


def test_what_fails_after_the_same_arrived_otherwise_is_void_too(engine, alert, both_on_their_way):
    at, mail, teams = both_on_their_way
    record(engine, teams, "delivered", "ok", at, customs=BACK)
    record(engine, mail, "failed", "refused", at, customs=BACK)
    assert state_of(engine, alert) == "void"
    send(engine, at + 3 * HOUR, BACK)
    assert {row["to"] for row in outbox(engine)} == {"director"}


def test_what_is_lost_after_the_same_arrived_otherwise_is_not_repeated(
    engine, alert, both_on_their_way
):
    at, _, teams = both_on_their_way
    record(engine, teams, "delivered", "ok", at, customs=BACK)
    assert send(engine, at + LEASE, BACK) == []
    assert state_of(engine, alert) == "perhaps"


def test_what_falls_back_unseen_is_sent_though_the_first_arrived(engine, alert):
    send(engine, NOW, BACK)
    assert [s.channel for s in send(engine, NOW + 4 * HOUR, BACK, teams="deferred")] == ["teams"]
    assert [row["state"] for row in outbox(engine)] == ["delivered", "failed"]
    assert [s.channel for s in send(engine, NOW + 4.5 * HOUR, BACK)] == ["teams"]


# --- what nobody has seen ------------------------------------------------------------------------


def test_what_arrived_and_nobody_saw_goes_by_the_next_channel_and_to_nobody_else(engine, alert):
    send(engine, NOW, BACK)
    assert send(engine, NOW + 4 * HOUR - MOMENT, BACK) == []
    sent = send(engine, NOW + 4 * HOUR, BACK)
    assert [(s.to, s.channel, s.outcome) for s in sent] == [("director", "teams", "delivered")]
    assert send(engine, NOW + 9 * DAY, BACK) == []


def test_what_perhaps_arrived_and_nobody_saw_goes_on_to_the_deputy(engine, in_signal):
    an_alert(engine, "director")
    send(engine, NOW, BACK, mail="timeout")
    sent = send(engine, NOW + 4 * HOUR, BACK)
    assert [(s.to, s.outcome) for s in sent] == [("deputy", "delivered")]


def test_news_that_can_wait_need_not_be_seen(engine, alert):
    number = an_alert(engine, "director", lead="reported")
    send(engine, NOW, BACK)
    assert rows(engine, "alerts", f"id = {number}")[0]["falls_back_at"] is None


@pytest.mark.parametrize("by", ["director", "process"])
def test_what_was_acknowledged_does_not_fall_back(engine, alert, by):
    send(engine, NOW, BACK)
    acknowledge(engine, alert, by=by, now=NOW + HOUR)
    assert send(engine, NOW + DAY, BACK) == []


def test_what_was_acknowledged_by_its_reader_goes_by_no_other_channel_any_more(engine, alert):
    send(engine, NOW, BACK, mail="timeout")
    send(engine, NOW + 4 * HOUR, BACK, teams="deferred")
    acknowledge(engine, alert, by="director", now=NOW + 4 * HOUR)
    assert [row["state"] for row in outbox(engine)] == ["perhaps", "void"]
    assert send(engine, NOW + 9 * DAY, BACK) == []


def test_what_another_acknowledged_still_has_to_arrive(engine, alert):
    send(engine, NOW, BACK, mail="refused", teams="deferred")
    acknowledge(engine, alert, by="process", now=NOW)
    sent = send(engine, NOW + HOUR, BACK, mail="refused")
    assert ("director", "teams", "delivered") in {(s.to, s.channel, s.outcome) for s in sent}
    assert {row["to"] for row in outbox(engine) if not row["notice"]} == {"director"}


def test_what_was_answered_does_not_fall_back(engine, alert):
    send(engine, NOW, BACK)
    closed(engine, alert)
    assert send(engine, NOW + DAY, BACK) == []
    assert ways_taken(engine) == [("director", "")]


def test_an_offer_that_was_answered_does_not_fall_back(engine, in_signal):
    add_way(engine, "care", "teams", "op-teams", by="process", now=NOW)
    made = offered(engine, in_signal)
    send(engine, NOW, BACK)
    accept(engine, made.id, by="care", read_back=READ_BACK, now=NOW + HOUR)
    send(engine, NOW + DAY, BACK)
    offers = [row for row in outbox(engine) if row["event"] == "offered"]
    assert [row["to"] for row in offers] == ["care"]


def test_what_was_answered_while_it_failed_is_void_and_tells_nobody_more(engine, alert):
    send(engine, NOW, BACK, mail="deferred")
    closed(engine, alert)
    assert send(engine, NOW + DAY, BACK, mail="deferred") == []
    assert [row["state"] for row in outbox(engine)] == ["void"]


# --- who cannot be reached -----------------------------------------------------------------------


def test_an_administrator_hears_once_a_week_who_cannot_be_reached(engine, alert):
    a_contact(engine, "beheer", "administrator")
    add_way(engine, "beheer", "post", "kamer-1", by="process", now=NOW)
    for day in range(0, 15, 2):
        send(engine, NOW + day * DAY, BACK, mail="refused", teams="refused")
    weeks = {(NOW + day * DAY).isocalendar()[1] for day in range(0, 15, 2)}
    told = Counter(unreached(engine))
    # The administrator's own mail is refused as well; the post is what reaches them.
    assert told["beheer", number_of(engine, "director")] == 2 * len(weeks)
    by_post = [row for row in outbox(engine) if row["channel"] == "post"]
    assert {row["state"] for row in by_post} == {"delivered"}


def test_an_administrator_hears_at_once_of_what_failed_for_good_though_it_arrived_otherwise(
    engine, alert
):
    a_contact(engine, "beheer", "administrator")
    send(engine, NOW, BACK, mail="refused")
    assert ("beheer", number_of(engine, "director")) in unreached(engine)


def test_without_an_administrator_the_process_director_hears_it_and_else_the_head(engine, alert):
    process = an_alert(engine, "process")
    for at, code in ((NOW, "refused"), (NOW + DAY, "refused")):
        send(engine, at, BACK, mail=code, teams=code)
    told = unreached(engine)
    assert ("process", number_of(engine, "director")) in told
    assert ("head", number_of(engine, "process")) in told
    assert state_of(engine, process) == "failed"


def test_two_administrators_who_cannot_be_reached_do_not_keep_it_to_themselves(engine, in_signal):
    for who in ("beheer", "elders"):
        a_contact(engine, who, "administrator")
    add_way(engine, "process", "teams", "p", by="process", now=NOW)
    an_alert(engine, "jurist")
    for day in range(3):
        send(engine, NOW + day * DAY, BACK, mail="refused")
    reached = {(row["to"], row["notice"]) for row in outbox(engine) if row["state"] == "delivered"}
    assert ("process", "unreached") in reached


def test_a_deputy_of_the_administrator_who_is_the_unreached_one_is_not_told_of_themselves(
    engine, in_signal
):
    a_contact(engine, "beheer", "administrator", deputy="jurist")
    away(engine, "beheer", since=NOW, by="process", now=NOW)
    an_alert(engine, "jurist")
    send(engine, NOW, BACK, mail="refused")
    told = {who for who, of in unreached(engine) if of == number_of(engine, "jurist")}
    assert told == {"process"}


def test_what_waits_for_a_paused_channel_tells_an_administrator_when_there_is_no_other_way(
    engine, in_signal
):
    a_contact(engine, "beheer", "administrator", channel="post", address="kamer-1")
    numbers = [an_alert(engine, who) for who in ("care", "jurist", "head", "process", "director")]
    fail_for(engine, 7, mail="unreachable")
    waited = [n for n in numbers if not rows(engine, "deliveries", f"alert_id = {n}")]
    told = {of for who, of in unreached(engine) if who == "beheer"}
    assert {number_of(engine, who) for who in ("care", "jurist", "head", "process")} <= told
    assert all(state_of(engine, n) in {"waiting", "failed"} for n in numbers), waited


def test_every_final_failure_reaches_a_human(engine, in_signal):
    """Whoever it was for: with everything refused but the process director's Teams, that rings."""
    add_way(engine, "process", "teams", "p", by="process", now=NOW)
    for who in ("care", "jurist", "deputy", "director", "head", "process"):
        an_alert(engine, who)
    for hour in range(3):
        send(engine, NOW + hour * HOUR, BACK, mail="refused")
    arrived = {row["checkpoint_id"] for row in outbox(engine) if row["state"] == "delivered"}
    assert {row["id"] for row in rows(engine, "checkpoints", "section = 'test'")} <= arrived
