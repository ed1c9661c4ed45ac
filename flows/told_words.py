"""What a case's timeline says of each line of its journal, in Dutch. Fixed words alone."""

from collections.abc import Mapping

from casework.words import Answer, Role
from escalation.moves import acts
from escalation.path import STAGES
from escalation.text import Text
from flows.words import ELSEWHERE

# Every kind of line that casework writes; one that is not here is told by its code.
KINDS = {
    "opened": "zaak geopend",
    "signal_joined": "nog een melding bij deze zaak gevoegd",
    "reporters_seen": "gegevens van de melders ingezien",
    "decided": "besloten over de volgende fase",
    "entered": "fase begonnen",
    "reopened": "zaak heropend",
    "act": "handeling vastgelegd",
    # Promises.
    "answered": "afspraak beantwoord",
    "raised": "afspraak gemeld",
    "skipped": "niemand bereikbaar: de volgende stap is meteen op de hoogte gebracht",
    "put_off": "afspraak kon niet beoordeeld worden en is even uitgesteld",
    "term_changed": "termijn gewijzigd",
    # Alerts and links.
    "acknowledged": "bericht gezien",
    "resent": "bericht opnieuw verstuurd",
    "fell_back": "bericht ook langs een andere weg verstuurd",
    "link_made": "link gemaakt",
    # Silence.
    "waiting": "wachten aangekondigd",
    "wait_ended": "wachten voorbij",
    "silence_asked": "stil geweest: gevraagd hoe het verder gaat",
    "silence_put_off": "stilte kon niet geteld worden; dat wordt opnieuw geprobeerd",
    # Requests to partners.
    "asked": "vraag gesteld aan een partner",
    "replied": "partner heeft geantwoord",
    "withdrawn": "vraag aan een partner ingetrokken",
    # Handovers.
    "handover_drafted": "overdracht in concept",
    "handover_offered": "overdracht aangeboden",
    "handover_acknowledged": "overdracht gezien door de ontvanger",
    "handover_accepted": "overdracht aanvaard",
    "handover_refused": "overdracht geweigerd",
    "handover_expired": "overdracht verlopen: niemand antwoordde",
    "handover_revoked": "overdracht ingetrokken",
    "handover_assigned": "rol toegewezen",
    "handover_call_asked": "gevraagd om te bellen over de overdracht",
    "handover_contacted": "gesproken over de overdracht",
    "handover_reported": "teruggemeld over de overdracht",
    # Mending.
    "restored": "verwijderde rij teruggezet",
    "removal_accepted": "verwijderde rij blijft weg",
    "raised_again": "afspraak gemeld aan wie dat nog niet wist",
    "rung_again": "uitgestelde afspraak wordt opnieuw beoordeeld",
    "armed_again": "run van het verblijf wordt opnieuw gemaakt",
}  # fmt: skip
# Tables whose rows can be put back.
ROWS = {
    "checkpoints": "afspraak",
    "assignments": "houderschap",
    "alerts": "bericht",
    "visits": "verblijf",
    "handovers": "overdracht",
    "deliveries": "bezorging",
}
CHANGES = {
    "paused": "opgeschort",
    "resumed": "hervat",
    "extended": "verlengd",
    "redated": "nieuwe datum",
}
ANSWERS = {
    Answer.DONE: "gedaan",
    Answer.NOT_DONE: "niet gedaan",
    Answer.CANNOT_SHARE: "mag niet delen",
}
ROLES = {
    Role.DIRECTOR: "regievoerder",
    Role.CARE: "leiding van de zorg",
    Role.ENFORCEMENT: "leiding van de handhaving",
}
STAGE_NAMES = {key: stage.dutch for key, stage in STAGES.items()}
# The same key can leave two stages under two names.
EXITS = {
    (stage.key, leaving.key): leaving.name.nl
    for stage in STAGES.values()
    for leaving in stage.exits
} | {(stage, "other"): ELSEWHERE for stage in STAGES}
# What a line may tell beside its kind, by the field it stands in: never what is not listed, for
# who something went to is a contact's key, which could be a name.
TOLD: Mapping[str, Mapping[str, str]] = {
    "stage": STAGE_NAMES,
    "act": {act.key: act.name.nl for act in acts()},
    "answer": {str(given): said for given, said in ANSWERS.items()},
    "role": {str(role): said for role, said in ROLES.items()},
    "what": CHANGES,
    "of": ROWS,
}
TO_A_STAGE = ("decided", "reopened")  # everywhere else `to` is a person, or how many


def rung(offset: int) -> str:
    """ "herinnering, 2 werkdagen vooraf": which rung of a promise rang."""
    if offset == 0:
        return "op de uiterste dag"
    days = "1 werkdag" if abs(offset) == 1 else f"{abs(offset)} werkdagen"
    return f"herinnering, {days} vooraf" if offset < 0 else f"{days} te laat"


def what(kind: str) -> str:
    """What happened, in Dutch; of a kind without words its code."""
    return KINDS.get(kind, kind)


def details(
    kind: str, data: Mapping[str, object], stage: str, asks: Text | None, offset: int | None
) -> str:
    """About what it was and how it went; `stage` is where the case was then."""
    told = [names[word] for name, names in TOLD.items() if (word := str(data.get(name))) in names]
    about = [asks.nl] if asks else []
    rang = [rung(offset)] if offset is not None else []
    return " · ".join([*about, *rang, *_way(kind, data, stage), *told])


def _way(kind: str, data: Mapping[str, object], stage: str) -> list[str]:
    """Where it went, and by which exit of the stage it left."""
    if kind not in TO_A_STAGE:
        return []
    to, how = STAGE_NAMES.get(str(data.get("to"))), EXITS.get((stage, str(data.get("how"))))
    return [f"naar {to}: {how}" if how else f"naar {to}"] if to else []
