"""What a chore of the watch is; which there are: casework/chores.py."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session


@dataclass(frozen=True, slots=True)
class Chore:
    """`next_at` is the moment it is needed next, if ever; `do` does at most so many by now, of one
    case when its id is given, and returns how many."""

    next_at: Callable[[Session], datetime | None]
    do: Callable[[Session, datetime, int, int | None], int]
