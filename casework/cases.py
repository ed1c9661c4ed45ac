"""Finding a case, and moving its version on."""

from sqlmodel import Session, col, select

from casework.refusals import CaseMoved, NotFound
from models import Case, Visit


def find(session: Session, key: str) -> Case:
    """The case, locked for this transaction, as it is now. Raises NotFound."""
    # Read afresh: whoever held the lock before us may have changed what this session saw earlier.
    # Not so strict that it would stop those who only refer to the case.
    locked = select(Case).where(Case.key == key).with_for_update(key_share=True)
    case = session.exec(locked.execution_options(populate_existing=True)).first()
    if case is None:
        raise _unknown(key)
    return case


def look_up(session: Session, key: str) -> Case:
    """The case as it is now, without waiting for anybody. Raises NotFound."""
    case = session.exec(select(Case).where(Case.key == key)).first()
    if case is None:
        raise _unknown(key)
    return case


def _unknown(key: str) -> NotFound:
    return NotFound("case", key, "see: estafette case list")


def moved_on(session: Session, case: Case) -> None:
    """The case's version is one higher, so a decision taken on an older page is refused."""
    case.version += 1
    session.add(case)


def refuse_stale(case: Case, seen_version: int) -> None:
    if case.version != seen_version:
        raise CaseMoved(case.key, seen_version, case.version)


def open_visit(session: Session, case: Case) -> Visit | None:
    """Where the case is now; None when it is closed."""
    return session.exec(
        select(Visit).where(Visit.case_id == case.id, col(Visit.left_at).is_(None))
    ).first()
