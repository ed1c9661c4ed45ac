"""Opening hours: when somebody of an organisation can be reached, by the clock on the wall.

Written as people do ("mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00") and kept by day
({"mon": [["09:00", "12:30"], ["13:00", "17:00"]]}). On holidays and on the municipality's closed
days nobody is there; Sundays are as stated.

    BadHours (ValueError)   hours that cannot be; the message says how to write them
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from itertools import pairwise
from zoneinfo import ZoneInfo

from escalation.calendars import ONE_DAY, WorkingCalendar, statutory_holidays

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BY_WORD = dict(zip(DAYS, range(7), strict=True)) | {
    word: number for number, word in enumerate(("ma", "di", "wo", "do", "vr", "za", "zo"))
}
PART = re.compile(r"([a-z][a-z ,-]*?)[ ,]+([0-9].*)")
TIMES = re.compile(r"([0-9]{1,2}:[0-9]{2}) ?- ?([0-9]{1,2}:[0-9]{2})")
MIDNIGHT = "24:00"
LOOK_AHEAD = 366  # days; who opens less often has no opening hours
HOW = 'write them as "mon-fri 09:00-12:30, 13:00-17:00; sat 10:00-12:00"'

Span = tuple[str, str]
Hours = Mapping[str, list[list[str]]]  # by day of the week, each span with its begin and end


class BadHours(ValueError):
    """Hours that cannot be; the message says what is wrong and how to write them."""


def parse(text: str) -> dict[str, list[list[str]]]:
    """The hours by day that a text says; an empty text says none. Raises BadHours."""
    found: dict[int, list[Span]] = {}
    for part in filter(None, (part.strip() for part in text.lower().split(";"))):
        words = PART.fullmatch(part)
        if words is None:
            raise BadHours(f"{part!r} are no opening hours; {HOW}")
        spans = [_span(word.strip()) for word in words[2].split(",")]
        for day in _days(words[1]):
            found.setdefault(day, []).extend(spans)
    return {DAYS[day]: _in_order(DAYS[day], found[day]) for day in sorted(found)}


def spoken(hours: Hours) -> str:
    """The hours as people write them; days in a row with the same hours are told as one."""
    parts: list[tuple[list[str], str]] = []
    for day in (day for day in DAYS if hours.get(day)):
        times = ", ".join(f"{begin}-{end}" for begin, end in hours[day])
        follows = bool(parts) and DAYS.index(parts[-1][0][-1]) + 1 == DAYS.index(day)
        if follows and parts[-1][1] == times:
            parts[-1][0].append(day)
        else:
            parts.append(([day], times))
    return "; ".join(f"{_row(days)} {times}" for days, times in parts)


def is_open(hours: Hours, moment: datetime, calendar: WorkingCalendar) -> bool:
    """Whether somebody is there at this moment."""
    local = moment.astimezone(AMSTERDAM)
    shown = f"{local:%H:%M}"
    spans = _spans(hours, local.date(), calendar)
    return any(begin <= shown < end for begin, end in spans)


def next_opening(hours: Hours, moment: datetime, calendar: WorkingCalendar) -> datetime | None:
    """The first moment from `moment` on at which somebody is there: `moment` itself when it is
    open. None when that is not within a year."""
    if is_open(hours, moment, calendar):
        return moment
    first = moment.astimezone(AMSTERDAM).date()
    for day in (first + n * ONE_DAY for n in range(LOOK_AHEAD)):
        begins = sorted(begin for begin in _begins(hours, day, calendar) if begin > moment)
        for begin in begins:
            if is_open(hours, begin, calendar):
                return begin
    return None


def _begins(hours: Hours, day: date, calendar: WorkingCalendar) -> Iterator[datetime]:
    """The moments of a day at which it may open."""
    for begin, _ in _spans(hours, day, calendar):
        at = datetime.combine(day, time.fromisoformat(begin), tzinfo=AMSTERDAM)
        yield at.astimezone(UTC)
        yield at.replace(fold=1).astimezone(UTC)  # the same time once more when the clock goes back
    # When the clock changes, at 01:00 UTC, hours are jumped into, or begin again.
    yield datetime(day.year, day.month, day.day, 1, tzinfo=UTC)


def _spans(hours: Hours, day: date, calendar: WorkingCalendar) -> list[list[str]]:
    if day in calendar.closed or day in statutory_holidays(day.year):
        return []
    return hours.get(DAYS[day.weekday()], [])


def _days(words: str) -> Iterator[int]:
    for word in re.split(r"[ ,]+", re.sub(r" *- *", "-", words.strip())):
        first, _, last = word.partition("-")
        begin, end = _day(first), _day(last or first)
        if end < begin:
            raise BadHours(f"{word!r} runs backwards; a week goes from mon to sun: name two rows")
        yield from range(begin, end + 1)


def _day(word: str) -> int:
    if word not in BY_WORD:
        raise BadHours(f"{word!r} is not a day of the week; the days are {', '.join(DAYS)}")
    return BY_WORD[word]


def _span(word: str) -> Span:
    times = TIMES.fullmatch(word)
    if times is None:
        raise BadHours(f"{word!r} is not a time from and to; {HOW}")
    begin, end = _time(times[1]), _time(times[2])
    if begin >= end:
        raise BadHours(
            f"{word!r} ends before it begins; hours over midnight are two: until {MIDNIGHT}, and "
            "from 00:00 on the day after"
        )
    return begin, end


def _time(word: str) -> str:
    hour, minute = (int(part) for part in word.split(":"))
    if minute > 59 or hour > 24 or (hour == 24 and minute):
        raise BadHours(f"{word!r} is not a time; it goes from 00:00 to {MIDNIGHT}")
    return f"{hour:02}:{minute:02}"


def _in_order(day: str, spans: list[Span]) -> list[list[str]]:
    ordered = sorted(spans)
    for one, other in pairwise(ordered):
        if other[0] < one[1]:
            raise BadHours(
                f"on {day} {one[0]}-{one[1]} and {other[0]}-{other[1]} overlap; write them as one"
            )
    return [list(span) for span in ordered]


def _row(days: list[str]) -> str:
    return days[0] if len(days) == 1 else f"{days[0]}-{days[-1]}"
