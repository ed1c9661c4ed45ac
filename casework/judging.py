"""What the guards of an act say about a case, for the doors; nothing is recorded."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Engine

from casework.cases import look_up
from casework.connect import reading
from casework.dossiers import dossier_of
from escalation import moves
from escalation.dossier import Recorded
from escalation.facts import checked
from escalation.rungs import AMSTERDAM
from escalation.shape import Guard
from escalation.text import Text


def unmet_for(
    engine: Engine, key: str, kind: str, facts: Mapping[str, Any], at: datetime
) -> tuple[Guard, ...]:
    """The guards that would refuse this act at that moment, whatever stage the case is in.

    Raises NotFound, Unknown, BadFacts.
    """
    spec = moves.act_named(kind)
    proposed = Recorded(kind, at.astimezone(AMSTERDAM).date(), checked(spec, facts))
    with reading(engine) as session:
        dossier = dossier_of(
            session, look_up(session, key), at, moves.section_of(spec), proposed=proposed
        )
        return tuple(moves.unmet(spec.guards, dossier))


@dataclass(frozen=True, slots=True)
class JudgedView:
    """One question about an act somebody wants to do, and whether the dossier answers it."""

    guard: str
    family: str
    asks: Text
    source: str
    met: bool
    waived_by: tuple[str, ...]  # the functions that may waive it; none for a guard of law


def judged(
    engine: Engine, key: str, kind: str, facts: Mapping[str, Any], at: datetime
) -> list[JudgedView]:
    """Every guard of an act as the dossier stands at that moment; facts may be left out.

    Raises NotFound, Unknown, BadFacts.
    """
    spec = moves.act_named(kind)
    stated = checked(replace(spec, needs=()), facts)
    proposed = Recorded(kind, at.astimezone(AMSTERDAM).date(), stated)
    with reading(engine) as session:
        case = look_up(session, key)
        dossier = dossier_of(session, case, at, moves.section_of(spec), proposed=proposed)
    return [
        JudgedView(g.key, g.family.value, g.asks, g.source.cite, g.holds(dossier), g.waived_by)
        for g in spec.guards
    ]
