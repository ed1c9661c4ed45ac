"""What the state machines share: a clock, verbs that may crash at any statement, and looking."""

from collections.abc import Callable
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from casework.refusals import Refusal
from escalation.facts import BadFacts
from escalation.moves import Unknown
from tests.builders import NOW, a_town
from tests.casework.looking import everything, rows

REFUSED = (Refusal, BadFacts, Unknown)
PEOPLE = ("director", "deputy", "care", "jurist", "process", "head")
HORIZON, STUCK = timedelta(days=7), timedelta(minutes=5)

waits = st.one_of(
    st.timedeltas(timedelta(minutes=1), timedelta(hours=9)),
    st.timedeltas(timedelta(days=1), timedelta(days=12)),
    st.sampled_from([timedelta(days=n) for n in (28, 60, 120, 200)]),
)
# Which of its statements a verb crashes at; mostly none, -1 is the commit itself.
crashes = st.one_of(st.none(), st.none(), st.none(), st.integers(-1, 40))


class Crash(Exception):
    """The process is gone in the middle of a verb."""


@contextmanager
def crashing(engine: sa.Engine, at: int | None):
    if at is None:
        yield
        return
    place = count()

    def before_statement(*_anything: Any) -> None:
        if next(place) == at:
            raise Crash

    def before_commit(_connection: Any) -> None:
        if at == -1:
            raise Crash

    sa.event.listen(engine, "before_cursor_execute", before_statement)
    sa.event.listen(engine, "commit", before_commit)
    try:
        yield
    finally:
        sa.event.remove(engine, "before_cursor_execute", before_statement)
        sa.event.remove(engine, "commit", before_commit)


class Machine(RuleBasedStateMachine):
    """People and machines take steps in a town; subclasses say which, and what always holds."""

    def __init__(self, engine: sa.Engine) -> None:
        super().__init__()
        self.engine = engine
        self.now: datetime = NOW
        self.numbers = count(1)

    def do(self, call: Callable[[], Any], crash: int | None = None, *, once: bool = True) -> Any:
        """The verb as people and machines meet it; None when it crashed or was refused."""
        before = everything(self.engine)
        try:
            with crashing(self.engine, crash):
                result = call()
        except (Crash, *REFUSED):
            assert everything(self.engine) == before, "a verb that did not end left something"
            return None
        if once:
            after = everything(self.engine)
            call()
            assert everything(self.engine) == after, "the same verb again did something more"
        return result

    def cases(self, *, closed: bool = False) -> list[dict[str, Any]]:
        return rows(self.engine, "cases", f"closed_at IS {'NOT ' if closed else ''}NULL")

    def pick(self, data: st.DataObject, found: list[Any]) -> Any:
        return data.draw(st.sampled_from(found)) if found else None

    def name_of(self, contact_id: int) -> str:
        return str(rows(self.engine, "contacts", f"id = {contact_id}")[0]["key"])


def run(machine: type[Machine], worlds: Any, build: Callable[..., Any] = a_town, **more: Any):
    run_state_machine_as_test(
        lambda: machine(worlds.begin("sqlite", build)),
        settings=settings(
            deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, **more
        ),
    )
