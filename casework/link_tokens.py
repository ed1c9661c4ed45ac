"""What a signed link is made of: what it is about, the contact it was made for, and a seal.

The seal covers the mark a handover bears at the moment, so another mark makes older links void.
The token of an alert also names its last day: casework/link_alerts.py.
The secret is ESTAFETTE_LINK_SECRET, or else a file that only we can read.
"""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Self

from pydantic import Field, SecretBytes
from pydantic_settings import BaseSettings, SettingsConfigDict

from casework.secret_files import kept_secret

SHORTEST = 32  # bytes of a secret
TOKEN = re.compile(r"([hr])([1-9][0-9]{0,8})\.([1-9][0-9]{0,8})\.([A-Za-z0-9_-]{43})", re.ASCII)
LONGEST_TOKEN = 64


class Kind(StrEnum):
    """What a link is about; its token begins with this."""

    HANDOVER = "h"
    REQUEST = "r"
    ALERT = "a"


class LinkSecretError(ValueError):
    """The secret can not be used. Never shows it."""


class LinkSettings(BaseSettings):
    """ESTAFETTE_LINK_SECRET, or the file link.key in the folder ESTAFETTE_DATA."""

    model_config = SettingsConfigDict(env_prefix="ESTAFETTE_", extra="ignore")

    data: Path = Path(".estafette")
    link_secret: SecretBytes = Field(default=SecretBytes(b""))


def link_secret() -> bytes:
    """The secret of this installation; its file is made at first use. Raises LinkSecretError."""
    settings = LinkSettings()
    given = settings.link_secret.get_secret_value()
    found = given or _kept(settings.data / "link.key")
    if len(found) < SHORTEST:
        where = "ESTAFETTE_LINK_SECRET" if given else f"the file {settings.data / 'link.key'}"
        raise LinkSecretError(f"{where} is too short; give at least {SHORTEST} random characters")
    return found


def _kept(file: Path) -> bytes:
    return kept_secret(file, lambda: secrets.token_hex(SHORTEST))


@dataclass(frozen=True, slots=True)
class Token:
    """The token of a handover or request as it was read; whether its seal fits is another
    question."""

    kind: Kind
    number: int
    contact: int
    seal: str

    @classmethod
    def read(cls, token: str) -> Self | None:
        """None when it is no token at all."""
        parts = TOKEN.fullmatch(token) if len(token) <= LONGEST_TOKEN else None
        return cls(Kind(parts[1]), int(parts[2]), int(parts[3]), parts[4]) if parts else None

    def fits(self, secret: bytes, mark: str) -> bool:
        return is_seal(seal(secret, self.kind, self.number, self.contact, mark), self.seal)


def token_for(secret: bytes, kind: Kind, number: int, contact: int, mark: str) -> str:
    """The same token each time, so that a message sent again carries the same link."""
    return f"{kind}{number}.{contact}.{seal(secret, kind, number, contact, mark)}"


def seal(secret: bytes, kind: Kind, number: int, contact: int, mark: str) -> str:
    return sealed(secret, f"estafette-link:{kind}{number}:{contact}:{mark}")


def sealed(secret: bytes, said: str) -> str:
    """A seal only we can make. What is `said` begins with what the seal is for, so that one made
    for something else never fits."""
    return urlsafe_b64encode(digest(secret, said)).rstrip(b"=").decode()


def digest(secret: bytes, said: str) -> bytes:
    return hmac.new(secret, said.encode(), hashlib.sha256).digest()


def is_seal(made: str, given: str) -> bool:
    """Whether they are the same, in a time that does not tell how much of them is."""
    return hmac.compare_digest(made.encode(), given.encode())


def marked(mark: str, organisation: int) -> str:
    """The mark for somebody of this organisation: who goes to another takes no link along."""
    return f"{mark}:{organisation}"


def new_mark() -> str:
    return secrets.token_hex(16)
