"""The guards: the seven reasons courts annulled measures, as plain questions about the dossier.

How each is judged is in judgements.py, hearing.py, closure_grounds.py and penalties.py. Sources
name the article or the kind of rule; a Dutch jurist must confirm each before real use.
"""

from escalation import closure_grounds, hearing, penalties
from escalation import judgements as j
from escalation.shape import Family, Guard
from escalation.text import Text, law, policy

# fmt: off
# --- legal ground: is there a power, and are its conditions met? ----------------------------------
BY_LAW = Guard("by_law", Family.GROUND,
    Text("Geeft een artikel in de APV de burgemeester deze bevoegdheid?",
         "Does an article of the municipal by-law give the mayor this power?"),
    lambda d: d.by_law is not None, law("Gemeentewet 151d(1)"))
NO_OTHER_SANCTION = Guard("no_other_sanction", Family.GROUND,
    Text("Is er geen andere herstelsanctie voor dezelfde overtreding van kracht?",
         "Is no other reparatory sanction for the same breach in force?"),
    j.no_other_sanction, law("Awb 5:6"))
URGENT = Guard("urgent", Family.GROUND,
    Text("Is concreet waarom niet op een besluit gewacht kan worden?",
         "Is it concrete why a decision can not be waited for?"),
    j.states("urgent_because"), law("Awb 5:31"))
ADULT = Guard("adult", Family.GROUND,
    Text("Is de persoon meerderjarig?", "Is the person an adult?"),
    lambda d: d.stated("adult") is True, law("Gemeentewet 151d(3), Wth 2"))
ORDER_STOOD = Guard("penalty_order_in_force", Family.GROUND,
    Text("Was er een last onder dwangsom van kracht?",
         "Was an order with a penalty in force?"),
    penalties.penalty_order_stood, law("Awb 5:32, 5:37"))
POWER_TO_COLLECT = Guard("power_not_lapsed", Family.GROUND,
    Text("Is de dwangsom nog geen jaar geleden verbeurd, en de last sindsdien niet vernietigd?",
         "Was the penalty forfeited less than a year ago, and the order not annulled since?"),
    penalties.power_to_collect, law("Awb 5:35, 8:72(2)"))
ORDER_NOT_SUSPENDED = Guard("order_not_suspended", Family.GROUND,
    Text("Is de last niet geschorst?", "Is the order not suspended?"),
    j.not_suspended("order"), law("Awb 8:72, 8:81"))
BAN_STANDS = Guard("house_ban_in_force", Family.GROUND,
    Text("Geldt het huisverbod nog?", "Is the house ban still in force?"),
    lambda d: j.stands("house_ban")(d) and j.not_suspended("house_ban")(d),
    law("Gemeentewet 151d(3), Wth 9(1)"))
CLOSURE_STANDS = Guard("closure_in_force", Family.GROUND,
    Text("Geldt de sluiting nog?", "Is the closure still in force?"),
    lambda d: j.stands("closure")(d) and j.not_suspended("closure")(d),
    law("Gemeentewet 174a(3)"))
EMERGENCY_STANDS = Guard("emergency_order_in_force", Family.GROUND,
    Text("Geldt het noodbevel nog?", "Is the emergency order still in force?"),
    lambda d: j.stands("emergency_order")(d) and j.not_suspended("emergency_order")(d),
    law("Gemeentewet 175"))
SERIOUS_FEAR_BAN = Guard("serious_fear_of_breach", Family.GROUND,
    Text("Is gemotiveerd dat ernstig te vrezen is voor nieuwe overtreding?",
         "Is it motivated that a further breach is seriously to be feared?"),
    j.states("serious_fear"), law("Gemeentewet 151d(3)"))
SERIOUS_FEAR_CLOSURE = Guard("serious_fear_of_repetition", Family.GROUND,
    Text("Is gemotiveerd dat ernstig te vrezen is voor herhaling?",
         "Is it motivated that repetition is seriously to be feared?"),
    j.states("serious_fear"), law("Gemeentewet 174a(3)"))
