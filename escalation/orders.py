"""The acts of a behavioural order: intention, order, breach, penalty, collection, urgent coercion.

Gemeentewet 151d with Awb title 5.3. Each act is several lines of law, so they have their own file.
"""

from escalation import guards as g
from escalation import neutral
from escalation.promised import OBJECTION, VIEWS_IN, reviewed
from escalation.shape import Act, Checkpoint
from escalation.terms import Kind
from escalation.text import Text, law, policy, proposal

# fmt: off
ORDER_ACTS = (
    Act("intention_sent", Text("voornemen verstuurd", "intention sent"),
        fields=("views_until", "measures", "form", "letter_date"), needs=("views_until",),
        guards=(g.BY_LAW, g.PATTERN, g.VERIFIED, g.LIGHTER), coercive=True,
        starts=(VIEWS_IN,)),
    Act("order_announced", Text("last bekendgemaakt", "order announced"),
        fields=("form", "measures", "measures_concrete", "amount", "maximum", "compliance_until",
                "at_once_because", "objection_clause", "in_force_until", "duration",
                "duration_motivated", "home_weighed", "breach", "deviation_because",
                "hearing_skipped", "urgent_because", "letter_date", "decided_by"),
        needs=("form", "measures", "decided_by"),
        guards=(g.BY_LAW, g.NO_OTHER_SANCTION, g.PATTERN, g.VERIFIED, g.TIME_MATCHES, g.HEARD,
                g.LIGHTER, g.POLICY_CHECKED, g.ORDER_WITHIN, g.ADVICE_FOLLOWED, g.PROPORTIONATE,
                g.ORDER_COMPLETE, g.CONCRETE, g.ORDER_TERM, g.HOME_WEIGHED, g.OBJECTION_CLAUSE),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("complied", Text("Is binnen de gegeven termijn voldaan?",
                                        "Was the order complied with in the time given?"),
                       Kind.DECISION_SET, law("Awb 5:24(2), 5:32a(2)"),
                       from_fact="compliance_until", outlives=True, outside=neutral.RESULT),
            reviewed("evaluated", "Wordt de last nageleefd?", "Is the order obeyed?"),
            reviewed("evaluated_again", "Wordt de last nog nageleefd?",
                     "Is the order still obeyed?"),
            Checkpoint("order_ends", Text("De last loopt af; wat is nu nodig?",
                                          "The order runs out; what is needed now?"),
                       Kind.EFFECT_PERIOD, policy("duur in de last"), from_fact="in_force_until",
                       outlives=True, outside=neutral.ENDS)),
        ends=("views_in",)),
    Act("order_withdrawn", Text("last ingetrokken", "order withdrawn"), fields=("reason",),
        follows=("order_announced",),
        ends=("complied", "evaluated", "evaluated_again", "order_ends")),
    Act("breach_recorded", Text("overtreding vastgesteld", "breach recorded"),
        fields=("observer", "at_place"), needs=("observer", "at_place")),
    Act("penalty_forfeited", Text("dwangsom verbeurd", "penalty forfeited"),
        fields=("amount",), needs=("amount",), follows=("order_announced",),
        guards=(g.ORDER_STOOD, g.ORDER_NOT_SUSPENDED, g.BREACH_SEEN,
                g.WITHIN_AMOUNTS), coercive=True,
        starts=(
            Checkpoint("paid", Text("Is de dwangsom betaald?", "Was the penalty paid?"),
                       Kind.STATUTORY, law("Awb 5:33"), length="6 weeks",
                       answered_by=("penalty_paid",), outlives=True, outside=neutral.RESULT),
            Checkpoint("collection_lapses", Text("De bevoegdheid tot invorderen verjaart.",
                                                 "The power to collect lapses."),
                       Kind.STATUTORY, law("Awb 5:35"), length="1 year",
                       answered_by=("penalty_paid",), outlives=True,
                       outside=neutral.ENDS))),
    Act("collection_decided", Text("invordering besloten", "collection decided"),
        fields=("amount", "objection_clause", "deviation_because", "letter_date", "decided_by"),
        needs=("amount", "decided_by"), follows=("penalty_forfeited",),
        guards=(g.POWER_TO_COLLECT, g.ORDER_NOT_SUSPENDED, g.BREACH_SEEN, g.ADVICE_FOLLOWED,
                g.WITHIN_AMOUNTS, g.OBJECTION_CLAUSE), coercive=True,
        starts=(OBJECTION,)),
    Act("penalty_paid", Text("dwangsom betaald", "penalty paid"), fields=("amount",),
        follows=("penalty_forfeited",)),
    Act("urgent_coercion", Text("spoedbestuursdwang", "urgent coercion"),
        fields=("urgent_because", "measures", "measures_concrete", "breach", "hearing_skipped",
                "duration_motivated", "deviation_because", "decided_by"),
        needs=("measures", "decided_by"),
        guards=(g.BY_LAW, g.NO_OTHER_SANCTION, g.URGENT, g.VERIFIED, g.TIME_MATCHES, g.HEARD,
                g.LIGHTER, g.POLICY_CHECKED, g.ADVICE_FOLLOWED, g.PROPORTIONATE, g.CONCRETE),
        coercive=True,
        starts=(
            Checkpoint("decision_written",
                       Text("Is het besluit over de spoedbestuursdwang op schrift?",
                            "Is the decision on the urgent coercion in writing?"),
                       Kind.POLICY, proposal("Awb 5:31: zo spoedig mogelijk"),
                       answered_by=("urgent_decision_announced",), outlives=True,
                       outside=neutral.DECISION),)),
    Act("urgent_decision_announced", Text("besluit op spoed bekendgemaakt",
                                          "decision on urgency announced"),
        fields=("objection_clause", "letter_date", "decided_by"), needs=("decided_by",),
        follows=("urgent_coercion",), guards=(g.OBJECTION_CLAUSE,), coercive=True,
        starts=(OBJECTION,)),
)
# fmt: on
