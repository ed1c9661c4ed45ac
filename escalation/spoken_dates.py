"""Dates, moments and lengths as people say them, in Dutch and English."""

from datetime import date, datetime

from escalation.text import Text

WEEKDAYS = (
    Text("maandag", "Monday"),
    Text("dinsdag", "Tuesday"),
    Text("woensdag", "Wednesday"),
    Text("donderdag", "Thursday"),
    Text("vrijdag", "Friday"),
    Text("zaterdag", "Saturday"),
    Text("zondag", "Sunday"),
)
MONTHS = (
    Text("januari", "January"),
    Text("februari", "February"),
    Text("maart", "March"),
    Text("april", "April"),
    Text("mei", "May"),
    Text("juni", "June"),
    Text("juli", "July"),
    Text("augustus", "August"),
    Text("september", "September"),
    Text("oktober", "October"),
    Text("november", "November"),
    Text("december", "December"),
)
UNITS = {  # one, more
    "hours": (Text("uur", "hour"), Text("uur", "hours")),
    "days": (Text("dag", "day"), Text("dagen", "days")),
    "working days": (Text("werkdag", "working day"), Text("werkdagen", "working days")),
    "weeks": (Text("week", "week"), Text("weken", "weeks")),
    "months": (Text("maand", "month"), Text("maanden", "months")),
    "years": (Text("jaar", "year"), Text("jaar", "years")),
}


def in_words(n: int, unit: str) -> Text:
    """A length: "6 weken", "6 weeks"."""
    word = UNITS[unit][n != 1]
    return Text(f"{n} {word.nl}", f"{n} {word.en}")


def spoken(day: date) -> Text:
    """A date with its weekday: "vrijdag 3 april 2026", "Friday 3 April 2026"."""
    weekday, month = WEEKDAYS[day.weekday()], MONTHS[day.month - 1]
    return Text(
        f"{weekday.nl} {day.day} {month.nl} {day.year}",
        f"{weekday.en} {day.day} {month.en} {day.year}",
    )


def clock(local: datetime) -> Text:
    """A moment on a Dutch clock; says which of the two when that hour passes twice."""
    day, time = spoken(local), f"{local:%H:%M:%S}".removesuffix(":00")
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        return Text(f"{day.nl} {time} uur", f"{day.en} {time}")
    season = Text("zomertijd", "summer time") if local.dst() else Text("wintertijd", "winter time")
    return Text(f"{day.nl} {time} uur {season.nl}", f"{day.en} {time} {season.en}")
