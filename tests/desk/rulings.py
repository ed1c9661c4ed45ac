"""The published rulings, each played once in a process, however many tests look at it."""

from functools import cache
from pathlib import Path

from desk.history import History, read_history
from desk.replay import replayed_apart
from desk.retelling import Replayed

CASES = Path(__file__).parents[1] / "cases"


def ruling(name: str) -> History:
    return read_history(CASES / f"{name}.yaml")


@cache
def retold(name: str) -> Replayed:
    return replayed_apart(ruling(name))
