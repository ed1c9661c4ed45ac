"""Penalties: whether one is forfeited, how much of it, and whether it may still be collected."""

from datetime import date

from escalation.dossier import Dossier, Recorded
from escalation.events import AfterEvent
from escalation.standing import MEASURES, ended_since, longest, resolved, since, standing
from escalation.terms import Length, Unit

A_YEAR = Length(1, Unit.YEARS)


def penalty_order_stood(d: Dossier) -> bool:
    return any(order.facts.get("form") == "penalty" for order in standing(d, MEASURES["order"]))


def power_to_collect(d: Dossier) -> bool:
    """Awb 5:35: within a year of forfeiture; of an order that was undone nothing is owed."""
    forfeited = d.last("penalty_forfeited")
    if forfeited is None or ended_since(d, MEASURES["order"], forfeited):
        return False
    return d.today <= longest(forfeited.on, A_YEAR)


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


def _term_over(d: Dossier, order: Recorded) -> date:
    """The last day on which the order need not be complied with yet."""
    term = order.facts.get("compliance_until")
    at_once = term is None or (isinstance(term, AfterEvent) and term.itself)
    return date.min if at_once else resolved(d, order, term)
