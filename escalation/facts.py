"""The facts an act may carry: known words with known types, checked at the door.

Errors: BadFacts, one sentence per fact that is unknown, missing or of the wrong kind.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from escalation.counting import AMSTERDAM
from escalation.events import AfterEvent, after_event, at_once
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


def _event(value: Any) -> AfterEvent | None:
    """A day that waits for an event, as the value itself or as text; None when it is neither."""
    if isinstance(value, AfterEvent):
        return value
    return after_event(value) if isinstance(value, str) else None


def _day_or_event(value: Any) -> date | AfterEvent:
    return _event(value) or _day(value)


def _compliance(value: Any) -> date | AfterEvent:
    """A day, or one that waits for an event; an order may also want it "at once"."""
    return (at_once(value) if isinstance(value, str) else None) or _day_or_event(value)


def _moment(value: Any) -> date | datetime | AfterEvent:
    """A day, or a moment with its zone, or one that waits; a moment without a zone is refused."""
    if event := _event(value):
        return event
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
    "measures_concrete",
    "home_weighed",
    "committee",
    "favours",
    "followed",
    "in_person",
)
FIELDS: dict[str, Check] = {
    **dict.fromkeys(("valid_until", "from_day", "letter_date", "term_ended"), _day),
    "views_until": _day_or_event,
    "compliance_until": _compliance,
    **dict.fromkeys(("until", "effective_at", "in_force_until"), _moment),
    **dict.fromkeys(TRUTHS, _truth),
    **dict.fromkeys(("amount", "maximum"), _amount),
    "form": _one_of("penalty", "coercion", "mediation", "conversation", "written", "oral", "care"),
    "ground": _one_of("a", "b", "c", "13b"),
    "harm": _one_of("safety", "health", "violence", "weapon", "drugs", "noise", "quarrel", "other"),
    "origin": _one_of("dwelling", "near_dwelling", "elsewhere"),
    "time_of_day": _one_of("day", "evening", "night", "unknown"),
    "against": _one_of("warning", "order", "urgent_coercion", "collection", "house_ban", "closure",
                       "emergency_order", "refusal", "objection_decision"),
    "effect": _one_of("stands", "suspended", "redated", "ended", "effects_kept"),
    "by": _one_of("officer", "police", "fire_brigade", "measurement", "video", "sworn_report",
                  "neighbours", "landlord", "care"),
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
    if problems := problems or list(_at_odds(known)):
        raise BadFacts(act.key, problems)
    return known


def _at_odds(known: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong between facts that are each in order by themselves."""
    effect = known.get("effect", "stands")
    if effect != "stands" and "against" not in known:
        yield f"'against' is needed: say what is {effect}"
    if effect in {"suspended", "redated"} and "until" not in known:
        yield f"'until' is needed: say until when it is {effect}"
    if _ends_before_it_begins(known.get("effective_at"), known.get("until")):
        yield f"'until' ({known['until']}) is before 'effective_at' ({known['effective_at']})"


def _ends_before_it_begins(begins: Any, ends: Any) -> bool:
    """Compared as moments where both are; else as days, of which the last one counts in whole."""
    if isinstance(begins, datetime) and isinstance(ends, datetime):
        return ends <= begins
    days = [_day_of(value) for value in (begins, ends) if isinstance(value, date)]
    return len(days) == 2 and days[1] < days[0]


def _day_of(value: date) -> date:
    return value.astimezone(AMSTERDAM).date() if isinstance(value, datetime) else value


def stored(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts as JSON holds them: days and moments as ISO text, what waits for an event as words."""
    return {k: _as_text(v) for k, v in sorted(facts.items())}


def _as_text(value: Any) -> Any:
    if isinstance(value, AfterEvent):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def restored(act: Act, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts read back from JSON in their own types; they were checked when recorded."""
    return {k: _check(k)(v) for k, v in facts.items() if k in act.fields}
