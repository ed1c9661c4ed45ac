"""The baton as a machine: offered, read back, refused, forced, absent, succeeded, silent, crashed.

Whatever people and clocks do, at every instant somebody holds each case, nothing that was offered
is forgotten, and whoever let go is owed word.
"""

from collections import Counter
from contextlib import suppress
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from casework.absences import away, back
from casework.acts import NewAct, record_act
from casework.audit import audit
from casework.forcing import assign
from casework.holding import history_of
from casework.intake import receive_signal
from casework.offering import draft, offer, offer_draft, revoke
from casework.packets import Packet
from casework.promises import answer, next_due, raise_due
from casework.receiving import accept, acknowledge, ask_call, refuse
from casework.reporting import contacted, report_back
from casework.requests import ask, reply, withdraw
from casework.stages import decide
from casework.succession import pass_on
from casework.waits import wait
from casework.words import Answer, Role
from escalation.baton import (
    CASE_SILENT,
    PROCESS_DECIDES,
    READ_BACK_OWED,
    REPORT_BACK,
    WAIT_OVER,
    WARM_CONTACT,
)
from escalation.path import STAGES
from escalation.rungs import AMSTERDAM
from tests.builders import PACKET, ROADS, TOWN, a_case, a_contact, a_signal, a_town
from tests.casework.looking import everything, rows
from tests.casework.machine import (
    PEOPLE,
    REFUSED,
    Crash,
    Machine,
    crashes,
    crashing,
    run,
    waits,
)

OWN_WORDS = "Vrijdag bel ik aan en neem alles over wat er nog open staat"
RECEIVERS = (*PEOPLE, "tweede", "wijk", f"zorg-{TOWN}", f"welzijn-{TOWN}")
BEGUN = ("nothing", "offered", "accepted", "accepted", "assigned", "refused")
NOT_TAKEN = {"refused", "expired"}
READ_BACK = {"accepted", "contacted", "reported", "closed"}
PARTS = st.sets(st.sampled_from(sorted(PACKET)), max_size=2)
# Over both clock changes, Easter, Christmas and years.
LONGER = st.one_of(waits, st.sampled_from([timedelta(days=n) for n in (25, 26, 27, 40, 400)]))


def a_town_of_partners(engine) -> None:
    from casework.people import NewOrganisation, add_organisation

    a_town(engine)
    add_organisation(engine, NewOrganisation(
        key=f"welzijn-{TOWN}", name="Welzijn Voorbeeld", kind="care",
        municipality=TOWN))  # fmt: skip
    a_contact(engine, "tweede", "case_director", deputy="director")
    a_contact(engine, "wijk", "care_worker", organisation=f"welzijn-{TOWN}", deputy="care")


