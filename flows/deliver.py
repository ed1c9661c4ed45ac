"""Delivery: claim, send, record. At least once, never inside a transaction.

A crash between sending and recording sends again after the lease; the number in every message
makes a repeat recognisable.
"""

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import ValidationError
from sqlalchemy.engine import Engine

from casework.alerts import next_to_send, record
from casework.claimed import Claimed
from casework.claiming import claim, look_again
from casework.codes import code_in_message
from casework.customs import AT_ONCE, Customs
from casework.link_alerts import alert_token
from casework.link_tokens import link_secret
from casework.links import link_in_message, request_link_in_message
from flows import bells, clock
from flows.discretion import discreet, kind_and_place
from flows.reasons import explained
from flows.settings import FlowSettings, engine
from flows.wires import Watched
from notifications.channels import Attempt, Channels, Outcome, send
from notifications.wording import Lead, Payload, compose_together

POLL_SECONDS = 1.5
ONE_RUN = timedelta(hours=1)
HANDS = 4
# Every hand's second message must still be recorded within the lease, however slow the channel.
MESSAGES = 2 * HANDS

log = logging.getLogger("estafette.flows.deliver")


@flow(name="deliver", persist_result=False, validate_parameters=False)
@explained
def deliver() -> State[None]:
    """Sends what the outbox holds, for an hour; the next run takes over."""
    until = clock.now() + ONE_RUN
    with discreet():
        sent = deliver_plainly(lambda: clock.now() >= until)
    return Completed(message=f"{sent} keer verstuurd")


def deliver_plainly(over: Callable[[], bool]) -> int:
    """The same without a Prefect run, until `over` or this process stops."""
    wires, rows, desk_url, secret = Watched(), engine(), FlowSettings().desk_url, link_secret()

    def post() -> Post:
        found, is_new = wires.now()
        if is_new:
            look_again(rows, clock.now())
        return Post(rows, found.channels, desk_url, secret=lambda: secret, customs=found.customs)

    return deliver_loop(post(), bells.STOPPING, over, renewed=post)


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: the rows, the channels and customs, where links lead and what seals
    them."""

    engine: Engine
    channels: Channels
    desk_url: str
    now: Callable[[], datetime] = clock.now
    secret: Callable[[], bytes] = link_secret
    customs: Customs = AT_ONCE


def deliver_loop(
    post: Post,
    stop: threading.Event,
    over: Callable[[], bool] = lambda: False,
    *,
    poll: float = POLL_SECONDS,
    renewed: Callable[[], Post] | None = None,
) -> int:
    """Until `stop` or `over`, what waits in the outbox is sent; returns how many messages were
    tried. `renewed` is asked before each round what sending needs by now."""
    total, flying = 0, set[Future[None]]()
    with ThreadPoolExecutor(HANDS, thread_name_prefix="deliver") as hands:
        while not (stop.is_set() or over()):
            post = renewed() if renewed else post
            flying = _still_flying(flying)
            begun = _begin(post, hands, MESSAGES - len(flying))
            total, flying = total + len(begun), flying | begun
            if not begun:
                bells.OUTBOX.wait(poll)
    _still_flying(flying)
    return total


def _still_flying(messages: set[Future[None]]) -> set[Future[None]]:
    """Those that nobody has put down yet. Raises what went wrong with the others."""
    for message in messages:
        if message.done():
            message.result()
    return {message for message in messages if not message.done()}


def _begin(post: Post, hands: ThreadPoolExecutor, free: int) -> set[Future[None]]:
    """Messages on their way, when hands are free and there is something to send: one that takes
    long keeps only its own hand waiting."""
    if free < HANDS or not _something_waits(post):
        return set()
    batch = claim(post.engine, post.now(), limit=free, customs=post.customs)
    messages = [list(alerts) for _, alerts in groupby(batch, lambda alert: alert.token)]
    begun = {hands.submit(_deliver, post, alerts) for alerts in messages}
    for message in begun:
        message.add_done_callback(lambda _: bells.OUTBOX.ring())
    return begun


def _something_waits(post: Post) -> bool:
    # A look first: claiming is a write, and on SQLite a write waits for every other.
    waiting = next_to_send(post.engine)
    return waiting is not None and waiting <= post.now()


def _deliver(post: Post, alerts: list[Claimed]) -> None:
    attempt, number = _attempt(post, alerts), _number(alerts)
    said, token = attempt.outcome.value, alerts[0].token
    record(post.engine, token, said, attempt.detail, post.now(), customs=post.customs)
    log.info("message %d of %d: %s (%s)", number, len(alerts), said, attempt.detail)


def _number(alerts: Iterable[Claimed]) -> int:
    """What a message is known by: the lowest number in it."""
    return min(alert.number for alert in alerts)


def _attempt(post: Post, alerts: list[Claimed]) -> Attempt:
    # No transaction here: a slow channel must not hold a row.
    first, number = alerts[0], _number(alerts)
    try:
        message = compose_together([_payload(post, alert) for alert in alerts])
        return send(post.channels, first.channel, first.address, message, number)
    except ValidationError:
        return Attempt(Outcome.FAILED, "bad-payload")
    except Exception as error:
        log.error("message %d: %s", number, kind_and_place(error))
        return Attempt(Outcome.FAILED, "not-sent")


def _payload(post: Post, alert: Claimed) -> Payload:
    return Payload(
        number=alert.number,
        case=alert.case_key,
        asks=alert.asks.in_language(alert.language),
        lead=Lead(alert.lead),
        due=alert.due_at,
        at_moment=alert.at_moment,
        statutory=alert.statutory,
        link=f"{post.desk_url.rstrip('/')}/{_place(post, alert)}",
        language="en" if alert.language == "en" else "nl",
        code=_code(post, alert),
    )


def _place(post: Post, alert: Claimed) -> str:
    """Where the message leads: to the page of its alert, or for whoever has no account to what
    they can answer. The message of a code leads nowhere else than to our own front door."""
    if alert.code is not None:
        return ""
    if token := None if alert.account else _token(post, alert):
        return f"o/{token}"
    reader = alert.recipient_id, alert.organisation_id
    return f"a/{alert_token(post.secret(), alert.number, *reader, post.now())}"


def _code(post: Post, alert: Claimed) -> str | None:
    """The code that this alert brings, if it brings one and is for whoever asked for it."""
    if alert.code is None:
        return None
    return code_in_message(post.engine, alert.code, to=alert.recipient, secret=post.secret())


def _token(post: Post, alert: Claimed) -> str | None:
    if alert.handover is not None:
        return link_in_message(
            post.engine, alert.handover, to=alert.recipient, secret=post.secret(), now=post.now()
        )
    if alert.request is not None:
        return request_link_in_message(
            post.engine, alert.request, to=alert.recipient, secret=post.secret(), now=post.now()
        )
    return None
