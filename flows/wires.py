"""The wires: the channels, and how people want to be reached, as their file says now.

A file that was changed is taken over by whoever is sending; one that was damaged leaves the former
in force, and the log says so.
"""

import logging
from dataclasses import dataclass
from typing import Self

from casework.customs import Customs
from escalation.manners import BadManners, book
from notifications.channels import ChannelError, Channels, channels_stamp

log = logging.getLogger("estafette.flows.wires")


@dataclass(frozen=True, slots=True)
class Wires:
    """What there is to send by, and what sending goes by."""

    channels: Channels
    customs: Customs

    @classmethod
    def from_env(cls) -> Self:
        """As the file says now. Raises: ChannelError, BadManners."""
        channels = Channels.from_env()
        manners = book(channels.manners, channels.by_name)
        return cls(channels, Customs(manners.of, channels.per_minute, channels.is_shared))


class Watched:
    """The wires, read again when their file was changed since. Raises as Wires at first; later a
    file that cannot be used leaves the former in force."""

    def __init__(self) -> None:
        self._stamp, self._wires, self._given = channels_stamp(), Wires.from_env(), False

    def now(self) -> tuple[Wires, bool]:
        """The wires as their file says by now, and whether they are others than last time."""
        try:
            stamp = channels_stamp()
            if stamp != self._stamp:
                self._stamp = stamp  # first: what is wrong with a file is said once
                self._wires, self._given = Wires.from_env(), False
        except (ChannelError, BadManners) as wrong:
            log.error("the channels file is not taken over: %s", wrong)
        is_new, self._given = not self._given, True
        return self._wires, is_new
