"""The lanes that run beside every stage: care, legal protection, emergency, and the dossier.

Starting an order never closes care; an objection can come in any stage; facts can always be added.
"""

from escalation.baton import BATON, REPORTER_WORD
from escalation.protection import EMERGENCY, LEGAL_PROTECTION
from escalation.shape import Act, Checkpoint, Lane
from escalation.terms import Kind
from escalation.text import Text, proposal

# fmt: off
# Dated when a stage has no open promise left, so that an open case always has a next date.
NEXT_STEP = Checkpoint(
    "next_step", Text("Wat is de volgende stap in deze zaak?",
                      "What is the next step for this case?"), Kind.POLICY, proposal())

# Dated when a stage is entered whose lead nobody holds yet.
LEAD_TAKEN = Checkpoint(
    "lead_taken", Text("Wie neemt de leiding van deze stap over?",
                       "Who takes over the lead of this stage?"), Kind.POLICY, proposal())

# Asked while a promise is paused, due on the pause's last day; answered by resuming.
PAUSE_OVER = Checkpoint(
    "pause_over", Text("De opschorting eindigt; loopt de termijn weer?",
                       "The pause ends; does the term run again?"),
    Kind.DECISION_SET, proposal(), from_fact="until")

# How long a term that waits for an event runs meanwhile, so that it has a date all the same.
AWAITED = Checkpoint(
    "awaited", Text("Is gebeurd waarop deze termijn wacht?",
                    "Has what this term waits for happened?"), Kind.POLICY, proposal())

CASE_WIDE = (NEXT_STEP, LEAD_TAKEN, *BATON, PAUSE_OVER, AWAITED)

CARE = Lane("care", Text("zorg", "care"), acts=(
    Act("care_offered", Text("hulp aangeboden", "care offered"), fields=("form", "offered_by")),
    Act("care_accepted", Text("hulp aanvaard", "care accepted"), fields=("form",)),
    Act("care_refused", Text("hulp geweigerd", "care refused"), fields=("form",)),
    Act("contact_attempted", Text("contact geprobeerd", "contact attempted"),
        fields=("result",)),
    Act("mediation_held", Text("bemiddeling gehouden", "mediation held"), fields=("result",)),
    Act("care_consult_answered", Text("zorg geraadpleegd", "care consult answered"),
        fields=("answer",)),
    Act("care_exhausted", Text("zorgopties uitgeput verklaard", "care declared exhausted"),
        fields=("attempts",), needs=("attempts",)),
))

DOSSIER = Lane("dossier", Text("dossier", "dossier"), acts=(
    Act("reporter_informed", Text("melder geïnformeerd", "reporter informed"),
        fields=("channel",), starts=(REPORTER_WORD,)),
    Act("observation_recorded", Text("waarneming vastgelegd", "observation recorded"),
        fields=("by", "time_of_day", "what"), needs=("by",)),
    Act("pattern_established", Text("ernst en herhaling vastgesteld", "pattern established"),
        fields=("serious", "repeated", "time_of_day", "what"), needs=("serious", "repeated")),
    Act("threat_established", Text("bedreiging vastgesteld", "threat established"),
        fields=("ground", "harm", "origin", "what"), needs=("ground", "harm", "origin")),
    Act("policy_checked", Text("aan eigen beleid getoetst", "checked against own policy"),
        fields=("followed", "deviation_because"), needs=("followed",)),
    Act("advice_received", Text("advies ontvangen", "advice received"),
        fields=("adviser", "about", "favours"), needs=("adviser", "favours")),
    Act("lighter_means_recorded", Text("lichter middel vastgelegd", "lighter means recorded"),
        fields=("means", "result"), needs=("means", "result")),
    Act("dwelling_recorded", Text("woning vastgelegd", "dwelling recorded"),
        fields=("rental",), needs=("rental",)),
    Act("landlord_step_recorded", Text("stap van de verhuurder vastgelegd",
                                       "landlord's step recorded"), fields=("step", "result")),
    Act("housing_inquiry_recorded", Text("huisvesting onderzocht", "housing inquiry recorded"),
        fields=("result",)),
    Act("views_heard", Text("zienswijze gehoord", "views heard"), fields=("form", "result")),
    Act("reported_back", Text("teruggemeld", "reported back"), fields=("result",)),
    # Written by the verbs themselves: why a move, a waiver or a case of its own was chosen.
    Act("reason_recorded", Text("reden vastgelegd", "reason recorded"), fields=("of", "text"),
        needs=("of", "text")),
    Act("note_added", Text("aantekening", "note added"), fields=("text",), needs=("text",)),
))
# fmt: on

LANES = (CARE, LEGAL_PROTECTION, EMERGENCY, DOSSIER)
