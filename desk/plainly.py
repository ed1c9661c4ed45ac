"""Turns what went wrong into one clear sentence and a way out; our own bugs keep a traceback."""

from typing import Any

NOT_READY = "the database is not ready for this version; run: estafette migrate"
# How a field is written, by its pattern: casework.people.KEY, NewContact.language.
WRITTEN_AS = {
    r"^[a-z0-9][a-z0-9-]*$": "small letters, digits and hyphens, such as regie-noord",
    "^(nl|en)$": "nl or en",
}

# By what ails it (casework/ailments.py).
OF_THE_DATABASE = {
    "other version": NOT_READY,
    "busy": "the database is locked by another program; nothing was changed. Close what uses the "
    "file (a backup, a database browser) and try again",
    "read only": "the database can not be written to; check the rights on its file and folder",
    "full": "the disk is full; nothing was changed. Make room and try again",
    "broken": "the disk is full or broken; nothing was changed. Make room and try again",
    "not opened": "the database file can not be opened; check ESTAFETTE_DATA and that its folder "
    "can be written to, then run estafette migrate",
    "damaged": "the database file is damaged or is not a database; restore it from a backup",
    "away": "the database can not be reached; check ESTAFETTE_DATABASE_URL, and that it runs",
}


def sentence_for(error: BaseException) -> str | None:
    """What to tell the person, or None when this is a bug of ours."""
    from pydantic import ValidationError
    from sqlalchemy.exc import DatabaseError

    from casework.refusals import Refusal
    from escalation.calendars import BadDecree, UnknownYear
    from escalation.facts import BadFacts
    from escalation.moves import Unknown
    from escalation.policy import PolicyError
    from escalation.terms import BadTerm

    if isinstance(error, OverflowError):
        return "that number or date is too large; check what was typed"
    known = Refusal | BadFacts | Unknown | PolicyError | BadTerm | BadDecree | UnknownYear
    if isinstance(error, known):
        return str(error)
    if isinstance(error, ValidationError):
        prefix = "ESTAFETTE_" if error.title.endswith("Settings") else ""
        return "; ".join(_problem(e, prefix) for e in error.errors())
    if isinstance(error, DatabaseError):
        return _database(error)
    if isinstance(error, UnicodeDecodeError):
        return "that file is not text in UTF-8; nothing was read from it"
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"cannot read or write {error.filename}: {error.strerror}; check it and its folder"
    return _of_other_rooms(error)


def _problem(error: Any, prefix: str = "") -> str:
    words = in_words(error)
    if error["type"] == "extra_forbidden":
        words = "is not a known field; remove or correct it"
    where = ".".join(str(part) for part in error["loc"])
    return f"{prefix}{where.upper() if prefix else where}: {words}" if where else words


def in_words(error: Any) -> str:
    """What a checked field wants, in words rather than in a pattern."""
    if error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        if pattern in WRITTEN_AS:
            return WRITTEN_AS[pattern]
    said: str = error["msg"]
    return said.removeprefix("Value error, ")


def _database(error: Any) -> str:
    from casework.ailments import ailment_of

    refused = f"the database refused this ({type(error.orig).__name__}); nothing was changed"
    return OF_THE_DATABASE.get(ailment_of(error) or "", refused)


def _of_other_rooms(error: BaseException) -> str | None:
    """Errors whose rooms are only loaded when they are used."""
    named = {
        "DatabaseUrlError",
        "LinkSecretError",
        "MailboxError",
        "ChannelError",
        "BadManners",
        "TemplateError",
        "TreeError",
        "HistoryError",
        "NewerSchema",
    }
    return str(error) if type(error).__name__ in named else None
