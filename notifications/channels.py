"""Channels by name, and the one function that sends: one recipient, one channel, one outcome.

A channel is an Apprise URL in which `{address}` stands for the one recipient. The names are ours
and appear in rows and on screens; the URLs hold secrets and appear nowhere, not even in errors.

    ChannelError (ValueError)   a channel that cannot work: its name, what is wrong, how to mend it
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from pydantic import SecretStr

from notifications.channels_file import Channel, read_file, secrets_in, text_of, wire_settings
from notifications.trial import ChannelError, filled, try_out
from notifications.whole_files import stamp
from notifications.wire import (
    ADDRESS,
    PATIENCE,
    Attempt,
    Outcome,
    connect,
    in_apprise_form,
    notify,
    understood,
)
from notifications.wording import Message

__all__ = ["Attempt", "Channel", "ChannelError", "Channels", "Outcome", "channels_stamp", "send"]

# One recipient: nothing that Apprise reads as a list, a path, a name or an escape.
ONE_ADDRESS = re.compile(r"[+@#!]?[A-Za-z0-9][A-Za-z0-9.@_+'#:~-]{0,252}")


@dataclass(frozen=True, slots=True)
class Channels:
    """The channels that were found to work, and how long one attempt may take (seconds).

    `manners` says how people want to be reached, as it was written beside them; escalation.manners
    reads it.
    """

    by_name: Mapping[str, Channel]
    patience: float = PATIENCE
    manners: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_env(cls) -> Self:
        """The channels of ESTAFETTE_CHANNELS_FILE, else of channels.toml in the data folder when
        there is one, else `mail` to the local mailbox.

        Raises: ChannelError, for the first channel that cannot work.
        """
        settings = wire_settings()
        if settings.channels_file is None and not settings.channels_place.exists():
            return cls.from_toml("")
        return cls.from_toml(text_of(settings.channels_place))

    @classmethod
    def from_toml(cls, text: str, secrets: Mapping[str, str] | None = None) -> Self:
        """Channels from `[channels.NAME] url = "..."`, with each `${NAME}` from `secrets`, or from
        this machine's; without any, `mail` to the local mailbox. Raises: ChannelError."""
        known = secrets_in(text) if secrets is None else secrets
        by_name, file = {}, read_file(text)
        for name, channel in file.channels.items():
            url = in_apprise_form(filled(name, channel.url.get_secret_value(), known))
            try_out(name, url, channel.shared)
            by_name[name] = channel.model_copy(update={"url": SecretStr(url)})
        local = {} if by_name else {"mail": local_mail(wire_settings().smtp_port)}
        return cls(by_name | local, manners=file.manners)

    def per_minute(self, name: str) -> int | None:
        """How many messages a minute this channel takes; None: as many as come."""
        channel = self.by_name.get(name)
        return channel.per_minute if channel else None

    def is_shared(self, name: str) -> bool:
        """Whether everybody reads what goes by this channel."""
        channel = self.by_name.get(name)
        return channel is not None and channel.shared

    def takes(self, name: str, address: str) -> bool:
        """Whether `send` by this channel would go to this one recipient; nothing is sent."""
        channel = self.by_name.get(name)
        if channel is None or channel.shared:
            return channel is not None
        url = channel.url.get_secret_value()
        one = connect(url, address, 1, self.patience) if ONE_ADDRESS.fullmatch(address) else None
        return one is not None and understood(one, address)


def channels_stamp() -> object:
    """Changes when `Channels.from_env` may read something else than before: the file or its
    secrets were replaced. Cheap enough to look at before every message. Raises: ChannelError."""
    settings = wire_settings()
    kept = sorted(settings.secrets.glob("*")) if settings.secrets else ()
    return stamp(settings.channels_place), tuple((file.name, stamp(file)) for file in kept)


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
    return notify(one, message.in_brief() if channel.brief else message)
