"""What an outage did to the alerts, counted at the far end."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import select

from casework.connect import connect, reading
from casework.schema import migrate
from models import Alert, Contact, Delivery, Outcome
from tests.builders import NOW
from tests.faults.outages import Outage, Story, play

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Row:
    """Times are after the outage's beginning (`elsewhere`) or after its end."""

    alerts: int  # that were raised
    lost: int  # neither their reader got them nor anybody else
    others: int  # only somebody else got them, who was told instead
    twice: int  # came in once more at the same person
    perhaps: int  # of which an attempt got no answer
    tries: int  # messages tried by mail while it lasted
    of_law: timedelta | None  # when the last with a date of law was in, of those that waited
    all: timedelta | None  # and the last of all
    overtaken: int  # messages without such a date that went while one with it could
    in_a_minute: int  # most messages that came by mail
    elsewhere: dict[str, timedelta]  # who heard of it another way, and when first


def played(outage: Outage) -> Row:
    """On a database of its own."""
    with tempfile.TemporaryDirectory(prefix="estafette-outage-") as folder:
        engine = connect(f"sqlite:///{folder}/estafette.db")
        try:
            migrate(engine, NOW)
            with play(engine, outage) as story:
                return counted(story)
        finally:
            engine.dispose()


def counted(story: Story) -> Row:
    outage, came = story.outage, story.received
    with reading(story.engine) as session:
        alerts = {alert.id or 0: alert for alert in session.exec(select(Alert))}
        names = {person.id: person.key for person in session.exec(select(Contact))}
        went = session.exec(select(Delivery)).all()
    got = [_what(alerts[one.number]) for one in came]
    about = {thing for thing, _ in got}
    raised = [a for a in alerts.values() if a.instead_of is None and a.notice is None]
    missed = [_what(a)[0] in about for a in raised if _what(a) not in got]
    mails = {(one.message, one.at) for one in came if one.by_mail}
    tried = {(one.message, one.at) for one in went if one.channel == "mail"}
    waited = {
        one: one.at - outage.ends
        for one in came
        if one.by_mail and one.at >= outage.ends > alerts[one.number].created_at
    }
    law = [after for one, after in waited.items() if alerts[one.number].statutory]
    return Row(
        alerts=len(raised),
        lost=missed.count(False),
        others=missed.count(True),
        twice=len(got) - len(set(got)),
        perhaps=len({one.alert_id for one in went if one.outcome is Outcome.PERHAPS}),
        tries=sum(outage.begins <= at < outage.ends for _, at in tried),
        of_law=max(law, default=None),
        all=max(waited.values(), default=None),
        overtaken=story.overtaken,
        in_a_minute=max(sum(at <= later < at + MINUTE for _, later in mails) for _, at in mails),
        elsewhere=dict(_elsewhere(story, alerts, names)),
    )


def _what(alert: Alert) -> tuple[tuple[object, ...], int]:
    """What it says, and to whom: the same by two channels is the same."""
    return (alert.checkpoint_id, alert.rung, alert.notice, alert.period), alert.recipient_id


def _elsewhere(
    story: Story, alerts: dict[int, Alert], names: dict[int | None, str]
) -> Iterator[tuple[str, timedelta]]:
    """Latest first, so that of everybody the first one stays."""
    begins: datetime = story.outage.begins
    for one in reversed(story.received):
        alert = alerts[one.number]
        beside = alert.instead_of is not None or alert.notice is not None
        if beside and one.at >= begins:
            who = names[alert.recipient_id]
            yield who if one.by_mail else f"{who} (chat)", one.at - begins
