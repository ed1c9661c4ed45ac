"""Two lanes: legal protection, where measures are fought, and the mayor's emergency powers."""

from escalation import guards as g
from escalation import neutral
from escalation.promised import OBJECTION
from escalation.shape import Act, Checkpoint, Lane
from escalation.terms import Kind
from escalation.text import Text, law, policy, proposal

# fmt: off
# What a court or a decision on objection does to a measure, and from when until when.
OUTCOME = ("against", "effect", "from_day", "until", "result", "reason")

# A person looks at a late objection; the machine never rejects one.
LATE_OBJECTION = Checkpoint(
    "late_objection", Text("Het bezwaar lijkt te laat: is dat verschoonbaar?",
                           "The objection seems late: is that excusable?"),
    Kind.POLICY, proposal("Awb 6:11"), answered_by=("objection_decided",), outlives=True,
    only_if="late", outside=neutral.DECISION)

# Awb 7:10: counted from the day after the objection term ended, not from receipt.
OBJECTION_DECIDED = Checkpoint(
    "objection_decided", Text("Is op het bezwaar beslist?", "Was the objection decided?"),
    Kind.STATUTORY, law("Awb 7:10(1)"), length="6 weeks", longer_if=("committee", "12 weeks"),
    after_term="objection", extended_by="Awb 7:10(3)", answered_by=("objection_decided",),
    outlives=True, outside=neutral.DECISION)

SUSPENSION_ENDS = Checkpoint(
    "suspension_ends", Text("De schorsing eindigt; wat geldt vanaf nu?",
                            "The suspension ends; what applies from now?"),
    Kind.EFFECT_PERIOD, policy("uitspraak of beslissing"), from_fact="until", outlives=True,
    only_if="suspended", outside=neutral.ENDS)

UNDONE = Checkpoint(
    "undone", Text("De maatregel is van de baan: is alles teruggedraaid?",
                   "The measure is gone: has everything been undone?"),
    Kind.POLICY, proposal(), outlives=True, only_if="ended", outside=neutral.DONE)

LEGAL_PROTECTION = Lane("legal_protection", Text("rechtsbescherming", "legal protection"), acts=(
    Act("objection_received", Text("bezwaar ontvangen", "objection received"),
        fields=("against", "by_party", "committee", "term_ended"),
        starts=(OBJECTION_DECIDED, LATE_OBJECTION)),
    Act("objection_decided", Text("op bezwaar beslist", "objection decided"),
        fields=(*OUTCOME, "deviation_because", "in_person", "letter_date", "decided_by"),
        follows=("objection_received",), guards=(g.OTHER_DECIDER, g.ADVICE_FOLLOWED),
        starts=(SUSPENSION_ENDS, UNDONE)),
    Act("interim_relief_requested", Text("voorlopige voorziening gevraagd",
                                         "interim relief requested"), fields=("against",)),
    Act("appeal_lodged", Text("beroep ingesteld", "appeal lodged"), fields=("against",)),
    Act("hearing_held", Text("zitting gehouden", "hearing held"), fields=("court",)),
    Act("ruling_received", Text("uitspraak ontvangen", "ruling received"),
        fields=(*OUTCOME, "court", "ecli"), needs=("result",),
        starts=(SUSPENSION_ENDS, UNDONE)),
    Act("effect_postponed", Text("werking uitgesteld", "effect postponed"),
        fields=("against", "until", "reason"), needs=("against", "until", "reason")),
    # A reporter may ask the authority to act; saying no is a decision too.
    Act("enforcement_requested", Text("om handhaving verzocht", "enforcement requested"),
        fields=("by_party",),
        starts=(Checkpoint("request_decided", Text("Is op het verzoek beslist?",
                                                   "Was the request decided?"),
                           Kind.STATUTORY, law("Awb 4:13(2)"), length="8 weeks",
                           extended_by="Awb 4:14",
                           answered_by=("enforcement_refused", "enforcement_granted"),
                           outlives=True, outside=neutral.DECISION),)),
    Act("enforcement_granted", Text("handhaving toegezegd", "enforcement granted"),
        fields=("decided_by", "letter_date"), follows=("enforcement_requested",)),
    Act("enforcement_refused", Text("handhaving geweigerd", "enforcement refused"),
        fields=("reason", "deviation_because", "objection_clause", "letter_date", "decided_by"),
        needs=("decided_by",), follows=("enforcement_requested",),
        guards=(g.VERIFIED, g.TIME_MATCHES, g.ADVICE_FOLLOWED, g.OBJECTION_CLAUSE),
        starts=(OBJECTION,)),
))

EMERGENCY_ENDS = Checkpoint(
    "emergency_ends", Text("Het noodbevel loopt af; wat is nu nodig?",
                           "The emergency order runs out; what is needed now?"),
    Kind.EFFECT_PERIOD, policy("duur in het noodbevel"), from_fact="until", outlives=True,
    outside=neutral.ENDS)

EMERGENCY = Lane("emergency", Text("noodbevoegdheid", "emergency powers"), acts=(
    Act("emergency_order_given", Text("noodbevel gegeven", "emergency order given"),
        fields=("until", "measures", "measures_concrete", "serious_fear", "urgent_because",
                "hearing_skipped", "duration_motivated", "deviation_because", "objection_clause",
                "letter_date", "decided_by"),
        needs=("until", "measures", "decided_by"),
        guards=(g.SERIOUS_FEAR_DISORDER, g.HEARD, g.LIGHTER, g.ADVICE_FOLLOWED, g.PROPORTIONATE,
                g.CONCRETE, g.OBJECTION_CLAUSE), coercive=True,
        starts=(OBJECTION, EMERGENCY_ENDS)),
    Act("emergency_order_extended", Text("noodbevel verlengd", "emergency order extended"),
        fields=("until", "serious_fear", "duration_motivated", "deviation_because",
                "objection_clause", "letter_date", "decided_by"),
        needs=("until", "decided_by"), follows=("emergency_order_given",),
        guards=(g.EMERGENCY_STANDS, g.SERIOUS_FEAR_DISORDER, g.HEARD_AGAIN_EMERGENCY, g.LIGHTER,
                g.ADVICE_FOLLOWED, g.PROPORTIONATE, g.OBJECTION_CLAUSE), coercive=True,
        starts=(OBJECTION, EMERGENCY_ENDS), ends=("emergency_ends",)),
    Act("emergency_order_ended", Text("noodbevel beëindigd", "emergency order ended"),
        fields=("reason",), follows=("emergency_order_given",), ends=("emergency_ends",)),
))
# fmt: on
