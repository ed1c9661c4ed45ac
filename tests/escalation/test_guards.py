"""The seven reasons courts annulled measures: for each guard dossiers it refuses and lets pass."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from escalation import guards as g
from escalation.closure_grounds import CLOSURE_GROUNDS
from escalation.dossier import Dossier, Recorded
from escalation.events import AfterEvent
from escalation.hearing import HEARING_SKIPPED_BECAUSE
from escalation.judgements import OBJECTIVE_SOURCES
from escalation.moves import acts, not_waivable, unmet
from escalation.path import OPEN_STAGES, PATH, STAGES
from escalation.shape import WAIVERS, Family, Guard
from escalation.standing import AGAINST
from escalation.terms import Length
from escalation.text import Origin

TODAY = date(2026, 3, 2)
GUARDS = [guard for guard in vars(g).values() if isinstance(guard, Guard)]
CET = timezone(timedelta(hours=1))


def done(kind: str, days_ago: int = 0, **facts) -> Recorded:
    return Recorded(kind, TODAY - timedelta(days=days_ago), facts)


def a_dossier(*acts: Recorded, propose=None, kind="proposed", on: date = TODAY, **more) -> Dossier:
    """The acts stand in the order of their days, as casework shows them."""
    proposed = Recorded(kind, on, propose) if propose is not None else None
    in_order = tuple(sorted(acts, key=lambda act: act.on))
    return Dossier(today=on, acts=in_order, proposed=proposed, **more)


def days(n: int) -> date:
    return TODAY + timedelta(days=n)


def a_warning(days_left: int, days_ago: int = 30) -> Recorded:
    return done("warning_delivered", days_ago, valid_until=days(days_left))


def an_order(days_ago: int = 10, **facts) -> Recorded:
    return done("order_announced", days_ago, **facts)


def an_outcome(of: str, effect: str, days_ago: int = 2, **facts) -> Recorded:
    return done("ruling_received", days_ago, against=of, effect=effect, **facts)


def a_threat(ground="a", harm="safety", origin="dwelling", on: date = TODAY) -> Recorded:
    return Recorded("threat_established", on, {"ground": ground, "harm": harm, "origin": origin})


def seen(by: str, days_ago: int = 0, **facts) -> Recorded:
    return done("observation_recorded", days_ago, by=by, **facts)


def an_objection(days_ago: int = 1, **facts) -> Recorded:
    return done("objection_received", days_ago, **facts)


def a_pattern(serious=True, repeated=True, days_ago: int = 0, **facts) -> Recorded:
    return done("pattern_established", days_ago, serious=serious, repeated=repeated, **facts)


def limited(limit: str, length: str, **more) -> Dossier:
    return a_dossier(limits={limit: Length.parse(length)}, **more)


INTENTION, HEARD = done("intention_sent", 14), done("views_heard", 3)
CLOSING = {"kind": "closure_announced", "propose": {}}
PENALTY = {"measures": "stil na 22 uur", "form": "penalty"}
PENALTY_ORDER, BREACH = an_order(form="penalty"), done("breach_recorded", 5)
FORFEITED = done("penalty_forfeited", 5, amount=500)
A_BAN = done("house_ban_imposed", 9, until=days(1))
A_CLOSURE = done("closure_announced", 9, until=days(60))
AN_EMERGENCY = done("emergency_order_given", 2, until=days(1))
A_WEEK_ON = AfterEvent(Length.parse("1 week"), "ruling_received")
TILL_THE_DECISION = AfterEvent(Length.parse("6 weeks"), "objection_decided")
WARNINGS, SIGHTINGS = "behavioural_order.warnings", "behavioural_order.observations"
NIGHTLY = a_pattern(time_of_day="night")

# fmt: off
# One line is one dossier: the guard, what the dossier shows, and the dossier.
# --- legal ground --------------------------------------------------------------------------------
NO_GROUND = [
    (g.BY_LAW, "no article in the by-law", a_dossier(by_law=None)),
    (g.NO_OTHER_SANCTION, "an order without an end", a_dossier(an_order())),
    (g.NO_OTHER_SANCTION, "an order until today", a_dossier(an_order(in_force_until=TODAY))),
    (g.NO_OTHER_SANCTION, "an order until a moment later today", a_dossier(
        an_order(in_force_until=datetime(2026, 3, 2, 17, tzinfo=UTC)))),
    (g.NO_OTHER_SANCTION, "an order after the one withdrawn", a_dossier(
        an_order(20), done("order_withdrawn", 15), an_order(10))),
    (g.NO_OTHER_SANCTION, "withdrawn and given again on one day", a_dossier(
        an_order(20), done("order_withdrawn", 15), an_order(15))),
    (g.NO_OTHER_SANCTION, "the same breach", a_dossier(
        an_order(breach="geluid"), propose={"breach": "geluid"})),
    (g.NO_OTHER_SANCTION, "a breach nobody named", a_dossier(
        an_order(), propose={"breach": "geluid"})),
    (g.NO_OTHER_SANCTION, "the breach of an order before the last", a_dossier(
        an_order(20, breach="geluid"), an_order(10, breach="honden"),
        propose={"breach": "geluid"})),
    (g.NO_OTHER_SANCTION, "an order a court suspended", a_dossier(
        an_order(), an_outcome("order", "suspended"))),
    (g.NO_OTHER_SANCTION, "an order a court gave a later end", a_dossier(
        an_order(in_force_until=days(-1)), an_outcome("order", "redated", until=days(9)))),
    (g.NO_OTHER_SANCTION, "an order of which another measure was annulled", a_dossier(
        an_order(), an_outcome("closure", "ended"))),
    (g.NO_OTHER_SANCTION, "an order annulled whose effects are kept", a_dossier(
        an_order(), an_outcome("order", "effects_kept"))),
    (g.URGENT, "no reason to hurry", a_dossier(propose={})),
    (g.URGENT, "an empty reason", a_dossier(propose={"urgent_because": ""})),
    (g.ADULT, "a minor", a_dossier(propose={"adult": False})),
    (g.ADULT, "an age nobody stated", a_dossier(propose={})),
    (g.ORDER_STOOD, "no order", a_dossier()),
    (g.ORDER_STOOD, "an order without a penalty", a_dossier(an_order(form="coercion"))),
    (g.ORDER_STOOD, "a penalty until yesterday", a_dossier(
        an_order(form="penalty", in_force_until=days(-1)))),
    (g.ORDER_STOOD, "a penalty withdrawn", a_dossier(PENALTY_ORDER, done("order_withdrawn", 1))),
    (g.ORDER_STOOD, "a penalty annulled", a_dossier(PENALTY_ORDER, an_outcome("order", "ended"))),
    (g.ORDER_STOOD, "a penalty a court cut short", a_dossier(
        PENALTY_ORDER, an_outcome("order", "redated", until=days(-1)))),
    (g.ORDER_STOOD, "a penalty before the order that stands", a_dossier(
        an_order(20, form="penalty"), done("order_withdrawn", 15), an_order(form="coercion"))),
    (g.POWER_TO_COLLECT, "nothing forfeited", a_dossier(PENALTY_ORDER)),
    (g.POWER_TO_COLLECT, "a year and a day ago", a_dossier(
        Recorded("penalty_forfeited", date(2025, 3, 1)))),
    (g.POWER_TO_COLLECT, "the order annulled since", a_dossier(
        PENALTY_ORDER, FORFEITED, an_outcome("order", "ended"))),
    (g.ORDER_NOT_SUSPENDED, "suspended without an end", a_dossier(
        an_order(), an_outcome("order", "suspended"))),
    (g.ORDER_NOT_SUSPENDED, "suspended until today", a_dossier(
        an_order(), an_outcome("order", "suspended", until=TODAY))),
    (g.ORDER_NOT_SUSPENDED, "suspended from today", a_dossier(
        an_order(), an_outcome("order", "suspended", from_day=TODAY, until=days(9)))),
    (g.ORDER_NOT_SUSPENDED, "first from a later day, then at once", a_dossier(
        an_order(), an_outcome("order", "suspended", 5, from_day=days(5), until=days(9)),
        an_outcome("order", "suspended", 1, until=days(9)))),
    (g.ORDER_NOT_SUSPENDED, "until an objection is decided, and it is not", a_dossier(
        an_order(), an_outcome("order", "suspended", until=TILL_THE_DECISION))),
    (g.ORDER_NOT_SUSPENDED, "six weeks after it was decided", a_dossier(
        an_order(90), an_outcome("order", "suspended", 60, until=TILL_THE_DECISION),
        done("objection_decided", 42))),
    (g.ORDER_NOT_SUSPENDED, "until a week after the ruling that says so", a_dossier(
        an_order(90), an_outcome("order", "suspended", 7, until=A_WEEK_ON))),
    (g.BAN_STANDS, "no ban", a_dossier()),
    (g.BAN_STANDS, "a ban until yesterday", a_dossier(
        done("house_ban_imposed", 11, until=days(-1)))),
    (g.BAN_STANDS, "a ban until just before midnight, yesterday", a_dossier(
        done("house_ban_imposed", 11, until=datetime(2026, 3, 1, 22, 59, tzinfo=UTC)))),
    (g.BAN_STANDS, "a ban ended", a_dossier(A_BAN, done("house_ban_ended", 1))),
    (g.BAN_STANDS, "a ban annulled", a_dossier(A_BAN, an_outcome("house_ban", "ended"))),
    (g.BAN_STANDS, "a ban suspended", a_dossier(A_BAN, an_outcome("house_ban", "suspended"))),
    (g.EMERGENCY_STANDS, "none was given", a_dossier()),
    (g.EMERGENCY_STANDS, "over since yesterday", a_dossier(
        done("emergency_order_given", 9, until=TODAY - timedelta(days=1)))),
    (g.EMERGENCY_STANDS, "lifted", a_dossier(
        done("emergency_order_given", 9, until=TODAY), done("emergency_order_ended", 1))),
    (g.MAYOR_DECIDES, "the police", a_dossier(propose={"decided_by": "politiechef"})),
    (g.MAYOR_DECIDES, "nobody said who", a_dossier(propose={})),
    (g.HOUSING_AGAIN, "looked into before the closure only", a_dossier(
        done("housing_inquiry_recorded", 80), A_CLOSURE)),
    (g.WITHIN_AMOUNTS, "more than the maximum in all", a_dossier(
        an_order(maximum=800), done("penalty_forfeited", 5, amount=500),
        propose={"amount": 500}, kind="penalty_forfeited")),
    (g.WITHIN_AMOUNTS, "collecting more than was forfeited", a_dossier(
        an_order(maximum=800), done("penalty_forfeited", 5, amount=500),
        propose={"amount": 501}, kind="collection_decided")),
    (g.BREACH_SEEN, "a breach within the term to comply", a_dossier(
        an_order(compliance_until=TODAY - timedelta(days=5)), done("breach_recorded", 5),
        propose={"amount": 500}, kind="penalty_forfeited")),
    (g.BREACH_SEEN, "a penalty for it was forfeited already", a_dossier(
        an_order(), done("breach_recorded", 5), done("penalty_forfeited", 5, amount=500),
        propose={"amount": 500}, kind="penalty_forfeited")),
    (g.HEARD, "the last day for views is today", a_dossier(
        done("intention_sent", 14, views_until=TODAY), propose={})),
    (g.HEARD, "nothing since the order that followed silence", a_dossier(
        done("intention_sent", 14, views_until=TODAY - timedelta(days=7)), an_order(5),
        propose={}, kind="order_announced")),
    (g.CLOSURE_TERM, "a term that was over before it began", a_dossier(
        propose={"compliance_until": TODAY - timedelta(days=1)})),
    (g.ORDER_COMPLETE, "a form that is no order", a_dossier(
        propose=PENALTY | {"form": "mediation"})),
    (g.CLOSURE_STANDS, "no closure", a_dossier()),
    (g.CLOSURE_STANDS, "shortened until yesterday", a_dossier(
        A_CLOSURE, done("closure_shortened", 5, until=days(-1)))),
    (g.CLOSURE_STANDS, "cut short by a court", a_dossier(
        A_CLOSURE, an_outcome("closure", "redated", until=days(-1)))),
    (g.CLOSURE_STANDS, "extended for long, then anew until yesterday", a_dossier(
        A_CLOSURE, done("closure_extended", 5, until=days(30)),
        done("closure_extended", 3, until=days(-1)))),
    (g.CLOSURE_STANDS, "reopened", a_dossier(A_CLOSURE, done("house_reopened", 1))),
    (g.CLOSURE_STANDS, "annulled", a_dossier(A_CLOSURE, an_outcome("closure", "ended"))),
    (g.CLOSURE_STANDS, "suspended", a_dossier(A_CLOSURE, an_outcome("closure", "suspended"))),
    *((guard, "no fear motivated", a_dossier(propose={"serious_fear": ""}))
      for guard in (g.SERIOUS_FEAR_BAN, g.SERIOUS_FEAR_CLOSURE, g.SERIOUS_FEAR_DISORDER)),
    (g.CLOSURE_GROUND, "no threat", a_dossier()),
    (g.CLOSURE_GROUND, "noise and nothing else", a_dossier(
        seen("police", what="noise"), a_pattern(),
        done("lighter_means_recorded", means="gesprek", result="geen effect"))),
    *((g.CLOSURE_GROUND, f"{harm} is not the harm of ground {ground}", a_dossier(
        a_threat(ground, harm)))
      for ground, found in CLOSURE_GROUNDS.items()
      for harm in ("noise", "quarrel", "other", "safety", "health", "violence", "weapon", "drugs")
      if harm not in found.harms),
    *((g.CLOSURE_GROUND, f"{harm} on the last day it is no ground", a_dossier(
        a_threat(ground, harm, on=date(2023, 12, 1)), on=date(2023, 12, 31)))
      for ground, harm in (("b", "violence"), ("c", "weapon"))),
    (g.CLOSURE_GROUND, "a later look found noise alone", a_dossier(
        a_threat(on=days(-5)), a_threat(harm="noise"))),
    (g.THREAT_ORIGIN, "no threat", a_dossier()),
    *((g.THREAT_ORIGIN, f"ground {ground}, from elsewhere", a_dossier(
        a_threat(ground, origin="elsewhere"))) for ground in CLOSURE_GROUNDS),
    (g.THREAT_ORIGIN, "ground a, near the dwelling", a_dossier(a_threat(origin="near_dwelling"))),
    (g.NEVER_NOISE_ALONE, "no threat", a_dossier()),
    *((g.NEVER_NOISE_ALONE, f"{harm} called ground {ground}", a_dossier(a_threat(ground, harm)))
      for ground in CLOSURE_GROUNDS for harm in ("noise", "quarrel")),
]
# --- facts verified ------------------------------------------------------------------------------
NOT_VERIFIED = [
    (g.PATTERN, "nothing", a_dossier()),
    (g.PATTERN, "serious once", a_dossier(a_pattern(repeated=False))),
    (g.PATTERN, "two halves on two days", a_dossier(
        a_pattern(repeated=False, days_ago=9), a_pattern(serious=False))),
    (g.VERIFIED, "neighbours alone", a_dossier(*(seen("neighbours", n) for n in range(5)))),
    (g.VERIFIED, "landlord and care", a_dossier(seen("landlord"), seen("care"))),
    (g.VERIFIED, "one fewer than the policy asks", a_dossier(
        seen("police"), seen("officer"), seen("neighbours"), judging="behavioural_order",
        counts={SIGHTINGS: 3})),
    (g.TIME_MATCHES, "by day, of what happens at night", a_dossier(
        NIGHTLY, seen("police", time_of_day="day"))),
    (g.TIME_MATCHES, "nobody noted when", a_dossier(NIGHTLY, seen("police"))),
    (g.TIME_MATCHES, "at night, by neighbours", a_dossier(
        NIGHTLY, seen("neighbours", time_of_day="night"))),
    (g.GROUND_EVIDENCE, "no threat", a_dossier(seen("sworn_report"))),
    *((g.GROUND_EVIDENCE, f"a film for ground {ground}", a_dossier(
        a_threat(ground), seen("video"))) for ground in CLOSURE_GROUNDS),
    (g.GROUND_EVIDENCE, "police, not under oath, for ground a", a_dossier(
        a_threat(), seen("police"))),
    (g.BREACH_SEEN, "no breach", a_dossier(PENALTY_ORDER)),
    (g.BREACH_SEEN, "a breach of the order before", a_dossier(BREACH, an_order(4))),
]
# --- heard ---------------------------------------------------------------------------------------
NOT_HEARD = [
    (g.HEARD, "neither told nor heard", a_dossier(propose={})),
    (g.HEARD, "told but not heard", a_dossier(INTENTION, propose={})),
    (g.HEARD, "heard before the intention", a_dossier(
        done("views_heard", 20), INTENTION, propose={})),
    (g.HEARD, "heard on the order, not on the closure", a_dossier(
        INTENTION, HEARD, done("closure_intention_sent", 1), **CLOSING)),
    (g.HEARD, "heard on the order, and no closure intended", a_dossier(
        INTENTION, HEARD, **CLOSING)),
    (g.HEARD, "heard on the order before this one", a_dossier(
        INTENTION, HEARD, an_order(2), kind="order_announced", propose={})),
    (g.HEARD, "a reason the law does not know", a_dossier(propose={"hearing_skipped": "no time"})),
    *((guard, "never heard", a_dossier(measure)) for guard, measure in (
        (g.HEARD_AGAIN_BAN, A_BAN), (g.HEARD_AGAIN_CLOSURE, A_CLOSURE),
        (g.HEARD_AGAIN_EMERGENCY, AN_EMERGENCY))),
    *((guard, "heard on the measure, not on its extension", a_dossier(
        done("views_heard", 12), measure)) for guard, measure in (
        (g.HEARD_AGAIN_BAN, A_BAN), (g.HEARD_AGAIN_CLOSURE, A_CLOSURE),
        (g.HEARD_AGAIN_EMERGENCY, AN_EMERGENCY))),
    (g.HEARD_AGAIN_BAN, "heard that day, before the ban was imposed", a_dossier(
        done("views_heard", 9), A_BAN)),
    (g.HEARD_AGAIN_CLOSURE, "heard before an extension, not before the next", a_dossier(
        A_CLOSURE, HEARD, done("closure_extended", 2))),
]
NO_LIGHTER_MEANS = [(g.LIGHTER, "nothing lighter tried", a_dossier())]
# --- own policy and advice followed --------------------------------------------------------------
POLICY_NOT_FOLLOWED = [
    (g.WARNED, "no warning", a_dossier()),
    (g.WARNED, "a warning that lapsed yesterday", a_dossier(a_warning(-1))),
    (g.WARNED, "a warning withdrawn", a_dossier(a_warning(5), done("warning_withdrawn"))),
    (g.WARNED, "one where the policy asks two", a_dossier(a_warning(5), counts={WARNINGS: 2})),
    (g.WARNED, "two of which one lapsed, where the policy asks two", a_dossier(
        a_warning(-1, 60), a_warning(5), counts={WARNINGS: 2})),
    (g.CARE_CONSULTED, "care not asked", a_dossier()),
    (g.LANDLORD_FIRST, "rented, and the landlord did nothing", a_dossier(
        done("dwelling_recorded", rental=True))),
    (g.NO_CARE_ON_OFFER, "a handover to care waits", a_dossier(care_on_offer=True)),
    (g.POLICY_CHECKED, "nobody looked", a_dossier(propose={})),
    (g.POLICY_CHECKED, "not followed, and nobody said why", a_dossier(
        done("policy_checked", followed=False), propose={})),
    (g.POLICY_CHECKED, "followed once, not any more", a_dossier(
        done("policy_checked", 9, followed=True), done("policy_checked", followed=False))),
    (g.ADVICE_FOLLOWED, "advised against", a_dossier(
        done("advice_received", adviser="GGD", favours=False), propose={})),
    (g.ADVICE_FOLLOWED, "one adviser for, another against", a_dossier(
        done("advice_received", 2, adviser="GGD", favours=False),
        done("advice_received", 1, adviser="politie", favours=True), propose={})),
    (g.WARNING_WITHIN, "nine months and a day", limited(
        "warning.validity", "9 months", propose={"valid_until": date(2026, 12, 3)})),
    (g.ORDER_WITHIN, "a year and a day", limited(
        "behavioural_order.duration", "12 months", propose={"in_force_until": date(2027, 3, 3)})),
    (g.ORDER_WITHIN, "without an end", limited(
        "behavioural_order.duration", "12 months", propose={})),
    (g.ORDER_WITHIN, "until an event", limited(
        "behavioural_order.duration", "12 months", propose={"in_force_until": TILL_THE_DECISION})),
    (g.CLOSURE_WITHIN, "three months and a day from when it begins", limited(
        "house_closure.duration", "3 months",
        propose={"effective_at": days(3), "until": date(2026, 6, 6)})),
    (g.CLOSURE_WITHIN, "after midnight in Amsterdam, before it in London", limited(
        "house_closure.duration", "3 months", propose={
            "effective_at": datetime(2026, 3, 5, 10, tzinfo=CET),
            "until": datetime(2026, 6, 5, 22, 30, tzinfo=UTC)})),
]
# --- duration and housing ------------------------------------------------------------------------
TOO_LONG = [
    (g.PROPORTIONATE, "a duration nobody motivated", a_dossier(propose={"until": TODAY})),
    (g.PROPORTIONATE, "said not to be motivated", a_dossier(propose={"duration_motivated": False})),
    (g.HOUSING, "nobody asked where people go", a_dossier()),
    (g.TEN_DAYS, "the eleventh day", a_dossier(propose={"until": days(11)})),
    (g.TEN_DAYS, "past midnight in Amsterdam, not yet in London", a_dossier(
        propose={"until": datetime(2026, 3, 12, 23, 30, tzinfo=UTC)})),
    (g.TEN_DAYS, "past midnight in summer time, ten days over the change of clocks", a_dossier(
        on=date(2026, 3, 24), propose={"until": datetime(2026, 4, 3, 22, 30, tzinfo=UTC)})),
    (g.TEN_DAYS, "an end before it began", a_dossier(propose={"until": days(-1)})),
    (g.TEN_DAYS, "no end", a_dossier(propose={})),
    (g.TEN_DAYS, "until something happens", a_dossier(propose={"until": TILL_THE_DECISION})),
    (g.FOUR_WEEKS, "four weeks and a day", a_dossier(
        A_BAN, propose={"until": A_BAN.on + timedelta(days=29)})),
    (g.FOUR_WEEKS, "four weeks of a second extension", a_dossier(
        A_BAN, done("house_ban_extended", 1), propose={"until": days(27)})),
    (g.FOUR_WEEKS, "past midnight in Amsterdam, not yet in London", a_dossier(
        A_BAN, propose={"until": datetime(2026, 3, 21, 23, 30, tzinfo=UTC)})),
    (g.FOUR_WEEKS, "no ban", a_dossier(propose={"until": TODAY})),
    (g.FOUR_WEEKS, "no end", a_dossier(A_BAN, propose={})),
]
# --- formal content ------------------------------------------------------------------------------
INCOMPLETE = [
    (g.WARNING_COMPLETE, "no proof of delivery", a_dossier(propose={"valid_until": TODAY})),
    (g.WARNING_COMPLETE, "no end", a_dossier(propose={"proof_of_delivery": "baliebon"})),
    (g.ORDER_COMPLETE, "no measures", a_dossier(propose={"form": "coercion"})),
    (g.ORDER_COMPLETE, "a penalty without a maximum", a_dossier(propose=PENALTY | {"amount": 500})),
    (g.ORDER_COMPLETE, "a penalty without an amount", a_dossier(
        propose=PENALTY | {"maximum": 5000})),
    (g.ORDER_COMPLETE, "a penalty of nothing", a_dossier(
        propose=PENALTY | {"amount": 0, "maximum": 5000})),
    (g.ORDER_TERM, "neither a term nor a reason", a_dossier(propose={"at_once_because": ""})),
    (g.CONCRETE, "nobody tested the measures", a_dossier(propose={"measures": "rustig zijn"})),
    (g.CONCRETE, "measures nobody can test", a_dossier(propose={"measures_concrete": False})),
    (g.OBJECTION_CLAUSE, "no word on objection", a_dossier(propose={})),
    (g.OBJECTION_CLAUSE, "said to be left out", a_dossier(propose={"objection_clause": False})),
    (g.HOME_WEIGHED, "the home not weighed", a_dossier(propose={})),
    (g.CLOSURE_TERM, "neither time nor a reason", a_dossier(propose={})),
    (g.OTHER_DECIDER, "the same person", a_dossier(
        an_order(decided_by="wethouder"), propose={"against": "order", "decided_by": "wethouder"})),
    (g.OTHER_DECIDER, "the same person in capitals", a_dossier(
        an_order(decided_by="wethouder"), propose={"against": "order", "decided_by": "Wethouder"})),
    (g.OTHER_DECIDER, "the same person, said not to be the authority itself", a_dossier(
        an_order(decided_by="wethouder"),
        propose={"against": "order", "decided_by": "wethouder", "in_person": False})),
    (g.OTHER_DECIDER, "nobody says who decides", a_dossier(
        an_order(decided_by="wethouder"), propose={"against": "order"})),
    (g.OTHER_DECIDER, "the last decision, when none is named", a_dossier(
        an_order(decided_by="wethouder"), propose={"decided_by": "wethouder"})),
    (g.OTHER_DECIDER, "the measure the objection names, whatever came after", a_dossier(
        an_order(decided_by="wethouder"), done("house_ban_imposed", 5, decided_by="burgemeester"),
        an_objection(against="order"), propose={"decided_by": "wethouder"})),
    (g.OTHER_DECIDER, "a refusal to act", a_dossier(
        done("enforcement_refused", 5, decided_by="wethouder"),
        propose={"against": "refusal", "decided_by": "wethouder"})),
    (g.OTHER_DECIDER, "urgent coercion, decided by one and written by another", a_dossier(
        done("urgent_coercion", 6, decided_by="burgemeester"),
        done("urgent_decision_announced", 5, decided_by="wethouder"),
        propose={"against": "urgent_coercion", "decided_by": "wethouder"})),
]
REFUSED = [*NO_GROUND, *NOT_VERIFIED, *NOT_HEARD, *NO_LIGHTER_MEANS, *POLICY_NOT_FOLLOWED,
           *TOO_LONG, *INCOMPLETE]
ALLOWED = [
    # --- legal ground ----------------------------------------------------------------------------
    (g.BY_LAW, "an article", a_dossier(by_law="2:79")),
    (g.NO_OTHER_SANCTION, "none", a_dossier()),
    (g.NO_OTHER_SANCTION, "one over since yesterday", a_dossier(an_order(in_force_until=days(-1)))),
    (g.NO_OTHER_SANCTION, "one over since a moment yesterday", a_dossier(
        an_order(in_force_until=datetime(2026, 3, 1, 17, tzinfo=UTC)))),
    (g.NO_OTHER_SANCTION, "one withdrawn", a_dossier(an_order(), done("order_withdrawn", 2))),
    (g.NO_OTHER_SANCTION, "one annulled", a_dossier(an_order(), an_outcome("order", "ended"))),
    (g.NO_OTHER_SANCTION, "one revoked on objection", a_dossier(
        an_order(), done("objection_decided", 2, against="order", effect="ended"))),
    (g.NO_OTHER_SANCTION, "one a court cut short", a_dossier(
        an_order(), an_outcome("order", "redated", until=days(-1)))),
    (g.NO_OTHER_SANCTION, "two, each for another breach", a_dossier(
        an_order(20, breach="geluid"), an_order(10, breach="honden"),
        propose={"breach": "intimidatie"})),
    (g.URGENT, "fire", a_dossier(propose={"urgent_because": "brandgevaar"})),
    (g.ADULT, "an adult", a_dossier(propose={"adult": True})),
    (g.ORDER_STOOD, "a penalty until today", a_dossier(
        an_order(form="penalty", in_force_until=TODAY))),
    (g.ORDER_STOOD, "a penalty beside an order without one", a_dossier(
        PENALTY_ORDER, an_order(5, form="coercion"))),
    (g.ORDER_STOOD, "a penalty annulled whose effects are kept", a_dossier(
        PENALTY_ORDER, an_outcome("order", "effects_kept"))),
    (g.POWER_TO_COLLECT, "forfeited today", a_dossier(done("penalty_forfeited"))),
    (g.POWER_TO_COLLECT, "a year ago to the day", a_dossier(
        Recorded("penalty_forfeited", date(2025, 3, 2)))),
    (g.POWER_TO_COLLECT, "on a leap day, until the last of February", a_dossier(
        Recorded("penalty_forfeited", date(2024, 2, 29)), on=date(2025, 2, 28))),
    (g.POWER_TO_COLLECT, "an order withdrawn after the penalty was forfeited", a_dossier(
        PENALTY_ORDER, FORFEITED, done("order_withdrawn", 1))),
    (g.ORDER_NOT_SUSPENDED, "never", a_dossier(an_order())),
    (g.ORDER_NOT_SUSPENDED, "until yesterday", a_dossier(
        an_order(), an_outcome("order", "suspended", until=days(-1)))),
    (g.ORDER_NOT_SUSPENDED, "from tomorrow", a_dossier(
        an_order(), an_outcome("order", "suspended", from_day=days(1), until=days(9)))),
    (g.ORDER_NOT_SUSPENDED, "suspended, then upheld", a_dossier(
        an_order(), an_outcome("order", "suspended", 5), an_outcome("order", "stands", 1))),
    (g.ORDER_NOT_SUSPENDED, "more than six weeks after the decision it waited for", a_dossier(
        an_order(90), an_outcome("order", "suspended", 60, until=TILL_THE_DECISION),
        done("objection_decided", 43))),
    (g.ORDER_NOT_SUSPENDED, "more than a week after the ruling that said so", a_dossier(
        an_order(90), an_outcome("order", "suspended", 8, until=A_WEEK_ON))),
    (g.ORDER_NOT_SUSPENDED, "another measure is", a_dossier(
        an_order(), an_outcome("closure", "suspended"))),
    (g.ORDER_NOT_SUSPENDED, "the order before it was", a_dossier(
        an_order(20), an_outcome("order", "suspended", 18), done("order_withdrawn", 15),
        an_order(10))),
    (g.BAN_STANDS, "until today", a_dossier(done("house_ban_imposed", 9, until=TODAY))),
    (g.BAN_STANDS, "until just past midnight, today", a_dossier(
        done("house_ban_imposed", 9, until=datetime(2026, 3, 1, 23, 1, tzinfo=UTC)))),
    (g.BAN_STANDS, "extended", a_dossier(
        done("house_ban_imposed", 12, until=days(-2)),
        done("house_ban_extended", 3, until=days(9)))),
    (g.BAN_STANDS, "imposed anew after one that ran out", a_dossier(
        done("house_ban_imposed", 90, until=days(-80)),
        done("house_ban_extended", 82, until=days(-70)), A_BAN)),
    (g.BAN_STANDS, "ended, and imposed anew that day", a_dossier(
        done("house_ban_imposed", 3, until=days(7)), done("house_ban_ended", 1),
        done("house_ban_imposed", 1, until=days(9)))),
    (g.EMERGENCY_STANDS, "until today", a_dossier(
        done("emergency_order_given", 9, until=TODAY))),
    (g.EMERGENCY_STANDS, "extended until today", a_dossier(
        done("emergency_order_given", 9, until=TODAY - timedelta(days=5)),
        done("emergency_order_extended", 5, until=TODAY))),
    (g.MAYOR_DECIDES, "the mayor", a_dossier(propose={"decided_by": "Burgemeester"})),
    (g.HOUSING_AGAIN, "looked into again", a_dossier(
        done("housing_inquiry_recorded", 80), A_CLOSURE, done("housing_inquiry_recorded", 1))),
    (g.WITHIN_AMOUNTS, "the maximum in all", a_dossier(
        an_order(maximum=1000), done("penalty_forfeited", 5, amount=500),
        propose={"amount": 500}, kind="penalty_forfeited")),
    (g.WITHIN_AMOUNTS, "collecting what was forfeited", a_dossier(
        an_order(maximum=800), done("penalty_forfeited", 5, amount=500),
        propose={"amount": 500}, kind="collection_decided")),
    (g.BREACH_SEEN, "a second breach after a first penalty", a_dossier(
        an_order(), done("breach_recorded", 5), done("penalty_forfeited", 5, amount=500),
        done("breach_recorded", 2), propose={"amount": 500}, kind="penalty_forfeited")),
    (g.HEARD, "silence until the day for views was over", a_dossier(
        done("intention_sent", 14, views_until=TODAY - timedelta(days=1)), propose={},
        kind="order_announced")),
    (g.CLOSURE_STANDS, "until later", a_dossier(A_CLOSURE)),
    (g.CLOSURE_STANDS, "shortened until today", a_dossier(
        A_CLOSURE, done("closure_shortened", 5, until=TODAY))),
    (g.CLOSURE_STANDS, "shortened, then extended", a_dossier(
        A_CLOSURE, done("closure_shortened", 5, until=days(-1)),
        done("closure_extended", 3, until=days(30)))),
    (g.CLOSURE_STANDS, "shortened, then given a later end by a court", a_dossier(
        A_CLOSURE, done("closure_shortened", 5, until=days(-1)),
        an_outcome("closure", "redated", until=TODAY))),
    (g.CLOSURE_STANDS, "given a later end on objection", a_dossier(
        done("closure_announced", 9, until=days(-1)),
        done("objection_decided", 3, against="closure", effect="redated", until=TODAY))),
    *((guard, "fear motivated", a_dossier(propose={"serious_fear": "dreigt terug te keren"}))
      for guard in (g.SERIOUS_FEAR_BAN, g.SERIOUS_FEAR_CLOSURE, g.SERIOUS_FEAR_DISORDER)),
    *((g.CLOSURE_GROUND, f"{harm} on ground {ground}", a_dossier(a_threat(ground, harm)))
      for ground, found in CLOSURE_GROUNDS.items() for harm in sorted(found.harms)),
    (g.CLOSURE_GROUND, "a threat to health before 2024", a_dossier(
        a_threat(harm="health", on=date(2019, 5, 1)), on=date(2019, 6, 1))),
    *((g.CLOSURE_GROUND, f"{harm} on the first day it is a ground", a_dossier(
        a_threat(ground, harm, on=date(2023, 12, 1)), on=date(2024, 1, 1)))
      for ground, harm in (("b", "violence"), ("c", "weapon"))),
    (g.CLOSURE_GROUND, "a second look on the same day", a_dossier(
        a_threat("b", "violence", on=date(2023, 6, 1)), a_threat(on=date(2023, 6, 1)),
        on=date(2023, 6, 2))),
    *((g.THREAT_ORIGIN, f"ground {ground}, {origin}", a_dossier(a_threat(ground, origin=origin)))
      for ground, found in CLOSURE_GROUNDS.items() for origin in sorted(found.origins)),
    *((g.NEVER_NOISE_ALONE, harm, a_dossier(a_threat(harm=harm)))
      for harm in ("safety", "health", "violence", "weapon", "drugs")),
    # --- facts verified --------------------------------------------------------------------------
    (g.PATTERN, "serious and repeated", a_dossier(a_pattern())),
    *((g.VERIFIED, f"seen by {by}", a_dossier(seen(by))) for by in sorted(OBJECTIVE_SOURCES)),
    (g.VERIFIED, "as many as the policy asks", a_dossier(
        seen("police"), seen("officer"), seen("video"), judging="behavioural_order",
        counts={SIGHTINGS: 3})),
    (g.VERIFIED, "more asked for an order than for a closure", a_dossier(
        seen("police"), judging="house_closure", counts={SIGHTINGS: 3})),
    (g.TIME_MATCHES, "no time reported", a_dossier(seen("police", time_of_day="day"))),
    (g.TIME_MATCHES, "a time nobody knows", a_dossier(a_pattern(time_of_day="unknown"))),
    (g.TIME_MATCHES, "at night, of what happens at night", a_dossier(
        NIGHTLY, seen("police", 3, time_of_day="night"), seen("police", time_of_day="day"))),
    *((g.GROUND_EVIDENCE, f"{by} for ground {ground}", a_dossier(a_threat(ground), seen(by)))
      for ground, found in CLOSURE_GROUNDS.items() for by in sorted(found.reports)),
    (g.BREACH_SEEN, "a breach after the order", a_dossier(PENALTY_ORDER, BREACH)),
    (g.BREACH_SEEN, "a breach on the day of the order", a_dossier(an_order(5), BREACH)),
    # --- heard -----------------------------------------------------------------------------------
    (g.HEARD, "told, then heard", a_dossier(INTENTION, HEARD, propose={})),
    (g.HEARD, "heard by word of mouth, without a letter", a_dossier(HEARD, propose={})),
    (g.HEARD, "heard on the closure too", a_dossier(
        INTENTION, done("closure_intention_sent", 5), HEARD, **CLOSING)),
    (g.HEARD, "heard on the day of the letter", a_dossier(
        INTENTION, done("views_heard", 14), propose={})),
    (g.HEARD, "heard again on the next order", a_dossier(
        INTENTION, an_order(5), HEARD, kind="order_announced", propose={})),
    *((g.HEARD, f"may be left out: {why}", a_dossier(propose={"hearing_skipped": why}))
      for why in sorted(HEARING_SKIPPED_BECAUSE)),
    (g.HEARD_AGAIN_BAN, "heard since", a_dossier(A_BAN, HEARD)),
    (g.HEARD_AGAIN_BAN, "heard on the day of the ban, after it", a_dossier(
        A_BAN, done("views_heard", 9))),
    (g.HEARD_AGAIN_CLOSURE, "heard since", a_dossier(A_CLOSURE, HEARD)),
    (g.HEARD_AGAIN_EMERGENCY, "heard since", a_dossier(AN_EMERGENCY, done("views_heard", 1))),
    (g.LIGHTER, "mediation failed", a_dossier(
        done("lighter_means_recorded", means="bemiddeling", result="mislukt"))),
    # --- own policy and advice followed ----------------------------------------------------------
    (g.WARNED, "a warning until today", a_dossier(a_warning(0))),
    (g.WARNED, "one lapsed, one not", a_dossier(a_warning(-5), a_warning(5))),
    (g.WARNED, "a short one lapsed, a longer one not", a_dossier(a_warning(5, 60), a_warning(-5))),
    (g.WARNED, "one after the one withdrawn", a_dossier(
        a_warning(5, 60), done("warning_withdrawn", 40), a_warning(5))),
    (g.WARNED, "two where the policy asks two", a_dossier(
        a_warning(5, 60), a_warning(5), counts={WARNINGS: 2})),
    (g.WARNED, "none where the policy asks none", a_dossier(counts={WARNINGS: 0})),
    (g.CARE_CONSULTED, "care answered", a_dossier(done("care_consult_answered"))),
    (g.LANDLORD_FIRST, "owned", a_dossier(done("dwelling_recorded", rental=False))),
    (g.LANDLORD_FIRST, "not known to be rented", a_dossier()),
    (g.LANDLORD_FIRST, "the landlord acted", a_dossier(
        done("dwelling_recorded", rental=True), done("landlord_step_recorded"))),
    (g.LANDLORD_FIRST, "where the policy does not ask it", a_dossier(
        done("dwelling_recorded", rental=True), landlord_first=False)),
    (g.NO_CARE_ON_OFFER, "none", a_dossier()),
    (g.POLICY_CHECKED, "followed", a_dossier(done("policy_checked", followed=True))),
    (g.POLICY_CHECKED, "not followed, and the check says why", a_dossier(
        done("policy_checked", followed=False, deviation_because="acute dreiging"))),
    (g.POLICY_CHECKED, "not followed, and the decision says why", a_dossier(
        done("policy_checked", followed=False), propose={"deviation_because": "acute dreiging"})),
    (g.ADVICE_FOLLOWED, "none was asked", a_dossier(propose={})),
    (g.ADVICE_FOLLOWED, "advised for", a_dossier(
        done("advice_received", adviser="GGD", favours=True), propose={})),
    (g.ADVICE_FOLLOWED, "an adviser who came round", a_dossier(
        done("advice_received", 5, adviser="GGD", favours=False),
        done("advice_received", adviser="GGD", favours=True), propose={})),
    (g.ADVICE_FOLLOWED, "advised against, and it says why", a_dossier(
        done("advice_received", adviser="GGD", favours=False),
        propose={"deviation_because": "de dreiging is sindsdien groter"})),
    (g.WARNING_WITHIN, "nine months to the day", limited(
        "warning.validity", "9 months", propose={"valid_until": date(2026, 12, 2)})),
    (g.WARNING_WITHIN, "where the policy says nothing", a_dossier(
        propose={"valid_until": date(2036, 1, 1)})),
    (g.ORDER_WITHIN, "a year to the day", limited(
        "behavioural_order.duration", "12 months", propose={"in_force_until": date(2027, 3, 2)})),
    (g.ORDER_WITHIN, "longer, and it says why", limited(
        "behavioural_order.duration", "12 months",
        propose={"in_force_until": date(2028, 1, 1), "deviation_because": "derde terugval"})),
    (g.CLOSURE_WITHIN, "three months to the day from when it begins", limited(
        "house_closure.duration", "3 months",
        propose={"effective_at": days(3), "until": date(2026, 6, 5)})),
    (g.CLOSURE_WITHIN, "a last moment on the last day, over the change of clocks", limited(
        "house_closure.duration", "3 months", propose={
            "effective_at": datetime(2026, 3, 5, 10, tzinfo=CET),
            "until": datetime(2026, 6, 5, 21, 59, tzinfo=UTC)})),
    # --- duration and housing --------------------------------------------------------------------
    (g.PROPORTIONATE, "motivated", a_dossier(propose={"duration_motivated": True})),
    (g.HOUSING, "looked into", a_dossier(done("housing_inquiry_recorded"))),
    (g.TEN_DAYS, "the tenth day", a_dossier(propose={"until": days(10)})),
    (g.TEN_DAYS, "the last moment of the tenth day", a_dossier(
        propose={"until": datetime(2026, 3, 12, 22, 59, tzinfo=UTC)})),
    (g.TEN_DAYS, "an hour less than 240, over the change to summer time", a_dossier(
        on=date(2026, 3, 24), propose={"until": datetime(2026, 4, 3, 21, 59, tzinfo=UTC)})),
    (g.TEN_DAYS, "an hour more than 240, over the change to winter time", a_dossier(
        on=date(2026, 10, 23), propose={"until": datetime(2026, 11, 2, 18, tzinfo=CET)})),
    (g.TEN_DAYS, "ends the day it began", a_dossier(propose={"until": TODAY})),
    (g.TEN_DAYS, "shorter", a_dossier(propose={"until": days(3)})),
    (g.FOUR_WEEKS, "four weeks to the day", a_dossier(
        A_BAN, propose={"until": A_BAN.on + timedelta(days=28)})),
    (g.FOUR_WEEKS, "a moment on the last day", a_dossier(
        A_BAN, propose={"until": datetime(2026, 3, 21, 23, 30, tzinfo=CET)})),
    # --- formal content --------------------------------------------------------------------------
    (g.WARNING_COMPLETE, "end and proof", a_dossier(
        propose={"valid_until": TODAY, "proof_of_delivery": "baliebon"})),
    (g.ORDER_COMPLETE, "coercion", a_dossier(propose=PENALTY | {"form": "coercion"})),
    (g.ORDER_COMPLETE, "a penalty", a_dossier(propose=PENALTY | {"amount": 500, "maximum": 5000})),
    (g.ORDER_TERM, "a day", a_dossier(propose={"compliance_until": TODAY})),
    (g.ORDER_TERM, "three days after the ruling", a_dossier(
        propose={"compliance_until": AfterEvent(Length.parse("3 days"), "ruling_received")})),
    (g.ORDER_TERM, "says why at once", a_dossier(propose={"at_once_because": "herhaling"})),
    (g.CONCRETE, "each can be tested", a_dossier(propose={"measures_concrete": True})),
    (g.OBJECTION_CLAUSE, "says how", a_dossier(propose={"objection_clause": True})),
    (g.HOME_WEIGHED, "weighed", a_dossier(propose={"home_weighed": True})),
    (g.CLOSURE_TERM, "time to act oneself", a_dossier(propose={"compliance_until": TODAY})),
    (g.CLOSURE_TERM, "says why not", a_dossier(propose={"urgent_because": "instorting"})),
    (g.OTHER_DECIDER, "another person", a_dossier(
        an_order(decided_by="wethouder"),
        propose={"against": "order", "decided_by": "burgemeester"})),
    (g.OTHER_DECIDER, "the authority itself", a_dossier(
        an_order(decided_by="burgemeester"),
        propose={"against": "order", "decided_by": "burgemeester", "in_person": True})),
    (g.OTHER_DECIDER, "whoever decided another measure", a_dossier(
        an_order(decided_by="wethouder"), done("house_ban_imposed", 5, decided_by="burgemeester"),
        propose={"against": "order", "decided_by": "burgemeester"})),
    (g.OTHER_DECIDER, "a decision that is not on record", a_dossier(
        propose={"against": "order", "decided_by": "wethouder"})),
]
# fmt: on


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
        a_pattern(days_ago=60),
        *(seen(by, n, what="noise") for n, by in enumerate(sorted(OBJECTIVE_SOURCES))),
        done("lighter_means_recorded", 50, means="bemiddeling", result="geen effect"),
        done("care_consult_answered", 40),
        a_warning(100),
        done("order_announced", 20, in_force_until=TODAY + timedelta(days=90)),
        done("breach_recorded", 2),
        INTENTION, HEARD,
        done("housing_inquiry_recorded", 1),
        by_law="2:79", signals=400,
    )  # fmt: skip


CALLED = [None, *((ground, harm) for ground in CLOSURE_GROUNDS for harm in ("noise", "quarrel"))]
EVERYTHING = frozenset(guard.key for guard in GUARDS)


@pytest.mark.parametrize("called", CALLED, ids=str)
def test_noise_alone_never_reaches_a_closed_house_whatever_it_is_called_and_whatever_is_waived(
    called,
):
    noisy = a_house_full_of_noise()
    threat = [a_threat(*called)] if called else []
    waived = replace(noisy, acts=(*noisy.acts, *threat), waived=EVERYTHING)
    house_closure = STAGES["house_closure"]
    for guards in (house_closure.guards, *(a.guards for a in house_closure.acts if a.coercive)):
        assert {g.CLOSURE_GROUND, g.NEVER_NOISE_ALONE} <= set(unmet(guards, waived))


def test_without_a_by_law_no_measure_of_the_by_law_can_be_taken():
    waived = a_dossier(by_law=None, waived=EVERYTHING)
    powers = [STAGES["warning"], STAGES["behavioural_order"], *(
        act for act in acts()
        if act.key in {"warning_delivered", "intention_sent", "order_announced",
                       "house_ban_imposed", "urgent_coercion"})]  # fmt: skip
    assert all(g.BY_LAW in unmet(power.guards, waived) for power in powers)


# --- waiving -------------------------------------------------------------------------------------


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: guard.key)
def test_a_policy_guard_can_be_waived_and_a_law_guard_never(guard):
    refused = next(dossier for by, _, dossier in REFUSED if by is guard)
    waived = replace(refused, waived=frozenset({guard.key}))
    by_law = guard.source.origin is Origin.LAW
    assert unmet([guard], waived) == ([guard] if by_law else [])
    assert not_waivable({guard.key}, [guard]) == ([guard.key] if by_law else [])
    assert guard.waived_by == (() if by_law else WAIVERS)


def test_whoever_directs_a_case_waives_nothing_in_it():
    assert not {"case_director", "case_worker", "enforcement_jurist", "care_worker"} & set(WAIVERS)


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


# --- what holds for every dossier ----------------------------------------------------------------

KINDS = sorted({act.key for act in acts()})
some_facts = st.fixed_dictionaries({}, optional={
    "by": st.sampled_from(["police", "officer", "neighbours", "sworn_report"]),
    "time_of_day": st.sampled_from(["day", "night", "unknown"]),
    "ground": st.sampled_from(sorted(CLOSURE_GROUNDS)),
    "harm": st.sampled_from(["safety", "noise"]),
    "effect": st.sampled_from(["stands", "suspended", "redated", "ended", "effects_kept"]),
    "against": st.sampled_from(["order", "closure", "house_ban"]),
    "until": st.dates(days(-90), days(90)), "valid_until": st.dates(days(-90), days(90)),
    "serious": st.booleans(), "repeated": st.booleans(), "form": st.just("penalty"),
})  # fmt: skip
some_acts = st.lists(
    st.builds(done, st.sampled_from(KINDS), st.integers(0, 400)).flatmap(
        lambda act: some_facts.map(lambda facts: Recorded(act.kind, act.on, facts))),
    max_size=12)  # fmt: skip


@given(some_acts, some_facts, st.sampled_from(KINDS))
def test_every_guard_judges_any_dossier_by_yes_or_no(recorded, facts, kind):
    dossier = a_dossier(*recorded, propose=facts, kind=kind)
    assert {guard.holds(dossier) for guard in GUARDS} <= {True, False}


@given(some_acts, st.sampled_from(sorted(OBJECTIVE_SOURCES)), st.integers(0, 400))
def test_one_more_objective_observation_never_makes_the_facts_less_verified(recorded, by, ago):
    before, after = a_dossier(*recorded), a_dossier(*recorded, seen(by, ago))
    for guard in (g.VERIFIED, g.TIME_MATCHES, g.GROUND_EVIDENCE):
        assert guard.holds(after) >= guard.holds(before)


@given(some_acts, st.sampled_from(AGAINST))
def test_an_outcome_that_changes_nothing_leaves_every_measure_as_it_was(recorded, against):
    upheld = done("ruling_received", 0, against=against, result="ongegrond")
    before, after = a_dossier(*recorded), a_dossier(*recorded, upheld)
    for guard in (g.BAN_STANDS, g.CLOSURE_STANDS, g.ORDER_NOT_SUSPENDED, g.ORDER_STOOD):
        assert guard.holds(after) == guard.holds(before)


@given(st.integers(-20, 60))
def test_a_house_ban_is_lawful_for_ten_days_and_not_one_more(length):
    assert g.TEN_DAYS.holds(a_dossier(propose={"until": days(length)})) == (0 <= length <= 10)


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
