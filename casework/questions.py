"""The fixed words that belong to a stored key: questions and names come from the path alone."""

from functools import cache

from escalation.policy import sections
from escalation.text import Text


@cache
def _questions() -> dict[tuple[str, str], Text]:
    return {(section, c.key): c.asks for section, c in sections()}


def question(section: str, key: str) -> Text:
    """What a promise asks. A key the path no longer has is asked as itself, never lost."""
    return _questions().get((section, key), Text(f"{section}.{key}", f"{section}.{key}"))
