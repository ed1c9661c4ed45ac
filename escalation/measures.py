"""The acts of the three coercive stages, with the guards that judge them and the terms they start.

Kept beside the path table because each act is several lines of law.
"""

from escalation import guards as g
from escalation import neutral
from escalation.shape import Act, Checkpoint
from escalation.terms import Kind
from escalation.text import Text, law, policy, proposal

# fmt: off
OBJECTION = Checkpoint(
    "objection", Text("Is er bezwaar gemaakt?", "Was an objection made?"),
    Kind.STATUTORY, law("Awb 6:7, 6:8(1)"), length="6 weeks",
    answered_by=("objection_received",), outlives=True, outside=neutral.ANSWER)

VIEWS_IN = Checkpoint(
    "views_in", Text("Is de zienswijze binnen en gewogen?", "Are the views in, and weighed?"),
    Kind.DECISION_SET, policy("termijn in de brief (Awb 4:8, 4:9)"), from_fact="views_until",
    answered_by=("views_heard",), outside=neutral.ANSWER)

WARNING_ACTS = (
    Act("warning_delivered", Text("waarschuwing uitgereikt", "warning delivered"),
        fields=("valid_until", "proof_of_delivery", "norm", "expected", "facts_with_dates"),
        needs=("valid_until", "proof_of_delivery"),
        guards=(g.PATTERN, g.LIGHTER, g.WARNING_COMPLETE), coercive=True,
        starts=(
            Checkpoint("observed", Text("Is de overlast gestopt na de waarschuwing?",
                                        "Has the nuisance stopped since the warning?"),
                       Kind.POLICY, proposal(), outside=neutral.RESULT),
            Checkpoint("warning_lapses", Text("De waarschuwing vervalt; is een nieuwe nodig?",
                                              "The warning lapses; is a new one needed?"),
                       Kind.DECISION_SET, policy("RVS:2024:1054"), from_fact="valid_until",
                       outlives=True, outside=neutral.ENDS))),
)

BEHAVIOURAL_ORDER_ACTS = (
    Act("intention_sent", Text("voornemen verstuurd", "intention sent"),
        fields=("views_until", "measures", "form"), needs=("views_until",),
        guards=(g.BY_LAW, g.PATTERN, g.VERIFIED, g.LIGHTER), coercive=True,
        starts=(VIEWS_IN,)),
    Act("order_announced", Text("last bekendgemaakt", "order announced"),
        fields=("form", "measures", "amount", "maximum", "compliance_until", "objection_clause",
                "duration", "in_force_until", "duration_motivated", "hearing_skipped",
                "urgent_because", "decided_by"),
        needs=("form", "measures", "objection_clause", "decided_by"),
        guards=(g.BY_LAW, g.NO_OTHER_SANCTION, g.PATTERN, g.VERIFIED, g.HEARD, g.LIGHTER,
                g.PROPORTIONATE, g.ORDER_COMPLETE),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("complied", Text("Is binnen de gegeven termijn voldaan?",
                                        "Was the order complied with in the time given?"),
                       Kind.DECISION_SET, law("Awb 5:24(2), 5:32a(2)"),
                       from_fact="compliance_until", outlives=True, outside=neutral.RESULT),
            Checkpoint("evaluated", Text("Wordt de last nageleefd?", "Is the order obeyed?"),
                       Kind.POLICY, proposal(), outside=neutral.RESULT),
            Checkpoint("evaluated_again", Text("Wordt de last nog nageleefd?",
                                               "Is the order still obeyed?"),
                       Kind.POLICY, proposal(), outside=neutral.RESULT),
            Checkpoint("order_ends", Text("De last loopt af; wat is nu nodig?",
                                          "The order runs out; what is needed now?"),
                       Kind.EFFECT_PERIOD, policy("duur in de last"), from_fact="in_force_until",
                       outlives=True, outside=neutral.ENDS)),
        ends=("views_in", "prepared")),
    Act("urgent_coercion", Text("spoedbestuursdwang", "urgent coercion"),
        fields=("urgent_because", "measures", "duration_motivated", "decided_by"),
        needs=("urgent_because", "decided_by"),
        guards=(g.BY_LAW, g.URGENT, g.VERIFIED, g.PROPORTIONATE), coercive=True,
        starts=(OBJECTION,)),
    Act("order_withdrawn", Text("last ingetrokken", "order withdrawn"), fields=("reason",),
        ends=("complied", "evaluated", "evaluated_again", "order_ends")),
    Act("breach_recorded", Text("overtreding vastgesteld", "breach recorded"),
        fields=("observer", "at_place"), needs=("observer",)),
    Act("penalty_forfeited", Text("dwangsom verbeurd", "penalty forfeited"),
        fields=("amount",), needs=("amount",), guards=(g.VERIFIED,), coercive=True,
        starts=(
            Checkpoint("paid", Text("Is de dwangsom betaald?", "Was the penalty paid?"),
                       Kind.STATUTORY, law("Awb 5:33"), length="6 weeks",
                       answered_by=("penalty_paid",), outlives=True, outside=neutral.RESULT),
            Checkpoint("collection_lapses", Text("De bevoegdheid tot invorderen verjaart.",
                                                 "The power to collect lapses."),
                       Kind.STATUTORY, law("Awb 5:35"), length="1 year",
                       answered_by=("penalty_paid", "collection_decided"), outlives=True,
                       outside=neutral.ENDS))),
    Act("collection_decided", Text("invordering besloten", "collection decided"),
        fields=("amount", "decided_by"), guards=(g.VERIFIED,), coercive=True,
        starts=(OBJECTION,)),
    Act("penalty_paid", Text("dwangsom betaald", "penalty paid"), fields=("amount",)),
    Act("house_ban_imposed", Text("huisverbod opgelegd", "house ban imposed"),
        fields=("until", "adult", "duration_motivated", "contact_address_asked", "counsel_wish",
                "hearing_skipped", "decided_by", "urgent_because"),
        needs=("until", "adult", "decided_by"),
        guards=(g.BY_LAW, g.ADULT, g.PATTERN, g.VERIFIED, g.HEARD, g.LIGHTER, g.HOUSING,
                g.PROPORTIONATE),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("ban_heard", Text("Is de persoon door de rechter gehoord?",
                                         "Was the person heard by the court?"),
                       Kind.STATUTORY, law("Wth 6(1)"), length="3 days",
                       answered_by=("hearing_held",), outlives=True, outside=neutral.DONE),
            Checkpoint("ban_extension", Text("Wordt het huisverbod verlengd?",
                                             "Will the house ban be extended?"),
                       Kind.POLICY, proposal(), answered_by=("house_ban_extended",),
                       outside=neutral.DECISION),
            Checkpoint("ban_ends", Text("Het huisverbod eindigt; is de terugkeer geregeld?",
                                        "The house ban ends; is the return arranged?"),
                       Kind.EFFECT_PERIOD, law("Gemeentewet 151d(3), Wth 2(1), 13"),
                       from_fact="until", outlives=True, outside=neutral.ENDS))),
    Act("house_ban_extended", Text("huisverbod verlengd", "house ban extended"),
        fields=("until", "duration_motivated", "decided_by"), needs=("until", "decided_by"),
        guards=(g.HEARD_AGAIN_BAN, g.FOUR_WEEKS, g.PROPORTIONATE), coercive=True,
        starts=(OBJECTION,
                Checkpoint("ban_ends", Text("Het huisverbod eindigt; is de terugkeer geregeld?",
                                            "The house ban ends; is the return arranged?"),
                           Kind.EFFECT_PERIOD, law("Gemeentewet 151d(3), Wth 9(1), 13"),
                           from_fact="until", outlives=True, outside=neutral.ENDS)),
        ends=("ban_ends", "ban_extension")),
    Act("house_ban_ended", Text("huisverbod geëindigd", "house ban ended"), fields=("reason",),
        ends=("ban_ends", "ban_extension", "ban_heard")),
)

