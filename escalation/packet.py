"""The packet of a handover: what must travel with the baton, and what reading back is not.

Modelled on I-PASS: severity and risks in codes, a summary, what to do if it gets worse, what is not
shared and whom to ask, and what the people concerned were told. Open actions come from the case.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches
from typing import Any
from unicodedata import combining, normalize

from escalation.courtesies import COURTESIES
from escalation.text import Text

SEVERITIES = ("low", "medium", "high", "urgent")
URGENT = "urgent"  # it cannot wait: the offer is answered within hours
NO_RISK = "none"  # looked for and not found, which is something else than not stated
LINES = 10  # of a summary
WORDS = 5  # different words of a read-back, at least
LETTERS = 3  # of one word at least; "x", "-" or "ok" says nothing
SUMMARY = 3  # words of a summary, at least
RUN = 3  # so many words in a row are copied, not met by chance
TAKEN = 4  # words taken from the packet, singly, ask for one word of one's own
COPIED = 2 / 3  # of a read-back, from here on it is no longer somebody's own
ALIKE = 0.75  # as SequenceMatcher counts it; in another order nearly all words must be the same
SHUFFLED = 0.9
REPEATED = 30  # characters of a code that is not known
NEAR = 0.6  # as SequenceMatcher counts it: from here on a code may have been meant
CODED = ("severity", "risks")

# fmt: off
RISKS = {
    "dog": Text("hond", "dog"),
    "other_animal": Text("ander dier", "other animal"),
    "aggression": Text("agressie", "aggression"),
    "weapons": Text("wapens", "weapons"),
    "fire": Text("brandgevaar", "fire hazard"),
    "gas": Text("gas of koolmonoxide", "gas or carbon monoxide"),
    "structure": Text("bouwkundig onveilig", "structurally unsafe"),
    "vermin": Text("ongedierte", "vermin"),
    "infection": Text("besmetting", "infection"),
    "children": Text("kinderen in huis", "children in the home"),
    "go_in_pairs": Text("ga met zijn tweeën", "go in pairs"),
    NO_RISK: Text("geen bekend", "none known"),
}
PARTS = {
    "severity": Text("hoe ernstig het is: low, medium, high of urgent",
                     "how serious it is: low, medium, high or urgent"),
    "risks": Text("de gevaren als codes; none als er geen bekend is",
                  "the risks as codes; none when none is known"),
    "summary": Text("wat er speelt, in drie woorden tot tien regels",
                    "what is going on, in three words to ten lines"),
    "if_then": Text("wat te doen als het erger wordt", "what to do if it gets worse"),
    "not_shared": Text("wat niet gedeeld mag worden", "what may not be shared"),
    "ask_whom": Text("aan wie men dat vraagt", "whom to ask about that"),
    "told_person": Text("wat de persoon zelf is verteld", "what the person was told"),
    "told_reporter": Text("wat de melder is verteld", "what the reporter was told"),
}
# fmt: on


def missing(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """The parts that still say nothing, in the order of the packet."""
    return tuple(name for name in PARTS if not _says(name, parts.get(name)))


def completeness(parts: Mapping[str, Any]) -> float:
    """How much of the packet is there, from 0 to 1."""
    return 1 - len(missing(parts)) / len(PARTS)


def wrong_codes(parts: Mapping[str, Any]) -> tuple[str, ...]:
    """What is wrong with the codes, a sentence each; nothing when they can be used."""
    severity, risks = parts.get("severity"), tuple(parts.get("risks") or ())
    said = [] if not severity else _unknown("severity", severity, SEVERITIES)
    for risk in risks:
        said += _unknown("risk", risk, tuple(RISKS), RISK_WORDS)
    if NO_RISK in risks and len(risks) > 1:
        said.append(f"{NO_RISK!r} stands alone; leave it out or leave the other risks out")
    return tuple(said)


def too_long(parts: Mapping[str, Any]) -> bool:
    return len(str(parts.get("summary") or "").strip().splitlines()) > LINES


def repeats(read_back: str, texts: Iterable[str]) -> bool:
    """Whether a read-back is no more than words of these texts and courtesies, whatever their
    case, marks or order."""
    said, texts = words(read_back), list(texts)
    if not said:
        return False
    known = [words(text) for text in texts]
    copied = _copied(said, known)
    return (
        copied / len(said) >= COPIED
        or _lacks_words_of_its_own(said, known, copied)
        or any(_alike(said, part) for text in texts for part in _sentences(text))
    )


def says_something(text: str) -> bool:
    """Whether a real word stands in it, and not only marks, numbers or single letters."""
    return any(_is_real(word) for word in words(text))


def words(text: str) -> list[str]:
    """The words alone, so that neither marks, accents nor capitals make a difference."""
    bare = (c for c in normalize("NFKD", text.casefold()) if not combining(c))
    return re.findall(r"\w+", "".join(bare))


def _says(name: str, part: Any) -> bool:
    if not isinstance(part, str) or name in CODED:
        return bool(part.strip() if isinstance(part, str) else part)
    said = words(part)
    least = SUMMARY if name == "summary" else 1
    return len(said) >= least and any(map(_is_real, said))


def _is_real(word: str) -> bool:
    return sum(map(str.isalpha, word)) >= LETTERS


def _unknown(
    what: str, code: str, known: tuple[str, ...], meant: Mapping[str, str] | None = None
) -> list[str]:
    """Names the nearest code, looked for among the words of `meant` too, and always all of them."""
    if code in known:
        return []
    meant = meant or {word: word for word in known}
    near = [meant[word] for word in get_close_matches(code.casefold(), meant, 1, NEAR)]
    # That no danger is known must be said by whoever looked, not by a slip of the pen.
    hint = f"did you mean {near[0]!r}? Choose" if near and near[0] != NO_RISK else "choose"
    return [f"{_not_known(what, code)}; {hint} from {', '.join(known)}"]


def _not_known(what: str, code: str) -> str:
    """One word may be repeated; of a sentence typed in its place nothing is."""
    if len(code.split()) > 1:
        return f"that {what} is not known"
    return f"{code[:REPEATED]!r} is no {what}"


def _risk_words() -> dict[str, str]:
    """Every code, and every word of either language that means it. Short words, as in "ga met",
    mean nothing by themselves."""
    meant: dict[str, str] = {}
    for code, text in RISKS.items():
        for said in (text.nl, text.en):
            single = (word for word in words(said) if len(word) > LETTERS)
            meant |= dict.fromkeys((said.casefold(), *single), code)
    return meant | {code: code for code in RISKS}


RISK_WORDS = _risk_words()


def _copied(said: list[str], known: list[list[str]]) -> int:
    """How many of the words stand in a run copied from any of the texts."""
    copied: set[int] = set()
    runs = {tuple(text[i : i + RUN]) for text in known for i in range(len(text) - RUN + 1)}
    for i in range(len(said) - RUN + 1):
        if tuple(said[i : i + RUN]) in runs:
            copied.update(range(i, i + RUN))
    return len(copied)


def _lacks_words_of_its_own(said: list[str], known: list[list[str]], copied: int) -> bool:
    """Whether hardly any word tells what is taken on beyond what the texts say. The more is taken
    from them, the more has to be said beside it."""
    telling = {word for word in said if _is_real(word) and word not in COURTESIES}
    own = telling.difference(*known)
    least = max(1, len(telling - own) // TAKEN, bool(copied) + copied // RUN)
    return len(own) < least


def _sentences(text: str) -> list[list[str]]:
    parts = [words(part) for part in (text, *re.split(r"[.;!?\n]+", text))]
    return [part for part in parts if len(part) >= WORDS]


def _alike(said: list[str], known: list[str]) -> bool:
    """Whether it is the same sentence but for a word here and there, or in another order."""
    in_order = SequenceMatcher(None, said, known, autojunk=False).ratio()
    sorted_too = SequenceMatcher(None, sorted(said), sorted(known), autojunk=False).ratio()
    return in_order >= ALIKE or sorted_too >= SHUFFLED
