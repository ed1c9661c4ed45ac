"""Which rungs are due: the open promises that ring now, with the people nearest to each."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from casework.bulk import INTEGER, MOMENT
from models import Assignment, Case, Checkpoint, Contact

Director = aliased(Contact)
# As the partial indexes spell it: in a parameter, a planner cannot see that they serve.
OPEN = sa.text("checkpoints.state = 'open'")


@dataclass(frozen=True, slots=True)
class Ringing:
    """An open promise whose rung rings now, with the people nearest to it."""

    id: int
    case_id: int
    municipality: str
    policy_id: int
    due_on: date
    due_at: datetime
    exact: bool
    statutory: bool
    offset: int
    director: int
    deputy: int | None
    asked: int | None
    owed: int | None


Rang = tuple[Ringing, datetime]  # a promise, and the moment it should have rung


def due_rungs(session: Session, now: datetime, limit: int, case_id: int | None) -> list[Rang]:
    """At most `limit` promises that ring by `now`, locked, the statutory first; of one case only,
    when it is named."""
    found: list[Rang] = []
    for statutory in (True, False):  # each flag is one range of the index
        if len(found) < limit:
            query = _query(statutory, case_id is not None)
            asked = {"now": now, "most": limit - len(found), "case_id": case_id}
            found += [(Ringing(*row), at) for *row, at in session.execute(query, asked)]
    return found


def still_open(session: Session, checkpoint_id: int) -> Ringing | None:
    """The promise as it would ring now; None when it is over."""
    row = session.execute(_open_one(), {"id": checkpoint_id}).first()
    return Ringing(*row[:-1]) if row is not None else None


@cache
def _query(statutory: bool, of_one_case: bool) -> sa.Select[Any]:
    c = Checkpoint
    query = (
        _with_people()
        .where(
            col(c.statutory).is_(statutory),
            col(c.next_at) <= sa.bindparam("now", type_=MOMENT),
        )
        .order_by(c.next_at)  # type: ignore[arg-type]
        .limit(sa.bindparam("most", type_=INTEGER))
        # The case too: the journal is chained per case, so nobody else may write to it meanwhile.
        .with_for_update(of=(c, Case), skip_locked=True, key_share=True)
    )
    return query.where(col(c.case_id) == sa.bindparam("case_id")) if of_one_case else query


@cache
def _open_one() -> sa.Select[Any]:
    return _with_people().where(col(Checkpoint.id) == sa.bindparam("id"))


def _with_people() -> sa.Select[Any]:
    """Open promises as `Ringing`, and the moment each rings."""
    c = Checkpoint
    query: sa.Select[Any] = (
        sa.select(  # type: ignore[misc]
            c.id,
            c.case_id,
            Case.municipality,
            Case.policy_id,
            c.due_on,
            c.due_at,
            c.exact,
            c.statutory,
            c.next_rung,
            Director.id,
            Director.deputy_id,
            c.asked_id,
            c.owed_id,
            c.next_at,
        )  # type: ignore[call-overload]
        .select_from(c)
        .join(Case, Case.id == c.case_id)
        .join(Assignment, Assignment.id == Case.director_id)
        .join(Director, Director.id == Assignment.contact_id)
        .where(OPEN)
    )
    return query
