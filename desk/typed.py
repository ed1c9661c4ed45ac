"""A word somebody typed, as one of the words Estafette knows; another is refused with the list."""

from typing import TYPE_CHECKING

from desk import say

if TYPE_CHECKING:
    from casework.words import Answer, Role


def role_of(word: str) -> "Role":
    from casework.words import Role

    if word not in set(Role):
        say.stop(f"{word!r} is not a role; choose {', '.join(Role)}")
    return Role(word)


def answer_of(word: str) -> "Answer":
    from casework.words import Answer

    if word not in set(Answer):
        say.stop(f"{word!r} is not an answer; choose {', '.join(Answer)}")
    return Answer(word)
