"""Findings of the audit in Dutch, for its picture in Prefect: what each means, and what to do.

The command line has its own words, in English: desk/findings.py.
"""

from casework.audit import NO_CASE, Finding

MEND = "`estafette mend {case} --by WIE`"
ACCEPT = "`estafette mend {case} --by WIE --accept`"
RUN = "`estafette mend {case} --by WIE --run`"
BACKUP = (
    f"{MEND}. Brengt dat niets terug: zet de rij terug uit de laatste back-up (docs/audit.md "
    f"zegt hoe), en dan {ACCEPT}"
)
COMPARE = (
    "vergelijk met de laatste back-up en zet terug wat met de hand veranderd is (docs/audit.md)"
)
WATCH = "start de worker, of: `estafette watch`"
# Each code with what it means and what mends it. WIE is whoever does it: a contact's key.
MEANS: dict[str, tuple[str, str]] = {
    "no-holder": ("niemand heeft de regie over de zaak", BACKUP),
    "no-promise": (
        "er staat geen afspraak open, dus er zou nooit iets gemeld worden",
        f"{MEND}. Brengt dat niets terug: de regievoerder legt een handeling vast waarmee een "
        "afspraak begint",
    ),
    "not-raised": ("een afspraak ging vijf minuten geleden af en niemand meldde haar", WATCH),
    "rings-too-late": (
        "een afspraak zou pas gemeld worden als haar dag lang voorbij is",
        f"{MEND}, dan gaat ze weer op haar eigen moment af",
    ),
    "over-untold": ("een afspraak is voorbij en het journaal zegt daar niets van", COMPARE),
    "put-off": (
        "een afspraak kon niet beoordeeld worden en is uitgesteld",
        "neem de oorzaak weg (beleid, kalender of datum; zie `estafette case redate --help`), "
        f"dan {MEND}",
    ),
    "no-visit": ("er is geen verblijf in de fase waarin de zaak is", BACKUP),
    "no-run": (
        "de zaak heeft al tien minuten geen run in Prefect",
        "start de worker: die maakt hem. De afspraken worden intussen bewaakt",
    ),
    "run-of-another": (
        "de run die de zaak laat zien, laat ook een andere zaak zien",
        f"{RUN}, dat geeft haar een eigen run",
    ),
    "half-closed": ("de zaak is gesloten en haar verblijf in de laatste fase niet", COMPARE),
    "offer-past-term": ("een overdracht staat langer open dan haar termijn", WATCH),
    "unsent-alert": (
        "een bericht is niet binnen een uur bezorgd",
        "zie welke: `estafette alert list --unsent`, en waarom: `estafette doctor --send-test`",
    ),
    "unsent-untold": (
        "een bericht heet bezorgd of vervallen, en niets laat dat zien",
        f"zie wie het kreeg met `estafette alert list`, vertel het hun, en {COMPARE}",
    ),
    "silence-unwatched": (
        "niemand zou merken dat er niets meer gebeurt",
        f"{MEND}. Helpt dat niet: start de worker",
    ),
    "silence-not-asked": ("het is te lang stil en daar is niemand naar gevraagd", WATCH),
    "rung-without-alert": (
        "een afspraak is gemeld, maar niet aan iedereen voor wie dat bedoeld was",
        f"{MEND}, dat meldt het aan wie het nog niet weet",
    ),
    "promise-gone": ("er wordt verwezen naar een afspraak die er niet is", BACKUP),
    "assignment-gone": ("in de rij van wie de zaak had ontbreekt er een", BACKUP),
    "ledger-differs": (
        "een datum volgt niet uit de lijst van haar wijzigingen",
        "vergelijk de afspraak met een back-up en geef haar een nieuwe datum: "
        "`estafette case redate --help`",
    ),
    "removed-promise": ("een afspraak is met de hand verwijderd", f"{MEND}, dat zet haar terug"),
    "removed-assignment": (
        "wie de zaak had is met de hand verwijderd",
        f"{MEND}, dat zet het terug",
    ),
    "removed-alert": ("een bericht is met de hand verwijderd", f"{MEND}, dat zet het terug"),
    "removed-row": (
        "een verblijf, overdracht of bezorging is met de hand verwijderd",
        f"{MEND}, dat zet het terug",
    ),
    "guard-off": (
        "de database bewaakt haar geschiedenis niet meer, of wat eruit verwijderd wordt",
        "die trigger is weg of staat uit; docs/audit.md zegt hoe hij terugkomt",
    ),
    "no-moment": (
        "wat daar staat is geen moment, en telt als lang geleden",
        "zet daar het goede moment neer, uit de laatste back-up; docs/audit.md zegt hoe",
    ),
    "run-gone": (
        "de run die de zaak laat zien is er niet meer, of is geëindigd",
        f"de worker maakt hem vanzelf opnieuw; meteen: {RUN}",
    ),
    "prefect-away": (
        "Prefect gaf geen antwoord: niemand weet of elke zaak haar run heeft",
        "start de server van Prefect, of kijk met `estafette doctor`. De afspraken worden "
        "intussen bewaakt",
    ),
}


def row(finding: Finding) -> tuple[str, str, str, str]:
    """Whose finding it is, its code and place, what it means and what to do; a code without words
    says itself."""
    means, mend = MEANS.get(finding.what, ("", "`estafette audit` zegt wat dit is"))
    whose = "installatie" if finding.case_key == NO_CASE else finding.case_key
    return whose, str(finding), means, mend.format(case=finding.case_key)
