"""The whole relay as a machine: whatever people, clocks and crashes do, the promises hold.

Every step may be a real verb, the same verb again, one refused, or one that crashes at any of its
statements. After each step all that DESIGN calls an invariant is looked up in the rows.
"""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from casework.absences import away, back
from casework.acknowledging import acknowledge
from casework.acts import NewAct, record_act
from casework.alerts import record
from casework.audit import audit
from casework.claiming import LEASE, claim
from casework.closing import RESULTS
from casework.connect import reading
from casework.holding import held_at
from casework.intake import receive_signal
from casework.journal import broken_at
from casework.ledger import extend_term, pause_term, redate_term, resume_term
from casework.left_open import BEFORE_ANY_RUNG
from casework.offering import offer, revoke
from casework.packets import Packet
from casework.promises import answer, raise_due
from casework.receiving import accept, refuse
from casework.recount import recounts
from casework.stages import decide, reopen
from casework.stock import take_stock
from casework.visits import armed, completed, unarmed
from casework.words import Answer, Role
from escalation.calendars import WorkingCalendar
from escalation.path import OPEN_STAGES, STAGES
from escalation.policy import parse, shipped
from escalation.rungs import AMSTERDAM, moment_of
from escalation.terms import Length
from tests.builders import (
    A_BAN,
    A_CLOSURE,
    AN_ORDER,
    NOW,
    PACKET,
    ROADS,
    a_case,
    a_signal,
)
from tests.casework.looking import rows
from tests.casework.machine import (
    HORIZON,
    PEOPLE,
    STUCK,
    Crash,
    Machine,
    crashes,
    crashing,
    run,
    waits,
)

ADDRESSES = ("Voorbeeldstraat 1", "voorbeeldstraat  1", "Elders 2")
LADDER = parse(shipped("default")).ladder
CALENDAR = WorkingCalendar()
READ_BACK = "Ik neem over wat er open staat en bel vrijdag."

THREAT = {"ground": "a", "harm": "safety", "origin": "dwelling"}


def facts_for(now) -> dict[str, dict[str, Any]]:
    """The acts people record here, each with facts that could be true."""
    day = now.date()
    half_a_year, fortnight = day + timedelta(days=180), day + timedelta(days=14)
    ends = {"until": now + timedelta(days=15), "serious_fear": "dreigt terug te keren",
            "objection_clause": True, "duration_motivated": True,
            "decided_by": "burgemeester"}  # fmt: skip
    outcome = {"against": "order", "result": "gegrond"}
    return {
        "reporter_informed": {},
        "site_visited": {"result": "gehoord"},
        "joint_analysis_signed": {},
        "care_offered": {"form": "care"},
        "contact_attempted": {"result": "geen gehoor"},
        "note_added": {"text": "genoteerd"},
        "objection_received": {"against": "order"},
        "objection_decided": outcome | {"effect": "ended", "decided_by": "commissie"},
        "ruling_received": outcome | {
            "effect": "suspended", "until": "3 days after objection_decided"},
        "reported_back": {"result": "loopt"},
        "views_heard": {},
        "housing_inquiry_recorded": {},
        "threat_established": THREAT,
        "policy_checked": {"followed": True},
        "breach_recorded": {"observer": "toezichthouder", "at_place": "portiek"},
        "penalty_forfeited": {"amount": 500},
        "warning_delivered": {"valid_until": half_a_year, "proof_of_delivery": "baliebon"},
        "intention_sent": {"views_until": fortnight},
        "order_announced": AN_ORDER | {
            "form": "penalty", "amount": 500, "maximum": 5000,
            "in_force_until": now + timedelta(days=90), "compliance_until": fortnight},
        "order_withdrawn": {},
        "house_ban_imposed": A_BAN | {"until": now + timedelta(days=10)},
        "house_ban_extended": ends,
        "closure_announced": A_CLOSURE | {
            "effective_at": now + timedelta(days=3), "until": now + timedelta(days=80)},
        "closure_shortened": {"until": fortnight, "reason": "rust"},
        "house_reopened": {},
    }  # fmt: skip


