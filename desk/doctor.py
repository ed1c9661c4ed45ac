"""The doctor: one line per thing Estafette depends on, ok or what to do. Changes nothing."""

import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Engine

from desk.line import Line, safely
from desk.machine import APART, clock_line, disk_line, settings_line, zone_line
from desk.prefect_lines import prefect_lines
from desk.settings import DeskSettings
from desk.window import window

DECREES_AHEAD_MONTHS = 12
LOAD_DECREE = "load the next royal decree: estafette decree import FILE, or estafette decree add"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
SENT_WITHIN = timedelta(minutes=10)
RUN_GONE = "run-gone"  # what the line `audit` can not know: it asks the rows alone
AUDITED_WITHIN = timedelta(minutes=35)  # every quarter of an hour; one may be missed


def examine(engine: Engine, settings: DeskSettings, now: datetime) -> list[Line]:
    """Everything, in the order in which it is mended."""
    began = time.monotonic()
    prefect = window(settings, now)  # first: it compares its clock to this moment
    meanwhile = timedelta(seconds=time.monotonic() - began)  # a server that is gone takes seconds
    return [
        settings_line(),
        safely("disk", lambda: disk_line(engine, settings)),
        zone_line(now),
        safely("database", lambda: _database(engine)),
        safely("clock", lambda: clock_line(engine, prefect, now + meanwhile)),
        *_rows(engine, settings, now),
        safely("channels", _channels),
        safely("reach", lambda: _reach(engine)),
        safely("own words", _own_words),
        safely("outbox", lambda: _outbox(engine, now)),
        *prefect_lines(prefect, settings, now),
        safely("last audit", lambda: _last_audit(engine, now)),
    ]


def _database(engine: Engine) -> Line:
    from casework.schema import is_known, newest_revision, revision_of

    at, newest = revision_of(engine), newest_revision()
    found = f"{engine.dialect.name}, schema {at or 'not made yet'}"
    if at is not None and not is_known(at):
        found += f"; this version knows up to {newest} and works on meanwhile"
        return Line("database", False, found, "bring this machine to the version that migrated it")
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
        report = audit(engine, now, horizon=settings.horizon, armed_at_most=settings.armed_at_most)
        found = f"{report.checked} open cases, {len(report.findings)} findings"
        return Line("audit", report.clean, found, "run: estafette audit")

    yield safely("decrees", lambda: _decrees(engine, now))
    yield safely("administration", administration)
    yield safely("audit", promises)


def _decrees(engine: Engine, now: datetime) -> Line:
    from casework.decree_views import covered
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


def _outbox(engine: Engine, now: datetime) -> Line:
    """Whether what could be sent is sent; what keeps to office hours or a digest may wait."""
    from casework.figures import figures

    stand = figures(engine, now)
    waiting = sum(queue.count for queue in stand.outbox.values())
    if not waiting:
        return Line("outbox", True, "no alert waits")
    oldest = stand.longest(queue.since for queue in stand.outbox.values())
    overdue = stand.longest(queue.due for queue in stand.outbox.values())
    found = f"{waiting} alerts wait, the oldest for {_for(oldest)}"
    if broken := _broken_channels(engine):
        mend = "mend that channel: estafette doctor --send-test --to KEY; what waits then goes"
        return Line("outbox", False, f"{found}; out of order: {broken}", mend)
    if overdue <= SENT_WITHIN.total_seconds():
        return Line("outbox", True, found)
    found += f"; one could have been sent {_for(overdue)} ago"
    mend = "start the worker (estafette up), or send without Prefect (estafette watch); see them: "
    return Line("outbox", False, found, f"{mend}estafette alert list --unsent")


def _broken_channels(engine: Engine) -> str:
    from casework.channel_state import paused
    from notifications.channels import Channels

    return ", ".join(paused(engine, Channels.from_env().by_name))


def _last_audit(engine: Engine, now: datetime) -> Line:
    """Whether the audit comes by; that all is in order now is the line `audit`."""
    from casework.administration import administered_since
    from casework.figures import figures

    last = figures(engine, now).audit
    mend = "it comes every quarter of an hour while the worker runs: estafette up"
    if last is None:
        began = administered_since(engine)
        is_new = began is not None and now - began <= AUDITED_WITHIN
        found = "there was none yet" + ("; this installation is new" if is_new else "")
        return Line("last audit", is_new, found, mend)
    if last.at > now + APART:
        found = f"it is said to come in {_for((last.at - now).total_seconds())}: a clock was ahead"
        return Line("last audit", False, found, f"see the line clock; {mend}")
    ago = _for((now - last.at).total_seconds())
    found = f"{ago} ago: {last.counted} open cases, {sum(last.found.values())} findings"
    if gone := last.found.get(RUN_GONE):
        mend = "the worker makes them anew by itself; which they are shows the artifact last-audit"
        return Line("last audit", False, f"{found}, and {gone} runs were not in Prefect", mend)
    return Line("last audit", now - last.at <= AUDITED_WITHIN, found, mend)


def _for(seconds: float) -> str:
    """A length of time in its largest unit."""
    for unit, many in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * many:
            return f"{seconds / many:.0f} {unit}"
    return f"{max(seconds, 0):.0f} seconds"
