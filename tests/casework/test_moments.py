"""A row with something in a column of moments that is none stops nobody, and is named."""

from datetime import timedelta

import pytest
from sqlmodel import SQLModel

from casework.alert_views import alert_list
from casework.audit import NO_CASE, audit
from casework.claiming import claim
from casework.figures import figures
from casework.moments import OF_A_CASE, OF_NONE, moments_of
from casework.promises import next_due, raise_due
from casework.views import case_list, case_view
from casework.visits import unarmed
from models import moment_in
from tests.builders import NOW, a_case
from tests.casework.looking import DAY, behind_the_back, raise_all, rows
from tests.casework.outbox import send

LATER = NOW + 20 * DAY
# What sorts before every moment, between them and after them.
NONE = {
    "sqlite": (
        "",
        "1 december",
        "1764500000",
        "26-11-2026",
        "morgen",
        "2026-13-01T00:00:00.000000Z",
    ),
    "postgresql": ("infinity", "-infinity", "20000-01-01 00:00:00Z"),
}
# History: append-only, guarded by the database itself, or nothing waits for it.
HISTORY = {
    "journal", "administration", "term_changes", "decrees", "deliveries", "acknowledgements",
    "codes", "removals",
}  # fmt: skip


@pytest.fixture
def house(engine, in_signal):
    """Two cases, of which the second is in order throughout."""
    other = a_case(engine, address="Elders 2")
    return in_signal, other


def nonsense(engine) -> tuple[str, ...]:
    return NONE[engine.dialect.name]


def places(engine, now=NOW) -> set[tuple[str, str]]:
    found = audit(engine, now).findings
    return {(f.case_key, f.where) for f in found if f.what == "no-moment"}


def test_every_table_with_moments_is_looked_at_or_is_history():
    known = {name for name in SQLModel.metadata.tables if moments_of(name)}
    assert known == {"cases", *OF_A_CASE, *OF_NONE} | HISTORY


@pytest.mark.parametrize("place", range(6))
def test_a_promise_whose_moment_is_none_keeps_no_other_waiting_and_is_named(engine, house, place):
    bad = nonsense(engine)[place % len(nonsense(engine))]
    (number, *_) = [r["id"] for r in rows(engine, "checkpoints", "case_id = 1 AND state = 'open'")]
    behind_the_back(engine, f"UPDATE checkpoints SET next_at = '{bad}' WHERE id = {number}")
    assert (house[0], f"checkpoints {number}, next_at") in places(engine)
    next_due(engine)
    raise_all(engine, LATER)
    assert house[1] in {alert.case_key for alert in alert_list(engine)}


def test_whatever_reads_a_row_with_nonsense_in_every_moment_goes_on(engine, house):
    raise_all(engine, LATER)
    send(engine, LATER)
    for table, columns in (
        ("checkpoints", ("next_at", "closed_at")),
        ("alerts", ("created_at", "falls_back_at", "acknowledged_at")),
        ("visits", ("entered_at", "armed_at", "wake_at")),
        ("cases", ("silent_at", "stirred_at")),
        ("contacts", ("confirmed_at", "check_at")),
    ):
        for column in columns:
            bad = nonsense(engine)[1]
            behind_the_back(
                engine,
                f"UPDATE {table} SET {column} = '{bad}' "
                f"WHERE {column} IS NOT NULL AND id = (SELECT min(id) FROM {table})",
            )
    after = LATER + 5 * DAY
    audit(engine, after)
    figures(engine, after)
    case_view(engine, house[0], after)
    case_list(engine)
    unarmed(engine, after, horizon=30 * DAY, stuck_after=timedelta(hours=1))
    while raise_due(engine, after):
        pass
    claim(engine, after, limit=100)


def test_a_bad_moment_of_no_case_is_named_by_its_row(engine, house):
    bad = nonsense(engine)[0]
    behind_the_back(engine, f"UPDATE contacts SET check_at = '{bad}' WHERE id = 1")
    assert places(engine) == {(NO_CASE, "contacts 1, check_at")}


def test_what_is_stored_is_never_told(engine, house):
    bad = nonsense(engine)[0]
    behind_the_back(engine, f"UPDATE visits SET wake_at = '{bad}'")
    told = str(audit(engine, NOW))
    assert "wake_at" in told
    assert not bad or bad not in told


def test_a_moment_spelled_otherwise_is_one(engine, house):
    for spelled in ("2026-12-01 10:00:00", "2026-12-01T10:00:00+01:00"):
        behind_the_back(engine, f"UPDATE visits SET wake_at = '{spelled}'")
        assert places(engine) == set()
        assert moment_in(spelled) is not None


def test_a_house_in_order_has_none(engine, house):
    raise_all(engine, LATER)
    send(engine, LATER)
    assert places(engine, LATER) == set()
