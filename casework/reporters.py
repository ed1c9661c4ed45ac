"""Who reported, for the few who may see it, and what a reporter may be told."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework import journal
from casework.cases import find, look_up
from casework.connect import reading, transaction
from casework.people import acting
from casework.policies import policy_of
from casework.presence import present
from casework.refusals import NotAllowed
from casework.succeeding import holder
from escalation.baton import REPORTER_WORD
from escalation.fitting import may_enforce
from escalation.lanes import DOSSIER
from escalation.reporter_words import word_at
from models import Assignment, Case, Contact, Organisation, Reporter, Role, Signal

LANGUAGES = ("nl", "en")


@dataclass(frozen=True, slots=True)
class WhoReported:
    """Who made one report, and how to reach them."""

    signal: int
    received_at: datetime
    name: str
    contact: str


def reporters_of(engine: Engine, case_key: str, *, by: str, now: datetime) -> list[WhoReported]:
    """Everybody known to have reported, the first report first; the journal says who looked.

    Raises NotAllowed for all but the case director (of a closed case the last one), who stands in
    while the director is absent, and the holder of the enforcement lead when of municipality or
    police; NotFound.
    """
    with transaction(engine) as session:
        case = find(session, case_key)
        reader = acting(session, by, now)
        _refuse_others(session, case, reader, now)
        found = _known(session, case)
        journal.append(session, case, now, reader.key, "reporters_seen", reports=len(found))
        return found


def word_for_reporter(engine: Engine, case_key: str, language: str = "nl") -> str:
    """What a reporter may be told now, in fixed words about nobody else. Raises NotAllowed for a
    language it is not written in, NotFound."""
    if language not in LANGUAGES:
        raise NotAllowed(f"there are no words in {language!r}; choose from {', '.join(LANGUAGES)}")
    with reading(engine) as session:
        case = look_up(session, case_key)
        again = policy_of(session, case.policy_id).length(DOSSIER.key, REPORTER_WORD)
        word = word_at(case.stage, case.key, again if case.closed_at is None else None)
        return word.in_language(language)


def _refuse_others(session: Session, case: Case, reader: Contact, now: datetime) -> None:
    director = _director(session, case)
    may = [director, present(session, director, now), _enforcer(session, case)]
    keys = {person.key for person in may if person is not None and not _left(person, now)}
    if reader.key not in keys:
        raise NotAllowed(
            f"who reported case {case.key} is seen only by its case director, who stands in for an "
            "absent director, and the holder of the enforcement lead when of municipality or "
            f"police; ask {director.key}"
        )


def _enforcer(session: Session, case: Case) -> Contact | None:
    """Who holds the enforcement lead, when of an organisation that enforces: a lead may be with
    others, and those who reported counted on them not reading this."""
    held = holder(session, case, Role.ENFORCEMENT)
    home = session.get_one(Organisation, held.organisation_id) if held else None
    return held if home and may_enforce(home.kind) else None


def _director(session: Session, case: Case) -> Contact:
    """Who directs the case, or directed it last."""
    return session.exec(
        select(Contact)
        .join(Assignment, col(Assignment.contact_id) == col(Contact.id))
        .where(Assignment.id == case.director_id)
    ).one()


def _left(person: Contact, now: datetime) -> bool:
    return person.left_at is not None and person.left_at <= now


def _known(session: Session, case: Case) -> list[WhoReported]:
    rows = session.exec(
        select(Signal, Reporter)
        .join(Reporter, col(Reporter.signal_id) == col(Signal.id))
        .where(Signal.case_id == case.id)
        .order_by(col(Signal.received_at), col(Signal.id))
    )
    return [WhoReported(s.id or 0, s.received_at, who.name, who.contact) for s, who in rows]
