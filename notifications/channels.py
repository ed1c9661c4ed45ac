"""Channels by name, and the one function that sends: one recipient, one channel, one outcome.

A channel is an Apprise URL in which `{address}` stands for the one recipient. The names are ours
and appear in rows and on screens; the URLs hold secrets and appear nowhere, not even in errors.

    ChannelError (ValueError)   a channel that cannot work: its name, what is wrong, how to mend it
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from notifications.trial import ChannelError, filled, try_out
from notifications.wire import ADDRESS, PATIENCE, Attempt, Outcome, connect, notify, understood
from notifications.wording import Message

__all__ = ["Attempt", "Channel", "ChannelError", "Channels", "Outcome", "send"]

# One recipient: nothing that Apprise reads as a list, a path, a name or an escape.
ONE_ADDRESS = re.compile(r"[+@#!]?[A-Za-z0-9][A-Za-z0-9.@_+'#:~-]{0,252}")


class Channel(BaseModel):
    """Where a message goes. `shared`: everybody reads the same place, so no `{address}` in it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: SecretStr
    shared: bool = False


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    channels: dict[str, Channel] = Field(min_length=1)


class _Environment(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="ESTAFETTE_", env_ignore_empty=True, hide_input_in_errors=True
    )

    channels_file: Path | None = None
    smtp_port: int = Field(default=8025, ge=1, le=65535)


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that were found to work, and how long one attempt may take (seconds)."""

    by_name: Mapping[str, Channel]
    patience: float = PATIENCE

    @classmethod
    def from_env(cls) -> Self:
        """The channels of ESTAFETTE_CHANNELS_FILE, else `mail` to the local mailbox.

        Raises: ChannelError, for the first channel that cannot work.
        """
        try:
            environment = _Environment()
        except ValidationError as wrong:
            setting, says = _first(wrong)
            raise ChannelError(f"ESTAFETTE_{setting.upper()}: {says}") from None
        if environment.channels_file is None:
            return cls({"mail": local_mail(environment.smtp_port)})
        return cls.from_toml(_text_of(environment.channels_file), os.environ)

    @classmethod
    def from_toml(cls, text: str, secrets: Mapping[str, str]) -> Self:
        """Channels from `[channels.NAME] url = "..."`, with each `${NAME}` from `secrets`."""
        by_name = {}
        for name, channel in _read(text).items():
            url = filled(name, channel.url.get_secret_value(), secrets)
            try_out(name, url, channel.shared)
            by_name[name] = Channel(url=SecretStr(url), shared=channel.shared)
        return cls(by_name)


def local_mail(port: int) -> Channel:
    """Mail to the local mailbox of the embedded default (`notifications.mailbox`)."""
    url = f"mailto://127.0.0.1:{port}?from=estafette%40localhost&to={ADDRESS}"
    return Channel(url=SecretStr(url))


def send(
    channels: Channels, channel_name: str, address: str, message: Message, number: int
) -> Attempt:
    """One attempt at one recipient. Never raises for what the other side does.

    Codes: ok (delivered) · timeout, cut-off (perhaps) · unreachable, refused (for good), deferred
    (try later), not-started, not-sent, nobody, unknown-channel, bad-channel, bad-address (failed).
    `number` goes along as a header, so that a repeat can be recognised by a machine too.
    """
    channel = channels.by_name.get(channel_name)
    if channel is None:
        return Attempt(Outcome.FAILED, "unknown-channel")
    if not (channel.shared or ONE_ADDRESS.fullmatch(address)):
        return Attempt(Outcome.FAILED, "bad-address")
    one = connect(channel.url.get_secret_value(), address, number, channels.patience)
    if one is None:
        return Attempt(Outcome.FAILED, "bad-channel")
    if not (channel.shared or understood(one, address)):
        return Attempt(Outcome.FAILED, "bad-address")
    return notify(one, message)


def _read(text: str) -> dict[str, Channel]:
    try:
        return _File.model_validate(tomllib.loads(text)).channels
    except tomllib.TOMLDecodeError as wrong:
        raise ChannelError(f"the channels file is not TOML: {wrong}") from None
    except ValidationError as wrong:
        place, says = _first(wrong)
        raise ChannelError(f"the channels file, {place}: {says}") from None


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise ChannelError(
            f"ESTAFETTE_CHANNELS_FILE: cannot read it ({type(wrong).__name__}); name a TOML file"
        ) from None


def _first(wrong: ValidationError) -> tuple[str, str]:
    error = wrong.errors(include_input=False, include_url=False)[0]
    return ".".join(map(str, error["loc"])), error["msg"]
