"""What sending goes by: how each person wants to be interrupted, and what each channel can take."""

from collections.abc import Callable
from dataclasses import dataclass

from escalation.interruptions import ALWAYS, Manners


@dataclass(frozen=True, slots=True)
class Customs:
    """`manners_of` somebody, by the keys of the person and of their organisation; `per_minute` a
    channel takes at most, by its name; None: as many as come; `is_shared` a channel others read
    too."""

    manners_of: Callable[[str, str], Manners]
    per_minute: Callable[[str], int | None]
    is_shared: Callable[[str], bool] = lambda channel: False


# Everything goes at once, each alert by itself, as fast as it can.
AT_ONCE = Customs(lambda person, organisation: ALWAYS, lambda channel: None)
