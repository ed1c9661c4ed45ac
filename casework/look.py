"""A look at some cases together: what their silence depends on, asked of the database once for all.

It is what was true when it was first asked, so every verb looks for itself.
"""

from collections import defaultdict
from collections.abc import Collection
from functools import cached_property
from typing import TypeVar

import sqlalchemy as sa
from sqlmodel import Session, col, select

from casework.expecting import Expected, expected_of
from casework.quiet import ORIGINS, Rules, rules_by_policy
from models import Case, Checkpoint, Partner, Wait

Row = TypeVar("Row", Wait, Checkpoint, Partner)


class Look:
    """Some cases, each of which may be asked about; nothing is fetched before it is asked."""

    def __init__(self, session: Session, cases: Collection[Case]) -> None:
        self._session, self._cases = session, cases
        self._ids = [case.id or 0 for case in cases]

    def rules(self, case: Case) -> Rules:
        """By which its silence is counted."""
        return self._rules[case.policy_id]

    def waits(self, case: Case, organisation_id: int | None) -> list[Wait]:
        """Every wait stated for the case, or for this partner of it; the last one last."""
        return [row for row in self._waits[case.id] if row.organisation_id == organisation_id]

    def running_wait(self, case: Case, organisation_id: int | None) -> Wait | None:
        """The wait nobody ended; at most one."""
        stated = self.waits(case, organisation_id)
        return next((row for row in stated if row.ended_at is None), None)

    def begun(self, case: Case, prefix: str) -> list[Checkpoint]:
        """The promises of the case that ask about this silence, oldest first."""
        return [row for row in self._begun[case.id] if row.origin.startswith(prefix)]

    def expected(self, case: Case) -> dict[int, Expected]:
        """Of whom something is expected, by organisation."""
        return self._expected[case.id or 0]

    def partners(self, case: Case) -> list[Partner]:
        """Every organisation that is or was at the table of the case."""
        return self._partners[case.id]

    @cached_property
    def _rules(self) -> dict[int, Rules]:
        return rules_by_policy(self._session, {case.policy_id for case in self._cases})

    @cached_property
    def _waits(self) -> defaultdict[int | None, list[Wait]]:
        stated = select(Wait).where(col(Wait.case_id).in_(self._ids))
        return _by_case(self._session.exec(stated.order_by(col(Wait.id))).all())

    @cached_property
    def _begun(self) -> defaultdict[int | None, list[Checkpoint]]:
        asked = select(Checkpoint).where(
            col(Checkpoint.case_id).in_(self._ids),
            sa.or_(*(col(Checkpoint.origin).startswith(origin) for origin in ORIGINS)),
        )
        return _by_case(self._session.exec(asked.order_by(col(Checkpoint.id))).all())

    @cached_property
    def _expected(self) -> dict[int, dict[int, Expected]]:
        return expected_of(self._session, self._ids)

    @cached_property
    def _partners(self) -> defaultdict[int | None, list[Partner]]:
        seated = select(Partner).where(col(Partner.case_id).in_(self._ids))
        return _by_case(self._session.exec(seated).all())


def _by_case(rows: Collection[Row]) -> defaultdict[int | None, list[Row]]:
    found: defaultdict[int | None, list[Row]] = defaultdict(list)
    for row in rows:
        found[row.case_id].append(row)
    return found
