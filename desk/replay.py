"""Plays a dated case history on a virtual clock, through the same verbs as live.

Play into a live database while `watch` and `deliver` stand still, else they see the past come by
too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import Engine

from casework.connect import connect
from casework.schema import migrate
from desk.cast import introduce, policy_for
from desk.history import History
from desk.placing import shifted
from desk.playing import Player
from desk.reel import Reel
from desk.retelling import Replayed
from desk.steps import Signal


def replay(
    history: History,
    engine: Engine,
    *,
    until: datetime | None = None,
    shift: timedelta = timedelta(0),
    policy: str | None = None,
) -> Replayed:
    """The history is played into `engine`, `shift` later than it happened, up to `until`.

    Refused steps do not stop it. Played again it changes nothing: a history keeps the shift it was
    first played with, and goes on where an interrupted replay stopped. Raises what `start` raises.
    """
    reel = start(history, engine, shift=shift, policy=policy)
    end = until or reel.placed[-1].at
    reel.run(end)
    return reel.retold(end)


def replayed_apart(
    history: History,
    *,
    until: datetime | None = None,
    shift: timedelta = timedelta(0),
    policy: str | None = None,
) -> Replayed:
    """The same in a database of its own, which is gone afterwards."""
    with _of_its_own(history.placed[0].at + shift) as engine:
        return replay(history, engine, until=until, shift=shift, policy=policy)


def start(
    history: History,
    engine: Engine,
    *,
    shift: timedelta = timedelta(0),
    policy: str | None = None,
) -> Reel:
    """The people are known and the first signal is on a case; nothing else was played yet.

    A history this database knows keeps the shift it was played with. Raises Refusal when nobody
    can hold the case or there is no such policy.
    """
    first = history.placed[0]
    at = shifted([first], shift)[0].at
    introduce(engine, history)
    player = Player(engine, history, policy_for(engine, history, policy, at))
    does = first.step.does
    assert isinstance(does, Signal)
    key = player.receive(first, does, at).case_key
    kept = player.view(key, at).opened_at - first.at
    reel = Reel(player, shifted(history.placed, kept), kept, {}, {}, at)
    reel.see(key, at)
    return reel


@contextmanager
def _of_its_own(now: datetime) -> Iterator[Engine]:
    with TemporaryDirectory(prefix="estafette-replay-") as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'replay.db'}")
        try:
            migrate(engine, now)
            yield engine
        finally:
            engine.dispose()