class Baton(Machine):
    # --- a case, and what happens on it ---------------------------------------------------------

    @initialize(stages=st.lists(st.sampled_from(sorted(ROADS)), min_size=1, max_size=2),
                begun=st.lists(st.sampled_from(BEGUN), min_size=2, max_size=2))  # fmt: skip
    def cases_have_come_some_way(self, stages: list[str], begun: list[str]) -> None:
        for place, stage in enumerate(stages):
            key = a_case(self.engine, stage, address=f"Voorbeeldstraat {place}",
                         reporter_name="Voorbeeld Melder")  # fmt: skip
            self.a_handover_has_begun(key, begun[place])
        raise_due(self.engine, self.now)  # the first look at every contact

    def a_handover_has_begun(self, case: str, how: str) -> None:
        """What few lives come to by chance, such as the word owed after it, is near in all."""
        said = {"role": Role.CARE, "to": "care", "packet": Packet(**PACKET), "now": self.now}
        if how == "assigned":
            assign(self.engine, case, by="process", because="nodig", **said)
        if how not in {"offered", "accepted", "refused"}:
            return
        made = offer(self.engine, case, by="process", **said)
        if how == "accepted":
            accept(self.engine, made.id, by="care", read_back=OWN_WORDS, now=self.now)
        if how == "refused":
            refuse(self.engine, made.id, by="care", reason="vol", now=self.now)

    def one(self, data) -> dict[str, Any] | None:
        return self.pick(data, self.cases())

    def made(self, data, *states: str) -> dict[str, Any] | None:
        return self.pick(data, [h for h in self.handovers() if h["state"] in states])

    def handovers(self) -> list[dict[str, Any]]:
        return [h | {"state": h["state"].value} for h in rows(self.engine, "handovers")]

    @rule(data=st.data(), crash=crashes)
    def something_happens(self, data, crash: int | None) -> None:
        if case := self.one(data):
            new = NewAct(
                kind=data.draw(st.sampled_from(
                    ["contact_attempted", "note_added", "reporter_informed", "reported_back"])),
                at=self.now, by=data.draw(st.sampled_from(PEOPLE)),
                facts={}, reference=f"A{next(self.numbers)}",
            )  # fmt: skip
            if new.kind == "note_added":
                new = new.model_copy(update={"facts": {"text": "genoteerd"}})
            self.do(lambda: record_act(self.engine, case["key"], new, self.now), crash)

    @rule(crash=crashes, place=st.integers(0, 2))
    def a_report_comes_in(self, crash: int | None, place: int) -> None:
        new = a_signal(address=f"Voorbeeldstraat {place}", received_at=self.now,
                       reference=f"S{next(self.numbers)}",
                       reporter_name="Voorbeeld Melder")  # fmt: skip
        self.do(lambda: receive_signal(self.engine, new, self.now), crash)

    @rule(data=st.data(), crash=crashes)
    def the_case_moves_on_or_closes(self, data, crash: int | None) -> None:
        if case := self.one(data):
            way = self.pick(data, [e.key for e in STAGES[case["stage"]].exits])
            self.do(lambda: decide(
                self.engine, case["key"], by="director", seen_version=case["version"],
                now=self.now, exit_key=way, result="resolved"), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes, given=st.sampled_from(sorted(Answer)))
    def a_promise_is_answered(self, data, crash: int | None, given: Answer) -> None:
        if promise := self.pick(data, rows(self.engine, "checkpoints", "state = 'open'")):
            case = rows(self.engine, "cases", f"id = {promise['case_id']}")[0]
            by = data.draw(st.sampled_from(PEOPLE))
            self.do(lambda: answer(
                self.engine, case["key"], str(promise["id"]), given=given, now=self.now, by=by,
                reason="gezegd"), crash)  # fmt: skip

    # --- the handover ---------------------------------------------------------------------------

    @rule(data=st.data(), role=st.sampled_from(sorted(Role)), to=st.sampled_from(RECEIVERS),
          by=st.sampled_from(("director", "director", "process", "deputy", "care", "tweede")),
          lacks=PARTS, urgent=st.booleans(), drafted=st.booleans(), crash=crashes)  # fmt: skip
    def a_role_is_offered(self, data, role, to, by, lacks, urgent, drafted, crash) -> None:
        if (case := self.one(data)) is None:
            return
        parts = {k: v for k, v in PACKET.items() if k not in (lacks if drafted else ())}
        if urgent and "severity" in parts:
            parts["severity"] = "urgent"
        verb = draft if drafted else offer
        self.do(lambda: verb(
            self.engine, case["key"], role=role, to=to, packet=Packet(**parts), by=by,
            now=self.now), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes)
    def a_draft_is_offered(self, data, crash: int | None) -> None:
        if made := self.made(data, "draft"):
            sender = self.name_of(made["from_contact_id"])
            self.do(lambda: offer_draft(
                self.engine, made["id"], by=sender, now=self.now, packet=Packet(**PACKET)),
                crash)  # fmt: skip

    @precondition(lambda self: rows(self.engine, "handovers"))
    @rule(data=st.data(), crash=crashes, reply=st.sampled_from(
        ["acknowledge", "accept", "accept", "refuse", "refuse", "call", "revoke"]),
        own=st.booleans(), stranger=st.sampled_from([None, None, None, *PEOPLE]))  # fmt: skip
    def an_offer_is_answered(self, data, crash, reply, own, stranger) -> None:
        made = self.made(data, "offered", "assigned") or self.made(data, "draft", "refused")
        if made is None:
            return
        receiver = stranger or self.name_of(made["to_contact_id"])
        sender = stranger or self.name_of(made["from_contact_id"])
        said = {"by": receiver, "now": self.now}
        words = OWN_WORDS if own else made["packet"].get("summary", "ja")
        calls = {
            "acknowledge": lambda: acknowledge(self.engine, made["id"], **said),
            "accept": lambda: accept(self.engine, made["id"], read_back=words, **said),
            "refuse": lambda: refuse(self.engine, made["id"], reason="vol", **said),
            "call": lambda: ask_call(self.engine, made["id"], how="morgen", **said),
            "revoke": lambda: revoke(self.engine, made["id"], by=sender, now=self.now),
        }
        self.do(calls[reply], crash)

    @rule(data=st.data(), role=st.sampled_from(sorted(Role)), to=st.sampled_from(RECEIVERS),
          by=st.sampled_from(("process", "process", "deputy")), crash=crashes)  # fmt: skip
    def a_role_is_assigned(self, data, role, to, by, crash) -> None:
        if case := self.one(data):
            self.do(lambda: assign(
                self.engine, case["key"], role=role, to=to, packet=Packet(**PACKET), by=by,
                because="twee keer geweigerd", now=self.now), crash)  # fmt: skip

    @precondition(lambda self: rows(self.engine, "handovers", "read_back IS NOT NULL"))
    @rule(data=st.data(), crash=crashes, spoke=st.booleans(), given=st.sampled_from(sorted(Answer)))
    def word_is_given(self, data, crash, spoke: bool, given: Answer) -> None:
        if made := self.made(data, "accepted", "contacted", "reported"):
            by = made["answered_by"]
            self.do((lambda: contacted(
                self.engine, made["id"], by=by, now=self.now, given=given, reason="gezegd"))
                if spoke else (lambda: report_back(
                    self.engine, made["id"], by=by, report="het loopt", now=self.now,
                    given=given)), crash)  # fmt: skip

    @rule(leaver=st.sampled_from(("director", "care", "tweede")), crash=crashes,
          to=st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=2, unique=True),
          lacks=PARTS)  # fmt: skip
    def somebody_passes_on_all_they_hold(self, leaver, to, lacks, crash) -> None:
        parts = {k: v for k, v in PACKET.items() if k not in lacks}
        call = lambda: pass_on(  # noqa: E731
            self.engine, leaver, to=to, packet=Packet(**parts), by="process",
            because="andere baan", now=self.now)  # fmt: skip
        # One transaction for each case: a crash half way leaves what was done, and the call is
        # simply made again.
        with suppress(Crash, *REFUSED), crashing(self.engine, crash):
            call()
        with suppress(*REFUSED):
            call()

    # --- around it ------------------------------------------------------------------------------

    @rule(who=st.sampled_from((*PEOPLE, "tweede", "wijk")), crash=crashes,
          starts=st.sampled_from([0, 0, 2, 20]), days=st.sampled_from([None, 3, 30]))  # fmt: skip
    def somebody_goes_away(self, who: str, starts: int, days: int | None, crash) -> None:
        since = self.now + timedelta(days=starts)
        until = None if days is None else since + timedelta(days=days)
        self.do(lambda: away(
            self.engine, who, since=since, until=until, by=who, now=self.now), crash)  # fmt: skip

    @rule(who=st.sampled_from((*PEOPLE, "tweede", "wijk")), crash=crashes)
    def somebody_is_back(self, who: str, crash) -> None:
        self.do(lambda: back(self.engine, who, by=who, now=self.now), crash)

    @rule(data=st.data(), to=st.sampled_from(RECEIVERS), crash=crashes,
          what=st.sampled_from(["een huisbezoek", "een advies"]))  # fmt: skip
    def a_partner_is_asked(self, data, to: str, what: str, crash) -> None:
        if case := self.one(data):
            self.do(lambda: ask(
                self.engine, case["key"], to=to, what=what, by="director", now=self.now),
                crash)  # fmt: skip

    @precondition(lambda self: rows(self.engine, "requests", "state = 'open'"))
    @rule(data=st.data(), given=st.sampled_from(sorted(Answer)), crash=crashes,
          taken_back=st.sampled_from([False, False, True]))  # fmt: skip
    def a_partner_replies(self, data, given: Answer, taken_back: bool, crash) -> None:
        asked = self.pick(data, rows(self.engine, "requests", "state = 'open'"))
        by = self.name_of(asked["to_contact_id"])
        asker = self.name_of(asked["from_contact_id"])
        self.do((lambda: withdraw(
            self.engine, asked["id"], by=asker, reason="niet meer nodig", now=self.now))
            if taken_back else (lambda: reply(
                self.engine, asked["id"], given=given, reason="uitgelegd", by=by, now=self.now)),
            crash)  # fmt: skip

    @rule(data=st.data(), days=st.integers(-1, 120), crash=crashes,
          partner=st.sampled_from([None, None, f"zorg-{TOWN}"]))  # fmt: skip
    def a_reason_to_wait_is_stated(self, data, days: int, partner, crash) -> None:
        if case := self.one(data):
            until: date = self.now.astimezone(AMSTERDAM).date() + timedelta(days=days)
            self.do(lambda: wait(
                self.engine, case["key"], until=until, reason="keuring", by="director",
                now=self.now, partner=partner), crash)  # fmt: skip

    @rule(
        passes=LONGER, crash=crashes, limit=st.sampled_from([1, 3, 500]), all_at_once=st.booleans()
    )
    def time_passes(self, passes: timedelta, crash, limit: int, all_at_once: bool) -> None:
        """The watch comes at each moment that something is due, or after an outage only at last."""
        until = self.now + passes
        while not all_at_once and (due := next_due(self.engine)) is not None and due <= until:
            self.now = max(self.now, due)
            if not raise_due(self.engine, self.now, limit):
                break
        self.now = until
        # Promises and chores are a transaction each: a crash may leave the first, whole.
        with suppress(Crash), crashing(self.engine, crash):
            raise_due(self.engine, self.now, limit)
        while raise_due(self.engine, self.now, limit):
            pass
        before = everything(self.engine)
        assert raise_due(self.engine, self.now) == 0
        assert everything(self.engine) == before
        assert next_due(self.engine) is None or next_due(self.engine) > self.now
        self.nothing_ran_out_unseen()

    def nothing_ran_out_unseen(self) -> None:
        terms = rows(self.engine, "checkpoints", "state = 'open' AND handover_id IS NOT NULL")
        for term in terms:
            if term["key"] in {"handover_answered", "handover_urgent"}:
                assert term["due_at"] > self.now

    # --- what always holds ----------------------------------------------------------------------

    @invariant()
    def every_open_case_has_one_director_and_one_of_each_lead_at_most(self) -> None:
        held = Counter(
            (a["case_id"], a["role"].value)
            for a in rows(self.engine, "assignments", "until IS NULL")
        )
        assert all(count == 1 for count in held.values())
        assert all((case["id"], "case_director") in held for case in self.cases())

    @invariant()
    def the_director_passed_from_hand_to_hand_without_a_gap(self) -> None:
        for case in rows(self.engine, "cases"):
            spans = [h for h in history_of(self.engine, case["key"]) if h.role == Role.DIRECTOR]
            assert spans[0].since == case["opened_at"]
            assert spans[-1].until == case["closed_at"]
            assert all(one.until == other.since for one, other in pairwise(spans))

    @invariant()
    def nothing_is_accepted_without_a_read_back_or_by_the_sender(self) -> None:
        for made in self.handovers():
            if made["state"] in READ_BACK:
                assert made["read_back"] == OWN_WORDS
                assert made["answered_by"] != self.name_of(made["from_contact_id"])
                assert made["answered_by"] != made["offered_by"]

    @invariant()
    def what_was_refused_or_ran_out_has_exactly_one_follow_up(self) -> None:
        follow_ups = Counter(
            c["handover_id"] for c in rows(
                self.engine, "checkpoints", "key IN ('handover_returned', 'process_decides') "
                "AND origin NOT LIKE 'change:%'")
        )  # fmt: skip
        for made in self.handovers():
            # Revoking what was offered anew asks again how to go on, once.
            least, most = made["state"] in NOT_TAKEN, made["state"] in {*NOT_TAKEN, "revoked"}
            assert least <= follow_ups[made["id"]] <= most, made
        told = {(a["handover_id"], a["event"]) for a in rows(self.engine, "alerts") if a["event"]}
        for made in self.handovers():
            if made["state"] in NOT_TAKEN:
                assert (made["id"], made["state"]) in told

    @invariant()
    def one_role_has_one_open_follow_up_at_most(self) -> None:
        made = {h["id"]: (h["case_id"], h["role"]) for h in self.handovers()}
        asked = rows(self.engine, "checkpoints", "state = 'open' AND key IN "
                     "('handover_returned', 'process_decides')")  # fmt: skip
        assert max(Counter(made[c["handover_id"]] for c in asked).values(), default=0) <= 1

    @invariant()
    def the_report_back_is_owed_or_given(self) -> None:
        open_cases = {case["id"] for case in self.cases()}
        of_it = rows(self.engine, "checkpoints", "key IN ('report_back', 'warm_contact')")
        open_still = {(c["handover_id"], c["key"]) for c in of_it if c["state"] == "open"}
        given = {(c["handover_id"], c["key"]) for c in of_it if c["state"] == "answered"}
        for made in self.handovers():
            report, contact = (made["id"], REPORT_BACK.key), (made["id"], WARM_CONTACT.key)
            if made["state"] in {"accepted", "contacted"} and made["case_id"] in open_cases:
                assert report in open_still
            if made["state"] in {"reported", "closed"}:
                assert report not in open_still
            if made["state"] == "closed":
                assert contact not in open_still
            # The end of a case ends what is owed in it; nothing else does.
            if made["state"] == "closed" and made["case_id"] in open_cases:
                assert {report, contact} <= given

    @invariant()
    def who_was_assigned_holds_the_role_and_owes_a_read_back(self) -> None:
        owed = {
            c["handover_id"] for c in rows(self.engine, "checkpoints", "state = 'open'")
            if c["key"] == READ_BACK_OWED.key
        }  # fmt: skip
        holders = {
            (a["case_id"], a["role"].value): a["contact_id"]
            for a in rows(self.engine, "assignments", "until IS NULL")
        }
        for made in self.handovers():
            if made["state"] == "assigned":
                assert made["id"] in owed
                assert holders[made["case_id"], made["role"].value] == made["to_contact_id"]

    @invariant()
    def while_the_process_director_decides_no_one_else_has_it_on_offer(self) -> None:
        asked = rows(self.engine, "checkpoints", "state = 'open'")
        deciding = {c["handover_id"] for c in asked if c["key"] == PROCESS_DECIDES.key}
        handovers = {made["id"]: made for made in self.handovers()}
        for number in deciding:
            made = handovers[number]
            assert made["state"] in NOT_TAKEN

    @invariant()
    def every_open_case_has_a_future_promise_and_its_silence_is_watched(self) -> None:
        promised = rows(self.engine, "checkpoints", "state = 'open'")
        of_case = Counter(p["case_id"] for p in promised)
        about_silence = {
            p["case_id"] for p in promised if p["key"] in {CASE_SILENT.key, WAIT_OVER.key}
        }
        for case in self.cases():
            assert of_case[case["id"]]
            assert (case["silent_at"] is not None) != (case["id"] in about_silence), case
        for case in self.cases(closed=True):
            assert case["silent_at"] is None

    @invariant()
    def an_open_request_has_its_clock_and_a_closed_one_its_reason(self) -> None:
        clocks = Counter(
            c["request_id"] for c in rows(self.engine, "checkpoints", "state = 'open'")
            if c["request_id"]
        )  # fmt: skip
        for asked in rows(self.engine, "requests"):
            assert clocks[asked["id"]] == (asked["state"].value == "open")
            assert asked["state"].value == "open" or asked["reason"]

    @invariant()
    def no_message_and_no_journal_holds_what_people_wrote(self) -> None:
        written = str(rows(self.engine, "journal")) + str(rows(self.engine, "alerts"))
        written += str(rows(self.engine, "administration"))
        secret = (OWN_WORDS, PACKET["summary"], PACKET["if_then"], "gezegd", "uitgelegd",
                  "het loopt", "huisbezoek", "keuring", "andere baan", "Melder")  # fmt: skip
        assert [word for word in secret if word in written] == []

    def teardown(self) -> None:
        while raise_due(self.engine, self.now):
            pass
        report = audit(self.engine, self.now)
        unsent = {"unsent-alert", "no-run"}  # nobody sends or arms here
        found = [f for f in report.findings if f.what not in unsent]
        assert found == []


def test_the_baton_is_never_dropped_whatever_happens(worlds):
    run(Baton, worlds, a_town_of_partners, max_examples=8, stateful_step_count=40)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_baton_is_never_dropped_in_many_lives(worlds):
    run(Baton, worlds, a_town_of_partners, max_examples=300, stateful_step_count=70)
