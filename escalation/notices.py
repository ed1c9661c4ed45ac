"""What the installation itself asks for in time: the next royal decree on equated days, whether
its contacts still hold and can be reached, and to mend what is wrong with it (`troubles`). The code
somebody asked for is told so too.

A notice has rungs as a promise has, counted in months before the end of the last year with decreed
days. Pure; all moments are UTC.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from escalation.text import Text
from escalation.troubles import TROUBLES, trouble_asks

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
DECREES_RUN_OUT, CONTACT_CHECK = "decrees_run_out", "contact_check"
UNREACHED, CODE = "unreached", "code"
RUNGS = (-12, -6, -3, -1, 0)  # months


def last_moment(year: int) -> datetime:
    """The moment a civil year is over in the Netherlands."""
    return datetime(year + 1, 1, 1, tzinfo=AMSTERDAM).astimezone(UTC)


def months_before(end: datetime, months: int) -> datetime:
    """The same day and time in the Netherlands, so many months before the first of a month."""
    local = end.astimezone(AMSTERDAM)
    year, month = divmod(12 * local.year + local.month - 1 - months, 12)
    return local.replace(year=year, month=month + 1).astimezone(UTC)


def rung_at(last_year: int, now: datetime) -> int | None:
    """The last rung that should have rung by now; None while the end is more than a year away.

    Several may have passed, as after an outage; they are raised as one.
    """
    end = last_moment(last_year)
    return max((rung for rung in RUNGS if months_before(end, -rung) <= now), default=None)


def due_of(notice: str, period: str) -> datetime | None:
    """The moment by which a notice must be seen to, when it names one."""
    return last_moment(int(period)) if notice == DECREES_RUN_OUT else None


def notice_asks(notice: str, period: str, how_many: int | None = None) -> Text:
    """What a notice asks; about a trouble, with how many there are. A word this version does not
    know is asked as itself, never lost."""
    if notice == DECREES_RUN_OUT:
        return Text(
            f"De gelijkgestelde dagen zijn bekend tot en met {period}. "
            "Laadt u het volgende besluit?",
            f"The equated days are known up to {period}. Do you load the next decree?",
        )
    if notice == CONTACT_CHECK:
        number = period.partition(":")[0]
        return Text(
            f"Klopt contact nummer {number} nog: dezelfde persoon, functie en bereikbaarheid?",
            f"Is contact number {number} still right: same person, function and way to reach?",
        )
    if notice == UNREACHED:
        number = period.partition(":")[0]
        return Text(
            f"Contact nummer {number} is niet te bereiken. Herstelt u het adres of het kanaal?",
            f"Contact number {number} can not be reached. Do you mend the address or channel?",
        )
    if notice == CODE:
        return Text(
            "Vul de code in op de pagina waar u hem vroeg.",
            "Enter the code on the page where you asked for it.",
        )
    if notice in TROUBLES:
        return trouble_asks(notice, how_many)
    return Text(notice, notice)
