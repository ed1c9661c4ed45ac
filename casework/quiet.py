"""What silence of a case and of a partner share: by which numbers it is counted, and its waits."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from casework import journal
from casework.policies import calendars_now, default_policy, usable_policy
from casework.refusals import Incomplete
from escalation.calendars import Calendars
from escalation.counting import ends
from escalation.policy import CASE, Policy
from escalation.rungs import AMSTERDAM
from escalation.shape import Checkpoint as Spec
from escalation.silence import Spoken, spoken_of
from escalation.terms import Kind, Length, Term
from escalation.text import proposal
from models import Case, Checkpoint, CheckpointState, JournalEntry, Wait

LONGEST = "case.waiting"
ORIGINS = ("silence:", "partner:")  # of what is asked about the silence of a case, of a partner
PUT_OFF = timedelta(hours=1)
KIND_PUT_OFF = "silence_put_off"


@dataclass(frozen=True, slots=True)
class Rules:
    """The policy and calendars by which the silence of a case is counted."""

    policy: Policy
    calendars: Calendars

    def spoken_of(self, spec: Spec, since: datetime, wait: Wait | None) -> Spoken:
        """When silence is spoken of by this promise, or by the end of the wait."""
        length = self.policy.length(CASE, spec) or default_policy().length(CASE, spec)
        assert length is not None  # the default leaves nothing out
        until = wait.until if wait else None
        return spoken_of(since, length, until, self.policy.ladder, self.calendars)


def rules_of(session: Session, case: Case) -> Rules:
    """The case's own policy; the default for one that was damaged since it was loaded."""
    return rules_by_policy(session, {case.policy_id})[case.policy_id]


def rules_by_policy(session: Session, numbers: Collection[int]) -> dict[int, Rules]:
    """The same of several policies at once, by their numbers."""
    calendars = calendars_now(session)
    return {number: Rules(usable_policy(session, number), calendars) for number in numbers}


def longest_wait(rules: Rules, now: datetime) -> tuple[Length, date]:
    """How long the policy lets a case wait, and so until which day. Raises Incomplete."""
    longest = rules.policy.number(LONGEST)
    if not isinstance(longest, Length):
        raise Incomplete(rules.policy.name, "waiting", [LONGEST])
    today = now.astimezone(AMSTERDAM).date()
    return longest, ends(today, Term(longest, Kind.POLICY, proposal()), rules.calendars).end


def waits(session: Session, case: Case, organisation_id: int | None) -> list[Wait]:
    """Every wait stated for the case, or for this partner of it; the last one last."""
    stated = select(Wait).where(Wait.case_id == case.id, Wait.organisation_id == organisation_id)
    return list(session.exec(stated.order_by(col(Wait.id))))


def running_wait(session: Session, case: Case, organisation_id: int | None) -> Wait | None:
    """The wait nobody ended; at most one."""
    stated = waits(session, case, organisation_id)
    return next((row for row in stated if row.ended_at is None), None)


def still_open(rows: Iterable[Checkpoint]) -> list[Checkpoint]:
    return [row for row in rows if row.state is CheckpointState.OPEN]


def put_off(session: Session, case: Case, now: datetime) -> datetime:
    """When to try again what can not be counted now; the journal says so once, for the audit."""
    said = select(JournalEntry.id).where(
        JournalEntry.case_id == case.id,
        JournalEntry.kind == KIND_PUT_OFF,
        col(JournalEntry.at) >= (case.stirred_at or case.opened_at),
    )
    if session.exec(said).first() is None:
        journal.append(session, case, now, journal.SYSTEM, KIND_PUT_OFF)
    return now + PUT_OFF


def end_waits(session: Session, case: Case, now: datetime) -> None:
    """Nothing is waited for any longer, by the case or any partner of it."""
    running = select(Wait).where(Wait.case_id == case.id, col(Wait.ended_at).is_(None))
    for row in session.exec(running):
        row.ended_at = now
        session.add(row)
    session.flush()
