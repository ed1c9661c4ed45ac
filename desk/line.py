"""One line of the doctor."""

from collections.abc import Callable
from dataclasses import dataclass

from desk.plainly import sentence_for


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at. `way_out` says what to do when it is not ok."""

    what: str
    ok: bool
    found: str
    way_out: str = ""


def safely(what: str, look: Callable[[], Line]) -> Line:
    """The line, or what went wrong while looking as a line; our own bugs keep a traceback."""
    try:
        return look()
    except Exception as error:
        said = sentence_for(error)
        if said is None:
            raise
        return Line(what, False, said)
