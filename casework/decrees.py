"""The table of decreed days (Algemene termijnenwet art. 3(3)): loaded and withdrawn by people.

Days are never derived and never deleted. A promise keeps the date it was given, whatever happens to
the table; what would be dated otherwise now is told, so that a person can re-date it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import ColumnElement
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.administration import one_at_a_time, record
from casework.connect import transaction
from casework.differing import Differing, differing
from casework.journal import SYSTEM
from casework.people import acting
from casework.refusals import NotAllowed, NotFound
from escalation.calendars import SATURDAY, statutory_holidays
from escalation.decrees import BadDecree, known_decrees, usable
from escalation.decrees import Decree as Row
from escalation.text import Text
from models import Decree

USUAL_YEARS = 3


@dataclass(frozen=True, slots=True)
class Changed:
    """What one change did: the days it touched, what to look at twice, and what now differs."""

    days: tuple[date, ...]
    warnings: tuple[Text, ...]
    differing: tuple[Differing, ...]


def add_decree(
    engine: Engine,
    days: Iterable[date],
    first_year: int,
    last_year: int,
    source: str,
    by: str,
    now: datetime,
) -> Changed:
    """The decree is in the table: its period, and each of its days. What was there stays as it is.

    Raises NotAllowed for a blank source, an impossible period, a day outside it or a day that is
    loaded under another source, and NotFound for an unknown person. Loaded twice is loaded once.
    Source: Algemene termijnenwet art. 3(3).
    """
    try:
        rows = [Row(day, first_year, last_year, source) for day in (None, *days)]
    except BadDecree as error:
        raise NotAllowed(str(error)) from None
    return import_decrees(engine, rows, by, now)


def import_decrees(engine: Engine, rows: Sequence[Row], by: str, now: datetime) -> Changed:
    """Every one of these rows is in the table, or none is; refuses and warns as `add_decree`."""
    try:
        wanted = [usable(row) for row in rows]
    except BadDecree as error:
        raise NotAllowed(str(error)) from None
    periods = {Row(None, row.first_year, row.last_year, row.source) for row in wanted}
    days = {row for row in wanted if row.day}
    for day, times in Counter(row.day for row in days).items():
        if times > 1:
            raise NotAllowed(f"{day} is there twice, with different sources or years; keep one")
    with transaction(engine) as session:
        actor = acting(session, by, now).key
        added = _load(session, periods | days, actor, now)
        return Changed(_days(added), _warnings(periods, days), differing(session))


def withdraw_decree_day(engine: Engine, day: date, by: str, reason: str, now: datetime) -> Changed:
    """The day counts as an ordinary day from `now`; its row stays and says who withdrew it.

    The reason is in the record of administration. Raises NotAllowed without a reason, NotFound when
    the day was never loaded or the person is unknown. Withdrawn twice is withdrawn once.
    """
    return _withdrawn(engine, col(Decree.day) == day, f"decreed day {day}", by, reason, now)


def withdraw_decree(
    engine: Engine, first_year: int, last_year: int, by: str, reason: str, now: datetime
) -> Changed:
    """No decree covers this period any more, and all its days are ordinary from `now`.

    Otherwise as `withdraw_decree_day`.
    """
    period = (col(Decree.first_year) == first_year) & (col(Decree.last_year) == last_year)
    return _withdrawn(engine, period, f"decree for {first_year}-{last_year}", by, reason, now)


def load_shipped_decrees(session: Session, now: datetime, *, record_anyhow: bool) -> None:
    """The decrees that come with Estafette are in the table. A day that was ever loaded is left
    alone, so what an administrator withdrew or loaded under another source stays that way."""
    table = session.exec(select(Decree)).all()
    ever = {row.day for row in table}
    days = {row for row in known_decrees() if row.day not in ever}
    if days:
        periods = {Row(None, row.first_year, row.last_year, row.source) for row in days}
        _load(session, periods | days, SYSTEM, now)
    elif record_anyhow:  # the days came with an older version, before there was a record
        found = {_as_row(row) for row in table if row.withdrawn_at is None}
        _record(session, sorted(found, key=_place), SYSTEM, now)


def _load(session: Session, rows: set[Row], actor: str, now: datetime) -> list[Row]:
    one_at_a_time(session)
    in_force = session.exec(select(Decree).where(col(Decree.withdrawn_at).is_(None))).all()
    known = {_as_row(row) for row in in_force}
    by_day = {row.day: row for row in known if row.day}
    for row in rows:
        _refuse_another_source(row, by_day.get(row.day) if row.day else None)
    added = sorted((row for row in rows if _is_new(row, known, by_day)), key=_place)
    for row in added:
        session.add(Decree(day=row.day, first_year=row.first_year, last_year=row.last_year,
                           source=row.source, loaded_at=now))  # fmt: skip
    session.flush()
    _record(session, added, actor, now)
    return added


def _as_row(row: Decree) -> Row:
    return Row(row.day, row.first_year, row.last_year, row.source)


def _is_new(row: Row, known: set[Row], by_day: Mapping[date, Row]) -> bool:
    return row not in known and row.day not in by_day


def _refuse_another_source(row: Row, loaded: Row | None) -> None:
    if loaded and loaded.source != row.source:
        raise NotAllowed(
            f"{row.day} is loaded already under another source, {loaded.source!r}; use that "
            f"source, or withdraw the day first: estafette decree withdraw {row.day}"
        )


def _place(row: Row) -> tuple[int, int, str, date]:
    return row.first_year, row.last_year, row.source, row.day or date.min


def _record(session: Session, added: list[Row], actor: str, now: datetime) -> None:
    for (first, last, source), rows in groupby(added, key=lambda row: _place(row)[:3]):
        days = [str(row.day) for row in rows if row.day]
        record(session, now, actor, "decree_loaded", years=[first, last], source=source, days=days)


def _days(rows: Iterable[Row]) -> tuple[date, ...]:
    return tuple(sorted(row.day for row in rows if row.day))


def _warnings(periods: set[Row], days: set[Row]) -> tuple[Text, ...]:
    """What is allowed and yet looks like a mistake."""
    long = [p for p in periods if p.last_year - p.first_year >= USUAL_YEARS]
    said = [_unusual_period(period) for period in sorted(long, key=_place)]
    return (*said, *(warning for day in _days(days) if (warning := _free_already(day))))


def _unusual_period(period: Row) -> Text:
    years = f"{period.first_year}-{period.last_year}"
    return Text(
        f"{years} is langer dan de drie jaar die een besluit meestal bestrijkt; controleer het.",
        f"{years} is longer than the three years a decree usually covers; check it.",
    )


def _free_already(day: date) -> Text | None:
    name = statutory_holidays(day.year).get(day)
    if name:
        return Text(f"{day} is al een feestdag: {name.nl}.", f"{day} is a holiday: {name.en}.")
    if day.weekday() >= SATURDAY:
        return Text(f"{day} valt in een weekend.", f"{day} falls on a weekend.")
    return None


def _withdrawn(
    engine: Engine, which: ColumnElement[bool], what: str, by: str, reason: str, now: datetime
) -> Changed:
    if not reason.strip():
        raise NotAllowed("withdrawing a decree needs a reason, so that others can follow it")
    with transaction(engine) as session:
        actor = acting(session, by, now).key
        one_at_a_time(session)
        rows = session.exec(select(Decree).where(which)).all()
        if not rows:
            raise NotFound(what, "in the table", "see: estafette decree list")
        in_force = sorted((r for r in rows if r.withdrawn_at is None), key=lambda r: r.id or 0)
        for row in in_force:
            row.withdrawn_at, row.withdrawn_by = now, actor
            session.add(row)
            day, years = str(row.day) if row.day else None, [row.first_year, row.last_year]
            said = {"day": day, "years": years, "source": row.source, "reason": reason.strip()}
            record(session, now, actor, "decree_withdrawn", **said)
        session.flush()
        return Changed(_days(map(_as_row, in_force)), (), differing(session))
