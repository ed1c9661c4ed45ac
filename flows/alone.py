"""One of a kind in a folder: a second one says at once who is there, and ends.

Two embedded servers on one SQLite file lock each other out, and two workers of one name end each
other's runs. Workers of several machines have a name each, and Prefect on a database of its own.

    NotAlone (RuntimeError)   another process has this place; the message says which
"""

import fcntl
import os
import socket
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote


class NotAlone(RuntimeError):
    """The place is taken; the message says by whom and what to do."""


def instance() -> str:
    """Tells this installation's runs from another's: the machine, or ESTAFETTE_INSTANCE."""
    return os.environ.get("ESTAFETTE_INSTANCE") or socket.gethostname()


def take_place(data: Path, what: str, name: str = "") -> IO[str]:
    """The place is this process's until the file returned is closed, or the process is gone.

    `what` is "server" or "worker". Raises NotAlone and OSError.
    """
    folder = data.resolve() / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / f"{what}{quote(name, safe='')}.lock").open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise NotAlone(_taken(file, data.resolve(), what, name)) from None
    with suppress(OSError):  # a full disk: the place is ours, only our number is not in it
        os.ftruncate(file.fileno(), 0)
        os.write(file.fileno(), str(os.getpid()).encode())
    return file


def _taken(file: IO[str], data: Path, what: str, name: str) -> str:
    with file:
        file.seek(0)
        who = f"process {file.read() or 'unknown'}"
    called = f" named {name}" if name else ""
    mend = "stop it, or set ESTAFETTE_DATA to another folder"
    if name:
        mend = "stop it, or give this one a name of its own in ESTAFETTE_INSTANCE"
    return f"another {what}{called} ({who}) is at work in the folder {data}; {mend}"
