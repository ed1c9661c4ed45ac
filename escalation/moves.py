"""Where a decision leads, which acts a stage knows, and what still refuses them. Pure functions."""

from collections.abc import Collection, Iterable

from escalation.dossier import Dossier
from escalation.path import LANES, PATH, STAGES
from escalation.shape import Act, Guard, Stage


class Unknown(ValueError):
    """A stage, exit or act the path does not know; the message names the ones it does."""


def stage(key: str) -> Stage:
    """The stage with this key. Raises Unknown."""
    try:
        return STAGES[key]
    except KeyError:
        raise Unknown(f"unknown stage {key!r}; the path has {', '.join(STAGES)}") from None


def target_of(current: Stage, exit_key: str) -> Stage:
    """The stage an ordinary exit leads to. Raises Unknown."""
    for way_out in current.exits:
        if way_out.key == exit_key:
            return STAGES[way_out.to]
    ways = ", ".join(e.key for e in current.exits) or "none"
    raise Unknown(
        f"{exit_key!r} does not leave {current.key!r}; its exits are {ways}. "
        "Any other move needs a stage (--to) and a reason"
    )


def act_in(current: Stage, key: str) -> Act:
    """The act a case in this stage may record. Raises Unknown.

    Lane acts and acts that are not coercive can be recorded in any stage; a coercive act belongs
    to the stage whose guards judge it.
    """
    act = act_named(key)
    home = next((s.key for s in PATH if act in s.acts), None)
    if act.coercive and home is not None and home != current.key:
        raise Unknown(f"{key!r} belongs to stage {home!r}; the case is in {current.key!r}")
    return act


def acts() -> Iterable[Act]:
    """Every act of the path and its lanes."""
    for row in PATH:
        yield from row.acts
    for lane in LANES:
        yield from lane.acts


def act_named(key: str) -> Act:
    """The act with this key, whatever the stage. Raises Unknown."""
    for act in acts():
        if act.key == key:
            return act
    raise Unknown(f"unknown act {key!r}; see: estafette case acts")


def section_of(act: Act) -> str:
    """The stage or lane an act belongs to."""
    homes = [stage.key for stage in PATH if act in stage.acts]
    return homes[0] if homes else next(lane.key for lane in LANES if act in lane.acts)


def unmet(guards: Iterable[Guard], dossier: Dossier) -> list[Guard]:
    """The guards that still refuse; empty means the case may pass.

    A policy guard in `dossier.waived` does not refuse; a law guard always does.
    """
    return [
        guard
        for guard in guards
        if not (guard.waivable and guard.key in dossier.waived) and not guard.holds(dossier)
    ]


def not_waivable(keys: Collection[str], guards: Iterable[Guard]) -> list[str]:
    """Of the guards somebody wants to waive, those that are unknown or set by law."""
    can = {guard.key for guard in guards if guard.waivable}
    return sorted(set(keys) - can)
