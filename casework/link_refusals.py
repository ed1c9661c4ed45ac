"""Why a link opens nothing, or a reply by it is not taken."""

from casework.refusals import NotAllowed, Refusal
from escalation.link_replies import GONE, NOT_SHOWN, PAST
from escalation.text import Text


class BadLink(Refusal):
    """The token opens nothing. Why is not told: it would help whoever tries tokens."""

    def __init__(self) -> None:
        super().__init__(GONE.en)


class OldLink(Refusal):
    """The link is an alert's and was in order, but its last day is over."""

    def __init__(self, alert: int) -> None:
        self.alert = alert
        super().__init__(PAST.en)


class NotShown(NotAllowed):
    """Who does this did not show that they are who the link is for."""

    def __init__(self) -> None:
        super().__init__(NOT_SHOWN.en)


class UnclearReply(NotAllowed):
    """The reply says too little; `text` says how to mend it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)