EVIDENCE = (
    ("pattern_established", {"serious": True, "repeated": True}),
    ("observation_recorded", {"by": "sworn_report"}),
    ("lighter_means_recorded", {"means": "brief", "result": "geen"}),
    ("care_consult_answered", {}),
    ("threat_established", THREAT),
    ("policy_checked", {"followed": True}),
)
STEPS_UP = {
    "signal": "take_up", "assessment": "help_first", "voluntary_care": "not_enough",
    "outreach_care": "exhausted", "warning": "persists", "behavioural_order": "danger",
}  # fmt: skip
# What goes before a measure, and the measure itself.
MEASURES = {
    "warning": ("warning_delivered",),
    "behavioural_order": ("intention_sent", "views_heard", "order_announced"),
    "house_closure": ("views_heard", "closure_announced"),
}


class Relay(Machine):
    def __init__(self, engine: sa.Engine) -> None:
        super().__init__(engine)
        self.dated: dict[int, tuple[Any, ...]] = {}
        self.versions: dict[str, int] = {}
        self.journalled = 0

    # --- what people do ------------------------------------------------------------------------

    @initialize(stage=st.sampled_from(sorted(ROADS)))
    def a_case_has_come_some_way(self, stage: str) -> None:
        a_case(self.engine, stage)

    @rule(address=st.sampled_from(ADDRESSES), acute=st.booleans(), crash=crashes,
          apart=st.sampled_from([None, None, None, "ander gezin"]),
          reporter=st.sampled_from([None, "Voorbeeld Melder"]))  # fmt: skip
    def signal(self, address, acute, apart: str | None, reporter, crash: int | None) -> None:
        new = a_signal(
            address=address, acute=acute, received_at=self.now, reference=f"S{next(self.numbers)}",
            reporter_name=reporter,
        )  # fmt: skip
        call = lambda: receive_signal(self.engine, new, self.now, separate_because=apart)  # noqa: E731
        self.do(call, crash)

    def act(self, case: str, kind: str, facts: dict[str, Any], crash: int | None) -> None:
        new = NewAct(
            kind=kind, at=self.now, by="jurist", facts=facts, reference=f"A{next(self.numbers)}"
        )
        self.do(lambda: record_act(self.engine, case, new, self.now), crash)

    @rule(data=st.data(), kind=st.sampled_from(sorted(facts_for(NOW))), crash=crashes)
    def record_an_act(self, data, kind: str, crash: int | None) -> None:
        case = self.pick(data, rows(self.engine, "cases"))
        self.act(case["key"], kind, facts_for(self.now)[kind], crash)

    @rule(data=st.data(), crash=crashes)
    def take_a_measure(self, data, crash: int | None) -> None:
        """An act of the stage the case is in, after what goes before it."""
        case = self.pick(data, [c for c in self.cases() if c["stage"] in MEASURES])
        if case is None:
            return
        for kind in ("housing_inquiry_recorded", "policy_checked", *MEASURES[case["stage"]][:-1]):
            self.act(case["key"], kind, facts_for(self.now)[kind], None)
        kind = MEASURES[case["stage"]][-1]
        self.act(case["key"], kind, facts_for(self.now)[kind], crash)

    @rule(data=st.data(), crash=crashes)
    def step_up_with_evidence(self, data, crash: int | None) -> None:
        case = self.pick(data, [c for c in self.cases() if c["stage"] in STEPS_UP])
        if case is None:
            return
        for kind, facts in EVIDENCE:
            self.act(case["key"], kind, facts, None)
        seen = rows(self.engine, "cases", f"id = {case['id']}")[0]["version"]
        way = STEPS_UP[case["stage"]]
        self.do(lambda: decide(
            self.engine, case["key"], by="director", seen_version=seen, now=self.now,
            exit_key=way), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes, back=st.integers(0, 1),
          result=st.sampled_from([None, *RESULTS[:2]]), by=st.sampled_from(PEOPLE))  # fmt: skip
    def decide_by_an_exit(self, data, crash, back, result, by) -> None:
        if case := self.pick(data, self.cases()):
            way = self.pick(data, [e.key for e in STAGES[case["stage"]].exits])
            seen = case["version"] - back * (data.draw(st.integers(0, 9)) == 9)
            self.do(lambda: decide(
                self.engine, case["key"], by=by, seen_version=seen, now=self.now, exit_key=way,
                result=result), crash)  # fmt: skip

    @rule(data=st.data(), to=st.sampled_from(sorted(STAGES)), crash=crashes)
    def decide_otherwise(self, data, to: str, crash: int | None) -> None:
        if case := self.pick(data, self.cases()):
            self.do(lambda: decide(
                self.engine, case["key"], by="director", seen_version=case["version"],
                now=self.now, to=to, reason="na overleg", result="moved"), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes, stage=st.sampled_from([s.key for s in OPEN_STAGES]))
    def open_again(self, data, crash: int | None, stage: str) -> None:
        if case := self.pick(data, self.cases(closed=True)):
            self.do(lambda: reopen(
                self.engine, case["key"], stage=stage, by="deputy", reason="weer klachten",
                now=self.now), crash)  # fmt: skip

    @rule(data=st.data(), given=st.sampled_from(sorted(Answer)), crash=crashes,
          by=st.sampled_from(PEOPLE))  # fmt: skip
    def answer_a_promise(self, data, given: Answer, crash: int | None, by: str) -> None:
        if promise := self.pick(data, rows(self.engine, "checkpoints", "state = 'open'")):
            case = rows(self.engine, "cases", f"id = {promise['case_id']}")[0]
            self.do(lambda: answer(
                self.engine, case["key"], str(promise["id"]), given=given, by=by, now=self.now,
                reason="gezegd"), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes)
    def answer_whatever_is_open(self, data, crash: int | None) -> None:
        case = self.pick(data, self.cases())
        for promise in rows(self.engine, "checkpoints", "state = 'open'") if case else ():
            if promise["case_id"] == case["id"]:
                self.do(lambda number=str(promise["id"]): answer(
                    self.engine, case["key"], number, given=Answer.DONE, by="director",
                    now=self.now), crash)  # fmt: skip

    # --- dates that change ---------------------------------------------------------------------

    def change(self, data, verb: Callable[..., Any], crash: int | None, **more: Any) -> None:
        """A promise that is open, or was, gets another date."""
        promise = self.pick(data, rows(self.engine, "checkpoints")[-8:])
        case = rows(self.engine, "cases", f"id = {promise['case_id']}")[0]
        said = {
            "on": self.now.astimezone(AMSTERDAM).date(), "by": "director", "ground": "Awb 4:15",
            "reason": "stukken ontbreken",
        }  # fmt: skip
        number = str(promise["id"])
        self.do(lambda: verb(
            self.engine, case["key"], number, now=self.now, **(said | more)), crash)  # fmt: skip

    @rule(data=st.data(), crash=crashes, days=st.integers(0, 40))
    def pause_a_term(self, data, crash: int | None, days: int) -> None:
        before = {p["id"]: p for p in rows(self.engine, "checkpoints")}
        until = self.now.astimezone(AMSTERDAM).date() + timedelta(days=days)
        self.change(data, pause_term, crash, until=until)
        for change in rows(self.engine, "term_changes", "what = 'paused'"):
            if change["successor_id"] not in before:
                assert change["due_at"] >= before[change["checkpoint_id"]]["due_at"]

    @precondition(lambda self: rows(self.engine, "term_changes", "what = 'paused'"))
    @rule(data=st.data(), crash=crashes)
    def resume_a_term(self, data, crash: int | None) -> None:
        self.change(data, resume_term, crash)

    @rule(data=st.data(), crash=crashes, said=st.sampled_from(["6 weeks", "3 days", "1 month"]))
    def extend_a_term(self, data, crash: int | None, said: str) -> None:
        self.change(data, extend_term, crash, length=Length.parse(said))

    @rule(data=st.data(), crash=crashes, days=st.integers(0, 60), exact=st.booleans())
    def redate_a_term(self, data, crash: int | None, days: int, exact: bool) -> None:
        moment = self.now + timedelta(days=days)
        to = moment if exact else moment.astimezone(AMSTERDAM).date()
        self.change(data, redate_term, crash, to=to)

    # --- the baton -----------------------------------------------------------------------------

    @rule(data=st.data(), role=st.sampled_from(sorted(Role)), crash=crashes,
          to=st.sampled_from(PEOPLE), by=st.sampled_from([None, None, None, "jurist"]))  # fmt: skip
    def offer_a_role(self, data, role: Role, to: str, by: str | None, crash: int | None) -> None:
        if case := self.pick(data, self.cases()):
            packet = Packet.model_validate(PACKET)
            sender = by or held_at(self.engine, case["key"], Role.DIRECTOR, self.now)
            self.do(lambda: offer(
                self.engine, case["key"], role=role, to=to, packet=packet, by=sender,
                now=self.now), crash)  # fmt: skip

    @precondition(lambda self: rows(self.engine, "handovers", "state = 'offered'"))
    @rule(data=st.data(), reply=st.sampled_from(["accept", "accept", "refuse", "revoke"]),
          crash=crashes)  # fmt: skip
    def reply_to_an_offer(self, data, reply: str, crash: int | None) -> None:
        made = self.pick(data, rows(self.engine, "handovers")[-3:])
        names = {row["id"]: row["key"] for row in rows(self.engine, "contacts")}
        sender, receiver = names[made["from_contact_id"]], names[made["to_contact_id"]]
        calls = {
            "accept": lambda: accept(
                self.engine, made["id"], by=receiver, read_back=READ_BACK, now=self.now),
            "refuse": lambda: refuse(
                self.engine, made["id"], by=receiver, reason="vol", now=self.now),
            "revoke": lambda: revoke(self.engine, made["id"], by=sender, now=self.now),
        }  # fmt: skip
        self.do(calls[reply], crash)

    @rule(who=st.sampled_from(PEOPLE), days=st.sampled_from([None, 0, 3, 30]))
    def be_away(self, who: str, days: int | None) -> None:
        if days == 0:
            self.do(lambda: back(self.engine, who, by=who, now=self.now))
            return
        until = None if days is None else self.now + timedelta(days=days)
        self.do(lambda: away(
            self.engine, who, since=self.now, until=until, by=who, now=self.now))  # fmt: skip

    # --- what the machine does -----------------------------------------------------------------

    @rule(wait=waits)
    def time_passes(self, wait: timedelta) -> None:
        self.now += wait

    @rule(wait=waits, crash=crashes, limit=st.sampled_from([1, 3, 500]))
    def time_passes_and_the_watch_comes(self, wait, crash: int | None, limit: int) -> None:
        self.now += wait
        # A transaction for the rungs and others for the chores: a crash half way leaves what was
        # done, and the next look does the rest.
        with suppress(Crash), crashing(self.engine, crash):
            raise_due(self.engine, self.now, limit)
        while raise_due(self.engine, self.now, limit):
            pass
        self.do(lambda: raise_due(self.engine, self.now))
        assert not [
            p for p in rows(self.engine, "checkpoints", "state = 'open'")
            if p["next_at"] <= self.now
        ]  # fmt: skip

    @rule(data=st.data(), crash=crashes)
    def a_visit_comes(self, data, crash: int | None) -> None:
        visit = self.pick(data, rows(self.engine, "visits"))
        case = rows(self.engine, "cases", f"id = {visit['case_id']}")[0]
        stock = self.do(
            lambda: take_stock(
                self.engine, case["key"], visit["stage"], self.now, number=visit["number"]
            ),
            crash,
        )
        if stock is not None and stock.here:
            assert stock.next_at is not None
            assert stock.next_at > self.now

    @rule()
    def runs_are_armed(self) -> None:
        for visit in unarmed(self.engine, self.now, horizon=HORIZON, stuck_after=STUCK):
            armed(self.engine, visit.id, f"run-{visit.id}", visit.wake_at, self.now, visit.version)
            if visit.left:
                completed(self.engine, visit.id, self.now)

    @rule(limit=st.sampled_from([1, 5, 100]), crash=crashes,
          outcome=st.sampled_from(["delivered", "failed", "perhaps", "never told"]))  # fmt: skip
    def alerts_are_sent(self, limit: int, crash: int | None, outcome: str) -> None:
        claimed = self.do(lambda: claim(self.engine, self.now, limit), crash, once=False) or []
        if outcome == "never told":  # the sender is gone; the lease runs out
            self.now += LEASE
            return
        for message in dict.fromkeys(alert.token for alert in claimed):
            said = self.do(lambda token=message: record(
                self.engine, token, outcome, "x", self.now), crash)  # fmt: skip
            assert said in {True, None}

    @precondition(lambda self: rows(self.engine, "alerts"))
    @rule(data=st.data(), by=st.sampled_from(PEOPLE), crash=crashes)
    def acknowledge_an_alert(self, data, by: str, crash: int | None) -> None:
        alert = self.pick(data, rows(self.engine, "alerts"))
        self.do(lambda: acknowledge(self.engine, alert["id"], by=by, now=self.now), crash)

    # --- what always holds ---------------------------------------------------------------------

    @invariant()
    def an_open_case_is_held_promised_and_somewhere(self) -> None:
        held = Counter(
            (a["case_id"], a["id"]) for a in rows(self.engine, "assignments", "until IS NULL")
            if a["role"] == "case_director"
        )  # fmt: skip
        promised = Counter(
            p["case_id"] for p in rows(self.engine, "checkpoints", "state = 'open'") if p["next_at"]
        )
        here = {v["case_id"]: v for v in rows(self.engine, "visits", "left_at IS NULL")}
        of_stage = {
            p["visit_id"]
            for p in rows(self.engine, "checkpoints", "state = 'open' AND NOT outlives")
        }
        for case in self.cases():
            assert [c for c in held if c[0] == case["id"]] == [(case["id"], case["director_id"])]
            assert promised[case["id"]]
            assert here[case["id"]]["stage"] == case["stage"]
            assert here[case["id"]]["id"] in of_stage
        for case in self.cases(closed=True):
            assert case["id"] not in here
            assert not [c for c in held if c[0] == case["id"]]
            assert STAGES[case["stage"]].is_end

    @invariant()
    def who_reported_is_owed_word_once_while_the_case_is_open(self) -> None:
        named = {r["signal_id"] for r in rows(self.engine, "reporters")}
        known = {s["case_id"] for s in rows(self.engine, "signals") if s["id"] in named}
        owed = Counter(
            (p["case_id"], p["key"]) for p in rows(self.engine, "checkpoints", "state = 'open'")
        )
        for case in rows(self.engine, "cases"):
            may_hear = case["closed_at"] is None and case["id"] in known
            assert owed[case["id"], "reporter_word"] == int(may_hear)
            assert owed[case["id"], "reporter_told"] <= 1

    @invariant()
    def a_case_was_held_at_every_instant_of_its_life(self) -> None:
        directors = rows(self.engine, "assignments", "role = 'case_director'")
        for case in rows(self.engine, "cases"):
            spans = sorted(
                ((d["since"], d["until"]) for d in directors if d["case_id"] == case["id"]),
                key=lambda span: (span[0], span[1] is None, span[1]),
            )
            assert spans[0][0] == case["opened_at"]
            assert spans[-1][1] == case["closed_at"]
            reopened = {
                e["at"] for e in rows(self.engine, "journal", "kind = 'reopened'")
                if e["case_id"] == case["id"]
            }  # fmt: skip
            for (_, until), (since, _) in pairwise(spans):
                assert until == since or since in reopened

    @invariant()
    def a_version_never_goes_back(self) -> None:
        for case in rows(self.engine, "cases"):
            assert case["version"] >= self.versions.get(case["key"], 0)
            self.versions[case["key"]] = case["version"]

    @invariant()
    def a_date_once_promised_never_moves(self) -> None:
        for p in rows(self.engine, "checkpoints"):
            date = (p["due_on"], p["due_at"], p["key"], p["source"], str(p["derivation"]))
            assert self.dated.setdefault(p["id"], date) == date

    @invariant()
    def a_changed_date_is_the_one_its_ledger_gives(self) -> None:
        roots = {change["root_id"] for change in rows(self.engine, "term_changes")}
        with reading(self.engine) as session:
            assert all(recounts(session, root) for root in roots)
        open_ones = {p["id"] for p in rows(self.engine, "checkpoints", "state = 'open'")}
        assert not open_ones & {c["checkpoint_id"] for c in rows(self.engine, "term_changes")}

    @invariant()
    def a_rung_is_raised_once_never_early_and_told_to_somebody_once(self) -> None:
        promised = {p["id"]: p for p in rows(self.engine, "checkpoints")}
        raised = rows(self.engine, "journal", "kind = 'raised'")
        # Who stands in for an absent hears of what is still open before any rung of it rings.
        alerts = rows(self.engine, "alerts", f"checkpoint_id > 0 AND rung > {BEFORE_ANY_RUNG}")
        told = Counter((a["checkpoint_id"], a["rung"]) for a in alerts)
        each = Counter((a["checkpoint_id"], a["rung"], a["recipient_id"]) for a in alerts)
        assert set(each.values()) <= {1}
        assert {(r["checkpoint_id"], r["rung"]) for r in raised} == set(told)
        climbed: dict[int, int] = {}
        for r in raised:
            p = promised[r["checkpoint_id"]]
            exact = p["due_at"] if p["exact"] else None
            assert r["at"] >= moment_of(r["rung"], p["due_on"], exact, LADDER, CALENDAR)
            assert r["rung"] > climbed.get(p["id"], -99)
            climbed[p["id"]] = r["rung"]
        assert {key: p["rung"] for key, p in promised.items() if p["rung"] is not None} == climbed

    @invariant()
    def the_journal_is_whole_and_only_grows(self) -> None:
        for case in rows(self.engine, "cases"):
            assert broken_at(self.engine, case["key"]) is None
        lines = len(rows(self.engine, "journal"))
        assert lines >= self.journalled
        self.journalled = lines

    @invariant()
    def no_coercive_stage_was_entered_without_what_the_law_asks(self) -> None:
        asked = {
            "warning": {"pattern_established", "lighter_means_recorded"},
            "behavioural_order": {
                "pattern_established", "lighter_means_recorded", "observation_recorded",
                "warning_delivered",
            },
            "house_closure": {
                "threat_established", "lighter_means_recorded", "observation_recorded",
            },
        }  # fmt: skip
        acts = rows(self.engine, "acts")
        decisions = rows(self.engine, "journal", "kind IN ('decided', 'reopened')")
        for visit in rows(self.engine, "visits"):
            before = {
                a["kind"] for a in acts
                if a["case_id"] == visit["case_id"] and a["at"] <= visit["entered_at"]
            }  # fmt: skip
            assert asked.get(visit["stage"], set()) <= before
            if STAGES[visit["stage"]].coercive:
                assert any(
                    d["case_id"] == visit["case_id"] and d["data"]["to"] == visit["stage"]
                    and d["at"] == visit["entered_at"] and d["actor"] != "estafette"
                    for d in decisions
                )  # fmt: skip

    @invariant()
    def no_message_holds_a_word_of_the_case(self) -> None:
        written = str(rows(self.engine, "journal")) + str(rows(self.engine, "deliveries"))
        secret = ("Voorbeeldstraat", "Melder", "gezegd", "na overleg", "geen gehoor", "stukken",
                  READ_BACK)  # fmt: skip
        for word in secret:
            assert word not in written

    def teardown(self) -> None:
        """In the end watch, sender and arming do their work once more, and the audit is clean."""
        while raise_due(self.engine, self.now):
            pass
        self.now += LEASE + timedelta(hours=2)
        while claimed := claim(self.engine, self.now, 500):
            for alert in claimed:
                record(self.engine, alert.token, "delivered", "x", self.now)
        self.runs_are_armed()
        while raise_due(self.engine, self.now):
            pass
        report = audit(self.engine, self.now, horizon=HORIZON)
        assert report.clean, report.findings


def test_the_relay_holds_its_promises_whatever_happens(worlds):
    run(Relay, worlds, max_examples=8, stateful_step_count=40)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_relay_holds_its_promises_for_many_lives(worlds):
    run(Relay, worlds, max_examples=250, stateful_step_count=60)
