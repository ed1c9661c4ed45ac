"""What the demo shows: published rulings played up to now, and what happens next on stage.

Each piece is a history moved in time, so that one of its own moments falls just after `now`. What
rang before now is down as replayed; what comes due from now on is really sent.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from sqlalchemy.engine import Engine

from desk.history import History, checked, read_history
from desk.invented import INVENTED
from desk.marks import played
from desk.placing import Placed
from desk.playing import REFUSED, Player
from desk.reel import Reel
from desk.replay import start
from desk.told import in_words

RULINGS = Path(__file__).parents[1] / "examples" / "rulings"
ON_STAGE = timedelta(hours=1)  # what a history does later than this is not waited for


@dataclass(frozen=True, slots=True)
class Piece:
    """A history, and which moment of it comes how long after the scene is set."""

    name: str
    moment: datetime
    comes_in: timedelta = timedelta(0)
    beside: str | None = None  # the address of a second case made of the same ruling

    @property
    def history(self) -> History:
        history = _history(self.name)
        if self.beside is None:
            return history
        return history.model_copy(update={"id": f"{history.id}, once more", "address": self.beside})

    @property
    def stops_at(self) -> datetime:
        """The moment of the history at which the scene is set."""
        return self.moment - self.comes_in


def _at(moment: str, minutes: float = 0) -> tuple[datetime, timedelta]:
    return datetime.fromisoformat(moment), timedelta(minutes=minutes)


PIECES = (
    Piece("acute", *_at("2026-03-02T14:00+01:00", minutes=2)),  # the four hours are over
    Piece("winterswijk", *_at("2021-01-03T10:00+01:00", minutes=3)),  # the closure ends
    Piece("oldambt", *_at("2024-09-06T10:00+02:00", minutes=5)),  # the shortened closure ends
    Piece("nobody_wants", *_at("2026-03-03T14:00+01:00")),  # refused twice, then assigned
    Piece("arnhem", *_at("2021-06-16T10:00+02:00")),  # warned, and watched since
    Piece("de-bilt", *_at("2020-06-10T10:00+02:00")),  # under an order, objection made
    Piece("de-bilt", *_at("2020-05-01T10:00+02:00"), beside="Voorbeeldpad 11, De Bilt"),  # outreach
    Piece("land-van-cuijk", *_at("2025-01-08T10:00+01:00")),  # after the ruling: help first
)


@dataclass(frozen=True, slots=True)
class Cue:
    """A step of a history that is still to be played, live: when, on which case, and what."""

    moment: datetime
    case_key: str
    what: str
    player: Player
    placed: Placed

    @property
    def place(self) -> tuple[str, int]:
        return self.case_key, self.placed.number


@dataclass(frozen=True, slots=True)
class Scene:
    """The cases left behind, and what happens to them next, in order.

    `done` remembers which cues the rows were seen to hold; it saves looking, and may be lost.
    """

    cases: tuple[str, ...]
    scenario: tuple[Cue, ...]
    done: set[tuple[str, int]] = field(default_factory=set, compare=False)


def set_scene(engine: Engine, now: datetime) -> Scene:
    """The rulings are played up to `now`, and live cases wait in six stages of their path.

    Set again on the same database nothing changes: the scene keeps the `now` it was first set at,
    and an interrupted one is finished. Call it while `watch` and `deliver` stand still.
    """
    reels = [_set(engine, piece, now) for piece in PIECES]
    cues = (cue for reel, ends in reels for cue in _cues(reel, ends))
    scenario = tuple(sorted(cues, key=lambda cue: cue.moment))
    return Scene(tuple(reel.view.key for reel, _ends in reels), scenario)


def play_next(engine: Engine, scene: Scene, now: datetime) -> list[str]:
    """Every cue that is due was played at `now`, once, whoever asks how often; says which were.

    What the rows show already, played or done by somebody else, is left out. A cue that is
    refused is tried again next time, and holds up the later ones of its case.
    """
    due = [cue for cue in scene.scenario if cue.moment <= now and cue.place not in scene.done]
    scene.done.update(_done(engine, due))
    said: list[str] = []
    held_up: set[str] = set()
    for cue in due:
        if cue.place in scene.done or cue.case_key in held_up:
            continue
        try:
            cue.player.play(cue.player.view(cue.case_key, now), cue.placed, now)
        except REFUSED:
            held_up.add(cue.case_key)
        else:
            scene.done.add(cue.place)
            said.append(f"{cue.case_key}: {cue.what}")
    return said


def _set(engine: Engine, piece: Piece, now: datetime) -> tuple[Reel, datetime]:
    reel = start(piece.history, engine, shift=_whole(now - piece.stops_at))
    ends = piece.stops_at + reel.shift
    reel.run(ends)
    return reel, ends


def _whole(shift: timedelta) -> timedelta:
    return timedelta(seconds=int(shift.total_seconds()))


def _cues(reel: Reel, since: datetime) -> Iterable[Cue]:
    key, player = reel.view.key, reel.player
    return (
        Cue(placed.at, key, in_words(placed), player, placed)
        for placed in reel.placed
        if since < placed.at <= since + ON_STAGE
    )


def _done(engine: Engine, cues: Sequence[Cue]) -> set[tuple[str, int]]:
    """The places of these cues that the rows show as done."""
    players = {cue.case_key: cue.player for cue in cues}
    shown = {key: played(engine, [key], player.history.steps) for key, player in players.items()}
    return {cue.place for cue in cues if shown[cue.case_key][cue.placed.number - 1]}


@cache
def _history(name: str) -> History:
    if name in INVENTED:
        return checked(INVENTED[name], f"the invented case {name!r} of the demo")
    return read_history(RULINGS / f"{name}.yaml")
