"""Why a link opens nothing, or a reply by it is not taken."""

from casework.refusals import NotAllowed, Refusal
from escalation.link_replies import GONE
from escalation.text import Text


class BadLink(Refusal):
    """The token opens nothing. Why is not told: it would help whoever tries tokens."""

    def __init__(self) -> None:
        super().__init__(GONE.en)


class UnclearReply(NotAllowed):
    """The reply says too little; `text` says how to mend it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(text.en)
