"""What every visit does around its stage's story: take stock, tell it, wait again or leave.

A run holds no memory and no process while it waits: it moves itself back to Scheduled and ends.
Whatever it finds next time comes from the rows, so entering twice, late or never harms nothing.
"""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NoReturn
from uuid import UUID

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import FlowRun, State
from prefect.client.schemas.responses import SetStateStatus
from prefect.context import FlowRunContext
from prefect.exceptions import Pause
from prefect.flows import Flow
from prefect.settings import PREFECT_LOCAL_STORAGE_PATH
from prefect.states import Completed, Scheduled
from prefect.tasks import Task

from casework.stock import Promise, Stock, take_stock
from casework.visits import armed, completed
from flows import clock, logs, pictures, reasons, spans, words
from flows.discretion import discreet
from flows.settings import engine

# Where Prefect would put a result by itself, and does put an error. Said here, because otherwise
# the engine asks the server for such a place at every visit.
RESULTS = PREFECT_LOCAL_STORAGE_PATH.value()

Story = Callable[["Visit"], None]
STORIES: dict[str, Story] = {}  # by stage key; a test holds them against the path

_leaving: dict[UUID, int] = {}


class Visit:
    """A case in a stage, as its story sees it."""

    def __init__(self, stock: Stock) -> None:
        self.stock = stock
        self._told: set[str] = set()

    def look(self, key: str) -> None:
        """The stage's promise is looked at in a task of its name, once it has been made.

        Several at a time can be open (two objection terms); of those that are over the last says
        how it went.
        """
        self._told.add(key)
        made = [p for p in self.stock.promises if (p.section, p.key) == (self.stock.stage, key)]
        _look_at([p for p in made if p.state == "open"] or made[-1:])

    def look_at_the_rest(self) -> None:
        """Open promises of the whole case, of lanes, and those that outlived another stage.

        A visit that was left tells only its own stage's; the rest is the next visit's to tell.
        """
        if not self.stock.here:
            return
        told = {(self.stock.stage, key) for key in self._told}
        _look_at(
            p for p in self.stock.promises if p.state == "open" and (p.section, p.key) not in told
        )


def stage_flow(story: Story) -> Flow[[str], State[None]]:
    """The story is a Prefect flow named after its stage, with one parameter: the case key."""
    key = story.__name__
    STORIES[key] = story

    def visit(case: str) -> State[None]:
        return _visit(key, story, case)

    # By hand: functools.wraps would show Prefect the story's parameter instead of the case key.
    visit.__name__, visit.__doc__, visit.__module__ = key, story.__doc__, story.__module__
    return flow(
        name=key.replace("_", "-"),
        description=story.__doc__,
        persist_result=False,
        result_storage=RESULTS,
        validate_parameters=False,
        on_completion=[_has_left],
    )(visit)


def _visit(key: str, story: Story, case: str) -> State[None]:
    context = FlowRunContext.get()
    assert context is not None
    assert context.flow_run is not None
    assert isinstance(context.client, SyncPrefectClient)
    run, client = context.flow_run, context.client
    with logs.about(run=str(run.id), case=reasons.key_in(case)):
        try:
            stock = take_stock(engine(), case, key, clock.now(), number=words.number_in(run.name))
            _tell(story, Visit(stock))
            pictures.show_timeline(client, stock.case_key, run.id)
            return _wait(client, run, stock) if stock.here else _leave(run, stock)
        except Exception as error:
            # Told, not raised: Prefect would show the error's own text and keep its traceback.
            return reasons.failed(error, case, reasons.COMES_BACK)


def _tell(story: Story, visit: Visit) -> None:
    story(visit)
    visit.look_at_the_rest()


def _wait(client: SyncPrefectClient, run: FlowRun, stock: Stock) -> NoReturn:
    """The run is Scheduled again at the case's next moment and says what it waits for."""
    now = clock.now()
    at = max(stock.next_at or now + pictures.A_DAY, now + pictures.A_SECOND)
    says = words.waits(stock.waits_for, now)
    # Named Scheduled and nothing else: Prefect marks no other name as Late.
    waiting: State[None] = Scheduled(scheduled_time=at, message=says)
    if client.set_flow_run_state(run.id, waiting).status == SetStateStatus.ACCEPT:
        armed(engine(), stock.visit_id, str(run.id), at, now, stock.version)
    _say(stock, says)
    spans.end_waiting()
    # Returning a Scheduled state would end in Crashed; leaving by this signal does not.
    raise Pause("waits", state=waiting)


def _say(stock: Stock, says: str) -> None:
    """The run's own page says what this visit found, for as long as the run is kept."""
    numbers = [promise.id for promise in stock.promises if promise.state == "open"]
    logs.run_logger().info(words.looked(stock, says), extra={"promises": numbers})


def _leave(run: FlowRun, stock: Stock) -> State[None]:
    _leaving[run.id] = stock.visit_id
    says = words.left(stock)
    _say(stock, says)
    return Completed(message=says)


def _has_left(flow: Flow[..., Any], flow_run: FlowRun, state: State[Any]) -> None:
    # After Prefect accepted the end: were it recorded before, a run whose end got lost would stay
    # Running for ever. Were this call lost instead, arming finds the completed run and records it.
    if (visit_id := _leaving.pop(flow_run.id, None)) is not None:
        with discreet():
            completed(engine(), visit_id, clock.now())


def _look_at(promises: Iterable[Promise]) -> None:
    for promise in promises:
        _task(promise.key)(promise, return_state=True)


@cache
def _task(key: str) -> Task[[Promise], State[None]]:
    return _look.with_options(name=key, task_run_name=key)


@task(persist_result=False, cache_policy=NO_CACHE)
def _look(promise: Promise) -> State[None]:
    """How a promise stands: the state's name says it, its message until when."""
    try:
        said = words.due(promise.due_at, promise.exact)
        return Completed(name=words.found(promise), message=f"uiterlijk {said}")
    except Exception as error:
        return reasons.failed(error)
