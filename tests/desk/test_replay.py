"""A dated history on a virtual clock: refused for the court's reasons, every promise on its own
moment, nobody disturbed."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from casework.alert_views import alert_list, deliveries
from casework.alerts import next_to_send
from casework.audit import audit
from casework.claiming import claim
from casework.people import NewContact, add_contact
from casework.promises import next_due, raise_due
from casework.views import case_view, timeline
from desk.history import History, parse
from desk.placing import shifted
from desk.replay import replay, replayed_apart
from desk.retelling import Replayed, StepTold
from desk.steps import KINDS
from escalation.moves import acts
from escalation.policy import shipped
from tests.builders import NOW, a_case, a_town
from tests.casework.looking import rows
from tests.desk.rulings import retold, ruling

ROOT = Path(__file__).parents[2]
RULINGS = ROOT / "examples" / "rulings"
NAMES = sorted(file.stem for file in RULINGS.glob("*.yaml"))
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def step(told: Replayed, key: str) -> StepTold:
    return next(s for s in told.steps if s.key == key)


def promise(told: Replayed, key: str) -> Any:
    return [p for p in told.promises if p.key == key][-1]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


BEGIN = """
id: t
title: a test
municipality: voorbeeldstad
source: {grade: invented, where: here}
outcome: {result: none, said: nothing}
address: Voorbeeldstraat 1
"""


def history(steps: str, top: str = "") -> History:
    return parse(f"{BEGIN}{top}\nsteps:\n{steps}", "test.yaml")


def played(steps: str, top: str = "") -> Replayed:
    return replayed_apart(history(steps, top))


def test_five_rulings_are_shipped():
    assert NAMES == ["arnhem", "de-bilt", "land-van-cuijk", "oldambt", "winterswijk"]


@pytest.mark.parametrize("name", NAMES)
def test_a_step_that_is_not_the_sources_says_why_it_is_played(name):
    undated = [s for s in ruling(name).steps if s.date is None and s.signal is None]
    assert all(s.note or s.assumed for s in undated)


def test_the_house_ban_of_land_van_cuijk_is_refused_for_what_the_court_missed():
    told = retold("land-van-cuijk")
    ban = step(told, "house_ban_imposed")
    assert not ban.allowed
    assert ban.guards == ("facts_verified", "lighter_means")
    assert step(told, "behavioural_order").guards == ("facts_verified", "lighter_means")
    assert told.stage == "voluntary_care"


def test_the_closure_of_winterswijk_runs_from_10_00_to_10_00():
    told = retold("winterswijk")
    assert promise(told, "takes_effect").due_at == at("2020-12-14T10:00+01:00")
    assert promise(told, "closure_ends").due_at == at("2021-01-03T10:00+01:00")
    rang = [a for a in told.alerts if a.asks.en.startswith("The closure ends") and a.lead == "due"]
    assert [a.at for a in rang] == [at("2021-01-03T10:00+01:00")]
    assert step(told, "house_reopened").settled == ("house_closure.closure_ends: done",)


def test_the_closure_of_oldambt_ends_when_the_court_says_and_not_after_three_months():
    told = retold("oldambt")
    ends = [p for p in told.promises if p.key == "closure_ends"]
    assert {p.due_on: p.state for p in ends} == {
        date(2024, 11, 9): "lapsed", date(2024, 9, 6): "answered",
    }  # fmt: skip
    ruled = step(told, "ruling_received")
    assert ruled.settled == ("house_closure.closure_ends: replaced",)
    assert [p.due_at for p in ends if p.id in ruled.promised] == [at("2024-09-06T10:00+02:00")]


def test_the_order_of_arnhem_comes_118_days_after_the_warning_and_holds_twelve_months():
    told = retold("arnhem")
    warned, ordered = step(told, "warning_delivered").at, step(told, "order_announced").at
    assert (ordered - warned).days == 118
    assert promise(told, "order_ends").due_on == date(2022, 9, 21)
    assert promise(told, "objection").due_on == date(2021, 11, 2)


def test_the_order_of_de_bilt_skips_the_warning_with_a_reason():
    told = retold("de-bilt")
    assert "waiving warning_in_force" in step(told, "behavioural_order").what
    assert told.stage == "behavioural_order"


def test_the_weighing_that_de_bilt_left_out_is_set_aside_with_the_reason_of_the_court():
    ordered = step(retold("de-bilt"), "order_announced")
    assert ordered.allowed
    assert "waiving home_weighed: artikel 8 EVRM is niet afgewogen" in ordered.what


def test_the_lead_passes_from_care_to_enforcement():
    told = retold("arnhem")
    accepted = [(s.key, s.allowed) for s in told.steps if s.kind == "accept"]
    assert accepted == [("care_lead", True), ("enforcement_lead", True)]
    events = [(a.lead, a.to) for a in told.alerts if a.lead in {"offered", "accepted"}]
    assert events == [
        ("offered", "arnhem-zorg"), ("accepted", "arnhem-regie"),
        ("offered", "arnhem-jurist"), ("accepted", "arnhem-regie"),
    ]  # fmt: skip


def test_every_promise_says_how_its_date_was_found():
    for name in NAMES:
        assert all(p.derivation for p in retold(name).promises)


def test_rungs_ring_each_at_its_own_virtual_moment():
    told = played(
        "  - {date: 2026-03-02, signal: {}}\n  - {date: 2026-03-20, decide: {exit: take_up}}"
    )
    rang = [
        (a.lead, f"{a.at.astimezone(AMSTERDAM):%d %H:%M}")
        for a in told.alerts
        if "told" in a.asks.en
    ]
    assert rang == [
        ("due", "04 09:00"), ("overdue", "05 09:00"), ("overdue", "05 09:00"),
        ("overdue", "09 09:00"), ("overdue", "11 09:00"), ("overdue", "18 09:00"),
    ]  # fmt: skip


def test_what_is_done_at_the_very_moment_it_is_due_does_not_ring():
    told = retold("winterswijk")
    assert not [a for a in told.alerts if "takes effect" in a.asks.en and a.lead == "due"]


def test_a_replay_leaves_nothing_to_send(engine):
    told = replay(ruling("land-van-cuijk"), engine)
    assert next_to_send(engine) is None
    for alert in told.alerts:
        assert deliveries(engine, alert.number) == [(1, "mail", "delivered", "replayed")]
    assert {f.what for f in audit(engine, told.until).findings} <= {"no-run"}


def test_a_replay_leaves_the_cases_of_others_alone(engine):
    a_town(engine)
    key = a_case(engine)
    due, before = next_due(engine), timeline(engine, key)
    replay(ruling("land-van-cuijk"), engine, shift=timedelta(days=700))
    assert timeline(engine, key) == before
    assert next_due(engine) == due
    assert not alert_list(engine, case_key=key)


def test_a_history_played_again_changes_nothing(sqlite_engine):
    first = replay(ruling("land-van-cuijk"), sqlite_engine)
    lines = timeline(sqlite_engine, first.cases[0])
    again = replay(ruling("land-van-cuijk"), sqlite_engine, shift=timedelta(days=3))
    assert again.cases == first.cases
    assert timeline(sqlite_engine, first.cases[0]) == lines
    assert [s.at for s in again.steps] == [s.at for s in first.steps]
    assert all(s.known for s in again.steps)


def test_an_interrupted_replay_goes_on_where_it_stopped(sqlite_engine):
    replay(ruling("oldambt"), sqlite_engine, until=at("2024-08-12T00:00+02:00"))
    told = replay(ruling("oldambt"), sqlite_engine)
    whole = retold("oldambt")
    assert [(a.at, a.lead, a.to) for a in told.alerts] == [
        (a.at, a.lead, a.to) for a in whole.alerts
    ]
    assert [(p.key, p.due_at, p.state) for p in told.promises] == [
        (p.key, p.due_at, p.state) for p in whole.promises
    ]


def test_a_history_stops_where_it_is_told_to(sqlite_engine):
    told = replay(ruling("arnhem"), sqlite_engine, until=at("2021-06-16T10:00+02:00"))
    assert told.stage == "warning"
    assert told.steps[-1].key == "reported_back"
    assert told.holder == "arnhem-regie"


def test_known_people_keep_the_address_they_have(sqlite_engine):
    before, after = at("2024-08-06T00:00+02:00"), at("2024-08-22T00:00+02:00")
    replay(ruling("oldambt"), sqlite_engine, until=before)
    add_contact(sqlite_engine, NewContact(
        key="oldambt-regie", organisation="municipality-oldambt", name="Regie",
        function="case_director", address="elders@oldambt.example"))  # fmt: skip
    replay(ruling("oldambt"), sqlite_engine, until=after)
    raise_due(sqlite_engine, at("2024-11-20T00:00+01:00"))
    leased = claim(sqlite_engine, at("2024-11-20T00:00+01:00"))
    assert "elders@oldambt.example" in {c.address for c in leased}


def test_a_shift_moves_every_step_and_every_date_inside_the_facts():
    placed = ruling("winterswijk").placed
    shift = timedelta(days=2000, hours=3, seconds=7, microseconds=400_000)
    moved = shifted(placed, shift)
    whole = timedelta(days=2000, hours=3, seconds=7)
    assert {m.at - p.at for m, p in zip(moved, placed, strict=True)} == {whole}
    facts = next(m.facts for m in moved if "effective_at" in m.facts)
    assert facts["effective_at"] == at("2020-12-14T10:00+01:00") + whole
    assert (
        facts["compliance_until"]
        == (at("2020-12-14T10:00+01:00") + whole).astimezone(AMSTERDAM).date()
    )


def test_a_refusal_nobody_expected_is_a_surprise_and_stops_nothing():
    told = played("""
  - {date: 2026-03-02, signal: {}}
  - {decide: {exit: take_up}}
  - {decide: {exit: warn}}
  - {decide: {exit: help_first}}
