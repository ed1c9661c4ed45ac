"""What ails a database or Prefect in words: in Dutch on a run's page, in English in a log.

Nothing of Prefect is imported here, since a log is set up before Prefect is.
"""

from dataclasses import dataclass

from casework.ailments import Ailment, ailment_of
from casework.refusals import NotFound


@dataclass(frozen=True, slots=True)
class Words:
    """What it is and what to do about it, for Prefect's pages; both at once for a log."""

    what: str
    do: str
    logged: str
    passes: bool = True  # what is tried again can then go well


LOOK = "zie: estafette doctor."
WORDS = {
    Ailment.BUSY: Words(
        "de database is bezet (op slot)",
        "Duurt het langer dan een minuut, zoek dan wie haar vasthoudt.",
        "the database is locked by another program",
    ),
    Ailment.FULL: Words(
        "de schijf van de database is vol", f"Maak ruimte; {LOOK}",
        "the disk of the database is full, make room",
    ),
    Ailment.BROKEN: Words(
        "de schijf van de database is vol of stuk", f"Maak ruimte; {LOOK}",
        "the disk of the database is full or broken",
    ),
    Ailment.READ_ONLY: Words(
        "de database is alleen te lezen", "Geef de gebruiker van dit proces schrijfrechten.",
        "the database can not be written to, see to the rights on its file",
    ),
    Ailment.DAMAGED: Words(
        "de database is beschadigd", "Zet een back-up terug.",
        "the database is damaged, restore a backup",
    ),
    Ailment.OTHER_VERSION: Words(
        "de database past niet bij deze versie van Estafette",
        "Draai estafette migrate, of start overal dezelfde versie.",
        "the database is not of this version, run estafette migrate",
    ),
    Ailment.NOT_OPENED: Words(
        "het bestand van de database gaat niet open",
        f"Is de schijf vol, of zijn de rechten veranderd? {LOOK.capitalize()}",
        "the database file can not be opened, is the disk full?",
    ),
    Ailment.AWAY: Words(
        "de database is niet bereikbaar", f"Start de database of herstel de verbinding; {LOOK}",
        "the database can not be reached",
    ),
    Ailment.DISK_FULL: Words(
        "een schijf is vol", f"Maak ruimte; {LOOK}", "a disk is full, make room",
    ),
}  # fmt: skip
NOT_THERE = Words(
    "de zaak of dit bezoek staat niet in de database",
    "Zet de rij terug uit een back-up; is deze run met de hand gestart, verwijder hem dan.",
    "the case or this visit is not in the database",
    passes=False,
)
NO_ANSWER = Words(
    "Prefect gaf geen antwoord", "Zie of de server van Prefect draait: estafette doctor.",
    "Prefect's server does not answer as it should, its own log says why",
)  # fmt: skip
OF_PREFECT = {"HTTPError", "PrefectHTTPStatusError"}  # of httpx, and Prefect's own kind of it


def words_for(error: BaseException) -> Words | None:
    """What the error shows; None when it is nothing that an operator could mend."""
    if ailment := ailment_of(error):
        return WORDS[ailment]
    if isinstance(error, NotFound):
        return NOT_THERE
    of_prefect = OF_PREFECT & {kind.__name__ for kind in type(error).__mro__}
    return NO_ANSWER if of_prefect else None
