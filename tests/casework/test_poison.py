"""One promise that cannot be judged keeps no other waiting, and is noticed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from casework.alert_views import alert_list
from casework.audit import audit
from casework.journal import broken_at
from casework.policies import _parsed
from casework.promises import raise_due
from casework.views import case_view, timeline
from tests.builders import NOW, a_case, a_town
from tests.casework.looking import behind_the_back

FOUR_DAYS_ON = NOW + timedelta(days=4)


def damage(engine, column: str, table: str, value: str | int, key: str) -> None:
    """What no verb would write, and no trigger let pass."""
    of_case = f"case_id = (SELECT id FROM cases WHERE key = '{key}')"
    behind_the_back(engine, f"UPDATE {table} SET {column} = '{value}' WHERE {of_case}", table)


@pytest.fixture
def poisoned(engine) -> str:
    """The first of five cases has promises whose day no calendar reaches."""
    a_town(engine)
    keys = [a_case(engine, address=f"Voorbeeldlaan {n}") for n in range(5)]
    damage(engine, "due_on", "checkpoints", "9999-12-30", keys[0])
    damage(engine, "next_rung", "checkpoints", 0, keys[0])
    return keys[0]


def raise_all(engine, now) -> None:
    while raise_due(engine, now):
        pass


def test_a_promise_that_can_not_be_judged_keeps_no_other_waiting(engine, poisoned):
    raise_all(engine, FOUR_DAYS_ON)
    told = {alert.case_key for alert in alert_list(engine)}
    assert len(told) == 4
    assert poisoned not in told


def test_it_is_put_off_and_journalled_and_the_audit_names_its_case(engine, poisoned):
    raise_all(engine, FOUR_DAYS_ON)
    assert (poisoned, "put-off") in {
        (f.case_key, f.what) for f in audit(engine, FOUR_DAYS_ON).findings
    }
    assert broken_at(engine, poisoned) is None


def test_it_is_tried_again_and_raised_once_it_is_mended(engine, poisoned):
    raise_all(engine, FOUR_DAYS_ON)
    damage(engine, "due_on", "checkpoints", "2026-03-04", poisoned)
    raise_all(engine, FOUR_DAYS_ON + timedelta(hours=2))
    assert poisoned in {alert.case_key for alert in alert_list(engine)}


def test_a_policy_that_was_damaged_still_rings_by_the_common_ladder(engine):
    a_town(engine)
    first = a_case(engine)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE policy_versions SET text = 'name = '"))
    _parsed.cache_clear()
    raise_all(engine, FOUR_DAYS_ON)
    assert first in {alert.case_key for alert in alert_list(engine)}


def test_what_is_put_off_for_days_is_journalled_once_per_promise(engine, poisoned):
    for hours in range(100, 172):
        raise_all(engine, NOW + timedelta(hours=hours))
    lines = [line for line in timeline(engine, poisoned) if line.what == "put_off"]
    promises = case_view(engine, poisoned, NOW).promises
    assert len(lines) == len([p for p in promises if p.state == "open"])


def test_what_is_put_off_again_after_it_was_mended_is_named_again(engine, poisoned):
    raise_all(engine, FOUR_DAYS_ON)
    damage(engine, "due_on", "checkpoints", "2026-03-04", poisoned)
    raise_all(engine, FOUR_DAYS_ON + timedelta(hours=2))
    damage(engine, "due_on", "checkpoints", "9999-12-30", poisoned)
    again = FOUR_DAYS_ON + timedelta(days=30)
    raise_all(engine, again)
    assert (poisoned, "put-off") in {(f.case_key, f.what) for f in audit(engine, again).findings}