""")
    assert [s.number for s in told.surprises] == [3]
    assert told.steps[2].refused == "unmet"
    assert told.stage == "voluntary_care"
    assert "      refused, NOT expected: unmet" in told.lines()


def test_a_refusal_for_another_reason_than_expected_is_a_surprise():
    told = played("""
  - {date: 2026-03-02, signal: {}}
  - {decide: {exit: works}, expect: refused, because: [lighter_means]}
  - {decide: {exit: works}, expect: refused, because: [out_of_place]}
  - {decide: {exit: take_up}, expect: refused}
""")
    assert [s.number for s in told.surprises] == [2, 4]


def test_without_a_by_law_there_is_no_power():
    told = played(
        """
  - {date: 2026-03-02, signal: {}}
  - decide: {to: behavioural_order, reason: x}
    expect: refused
    because: [by_law]
""",
        "by_law: null",
    )
    assert not told.surprises


def test_a_stated_by_law_gives_the_power():
    told = played(
        """
  - {date: 2026-03-02, signal: {}}
  - {decide: {to: behavioural_order, reason: x}, expect: refused}
""",
        "by_law: 2:78",
    )
    assert "by_law" not in told.steps[1].guards


def up_to(key: str, told: History) -> History:
    last = next(n for n, s in enumerate(told.steps) if s.decide and s.decide.exit == key)
    return told.model_copy(update={"steps": told.steps[: last + 1]})


def test_a_history_plays_under_a_policy_in_a_file(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(shipped("default").replace("warnings = 1", "warnings = 2"), encoding="utf-8")
    told = replayed_apart(up_to("persists", ruling("arnhem")), policy=str(own))
    refused = next(step for step in told.steps if step.refused == "unmet")
    assert (refused.key, refused.guards) == ("persists", ("warning_in_force",))


def test_a_policy_that_lacks_a_number_refuses_the_stage():
    told = replayed_apart(ruling("land-van-cuijk"), policy="aalten-2025")
    assert step(told, "warn").refused == "incomplete"


def test_every_kind_of_step_can_be_played():
    told = played(
        """
  - {date: 2026-03-02, signal: {nature: noise, acute: true}}
  - {after: 1 hours, signal: {nature: noise, channel: police}}
  - {answer: {promise: signal.acute_call, given: not_done, reason: nobody free}}
  - {decide: {exit: take_up}}
  - {offer: {role: care_lead, to: broker, packet: {severity: high}}}
  - {acknowledge: {role: care_lead}}
  - {after: 1 day, refuse: {role: care_lead, reason: no room}}
  - {offer: {role: care_lead, to: care}}
  - {after: 1 day, refuse: {role: care_lead, reason: not ours}}
  - {assign: {role: care_lead, to: broker, because: somebody has to}}
  - {accept: {role: care_lead, spoke: no, read_back: I take this on and report within a week}}
  - {ask: {to: care, what: is this person known to you}}
  - {reply: {given: cannot_share, reason: under professional secrecy}}
  - {wait: {until: 2 weeks, reason: the broker is on site next month}}
  - {wait: {until: 2026-03-20, partner: care, reason: a team of theirs is being formed}}
  - {after: 1 day, contacted: {role: care_lead}}
  - {report: {role: care_lead, report: we are in and come back on Friday}}
  - {decide: {to: closed, reason: moved away, result: moved}}
  - {after: 1 day, reopen: {stage: assessment, reason: back again}}
  - {decide: {exit: no_nuisance}}
  - {after: 1 month, signal: {nature: smell}}
  - {decide: {exit: not_ours}}
