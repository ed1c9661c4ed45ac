"""The process tree of the embedded default: this process, Prefect's server and our worker.

    estafette up            the parent: lock, mailbox, pages, restarts; it never imports Prefect
      ├── flows.server      Prefect's API and UI
      └── flows.worker      visits, watch, deliver

Everything on loopback (Prefect's pages elsewhere only when told so, and never without a password),
everything in one folder, and nothing left behind: the children's standard
input is a pipe from this process, and when it closes, even because of kill -9, they stop.

    TreeError (RuntimeError)   the tree cannot start: one sentence with a way out
"""

import errno
import fcntl
import os
import signal
import socket
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from desk.child import CANNOT_START, Child, Say
from desk.pages import served
from desk.settings import DeskSettings
from notifications.mailbox import Mailbox, MailboxError

HOST = "127.0.0.1"
READY_SECONDS, PROGRESS_SECONDS, LOOK_SECONDS = 180.0, 5.0, 0.3
LOCK_SECONDS = 15.0  # children of an instance that was just killed need a moment to notice


class TreeError(RuntimeError):
    """The tree cannot start; the message says why and what to do."""


class Tree:
    """The tree while it stands; `run_tree` is the usual way to have one."""

    def __init__(
        self, settings: DeskSettings, say: Say, prepare: Callable[[], None] = lambda: None
    ) -> None:
        self.settings = settings
        self.data = settings.data.absolute()
        self.stopping = threading.Event()
        self.children: list[Child] = []
        self._say, self._prepare = say, prepare
        self._open = ExitStack()

    def start(self) -> None:
        """Every process is there and Prefect answers. Raises TreeError, with nothing left over."""
        try:
            lock = self._open.enter_context(_locked(self.data))
            _refuse_taken("PREFECT", str(self.settings.prefect_host), self.settings.prefect_port)
            _refuse_taken("DESK", HOST, self.settings.desk_port)
            self._serve_mail()
            server, worker = (self._child(name, lock) for name in ("server", "worker"))
            self.children.append(server)
            server.start()
            self._prepare()  # while the server, which takes longer, starts
            self._open.enter_context(served(self.settings))
            self.children.append(worker)
            worker.start()
            self._wait_for_prefect()
        except BaseException:
            self.stop()
            raise

    def tend(self) -> None:
        """Keeps the children going until `stopping` is set."""
        while not self.stopping.wait(LOOK_SECONDS):
            for child in self.children:
                child.tend(self._say)

    def stop(self) -> None:
        """Everything is gone, the worker first so that its runs can still say so."""
        self.stopping.set()
        for child in reversed(self.children):
            child.stop()
        self._open.close()

    def _serve_mail(self) -> None:
        try:
            mailbox = Mailbox(self.settings.mailbox)
            self._open.enter_context(mailbox.serve(HOST, self.settings.smtp_port))
        except MailboxError as error:
            raise TreeError(str(error)) from None

    def _child(self, name: str, lock: int) -> Child:
        port = str(self.settings.prefect_port)
        place = ["--data", str(self.data), "--port", port, "--leash"]
        env = {
            "ESTAFETTE_DESK_URL": self.settings.desk_url,
            **os.environ,
            "ESTAFETTE_DATA": str(self.data),
            "ESTAFETTE_SMTP_PORT": str(self.settings.smtp_port),
            "PYTHONUNBUFFERED": "1",
        }
        command = [sys.executable, "-m", f"flows.{name}", *place]
        return Child(name, command, self.data / "logs" / f"{name}.log", env, lock)

    def _wait_for_prefect(self) -> None:
        health = f"{self.settings.prefect_url}/api/health"
        began = told = time.monotonic()
        self._say("Prefect is starting; the first time takes about a quarter of a minute ...")
        while not _answers(health):
            now = time.monotonic()
            if self.stopping.wait(LOOK_SECONDS):
                raise TreeError("stopped before Prefect had started")
            _refuse_not_starting(self.children[0], now - began)
            if now - told >= PROGRESS_SECONDS:
                told = now
                self._say(f"... {now - began:.0f} seconds")


def run_tree(
    settings: DeskSettings,
    on_ready: Callable[[Tree], None] | None = None,
    *,
    prepare: Callable[[], None] = lambda: None,
    say: Say = print,
) -> None:
    """The tree stands until Ctrl-C, SIGTERM or the terminal's end; then all of it is gone.

    `prepare` makes the database ready before anything of ours looks at it; `on_ready` is called
    once Prefect answers. Raises TreeError when the tree cannot start.
    """
    tree = Tree(settings, say, prepare)
    with _stopped_by_signals(tree.stopping):
        tree.start()
        try:
            if on_ready:
                on_ready(tree)
            tree.tend()
        finally:
            say("Stopping ...")
            tree.stop()


@contextmanager
def _stopped_by_signals(stopping: threading.Event) -> Iterator[None]:
    signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, lambda *_: stopping.set()) for number in signals}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _locked(data: Path) -> Iterator[int]:
    """The folder is ours; given is the lock that the children share with us.

    Two locks, which the kernel frees with their last holder: the parent's own tells at once that
    another instance stands; the shared one is held until the last child of a killed parent is gone.
    """
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("a+") as own, (data / "lock.children").open("a+") as shared:
        deadline = time.monotonic() + LOCK_SECONDS
        while not (_taken(own) and _taken(shared)):
            if not _taken(own) or time.monotonic() > deadline:
                raise TreeError(
                    f"another Estafette (process {_owner(data)}) uses the folder {data}; "
                    "stop it, or set ESTAFETTE_DATA to another folder"
                )
            time.sleep(0.2)
        own.truncate(0)
        own.write(str(os.getpid()))
        own.flush()
        yield shared.fileno()


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _owner(data: Path) -> str:
    return (data / "lock").read_text() or "unknown"


def _refuse_taken(name: str, host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            door.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                mend = f"port {port} is in use; set ESTAFETTE_{name}_PORT to a free port"
                raise TreeError(mend) from None
            raise TreeError(
                f"{host} port {port} can not be listened on: {error.strerror}; correct "
                f"ESTAFETTE_{name}_HOST or ESTAFETTE_{name}_PORT"
            ) from None


def _refuse_not_starting(server: Child, waited: float) -> None:
    if server.exit_code() == CANNOT_START:
        raise TreeError(f"Prefect did not start: {server.last_line()}")
    if server.exit_code() is not None or waited > READY_SECONDS:
        raise TreeError(f"Prefect did not start; its log says why: {server.log}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
