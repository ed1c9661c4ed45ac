"""The acts of a house closure: Gemeentewet 174a, and Opiumwet 13b for drugs."""

from escalation import guards as g
from escalation import neutral
from escalation.promised import OBJECTION, VIEWS_IN, reviewed
from escalation.shape import Act, Checkpoint
from escalation.terms import Kind
from escalation.text import Text, policy

# fmt: off
GROUNDED = (g.CLOSURE_GROUND, g.THREAT_ORIGIN, g.NEVER_NOISE_ALONE, g.GROUND_EVIDENCE, g.VERIFIED)

CLOSURE_ENDS = Checkpoint(
    "closure_ends", Text("De sluiting eindigt; kan de woning weer open?",
                         "The closure ends; can the house be reopened?"),
    Kind.EFFECT_PERIOD, policy("einde in het besluit (Gemeentewet 174a)"), from_fact="until",
    answered_by=("house_reopened",), outlives=True, outside=neutral.ENDS)

HOUSE_CLOSURE_ACTS = (
    Act("closure_intention_sent", Text("voornemen tot sluiting verstuurd",
                                       "intention to close sent"),
        fields=("views_until", "letter_date"), needs=("views_until",),
        guards=(*GROUNDED, g.LIGHTER), coercive=True, starts=(VIEWS_IN,)),
    Act("closure_announced", Text("sluiting bekendgemaakt", "closure announced"),
        fields=("effective_at", "until", "compliance_until", "urgent_because", "hearing_skipped",
                "duration_motivated", "home_weighed", "objection_clause", "deviation_because",
                "letter_date", "decided_by"),
        needs=("effective_at", "until", "decided_by"),
        guards=(g.MAYOR_DECIDES, *GROUNDED, g.HEARD, g.LIGHTER, g.POLICY_CHECKED, g.CLOSURE_WITHIN,
                g.ADVICE_FOLLOWED, g.HOUSING, g.PROPORTIONATE, g.CLOSURE_TERM, g.HOME_WEIGHED,
                g.OBJECTION_CLAUSE),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("takes_effect", Text("De sluiting gaat in; is zij uitgevoerd?",
                                            "The closure takes effect; was it carried out?"),
                       Kind.EFFECT_PERIOD, policy("ingang in het besluit"),
                       from_fact="effective_at", answered_by=("house_closed",), outlives=True,
                       outside=neutral.DONE),
            reviewed("evaluated", "Is sluiten nog nodig, of kan de woning eerder open?",
                     "Is closure still needed, or can the house reopen?", after="effective_at"),
            CLOSURE_ENDS),
        ends=("views_in",)),
    Act("house_closed", Text("woning gesloten", "house closed"), fields=("seal", "keys"),
        follows=("closure_announced",)),
    Act("closure_shortened", Text("sluiting verkort", "closure shortened"),
        fields=("until", "reason"), needs=("until", "reason"), follows=("closure_announced",),
        starts=(CLOSURE_ENDS,), ends=("closure_ends", "evaluated")),
    Act("closure_extended", Text("sluiting verlengd", "closure extended"),
        fields=("until", "serious_fear", "duration_motivated", "objection_clause",
                "deviation_because", "letter_date", "decided_by"),
        needs=("until", "decided_by"), follows=("closure_announced",),
        guards=(g.MAYOR_DECIDES, g.CLOSURE_STANDS, g.SERIOUS_FEAR_CLOSURE, *GROUNDED,
                g.HEARD_AGAIN_CLOSURE,
                g.LIGHTER, g.CLOSURE_WITHIN, g.ADVICE_FOLLOWED, g.HOUSING_AGAIN, g.PROPORTIONATE,
                g.OBJECTION_CLAUSE),
        coercive=True, starts=(OBJECTION, CLOSURE_ENDS), ends=("closure_ends",)),
    Act("house_reopened", Text("woning heropend", "house reopened"), fields=("reason",),
        follows=("closure_announced",), ends=("takes_effect", "evaluated")),
)
# fmt: on
