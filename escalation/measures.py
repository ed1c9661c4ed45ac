"""The acts of the three coercive stages, and which of the seven questions an act is not asked.

Every coercive act is judged by each of the seven families, or NOT_ASKED says why one is left out.
"""

from escalation import guards as g
from escalation import neutral
from escalation.closures import HOUSE_CLOSURE_ACTS
from escalation.house_bans import HOUSE_BAN_ACTS
from escalation.orders import ORDER_ACTS
from escalation.promised import reviewed
from escalation.shape import Act, Checkpoint, Family
from escalation.terms import Kind
from escalation.text import Text, policy

# fmt: off
WARNING_ACTS = (
    Act("warning_delivered", Text("waarschuwing uitgereikt", "warning delivered"),
        fields=("valid_until", "proof_of_delivery", "norm", "expected", "facts_with_dates",
                "deviation_because", "letter_date"),
        needs=("valid_until",),
        guards=(g.BY_LAW, g.PATTERN, g.LIGHTER, g.WARNING_WITHIN, g.WARNING_COMPLETE),
        coercive=True,
        starts=(
            reviewed("observed", "Is de overlast gestopt na de waarschuwing?",
                     "Has the nuisance stopped since the warning?"),
            Checkpoint("warning_lapses", Text("De waarschuwing vervalt; is een nieuwe nodig?",
                                              "The warning lapses; is a new one needed?"),
                       Kind.DECISION_SET, policy("RVS:2024:1054"), from_fact="valid_until",
                       outlives=True, outside=neutral.ENDS))),
    Act("warning_withdrawn", Text("waarschuwing ingetrokken", "warning withdrawn"),
        fields=("reason",), follows=("warning_delivered",), ends=("observed", "warning_lapses")),
)

BEHAVIOURAL_ORDER_ACTS = (*ORDER_ACTS, *HOUSE_BAN_ACTS)

_NO_DECISION = Text("nog geen besluit: dit wordt aan het besluit zelf gevraagd",
                    "no decision yet: this is asked of the decision itself")
_WARNING = Text("een waarschuwing is geen besluit (RVS:2024:1054)",
                "a warning is not a decision (RVS:2024:1054)")
_FORFEITED = Text("een dwangsom verbeurt van rechtswege; dit is aan de last gevraagd",
                  "a penalty is forfeited by law; this was asked of the order")
_WRITTEN_DOWN = Text("schrijft op wat al is beoordeeld toen er spoed was (Awb 5:31(2))",
                     "writes down what was judged when it was urgent (Awb 5:31(2))")
NOT_ASKED: dict[tuple[str, Family], Text] = {
    ("warning_delivered", Family.HEARD): _WARNING,
    ("warning_delivered", Family.DURATION): Text(
        "de einddatum is een vraag van vorm en beleid; er wordt niets opgelegd",
        "its end is asked as content and policy; nothing is imposed"),
    **{("intention_sent", family): _NO_DECISION
       for family in (Family.HEARD, Family.POLICY, Family.DURATION, Family.CONTENT)},
    **{("closure_intention_sent", family): _NO_DECISION
       for family in (Family.HEARD, Family.POLICY, Family.DURATION, Family.CONTENT)},
    **{("penalty_forfeited", family): _FORFEITED
       for family in (Family.HEARD, Family.LIGHTER, Family.POLICY, Family.DURATION)},
    ("collection_decided", Family.HEARD): Text(
        "horen mag achterwege blijven bij een geldschuld waartegen bezwaar openstaat (Awb 4:12)",
        "hearing may be left out for a debt one can object to (Awb 4:12)"),
    ("collection_decided", Family.LIGHTER): _FORFEITED,
    ("collection_decided", Family.DURATION): Text(
        "geld heeft geen duur; het bedrag stond in de last",
        "money has no duration; the amount was in the order"),
    **{("urgent_decision_announced", family): _WRITTEN_DOWN
       for family in (Family.GROUND, Family.FACTS, Family.HEARD, Family.LIGHTER, Family.POLICY,
                      Family.DURATION)},
    ("emergency_order_given", Family.FACTS): Text(
        "de vrees zelf is de grond; de feiten staan in de motivering (Gemeentewet 175)",
        "the fear itself is the ground; its facts are in the reasons (Gemeentewet 175)"),
    ("emergency_order_extended", Family.FACTS): Text(
        "de vrees zelf is de grond; de feiten staan in de motivering (Gemeentewet 175)",
        "the fear itself is the ground; its facts are in the reasons (Gemeentewet 175)"),
}
# fmt: on

__all__ = ["BEHAVIOURAL_ORDER_ACTS", "HOUSE_CLOSURE_ACTS", "NOT_ASKED", "WARNING_ACTS"]
