"""The doctor: one line per thing Estafette depends on, ok or what to do. Changes nothing."""

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import Engine

from desk.settings import DeskSettings

ROOM_NEEDED = 200 * 1024 * 1024  # bytes; the two databases, logs and mail grow slowly
DECREES_AHEAD_YEARS = 1


@dataclass(frozen=True, slots=True)
class Line:
    """One thing looked at. `way_out` says what to do when it is not ok."""

    what: str
    ok: bool
    found: str
    way_out: str = ""


def examine(engine: Engine, settings: DeskSettings, now: datetime) -> list[Line]:
    """Everything, in the order in which it is mended."""
    return [
        _safely("disk", lambda: _disk(settings)),
        _safely("time zone", _zone),
        _safely("database", lambda: _database(engine)),
        *_rows(engine, settings, now),
        _safely("channels", _channels),
        _safely("prefect", lambda: _prefect(settings)),
    ]


def _safely(what: str, look: Callable[[], Line]) -> Line:
    from desk.plainly import sentence_for

    try:
        return look()
    except Exception as error:
        said = sentence_for(error)
        if said is None:
            raise
        return Line(what, False, said)


def _disk(settings: DeskSettings) -> Line:
    folder = settings.data.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    found = f"{free // 2**20} MB free where {settings.data} is"
    return Line("disk", free > ROOM_NEEDED, found, "make room, or set ESTAFETTE_DATA elsewhere")


def _zone() -> Line:
    try:
        ZoneInfo("Europe/Amsterdam")
    except ZoneInfoNotFoundError:
        return Line("time zone", False, "Europe/Amsterdam is not known", "install tzdata")
    return Line("time zone", True, "Europe/Amsterdam is known")


def _database(engine: Engine) -> Line:
    from casework.schema import newest_revision, revision_of

    at, newest = revision_of(engine), newest_revision()
    found = f"{engine.dialect.name}, schema {at or 'not made yet'}"
    return Line("database", at == newest, found, "run: estafette migrate")


def _rows(engine: Engine, settings: DeskSettings, now: datetime) -> Iterator[Line]:
    """What the rows say, once there are any."""
    from casework.audit import audit
    from casework.schema import last_decreed_year

    def decrees() -> Line:
        year = last_decreed_year(engine)
        found = f"decreed days are loaded up to {year}"
        enough = year is not None and year >= now.year + DECREES_AHEAD_YEARS
        return Line("decrees", enough, found, "load the next royal decree before terms reach it")

    def promises() -> Line:
        report = audit(engine, now, horizon=settings.horizon)
        found = f"{report.checked} open cases, {len(report.findings)} findings"
        return Line("audit", report.clean, found, "run: estafette audit")

    yield _safely("decrees", decrees)
    yield _safely("audit", promises)


def _channels() -> Line:
    from notifications.channels import Channels

    names = sorted(Channels.from_env().by_name)
    return Line("channels", bool(names), ", ".join(names))


def _prefect(settings: DeskSettings) -> Line:
    """The server of this folder, asked over its API; nothing of Prefect is imported."""
    url = f"http://127.0.0.1:{settings.prefect_port}/api"
    try:
        with urllib.request.urlopen(f"{url}/admin/version", timeout=3) as reply:
            return Line("prefect", True, f"server {json.load(reply)} answers at {url}")
    except (urllib.error.URLError, OSError):
        return Line("prefect", False, f"no server answers at {url}", "run: estafette up")
