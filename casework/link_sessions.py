"""A session: for a while, somebody who entered a right code need not do so again.

What the browser keeps of it holds the contact's number, until when it holds, and a seal.
"""

import re
from datetime import datetime, timedelta

from sqlalchemy.engine import Engine

from casework.connect import reading
from casework.link_tokens import is_seal, sealed
from models import Contact

LASTS = timedelta(hours=12)
SESSION = re.compile(r"([1-9][0-9]{0,8})\.([1-9][0-9]{8,10})\.([A-Za-z0-9_-]{43})", re.ASCII)


def session_for(engine: Engine, contact: int, *, secret: bytes, now: datetime) -> str:
    """What shows for twelve hours that somebody is this contact."""
    until = int((now + LASTS).timestamp())
    with reading(engine) as session:
        person = session.get_one(Contact, contact)
    return f"{contact}.{until}.{_seal(secret, person, until)}"


def whose(engine: Engine, given: str, *, secret: bytes, now: datetime) -> int | None:
    """The number of the contact whose session it is; None when it is nobody's, is over, or the
    contact has left or is of another organisation since."""
    parts = SESSION.fullmatch(given) if len(given) <= 80 else None
    if parts is None or now.timestamp() >= int(parts[2]):
        return None
    with reading(engine) as session:
        person = session.get(Contact, int(parts[1]))
    if person is None or (person.left_at is not None and person.left_at <= now):
        return None
    return person.id if is_seal(_seal(secret, person, int(parts[2])), parts[3]) else None


def _seal(secret: bytes, person: Contact, until: int) -> str:
    return sealed(secret, f"estafette-session:{person.id}:{person.organisation_id}:{until}")
