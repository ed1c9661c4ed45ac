"""Words shown to people, always in both languages, and where a rule comes from."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Text:
    """One sentence or term in Dutch and English."""

    nl: str
    en: str

    def in_language(self, language: str) -> str:
        """The English text for "en", the Dutch one for anything else (Dutch comes first)."""
        return self.en if language == "en" else self.nl


class Origin(StrEnum):
    """Who set a rule; three behaviours follow from this one word."""

    LAW = "law"  # statutory terms roll forward; guards cannot be waived; no policy can set it
    POLICY = "policy"  # a municipality's own number or rule, waivable by a named person
    PROPOSAL = "proposal"  # our own proposal, until a municipality sets its own


@dataclass(frozen=True, slots=True)
class Source:
    """Where a rule comes from: an origin and the words to look it up by ("Awb 6:7")."""

    origin: Origin
    cite: str


def law(cite: str) -> Source:
    return Source(Origin.LAW, cite)


def policy(cite: str) -> Source:
    return Source(Origin.POLICY, cite)


def proposal(cite: str = "Estafette") -> Source:
    return Source(Origin.PROPOSAL, cite)
