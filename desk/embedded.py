"""`estafette up` and `estafette demo`: the embedded default, from nothing to a running whole."""

import threading
from typing import TYPE_CHECKING, Any

import typer

from desk import say
from desk.clock import now
from desk.plainly import sentence_for
from desk.settings import DeskSettings
from desk.tree import Tree, TreeError, run_tree

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from desk.scene import Scene

LOOK_SECONDS = 1.0


def run(as_json: bool) -> None:
    """The whole runs on this machine until Ctrl-C or SIGTERM."""
    from casework.connect import connect
    from casework.schema import migrate

    def prepare() -> None:
        migrate(connect(), now())

    _refuse_broken_channels()
    run_tree(DeskSettings(), lambda tree: _ready(tree, as_json), prepare=prepare, say=_tell)


def run_demo(as_json: bool) -> None:
    """The same, with rulings played up to now; what comes next in them is played as it comes."""
    from casework.connect import connect
    from desk.scene import Scene

    _interrupt_at_any_hour()
    _refuse_broken_channels()
    engine, scenes = connect(), list[Scene]()

    def on_ready(tree: Tree) -> None:
        _ready(tree, as_json, cases=list(scenes[0].cases))
        _tell(DEMO)
        going_on = (engine, scenes[0], tree.stopping)
        threading.Thread(target=_go_on, args=going_on, name="demo", daemon=True).start()

    run_tree(DeskSettings(), on_ready, prepare=lambda: _set(engine, scenes), say=_tell)


def _interrupt_at_any_hour() -> None:
    """In the demo's own folder, unless somebody wrote a channels file there or elsewhere."""
    from notifications.channels_file import save
    from notifications.settings import WireSettings

    if not WireSettings().channels_place.exists():
        save(DEMO_MANNERS)


def _refuse_broken_channels() -> None:
    """Alerts that could never arrive are said now, not found in a log."""
    from escalation.manners import book
    from notifications.channels import Channels

    channels = Channels.from_env()
    book(channels.manners, channels.by_name)


def _set(engine: "Engine", scenes: list["Scene"]) -> None:
    from casework.schema import migrate
    from casework.views import case_list
    from desk.scene import PIECES, set_scene

    migrate(engine, now())
    played = {piece.history.municipality for piece in PIECES}
    if real := [c.key for c in case_list(engine) if c.municipality not in played]:
        raise TreeError(
            f"this folder holds cases of your own ({real[0]}, ...); set ESTAFETTE_DATA to another "
            "folder for the demo, or run: estafette up"
        )
    _tell("Playing published rulings up to now ...")
    scenes.append(set_scene(engine, now()))


def _go_on(engine: "Engine", scene: "Scene", stopping: threading.Event) -> None:
    """What comes next in the histories is played at its moment, through the same verbs."""
    from desk.scene import play_next

    while not stopping.wait(LOOK_SECONDS):
        try:
            for line in play_next(engine, scene, now()):
                _tell(line)
        except Exception as error:
            # Somebody tries things out on these very cases: the demo goes on with the others.
            _tell(f"a step of the demo waits: {sentence_for(error) or type(error).__name__}")


def _ready(tree: Tree, as_json: bool, **more: Any) -> None:
    """Where to look, once there is something to see."""
    settings = tree.settings
    places = {
        "prefect": f"{settings.prefect_url}/runs",
        "pages": settings.desk_url,
        "mailbox": f"{settings.desk_url}/mail",
        "data": str(settings.data),
        **more,
    }
    say.answer(places, as_json, lambda: WHERE.format(**places).splitlines())
    if settings.seen_elsewhere:
        _tell(ELSEWHERE.format(host=settings.prefect_host))


def _tell(line: str) -> None:
    typer.echo(line, err=True)


DEMO_MANNERS = """\
# Made by `estafette demo`: messages go at any hour, each by itself, so that there is something to
# see. A real installation begins with office hours, a digest and three interruptions a day.
[everybody]
hours = "always"
digest_at = "never"
budget = "none"
"""
DEMO = """The first wait ends about two minutes from now, two house closures after that. What their
people do next is played by itself, a minute or so later; the other cases are yours to move.
"""
ELSEWHERE = """Prefect listens on {host}: other machines reach its pages and its API, over plain
HTTP. Who sits between can read the password; put a proxy with TLS before it (docs/window.md).
"""
WHERE = """
Estafette runs. Where to look:
  every stage visit   {prefect}
                      its password: ./estafette window --show-password
  who waits where     {pages}
  alerts that came    {mailbox}     or: ./estafette mailbox
  one case            ./estafette case list, then ./estafette case show CASE
  is all well?        ./estafette doctor
Data is in {data}. Stop with Ctrl-C.
"""
