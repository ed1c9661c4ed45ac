"""The words in which a computed date explains itself, step by step, in Dutch and English.

Nothing is decided here: others count, this file tells what was counted.
"""

from collections.abc import Sequence
from datetime import date, datetime

from escalation.spoken_dates import MONTHS, clock, in_words, spoken
from escalation.text import Text

FreeDays = Sequence[tuple[date, Text | None]]  # days and why they are free; a weekend needs none

WEEKENDS = Text("zaterdagen en zondagen", "Saturdays and Sundays")
UNMOVED = {  # why a term of this kind stays where counting ends, free day or not
    "statutory_excluded": Text(
        "De wet zondert deze termijn uit van de Algemene termijnenwet: de datum blijft staan.",
        "The law excepts this term from the Algemene termijnenwet: the date stays.",
    ),
    "decision_set": Text(
        "Deze termijn staat in een brief of besluit, niet in een wet: de datum blijft staan.",
        "This term was set in a letter or decision, not in an Act: the date stays.",
    ),
    "policy": Text(
        "Dit is een eigen termijn van de gemeente, niet uit een wet: de datum blijft staan.",
        "This is the municipality's own term, not one from an Act: the date stays.",
    ),
    "backward": Text(
        "Een termijn die wordt teruggeteld schuift niet (Algemene termijnenwet art. 1 lid 2).",
        "A term counted back does not move (Algemene termijnenwet art. 1(2)).",
    ),
    "effect_period": Text(
        "Een verbod of sluiting geldt ook op vrije dagen: het einde schuift niet.",
        "A ban or closure holds on free days too: the end does not move.",
    ),
    "event_relative": Text(
        "Deze termijn volgt op een gebeurtenis en staat niet in een wet: de datum blijft staan.",
        "This term follows an event and is not set in an Act: the date stays.",
    ),
    "hours": Text(
        "Een termijn in uren loopt door op vrije dagen.",
        "A term in hours runs on through free days.",
    ),
}
LONG = {  # art. 4: why the Algemene termijnenwet leaves a statutory term alone, by its unit
    "days": Text("meer dan 90 dagen", "more than 90 days"),
    "weeks": Text("meer dan 12 weken", "more than 12 weeks"),
    "months": Text("meer dan 3 maanden", "more than 3 months"),
    "years": Text("een of meer jaren", "one year or more"),
}


def civil_day(day: date) -> Text:
    a = spoken(day)
    return Text(
        f"Het beginmoment valt in Nederland op {a.nl}.",
        f"The starting moment falls on {a.en} in the Netherlands.",
    )


def at_once(day: date) -> Text:
    a = spoken(day)
    return Text(f"Zonder termijn, dus meteen: {a.nl}.", f"No length, so at once: {a.en}.")


def _of(cite: str) -> str:
    return f" ({cite})" if cite else ""


def counted(length: Text, cite: str, start: Text, last: Text) -> Text:
    return Text(
        f"{length.nl}{_of(cite)} vanaf de dag na {start.nl}: tot en met {last.nl}.",
        f"{length.en}{_of(cite)} from the day after {start.en}: up to and including {last.en}.",
    )


def counted_back(length: Text, cite: str, start: Text, last: Text) -> Text:
    return Text(
        f"{length.nl}{_of(cite)} teruggeteld vanaf {start.nl}: {last.nl}.",
        f"{length.en}{_of(cite)} counted back from {start.en}: {last.en}.",
    )


def from_moment(length: Text, cite: str, start: Text, end: Text) -> Text:
    return Text(
        f"{length.nl}{_of(cite)} vanaf {start.nl}: tot {end.nl}.",
        f"{length.en}{_of(cite)} from {start.en}: until {end.en}.",
    )


def shorter_month(wanted: int, last: date) -> Text:
    month = MONTHS[last.month - 1]
    return _sentence(
        f"{month.nl} {last.year} heeft geen dag {wanted}; de laatste dag van de maand geldt.",
        f"{month.en} {last.year} has no day {wanted}; the last day of the month counts.",
    )


def clock_changed(ahead: bool, hours: Text) -> Text:
    return Text(
        f"De klok gaat intussen een uur {'vooruit' if ahead else 'terug'}: er verlopen {hours.nl}.",
        f"The clock goes {'forward' if ahead else 'back'} an hour meanwhile: {hours.en} pass.",
    )


def no_such_time(wanted: str) -> Text:
    return Text(
        f"{wanted} uur bestaat die dag niet: de klok gaat vooruit; het eerste moment erna geldt.",
        f"{wanted} does not exist that day: the clock goes forward; the first moment after counts.",
    )


def ordinary(day: date) -> Text:
    a = spoken(day)
    return _sentence(
        f"{a.nl} is geen zaterdag, zondag of feestdag: de datum blijft staan.",
        f"{a.en} is not a Saturday, Sunday or holiday: the date stays.",
    )


