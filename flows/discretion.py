"""An error's own text may hold an address or a name; only its kind and its place are told.

Prefect stores every exception message it sees, readable for operations staff, and a database error
quotes the values of the row. So errors are translated before Prefect or a log meets them.

    Undisclosed (RuntimeError)   something went wrong: the kind of error and the line it came from
"""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


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
    """ "OperationalError at stock.py:57": enough to find it, nothing about anybody."""
    if isinstance(error, Undisclosed):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