SERIOUS_FEAR_DISORDER = Guard("serious_fear_of_disorder", Family.GROUND,
    Text("Is gemotiveerd dat ernstige wanordelijkheden te vrezen zijn?",
         "Is it motivated that serious disorder is to be feared?"),
    j.states("serious_fear"), law("Gemeentewet 175(1)"))
CLOSURE_GROUND = Guard("closure_ground", Family.GROUND,
    Text("Is een bedreiging vastgesteld zoals deze grond eist, op een grond die nu geldt?",
         "Is a threat established of the kind this ground asks, on a ground that is law today?"),
    closure_grounds.closure_ground, law("Gemeentewet 174a(1); Opiumwet 13b"))
THREAT_ORIGIN = Guard("threat_comes_from_dwelling", Family.GROUND,
    Text("Komt de bedreiging van gedragingen in (bij grond b en c: of bij) de woning?",
         "Does the threat come from behaviour in (on ground b and c: or near) the dwelling?"),
    closure_grounds.comes_from_there, law("Gemeentewet 174a(1); RVS:2017:923"))
NEVER_NOISE_ALONE = Guard("more_than_noise", Family.GROUND,
    Text("Gaat het om meer dan geluid of een burenruzie?",
         "Is it about more than noise or a quarrel between neighbours?"),
    closure_grounds.more_than_noise, law("Gemeentewet 174a(1)"))

MAYOR_DECIDES = Guard("mayor_decides", Family.GROUND,
    Text("Beslist de burgemeester zelf?", "Does the mayor decide in person?"),
    j.mayor_decides, law("Gemeentewet 151d, 174a, 177(2)"))

# --- facts verified -------------------------------------------------------------------------------
PATTERN = Guard("serious_and_repeated", Family.FACTS,
    Text("Is de hinder ernstig én herhaald?", "Is the nuisance serious and repeated?"),
    j.serious_and_repeated, law("Gemeentewet 151d(1)"))
VERIFIED = Guard("facts_verified", Family.FACTS,
    Text("Is de hinder ook objectief vastgesteld, niet alleen door omwonenden, vaak genoeg?",
         "Is the nuisance also established objectively, not by neighbours alone, often enough?"),
    j.verified, law("Awb 3:2"))
TIME_MATCHES = Guard("checked_when_it_happens", Family.FACTS,
    Text("Is ook gekeken op het dagdeel waarop de hinder wordt gemeld?",
         "Was it also checked at the time of day the nuisance is reported at?"),
    j.looked_when_it_happens, law("Awb 3:2; RVS:2022:3140"))
GROUND_EVIDENCE = Guard("ground_evidence", Family.FACTS,
    Text("Is er het rapport dat deze grond vraagt (a: op ambtseed; b, c, 13b: van politie)?",
         "Is there the report this ground asks (a: under oath; b, c, 13b: by police)?"),
    closure_grounds.reported_for_its_ground, law("Awb 3:2; LJN BG6690"))
BREACH_SEEN = Guard("breach_recorded_by_supervisor", Family.FACTS,
    Text("Is na de termijn een nieuwe overtreding vastgesteld: door wie, wanneer en waar?",
         "Was a new breach recorded after the term to comply: by whom, when and where?"),
    penalties.breach_after_order, law("Awb 3:2, 5:37"))

# --- heard ----------------------------------------------------------------------------------------
HEARD = Guard("heard", Family.HEARD,
    Text("Is de persoon gehoord over het voornemen, of mag dat achterwege blijven?",
         "Was the person heard on the intention, or may hearing be left out?"),
    hearing.heard, law("Awb 4:8, 4:11"))
HEARD_AGAIN_BAN = Guard("heard_again_ban", Family.HEARD,
    Text("Is de persoon opnieuw gehoord, na het opleggen en vóór de verlenging?",
         "Was the person heard again, after imposition and before the extension?"),
    hearing.heard_since("house_ban"), law("Awb 4:8"))
