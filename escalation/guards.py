"""The guards: the seven reasons courts annulled measures, as plain questions about the dossier.

Sources name the article or the kind of rule; a Dutch jurist must confirm each before real use.
"""

from datetime import date, datetime

from escalation.dossier import Dossier
from escalation.shape import Family, Guard
from escalation.terms import AMSTERDAM
from escalation.text import Text, law, policy

OBJECTIVE_SOURCES = {"officer", "police", "measurement", "video", "sworn_report"}
HEARING_SKIPPED_BECAUSE = {"urgency", "heard_before_nothing_new", "goal_needs_surprise"}  # Awb 4:11
INTENTIONS = ("intention_sent", "closure_intention_sent")
GROUNDS_B_AND_C_SINCE = date(2024, 1, 1)  # Gemeentewet 174a as amended


def _day_of(stated: date | datetime) -> date:
    """The Amsterdam day of a fact that may be a day or a moment."""
    return stated.astimezone(AMSTERDAM).date() if isinstance(stated, datetime) else stated


def _serious_and_repeated(d: Dossier) -> bool:
    return d.has("pattern_established", serious=True, repeated=True)


def _verified(d: Dossier) -> bool:
    sources = {act.facts.get("by") for act in d.recorded("observation_recorded")}
    return bool(sources & OBJECTIVE_SOURCES)


def _sworn(d: Dossier) -> bool:
    return d.has("observation_recorded", by="sworn_report")


def _heard(d: Dossier) -> bool:
    if d.stated("hearing_skipped") in HEARING_SKIPPED_BECAUSE:
        return True
    sent = [kind for kind in INTENTIONS if d.has(kind)]
    return bool(sent) and all(d.happened_after("views_heard", kind) for kind in sent)


def _heard_since_ban(d: Dossier) -> bool:
    return d.has("views_heard") and d.happened_after("views_heard", "house_ban_imposed")


def _heard_since_closure(d: Dossier) -> bool:
    return d.has("views_heard") and d.happened_after("views_heard", "closure_announced")


def _lighter_means(d: Dossier) -> bool:
    return d.has("lighter_means_recorded")


def _warning_in_force(d: Dossier) -> bool:
    return any(
        (until := act.facts.get("valid_until")) is not None and until >= d.today
        for act in d.recorded("warning_delivered")
    )


def _landlord_first(d: Dossier) -> bool:
    return not d.has("dwelling_recorded", rental=True) or d.has("landlord_step_recorded")


def _no_other_sanction(d: Dossier) -> bool:
    withdrawn = d.last("order_withdrawn")
    return not any(
        _day_of(order.facts.get("in_force_until") or date.max) >= d.today
        and (withdrawn is None or withdrawn.on < order.on)
        for order in d.recorded("order_announced")
    )


def _closure_ground(d: Dossier) -> bool:
    threat = d.last("threat_established")
    if threat is None:
        return False
    ground = threat.facts.get("ground")
    return ground == "a" or (ground in {"b", "c"} and d.today >= GROUNDS_B_AND_C_SINCE)


def _within_four_weeks(d: Dossier) -> bool:
    ban, until = d.last("house_ban_imposed"), d.stated("until")
    if ban is None or until is None:
        return False
    return (_day_of(until) - ban.on).days <= 28


def _order_complete(d: Dossier) -> bool:
    if not (d.stated("measures") and d.stated("objection_clause")):
        return False
    return d.stated("form") != "penalty" or bool(d.stated("amount") and d.stated("maximum"))


