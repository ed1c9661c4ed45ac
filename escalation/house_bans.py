"""The acts of a temporary house ban: ten days, at most four weeks, adults only.

Gemeentewet 151d(3) with the articles of the Wet tijdelijk huisverbod (Wth) it takes over.
"""

from escalation import guards as g
from escalation import neutral
from escalation.promised import OBJECTION, reviewed
from escalation.shape import Act, Checkpoint
from escalation.terms import Kind
from escalation.text import Text, law

# fmt: off
BAN_ENDS = Checkpoint(
    "ban_ends", Text("Het huisverbod eindigt; is de terugkeer geregeld?",
                     "The house ban ends; is the return arranged?"),
    Kind.EFFECT_PERIOD, law("Gemeentewet 151d(3), Wth 2(1), 9(1), 13"), from_fact="until",
    outlives=True, outside=neutral.ENDS)

HOUSE_BAN_ACTS = (
    Act("house_ban_imposed", Text("huisverbod opgelegd", "house ban imposed"),
        fields=("until", "adult", "duration_motivated", "contact_address_asked", "counsel_wish",
                "home_weighed", "objection_clause", "hearing_skipped", "urgent_because",
                "deviation_because", "letter_date", "decided_by"),
        needs=("until", "adult", "decided_by"),
        guards=(g.BY_LAW, g.MAYOR_DECIDES, g.ADULT, g.PATTERN, g.VERIFIED, g.TIME_MATCHES,
                g.HEARD, g.LIGHTER,
                g.POLICY_CHECKED, g.ADVICE_FOLLOWED, g.TEN_DAYS, g.HOUSING, g.PROPORTIONATE,
                g.HOME_WEIGHED, g.OBJECTION_CLAUSE),
        coercive=True,
        starts=(
            OBJECTION,
            Checkpoint("ban_heard", Text("Is de persoon door de rechter gehoord?",
                                         "Was the person heard by the court?"),
                       Kind.STATUTORY, law("Wth 6(1)"), length="3 days",
                       answered_by=("hearing_held",), outlives=True, outside=neutral.DONE),
            reviewed("ban_extension", "Wordt het huisverbod verlengd?",
                     "Will the house ban be extended?", neutral.DECISION,
                     by=("house_ban_extended",)),
            BAN_ENDS)),
    Act("house_ban_extended", Text("huisverbod verlengd", "house ban extended"),
        fields=("until", "serious_fear", "duration_motivated", "objection_clause",
                "deviation_because", "letter_date", "decided_by"),
        needs=("until", "decided_by"), follows=("house_ban_imposed",),
        guards=(g.MAYOR_DECIDES, g.BAN_STANDS, g.SERIOUS_FEAR_BAN, g.VERIFIED, g.HEARD_AGAIN_BAN,
                g.LIGHTER,
                g.ADVICE_FOLLOWED, g.FOUR_WEEKS, g.HOUSING, g.PROPORTIONATE, g.OBJECTION_CLAUSE),
        coercive=True,
        starts=(OBJECTION, BAN_ENDS), ends=("ban_ends", "ban_extension")),
    Act("house_ban_ended", Text("huisverbod geëindigd", "house ban ended"), fields=("reason",),
        follows=("house_ban_imposed",), ends=("ban_ends", "ban_extension", "ban_heard")),
)
# fmt: on