HEARD_AGAIN_CLOSURE = Guard("heard_again_closure", Family.HEARD,
    Text("Is de persoon opnieuw gehoord, na de sluiting en vóór de verlenging?",
         "Was the person heard again, after the closure and before its extension?"),
    hearing.heard_since("closure"), law("Awb 4:8"))
HEARD_AGAIN_EMERGENCY = Guard("heard_again_emergency", Family.HEARD,
    Text("Is de bewoner gehoord, na het noodbevel en vóór de verlenging?",
         "Was the resident heard, after the emergency order and before its extension?"),
    hearing.heard_since("emergency_order"), law("Awb 4:8; RBMNE:2025:1759"))

# --- lighter means --------------------------------------------------------------------------------
LIGHTER = Guard("lighter_means", Family.LIGHTER,
    Text("Staat vast welke lichtere middelen zijn geprobeerd of overwogen, en met welk gevolg?",
         "Is it on record which lighter means were tried or weighed, and with what result?"),
    j.has("lighter_means_recorded"), law("Gemeentewet 151d(2), Awb 3:4(2)"))

# --- own policy and advice followed ---------------------------------------------------------------
WARNED = Guard("warning_in_force", Family.POLICY,
    Text("Is er zo vaak gewaarschuwd als het beleid vraagt, en geldt de waarschuwing nog?",
         "Were as many warnings given as the policy asks, and is one still in force?"),
    j.warned, policy("beleidsregel; RVS:2024:1054"))
CARE_CONSULTED = Guard("care_consulted", Family.POLICY,
    Text("Heeft de zorg geantwoord op de vraag of een maatregel de hulp schaadt?",
         "Has care answered whether a measure would harm the help?"),
    j.has("care_consult_answered"), policy("CCV, taken van zorg en handhaving"))
LANDLORD_FIRST = Guard("landlord_first", Family.POLICY,
    Text("Heeft bij huur eerst de verhuurder opgetreden?",
         "For a rented dwelling, did the landlord act first?"),
    j.landlord_first, policy("beleidsregel: verhuurder eerst"))
NO_CARE_ON_OFFER = Guard("no_care_on_offer", Family.POLICY,
    Text("Staat er geen overdracht aan de zorg open die nog beantwoord moet worden?",
         "Is no handover to care waiting for an answer?"),
    lambda d: not d.care_on_offer, policy("afspraak over overdracht"))
POLICY_CHECKED = Guard("own_policy_followed", Family.POLICY,
    Text("Is de maatregel aan het eigen beleid getoetst, en een afwijking gemotiveerd?",
         "Was the measure checked against the own policy, and any deviation motivated?"),
    j.policy_checked, law("Awb 4:84"))
ADVICE_FOLLOWED = Guard("advice_followed", Family.POLICY,
    Text("Is het advies gevolgd, of is gemotiveerd waarom niet?",
         "Was the advice followed, or is it motivated why not?"),
    j.advice_followed, law("Awb 3:50, 7:13(7)"))


def _within(key: str, limit: str, until: str, since: str | None = None) -> Guard:
    return Guard(key, Family.POLICY,
        Text("Eindigt de maatregel binnen wat het eigen beleid toestaat, of staat er waarom niet?",
             "Does the measure end within what the own policy allows, or does it say why not?"),
        j.within_own_limit(limit, until, since), law("Awb 4:84"))


WARNING_WITHIN = _within("warning_within_policy", "warning.validity", "valid_until")
ORDER_WITHIN = _within("order_within_policy", "behavioural_order.duration", "in_force_until")
CLOSURE_WITHIN = _within("closure_within_policy", "house_closure.duration", "until", "effective_at")

# --- duration and housing -------------------------------------------------------------------------
PROPORTIONATE = Guard("proportionate", Family.DURATION,
    Text("Is de duur gemotiveerd en zijn de belangen, ook van kinderen, afgewogen?",
         "Is the duration motivated and were the interests weighed, children's included?"),
    j.states("duration_motivated"), law("Awb 3:4"))
HOUSING = Guard("housing_inquiry", Family.DURATION,
    Text("Is onderzocht waar de bewoners heen kunnen?",
         "Was it looked into where the residents can go?"),
    j.has("housing_inquiry_recorded"), law("Awb 3:4"))
