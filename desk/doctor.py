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
DECREES_AHEAD_MONTHS = 12
LOAD_DECREE = "load the next royal decree: estafette decree import FILE, or estafette decree add"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


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
        _safely("reach", lambda: _reach(engine)),
        _safely("own words", _own_words),
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
    from casework.administration import administration_broken_at
    from casework.audit import audit

    def administration() -> Line:
        broken = administration_broken_at(engine)
        if broken is None:
            return Line("administration", True, "its record is whole")
        found = f"its record was changed behind our back at entry {broken}"
        return Line("administration", False, found, "compare the table administration to a backup")

    def promises() -> Line:
        report = audit(engine, now, horizon=settings.horizon)
        found = f"{report.checked} open cases, {len(report.findings)} findings"
        return Line("audit", report.clean, found, "run: estafette audit")

    yield _safely("decrees", lambda: _decrees(engine, now))
    yield _safely("administration", administration)
    yield _safely("audit", promises)


def _decrees(engine: Engine, now: datetime) -> Line:
    from casework.decrees import covered
    from escalation.notices import last_moment, months_before

    reach = covered(engine, now.astimezone(AMSTERDAM).year)
    if reach.up_to is None:
        return Line("decrees", False, "no decreed days are loaded", LOAD_DECREE)
    found = f"decreed days are loaded up to {reach.up_to}"
    if reach.uncovered:
        found += f"; none for {', '.join(map(str, reach.uncovered))}, terms there carry a warning"
    enough = now < months_before(last_moment(reach.up_to), DECREES_AHEAD_MONTHS)
    return Line("decrees", enough, found, LOAD_DECREE)


def _channels() -> Line:
    from notifications.channels import Channels

    names = sorted(Channels.from_env().by_name)
    return Line("channels", bool(names), ", ".join(names))


def _reach(engine: Engine) -> Line:
    """Whether an alert to anybody would have somewhere to go."""
    from desk.reachable import objections
    from notifications.channels import Channels

    wrong = objections(engine, Channels.from_env())
    if not wrong:
        return Line("reach", True, "every contact is reached by a channel there is")
    more = f", and {len(wrong) - 1} more" if len(wrong) > 1 else ""
    mend = "correct the channels file or the contact; see all: estafette channel check FILE"
    return Line("reach", False, f"{wrong[0]}{more}", mend)


def _own_words() -> Line:
    from notifications.payload import LANGUAGES
    from notifications.words import damaged, own_words

    if wrong := damaged():
        found = "; ".join(wrong)
        return Line("own words", False, found, "mend it: estafette template check FILE; until then "
                    "alerts have the words that come with Estafette")  # fmt: skip
    own = [language for language in LANGUAGES if own_words(language) is not None]
    found = f"your own in {' and '.join(own)}" if own else "none; those that come along are used"
    return Line("own words", True, found)


def _prefect(settings: DeskSettings) -> Line:
    """The server of this folder, asked over its API; nothing of Prefect is imported."""
    url = f"http://127.0.0.1:{settings.prefect_port}/api"
    try:
        with urllib.request.urlopen(f"{url}/admin/version", timeout=3) as reply:
            return Line("prefect", True, f"server {json.load(reply)} answers at {url}")
    except (urllib.error.URLError, OSError):
        return Line("prefect", False, f"no server answers at {url}", "run: estafette up")
