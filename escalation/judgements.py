"""How the guards judge: from recorded acts and stated facts alone, each a function of a dossier."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from escalation.dossier import Dossier, Recorded
from escalation.events import AfterEvent
from escalation.standing import (
    DECISIONS,
    MEASURES,
    end_of,
    ended_since,
    in_force,
    longest,
    resolved,
    since,
    standing,
    suspended,
)
from escalation.terms import Length, Unit

Judgement = Callable[[Dossier], bool]
OBJECTIVE_SOURCES = {"officer", "police", "fire_brigade", "measurement", "video", "sworn_report"}
HEARING_SKIPPED_BECAUSE = {"urgency", "heard_before_nothing_new", "goal_needs_surprise"}  # Awb 4:11
INTENTIONS = ("intention_sent", "closure_intention_sent")
BANS = ("house_ban_imposed", "house_ban_extended")
CLOSURES = ("closure_announced", "closure_extended")
EMERGENCIES = ("emergency_order_given", "emergency_order_extended")
TEN_DAYS, FOUR_WEEKS = timedelta(days=10), timedelta(weeks=4)
A_YEAR = Length(1, Unit.YEARS)


@dataclass(frozen=True, slots=True)
class ClosureGround:
    """A ground for closing a house: the harm it speaks of, where that comes from, since when it is
    law, and which reports show it."""

    harms: frozenset[str]
    origins: frozenset[str]
    reports: frozenset[str]
    since: date = date.min


_SWORN, _REPORTED = frozenset({"sworn_report"}), frozenset({"sworn_report", "police"})
_IN_OR_NEAR = frozenset({"dwelling", "near_dwelling"})
# Gemeentewet 174a(1), its b and c since 2024, and Opiumwet 13b. Noise is in none of them.
CLOSURE_GROUNDS = {
    "a": ClosureGround(frozenset({"safety", "health"}), frozenset({"dwelling"}), _SWORN),
    "b": ClosureGround(frozenset({"violence"}), _IN_OR_NEAR, _REPORTED, date(2024, 1, 1)),
    "c": ClosureGround(frozenset({"weapon"}), _IN_OR_NEAR, _REPORTED, date(2024, 1, 1)),
    "13b": ClosureGround(frozenset({"drugs"}), _IN_OR_NEAR, _REPORTED),
}
HARMLESS_TO_CLOSE = {"noise", "quarrel"}  # they harm living comfort, not safety or health


def has(kind: str, **facts: object) -> Judgement:
    return lambda d: d.has(kind, **facts)


def states(*names: str) -> Judgement:
    """Every one of these facts is stated, and not as no, empty or nothing."""
    return lambda d: all(bool(d.stated(name)) for name in names)


def states_one_of(*names: str) -> Judgement:
    return lambda d: any(bool(d.stated(name)) for name in names)


def stands(measure: str) -> Judgement:
    return lambda d: in_force(d, MEASURES[measure])


def not_suspended(measure: str) -> Judgement:
    return lambda d: not suspended(d, MEASURES[measure])


# --- legal ground ---------------------------------------------------------------------------------


def no_other_sanction(d: Dossier) -> bool:
    """Awb 5:6; an order for another breach, when both say which, is another matter."""
    breach = d.stated("breach")
    known = [order.facts.get("breach") for order in standing(d, MEASURES["order"])]
    return all(breach and other and breach != other for other in known)


def penalty_order_stood(d: Dossier) -> bool:
    return any(order.facts.get("form") == "penalty" for order in standing(d, MEASURES["order"]))


def power_to_collect(d: Dossier) -> bool:
    """Awb 5:35: within a year of forfeiture; of an order that was undone nothing is owed."""
    forfeited = d.last("penalty_forfeited")
    if forfeited is None or ended_since(d, MEASURES["order"], forfeited):
        return False
    return d.today <= longest(forfeited.on, A_YEAR)


def threat(d: Dossier) -> Recorded | None:
    return d.last("threat_established")


def ground_of(found: Recorded) -> ClosureGround | None:
    return CLOSURE_GROUNDS.get(str(found.facts.get("ground")))


def closure_ground(d: Dossier) -> bool:
    found = threat(d)
    ground = ground_of(found) if found else None
    return bool(found and ground and d.today >= ground.since and
                found.facts.get("harm") in ground.harms)  # fmt: skip


def comes_from_there(d: Dossier) -> bool:
    found = threat(d)
    ground = ground_of(found) if found else None
    return bool(found and ground and found.facts.get("origin") in ground.origins)


def more_than_noise(d: Dossier) -> bool:
    found = threat(d)
    return found is not None and found.facts.get("harm") not in {None, *HARMLESS_TO_CLOSE}


# --- facts verified -------------------------------------------------------------------------------


def serious_and_repeated(d: Dossier) -> bool:
    """As it was last established: what was serious once may be so no longer."""
    pattern = d.last("pattern_established")
    return pattern is not None and bool(
        pattern.facts.get("serious") and pattern.facts.get("repeated")
    )


def verified(d: Dossier) -> bool:
    """As many objective observations as the municipality's policy wants; one when it is silent."""
    seen = [a for a in d.recorded("observation_recorded") if a.facts.get("by") in OBJECTIVE_SOURCES]
    return len(seen) >= d.counts.get(f"{d.judging}.observations", 1)


