"""Our plain text as Markdown, for services that take nothing else (Microsoft Teams is one).

Apprise would put a backslash before every dot and dash, also inside links, which then lead nowhere
and cannot be clicked. Here a link becomes a link, a line stays a line, and there is a backslash
only before what would otherwise mean something.
"""

import re

LINK = re.compile(r"(https?://[^\s<>()\[\]]*[\w/=-])")
SIGNS = re.compile(r"([\\`*_\[\]<>~|#])")
LIST_BEGINS = re.compile(r"^(\s*)([-+]|\d+(?=[.)]))", re.MULTILINE)


def as_markdown(text: str) -> str:
    """What reads, once it is rendered, as `text` does, its links made for clicking."""
    parts = LINK.split(text)
    parts[::2] = [LIST_BEGINS.sub(_kept, SIGNS.sub(r"\\\1", part)) for part in parts[::2]]
    parts[1::2] = [f"[{SIGNS.sub(_escaped, link)}]({link})" for link in parts[1::2]]
    return re.sub(r"(?<=\S)\n(?=\S)", "  \n", "".join(parts))


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[1]}"


def _kept(begin: re.Match[str]) -> str:
    indent, mark = begin.groups()
    return f"{indent}{mark}\\" if mark.isdigit() else f"{indent}\\{mark}"
