"""Words that say nothing of what somebody takes on: courtesies, and the small words of a sentence.

Written as `escalation.packet.words` makes them: small letters, without accents.
"""

# fmt: off
DUTCH = """
aan aanvaard accepteer af akkoord al alle alleen alles als alsjeblieft alstublieft alvast bedankt
begrepen begrijp ben bent beste bevestig bij binnen bovenstaande complimenten daar daarbij daarna
dag dan dank dankjewel dankuwel dat de deze die dit doe doen door duidelijk dus een eens en er ermee
erop ervan even fijn fijne gaarne geachte gedaan geen gelezen genoteerd gezien goed goedemiddag
goedemorgen graag groet groeten haar hallo hartelijk hartelijke heb hebben heeft heel helder
helemaal hem hen het hier hierbij hij hoe hoi hoor hun ik in inmiddels is ja jij jou jouw jullie kan
klopt komt kunnen leiding maar me mee meer met mij mijn moet mooi na naar natuurlijk neem nemen niet
nog nu of ok oke om onderstaande ons ontvangen onze ook op orde over overdracht overgenomen overneem
overnemen pak plezier prima regie rol snap taak te ten ter toe tot u uit uiterlijk uw van vanaf
verantwoordelijk verantwoordelijkheid volgende volledig voor voorbehoud vriendelijk vriendelijke
waar want was wat we weer wel wij wil word worden wordt zal ze zeker zich zij zijn zo zoals zojuist
zonder zou zullen
"""
ENGLISH = """
about above absolutely accept accepted accepting after again agree agreed all also am an and any are
as at be been before below best but by can clear confirm confirmed could dear do does done entirely
excellent fine following for from fully gladly good got great had handover has have hello here
hereby hi how if in into is it its just kind kindly lead leadership me my no not noted now of off ok
okay on or our out over perfect please pleasure read received regards responsibility responsible
role seen shall she sincerely so sure take taken takes taking thank thanks that the their them then
there they this to too understand understood up us very warm was we well will with yes you your
"""
# fmt: on
COURTESIES = frozenset(DUTCH.split() + ENGLISH.split())
