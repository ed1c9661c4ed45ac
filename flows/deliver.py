"""Delivery: claim, send, record. At least once, never inside a transaction.

A crash between sending and recording sends again after the lease; the number in every message
makes a repeat recognisable.
"""

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed
from pydantic import ValidationError
from sqlalchemy.engine import Engine

from casework.alerts import Claimed, claim, next_to_send, record
from casework.link_tokens import link_secret
from casework.links import link_in_message, request_link_in_message
from flows import bells, clock
from flows.discretion import discreet, kind_and_place
from flows.settings import FlowSettings, engine
from notifications.channels import Attempt, Channels, Outcome, send
from notifications.wording import Lead, Message, Payload, compose

POLL_SECONDS = 1.5
ONE_RUN = timedelta(hours=1)
HANDS = 4
# Every hand's second message must still be recorded within the lease, however slow the channel.
AT_ONCE = 2 * HANDS

log = logging.getLogger("estafette.flows.deliver")


@flow(name="deliver", persist_result=False, validate_parameters=False)
def deliver() -> State[None]:
    """Sends what the outbox holds, for an hour; the next run takes over."""
    until = clock.now() + ONE_RUN
    with discreet():
        sent = deliver_plainly(lambda: clock.now() >= until)
    return Completed(message=f"{sent} keer verstuurd")


def deliver_plainly(over: Callable[[], bool]) -> int:
    """The same without a Prefect run, until `over` or this process stops."""
    post = Post(engine(), Channels.from_env(), FlowSettings().desk_url)
    return deliver_loop(post, bells.STOPPING, over)


@dataclass(frozen=True, slots=True)
class Post:
    """What sending needs: the rows, the channels, where links lead and what seals them."""

    engine: Engine
    channels: Channels
    desk_url: str
    now: Callable[[], datetime] = clock.now
    secret: Callable[[], bytes] = link_secret


def deliver_loop(
    post: Post,
    stop: threading.Event,
    over: Callable[[], bool] = lambda: False,
    *,
    poll: float = POLL_SECONDS,
) -> int:
    """Until `stop` or `over`, what waits in the outbox is sent; returns how many attempts."""
    total = 0
    with ThreadPoolExecutor(HANDS, thread_name_prefix="deliver") as hands:
        while not (stop.is_set() or over()):
            total += (sent := _send_batch(post, hands))
            if not sent:
                bells.OUTBOX.wait(poll)
    return total


def _send_batch(post: Post, hands: ThreadPoolExecutor) -> int:
    # A look first: claiming is a write, and on SQLite a write waits for every other.
    waiting = next_to_send(post.engine)
    if waiting is None or waiting > post.now():
        return 0
    batch = claim(post.engine, post.now(), limit=AT_ONCE)
    return len(list(hands.map(lambda alert: _deliver(post, alert), batch)))


def _deliver(post: Post, alert: Claimed) -> None:
    attempt = _attempt(post, alert)
    record(
        post.engine, alert.number, alert.token, attempt.outcome.value, attempt.detail, post.now()
    )
    log.info("alert %d: %s (%s)", alert.number, attempt.outcome.value, attempt.detail)


def _attempt(post: Post, alert: Claimed) -> Attempt:
    # No transaction here: a slow channel must not hold a row.
    try:
        message = _worded(post, alert)
        return send(post.channels, alert.channel, alert.address, message, alert.number)
    except ValidationError:
        return Attempt(Outcome.FAILED, "bad-payload")
    except Exception as error:
        log.error("alert %d: %s", alert.number, kind_and_place(error))
        return Attempt(Outcome.FAILED, "not-sent")


def _worded(post: Post, alert: Claimed) -> Message:
    return compose(
        Payload(
            number=alert.number,
            case=alert.case_key,
            asks=alert.asks.in_language(alert.language),
            lead=Lead(alert.lead),
            due=alert.due_at,
            at_moment=alert.at_moment,
            statutory=alert.statutory,
            link=f"{post.desk_url.rstrip('/')}/{_place(post, alert)}",
            language="en" if alert.language == "en" else "nl",
        )
    )


def _place(post: Post, alert: Claimed) -> str:
    """Where the message leads. Whoever has no account could not act on the page of an alert."""
    token = None if alert.account else _token(post, alert)
    return f"o/{token}" if token else f"alerts/{alert.number}"


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
