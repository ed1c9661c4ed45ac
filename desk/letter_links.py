"""The links in a letter of the local mailbox that lead to our own pages."""

import re
from collections.abc import Iterator

OURS = re.compile(r"https?://[A-Za-z0-9.:-]+(/[ao]/[A-Za-z0-9._~-]*[A-Za-z0-9_~-])")


def pieces(body: str) -> Iterator[tuple[str, str]]:
    """The text piece by piece, each with the place on our pages it leads to, or "".

    Whoever wrote the letter, such a link never leaves these pages.
    """
    end = 0
    for found in OURS.finditer(body):
        yield body[end : found.start()], ""
        yield found[0], found[1]
        end = found.end()
    yield body[end:], ""