CLOSURE_ENDS = Checkpoint(
    "closure_ends", Text("De sluiting eindigt; kan de woning weer open?",
                         "The closure ends; can the house be reopened?"),
    Kind.EFFECT_PERIOD, policy("einde in het besluit (Gemeentewet 174a)"), from_fact="until",
    answered_by=("house_reopened",), outlives=True, outside=neutral.ENDS)

HOUSE_CLOSURE_ACTS = (
    Act("closure_intention_sent", Text("voornemen tot sluiting verstuurd",
                                       "intention to close sent"),
        fields=("views_until",), needs=("views_until",),
        guards=(g.CLOSURE_GROUND, g.VERIFIED, g.LIGHTER), coercive=True, starts=(VIEWS_IN,)),
    Act("closure_announced", Text("sluiting bekendgemaakt", "closure announced"),
        fields=("effective_at", "until", "compliance_until", "urgent_because", "hearing_skipped",
                "duration_motivated", "objection_clause", "decided_by"),
        needs=("effective_at", "until", "decided_by"),
        guards=(g.CLOSURE_GROUND, g.SWORN, g.HEARD, g.LIGHTER, g.HOUSING, g.PROPORTIONATE,
                g.CLOSURE_TERM),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("takes_effect", Text("De sluiting gaat in; is zij uitgevoerd?",
                                            "The closure takes effect; was it carried out?"),
                       Kind.EFFECT_PERIOD, policy("ingang in het besluit"),
                       from_fact="effective_at", answered_by=("house_closed",),
                       outside=neutral.DONE),
            Checkpoint("evaluated", Text("Is sluiten nog nodig, of kan de woning eerder open?",
                                         "Is closure still needed, or can the house reopen?"),
                       Kind.POLICY, proposal(), outside=neutral.RESULT),
            CLOSURE_ENDS),
        ends=("prepared", "views_in")),
    Act("house_closed", Text("woning gesloten", "house closed"), fields=("seal", "keys")),
    Act("closure_shortened", Text("sluiting verkort", "closure shortened"),
        fields=("until", "reason"), needs=("until", "reason"),
        starts=(CLOSURE_ENDS,), ends=("closure_ends", "evaluated")),
    Act("closure_extended", Text("sluiting verlengd", "closure extended"),
        fields=("until", "duration_motivated", "decided_by"), needs=("until", "decided_by"),
        guards=(g.CLOSURE_GROUND, g.HEARD_AGAIN_CLOSURE, g.HOUSING, g.PROPORTIONATE),
        coercive=True, starts=(OBJECTION, CLOSURE_ENDS), ends=("closure_ends",)),
    Act("house_reopened", Text("woning heropend", "house reopened"), fields=("reason",),
        ends=("takes_effect", "evaluated")),
)
# fmt: on
