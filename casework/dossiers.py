"""Builds what the guards are shown from the rows of a case."""

from collections.abc import Collection
from datetime import datetime

from sqlmodel import Session, col, func, select

from casework.batons import WAITING
from casework.policies import policy_of
from escalation.dossier import Dossier, Recorded
from escalation.facts import restored
from escalation.moves import act_named
from escalation.rungs import AMSTERDAM
from models import Act, Case, Handover, Role, Signal


def dossier_of(
    session: Session,
    case: Case,
    now: datetime,
    judging: str,
    *,
    proposed: Recorded | None = None,
    waived: Collection[str] = (),
) -> Dossier:
    """The case as the guards of a stage or lane (`judging`) see it at `now`."""
    # What was done later cannot have been weighed then, however late it is written down.
    acts = session.exec(
        select(Act)
        .where(Act.case_id == case.id, col(Act.at) <= now)
        .order_by(col(Act.at), col(Act.id))
    )
    signals = session.exec(
        select(func.count()).select_from(Signal).where(Signal.case_id == case.id)
    ).one()
    policy = policy_of(session, case.policy_id)
    return Dossier(
        today=now.astimezone(AMSTERDAM).date(),
        signals=signals,
        acts=tuple(_recorded(act) for act in acts),
        proposed=proposed,
        judging=judging,
        by_law=policy.by_law,
        counts=policy.counts,
        limits=policy.limits,
        landlord_first=policy.landlord_first,
        care_on_offer=_care_on_offer(session, case),
        waived=frozenset(waived),
    )


def _recorded(act: Act) -> Recorded:
    day = act.at.astimezone(AMSTERDAM).date()
    return Recorded(act.kind, day, restored(act_named(act.kind), act.facts))


def _care_on_offer(session: Session, case: Case) -> bool:
    offered = select(Handover.id).where(
        Handover.case_id == case.id,
        Handover.role == Role.CARE,
        col(Handover.state).in_(WAITING),
    )
    return session.exec(offered).first() is not None
