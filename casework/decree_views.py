"""The table of decreed days as people see it, and how far it reaches; nothing is changed."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading
from casework.differing import Differing, differing
from casework.policies import calendars_now
from models import Decree


@dataclass(frozen=True, slots=True)
class DecreeRow:
    """One row of the table as people see it; without a day it says that its years are covered."""

    day: date | None
    first_year: int
    last_year: int
    source: str
    loaded_at: datetime
    withdrawn_at: datetime | None
    withdrawn_by: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """The whole table, withdrawn rows too."""

    rows: tuple[DecreeRow, ...]
    uncovered: tuple[int, ...]
    differing: tuple[Differing, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the table reaches, seen from one moment."""

    up_to: int | None
    uncovered: tuple[int, ...]


def decrees(engine: Engine) -> Table:
    """The table, by year, with what is uncovered between its years and what it would re-date."""
    with reading(engine) as session:
        by_year = select(Decree).order_by(
            col(Decree.first_year), col(Decree.day).is_not(None), col(Decree.day), col(Decree.id)
        )
        rows = tuple(_shown(row) for row in session.exec(by_year))
        uncovered = calendars_now(session).statutory.uncovered_years
        return Table(rows, uncovered, differing(session))


def coverage(session: Session, year: int) -> Coverage:
    """Up to which year decreed days are loaded, seen from `year`, and the years left out."""
    statutory = calendars_now(session).statutory
    return Coverage(statutory.covered_up_to(year), statutory.uncovered_years)


def covered(engine: Engine, year: int) -> Coverage:
    """The same for a door."""
    with reading(engine) as session:
        return coverage(session, year)


def _shown(row: Decree) -> DecreeRow:
    return DecreeRow(
        row.day, row.first_year, row.last_year, row.source,
        row.loaded_at, row.withdrawn_at, row.withdrawn_by,
    )  # fmt: skip