""",
        "people: {broker: {key: makelaar, function: area_broker}}",
    )
    assert [(s.number, s.why) for s in told.surprises] == []
    assert {step.kind for step in told.steps} == set(KINDS) - {"act", "term"}
    assert len(told.cases) == 2
    assert told.stage == "referred"
    assert told.holder is None
    assert told.without_holder == ()


FORCED = """
  - {date: 2026-03-02, signal: {}}
  - {decide: {exit: take_up}}
  - {offer: {role: care_lead, to: care}}
  - {acknowledge: {role: care_lead}}
  - {after: 1 day, refuse: {role: care_lead, reason: no room}}
  - {offer: {role: care_lead, to: jurist}}
  - {after: 1 day, refuse: {role: care_lead, reason: not ours}}
  - {offer: {role: care_lead, to: care}, expect: refused, because: [not_allowed]}
  - {assign: {role: care_lead, to: care, because: somebody has to}}
  - {refuse: {role: care_lead, reason: still no room}, expect: refused, because: [not_allowed]}
  - {after: 1 day, accept: {role: care_lead}}
  - {ask: {to: care, what: is this person known to you}}
  - {after: 1 day, report: {role: care_lead, report: we are in and come back on Friday}}
  - {reply: {given: cannot_share, reason: under professional secrecy}}
  - {wait: {until: 2 weeks, reason: the broker is on site next month}}
