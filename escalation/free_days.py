"""Off free days: where a statutory term ends by law (Algemene termijnenwet, "Atw", art. 1 to 4)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from itertools import islice

from escalation import derivation as say
from escalation.calendars import ONE_DAY, StatutoryCalendar
from escalation.terms import Kind, Length, Unit
from escalation.text import Text

ATW = "Algemene termijnenwet"
# The longest statutory terms the Atw still extends; a year is too long already (art. 4).
LONGEST = {Unit.DAYS: 90, Unit.WEEKS: 12, Unit.MONTHS: 3, Unit.YEARS: 0}


@dataclass(frozen=True, slots=True)
class Moved:
    """Where a term ends by law, the steps and articles that brought it there, and what may still
    move it: years of which no decree is known."""

    end: date
    steps: tuple[Text, ...]
    article: str
    doubts: tuple[Text, ...]


def rolls(kind: Kind, length: Length | None) -> bool:
    """Whether the Algemene termijnenwet moves the end of such a term off free days (art. 1, 4)."""
    if kind is not Kind.STATUTORY or length is None:
        return False
    return length.n <= LONGEST.get(length.unit, 0)


def moved_off(start: date, nominal: date, calendar: StatutoryCalendar) -> Moved:
    """The end of a term that starts at `start` and would end on `nominal`.

    Art. 1: not on a free day. Art. 2: two ordinary days in a term of three days or more.
    """
    rolled = end = calendar.next_ordinary_day(nominal)
    not_last, articles, steps = calendar.free_days(nominal, rolled - ONE_DAY), ["1"], list[Text]()
    if not_last:
        steps.append(say.not_a_last_day(not_last))
    if _art_2_applies(start, nominal) and not _two(calendar.ordinary_days(start + ONE_DAY, rolled)):
        end = calendar.next_ordinary_day(rolled + ONE_DAY)
        not_last = calendar.free_days(start + ONE_DAY, end)
        steps.append(say.one_ordinary_day(not_last, rolled, end))
        articles.append("2")
    if any(why for _, why in not_last):
        articles.append("3")
    if end == nominal:
        steps.append(say.ordinary(nominal))
    doubts = tuple(say.no_decree(year) for year in _years_in_doubt(start, nominal, end, calendar))
    return Moved(end, tuple(steps), f"{ATW} art. {', '.join(articles)}", doubts)


def _art_2_applies(start: date, nominal: date) -> bool:
    return (nominal - start).days >= 3


def _years_in_doubt(
    start: date, nominal: date, end: date, calendar: StatutoryCalendar
) -> list[int]:
    """Years without a loaded decree in which one more free day could move the end."""
    first, covers = nominal, calendar.covers
    if _art_2_applies(start, nominal) and covers(end.year):
        days = calendar.ordinary_days(start + ONE_DAY, end)
        if not _two(day for day in days if covers(day.year)):
            first = start + ONE_DAY
    return [year for year in range(first.year, end.year + 1) if not covers(year)]


def _two(days: Iterable[date]) -> bool:
    return len(list(islice(days, 2))) == 2
