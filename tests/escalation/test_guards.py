"""The seven reasons courts annulled measures: for each guard dossiers it refuses and lets pass."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from escalation import guards as g
from escalation.dossier import Dossier, Recorded
from escalation.moves import not_waivable, unmet
from escalation.path import OPEN_STAGES, PATH, STAGES
from escalation.shape import Family, Guard
from escalation.text import Origin

TODAY = date(2026, 3, 2)
GUARDS = [guard for guard in vars(g).values() if isinstance(guard, Guard)]


def done(kind: str, days_ago: int = 0, **facts) -> Recorded:
    return Recorded(kind, TODAY - timedelta(days=days_ago), facts)


def a_dossier(*acts: Recorded, propose=None, on: date = TODAY, **more) -> Dossier:
    proposed = Recorded("proposed", on, propose) if propose is not None else None
    return Dossier(today=on, acts=acts, proposed=proposed, **more)


def a_warning(days_left: int) -> Recorded:
    return done("warning_delivered", 30, valid_until=TODAY + timedelta(days=days_left))


def an_order(days_ago: int = 10, **facts) -> Recorded:
    return done("order_announced", days_ago, **facts)


INTENTION, HEARD = done("intention_sent", 14), done("views_heard", 3)
A_BAN = done("house_ban_imposed", 9)
PENALTY = {"measures": "stil na 22 uur", "objection_clause": True, "form": "penalty"}

# One line is one dossier: the guard, what the dossier shows, and the dossier.
REFUSED = [
    (g.BY_LAW, "no article in the by-law", a_dossier(by_law=None)),
    (g.NO_OTHER_SANCTION, "an order without an end", a_dossier(an_order())),
    (g.NO_OTHER_SANCTION, "an order until today", a_dossier(an_order(in_force_until=TODAY))),
    (
        g.NO_OTHER_SANCTION,
        "an order until a moment later today",
        a_dossier(an_order(in_force_until=datetime(2026, 3, 2, 17, tzinfo=UTC))),
    ),
    (
        g.NO_OTHER_SANCTION,
        "an order after the one withdrawn",
        a_dossier(an_order(20), done("order_withdrawn", 15), an_order(10)),
    ),
    (g.CLOSURE_GROUND, "noise and nothing else", a_dossier(
        done("observation_recorded", by="police", what="noise"),
        done("pattern_established", serious=True, repeated=True),
        done("lighter_means_recorded", means="gesprek", result="geen effect"))),
    (g.CLOSURE_GROUND, "violence before it was a ground", a_dossier(
        Recorded("threat_established", date(2023, 12, 1), {"ground": "b"}),
        on=date(2023, 12, 31))),
    (g.CLOSURE_GROUND, "a weapon before it was a ground", a_dossier(
        Recorded("threat_established", date(2023, 12, 1), {"ground": "c"}),
        on=date(2023, 12, 31))),
    (g.ADULT, "a minor", a_dossier(propose={"adult": False})),
    (g.ADULT, "an age nobody stated", a_dossier(propose={})),
    (g.URGENT, "no reason to hurry", a_dossier(propose={})),
    (g.URGENT, "an empty reason", a_dossier(propose={"urgent_because": ""})),
    (g.PATTERN, "nothing", a_dossier()),
    (g.PATTERN, "serious once", a_dossier(
        done("pattern_established", serious=True, repeated=False))),
    (g.PATTERN, "two halves on two days", a_dossier(
        done("pattern_established", 9, serious=True, repeated=False),
        done("pattern_established", serious=False, repeated=True))),
    (g.VERIFIED, "neighbours alone", a_dossier(
        *(done("observation_recorded", n, by="neighbours") for n in range(5)))),
    (g.VERIFIED, "landlord and care", a_dossier(
        done("observation_recorded", by="landlord"), done("observation_recorded", by="care"))),
    (g.SWORN, "a film", a_dossier(done("observation_recorded", by="video"))),
    (g.HEARD, "nobody was told", a_dossier(HEARD, propose={})),
    (g.HEARD, "told but not heard", a_dossier(INTENTION, propose={})),
    (g.HEARD, "heard before the intention", a_dossier(
        done("views_heard", 20), INTENTION, propose={})),
    (g.HEARD, "heard on the order, not on the closure", a_dossier(
        INTENTION, HEARD, done("closure_intention_sent", 1), propose={})),
    (g.HEARD, "a reason the law does not know", a_dossier(
        propose={"hearing_skipped": "no time"})),
    (g.HEARD_AGAIN_BAN, "heard on the ban, not on its extension", a_dossier(
        done("views_heard", 12), A_BAN)),
    (g.HEARD_AGAIN_BAN, "never heard", a_dossier(A_BAN)),
    (g.HEARD_AGAIN_CLOSURE, "heard before the closure only", a_dossier(
        done("views_heard", 12), done("closure_announced", 5))),
    (g.LIGHTER, "nothing lighter tried", a_dossier()),
    (g.WARNED, "no warning", a_dossier()),
    (g.WARNED, "a warning that lapsed yesterday", a_dossier(a_warning(-1))),
    (g.CARE_CONSULTED, "care not asked", a_dossier()),
    (g.LANDLORD_FIRST, "rented, and the landlord did nothing", a_dossier(
        done("dwelling_recorded", rental=True))),
    (g.NO_CARE_ON_OFFER, "a handover to care waits", a_dossier(care_on_offer=True)),
    (g.PROPORTIONATE, "a duration nobody motivated", a_dossier(propose={"until": TODAY})),
    (g.PROPORTIONATE, "said not to be motivated", a_dossier(
        propose={"duration_motivated": False})),
    (g.HOUSING, "nobody asked where people go", a_dossier()),
    (g.FOUR_WEEKS, "four weeks and a day", a_dossier(
        A_BAN, propose={"until": A_BAN.on + timedelta(days=29)})),
    (g.FOUR_WEEKS, "past midnight in Amsterdam, not yet in London", a_dossier(
        A_BAN, propose={"until": datetime(2026, 3, 21, 23, 30, tzinfo=UTC)})),
    (g.FOUR_WEEKS, "no ban", a_dossier(propose={"until": TODAY})),
    (g.FOUR_WEEKS, "no end", a_dossier(A_BAN, propose={})),
    (g.WARNING_COMPLETE, "no proof of delivery", a_dossier(propose={"valid_until": TODAY})),
    (g.WARNING_COMPLETE, "no end", a_dossier(propose={"proof_of_delivery": "baliebon"})),
    (g.ORDER_COMPLETE, "no clause on objection", a_dossier(propose={"measures": "stil"})),
    (g.ORDER_COMPLETE, "no measures", a_dossier(propose={"objection_clause": True})),
    (g.ORDER_COMPLETE, "a penalty without a maximum", a_dossier(
        propose=PENALTY | {"amount": 500})),
    (g.ORDER_COMPLETE, "a penalty without an amount", a_dossier(
        propose=PENALTY | {"maximum": 5000})),
    (g.CLOSURE_TERM, "neither time nor a reason", a_dossier(propose={})),
]  # fmt: skip
ALLOWED = [
    (g.BY_LAW, "an article", a_dossier(by_law="2:79")),
    (g.NO_OTHER_SANCTION, "none", a_dossier()),
    (g.NO_OTHER_SANCTION, "one over since yesterday", a_dossier(
        an_order(in_force_until=TODAY - timedelta(days=1)))),
    (g.NO_OTHER_SANCTION, "one over since a moment yesterday", a_dossier(
        an_order(in_force_until=datetime(2026, 3, 1, 17, tzinfo=UTC)))),
    (g.NO_OTHER_SANCTION, "one withdrawn", a_dossier(an_order(), done("order_withdrawn", 2))),
    (g.CLOSURE_GROUND, "a threat to health", a_dossier(
        done("threat_established", ground="a"), on=TODAY)),
    (g.CLOSURE_GROUND, "a threat to health before 2024", a_dossier(
        Recorded("threat_established", date(2019, 5, 1), {"ground": "a"}), on=date(2019, 6, 1))),
    (g.CLOSURE_GROUND, "violence on the first day it is a ground", a_dossier(
        Recorded("threat_established", date(2023, 12, 1), {"ground": "b"}),
        on=date(2024, 1, 1))),
    (g.CLOSURE_GROUND, "a weapon since 2024", a_dossier(done("threat_established", ground="c"))),
    (g.CLOSURE_GROUND, "a second look on the same day", a_dossier(
        Recorded("threat_established", date(2023, 6, 1), {"ground": "b"}),
        Recorded("threat_established", date(2023, 6, 1), {"ground": "a"}),
        on=date(2023, 6, 2))),
    (g.ADULT, "an adult", a_dossier(propose={"adult": True})),
    (g.URGENT, "fire", a_dossier(propose={"urgent_because": "brandgevaar"})),
    (g.PATTERN, "serious and repeated", a_dossier(
        done("pattern_established", serious=True, repeated=True))),
    *((g.VERIFIED, f"seen by {by}", a_dossier(done("observation_recorded", by=by)))
      for by in sorted(g.OBJECTIVE_SOURCES)),
    (g.SWORN, "under oath", a_dossier(done("observation_recorded", by="sworn_report"))),
    (g.HEARD, "told, then heard", a_dossier(INTENTION, HEARD, propose={})),
    (g.HEARD, "heard on the closure too", a_dossier(
        INTENTION, done("closure_intention_sent", 5), HEARD, propose={})),
    (g.HEARD, "heard on the day of the letter", a_dossier(
        INTENTION, done("views_heard", 14), propose={})),
    *((g.HEARD, f"may be left out: {why}", a_dossier(propose={"hearing_skipped": why}))
      for why in sorted(g.HEARING_SKIPPED_BECAUSE)),
    (g.HEARD_AGAIN_BAN, "heard since", a_dossier(A_BAN, HEARD)),
    (g.HEARD_AGAIN_CLOSURE, "heard since", a_dossier(done("closure_announced", 5), HEARD)),
    (g.LIGHTER, "mediation failed", a_dossier(
        done("lighter_means_recorded", means="bemiddeling", result="mislukt"))),
    (g.WARNED, "a warning until today", a_dossier(a_warning(0))),
    (g.WARNED, "one lapsed, one not", a_dossier(a_warning(-5), a_warning(5))),
    (g.CARE_CONSULTED, "care answered", a_dossier(done("care_consult_answered"))),
    (g.LANDLORD_FIRST, "owned", a_dossier(done("dwelling_recorded", rental=False))),
    (g.LANDLORD_FIRST, "not known to be rented", a_dossier()),
    (g.LANDLORD_FIRST, "the landlord acted", a_dossier(
        done("dwelling_recorded", rental=True), done("landlord_step_recorded"))),
    (g.NO_CARE_ON_OFFER, "none", a_dossier()),
    (g.PROPORTIONATE, "motivated", a_dossier(propose={"duration_motivated": True})),
    (g.HOUSING, "looked into", a_dossier(done("housing_inquiry_recorded"))),
    (g.FOUR_WEEKS, "four weeks to the day", a_dossier(
        A_BAN, propose={"until": A_BAN.on + timedelta(days=28)})),
    (g.FOUR_WEEKS, "a moment on the last day", a_dossier(A_BAN, propose={
        "until": datetime(2026, 3, 21, 23, 30, tzinfo=timezone(timedelta(hours=1)))})),
    (g.WARNING_COMPLETE, "end and proof", a_dossier(
        propose={"valid_until": TODAY, "proof_of_delivery": "baliebon"})),
    (g.ORDER_COMPLETE, "coercion", a_dossier(propose=PENALTY | {"form": "coercion"})),
    (g.ORDER_COMPLETE, "a penalty", a_dossier(propose=PENALTY | {"amount": 500, "maximum": 5000})),
    (g.CLOSURE_TERM, "time to act oneself", a_dossier(propose={"compliance_until": TODAY})),
    (g.CLOSURE_TERM, "says why not", a_dossier(propose={"urgent_because": "instorting"})),
]  # fmt: skip


def named(row) -> str:
    guard, shows, _dossier = row
    return f"{guard.key}: {shows}"


@pytest.mark.parametrize("row", REFUSED, ids=named)
def test_refused(row):
    guard, _shows, dossier = row
    assert unmet([guard], dossier) == [guard]


@pytest.mark.parametrize("row", ALLOWED, ids=named)
def test_allowed(row):
    guard, _shows, dossier = row
    assert unmet([guard], dossier) == []


@pytest.mark.parametrize("table", [REFUSED, ALLOWED], ids=["refused", "allowed"])
def test_every_guard_of_all_seven_families_is_in_both_tables(table):
    assert {guard.key for guard, _, _ in table} == {guard.key for guard in GUARDS}
    assert {guard.family for guard, _, _ in table} == set(Family)


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.key)
def test_an_empty_dossier_is_judged_without_falling_over(guard):
    assert guard.holds(a_dossier()) in {True, False}


# --- noise is never enough -----------------------------------------------------------------------


def a_house_full_of_noise() -> Dossier:
    """Everything a case of noise can gather, warning, order and all; but no threat."""
    return a_dossier(
        done("pattern_established", 60, serious=True, repeated=True),
        *(done("observation_recorded", n, by=by, what="noise")
          for n, by in enumerate(sorted(g.OBJECTIVE_SOURCES))),
        done("lighter_means_recorded", 50, means="bemiddeling", result="geen effect"),
        done("care_consult_answered", 40),
        a_warning(100),
        done("order_announced", 20, in_force_until=TODAY + timedelta(days=90)),
        done("breach_recorded", 2),
        INTENTION, HEARD,
        done("housing_inquiry_recorded", 1),
        by_law="2:79", signals=400,
    )  # fmt: skip


def test_noise_alone_never_reaches_a_closed_house():
    refusing = unmet(STAGES["house_closure"].guards, a_house_full_of_noise())
    assert refusing == [g.CLOSURE_GROUND]


def test_nor_can_it_be_announced_or_waived():
    everything = frozenset(guard.key for guard in GUARDS)
    waived = Dossier(TODAY, acts=a_house_full_of_noise().acts, by_law="2:79", waived=everything)
    assert g.CLOSURE_GROUND in unmet(STAGES["house_closure"].guards, waived)
    announced = next(a for a in STAGES["house_closure"].acts if a.key == "closure_announced")
    assert g.CLOSURE_GROUND in unmet(announced.guards, waived)


# --- waiving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.key)
def test_a_policy_guard_can_be_waived_and_a_law_guard_never(guard):
    refused = next(dossier for by, _, dossier in REFUSED if by is guard)
    waived = Dossier(
        today=refused.today, acts=refused.acts, proposed=refused.proposed,
        by_law=refused.by_law, care_on_offer=refused.care_on_offer, waived=frozenset({guard.key}),
    )  # fmt: skip
    by_law = guard.source.origin is Origin.LAW
    assert unmet([guard], waived) == ([guard] if by_law else [])
    assert not_waivable({guard.key}, [guard]) == ([guard.key] if by_law else [])


def test_waiving_names_every_guard_that_can_not_be_waived_here():
    warning = STAGES["warning"].guards
    wanted = {"care_consulted", "lighter_means", "moon_phase", "warning_in_force"}
    assert not_waivable(wanted, warning) == ["lighter_means", "moon_phase", "warning_in_force"]


def test_all_unmet_guards_are_named_at_once_and_in_order():
    behavioural_order = STAGES["behavioural_order"].guards
    assert unmet(behavioural_order, a_dossier(care_on_offer=True)) == list(behavioural_order)


@pytest.mark.parametrize("row", OPEN_STAGES, ids=lambda stage: stage.key)
def test_whatever_the_dossier_shows_an_open_stage_has_an_open_exit(row):
    for _guard, _shows, dossier in (*REFUSED, *ALLOWED):
        assert any(unmet(STAGES[way.to].guards, dossier) == [] for way in row.exits)


@pytest.mark.parametrize("row", [s for s in PATH if not s.coercive], ids=lambda s: s.key)
def test_care_is_never_behind_a_guard(row):
    assert row.guards == ()


# --- the dossier ---------------------------------------------------------------------------------


def test_the_last_act_is_the_most_recent_and_on_one_day_the_one_recorded_last():
    first, second = done("note_added", 2, text="a"), done("note_added", 2, text="b")
    assert a_dossier(done("note_added", 9, text="old"), first, second).last("note_added") is second
    assert a_dossier().last("note_added") is None


def test_something_happened_after_only_if_it_happened():
    assert not a_dossier(INTENTION).happened_after("views_heard", "intention_sent")
    assert a_dossier(HEARD).happened_after("views_heard", "intention_sent")


def test_a_fact_is_stated_only_by_the_act_that_is_proposed():
    dossier = a_dossier(done("house_ban_imposed", adult=True), propose={"until": TODAY})
    assert (dossier.stated("until"), dossier.stated("adult")) == (TODAY, None)
    assert a_dossier().stated("until") is None