"""


def test_a_role_refused_twice_is_assigned_with_force_and_read_back():
    told = played(FORCED)
    assert [(s.number, s.why) for s in told.surprises] == []
    decided = next(s for s in told.steps if s.kind == "assign")
    assert "case.process_decides: done" in decided.settled
    asked = [a for a in told.alerts if a.lead in {"decide", "assigned"}]
    assert [(a.lead, a.to) for a in asked] == [
        ("decide", "voorbeeldstad-procesregie"), ("assigned", "voorbeeldstad-zorg"),
    ]  # fmt: skip


def test_sender_and_receiver_spoke_when_the_history_says_nothing_else():
    told, silent = played(FORCED), played(FORCED.replace("accept: {", "accept: {spoke: no, "))
    assert promise(told, "warm_contact").state == "answered"
    assert promise(silent, "warm_contact").state == "open"


def test_an_interrupted_handover_goes_on_where_it_stopped(sqlite_engine):
    whole, forced = played(FORCED), history(FORCED)
    for day in range(2, 7):
        replay(forced, sqlite_engine, until=at(f"2026-03-{day:02}T11:00+01:00"))
    told = replay(forced, sqlite_engine)
    assert all(s.known for s in told.steps if s.expected and s.allowed)
    assert [(a.lead, a.to, a.at) for a in told.alerts] == [
        (a.lead, a.to, a.at) for a in whole.alerts
    ]
    assert [(p.key, p.state) for p in told.promises] == [(p.key, p.state) for p in whole.promises]


def test_an_offer_nobody_answers_runs_out_by_itself():
    told = played("""
  - {date: 2026-03-02, signal: {}}
  - {decide: {exit: take_up}}
  - {offer: {role: care_lead, to: care}}
  - {after: 2 weeks, accept: {role: care_lead}, expect: refused, because: [not_allowed]}
""")
    assert not told.surprises
    assert {a.lead for a in told.alerts} >= {"expired", "lapsed", "returned"}
    assert promise(told, "handover_returned").state == "open"


REPORTED = """
  - {date: 2026-03-02, signal: {reporter: REPORTER}}
  - {decide: {exit: take_up}}
  - {after: 6 weeks, decide: {exit: help_first}}
"""


def test_a_reporter_who_can_be_told_is_owed_word_and_one_who_can_not_is_not():
    known, unknown = (played(REPORTED.replace("REPORTER", said)) for said in ("true", "false"))
    of_reporters = {"reporter_told", "reporter_word"}
    assert of_reporters <= {p.key for p in known.promises}
    assert not of_reporters & {p.key for p in unknown.promises}
    assert known.steps[0].what == "signal of unknown, by desk, from somebody who can be told"


def test_a_reporter_of_a_replay_is_invented_and_kept_apart(sqlite_engine):
    told = replay(history(REPORTED.replace("REPORTER", "true")), sqlite_engine)
    assert [r["name"] for r in rows(sqlite_engine, "reporters")] == ["melder (nagespeeld)"]
    assert "melder (nagespeeld)" not in str(told.as_json())


def test_a_wait_says_until_which_day_also_when_the_history_gives_a_length():
    told = played(FORCED)
    assert "waits until vr 20 mrt 2026: the broker is on site next month" in told.steps[-1].what


def test_a_second_case_beside_the_first_keeps_both_ringing():
    told = played("""
  - {date: 2026-03-02, signal: {}}
  - {signal: {nature: smell, separate_because: another matter}}
  - {after: 1 week, decide: {exit: take_up}}
