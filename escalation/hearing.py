"""Whether the person was heard before a decision, and again before it is extended (Awb 4:8)."""

from escalation.dossier import Dossier
from escalation.judgements import Judgement
from escalation.standing import MEASURES, resolved, since

HEARING_SKIPPED_BECAUSE = {"urgency", "heard_before_nothing_new", "goal_needs_surprise"}  # Awb 4:11
INTENTIONS = ("intention_sent", "closure_intention_sent")


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


def heard_since(measure: str) -> Judgement:
    """Since the measure was imposed or last extended."""
    return lambda d: d.has("views_heard") and _heard_after(d, *MEASURES[measure].begun_by)


def _let_pass(d: Dossier, intention: str, decision: str) -> bool:
    """Whether the time for views on the last intention is over, which no such decision followed."""
    sent = d.last(intention)
    if sent is None or any(act.kind == decision for act in since(d, sent)):
        return False
    return resolved(d, sent, sent.facts.get("views_until")) < d.today


def _heard_after(d: Dossier, *kinds: str) -> bool:
    earlier = d.last(*kinds)
    return earlier is None or any(act.kind == "views_heard" for act in since(d, earlier))
