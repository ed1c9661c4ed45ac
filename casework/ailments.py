"""What can ail a database: told by the code of the error, never by its text, which quotes rows.

Each door has words of its own for it: desk/plainly.py at the command line, flows/ailment_words.py
in Prefect and in logs.
"""

import errno
import sqlite3
from enum import StrEnum

import psycopg
from sqlalchemy.exc import DBAPIError, TimeoutError


class Ailment(StrEnum):
    """Something about a database, or a disk, that an operator can mend."""

    BUSY = "busy"
    FULL = "full"
    BROKEN = "broken"
    READ_ONLY = "read only"
    DAMAGED = "damaged"
    OTHER_VERSION = "other version"
    NOT_OPENED = "not opened"
    AWAY = "away"
    DISK_FULL = "disk full"  # some disk: no database said so


# What codes begin with. SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html
# SQLite: https://www.sqlite.org/rescode.html
CODES = {
    Ailment.BUSY: ("SQLITE_BUSY", "SQLITE_LOCKED", "55P03", "40P01", "40001", "57014"),
    Ailment.FULL: ("SQLITE_FULL", "53100"),
    Ailment.BROKEN: ("SQLITE_IOERR", "58030"),
    Ailment.READ_ONLY: ("SQLITE_READONLY", "25006"),
    Ailment.DAMAGED: ("SQLITE_CORRUPT", "SQLITE_NOTADB", "XX001", "XX002"),
    Ailment.OTHER_VERSION: ("SQLITE_ERROR", "42P01", "42703"),
    Ailment.NOT_OPENED: ("SQLITE_CANTOPEN",),
}
OF_DATABASES = (DBAPIError, sqlite3.Error, psycopg.Error)
OF_THE_WAY = (
    sqlite3.OperationalError, psycopg.OperationalError, psycopg.InterfaceError,
)  # fmt: skip


def ailment_of(error: BaseException) -> Ailment | None:
    """What ails the database; None when the error shows nothing that an operator could mend."""
    if isinstance(error, TimeoutError):  # no connection came free
        return Ailment.AWAY
    if isinstance(error, OF_DATABASES):
        return _of_a_database(getattr(error, "orig", None) or error)
    full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    return Ailment.DISK_FULL if full else None


def _of_a_database(said: BaseException) -> Ailment | None:
    code = getattr(said, "sqlstate", None) or getattr(said, "sqlite_errorname", None) or ""
    by_code = (one for one, codes in CODES.items() if code.startswith(codes))
    return next(by_code, Ailment.AWAY if isinstance(said, OF_THE_WAY) else None)
