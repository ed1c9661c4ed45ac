"""The doctor's lines about Prefect: its server, credential, workers and deployments."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from desk.line import Line
from desk.settings import DeskSettings
from desk.window import NoWindow, Window, kept_password

ROOT = Path(__file__).parents[1]
OUR_NAME = "estafette"  # of every deployment; flows.declared says the same
OUR_POOL = "estafette-in-process"
MISSED = 3  # heartbeats; Prefect too calls a worker offline then
CLOSED = "not known while Prefect's server does not answer"
START = "start one: estafette up, or python -m flows.worker"
DECLARE = "start the worker again, which declares them; for another work pool run: python -m "
DECLARE += "flows.deployments"
ON_ITS_PAGE = "on Prefect's page Deployments"
ITS_LOG = (
    "look at the end of the server's log (logs/server.log in the data folder); often its disk "
)
ITS_LOG += "is full"
FOR_OTHERS = 0o077
WRONG_PASSWORD = "set PREFECT_API_AUTH_STRING to it: name:password; for the embedded server leave "
WRONG_PASSWORD += "it unset, and start the server again"
GUARD = "set PREFECT_SERVER_API_AUTH_STRING where the server runs, and PREFECT_API_AUTH_STRING for "
GUARD += "who speaks to it; the embedded server has one by itself: stop it, and run: estafette up"
SEEN = "; other machines reach them, and without TLS before it the password can be overheard"


def prefect_lines(window: Window, settings: DeskSettings, now: datetime) -> Iterator[Line]:
    """All of them, also when no server answers."""
    yield _server(window)
    yield _credential(window, settings)
    pool = settings.work_pool
    yield _through(window, "workers", lambda: _workers(window, pool, now))
    yield _through(window, "deployments", lambda: _deployments(window, pool))


def _server(window: Window) -> Line:
    if not window.is_open and window.asks_password:
        given = "refuses the password it was given" if window.password else "asks for a password"
        found = f"the server at {window.url} {given}"
        return Line("prefect", False, found, WRONG_PASSWORD)
    if not window.is_open:
        found = f"no server answers at {window.url}"
        return Line("prefect", False, found, "run: estafette up")
    ours, theirs = version("prefect"), window.version
    found = f"server {theirs} answers at {window.url}"
    if theirs != ours:
        found = f"{found}; this installation has {ours}"
    elsewhere = os.environ.get("PREFECT_API_URL", "").rstrip("/")
    if elsewhere not in {"", window.url}:
        found = f"{found}; PREFECT_API_URL names another server, which is not asked"
    return Line(
        "prefect", theirs == ours, found, "bring both to the same version, the server first"
    )


def _credential(window: Window, settings: DeskSettings) -> Line:
    """Whether strangers are kept out of Prefect's API and pages."""
    try:
        kept_password(settings)
    except (OSError, ValueError):
        mend = "see to the rights on it; when it is damaged stop, delete it, and run: estafette up"
        return Line("ui credential", False, f"{settings.credential} can not be read", mend)
    if settings.credential.exists() and settings.credential.stat().st_mode & FOR_OTHERS:
        found = f"other users of this machine can read {settings.credential}"
        return Line("ui credential", False, found, f"run: chmod 600 {settings.credential}")
    if not (window.asks_password or window.is_open):
        return Line("ui credential", True, CLOSED)
    if not window.asks_password:
        return Line("ui credential", False, "Prefect's API and pages ask for no password", GUARD)
    if window.knows_forms is False:
        found = "Prefect's pages ask for a password, and take forms of other sites (no CSRF)"
        mend = "set PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED=true where the server runs"
        return Line("ui credential", False, found, mend)
    found = "Prefect's API and pages ask for a password"
    return Line("ui credential", True, f"{found}{SEEN if settings.seen_elsewhere else ''}")


