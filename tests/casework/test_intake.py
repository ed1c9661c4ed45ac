"""A signal finds its open case or opens one; nothing is lost and nothing merged in silence."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from casework.absences import away
from casework.checkups import leave
from casework.holding import held_at
from casework.intake import Received, receive_signal
from casework.refusals import Incomplete, NotAllowed, NotFound
from casework.signals import NewSignal
from casework.views import case_list, case_view
from casework.words import Role
from tests.builders import NOW, TOWN, a_case, a_contact, a_signal, a_town, act, go
from tests.casework.looking import (
    DAY,
    a_policy,
    at_once,
    everything,
    held,
    kinds,
    promises,
    rows,
)

LATER = NOW + timedelta(days=3)
NO_NUMBERS = 'name = "leeg"\nin_force = 2026-01-01\nsource = "x"\n'
CASE_NUMBERS = '[adopt]\nstages = ["case"]\nbecause = "ter proef"\n'


def receive(engine, now=NOW, **more) -> Received:
    options = {k: more.pop(k) for k in ("director", "policy", "separate_because") if k in more}
    return receive_signal(engine, a_signal(**more), now, **options)


# --- opening -------------------------------------------------------------------------------------


def test_a_first_signal_opens_a_case_with_a_holder_a_visit_and_dated_promises(engine):
    got = receive(engine)
    assert got == Received("2026-00001", "opened")
    view = case_view(engine, got.case_key, NOW)
    assert (view.stage, view.version, view.policy, view.result) == ("signal", 1, "default", None)
    assert view.holders == {"case_director": "director"}
    assert [(v[0], v[1], v[2], v[3]) for v in view.visits] == [("signal", 1, NOW, None)]
    assert set(promises(engine, got.case_key)) == {"acknowledged", "triaged"}
    assert kinds(engine, got.case_key) == ["opened", "entered"]


def test_the_text_is_kept_verbatim_and_the_reporter_apart(engine):
    said = "  Weer 's nachts; \u201chet houdt niet op\u201d.\n\nGroet, J.  "
    receive(engine, text=said.strip(), reporter_name="J. Voorbeeld", reporter_contact="06-0")
    assert rows(engine, "signals")[0]["text"] == said.strip()
    assert [(r["name"], r["contact"]) for r in rows(engine, "reporters")] == [
        ("J. Voorbeeld", "06-0")
    ]
    assert "Voorbeeld" not in str(rows(engine, "journal"))


def test_a_reporter_who_gives_a_number_but_no_name_is_not_lost(engine):
    receive(engine, reporter_contact="06-12345678")
    assert [(r["name"], r["contact"]) for r in rows(engine, "reporters")] == [("", "06-12345678")]


def test_an_anonymous_signal_has_no_reporter(engine):
    receive(engine)
    assert rows(engine, "reporters") == []


def test_promises_run_from_when_the_signal_came_in_not_from_when_it_was_typed_in(engine):
    friday = NOW - timedelta(days=3)
    key = receive(engine, received_at=friday).case_key
    assert str(promises(engine, key)["acknowledged"].due_on) == "2026-03-03"  # Fr + 2 working days


def test_a_case_is_numbered_in_the_year_it_was_received_in_amsterdam(engine):
    new_year = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)  # half past midnight in Amsterdam
    after = new_year + timedelta(hours=1)
    keys = [
        receive(engine, after, received_at=NOW, address="A 1").case_key,
        receive(engine, after, received_at=new_year, address="A 2").case_key,
        receive(engine, after, received_at=NOW, address="A 3").case_key,
    ]
    assert keys == ["2026-00001", "2027-00001", "2026-00002"]


def test_an_acute_signal_must_be_looked_at_within_hours(engine):
    call = promises(engine, receive(engine, acute=True).case_key)["acute_call"]
    assert (call.due_at, call.exact) == (NOW + timedelta(hours=4), True)
    assert "acute_call" not in promises(engine, receive(engine, address="B 2").case_key)


# --- who holds it --------------------------------------------------------------------------------


def test_the_present_director_with_the_fewest_open_cases_holds_a_new_one(engine):
    a_contact(engine, "second", "case_director")
    first = [receive(engine, address=f"A {n}").case_key for n in range(4)]
    by = [held_at(engine, key, Role.DIRECTOR, NOW) for key in first]
    assert by == ["director", "second", "director", "second"]
    away(engine, "director", since=NOW, by="process", now=NOW)
    assert held_at(engine, receive(engine, address="A 5").case_key, Role.DIRECTOR, NOW) == "second"


def test_a_named_director_holds_it(engine):
    key = receive(engine, director="deputy").case_key
    assert held_at(engine, key, Role.DIRECTOR, NOW) == "deputy"


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"municipality": "nergens"}, NotAllowed),
        ({"director": "nobody"}, NotFound),
        ({"policy": "utopia"}, NotFound),
        ({"received_at": NOW + timedelta(microseconds=1)}, NotAllowed),
    ],
    ids=lambda v: next(iter(v)) if isinstance(v, dict) else "",
)
def test_a_refused_signal_leaves_nothing_not_even_a_number(engine, wrong, error):
    before = everything(engine)
    with pytest.raises(error):
        receive(engine, **wrong)
    assert everything(engine) == before


@pytest.mark.parametrize(
    ("absent", "holder"),
    [
        (("director",), "process"),
        (("director", "process"), "stand-in"),
        (("director", "process", "stand-in"), "head"),
    ],
)
def test_a_report_is_held_up_the_line_while_no_case_director_is_present(engine, absent, holder):
    a_contact(engine, "stand-in", "case_worker")
    a_contact(engine, "process", "process_director", deputy="stand-in")
    gone(engine, *absent)
    key = receive(engine).case_key
    assert held_at(engine, key, Role.DIRECTOR, NOW) == holder
    joined = receive(engine, reference="again")
    assert joined == Received(key, "joined")
    assert held_at(engine, key, Role.DIRECTOR, NOW) == holder


def test_a_report_is_held_where_there_is_no_case_director_at_all(engine):
    leave(engine, "director", by="process", now=NOW)
    key = receive(engine).case_key
    assert held_at(engine, key, Role.DIRECTOR, NOW) == "process"


def test_a_case_is_never_opened_when_nobody_up_the_line_is_present(engine):
    gone(engine, "director", "process", "head", until=NOW + DAY)
    before = everything(engine)
    with pytest.raises(NotAllowed, match="nobody would hold the case; add one: estafette contact"):
        receive(engine)
    assert everything(engine) == before
    assert receive(engine, NOW + DAY).how == "opened"


def test_a_named_director_who_is_absent_is_refused_with_the_end_and_who_stands_in(engine):
    gone(engine, "director", until=NOW + DAY)
    before = everything(engine)
    with pytest.raises(NotAllowed, match="director is absent until 03-03-2026 10:00; deputy stan"):
        receive(engine, director="director")
    assert everything(engine) == before
    assert receive(engine, NOW + DAY, director="director").how == "opened"


def test_a_named_director_who_left_is_refused(engine):
    leave(engine, "director", by="process", now=NOW)
    before = everything(engine)
    with pytest.raises(NotAllowed, match="director left; choose somebody else"):
        receive(engine, director="director")
    assert everything(engine) == before


def gone(engine, *people: str, until: datetime | None = None) -> None:
    for person in people:
        away(engine, person, since=NOW - DAY, until=until, by="care", now=NOW)


# --- policy --------------------------------------------------------------------------------------


def test_a_municipality_whose_policy_lacks_a_number_can_not_open_a_case(engine):
    a_policy(engine, NO_NUMBERS, TOWN)
    before = everything(engine)
    with pytest.raises(Incomplete) as refused:
        receive(engine)
    assert "signal.triaged" in refused.value.missing
    assert "case.next_step" in refused.value.missing
    assert everything(engine) == before


def test_a_case_starts_under_its_municipalitys_newest_policy_else_under_the_common_one(engine):
    a_town(engine, "elders")
    a_policy(engine, NO_NUMBERS.replace("leeg", "eigen") + '[terms.signal]\nacknowledged = '
             '"1 working day"\ntriaged = "1 working day"\nacute_call = "1 hour"\n'
             + CASE_NUMBERS, TOWN)  # fmt: skip
    mine = receive(engine, director="director").case_key
    theirs = receive(engine, municipality="elders", director="director").case_key
    named = receive(engine, address="Z 9", policy="default", director="director").case_key
    policies = [case_view(engine, key, NOW).policy for key in (mine, theirs, named)]
    assert policies == ["eigen", "default", "default"]
    assert str(promises(engine, mine)["triaged"].due_on) == "2026-03-03"


# --- once ----------------------------------------------------------------------------------------


def test_the_same_reference_twice_is_one_signal(engine):
    first = receive(engine, reference="KCC-1")
    before = everything(engine)
    assert receive(engine, LATER, reference="KCC-1") == Received(first.case_key, "known")
    assert everything(engine) == before


def test_the_same_words_of_the_same_moment_twice_are_one_signal(engine):
    receive(engine, text="Lawaai")
    before = everything(engine)
    assert receive(engine, LATER, text="Lawaai", address="voorbeeldstraat  1").how == "known"
    assert everything(engine) == before


def test_a_repeat_is_known_even_after_its_case_was_closed(engine):
    got = receive(engine, reference="KCC-1")
    go(engine, got.case_key, "unfounded")
    assert receive(engine, LATER, reference="KCC-1") == Received(got.case_key, "known")


@pytest.mark.parametrize(
    "other",
    [
        {"reporter_name": "Buurvrouw"},
        {"reporter_contact": "06-2"},
        {"channel": "phone"},
        {"nature": "smell"},
        {"acute": True},
        {"text": "Ook"},
        {"received_at": NOW - timedelta(seconds=1)},
    ],
    ids=lambda o: next(iter(o)),
)
def test_another_report_of_the_same_moment_joins_and_is_not_taken_for_a_repeat(engine, other):
    receive(engine, reporter_name="Buurman")
    assert receive(engine, **({"reporter_name": "Buurman"} | other)).how == "joined"
    assert len(rows(engine, "signals")) == 2


def test_a_number_is_its_sources_own_so_another_source_may_use_it_too(engine):
    a_town(engine, "elders")
    receive(engine, reference="1001", channel="police", director="director")
    elsewhere = receive(
        engine, reference="1001", channel="police", municipality="elders", director="director"
    )
    other_source = receive(
        engine, reference="1001", channel="landlord", address="B 2", director="director"
    )
    assert (elsewhere.how, other_source.how) == ("opened", "opened")


# --- joining -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "Voorbeeldstraat 1",
        "VOORBEELDSTRAAT 1",
        "  voorbeeldstraat   1 ",
        "Voorbeeldstraat, 1",
        "Voorbeeldstraat\u00a01",
        "Voorbeeldstraat\t1",
    ],
)
def test_an_address_spelled_differently_is_the_same_address(engine, address):
    first = receive(engine)
    assert receive(engine, LATER, address=address, text="weer") == Received(
        first.case_key, "joined"
    )


def test_an_address_is_the_same_however_its_accents_are_stored(engine):
    receive(engine, address="Caf\u00e9straat 1")
    assert receive(engine, address="Cafe\u0301straat 1", text="weer").how == "joined"


@pytest.mark.parametrize("address", ["Voorbeeldstraat 11", "Voorbeeldstraat 1a", "Voorbeeldweg 1"])
def test_another_address_is_another_case(engine, address):
    first = receive(engine)
    got = receive(engine, address=address)
    assert (got.how, got.case_key == first.case_key) == ("opened", False)


def test_the_same_address_elsewhere_is_another_case(engine):
    a_town(engine, "elders")
    first = receive(engine, director="director")
    got = receive(engine, municipality="elders", director="director")
    assert (got.how, got.case_key != first.case_key) == ("opened", True)


def test_joining_is_said_in_the_journal_and_makes_an_older_page_stale(engine):
    key = receive(engine).case_key
    receive(engine, LATER, text="weer")
    view = case_view(engine, key, LATER)
    assert view.version == 2
    assert (view.journal[-1].what, view.journal[-1].at) == ("signal_joined", LATER)
    assert view.stage == "signal"


def test_a_reporter_who_joins_is_owed_word_as_well(engine, in_outreach_care):
    assert "acknowledged" not in promises(engine, in_outreach_care)
    receive(engine, LATER, text="weer", received_at=LATER)
    owed = promises(engine, in_outreach_care)["acknowledged"]
    assert (owed.section, str(owed.due_on)) == ("signal", "2026-03-09")  # Thursday + 2
    go(engine, in_outreach_care, "stable", LATER)
    assert promises(engine, in_outreach_care)["acknowledged"] == owed
    act(engine, in_outreach_care, "reporter_informed", LATER)
    assert "acknowledged" not in promises(engine, in_outreach_care)


def test_an_acute_signal_on_an_open_case_dates_an_urgent_call_in_whatever_stage(engine):
    key = a_case(engine, "outreach_care")
    assert "acute_call" not in promises(engine, key)
    receive(engine, LATER, text="brand", acute=True, received_at=LATER)
    call = promises(engine, key)["acute_call"]
    assert (call.section, call.due_at) == ("signal", LATER + timedelta(hours=4))
    act(engine, key, "site_visited", LATER)
    assert "acute_call" in promises(engine, key, "answered")


def test_two_urgent_signals_are_two_urgent_calls(engine):
    key = a_case(engine)
    for hours in (1, 2):
        at = NOW + timedelta(hours=hours)
        receive(engine, at, text=f"brand {hours}", acute=True, received_at=at)
    calls = [p for p in case_view(engine, key, NOW).promises if p.key == "acute_call"]
    assert len(calls) == 2


def test_a_signal_at_the_address_of_a_closed_case_opens_a_new_one(engine):
    old = receive(engine).case_key
    go(engine, old, "unfounded")
    got = receive(engine, LATER, text="weer")
    assert (got.how, got.case_key) == ("opened", "2026-00002")


# --- a case of its own on purpose ----------------------------------------------------------------


def test_a_separate_case_is_opened_on_purpose_and_later_signals_join_the_oldest(engine):
    first = receive(engine)
    second = receive(engine, text="hond", separate_because="ander dier, ander gezin")
    third = receive(engine, text="kat", separate_because="nog een gezin")
    assert [first.how, second.how, third.how] == ["opened"] * 3
    assert receive(engine, LATER, text="weer").case_key == first.case_key
    go(engine, first.case_key, "unfounded")
    assert receive(engine, LATER, text="nog eens").case_key == second.case_key


def test_why_a_case_was_opened_apart_is_on_record(engine):
    receive(engine)
    key = receive(engine, text="hond", separate_because="ander gezin").case_key
    assert "ander gezin" in str(case_view(engine, key, NOW).acts)
    assert "ander gezin" not in str(case_view(engine, key, NOW).journal)


def test_opening_apart_needs_a_reason_that_says_something(engine):
    receive(engine)
    with pytest.raises(NotAllowed, match="reason"):
        receive(engine, text="hond", separate_because="   ")


# --- two at once ---------------------------------------------------------------------------------


def test_two_signals_at_one_address_at_the_same_instant_make_one_case(engine):
    got = at_once(lambda: receive(engine, text="een"), lambda: receive(engine, text="twee"))
    assert sorted(g.how for g in got) == ["joined", "opened"]
    assert len({g.case_key for g in got}) == 1
    assert len(rows(engine, "signals")) == 2
    assert case_view(engine, got[0].case_key, NOW).version == 2


def test_one_signal_sent_twice_at_the_same_instant_is_one_signal(engine):
    got = at_once(*[lambda: receive(engine, reference="KCC-1")] * 3)
    assert sorted(g.how for g in got) == ["known", "known", "opened"]
    assert len(rows(engine, "signals")) == 1


def test_signals_at_many_addresses_at_once_get_numbers_of_their_own(engine):
    got = at_once(*[lambda n=n: receive(engine, address=f"Straat {n}") for n in range(6)])
    assert sorted(g.case_key for g in got) == [f"2026-{n:05d}" for n in range(1, 7)]


def test_two_separate_cases_opened_at_once_are_two(engine):
    receive(engine)
    got = at_once(
        lambda: receive(engine, text="hond", separate_because="gezin"),
        lambda: receive(engine, text="kat", separate_because="gezin"),
    )
    assert [g.how for g in got] == ["opened", "opened"]
    assert len(case_list(engine)) == 3


def test_a_signal_never_joins_a_case_that_is_closed_while_it_comes_in(engine):
    key = receive(engine).case_key
    closing = f"UPDATE cases SET closed_at = opened_at, result = 'moved' WHERE key = '{key}'"
    with held(engine, closing) as start:
        waiting = start(lambda: receive(engine, LATER, text="weer", acute=True))
    got = waiting.result(20)
    assert (got.how, got.case_key != key) == ("opened", True)


# --- the door ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"municipality": "De Bilt"},
        {"address": "  "},
        {"received_at": datetime(2026, 3, 2, 9)},  # noqa: DTZ001
        {"channel": ""},
        {"text": "x" * 20_001},
        {"reference": ""},
        {"colour": "red"},
    ],
    ids=lambda w: next(iter(w)),
)
def test_what_can_not_be_a_signal_does_not_come_in(wrong):
    with pytest.raises(ValidationError):
        NewSignal(**{"municipality": TOWN, "address": "A 1", "received_at": NOW, **wrong})
