"""Why: the reasons people must give, kept in the dossier. The journal only says there was one."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from casework.refusals import NotAllowed
from models import Act, Case, Visit

REASON = "reason_recorded"


def remember(
    session: Session,
    case: Case,
    visit: Visit | None,
    actor: str,
    now: datetime,
    reasons: Mapping[str, str],
) -> None:
    """Each reason is an act in the dossier, by what it is for ("decision", "waived: heard")."""
    for of, text in reasons.items():
        session.add(
            Act(
                case_id=case.id or 0,
                visit_id=visit.id if visit else None,
                kind=REASON,
                at=now,
                by=actor,
                facts={"of": of, "text": text.strip()},
                # One verb moves a case on by one version, so this is said once.
                reference=f"reason:{case.version}:{of}",
                recorded_at=now,
            )
        )
    session.flush()


def waivers(waive: Mapping[str, str]) -> dict[str, str]:
    """What is remembered of guards that are waived. Raises NotAllowed for one without a reason."""
    if empty := [key for key, reason in waive.items() if not reason.strip()]:
        raise NotAllowed(f"waiving needs a reason: {', '.join(empty)}")
    return {f"waived: {key}": reason for key, reason in waive.items()}