def looked_when_it_happens(d: Dossier) -> bool:
    """An objective observation was made at the time of day the nuisance is reported at, if any."""
    pattern = d.last("pattern_established")
    when = pattern.facts.get("time_of_day") if pattern else None
    if when in {None, "unknown"}:
        return True
    return any(
        act.facts.get("time_of_day") == when
        for act in d.recorded("observation_recorded")
        if act.facts.get("by") in OBJECTIVE_SOURCES
    )


def reported_for_its_ground(d: Dossier) -> bool:
    found = threat(d)
    ground = ground_of(found) if found else None
    sources = {act.facts.get("by") for act in d.recorded("observation_recorded")}
    return bool(ground and sources & ground.reports)


def breach_after_order(d: Dossier) -> bool:
    """A breach after the order and its term to comply, for which no penalty was forfeited yet."""
    order = d.last("order_announced")
    if order is None:
        return False
    later = since(d, order)
    breaches = [a for a in later if a.kind == "breach_recorded" and a.on > _term_over(d, order)]
    forfeited = [a for a in later if a.kind == "penalty_forfeited"]
    forfeiting = d.proposed is not None and d.proposed.kind == "penalty_forfeited"
    return bool(breaches) and len(breaches) >= len(forfeited) + forfeiting


def _term_over(d: Dossier, order: Recorded) -> date:
    """The last day on which the order need not be complied with yet."""
    term = order.facts.get("compliance_until")
    at_once = term is None or (isinstance(term, AfterEvent) and term.itself)
    return date.min if at_once else resolved(d, order, term)


def within_amounts(d: Dossier) -> bool:
    """No more is forfeited than the order's maximum, and no more collected than was forfeited."""
    order = d.last("order_announced")
    if order is None or d.proposed is None:
        return False
    forfeited = sum(
        a.facts.get("amount") or 0 for a in since(d, order) if a.kind == "penalty_forfeited"
    )
    amount = d.stated("amount") or 0
    if d.proposed.kind != "penalty_forfeited":
        return bool(amount <= forfeited)
    maximum = order.facts.get("maximum")
    return maximum is None or bool(forfeited + amount <= maximum)


# --- heard ----------------------------------------------------------------------------------------


def heard(d: Dossier) -> bool:
    """On every intention, a closure's own among them, and since the last decision of this kind.

    Awb 4:8 asks for the opportunity: who lets the time for views pass was heard. Where no intention
    was sent at all, being heard by word of mouth is enough (Awb 4:9).
    """
    if d.stated("hearing_skipped") in HEARING_SKIPPED_BECAUSE:
        return True
    kind = d.proposed.kind if d.proposed else ""
    sent = [intention for intention in INTENTIONS if d.has(intention)]
    if sent and kind == "closure_announced" and "closure_intention_sent" not in sent:
        return False
    if sent and all(_let_pass(d, intention, kind) for intention in sent):
        return True
    told = d.has("views_heard") and all(d.happened_after("views_heard", k) for k in sent)
    return told and _heard_after(d, kind)


def _let_pass(d: Dossier, intention: str, decision: str) -> bool:
    """Whether the time for views on the last intention is over, which no such decision followed."""
    sent = d.last(intention)
    if sent is None or any(act.kind == decision for act in since(d, sent)):
        return False
    return resolved(d, sent, sent.facts.get("views_until")) < d.today


