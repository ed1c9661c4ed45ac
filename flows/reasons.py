"""Why a run failed, in words an operator can act on; never the text of an error.

An error of the database quotes the row it is about. So what Prefect shows is written by us, by the
kind of the error and its code (flows/ailment_words.py).
"""

import re
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from prefect.client.schemas.objects import State
from prefect.states import Failed

from flows import logs, spans
from flows.ailment_words import Words, words_for
from flows.discretion import kind_at, origin

Takes = ParamSpec("Takes")
A_CASE_KEY = re.compile(r"\d{4}-\d{1,9}")
NOTHING_LOST = "Er gaat niets verloren: wat afgesproken is wordt door watch gemeld."
COMES_BACK = "Het bezoek komt vanzelf terug, op het volgende moment of als er iets verandert."
KEPT_GOING = "De volgende run neemt het over."
OURS = Words(
    "een fout van Estafette zelf",
    "Meld de plaats hierboven aan de makers, zonder gegevens van de zaak.",
    "an error of Estafette itself",
)  # fmt: skip


def failed(error: Exception, case: str | None = None, then: str = "") -> State[None]:
    """The state of a run that broke off by `error`, also for the trace it is part of."""
    said = reason(error, case, then)
    logs.run_logger().error(said)  # on the first page that is seen of the run
    spans.end_failed(said)
    return Failed(message=said)


def reason(error: Exception, case: str | None = None, then: str = "") -> str:
    """Which case, what kind of trouble and where, that nothing is lost, and what to do."""
    words = words_for(origin(error)) or OURS
    key, place = key_in(case or ""), kind_at(origin(error)).replace(" at ", ", ")
    # The kind of trouble comes early: Prefect's pages cut a message off.
    said = f"{key}{': ' if key else ''}{words.what} ({place})."
    again = then if words.passes else ""
    return " ".join(part for part in (said, NOTHING_LOST, again, words.do) if part)


def key_in(typed: str) -> str:
    """The case key; empty when it is none: a run that somebody starts by hand takes any text, a
    name too."""
    return typed if A_CASE_KEY.fullmatch(typed) else ""


def explained(run: Callable[Takes, State[None]]) -> Callable[Takes, State[None]]:
    """A flow without a case that says why it failed, and is otherwise as it was."""

    @wraps(run)
    def explaining(*given: Takes.args, **named: Takes.kwargs) -> State[None]:
        try:
            return run(*given, **named)
        except Exception as error:
            return failed(error, then=KEPT_GOING)

    return explaining
