"""What the database keeps of administration, tried behind the verbs' back on both databases; and
what the migration makes of the rows it finds."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import SQLModel

from casework.administration import administration, administration_broken_at
from casework.alerts import record
from casework.claiming import claim
from casework.connect import transaction
from casework.notices import raise_notices
from casework.policies import calendars_at, calendars_now
from casework.promises import raise_due
from casework.schema import migrate
from models import AdministrationEntry, Alert, Decree
from tests.builders import NOW, a_case, a_town
from tests.casework.looking import rows
from tests.models.test_migrations import alembic, counts

T = SQLModel.metadata.tables


def run(engine, sql):
    with engine.begin() as connection:
        connection.execute(sa.text(sql))


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE administration SET actor = 'somebody'",
        "DELETE FROM administration",
        "DELETE FROM decrees",
        "UPDATE decrees SET source = 'another'",
        "UPDATE decrees SET last_year = 2099",
        "UPDATE decrees SET day = '2026-05-18' WHERE day = '2026-05-15'",
        "UPDATE decrees SET day = '2026-05-18' WHERE day IS NULL",
        "UPDATE decrees SET day = NULL WHERE day = '2026-05-15'",
    ],
)
def test_history_of_administration_cannot_be_rewritten(engine, sql):
    before = rows(engine, "administration"), rows(engine, "decrees")
    with pytest.raises(DatabaseError, match=r"append-only|withdrawn"):
        run(engine, sql)
    assert (rows(engine, "administration"), rows(engine, "decrees")) == before


def test_a_day_is_in_force_once_and_a_withdrawal_says_who(engine):
    columns = "(day, first_year, last_year, source, loaded_at, withdrawn_at, withdrawn_by)"
    again = f"INSERT INTO decrees {columns} SELECT day, first_year, last_year, source, loaded_at"
    of = "FROM decrees WHERE day = '2026-05-15'"
    with pytest.raises(DatabaseError):
        run(engine, f"{again}, NULL, NULL {of}")
    with pytest.raises(DatabaseError):
        run(engine, f"{again}, loaded_at, NULL {of}")
    run(engine, f"{again}, loaded_at, 'beheer' {of}")  # one that was withdrawn stays beside it


def test_a_withdrawn_row_is_not_put_back(engine):
    run(engine, "UPDATE decrees SET withdrawn_at = loaded_at, withdrawn_by = 'x' WHERE day IS NULL")
    with pytest.raises(DatabaseError, match="only be withdrawn"):
        run(engine, "UPDATE decrees SET withdrawn_at = NULL, withdrawn_by = NULL WHERE day IS NULL")


def test_the_record_has_one_end(engine):
    first = rows(engine, "administration")[0]
    with pytest.raises(DatabaseError), transaction(engine) as session:
        session.add(AdministrationEntry(**first | {"id": None, "hash": "f" * 64}))


def test_sqlite_does_not_let_an_entry_be_replaced(sqlite_engine):
    for table in ("administration", "decrees"):
        with pytest.raises(IntegrityError, match=r"append-only|not replaced"):
            run(sqlite_engine, f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")


@pytest.mark.parametrize(
    "wrong",
    [
        {"notice": "decrees_run_out", "rung": 0},  # without its period
        {"notice": "decrees_run_out", "period": "2028"},  # without its rung
        {"notice": "the_moon", "period": "2028", "rung": 0},
        {"notice": "decrees_run_out", "period": "2028", "rung": 0, "case_id": 1},
        {"case_id": 1},
        {"rung": 0},
        {},
    ],
)
def test_an_alert_without_a_case_is_a_notice_that_says_what_rang(engine, wrong):
    a_town(engine)
    a_case(engine)
    alert = {
        "lead": "installation", "recipient_id": 1, "statutory": False, "created_at": NOW,
        "state": "waiting", "next_at": NOW, "attempts": 0,
    }  # fmt: skip
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(sa.insert(T["alerts"]).values(**alert, **wrong))


def test_a_notice_is_not_doubled(engine):
    a_town(engine)
    assert raise_notices(engine, NOW + timedelta(days=1000)) == 1
    (alert,) = rows(engine, "alerts")
    with pytest.raises(IntegrityError), transaction(engine) as session:
        session.add(Alert(**alert | {"id": None}))


def test_an_installation_that_is_upgraded_keeps_its_table_and_its_outbox(engine):
    """From the version before: its days get their periods, and alerts and deliveries stay."""
    a_town(engine)
    a_case(engine)
    alembic(engine, command.downgrade, "0003")
    assert "administration" not in counts(engine)
    days = _plain(engine, "SELECT day FROM decrees")
    migrate(engine, NOW)
    with transaction(engine) as session:
        statutory = calendars_now(session).statutory
    assert len(days) == 17
    assert sorted(statutory.decreed_years) == [2017, 2018, 2019, *range(2023, 2029)]
    periods = rows(engine, "decrees", "day IS NULL")
    assert [(p["first_year"], p["last_year"]) for p in periods] == [
        (2017, 2019), (2023, 2025), (2026, 2028),
    ]  # fmt: skip
    assert {entry.actor for entry in administration(engine)} == {"estafette"}
    assert administration_broken_at(engine) is None


def test_going_back_drops_what_the_older_version_cannot_hold(engine):
    a_town(engine)
    a_case(engine)
    raise_due(engine, NOW + timedelta(days=30))
    raise_notices(engine, NOW + timedelta(days=1000))
    for alert in claim(engine, NOW + timedelta(days=1000)):
        record(engine, alert.token, "delivered", "ok", NOW)
    told = rows(engine, "alerts", "case_id IS NOT NULL")
    tried = rows(engine, "deliveries")
    assert told
    assert len(tried) == len(told) + 1
    alembic(engine, command.downgrade, "0003")
    migrate(engine, NOW)
    assert rows(engine, "alerts") == told
    assert [d for d in tried if d["alert_id"] in {a["id"] for a in told}] == rows(
        engine, "deliveries"
    )


def test_calendars_can_be_read_as_they_were_at_a_moment(engine):
    a_day = timedelta(days=1)
    with transaction(engine) as session:
        row = Decree(
            day=(NOW + a_day).date(), first_year=2026, last_year=2028, source="Stcrt.",
            loaded_at=NOW + a_day, withdrawn_at=NOW + 2 * a_day, withdrawn_by="x",
        )  # fmt: skip
        session.add(row)
        session.flush()
        free = [calendars_at(session, NOW + n * a_day).statutory.is_free(row.day) for n in range(3)]
        assert free == [False, True, False]
        assert not calendars_now(session).statutory.is_free(row.day)
        assert not calendars_at(session, NOW - a_day).statutory.decrees


def _plain(engine, query):
    with engine.connect() as connection:
        return connection.execute(sa.text(query)).all()
