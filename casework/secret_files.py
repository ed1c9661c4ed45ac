"""A secret of this installation in a file that only this user can read, made at first use."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def kept_secret(file: Path, make: Callable[[], str]) -> bytes:
    """What the file holds; `make` says it when there is none yet. Raises OSError."""
    if not file.exists():
        _make(file, make())
    return file.read_bytes().strip()


def _make(file: Path, secret: str) -> None:
    """The file is there, whole, for us alone; when two make it at once both find the same."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="utf-8") as writing:
            writing.write(f"{secret}\n")
            writing.flush()
            os.fsync(writing.fileno())
        file.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
