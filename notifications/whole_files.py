"""Files that are read while they are written: a reader finds the old one or the new one, whole."""

import os
import tempfile
from pathlib import Path

Stamp = tuple[int, ...]


def stamp(place: Path) -> Stamp | None:
    """Changes when the file, or what is in the folder, does; None when there is none to see."""
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


def replace_whole(file: Path, text: str, *, mode: int) -> None:
    """The file holds this text, also after a crash; its folder is made when it is not there.

    Raises OSError, and then nothing has changed.
    """
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as written:
            written.write(text)
            written.flush()
            os.fsync(written.fileno())
        Path(name).chmod(mode)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
