"""One-time codes: somebody shows that a link is theirs by what we send them their own way.

A code is no event of a case and stands in no journal. The code itself is stored nowhere: it follows
from its row's nonce and the secret of the installation.
"""

import re
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, select

from casework.connect import reading, transaction
from casework.customs import AT_ONCE, Customs
from casework.link_tokens import digest, is_seal
from casework.people import contact, refuse_left
from casework.refusals import NotAllowed, NotFound
from casework.ways import further_ways, in_order
from models import Alert, AlertState, Code, Contact, Notice, Organisation

HOLDS = timedelta(minutes=10)
MOST_TRIES, MOST_AN_HOUR = 5, 5
HOUR, KEPT = timedelta(hours=1), timedelta(days=1)
DIGITS, SPACING = re.compile(r"[0-9]{8}", re.ASCII), re.compile(r"[\s.-]+")
TO_SEND = (AlertState.WAITING, AlertState.FAILED)
UNSENT = (*TO_SEND, AlertState.LEASED)


class Checked(StrEnum):
    """What entering a code came to."""

    RIGHT = "right"
    NO_CODE = "no_code"  # not eight digits; not counted as a try
    WRONG = "wrong"
    USED = "used"
    EXPIRED = "expired"
    VOID = "void"  # after too many wrong tries
    NONE = "none"  # nobody asked for one that still holds


class TooManyCodes(NotAllowed):
    """No further code is sent before `again_at`."""

    def __init__(self, again_at: datetime) -> None:
        self.again_at = again_at
        super().__init__(f"{MOST_AN_HOUR} codes were sent within the hour; ask again later")


class NoWayOfTheirOwn(NotAllowed):
    """Others would read the code too."""

    def __init__(self, person: Contact) -> None:
        super().__init__(
            f"{person.key} is reached only where others read along, and gets no code there; add a "
            f"way of their own: estafette contact way add {person.key} --channel … --by …"
        )


def ask(engine: Engine, contact_number: int, *, now: datetime, customs: Customs = AT_ONCE) -> None:
    """A new code holds for ten minutes, and waits in the outbox for this contact alone, by the
    first channel that nobody else reads.

    Codes asked before hold as long as they did. What is over for a day is deleted. Raises
    TooManyCodes or NoWayOfTheirOwn, and nothing is sent; NotAllowed for somebody who left;
    NotFound.
    """
    with transaction(engine) as session:
        person = _one_at_a_time(session, contact_number)
        refuse_left(person, now)
        _refuse_many(session, contact_number, now)
        channel = _own_channel(session, person, customs)
        code = Code(
            contact_id=contact_number, nonce=secrets.token_hex(16), made_at=now,
            expires_at=now + HOLDS,
        )  # fmt: skip
        session.add(code)
        session.flush()
        session.add(_message(code, channel, now))
        # Only now: SQLite gives the highest number again when its row is gone, and that number is
        # in the message of the code that had it.
        _put_away(session, contact_number, now)


def check(
    engine: Engine, contact_number: int, typed: str, *, secret: bytes, now: datetime
) -> Checked:
    """Whether this is a code of the contact that holds, which then works no more: of two who enter
    it at once, one is right and the other finds it used.

    A wrong one counts against every code of theirs that holds. Raises NotFound.
    """
    digits = SPACING.sub("", typed)
    if not DIGITS.fullmatch(digits):
        return Checked.NO_CODE
    with transaction(engine) as session:
        _one_at_a_time(session, contact_number)
        known = session.exec(
            select(Code).where(Code.contact_id == contact_number, col(Code.expires_at) > now - KEPT)
        ).all()
        same = next((code for code in known if is_seal(_digits(code, secret), digits)), None)
        if same is not None and _spent(session, same, now):
            return Checked.RIGHT
        _count_try(session, contact_number, now)
        return _why_not(known, same, now)


def code_waits(engine: Engine, contact_number: int, *, now: datetime) -> bool:
    """Whether a code was asked that can still be entered."""
    with reading(engine) as session:
        return session.exec(select(Code.id).where(*_live(contact_number, now))).first() is not None


def code_in_message(engine: Engine, number: int, *, to: str, secret: bytes) -> str | None:
    """The eight digits of this code; None when it is not for `to`, or is gone."""
    with reading(engine) as session:
        code = session.get(Code, number)
        mine = code is not None and code.contact_id == contact(session, to).id
        return _digits(code, secret) if code and mine else None


