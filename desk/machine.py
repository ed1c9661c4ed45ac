"""The doctor's lines about this machine: settings, disks, time zone and clock."""

import os
import re
import shutil
from datetime import datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.engine import Engine

from desk.line import Line
from desk.settings import DeskSettings
from desk.window import Window

ROOM_NEEDED = 200 * 1024 * 1024  # bytes; the two databases, logs and mail grow slowly
APART = timedelta(seconds=5)  # what promises, leases and heartbeats of several machines can bear
NEARLY = 0.85
EXAMPLE = Path(__file__).parents[1] / ".env.example"
SUMMER_AND_WINTER = timedelta(days=370)


def settings_line() -> Line:
    """Whether a variable was set that looks like a setting and is none."""
    known = set(re.findall(r"^(ESTAFETTE_\w+)=", _example(), re.M))
    given = sorted(name for name in os.environ if name.startswith("ESTAFETTE_"))
    for name in given:
        near = get_close_matches(name, known, n=1, cutoff=NEARLY)
        if name not in known and near:
            found = f"{name} is set, and nothing reads it"
            return Line("settings", False, found, f"did you mean {near[0]}? Set that instead")
    said = f"{len(given)} set, the others as they come" if given else "all as they come"
    return Line("settings", True, said)


def disk_line(engine: Engine, settings: DeskSettings) -> Line:
    """Whether there is room where the data folder is, where Prefect's is when that is on another
    disk, and where the database is when it is a file."""
    places = {"ESTAFETTE_DATA": settings.data.absolute()}
    if (prefect := settings.credential.parent).is_symlink() or prefect.is_mount():
        places["the folder prefect in ESTAFETTE_DATA"] = prefect.absolute()
    if engine.dialect.name == "sqlite" and engine.url.database:
        places["ESTAFETTE_DATABASE_URL"] = Path(engine.url.database).absolute().parent
    free = {name: shutil.disk_usage(_there(place)).free for name, place in places.items()}
    least = min(free, key=lambda name: free[name])
    found = f"{free[least] // 2**20} MB free where {places[least]} is"
    mend = f"make room there, or move it elsewhere: {least}"
    return Line("disk", free[least] > ROOM_NEEDED, found, mend)


def zone_line(now: datetime) -> Line:
    """Whether the rules of Dutch time are here, and when the clock changes next."""
    mend = "bring the zone data up to date: install or upgrade tzdata"
    try:
        amsterdam = ZoneInfo.no_cache("Europe/Amsterdam")
    except (ZoneInfoNotFoundError, ValueError):
        return Line("time zone", False, "Europe/Amsterdam is not known", mend)
    changes = next_change(amsterdam, now)
    if changes is None:
        found = "Europe/Amsterdam is known, and its clock does not change within a year"
        return Line("time zone", False, found, mend)
    at = f"{changes.astimezone(amsterdam):%d-%m-%Y %H:%M}"
    return Line("time zone", True, f"Europe/Amsterdam is known; its clock next changes on {at}")


def next_change(zone: ZoneInfo, now: datetime) -> datetime | None:
    """The first hour within a year in which the clock in this zone stands otherwise than now."""
    from_now = now.replace(minute=0, second=0, microsecond=0)
    stands = from_now.astimezone(zone).utcoffset()
    for hours in range(1, int(SUMMER_AND_WINTER / timedelta(hours=1))):
        then = from_now + timedelta(hours=hours)
        if then.astimezone(zone).utcoffset() != stands:
            return then
    return None


def clock_line(engine: Engine, window: Window, now: datetime) -> Line:
    """Whether this clock goes with Prefect's server, and with what was written already."""
    from casework.journal import last_line_at

    mend = "set the clock of this machine, and keep it right: timedatectl set-ntp true"
    written = last_line_at(engine)
    if written is not None and written - now > APART:
        found = f"it is {_seconds(written - now)} s behind the newest line of a journal"
        return Line("clock", False, found, mend)
    apart = window.clock_apart
    if apart is None:
        return Line("clock", True, "not behind what was written; no server was there to compare to")
    if abs(apart) > APART:
        way = "ahead of" if apart > timedelta(0) else "behind"
        found = f"it is {_seconds(abs(apart))} s {way} the clock of Prefect's server"
        return Line("clock", False, found, f"{mend}; there too")
    return Line("clock", True, f"within {APART.seconds} s of Prefect's server")


def _seconds(apart: timedelta) -> int:
    return round(apart.total_seconds())


def _there(place: Path) -> Path:
    """The folder itself, or the nearest one above it that exists."""
    while not place.exists():
        place = place.parent
    return place


def _example() -> str:
    return EXAMPLE.read_text("utf-8") if EXAMPLE.exists() else ""