TEN_DAYS = Guard("ten_days_at_most", Family.DURATION,
    Text("Eindigt het huisverbod binnen tien dagen na oplegging?",
         "Does the house ban end within ten days of its imposition?"),
    j.at_most(j.TEN_DAYS), law("Gemeentewet 151d(3), Wth 2(1)"))
HOUSING_AGAIN = Guard("housing_inquiry_again", Family.DURATION,
    Text("Is opnieuw onderzocht waar de bewoners heen kunnen, na de sluiting?",
         "Was it looked into again where the residents can go, after the closure?"),
    j.housed_since("closure"), law("Awb 3:4; RBGEL:2025:7493"))
FOUR_WEEKS = Guard("four_weeks_at_most", Family.DURATION,
    Text("Eindigt het huisverbod binnen vier weken na oplegging?",
         "Does the house ban end within four weeks of its imposition?"),
    j.at_most(j.FOUR_WEEKS, "house_ban_imposed"), law("Gemeentewet 151d(3), Wth 9(1)"))

# --- formal content -------------------------------------------------------------------------------
WARNING_COMPLETE = Guard("warning_complete", Family.CONTENT,
    Text("Heeft de waarschuwing een einddatum en is de ontvangst aantoonbaar?",
         "Has the warning an end date and can its delivery be shown?"),
    j.states("valid_until", "proof_of_delivery"), policy("RVS:2024:1054; RBZWB:2023:1461"))
ORDER_COMPLETE = Guard("order_complete", Family.CONTENT,
    Text("Noemt de last de maatregelen en (bij dwangsom) bedrag en maximum?",
         "Does the order state its measures and (with a penalty) amount and maximum?"),
    j.order_complete, law("Awb 5:9, 5:24, 5:32a, 5:32b"))
ORDER_TERM = Guard("order_term", Family.CONTENT,
    Text("Geeft de last een termijn om te voldoen, of zegt hij waarom meteen?",
         "Does the order leave a term to comply, or say why at once?"),
    j.term_given("at_once_because"), law("Awb 5:24(2), 5:32a(2)"))
WITHIN_AMOUNTS = Guard("within_amounts", Family.CONTENT,
    Text("Blijft het bedrag binnen het maximum van de last en wat is verbeurd?",
         "Does the amount stay within the order's maximum and what was forfeited?"),
    penalties.within_amounts, law("Awb 5:32b, 5:37"))
CONCRETE = Guard("measures_concrete", Family.CONTENT,
    Text("Is elke maatregel toetsbaar: wie, wat, wanneer?",
         "Can each measure be tested: who, what, when?"),
    j.states("measures_concrete"), law("Awb 5:24(1), 5:32a(1); RBMNE:2023:6967"))
OBJECTION_CLAUSE = Guard("objection_clause", Family.CONTENT,
    Text("Zegt het besluit hoe bezwaar gemaakt kan worden?",
         "Does the decision say how to object?"),
    j.states("objection_clause"), law("Awb 3:45"))
HOME_WEIGHED = Guard("home_weighed", Family.CONTENT,
    Text("Staat de afweging van privé-, gezinsleven en woning (EVRM 8) in het besluit?",
         "Does the decision weigh private and family life and the home (ECHR 8)?"),
    j.states("home_weighed"), policy("EVRM 8; RBMNE:2020:2376"))
CLOSURE_TERM = Guard("closure_term", Family.CONTENT,
    Text("Geeft het besluit een termijn om zelf maatregelen te nemen, of zegt het waarom niet?",
         "Does the decision leave a term to act oneself, or say why it can not?"),
    j.term_given("urgent_because"), law("Gemeentewet 174a(4), Awb 5:24(2)"))
OTHER_DECIDER = Guard("other_decider", Family.CONTENT,
    Text("Beslist een ander dan wie het besluit nam, of het bestuursorgaan zelf?",
         "Does another decide than whoever took the decision, or the authority in person?"),
    j.other_decider, law("Awb 10:3(3)"))
# fmt: on
