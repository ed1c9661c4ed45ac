"""The outbox as a machine: people with their own manners, senders that crash, channels that fail.

Whatever comes and whoever sends it: nobody is interrupted more than they want, nothing a law dates
is late, and no alert is ever lost.
"""

from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule

from casework.absences import away, back
from casework.acknowledging import acknowledge, resend
from casework.alerts import next_to_send, record
from casework.audit import audit
from casework.claimed import Claimed
from casework.claiming import LEASE, claim
from casework.falling_back import FOR_GOOD
from casework.refusals import Refusal
from casework.ways import add_way
from escalation.calendars import WorkingCalendar
from escalation.hours import AMSTERDAM, is_open, parse
from escalation.interruptions import CAN_WAIT, SAFE, Manners
from tests.builders import NOW, a_case, a_contact, a_town
from tests.casework.looking import DAY, rows
from tests.casework.machine import PEOPLE, Machine, run
from tests.casework.outbox import (
    HOUR,
    MINUTE,
    UNSURE,
    an_alert,
    closed,
    customs_of,
    messages,
    outbox,
)

WORDS = sorted({"due", "overdue", "deputy", "asked"} | CAN_WAIT)
EVERYBODY = (*PEOPLE, "beheer")
# Mostly the same two, so that there is something to bundle.
TO = st.sampled_from(("care", "director") * 4 + EVERYBODY)
CALENDAR = WorkingCalendar()
# Just before both changes of the clock, Easter, King's day, Christmas; and an ordinary week.
BEGINS = [datetime(*day, tzinfo=UTC) for day in (
    (2026, 3, 27, 11), (2026, 10, 23, 11), (2026, 4, 2, 14), (2026, 4, 26, 20), (2026, 12, 24, 9),
    (2027, 3, 27, 22), (2027, 10, 30, 23), (2026, 6, 10, 7))]  # fmt: skip
HOURS = st.sampled_from([None, None, None, *map(parse, (
    "mon-fri 08:00-18:00", "mon, tue 09:00-17:00; thu 09:00-12:30", "sat-sun 10:00-16:00",
    "mon-sun 00:00-06:00, 22:00-24:00", "sun 02:00-03:30"))])  # fmt: skip
MANNERS = st.builds(
    Manners,
    hours=HOURS,
    digest_at=st.sampled_from([None, time(8, 30), time(2, 30), time(17)]),
    budget=st.sampled_from([None, 1, 2, 2, 3]),
    fall_back_after=st.sampled_from([None, HOUR, HOUR]),
    unseen_after=st.sampled_from([None, 4 * HOUR]),
)
HEALTH = st.sampled_from(["ok", "ok", "ok", "refused", "deferred", "unreachable", "timeout"])
PASSES = st.one_of(
    st.just(MINUTE), st.timedeltas(MINUTE, 3 * HOUR), st.timedeltas(3 * HOUR, 2 * DAY),
    st.sampled_from([LEASE, DAY, 7 * DAY, 16 * DAY]),
)  # fmt: skip


def a_town_with_channels(engine) -> None:
    a_town(engine)
    a_contact(engine, "beheer", "administrator", channel="post", address="kamer-1")
    for who in ("director", "care", "process"):
        add_way(engine, who, "teams", f"{who}-op-teams", by="process", now=NOW)
    add_way(engine, "care", "sms", "+31612345678", by="process", now=NOW)
    a_case(engine)


