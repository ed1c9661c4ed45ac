"""The fixed words that belong to a stored key: questions and names come from the path alone."""

from collections.abc import Callable
from functools import cache

from escalation.baton import HANDOVER_NEWS, REQUEST_NEWS, WAITED_FOR
from escalation.neutral import DONE
from escalation.notices import notice_asks
from escalation.policy import sections
from escalation.shape import Checkpoint
from escalation.text import Text
from models import Alert, Contact
from models import Checkpoint as Row


@cache
def _specs() -> dict[tuple[str, str], Checkpoint]:
    return {(section, c.key): c for section, c in sections()}


def question(section: str, key: str) -> Text:
    """What a promise asks. A key the path no longer has is asked as itself, never lost."""
    spec = _specs().get((section, key))
    return spec.asks if spec else Text(f"{section}.{key}", f"{section}.{key}")


def question_in_message(section: str, key: str) -> Text:
    """The same for a message that leaves the building: names neither care nor a measure."""
    spec = _specs().get((section, key))
    return spec.in_message if spec else DONE


def said_by(
    alert: Alert, about: Row | None, asked: Contact | None, words: Callable[[str, str], Text]
) -> Text:
    """What an alert says: its notice, the news of its event, or what its promise asks in `words`
    (`question` within these walls, `question_in_message` outside).

    Who is told of a promise that `asked` must answer is asked to ask after it instead.
    """
    if alert.notice is not None:
        return notice_asks(alert.notice, alert.period or "", alert.how_many)
    if alert.event is not None:
        return (REQUEST_NEWS if alert.request_id else HANDOVER_NEWS)[alert.event]
    if for_another(alert, asked):
        return WAITED_FOR
    assert about is not None  # an alert is about one thing; the database keeps it so
    return words(about.section, about.key)


def for_another(alert: Alert, asked: Contact | None) -> bool:
    """Whether an alert tells of a promise that neither its reader must answer, nor somebody whom
    the reader is the deputy of."""
    if asked is None or alert.checkpoint_id is None:
        return False
    return alert.recipient_id not in {asked.id, asked.deputy_id}
