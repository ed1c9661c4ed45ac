"""Whom a role plainly does not fit: worth a word to whoever gives it, and never a refusal."""

from escalation.text import Text

ENFORCERS = frozenset({"municipality", "police"})  # kinds of organisation
NO_CARERS = frozenset({"landlord", "police"})
# Functions whose own work is the other side of the case.
OF_CARE = frozenset({"care_worker"})
OF_ENFORCEMENT = frozenset({"enforcement_jurist", "police_officer"})
ENFORCEMENT_ELSEWHERE = Text(
    "De ontvanger werkt niet in de handhaving van gemeente of politie. Past deze rol?",
    "The receiver does not work in the enforcement of municipality or police. Does this role fit?",
)
CARE_ELSEWHERE = Text(
    "De ontvanger werkt bij verhuurder, politie of handhaving, niet in de zorg. Past deze rol?",
    "The receiver works for landlord, police or enforcement and not in care. Does this role fit?",
)


def may_enforce(kind: str) -> bool:
    """Whether an organisation of this kind enforces."""
    return kind in ENFORCERS


def doubtful(role: str, kind: str, function: str) -> Text | None:
    """Why the role hardly fits somebody with this function in this kind of organisation."""
    if role == "enforcement_lead" and (not may_enforce(kind) or function in OF_CARE):
        return ENFORCEMENT_ELSEWHERE
    if role == "care_lead" and (kind in NO_CARERS or function in OF_ENFORCEMENT):
        return CARE_ELSEWHERE
    return None
