"""Which words a message has: the municipality's own, when they are there and can be used.

A damaged file of its own never stops an alert: that goes with the words that come with Estafette,
and the doctor says why. `TemplateError` as in `notifications.sections`.
"""

import logging
from functools import cache, lru_cache
from pathlib import Path

from notifications.payload import LANGUAGES, Language
from notifications.sections import Sections, TemplateError, read_sections, shipped_words
from notifications.settings import own_words_folder
from notifications.whole_files import Stamp, replace_whole, stamp

READABLE = 0o644  # words are no secret; whoever runs the sender must be able to read them

log = logging.getLogger("estafette.notifications.words")


def sections(language: Language) -> Sections:
    """The words to use now; a file that changes is read again."""
    file = own_file(language)
    seen = stamp(file)
    own = _own(file, seen) if seen else None
    return own or _shipped(language)


def own_file(language: Language) -> Path:
    """Where the municipality's own words of one language are, or would be."""
    return own_words_folder() / f"{language}.txt"


def own_words(language: Language) -> str | None:
    """The municipality's own file, None when it has none. Raises TemplateError when it cannot be
    used."""
    file = own_file(language)
    if stamp(file) is None:
        return None
    text = text_of(file)
    read_sections(file.name, text)
    return text


def damaged() -> list[str]:
    """What is wrong with the municipality's own words, by file."""
    wrong = []
    for language in LANGUAGES:
        try:
            own_words(language)
        except TemplateError as error:
            wrong.append(str(error))
    return wrong


def save(language: Language, name: str, text: str) -> Path:
    """These are the municipality's own words from now on; returns where they are kept.

    Raises: TemplateError, naming the file `name`, and then nothing has changed; OSError.
    """
    read_sections(name, text)
    file = own_file(language)
    replace_whole(file, text, mode=READABLE)
    return file


def text_of(file: Path) -> str:
    """The text of a template file. Raises TemplateError when it cannot be read as one."""
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        why = "is not UTF-8 text" if isinstance(wrong, UnicodeDecodeError) else "cannot be read"
        raise TemplateError(f"{file.name}: {why}; save it as UTF-8 where it can be read") from None


@lru_cache(maxsize=2 * len(LANGUAGES))
def _own(file: Path, seen: Stamp) -> Sections | None:
    """The words of this file while it looks as it was `seen`; None, told once, when damaged."""
    try:
        return read_sections(file.name, text_of(file))
    except TemplateError as wrong:
        log.error("the shipped words are used, own words cannot be: %s", wrong)
        return None


@cache
def _shipped(language: Language) -> Sections:
    return read_sections(f"{language}.txt", shipped_words(language))