BY_LAW = Guard(
    "by_law",
    Family.GROUND,
    Text(
        "Geeft een artikel in de APV de burgemeester deze bevoegdheid?",
        "Does an article of the municipal by-law give the mayor this power?",
    ),
    lambda d: d.by_law is not None,
    law("Gemeentewet 151d(1)"),
)
NO_OTHER_SANCTION = Guard(
    "no_other_sanction",
    Family.GROUND,
    Text(
        "Is er geen andere herstelsanctie voor dezelfde overtreding van kracht?",
        "Is no other reparatory sanction for the same breach in force?",
    ),
    _no_other_sanction,
    law("Awb 5:6"),
)
CLOSURE_GROUND = Guard(
    "closure_ground",
    Family.GROUND,
    Text(
        "Is een bedreiging van veiligheid of gezondheid vastgesteld, op een grond die nu geldt?",
        "Is a threat to safety or health established, on a ground that is in force today?",
    ),
    _closure_ground,
    law("Gemeentewet 174a(1)"),
)
ADULT = Guard(
    "adult",
    Family.GROUND,
    Text("Is de persoon meerderjarig?", "Is the person an adult?"),
    lambda d: d.stated("adult") is True,
    law("Gemeentewet 151d(3), Wth 2"),
)
PATTERN = Guard(
    "serious_and_repeated",
    Family.FACTS,
    Text("Is de hinder ernstig én herhaald?", "Is the nuisance serious and repeated?"),
    _serious_and_repeated,
    law("Gemeentewet 151d(1)"),
)
VERIFIED = Guard(
    "facts_verified",
    Family.FACTS,
    Text(
        "Is de hinder ook objectief vastgesteld, niet alleen door omwonenden?",
        "Is the nuisance also established objectively, not by neighbours alone?",
    ),
    _verified,
    law("Awb 3:2"),
)
SWORN = Guard(
    "sworn_report",
    Family.FACTS,
    Text(
        "Is er een rapport op ambtseed of ambtsbelofte?",
        "Is there a report drawn up under oath of office?",
    ),
    _sworn,
    law("Awb 3:2"),
)
HEARD = Guard(
    "heard",
    Family.HEARD,
    Text(
        "Is de persoon gehoord over het voornemen, of mag dat achterwege blijven?",
        "Was the person heard on the intention, or may hearing be left out?",
    ),
    _heard,
    law("Awb 4:8, 4:11"),
)
HEARD_AGAIN_BAN = Guard(
    "heard_again_ban",
    Family.HEARD,
    Text(
        "Is de persoon opnieuw gehoord, na het opleggen en vóór de verlenging?",
        "Was the person heard again, after imposition and before the extension?",
    ),
    _heard_since_ban,
    law("Awb 4:8"),
)
HEARD_AGAIN_CLOSURE = Guard(
    "heard_again_closure",
    Family.HEARD,
    Text(
        "Is de persoon opnieuw gehoord, na de sluiting en vóór de verlenging?",
        "Was the person heard again, after the closure and before its extension?",
    ),
    _heard_since_closure,
    law("Awb 4:8"),
)
LIGHTER = Guard(
    "lighter_means",
    Family.LIGHTER,
    Text(
        "Staat vast welke lichtere middelen zijn geprobeerd of overwogen, en met welk gevolg?",
        "Is it on record which lighter means were tried or weighed, and with what result?",
    ),
    _lighter_means,
    law("Gemeentewet 151d(2)"),
)
WARNED = Guard(
    "warning_in_force",
    Family.POLICY,
    Text("Is er een waarschuwing die nog geldt?", "Is a warning still in force?"),
    _warning_in_force,
    policy("beleidsregel; RVS:2024:1054"),
)
CARE_CONSULTED = Guard(
    "care_consulted",
    Family.POLICY,
    Text(
        "Heeft de zorg geantwoord op de vraag of een maatregel de hulp schaadt?",
        "Has care answered whether a measure would harm the help?",
    ),
    lambda d: d.has("care_consult_answered"),
    policy("CCV, taken van zorg en handhaving"),
)
LANDLORD_FIRST = Guard(
    "landlord_first",
    Family.POLICY,
    Text(
        "Heeft bij huur eerst de verhuurder opgetreden?",
        "For a rented dwelling, did the landlord act first?",
    ),
    _landlord_first,
    policy("beleidsregel: verhuurder eerst"),
)
NO_CARE_ON_OFFER = Guard(
    "no_care_on_offer",
    Family.POLICY,
    Text(
        "Staat er geen overdracht aan de zorg open die nog beantwoord moet worden?",
        "Is no handover to care waiting for an answer?",
    ),
    lambda d: not d.care_on_offer,
    policy("afspraak over overdracht"),
)
PROPORTIONATE = Guard(
    "proportionate",
    Family.DURATION,
    Text(
        "Is de duur gemotiveerd en zijn de belangen, ook van kinderen, afgewogen?",
        "Is the duration motivated and were the interests weighed, children's included?",
    ),
    lambda d: d.stated("duration_motivated") is True,
    law("Awb 3:4, EVRM 8"),
)
HOUSING = Guard(
    "housing_inquiry",
    Family.DURATION,
    Text(
        "Is onderzocht waar de bewoners heen kunnen?",
        "Was it looked into where the residents can go?",
    ),
    lambda d: d.has("housing_inquiry_recorded"),
    law("Awb 3:4"),
)
FOUR_WEEKS = Guard(
    "four_weeks_at_most",
    Family.DURATION,
    Text(
        "Eindigt het huisverbod binnen vier weken na oplegging?",
        "Does the house ban end within four weeks of its imposition?",
    ),
    _within_four_weeks,
    law("Gemeentewet 151d(3), Wth 9(1)"),
)
WARNING_COMPLETE = Guard(
    "warning_complete",
    Family.CONTENT,
    Text(
        "Heeft de waarschuwing een einddatum en is de ontvangst aantoonbaar?",
        "Has the warning an end date and can its delivery be shown?",
    ),
    lambda d: bool(d.stated("valid_until") and d.stated("proof_of_delivery")),
    policy("RVS:2024:1054; RBZWB:2023:1461"),
)
ORDER_COMPLETE = Guard(
    "order_complete",
    Family.CONTENT,
    Text(
        "Noemt de last de maatregelen, de bezwaarclausule en (bij dwangsom) bedrag en maximum?",
        "Does the order state its measures, the objection clause and any amount and maximum?",
    ),
    _order_complete,
    law("Awb 3:45, 5:9, 5:24, 5:32a, 5:32b"),
)
CLOSURE_TERM = Guard(
    "closure_term",
    Family.CONTENT,
    Text(
        "Geeft het besluit een termijn om zelf maatregelen te nemen, of zegt het waarom niet?",
        "Does the decision leave a term to act oneself, or say why it can not?",
    ),
    lambda d: bool(d.stated("compliance_until") or d.stated("urgent_because")),
    law("Gemeentewet 174a(4)"),
)
URGENT = Guard(
    "urgent",
    Family.GROUND,
    Text(
        "Is concreet waarom niet op een besluit gewacht kan worden?",
        "Is it concrete why a decision can not be waited for?",
    ),
    lambda d: bool(d.stated("urgent_because")),
    law("Awb 5:31"),
)