def not_a_last_day(days: FreeDays) -> Text:
    """Art. 1: on these days the term cannot end."""
    listed, one = _listed(days), len(days) == 1
    return _sentence(
        f"{listed.nl} {'telt' if one else 'tellen'} niet als laatste dag.",
        f"{listed.en} {'does' if one else 'do'} not count as a last day.",
    )


def one_ordinary_day(days: FreeDays, only: date, until: date) -> Text:
    """Art. 2: up to `only` there is one ordinary day, so the term runs on past the free `days`."""
    listed, a, b = _listed(days), spoken(only), spoken(until)
    return Text(
        f"Een wettelijke termijn van ten minste drie dagen bevat twee gewone dagen (art. 2). "
        f"Tot en met {a.nl} is er maar een; {listed.nl} tellen niet, "
        f"dus loopt de termijn door tot en met {b.nl}.",
        f"A statutory term of at least three days holds two ordinary days (art. 2). "
        f"Up to {a.en} there is only one; {listed.en} do not count, "
        f"so the term runs on up to and including {b.en}.",
    )


def not_worked(days: FreeDays, weekends: bool) -> Text:
    listed = _listed(days, [WEEKENDS] if weekends else [])
    return Text(f"Niet geteld: {listed.nl}.", f"Not counted: {listed.en}.")


def too_long(unit: str) -> Text:
    why = LONG[unit]
    return Text(
        f"De Algemene termijnenwet verlengt geen termijn van {why.nl} (art. 4).",
        f"The Algemene termijnenwet does not extend a term of {why.en} (art. 4).",
    )


def no_decree(year: int) -> Text:
    return Text(
        f"Let op: voor {year} is geen besluit over gelijkgestelde dagen geladen; "
        f"een dag die daarin staat kan deze datum nog verschuiven.",
        f"Mind: no royal decree on equated days is loaded for {year}; "
        f"a day it names may still move this date.",
    )


def ends_on(day: date, article: str) -> Text:
    a = spoken(day)
    return Text(
        f"De termijn eindigt op {a.nl} om 24:00 uur — {article}.",
        f"The term ends on {a.en} at 24:00 — {article}.",
    )


def ends_at(local: datetime, article: str) -> Text:
    a = clock(local)
    return Text(
        f"De termijn eindigt op {a.nl} — {article}.", f"The term ends on {a.en} — {article}."
    )


def paused(after: date, last: date, ground: str) -> Text:
    a, b, n = spoken(after), spoken(last), in_words((last - after).days, "days")
    return Text(
        f"Opgeschort na {a.nl}, uiterlijk tot en met {b.nl} ({ground}): niet meegeteld: {n.nl}.",
        f"Paused after {a.en}, up to and including {b.en} at the latest ({ground}): "
        f"not counted: {n.en}.",
    )


def resumed(after: date, last: date, ground: str) -> Text:
    a, b, n = spoken(after), spoken(last), in_words((last - after).days, "days")
    return Text(
        f"Opgeschort na {a.nl} tot en met {b.nl} ({ground}), daarna hervat: "
        f"niet meegeteld: {n.nl}.",
        f"Paused after {a.en} up to and including {b.en} ({ground}), then resumed: "
        f"not counted: {n.en}.",
    )


def extended(length: Text, ground: str) -> Text:
    return Text(f"Verlengd met {length.nl} ({ground}).", f"Extended by {length.en} ({ground}).")


def redated(to: Text, ground: str) -> Text:
    return Text(f"De datum is nu {to.nl} ({ground}).", f"The date is now {to.en} ({ground}).")


def provisional(length: Text, event: Text) -> Text:
    """The day is not known yet: it follows an event, and is watched for meanwhile."""
    return Text(
        f"Voorlopige datum: de termijn eindigt {length.nl} na “{event.nl}”, en dat is nog niet "
        "gebeurd. Wordt het vastgelegd, dan volgt de echte datum.",
        f"Provisional date: the term ends {length.en} after “{event.en}”, which has not happened "
        "yet. Once it is recorded the real date follows.",
    )


def _sentence(nl: str, en: str) -> Text:
    return Text(nl[0].upper() + nl[1:], en)  # weekdays and months have no capital in Dutch


def _listed(days: FreeDays, more: Sequence[Text] = ()) -> Text:
    items = [*more, *(_with_reason(day, why) for day, why in days)]
    return Text(_and([i.nl for i in items], "en"), _and([i.en for i in items], "and"))


def _with_reason(day: date, why: Text | None) -> Text:
    a = spoken(day)
    return Text(f"{a.nl} ({why.nl})", f"{a.en} ({why.en})") if why else a


def _and(items: list[str], word: str) -> str:
    return f" {word} ".join(filter(None, [", ".join(items[:-1]), items[-1]]))
