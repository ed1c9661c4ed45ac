"""When a contact is asked again whether it still holds, by the municipality's own number."""

from datetime import datetime

from sqlmodel import Session

from casework.policies import calendars_now, policy_of, version_for
from casework.refusals import NotFound
from escalation.counting import ends
from escalation.policy import Policy, PolicyError, parse, shipped
from escalation.rungs import AMSTERDAM, rings_at
from escalation.terms import Kind, Length, Term
from escalation.text import proposal

UNCHECKED = "case.contact_unchecked"
ANSWERED_WITHIN = 10  # working days; then somebody else is asked


def next_check(session: Session, municipality: str, now: datetime) -> datetime:
    """The moment a contact of this municipality that is known to be right now is asked again.

    By its newest policy, or the one Estafette comes with. Always later than `now`.
    """
    policy, calendars = _policy(session, municipality), calendars_now(session)
    last = ends(now, Term(_longest(policy), Kind.POLICY, proposal()), calendars).end
    day = calendars.working.next_working_day(last)
    return rings_at(day, 0, policy.ladder.ring_at, calendars.working)


def answer_by(session: Session, municipality: str, now: datetime) -> datetime:
    """The moment somebody else is asked about a contact that was asked now and says nothing."""
    today, ring_at = now.astimezone(AMSTERDAM).date(), _policy(session, municipality).ladder.ring_at
    return rings_at(today, ANSWERED_WITHIN, ring_at, calendars_now(session).working)


def _policy(session: Session, municipality: str) -> Policy:
    try:
        return policy_of(session, version_for(session, municipality).id or 0)
    except (NotFound, PolicyError):  # none yet, or damaged since: people are asked all the same
        return parse(shipped("default"))


def _longest(policy: Policy) -> Length:
    stated = policy.number(UNCHECKED) or parse(shipped("default")).number(UNCHECKED)
    assert isinstance(stated, Length)  # the numbers keep it a length
    return stated
