"""An error's own text may hold an address or a name; only its kind and its place are told.

Prefect stores every exception message it sees, readable for operations staff, and a database error
quotes the values of the row. So errors are translated before Prefect or a log meets them.

    Undisclosed (RuntimeError)   something went wrong: the kind of error and the line it came from
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What an operator can mend, by words that every database says it in, whatever else it quotes.
MENDABLE = {
    "disk is full": "the disk of the database is full, make room",
    "no space left": "a disk is full, make room",
    "disk i/o error": "the disk of the database is full or broken",
    "unable to open database": "the database file can not be opened, is the disk full?",
    "database is locked": "the database is locked by another program",
    "readonly database": "the database can not be written to, see to the rights on its file",
    "connection refused": "the database can not be reached",
    "connection failed": "the database can not be reached",
}


class Undisclosed(RuntimeError):
    """An error without its text."""


@contextmanager
def discreet() -> Iterator[None]:
    """Every error that leaves this block is an Undisclosed one."""
    try:
        yield
    except Exception as error:
        raise Undisclosed(kind_and_place(error)) from None


def kind_and_place(error: BaseException) -> str:
    """ "OperationalError at stock.py:57": enough to find it, nothing about anybody.

    For an error that an operator can mend, what to mend stands before it.
    """
    if isinstance(error, Undisclosed):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    what = type(error).__name__ + place
    mend = _mend(error)
    return f"{mend} ({what})" if mend else what


def _mend(error: BaseException) -> str | None:
    # Of a database error only what the database said: the statement and its values follow that.
    said = str(getattr(error, "orig", None) or error).lower()
    return next((mend for words, mend in MENDABLE.items() if words in said), None)
