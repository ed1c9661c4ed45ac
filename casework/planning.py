"""Planning: for whom alerts wait, and what of them may go now, as messages."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from casework.customs import Customs
from casework.outgoing import used_today
from casework.policies import calendars_now
from casework.ways import Reach, further_ways, in_order
from escalation.interruptions import Manners, Pending, plan
from models import Alert, Checkpoint, Contact, Notice, Organisation

PEOPLE_AT_ONCE = 50
ROWS_AT_ONCE = 1000  # of those who bundle, all that is due is looked at together


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody for whom alerts wait, and how to tell them."""

    number: int
    organisation: str
    manners: Manners
    ways: list[Reach]

    @property
    def alone(self) -> bool:
        """Whether one sender at a time plans for them: who has one budget, or could be told the
        same by two channels at once."""
        return self.manners.bundles or len(self.ways) > 1

    def reach(self, alert: Alert) -> Reach:
        """The way this alert goes: the one it names, or the first."""
        if not alert.channel:
            return self.ways[0]
        named = (way for way in self.ways if way.channel == alert.channel)
        return next(named, Reach(alert.channel, ""))


@dataclass(frozen=True, slots=True)
class Proposal:
    """What may go to one person by one way now, as one message, and what is held until when."""

    person: Person
    reach: Reach
    send: tuple[int, ...]
    hold: dict[datetime, list[int]]


def waiting(
    session: Session, now: datetime, limit: int, case_id: int | None, customs: Customs
) -> tuple[dict[int, Person], Sequence[Alert]]:
    """Some of the people for whom something is due, and what is, what a law dates first.

    Nobody else plans for who is planned for alone, nor has these alerts, until the transaction
    ends.
    """
    people = _people(session, _whose(session, now, case_id), customs)
    bundling = any(one.manners.bundles for one in people.values())
    due = _due(now, case_id).where(col(Alert.recipient_id).in_(people))
    most = ROWS_AT_ONCE if bundling else limit
    alerts = session.exec(due.limit(most).with_for_update(of=Alert, skip_locked=True)).all()
    return people, alerts


def proposals(
    session: Session, alerts: Iterable[Alert], people: dict[int, Person], now: datetime
) -> Iterator[Proposal]:
    """What may go now, person by person and way by way, in the order of the most pressing alert."""
    calendar, used = calendars_now(session).working, used_today(session, people, now)
    groups: dict[tuple[int, Reach, int], list[Alert]] = {}
    for alert in alerts:
        person = people[alert.recipient_id]
        alone = 0 if person.manners.bundles and alert.notice is not Notice.CODE else alert.id or 0
        groups.setdefault((person.number, person.reach(alert), alone), []).append(alert)
    dates = _dates(session, chain.from_iterable(groups.values()))
    for (number, reach, _), own in groups.items():
        pending = [_pending(alert, dates) for alert in own]
        planned = plan(pending, people[number].manners, now, used.get(number, 0), calendar)
        used[number] = used.get(number, 0) + planned.counted
        hold: dict[datetime, list[int]] = {}
        for one, at in planned.hold.items():
            hold.setdefault(at, []).append(one)
        yield Proposal(people[number], reach, planned.send, hold)


def _whose(session: Session, now: datetime, case_id: int | None) -> list[int]:
    """Those for whom the most pressing alerts are."""
    pressing = _due(now, case_id).with_only_columns(col(Alert.recipient_id)).limit(ROWS_AT_ONCE)
    return list(dict.fromkeys(session.execute(pressing).scalars()))[:PEOPLE_AT_ONCE]


def _people(session: Session, numbers: list[int], customs: Customs) -> dict[int, Person]:
    rows = session.exec(
        select(Contact, Organisation.key).join(Organisation).where(col(Contact.id).in_(numbers))
    ).all()
    further = further_ways(session, [person for person, _ in rows])
    people = [
        Person(person.id or 0, home, manners, in_order(person, further, manners.order))
        for person, home in rows
        for manners in (customs.manners_of(person.key, home),)
    ]
    mine = _locked(session, [one.number for one in people if one.alone])
    return {one.number: one for one in people if one.number in mine or not one.alone}


def _locked(session: Session, numbers: Sequence[int]) -> set[int | None]:
    """Those of them nobody else plans for just now; nobody does until the transaction ends."""
    if not numbers:
        return set()
    return set(
        session.exec(
            select(Contact.id)
            .where(col(Contact.id).in_(numbers))
            .with_for_update(skip_locked=True, key_share=True)
        )
    )


def _due(now: datetime, case_id: int | None) -> SelectOfScalar[Alert]:
    due = (
        select(Alert)
        .where(col(Alert.next_at) <= now)
        .order_by(col(Alert.statutory).desc(), col(Alert.next_at), col(Alert.id))
    )
    return due if case_id is None else due.where(Alert.case_id == case_id)


def _dates(session: Session, alerts: Iterable[Alert]) -> dict[int, datetime]:
    """When the promises are due, by number: a reminder does not wait until that is too late."""
    numbers = {alert.checkpoint_id for alert in alerts if alert.checkpoint_id}
    if not numbers:
        return {}
    due = select(Checkpoint.id, Checkpoint.due_at).where(col(Checkpoint.id).in_(numbers))
    return {number or 0: at for number, at in session.exec(due)}


def _pending(alert: Alert, dates: dict[int, datetime]) -> Pending:
    return Pending(
        number=alert.id or 0,
        lead=alert.lead,
        made_at=alert.created_at,
        due_at=dates.get(alert.checkpoint_id or 0),
        statutory=alert.statutory,
        exempt=alert.notice is Notice.CODE or alert.by_hand,
    )
