"""estafette template: the words of messages, those that come along or the municipality's own."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from desk import say

if TYPE_CHECKING:
    from notifications.payload import Language

app = typer.Typer(no_args_is_help=True, help="The words of messages, and your own instead.")
FILE = typer.Argument(..., exists=True, dir_okay=False, help="A file of words.")
LANGUAGE = typer.Argument(..., help="nl or en.")


@app.command()
def show(language: str = LANGUAGE, as_json: bool = say.AS_JSON) -> None:
    """Show the words of messages that are used now; a good beginning for your own."""
    from notifications.sections import TemplateError, shipped_words
    from notifications.words import own_words

    chosen, damaged = _language(language), ""
    try:
        own = own_words(chosen)
    except TemplateError as wrong:
        own, damaged = None, str(wrong)
        typer.echo(f"the shipped words are used, your own cannot be: {wrong}", err=True)
    text = own or shipped_words(chosen)
    body = {"language": chosen, "own": own is not None, "damaged": damaged, "words": text}
    say.answer(body, as_json, lambda: [text.rstrip("\n")])


@app.command()
def check(file: Path = FILE, as_json: bool = say.AS_JSON) -> None:
    """Check a file of words: is every section there, with fields that it may use?"""
    from notifications.sections import read_sections
    from notifications.words import text_of

    found = read_sections(file.name, text_of(file))
    body = {"file": file.name, "sections": len(found)}
    say.answer(body, as_json, lambda: [f"{file.name} can be used: {len(found)} sections."])


@app.command()
def save(language: str = LANGUAGE, file: Path = FILE, as_json: bool = say.AS_JSON) -> None:
    """Check a file of words, and use it for every message in that language from now on."""
    from notifications.words import save as keep
    from notifications.words import text_of

    chosen = _language(language)
    place = keep(chosen, file.name, text_of(file))
    lines = [
        f"Messages in {chosen} are worded as {place} says, from the next one on.",
        "  remove that file to use the words that come with Estafette again",
    ]
    say.answer({"language": chosen, "file": str(place)}, as_json, lambda: lines)


def _language(word: str) -> "Language":
    from notifications.payload import LANGUAGES

    for language in LANGUAGES:
        if word == language:
            return language
    say.stop(f"{word!r} is not a language of ours; choose {' or '.join(LANGUAGES)}")