def _digits(code: Code, secret: bytes) -> str:
    said = f"estafette-code:{code.id}:{code.contact_id}:{code.nonce}"
    return f"{int.from_bytes(digest(secret, said)) % 10**8:08}"


def _one_at_a_time(session: Session, contact_number: int) -> Contact:
    """The contact; until the transaction ends nobody else asks or enters a code of theirs. Without
    it two could count the same codes of this hour, or guess past the last try."""
    person = session.get(Contact, contact_number, with_for_update={"key_share": True})
    if person is None:
        raise NotFound("contact", contact_number, "see: estafette contact list")
    return person


def _refuse_many(session: Session, contact_number: int, now: datetime) -> None:
    within = select(Code.made_at).where(
        Code.contact_id == contact_number, col(Code.made_at) > now - HOUR
    )
    made = session.exec(within.order_by(col(Code.made_at).desc()).limit(MOST_AN_HOUR)).all()
    if len(made) == MOST_AN_HOUR:
        raise TooManyCodes(made[-1] + HOUR)


def _own_channel(session: Session, person: Contact, customs: Customs) -> str:
    home = session.get_one(Organisation, person.organisation_id)
    order = customs.manners_of(person.key, home.key).order
    ways = in_order(person, further_ways(session, [person]), order)
    own = next((way.channel for way in ways if not customs.is_shared(way.channel)), None)
    if own is None:
        raise NoWayOfTheirOwn(person)
    return own


def _message(code: Code, channel: str, now: datetime) -> Alert:
    return Alert(
        notice=Notice.CODE, period=str(code.id), rung=0, lead="code", recipient_id=code.contact_id,
        channel=channel, statutory=False, created_at=now, state=AlertState.WAITING, next_at=now,
    )  # fmt: skip


def _put_away(session: Session, contact_number: int, now: datetime) -> None:
    """A code of theirs that is over is not sent any more, and gone after a day."""
    over = col(Code.used_at).is_not(None) | (col(Code.expires_at) <= now)
    numbers = select(sa.cast(Code.id, sa.String)).where(Code.contact_id == contact_number, over)
    of_codes = [col(Alert.notice) == Notice.CODE, col(Alert.recipient_id) == contact_number]
    session.execute(
        sa.update(Alert)
        .where(*of_codes, col(Alert.state).in_(TO_SEND), col(Alert.period).in_(numbers))
        .values(state=AlertState.VOID, next_at=None, falls_back_at=None)
    )
    # What a sender has just now is worded from its code; that one goes the next time.
    unsent = select(Alert.period).where(*of_codes, col(Alert.state).in_(UNSENT))
    session.execute(
        sa.delete(Code).where(
            col(Code.contact_id) == contact_number, col(Code.expires_at) <= now - KEPT,
            sa.cast(Code.id, sa.String).not_in(unsent),
        )
    )  # fmt: skip


def _live(contact_number: int, now: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """The conditions that a code of theirs can still be entered."""
    return (
        col(Code.contact_id) == contact_number, col(Code.used_at).is_(None),
        col(Code.expires_at) > now, col(Code.tries) < MOST_TRIES,
    )  # fmt: skip


def _spent(session: Session, code: Code, now: datetime) -> bool:
    spend = sa.update(Code).where(col(Code.id) == code.id, *_live(code.contact_id, now))
    done = session.execute(spend.values(used_at=now).execution_options(synchronize_session=False))
    rows: int = done.rowcount  # type: ignore[attr-defined]
    return rows == 1


def _count_try(session: Session, contact_number: int, now: datetime) -> None:
    count = sa.update(Code).where(*_live(contact_number, now)).values(tries=Code.tries + 1)
    session.execute(count.execution_options(synchronize_session=False))


def _why_not(known: Sequence[Code], same: Code | None, now: datetime) -> Checked:
    """Why what was entered does not do; the codes are as they were before it."""
    if same is not None:
        if same.used_at is not None:
            return Checked.USED
        if same.tries >= MOST_TRIES:
            return Checked.VOID
        return Checked.EXPIRED if same.expires_at <= now else Checked.USED
    open_ = [code for code in known if code.used_at is None and code.expires_at > now]
    if any(code.tries + 1 < MOST_TRIES for code in open_):
        return Checked.WRONG
    return Checked.VOID if open_ else Checked.NONE