class Outbox(Machine):
    @initialize(
        begin=st.sampled_from(BEGINS),
        manners=st.lists(MANNERS, min_size=len(EVERYBODY), max_size=len(EVERYBODY)),
    )
    def people_want_it_in_their_own_way(self, begin, manners) -> None:
        self.now = self.watched_since = begin
        self.manners = dict(zip(EVERYBODY, manners, strict=True))
        self.customs = customs_of(**self.manners)
        self.health: dict[str, str] = {}
        self.flying: list[list[Claimed]] = []
        self.tokens: set[str] = set()
        self.leased: set[int] = set()

    # --- what comes -----------------------------------------------------------------------------

    @rule(
        to=TO, lead=st.sampled_from(WORDS), law=st.booleans(),
        due=st.integers(-30, 400), how_many=st.sampled_from([1, 1, 3]),
    )  # fmt: skip
    def alerts_are_made(self, to, lead, law, due, how_many) -> None:
        for _ in range(how_many):
            an_alert(self.engine, to, self.now, lead=lead, law=law, due=self.now + due * HOUR)

    @rule(data=st.data())
    def a_promise_is_answered(self, data) -> None:
        asked = [row for row in outbox(self.engine) if row["checkpoint_id"]]
        if row := self.pick(data, asked):
            with suppress(AttributeError):
                closed(self.engine, row["id"], self.now)

    @rule(data=st.data(), by=st.sampled_from(PEOPLE), own=st.booleans())
    def an_alert_is_acknowledged(self, data, by, own) -> None:
        if row := self.pick(data, outbox(self.engine)):
            who = row["to"] if own else by
            said = acknowledge(self.engine, row["id"], by=who, now=self.now)
            again = acknowledge(self.engine, row["id"], by=who, now=self.now)
            assert said in {"quiet", "moved on", "seen", "known"}
            assert again == "known"

    @rule(data=st.data())
    def an_alert_is_resent(self, data) -> None:
        if row := self.pick(data, outbox(self.engine)):
            try:
                resend(self.engine, row["id"], by="process", now=self.now)
            except Refusal:
                assert row["state"] not in {"perhaps", "failed"}

    @rule(who=st.sampled_from(("director", "care", "deputy", "jurist")), days=st.integers(1, 9))
    def somebody_goes_away(self, who, days) -> None:
        until = self.now + days * DAY
        away(self.engine, who, since=self.now, until=until, by=who, now=self.now)

    @rule(who=st.sampled_from(("director", "care", "deputy", "jurist")))
    def somebody_is_back(self, who) -> None:
        back(self.engine, who, by=who, now=self.now)

    # --- who sends ------------------------------------------------------------------------------

    @rule(channel=st.sampled_from(("mail", "teams", "sms")), health=HEALTH)
    def a_channel_fails_or_is_mended(self, channel, health) -> None:
        self.health[channel] = health

    @rule(code=st.sampled_from(["refused", "deferred", "unreachable"]), mended=st.booleans())
    def all_channels_fail_for_some_hours(self, code, mended) -> None:
        for who in ("director", "care", "jurist"):
            an_alert(self.engine, who, self.now)
        self.health = dict.fromkeys(("mail", "teams", "sms"), code)
        self.time_passes(5 * HOUR, watched=True)
        if mended:
            self.health.clear()
            self.time_passes(HOUR, watched=True)

    @rule(limit=st.sampled_from([1, 2, 8]), fates=st.lists(
        st.sampled_from(["sent", "crashed", "slow"]), min_size=1, max_size=8))  # fmt: skip
    def a_sender_looks(self, limit, fates) -> None:
        for place, message in enumerate(self.look(limit)):
            fate = fates[place % len(fates)]
            if fate == "sent":
                assert self.recorded(message)
            elif fate == "slow":
                self.flying.append(message)
        self.watched_since = self.now  # a sender that comes to a few only is no watch

    @rule(to=TO, how_many=st.integers(2, 5))
    def senders_look_one_after_another_while_alerts_come_in(self, to, how_many) -> None:
        """Each has its own message under way before the next looks."""
        for n in range(how_many):
            an_alert(self.engine, to, self.now, lead="due", law=n % 3 == 2)
            self.flying += self.look(8)
        self.watched_since = self.now

    @rule(others=st.integers(1, 4))
    def every_sender_crashes_and_others_come_after_the_lease(self, others) -> None:
        for who in EVERYBODY:
            an_alert(self.engine, who, self.now)
        self.look(8)
        self.now += LEASE
        for _ in range(others):
            for message in self.look(1):
                assert self.recorded(message)
        self.watched_since = self.now

    @rule(data=st.data())
    def a_slow_sender_is_done(self, data) -> None:
        if message := self.pick(data, self.flying):
            self.flying.remove(message)
            mine = rows(self.engine, "alerts", f"token = '{message[0].token}'")
            assert self.recorded(message) == bool(mine)

    @rule(passes=PASSES, watched=st.booleans())
    def time_passes(self, passes: timedelta, watched: bool) -> None:
        """Senders come whenever something may be sent; or after an outage only."""
        until = self.now + passes
        for _ in range(14 if watched else 0):
            self.send_all()
            coming = next_to_send(self.engine)
            if coming is None or coming > until:
                break
            self.now = max(self.now + timedelta(seconds=1), coming)
        else:
            self.watched_since = max(until, self.now)
        self.now = max(until, self.now)

    def send_all(self) -> None:
        while found := self.look(50):
            for message in found:
                assert self.recorded(message)

    def look(self, limit: int) -> list[list[Claimed]]:
        found = messages(claim(self.engine, self.now, limit, customs=self.customs))
        assert len(found) <= limit
        for message in found:
            assert message[0].token not in self.tokens, "a token is of one message"
            self.tokens.add(message[0].token)
            self.is_to_one_person_by_one_channel(message)
            self.goes_in_hours(message)
            for one in message:
                self.is_in_time(one)
        return found

    def recorded(self, message: list[Claimed]) -> bool:
        first = message[0]
        detail = self.health.get(first.channel, "ok")
        outcome = "delivered" if detail == "ok" else "perhaps" if detail in UNSURE else "failed"
        if outcome != "delivered":
            self.watched_since = self.now + 11 * MINUTE  # the channel may be paused so long
        return record(
            self.engine, first.token, outcome, detail, self.now, customs=self.customs
        )  # fmt: skip

    # --- what holds of each message -------------------------------------------------------------

    def is_to_one_person_by_one_channel(self, message: list[Claimed]) -> None:
        assert len({(one.recipient, one.channel, one.address) for one in message}) == 1
        ranks = [not one.statutory for one in message]
        assert ranks == sorted(ranks), "what a law dates comes first"

    def goes_in_hours(self, message: list[Claimed]) -> None:
        hours = self.manners[message[0].recipient].hours
        if hours is not None and not is_open(hours, self.now, CALENDAR):
            assert all(one.statutory for one in message)

    def is_in_time(self, one: Claimed) -> None:
        (row,) = rows(self.engine, "alerts", f"id = {one.number}")
        first, made = one.number not in self.leased, row["created_at"]
        self.leased.add(one.number)
        if first and one.statutory and one.due_at is not None and made >= self.watched_since:
            assert self.now <= max(made, one.due_at - SAFE) + 5 * MINUTE, "a term of law is late"

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def nobody_is_interrupted_more_often_in_a_day_than_they_want(self) -> None:
        names = {row["id"]: row["key"] for row in rows(self.engine, "contacts")}
        arrived = "counted AND outcome <> 'failed' AND alert_id = message"
        days: Counter[tuple[str, date]] = Counter(
            (names[row["recipient_id"]], row["at"].astimezone(AMSTERDAM).date())
            for row in rows(self.engine, "deliveries", arrived)
        )
        for (who, _), count in days.items():
            budget = self.manners[who].budget
            assert budget is None or count <= budget

    @invariant()
    def no_alert_is_lost(self) -> None:
        answered = {row["id"] for row in rows(self.engine, "checkpoints", "state <> 'open'")}
        for row in outbox(self.engine):
            watched = row["next_at"] is not None
            assert watched == (row["state"] in {"waiting", "leased", "failed"})
            if row["state"] == "void":
                assert row["checkpoint_id"] in answered or self.was_told(row), row
            if row["state"] == "delivered":
                assert rows(self.engine, "deliveries",
                            f"alert_id = {row['id']} AND outcome = 'delivered'")  # fmt: skip

    def was_told(self, row: dict[str, Any]) -> bool:
        """The same reached the same person by another channel, or they said that they saw it."""
        about = ("checkpoint_id", "rung", "handover_id", "request_id", "event", "notice", "period")
        same = [
            other for other in outbox(self.engine)
            if other["to"] == row["to"] and other["id"] != row["id"]
            and all(other[name] == row[name] for name in about)
        ]  # fmt: skip
        seen = {(r["alert_id"], r["by"]) for r in rows(self.engine, "acknowledgements")}
        arrived = {
            r["alert_id"] for r in rows(self.engine, "deliveries", "outcome = 'delivered'")
        }  # fmt: skip
        return any(o["id"] in arrived or (o["id"], o["to"]) in seen for o in same)

    @invariant()
    def nobody_has_the_same_twice_by_one_channel(self) -> None:
        first = {row["key"]: row["channel"] for row in rows(self.engine, "contacts")}
        about = Counter(
            (r["to"], r["channel"] or first[r["to"]], r["checkpoint_id"], r["rung"],
             r["handover_id"], r["request_id"], r["event"], r["notice"], r["period"])
            for r in outbox(self.engine)
        )  # fmt: skip
        assert set(about.values()) <= {1}

    @invariant()
    def there_are_as_many_messages_as_tokens(self) -> None:
        on_their_way = {row["token"] for row in outbox(self.engine) if row["token"]}
        messages_recorded = rows(self.engine, "deliveries", "alert_id = message")
        assert len(messages_recorded) + len(on_their_way) == len(self.tokens)

    @invariant()
    def who_is_unreachable_is_known_to_somebody(self) -> None:
        """What failed for good, and is not waiting to fall back, stands with another, or with who
        administers the contacts."""
        found = outbox(self.engine)
        about = Counter((row["checkpoint_id"], row["rung"]) for row in found if row["rung"] == 0)
        told = {row["period"].split(":")[0] for row in found if row["notice"] == "unreached"}
        for row in found:
            if row["state"] != "failed" or row["falls_back_at"] or row["acknowledged_at"]:
                continue
            last = rows(self.engine, "deliveries", f"alert_id = {row['id']}")[-1]
            if last["detail"] in FOR_GOOD and row["checkpoint_id"] and self.is_open_promise(row):
                instead = about[row["checkpoint_id"], row["rung"]] > 1
                assert instead or str(row["recipient_id"]) in told, row

    def is_open_promise(self, row: dict[str, Any]) -> bool:
        number = row["checkpoint_id"]
        return bool(rows(self.engine, "checkpoints", f"id = {number} AND state = 'open'"))

    def teardown(self) -> None:
        """When everything works again all of it arrives, within a few weeks of opening hours."""
        if not hasattr(self, "manners"):
            return
        self.health.clear()
        self.flying.clear()
        for _ in range(80):
            self.send_all()
            if not rows(self.engine, "alerts", "next_at IS NOT NULL OR falls_back_at IS NOT NULL"):
                break
            self.now = max(self.now + timedelta(seconds=1), next_to_send(self.engine))
        states = {row["state"] for row in outbox(self.engine)}
        assert states <= {"delivered", "perhaps", "void"}
        unsent = {f.what for f in audit(self.engine, self.now).findings}
        assert not {"unsent-alert", "unsent-untold"} & unsent
        self.no_alert_is_lost()
        self.nobody_is_interrupted_more_often_in_a_day_than_they_want()
        self.nobody_has_the_same_twice_by_one_channel()
        self.there_are_as_many_messages_as_tokens()


def test_whatever_comes_and_whoever_sends_it_no_alert_is_lost_late_or_too_much(worlds):
    run(Outbox, worlds, a_town_with_channels, max_examples=8, stateful_step_count=20)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_same_for_a_whole_night(worlds):
    run(Outbox, worlds, a_town_with_channels, max_examples=300, stateful_step_count=50)