def housed_since(*measures: str) -> Judgement:
    """Where the residents can go was looked into after the last of these."""

    def judge(d: Dossier) -> bool:
        last = d.last(*measures)
        done = since(d, last) if last else d.acts
        return any(act.kind == "housing_inquiry_recorded" for act in done)

    return judge


def heard_since(*measures: str) -> Judgement:
    return lambda d: d.has("views_heard") and _heard_after(d, *measures)


def _heard_after(d: Dossier, *kinds: str) -> bool:
    earlier = d.last(*kinds)
    return earlier is None or any(act.kind == "views_heard" for act in since(d, earlier))


# --- own policy and advice ------------------------------------------------------------------------


def warned(d: Dossier) -> bool:
    """As many warnings as the policy wants; one that lapsed or was withdrawn counts for nothing."""
    wanted = d.counts.get("behavioural_order.warnings", 1)
    return len(standing(d, MEASURES["warning"])) >= wanted


def landlord_first(d: Dossier) -> bool:
    rented = d.has("dwelling_recorded", rental=True)
    return not (d.landlord_first and rented) or d.has("landlord_step_recorded")


def policy_checked(d: Dossier) -> bool:
    """Somebody compared the measure with the municipality's policy; a deviation is motivated."""
    check = d.last("policy_checked")
    if check is None:
        return False
    return check.facts.get("followed") is True or bool(
        check.facts.get("deviation_because") or d.stated("deviation_because")
    )


def advice_followed(d: Dossier) -> bool:
    """The last word of every adviser is in favour, or it is said why that is not followed."""
    said = {act.facts.get("adviser"): act for act in d.recorded("advice_received")}
    if all(advice.facts.get("favours") is True for advice in said.values()):
        return True
    return bool(d.stated("deviation_because"))


def within_own_limit(limit: str, until: str, since: str | None = None) -> Judgement:
    """The measure ends within what the policy allows, or says why it is longer."""

    def judge(d: Dossier) -> bool:
        longest_allowed = d.limits.get(limit)
        if longest_allowed is None or d.stated("deviation_because"):
            return True
        start = d.stated(since) if since else None
        begins = end_of(start) if start and not isinstance(start, AfterEvent) else d.today
        return end_of(d.stated(until)) <= longest(begins, longest_allowed)

    return judge


# --- duration -------------------------------------------------------------------------------------


def at_most(length: timedelta, since: str | None = None) -> Judgement:
    """The ban ends within `length` of its imposition: the first ban's own day, or that of `since`.

    In civil days, because the law says days and weeks.
    """

    def judge(d: Dossier) -> bool:
        begun = d.last(since) if since else d.proposed
        until = d.stated("until")
        if begun is None or until is None or isinstance(until, AfterEvent):
            return False
        return begun.on <= end_of(until) <= begun.on + length

    return judge


# --- formal content -------------------------------------------------------------------------------


def mayor_decides(d: Dossier) -> bool:
    decider = str(d.stated("decided_by") or "").casefold()
    return "burgemeester" in decider or "mayor" in decider


def term_given(reason: str) -> Judgement:
    """A term to comply that is not over before it begins, or the reason why there is none."""

    def judge(d: Dossier) -> bool:
        until = d.stated("compliance_until")
        return bool(d.stated(reason)) or (bool(until) and end_of(until) >= d.today)

    return judge


def order_complete(d: Dossier) -> bool:
    if not d.stated("measures") or d.stated("form") not in {"penalty", "coercion"}:
        return False
    return d.stated("form") != "penalty" or bool(d.stated("amount") and d.stated("maximum"))


def other_decider(d: Dossier) -> bool:
    """Awb 10:3(3): whoever took the decision under mandate does not decide on the objection."""
    if d.stated("in_person") is True:
        return True
    first = d.last(*_objected_to(d))
    if first is None:
        return True
    decided_by, before = d.stated("decided_by"), str(first.facts.get("decided_by"))
    return bool(decided_by) and str(decided_by).casefold() != before.casefold()


def _objected_to(d: Dossier) -> tuple[str, ...]:
    """The acts that make what is objected to: as the decision names it, else as the objection did;
    when neither does, whatever can be objected to."""
    received = d.last("objection_received")
    said = d.stated("against") or (received.facts.get("against") if received else None)
    return DECISIONS.get(str(said), tuple(kind for kinds in DECISIONS.values() for kind in kinds))
