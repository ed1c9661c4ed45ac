"""The facts an act may carry: known words with known types, checked at the door.

Errors: BadFacts, one sentence per fact that is unknown, missing or of the wrong kind.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from escalation.shape import Act


class BadFacts(ValueError):
    """Facts an act cannot carry; `problems` has one sentence each."""

    def __init__(self, act: str, problems: list[str]) -> None:
        super().__init__(f"act {act!r}: " + "; ".join(problems))
        self.problems = problems


YEARS = range(1995, 2091)  # within the years whose holidays are known, with room to ring after


def _known(day: date) -> date:
    if day.year not in YEARS:
        raise ValueError(f"wants a year from {YEARS[0]} up to {YEARS[-1]}")
    return day


def _day(value: Any) -> date:
    if isinstance(value, datetime):
        raise ValueError("wants a date such as 2026-02-20, without a time")
    return _known(value if isinstance(value, date) else date.fromisoformat(str(value)))


def _moment(value: Any) -> date | datetime:
    """A day, or a moment with its zone; a moment without a zone is refused."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > len("2026-02-20") else _day(value)
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("wants a moment with its zone, such as 2026-12-14T10:00+01:00")
    if not isinstance(value, date):
        raise ValueError("wants a date or a moment with its zone")
    return _known(value)


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"true", "yes", "ja", "false", "no", "nee"}:
        return str(value).lower() in {"true", "yes", "ja"}
    raise ValueError("wants yes or no")


def _amount(value: Any) -> int:
    euros = int(value)
    if euros < 0:
        raise ValueError("wants whole euros, zero or more")
    return euros


def _words(value: Any) -> str:
    text = str(value).strip()
    if not text:
        raise ValueError("wants a few words")
    return text


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise ValueError(f"wants one of: {', '.join(allowed)}")
        return str(value)

    return check


Check = Callable[[Any], Any]
TRUTHS = (
    "serious",
    "repeated",
    "rental",
    "adult",
    "duration_motivated",
    "objection_clause",
    "contact_address_asked",
)
FIELDS: dict[str, Check] = {
    **dict.fromkeys(("valid_until", "views_until", "compliance_until"), _day),
    **dict.fromkeys(("until", "effective_at", "in_force_until"), _moment),
    **dict.fromkeys(TRUTHS, _truth),
    **dict.fromkeys(("amount", "maximum"), _amount),
    "form": _one_of("penalty", "coercion", "mediation", "conversation", "written", "oral", "care"),
    "ground": _one_of("a", "b", "c"),
    "by": _one_of("officer", "police", "measurement", "video", "sworn_report", "neighbours",
                  "landlord", "care"),
    "hearing_skipped": _one_of("urgency", "heard_before_nothing_new", "goal_needs_surprise"),
}  # fmt: skip


def _check(name: str) -> Check:
    return FIELDS.get(name, _words)


def checked(act: Act, facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts in their own types. Raises BadFacts naming every problem at once."""
    problems = [
        f"{name!r} is not a fact of this act; it takes {', '.join(act.fields) or 'none'}"
        for name in facts
        if name not in act.fields
    ]
    problems += [f"{name!r} is needed" for name in act.needs if facts.get(name) is None]
    known: dict[str, Any] = {}
    for name in facts.keys() & set(act.fields):
        try:
            known[name] = _check(name)(facts[name])
        except (ValueError, TypeError) as error:
            problems.append(f"{name!r}: {error}")
    if problems:
        raise BadFacts(act.key, problems)
    return known


def stored(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON holds them: days and moments as ISO text."""
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in sorted(facts.items())}


def restored(act: Act, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts read back from JSON in their own types; they were checked when recorded."""
    return {k: _check(k)(v) for k, v in facts.items() if k in act.fields}
