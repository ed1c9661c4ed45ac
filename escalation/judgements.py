"""How the guards judge: from recorded acts and stated facts alone, each a function of a dossier."""

from collections.abc import Callable
from datetime import timedelta

from escalation.dossier import Dossier, Recorded
from escalation.events import AfterEvent
from escalation.standing import (
    DECISIONS,
    MEASURES,
    end_of,
    in_force,
    longest,
    since,
    standing,
    suspended,
)

Judgement = Callable[[Dossier], bool]
OBJECTIVE_SOURCES = {"officer", "police", "fire_brigade", "measurement", "video", "sworn_report"}
TEN_DAYS, FOUR_WEEKS = timedelta(days=10), timedelta(weeks=4)


def has(kind: str, **facts: object) -> Judgement:
    return lambda d: d.has(kind, **facts)


def states(*names: str) -> Judgement:
    """Every one of these facts is stated, and not as no, empty or nothing."""
    return lambda d: all(bool(d.stated(name)) for name in names)


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


# --- facts verified -------------------------------------------------------------------------------


def serious_and_repeated(d: Dossier) -> bool:
    """As it was last established: what was serious once may be so no longer."""
    pattern = d.last("pattern_established")
    return pattern is not None and bool(
        pattern.facts.get("serious") and pattern.facts.get("repeated")
    )


def verified(d: Dossier) -> bool:
    """As many objective observations as the municipality's policy wants; one when it is silent."""
    return len(_objective(d)) >= d.counts.get(f"{d.judging}.observations", 1)


def looked_when_it_happens(d: Dossier) -> bool:
    """An objective observation was made at the time of day the nuisance is reported at, if any."""
    pattern = d.last("pattern_established")
    when = pattern.facts.get("time_of_day") if pattern else None
    if when in {None, "unknown"}:
        return True
    return any(act.facts.get("time_of_day") == when for act in _objective(d))


def _objective(d: Dossier) -> list[Recorded]:
    seen = d.recorded("observation_recorded")
    return [act for act in seen if act.facts.get("by") in OBJECTIVE_SOURCES]


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


# --- duration and housing -------------------------------------------------------------------------


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


def housed_since(measure: str) -> Judgement:
    """Where the residents can go was looked into since the measure was imposed or last extended."""

    def judge(d: Dossier) -> bool:
        last = d.last(*MEASURES[measure].begun_by)
        done = since(d, last) if last else d.acts
        return any(act.kind == "housing_inquiry_recorded" for act in done)

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
