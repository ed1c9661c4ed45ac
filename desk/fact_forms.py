"""What the facts of an act look like, learnt from the checks that let them in."""

from collections.abc import Callable
from typing import Any

from escalation.facts import FIELDS
from escalation.text import Text

WORDS = Text("woorden", "words")
# What a check accepts tells its form; the first that fits, from the widest to the narrowest.
FORMS = (
    ("?", WORDS),
    ("yes", Text("ja of nee", "yes or no")),
    ("2026-02-20T10:00+01:00", Text("dag of moment", "day or moment")),
    ("2026-02-20", Text("dag", "day")),
    ("22:30", Text("tijd van de dag", "time of day")),
    ("1", Text("geheel getal", "whole number")),
    ("6 weeks", Text("duur", "length")),
)
AFTER_EVENT = "3 days after ruling_received"


def form_of(fact: str) -> Text:
    """What a fact looks like: a day, yes or no, one of some words, …"""
    if allowed := _allowed(fact):
        return Text(f"een van {allowed}", f"one of {allowed}")
    if "euro" in (_refusal(fact, "-1") or ""):
        return Text("hele euro's", "whole euros")
    fits = (form for sample, form in FORMS if _refusal(fact, sample) is None)
    form = next(fits, Text("een eigen vorm", "a form of its own"))
    if form is WORDS or _refusal(fact, AFTER_EVENT) is not None:
        return form
    return Text(f"{form.nl}, of zo lang na een handeling", f"{form.en}, or so long after an act")


def sample_of(fact: str) -> Any:
    """A value this fact could have; None when its form is a new one."""
    samples = [_allowed(fact).partition(", ")[0], *(sample for sample, _form in FORMS)]
    fits = (sample for sample in samples if sample and _refusal(fact, sample) is None)
    found = next(fits, None)
    return None if found is None else _check(fact)(found)


def _check(fact: str) -> Callable[[Any], Any]:
    return FIELDS.get(fact, str)


def _allowed(fact: str) -> str:
    """The words it is one of, as its refusal lists them."""
    return (_refusal(fact, "?") or "").partition(" of: ")[2]


def _refusal(fact: str, value: str) -> str | None:
    try:
        _check(fact)(value)
    except (ValueError, TypeError) as error:
        return str(error) or "refused"
    return None
