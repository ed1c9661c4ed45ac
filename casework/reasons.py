"""Why: the reasons people must give, kept in the dossier. The journal only says there was one."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from casework.waiving import Waived
from models import Act, Case, Visit

REASON = "reason_recorded"
WAIVED = "waived: "  # what a reason is for, when it is for waiving the guard that follows


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


def remember_waived(
    session: Session, case: Case, visit: Visit | None, waived: Waived, now: datetime
) -> None:
    """Who waived which guard and why is in the dossier, for as long as there is one."""
    reasons = {f"{WAIVED}{guard}": reason for guard, reason in waived.reasons.items()}
    remember(session, case, visit, waived.by, now, reasons)
