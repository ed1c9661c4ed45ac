"""An error's own text may hold an address or a name; only its kind and its place are told.

Prefect stores every exception message it sees, readable for operations staff, and a database error
quotes the values of the row. So errors are translated before Prefect or a log meets them.

    Undisclosed (RuntimeError)   something went wrong: the kind of error and the line it came from
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.ailment_words import words_for

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
    words = words_for(error)
    return f"{words.logged} ({kind_at(error)})" if words else kind_at(error)


def kind_at(error: BaseException) -> str:
    """ "OperationalError at stock.py:57": enough to find it, nothing about anybody.

    The place is the last one in this repository: where in a library it came from says little.
    """
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if _is_ours(frame.filename)] or frames
    place = f" at {Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    return _kind(error) + place


def origin(error: Exception) -> Exception:
    """What an Undisclosed one stands for, to tell its kind by; any other error itself."""
    before = error.__context__
    return before if isinstance(error, Undisclosed) and isinstance(before, Exception) else error


def _kind(error: BaseException) -> str:
    answered = getattr(getattr(error, "response", None), "status_code", "")
    return f"{type(error).__name__} {answered}".strip()


def _is_ours(file: str) -> bool:
    return Path(file).is_relative_to(HERE) and "site-packages" not in file
