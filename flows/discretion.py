"""An error's own text may hold an address or a name; only its kind and its place are told.

Prefect stores every exception message it sees, readable for operations staff, and a database error
quotes the values of the row. So errors are translated before Prefect or a log meets them.

    Undisclosed (RuntimeError)   something went wrong: the kind of error and the line it came from
"""

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DRIVERS = {"sqlite3", "psycopg"}
# What an operator can mend, by words that a database says it in, whatever else it quotes.
MENDABLE = {
    "disk is full": "the disk of the database is full, make room",
    "no space left": "the disk of the database is full, make room",
    "disk i/o error": "the disk of the database is full or broken",
    "unable to open database": "the database file can not be opened, is the disk full?",
    "database is locked": "the database is locked by another program",
    "readonly database": "the database can not be written to, see to the rights on its file",
    "connection refused": "the database can not be reached",
    "connection failed": "the database can not be reached",
}

HERE = Path(__file__).parents[1]


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
    """What a log says of an error: kind and place; before it, where an operator can mend it, what
    to mend."""
    if isinstance(error, Undisclosed):
        return str(error)
    mend = _mend(error)
    return f"{mend} ({kind_at(error)})" if mend else kind_at(error)


def kind_at(error: BaseException) -> str:
    """ "OperationalError at stock.py:57": enough to find it, nothing about anybody.

    The place is the last one in this repository: where in a library it came from says little.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)] or frames
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return type(error).__name__ + place


def origin(error: Exception) -> Exception:
    """What an Undisclosed one stands for, to tell its kind by; any other error itself."""
    before = error.__context__
    return before if isinstance(error, Undisclosed) and isinstance(before, Exception) else error


def _mend(error: BaseException) -> str | None:
    if type(error).__name__ == "PrefectHTTPStatusError":
        answered = getattr(getattr(error, "response", None), "status_code", "an error")
        return f"Prefect's server answers {answered}, its own log says why"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "a disk is full, make room"
    # Of a database error only what the database said: the statement and its values follow that.
    said = getattr(error, "orig", None) or error
    if type(said).__module__.partition(".")[0] not in DRIVERS:
        return None
    return next((mend for words, mend in MENDABLE.items() if words in str(said).lower()), None)


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(HERE) and "site-packages" not in file
