"""The channels file: `[channels.NAME]` as the wires read it, with each `${NAME}` a secret.

A secret comes from the environment, else from a file of that name in the folder ESTAFETTE_SECRETS.
How people want to be reached ([everybody], [organisations.KEY], [people.KEY]) is in the same file;
that is another room's to read, and only handed on here.

    ChannelError (ValueError)   what is wrong with the file, by place; it shows no URL and no secret
"""

import os
import tomllib
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StrictBool, StrictInt, ValidationError

from notifications.settings import WireSettings
from notifications.trial import VARIABLE, ChannelError
from notifications.whole_files import replace_whole

SECTIONS = ("channels", "everybody", "organisations", "people")
NEARLY = 0.6
PRIVATE = 0o600  # URLs hold secrets


class Channel(BaseModel):
    """Where a message goes. `shared`: everybody reads the same place, so no `{address}` in it.
    `per_minute` is how many messages it takes; None: as many as come. `brief`: only the subject and
    the links go, for where a message must be short."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    shared: StrictBool = False
    brief: StrictBool = False
    per_minute: StrictInt | None = Field(default=None, ge=1)


class ChannelsFile(BaseModel):
    """The whole file; `manners` are its other sections as they were written. One that names no
    channel leaves mail to the local mailbox."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    channels: dict[str, Channel] = {}
    everybody: dict[str, Any] = {}
    organisations: dict[str, dict[str, Any]] = {}
    people: dict[str, dict[str, Any]] = {}

    @property
    def manners(self) -> dict[str, Any]:
        return self.model_dump(include={"everybody", "organisations", "people"})


def read_file(text: str) -> ChannelsFile:
    """What the file says, secrets not yet filled in. Raises: ChannelError."""
    try:
        return ChannelsFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise ChannelError(f"the channels file is not TOML: {wrong}") from None
    except ValidationError as wrong:
        place, says = first_fault(wrong)
        raise ChannelError(f"the channels file, {place}: {says}") from None


def wire_settings() -> WireSettings:
    """The settings of the wires. Raises: ChannelError, naming the variable."""
    try:
        return WireSettings()
    except ValidationError as wrong:
        setting, says = first_fault(wrong)
        raise ChannelError(f"ESTAFETTE_{setting.upper()}: {says}") from None


def secrets_in(text: str) -> dict[str, str]:
    """The secrets this text asks for, as far as this machine has them. Raises: ChannelError."""
    folder = wire_settings().secrets
    found = {name: _secret(name, folder) for name in VARIABLE.findall(text)}
    return {name: secret for name, secret in found.items() if secret}


def text_of(file: Path) -> str:
    """Raises: ChannelError."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ChannelError(
            f"ESTAFETTE_CHANNELS_FILE: cannot read it ({type(wrong).__name__}); name a TOML file"
        ) from None


def save(text: str) -> tuple[Path, Path | None]:
    """This text is the channels file from now on, for this user alone. Returns where it is, and
    where the former one is kept when that said something else. Nothing of it is checked here.

    Raises: OSError, ChannelError.
    """
    place, before = wire_settings().channels_place, None
    if place.exists() and (former := text_of(place)) != text:
        before = place.with_name(f"{place.name}.before")
        replace_whole(before, former, mode=PRIVATE)
    replace_whole(place, text, mode=PRIVATE)
    return place, before


def first_fault(wrong: ValidationError) -> tuple[str, str]:
    """Where the first fault is, and what it is; what was written is not repeated."""
    error = wrong.errors(include_input=False, include_url=False)[0]
    if error["type"] != "extra_forbidden":
        return ".".join(map(str, error["loc"])), error["msg"]
    *above, word = map(str, error["loc"])
    return ".".join([*above, word]), _unknown(word, Channel.model_fields if above else SECTIONS)


def _unknown(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=NEARLY)
    hint = f"did you mean {near[0]}? " if near else ""
    return f"is not a known word here; {hint}Known are {', '.join(known)}"


def _secret(name: str, folder: Path | None) -> str:
    if given := os.environ.get(name):
        return given
    if folder is None or not (folder / name).is_file():
        return ""
    try:
        return (folder / name).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ChannelError(
            f"ESTAFETTE_SECRETS: cannot read the file {name} in it ({type(wrong).__name__}); "
            "make it a text file this user may read"
        ) from None
