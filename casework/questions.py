"""The fixed words that belong to a stored key: questions and names come from the path alone."""

from functools import cache

from escalation.neutral import DONE
from escalation.policy import sections
from escalation.shape import Checkpoint
from escalation.text import Text


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
