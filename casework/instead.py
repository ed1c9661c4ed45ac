"""Promises about a handover are answered by what happens to it; three may be answered in words."""

from datetime import datetime

from sqlmodel import Session

from casework.batons import directs_process, stands_in
from casework.refusals import NotAllowed
from casework.telling import decider
from escalation.baton import (
    CALL_BACK,
    HANDOVER_ACKNOWLEDGED,
    HANDOVER_ANSWERED,
    HANDOVER_RETURNED,
    HANDOVER_URGENT,
    PROCESS_DECIDES,
    READ_BACK_OWED,
    REPORT_BACK,
    WARM_CONTACT,
)
from models import Case, Checkpoint, Contact

OFFER = "offer it again (estafette handover offer)"
COMMANDS = {
    HANDOVER_ACKNOWLEDGED.key: ("acknowledge",),
    HANDOVER_ANSWERED.key: ("accept", "refuse"),
    HANDOVER_URGENT.key: ("accept", "refuse"),
    READ_BACK_OWED.key: ("accept",),
    WARM_CONTACT.key: ("contacted",),
    REPORT_BACK.key: ("report",),
}
# What its asked person may also do instead of saying how they go on.
IN_WORDS = {
    HANDOVER_RETURNED.key: OFFER,
    PROCESS_DECIDES.key: "assign the role (estafette handover assign)",
    CALL_BACK.key: "call them",
}


def refuse_elsewhere(
    session: Session, case: Case, row: Checkpoint, by: Contact, reason: str | None, now: datetime
) -> None:
    """Raises NotAllowed for a promise about a handover that is answered by another verb, naming
    it; for the three that are answered in words, by anybody but who is asked, or without words."""
    if row.handover_id is None:
        return
    if row.key not in IN_WORDS:
        ways = " or ".join(
            f"estafette handover {verb} {row.handover_id}" for verb in COMMANDS.get(row.key, ())
        )
        raise NotAllowed(f"promise {row.key!r} is about handover {row.handover_id}; use: {ways}")
    if not _is_asked(session, case, row, by, now):
        raise NotAllowed(
            f"promise {row.key!r} of handover {row.handover_id} is for {_asked(session, row)} to "
            f"answer, who can also {IN_WORDS[row.key]}"
        )
    if not (reason or "").strip():
        raise NotAllowed(
            f"promise {row.key!r} needs a reason that says how you go on; or {IN_WORDS[row.key]}"
        )


def _is_asked(session: Session, case: Case, row: Checkpoint, by: Contact, now: datetime) -> bool:
    asked = session.get(Contact, row.asked_id) if row.asked_id else None
    own = asked is not None and (asked.id == by.id or stands_in(session, asked, by, now))
    decides = directs_process(session, case, by, now)
    return own or decides or _nobody_decides(session, case, row, by, now)


def _nobody_decides(
    session: Session, case: Case, row: Checkpoint, by: Contact, now: datetime
) -> bool:
    """A decision nobody is there to take: whoever waits for it says how they go on."""
    waits = session.get(Contact, row.owed_id) if row.owed_id else None
    if row.key != PROCESS_DECIDES.key or waits is None or decider(session, case, now) is not None:
        return False
    return waits.id == by.id or stands_in(session, waits, by, now)


def _asked(session: Session, row: Checkpoint) -> str:
    asked = session.get(Contact, row.asked_id) if row.asked_id else None
    return asked.key if asked else "the process director"