def _through(window: Window, what: str, look: Callable[[], Line]) -> Line:
    if not window.is_open:
        return Line(what, False, CLOSED, "")
    try:
        return look()
    except NoWindow as error:
        return Line(what, False, f"Prefect's server was asked, and {error}", ITS_LOG)
    except (KeyError, TypeError):  # some other program, or a version that speaks otherwise
        mend = "see which program listens there, and bring Prefect to this installation's version"
        return Line(what, False, f"{window.url} does not answer as Prefect does", mend)


def _workers(window: Window, pool: str, now: datetime) -> Line:
    known = window.ask(f"/work_pools/{pool}/workers/filter", {"limit": 200})
    if known is None:
        return Line("workers", False, f"there is no work pool {pool}", START)
    heard = [(_moment(one["last_heartbeat_time"]), one) for one in known]
    ages = [((now - at).total_seconds(), one) for at, one in heard if at is not None]
    if not ages:
        return Line("workers", False, f"no worker ever came to work pool {pool}", START)
    alive = [age for age, one in ages if age <= MISSED * one["heartbeat_interval_seconds"]]
    last = max(0, round(min(age for age, _ in ages)))
    found = f"{len(alive)} alive, last heard {last} s ago"
    return Line("workers", bool(alive), found, START)


def _deployments(window: Window, pool: str) -> Line:
    found = list(differences(declared(), deployed(window), pool, ours=_is_ours(window, pool)))
    if not found:
        return Line("deployments", True, "as this version declares them")
    more = f", and {len(found) - 1} more" if len(found) > 1 else ""
    said, mend = found[0]
    return Line("deployments", False, f"{said}{more}", mend)


def differences(
    declared: list[dict[str, Any]], there: dict[str, dict[str, Any]], pool: str, *, ours: bool
) -> Iterator[tuple[str, str]]:
    """What is deployed otherwise than it is declared, each with what to do. Our own worker keeps
    some flows going by itself; those need a schedule only in another work pool."""
    for one in declared:
        name, at = one["flow"], there.get(one["flow"])
        every = None if ours and one["kept"] else one["every"]
        if at is None:
            yield f"{name} is not deployed", DECLARE
        elif at["entrypoint"] != one["entrypoint"]:
            yield f"{name} runs other code: {at['entrypoint']}", DECLARE
        elif at["work_pool_name"] != pool:
            yield f"{name} is in work pool {at['work_pool_name']} and not in {pool}", DECLARE
        elif at.get("paused"):
            yield f"{name} is paused", f"resume it {ON_ITS_PAGE}"
        elif every is not None and every not in _rhythms(at):
            yield f"{name} has no active schedule of {every:.0f} s", DECLARE
    for name in sorted(there.keys() - {one["flow"] for one in declared}):
        yield f"{name} is deployed and this version has no such flow", f"delete it {ON_ITS_PAGE}"


def declared() -> list[dict[str, Any]]:
    """What this code declares, asked of the flows in a process of their own: the two doors do not
    import each other."""
    command = [sys.executable, "-m", "flows.declared"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30)
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told


def deployed(window: Window) -> dict[str, dict[str, Any]]:
    """What Prefect has under our name, by flow."""
    ours = {"deployments": {"name": {"any_": [OUR_NAME]}}}
    found = window.ask("/deployments/filter", ours | {"limit": 200}) or []
    flows = window.ask("/flows/filter", ours | {"limit": 200}) or []
    names = {flow["id"]: flow["name"] for flow in flows}
    return {names[one["flow_id"]]: one for one in found if one["flow_id"] in names}


def _is_ours(window: Window, pool: str) -> bool:
    known = window.ask(f"/work_pools/{pool}")
    return known is not None and known["type"] == OUR_POOL


def _rhythms(at: dict[str, Any]) -> set[float]:
    active = (one["schedule"] for one in at["schedules"] if one["active"])
    return {float(schedule["interval"]) for schedule in active if "interval" in schedule}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
