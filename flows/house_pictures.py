"""Two pictures of the whole house in Prefect: `lateness` and `delivery`.

Counts and moments only. A moment, and not how long ago it is: a house in which nothing changes
makes no new version.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from prefect.client.orchestration import SyncPrefectClient

from casework.channel_state import paused
from casework.figures import Figures, Queue, delivered, figures
from casework.ringing import Ringing, ringing
from casework.rounds import LastRound
from escalation.path import STAGES
from flows.artifacts import show, table
from flows.settings import engine
from flows.words import moment

# The watch needs seconds; what is looked at between two of its rounds is not late.
LATE_AFTER = timedelta(seconds=15)
A_DAY = timedelta(days=1)
# As docs/glossary.md has them.
KINDS = {
    "statutory": "wettelijke termijn",
    "statutory_excluded": "wettelijke termijn, zonder Atw",
    "decision_set": "termijn in het besluit",
    "policy": "beleidstermijn",
    "backward": "teruggerekende termijn",
    "hours": "termijn in uren",
    "effect_period": "werkingsduur",
    "event_relative": "termijn na een gebeurtenis",
}
STATES = {"waiting": "wacht", "leased": "onderweg", "failed": "mislukt, wordt herhaald"}
OUTCOMES = {"delivered": "bezorgd", "perhaps": "misschien bezorgd", "failed": "mislukt"}
LAW = {True: "ja", False: "nee"}


def show_house(client: SyncPrefectClient, now: datetime) -> None:
    """The artifacts `lateness` and `delivery` show how the house stands."""
    rows, stands = engine(), figures(engine(), now)
    show(client, "lateness", _lateness(ringing(rows, now, longer_than=LATE_AFTER), stands.sweep))
    # To the hour, so that the day's count does not move with every minute.
    since = now.replace(minute=0, second=0, microsecond=0) - A_DAY
    tried = delivered(rows, after=since)
    show(client, "delivery", _delivery(stands, tried, paused(rows, {name for name, _ in tried})))


def _lateness(late: Sequence[Ringing], sweep: LastRound | None) -> str:
    told = _late(late) if late else "Niets: wat gemeld moest worden, is gemeld.\n"
    return f"# Te laat gemeld\n\n{told}\n## Laatste ronde die iets meldde\n\n{_round(sweep)}\n"


def _late(late: Sequence[Ringing]) -> str:
    count, first = sum(one.count for one in late), min(one.since for one in late)
    head = f"**{count} afspraken, de oudste sinds {moment(first)}.** Draait watch?\n\n"
    lines = [
        (STAGES[one.stage].dutch, KINDS.get(one.kind, "anders"), LAW[one.statutory],
         str(one.count), moment(one.since))
        for one in late
    ]  # fmt: skip
    return head + table(("Fase", "Termijn", "Wet", "Aantal", "Oudste sinds"), lines)


def _round(sweep: LastRound | None) -> str:
    if sweep is None:
        return "Er is nog niets gemeld."
    return f"{moment(sweep.at)}: {sweep.counted} in {sweep.seconds:.1f} seconden."


def _delivery(
    stands: Figures, tried: Mapping[tuple[str, ...], int], out: Mapping[str, datetime]
) -> str:
    return (
        f"# Bezorging\n\n## Wat nog weg moet\n\n{_waiting(stands.outbox)}\n"
        f"## Pogingen, laatste 24 uur\n\n{_tried(tried)}\n"
        f"## Kanalen buiten gebruik\n\n{_out(out)}"
    )


def _waiting(outbox: Mapping[tuple[str, bool], Queue]) -> str:
    lines = [
        (STATES.get(state, state), LAW[law], str(one.count), _at(one.since), _at(one.due))
        for (state, law), one in sorted(outbox.items())
    ]
    titles = ("Stand", "Wet", "Aantal", "Oudste sinds", "Eerste kan weg")
    return table(titles, lines) if lines else "Niets.\n"


def _tried(tried: Mapping[tuple[str, ...], int]) -> str:
    lines = [
        (channel, OUTCOMES.get(outcome, outcome), str(count))
        for (channel, outcome), count in sorted(tried.items())
    ]
    return table(("Kanaal", "Uitkomst", "Aantal"), lines) if lines else "Geen.\n"


def _out(out: Mapping[str, datetime]) -> str:
    lines = [(channel, moment(at)) for channel, at in sorted(out.items())]
    return table(("Kanaal", "Volgende poging"), lines) if lines else "Geen.\n"


def _at(when: datetime | None) -> str:
    return moment(when) if when else ""