""")
    assert {a.case_key for a in told.alerts} == set(told.cases)
    assert len(told.cases) == 2


def printed_in_the_docs() -> Iterator[tuple[str, list[str]]]:
    """Each stretch of shown output between two marks of what was left out, with its file."""
    text = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
    for block in re.finditer(r"```\n\$ estafette replay (\S+)\n(.*?)\n```", text, re.DOTALL):
        for stretch in re.split(r"^…\n", block[2], flags=re.MULTILINE):
            yield block[1], stretch.splitlines()


def test_the_output_in_the_documentation_is_what_is_printed():
    shown = list(printed_in_the_docs())
    assert len({file for file, _stretch in shown}) == 2
    for file, stretch in shown:
        printed = "\n".join(retold(Path(file).stem).lines())
        assert "\n".join(stretch) in printed


def steps_in_the_docs() -> list[str]:
    text = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
    blocks: list[str] = re.findall(r"```yaml\n(  .*?)```", text, re.DOTALL)
    return blocks


@pytest.mark.parametrize("steps", steps_in_the_docs())
def test_the_steps_in_the_documentation_can_be_read(steps):
    assert history("  - {date: 2024-03-01, signal: {}}\n" + steps).placed


def test_the_documentation_says_what_each_coercive_act_asks_for():
    text = (ROOT / "docs" / "replay.md").read_text(encoding="utf-8")
    assert [act.key for act in acts() if act.coercive and f"`{act.key}`" not in text] == []


CLOSED_FOR_DRUGS = """
  - {date: 2024-03-01, signal: {nature: drugs, channel: police}}
  - {decide: {exit: take_up}}
  - {act: {kind: observation_recorded, facts: {by: police}}}
  - {act: {kind: threat_established, facts: {ground: 13b, harm: drugs, origin: dwelling}}}
  - {act: {kind: lighter_means_recorded, facts: {means: warning, result: none}}}
  - {act: {kind: housing_inquiry_recorded}}
  - {act: {kind: policy_checked, facts: {followed: yes}}}
  - {decide: {exit: danger}}
  - act:
      kind: closure_announced
      facts: {effective_at: 7 days, until: 3 months, compliance_until: 7 days, home_weighed: yes,
              hearing_skipped: urgency, duration_motivated: yes, objection_clause: yes,
              decided_by: mayor}
  - {act: {kind: objection_received, facts: {against: closure}}}
"""


def test_a_closure_postponed_pending_a_ruling_takes_effect_days_after_it():
    told = played(f"""{CLOSED_FOR_DRUGS}
  - act:
      kind: effect_postponed
      facts: {{against: closure, until: 3 days after the ruling, reason: x}}
  - {{date: 2024-04-03, act: {{kind: ruling_received, facts: {{result: refused}}}}}}
""")
    assert not told.surprises
    assert promise(told, "takes_effect").due_on == date(2024, 4, 6)


def test_a_suspension_lasts_until_the_objection_was_decided():
    told = played(f"""{CLOSED_FOR_DRUGS}
  - date: 2024-03-20
    act:
      kind: ruling_received
      facts: {{against: closure, effect: suspended, until: 6 weeks after objection_decided,
               result: x}}
  - date: 2024-05-01
    act:
      kind: objection_decided
      facts: {{against: closure, effect: stands, result: x, in_person: yes, decided_by: mayor}}
""")
    assert not told.surprises
    assert promise(told, "suspension_ends").due_on == date(2024, 6, 12)


def test_what_a_court_annulled_while_it_ran_is_to_be_undone():
    told = played(f"""{CLOSED_FOR_DRUGS}
  - date: 2024-03-20
    act: {{kind: ruling_received, facts: {{against: closure, effect: ended, result: annulled}}}}
""")
    assert not told.surprises
    assert promise(told, "closure_ends").state == "lapsed"
    assert promise(told, "undone").state == "open"


def test_nothing_of_the_present_gets_into_a_replay():
    told = retold("oldambt")
    assert max(a.at for a in told.alerts) <= told.until < NOW


def test_the_case_of_a_replay_is_an_ordinary_case(sqlite_engine):
    told = replay(ruling("land-van-cuijk"), sqlite_engine)
    view = case_view(sqlite_engine, told.cases[0], told.until)
    assert view.holders == {
        "case_director": "land-van-cuijk-regie", "care_lead": "land-van-cuijk-zorg",
    }  # fmt: skip
