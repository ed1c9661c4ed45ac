"""Signed links: whoever has no account sees one handover's packet or one request, and answers it.

Opening a link changes nothing, since programs that check mail open them too; answering takes
somebody who has shown that the link is theirs (casework/codes.py). It holds for as long as
something is owed by whoever it was made for.
"""

from datetime import datetime

from sqlalchemy.engine import Engine

from casework import link_handovers, link_requests
from casework.connect import reading
from casework.link_making import link_in_message, make_link
from casework.link_refusals import BadLink, NotShown, UnclearReply
from casework.link_requests import request_link_in_message
from casework.link_tokens import Kind, Token
from casework.link_views import AskView, LinkView
from escalation.link_replies import NOT_KNOWN, Reply

__all__ = [
    "BadLink", "NotShown", "UnclearReply", "link_in_message", "make_link", "opened", "reader",
    "reply_by_link", "request_link_in_message",
]  # fmt: skip


def opened(engine: Engine, token: str, *, secret: bytes, now: datetime) -> LinkView | AskView:
    """What the link shows. Changes nothing. Raises BadLink."""
    read = _read(token)
    with reading(engine) as session:
        if read.kind is Kind.REQUEST:
            return link_requests.shown(session, read, secret, now)
        return link_handovers.shown(session, read, secret, now)


def reader(engine: Engine, token: str, *, secret: bytes, now: datetime) -> int:
    """The number of the contact a link was made for, which opens something. Raises BadLink."""
    opened(engine, token, secret=secret, now=now)
    return _read(token).contact


def reply_by_link(
    engine: Engine,
    token: str,
    *,
    reply: str,
    words: str,
    shown: int | None,
    secret: bytes,
    now: datetime,
) -> Reply:
    """The handover or request is answered so, in the name of whom the link was made for.

    `shown` is the contact who has shown who they are, None when nobody has. The same reply given
    again is given once, and then changes nothing, whoever gives it. Raises BadLink, UnclearReply,
    NotShown unless the contact is the link's, NotAllowed.
    """
    given, said, read = _known(reply), words.strip(), _read(token)
    kind = link_requests if read.kind is Kind.REQUEST else link_handovers
    with reading(engine) as session:
        give = kind.to_give(session, read, given, said, secret, now)
    if give is None:
        return given
    if shown != read.contact:
        raise NotShown
    give(engine)
    return given


def _read(token: str) -> Token:
    if (read := Token.read(token)) is None:
        raise BadLink
    return read


def _known(reply: str) -> Reply:
    try:
        return Reply(reply)
    except ValueError:
        raise UnclearReply(NOT_KNOWN) from None
