"""On which ground a house may be closed, and what must be on record for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from escalation.dossier import Dossier


@dataclass(frozen=True, slots=True)
class ClosureGround:
    """A ground for closing a house: the harm it speaks of, where that comes from, since when it is
    law, and which reports show it."""

    harms: frozenset[str]
    origins: frozenset[str]
    reports: frozenset[str]
    since: date = date.min


_SWORN, _REPORTED = frozenset({"sworn_report"}), frozenset({"sworn_report", "police"})
_IN_OR_NEAR = frozenset({"dwelling", "near_dwelling"})
# Gemeentewet 174a(1), its b and c since 2024, and Opiumwet 13b. Noise is in none of them.
CLOSURE_GROUNDS = {
    "a": ClosureGround(frozenset({"safety", "health"}), frozenset({"dwelling"}), _SWORN),
    "b": ClosureGround(frozenset({"violence"}), _IN_OR_NEAR, _REPORTED, date(2024, 1, 1)),
    "c": ClosureGround(frozenset({"weapon"}), _IN_OR_NEAR, _REPORTED, date(2024, 1, 1)),
    "13b": ClosureGround(frozenset({"drugs"}), _IN_OR_NEAR, _REPORTED),
}
HARMLESS_TO_CLOSE = {"noise", "quarrel"}  # they harm living comfort, not safety or health


def closure_ground(d: Dossier) -> bool:
    ground = _ground(d)
    return bool(ground and d.today >= ground.since and _threat(d).get("harm") in ground.harms)


def comes_from_there(d: Dossier) -> bool:
    ground = _ground(d)
    return bool(ground and _threat(d).get("origin") in ground.origins)


def more_than_noise(d: Dossier) -> bool:
    return _threat(d).get("harm") not in {None, *HARMLESS_TO_CLOSE}


def reported_for_its_ground(d: Dossier) -> bool:
    ground = _ground(d)
    sources = {act.facts.get("by") for act in d.recorded("observation_recorded")}
    return bool(ground and sources & ground.reports)


def _ground(d: Dossier) -> ClosureGround | None:
    return CLOSURE_GROUNDS.get(str(_threat(d).get("ground")))


def _threat(d: Dossier) -> Mapping[str, Any]:
    """What is known of the threat as it was last established; nothing when none was."""
    found = d.last("threat_established")
    return found.facts if found else {}
