"""Prefect's settings for the embedded default: everything on loopback, everything in one folder,
behind a password of its own.

Prefect reads its settings when it is imported, so `settle` comes before the first Prefect import.
An operator who runs Prefect elsewhere starts none of this and sets PREFECT_API_URL instead.

    CannotStart (RuntimeError)   says in one sentence why, and what to do; end with CANNOT_START
"""

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flows.alone import NotAlone, take_place
from flows.credential import ASKED, CredentialError, credential, refuse_weak

LOOPBACK = "127.0.0.1"
CANNOT_START = 78  # what the parent reads the reason at, in the last line of the log

# Ours to decide: a value left over from another project would send runs to the wrong place.
_FIXED = {
    "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",  # a client never starts a hidden server
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": "false",
    # A page from elsewhere can not make a browser change anything here.
    "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true",
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": "true",
    # Every new client would ask; `flows.window` looks at the version for all of them.
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
}

# Sensible on SQLite and two cores; an operator may set any of them otherwise.
_DEFAULTS = {
    # Marking runs late contends with everything else on SQLite (measured: a storm of locks).
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": "900",
    "PREFECT_SERVER_SERVICES_LATE_RUNS_LOOP_SECONDS": "60",
    # Nothing of ours pauses; with the default every paused run is read every five seconds.
    "PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_LOOP_SECONDS": "3600",
    # We use no concurrency leases and no cleanup work; look rarely.
    "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "120",
    "PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_LOOP_SECONDS": "120",
    "PREFECT_SERVER_SERVICES_CANCELLATION_CLEANUP_LOOP_SECONDS": "60",
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": "30",
    # Events are most of the growth (50 KiB a visit).
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
    # And most of those are the heartbeats of watch and deliver, 45 MB a day, of use for minutes.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_EVENT_RETENTION_OVERRIDES": (
        '{"prefect.flow-run.heartbeat": 21600}'
    ),
    # Ended runs are removed by `flows.clean`, which knows how long they are kept; here what any
    # removal may leave behind.
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,orphans",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    # "Beginning flow run", "Finished in state": the states say so already.
    "PREFECT_LOGGING_LOGGERS_PREFECT_FLOW_RUNS_LEVEL": "WARNING",
    "PREFECT_LOGGING_LOGGERS_PREFECT_TASK_RUNS_LEVEL": "WARNING",
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",  # no blocks used; a quicker start
}


class CannotStart(RuntimeError):
    """This process can not do its work in this folder; the message says why and what to do."""


@contextmanager
def at_work(data: Path, port: int, what: str, name: str = "") -> Iterator[None]:
    """This process is settled in the folder, and its only `what` ("server", "worker") of this name.

    Raises CannotStart, at once.
    """
    try:
        place = take_place(data, what, name)
        settle(data, port)
    except (NotAlone, CredentialError) as error:
        raise CannotStart(str(error)) from None
    except OSError as error:
        raise CannotStart(f"{data} can not be used: {error.strerror}") from None
    with place:
        yield


def settle(data: Path, port: int) -> None:
    """This process speaks to, or is, the embedded server of the folder `data`; `at_work` makes sure
    that it is alone in that.

    Raises CredentialError, when its password can not be used, and OSError.
    """
    home = data.resolve() / "prefect"
    home.mkdir(parents=True, exist_ok=True)
    words = credential(home)
    refuse_weak(words[ASKED], host())
    os.environ.pop("PREFECT_API_KEY", None)  # of Prefect's cloud; it would go before the password
    os.environ.update(_FIXED | _place(home, port) | words)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)


def host() -> str:
    """The address that the embedded server listens on; this machine's own unless told otherwise."""
    return os.environ.get("ESTAFETTE_PREFECT_HOST") or LOOPBACK


def _place(home: Path, port: int) -> dict[str, str]:
    listens = ipaddress.ip_address(host())
    here = f"http://{_from_here(listens)}:{port}"
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": f"{here}/api",
        "PREFECT_SERVER_API_HOST": str(listens),
        "PREFECT_SERVER_API_PORT": str(port),
        # Where a browser asks. From elsewhere, perhaps through a proxy: at the address of the page.
        "PREFECT_SERVER_UI_API_URL": f"{here}/api" if listens.is_loopback else "/api",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        # No page from elsewhere may call the API in a browser, also not with a password.
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": here,
    }


def _from_here(listens: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str:
    """The address at which this machine finds it; that of "everywhere" is none."""
    if listens.is_unspecified:
        return LOOPBACK if listens.version == 4 else "[::1]"
    return str(listens) if listens.version == 4 else f"[{listens}]"
