"""Which run each visit points at."""

import pytest
import sqlalchemy as sa

from casework import pointing


@pytest.fixture
def begun(sqlite_engine) -> list[object]:
    """Each transaction that begins."""
    seen: list[object] = []
    sa.event.listen(sqlite_engine, "begin", seen.append)
    return seen


def test_with_no_run_to_forget_and_none_to_recall_nobody_waits_for_a_write(sqlite_engine, begun):
    pointing.forgotten(sqlite_engine, {})
    pointing.recalled(sqlite_engine)
    assert begun == []
    pointing.forgotten(sqlite_engine, {1: "a run"})
    pointing.recalled(sqlite_engine, visits=[1])
    pointing.recalled(sqlite_engine, runs=["a run"])
    assert len(begun) == 3
