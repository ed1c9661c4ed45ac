"""The migrations build exactly what the models say, up and down, on both databases."""

import subprocess
import sys
from dataclasses import replace
from datetime import timedelta

import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlmodel import SQLModel

import models
from casework.acknowledging import acknowledge
from casework.administration import administration
from casework.notices import raise_notices
from casework.schema import MIGRATIONS, migrate, newest_revision, revision_of
from casework.troubles import tell_troubles
from casework.ways import add_way
from tests.builders import NOW, a_case, a_town, case_view
from tests.casework.outbox import an_alert, send

ROOT = MIGRATIONS.parent
OTHERS = sa.text(
    "SELECT id FROM alerts WHERE notice IS NULL OR notice <> 'runs_crashed' ORDER BY id"
)


def alembic(engine, run, *arguments) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(migrates=True).begin() as connection:
        config.attributes["connection"] = connection
        run(config, *arguments)


def drift(engine) -> list:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, SQLModel.metadata)


def leftovers(engine) -> set[str]:
    """Tables, triggers and functions of ours that are in the database."""
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            query = "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
        else:
            query = (
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' UNION "
                "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal UNION "
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace UNION "
                "SELECT conname FROM pg_constraint "
                "WHERE connamespace = 'public'::regnamespace AND contype <> 'n'"
            )
        return set(connection.execute(sa.text(query)).scalars()) - {
            "alembic_version", "alembic_version_pkc",
        }  # fmt: skip


def checks_in(engine) -> set[str]:
    inspector = sa.inspect(engine)
    return {
        str(check["name"])
        for table in inspector.get_table_names()
        for check in inspector.get_check_constraints(table)
    }


def test_the_schema_is_what_the_models_say_and_goes_down_and_up_again(empty_engine):
    assert revision_of(empty_engine) is None
    assert migrate(empty_engine, NOW) == newest_revision()
    assert drift(empty_engine) == []
    alembic(empty_engine, command.check)
    before = leftovers(empty_engine)
    alembic(empty_engine, command.downgrade, "base")
    assert leftovers(empty_engine) == set()
    assert migrate(empty_engine, NOW) == newest_revision()
    assert leftovers(empty_engine) == before
    alembic(empty_engine, command.check)


def test_every_check_of_the_models_is_in_the_database(engine):
    # Alembic compares tables, columns, keys and indexes, but not checks.
    wanted = {
        constraint.name: str(constraint.sqltext.compile(engine))
        for table in SQLModel.metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert {str(name) for name in wanted} <= checks_in(engine)


def test_migrating_twice_is_migrating_once_and_keeps_what_is_there(engine):
    a_town(engine)
    key = a_case(engine)
    before = case_view(engine, key, NOW)
    counted = counts(engine)
    assert migrate(engine, NOW) == newest_revision()
    assert case_view(engine, key, NOW) == before
    assert counts(engine) == counted


def test_processes_that_start_at_once_migrate_once(empty_engine):
    url = empty_engine.url.render_as_string(hide_password=False)
    script = (
        "import sys; from datetime import UTC, datetime; from casework.connect import connect; "
        "from casework.schema import migrate; print('ready', flush=True); input(); "
        "print(migrate(connect(sys.argv[1]), datetime(2026, 3, 2, tzinfo=UTC)))"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    all_four = [
        subprocess.Popen([sys.executable, "-c", script, url], cwd=ROOT, text=True, **pipes)
        for _ in range(4)
    ]
    assert [process.stdout.readline() for process in all_four] == ["ready\n"] * 4
    for process in all_four:
        process.stdin.write("go\n")
        process.stdin.flush()
    said = [process.communicate(timeout=60) for process in all_four]
    assert [out.strip() for out, _ in said] == [newest_revision()] * 4, said
    assert counts(empty_engine)["policy_versions"] == 1


def test_the_newest_step_down_and_up_keeps_every_row(engine):
    a_town(engine)
    key = a_case(engine, "behavioural_order")
    before, counted = case_view(engine, key, NOW), counts(engine)
    alembic(engine, command.downgrade, "-1")
    migrate(engine, NOW)
    counted["administration"] += 1  # that the schema was upgraded
    after = case_view(engine, key, NOW)
    assert after.rings_at >= NOW  # the watch looks at the case once, to see when it is silent
    assert (replace(after, rings_at=before.rings_at), counts(engine)) == (before, counted)


def test_after_an_upgrade_the_watch_looks_at_each_case_in_its_own_turn(engine):
    a_town(engine)
    for number in range(4):
        a_case(engine, address=f"Voorbeeldlaan {number}")
    alembic(engine, command.downgrade, "0004")
    migrate(engine, NOW)
    with engine.connect() as connection:
        looks = [*connection.execute(sa.select(models.Case.silent_at)).scalars()]
    assert len(set(looks)) == 4
    assert NOW + timedelta(days=1) <= min(looks) <= max(looks) < NOW + timedelta(days=2)


# --- 0006: the outbox ----------------------------------------------------------------------------

KEPT = ("id", "case_id", "checkpoint_id", "rung", "handover_id", "request_id", "event", "notice",
        "period", "lead", "recipient_id", "statutory", "created_at", "state", "next_at", "token",
        "attempts", "acknowledged_at")  # fmt: skip


def of(engine, table: str, *columns: str) -> list[tuple]:
    with engine.connect() as connection:
        query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY id"
        return [tuple(row) for row in connection.execute(sa.text(query))]


def sql(engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


def an_old_outbox(engine) -> None:
    """A database of 0005 with an alert in every state it knew, one seen, one about a notice."""
    a_town(engine)
    a_case(engine)
    for number in range(6):
        an_alert(engine, "care", law=number == 3)
    raise_notices(engine, NOW + timedelta(days=9000))
    send(engine, NOW)
    alembic(engine, command.downgrade, "0005")
    at = "(SELECT max(at) FROM journal)"
    sql(
        engine,
        f"UPDATE alerts SET state = 'waiting', next_at = {at} WHERE id = 1",
        f"UPDATE alerts SET state = 'leased', token = 'mine', attempts = 2, next_at = {at} "
        "WHERE id = 2",
        f"UPDATE alerts SET state = 'failed', next_at = {at} WHERE id = 3",
        "UPDATE alerts SET state = 'perhaps' WHERE id = 4",
        f"UPDATE alerts SET acknowledged_at = {at}, acknowledged_by = 'care' WHERE id = 5",
    )


def test_an_upgrade_keeps_every_alert_in_every_state_and_who_saw_it(engine):
    an_old_outbox(engine)
    alerts, tried = of(engine, "alerts", *KEPT), of(engine, "deliveries", "alert_id", "outcome")
    assert {row[KEPT.index("state")] for row in alerts} == {
        "waiting", "leased", "failed", "delivered", "perhaps",
    }  # fmt: skip
    for _ in range(2):
        migrate(engine, NOW)
        assert drift(engine) == []
        assert of(engine, "alerts", *KEPT) == alerts
        assert of(engine, "deliveries", "alert_id", "outcome") == tried
        assert of(engine, "acknowledgements", "alert_id", '"by"') == [(5, "care")]
        # Each was a message of its own, which cost its reader nothing when a law dated it.
        assert of(engine, "deliveries", "message", "counted = (alert_id <> 4)") == [
            (number, True) for number, _ in tried
        ]
        alembic(engine, command.downgrade, "0005")
        assert of(engine, "alerts", *KEPT) == alerts
        assert of(engine, "alerts", "acknowledged_by")[4] == ("care",)


def test_what_waited_before_an_upgrade_is_sent_after_it(engine):
    an_old_outbox(engine)
    migrate(engine, NOW)
    sent = send(engine, NOW + timedelta(days=9001))
    assert sorted(number for one in sent for number in one.numbers) == [1, 2, 3, 7]
    assert {state for (state,) in of(engine, "alerts", "state")} == {"delivered", "perhaps"}


def test_going_back_from_the_outbox_loses_only_what_the_version_before_cannot_say(engine):
    a_town(engine)
    a_case(engine)
    add_way(engine, "care", "teams", "care-op-teams", by="process", now=NOW)
    numbers = [an_alert(engine, who) for who in ("care", "jurist")]
    send(engine, NOW, mail="refused")  # falls back to Teams, and up the line
    for who in ("jurist", "director"):
        acknowledge(engine, numbers[1], by=who, now=NOW)
    kept = {
        row[0] for row in of(engine, "alerts", "id", "channel", "notice") if row[1:] == ("", None)
    }
    assert {row for (row,) in of(engine, "alerts", "state")} >= {"void", "failed", "delivered"}
    alembic(engine, command.downgrade, "0005")
    alerts = of(engine, "alerts", "id", "state", "acknowledged_by")
    assert {number for number, *_ in alerts} == kept
    assert alerts[0][1] == "delivered"  # it was void by the mail: it had arrived by Teams
    assert alerts[1] == (numbers[1], "failed", "jurist")
    migrate(engine, NOW)
    assert drift(engine) == []
    assert {number for (number,) in of(engine, "alerts", "id")} == kept
    assert of(engine, "acknowledgements", '"by"') == [("jurist",)]


def test_an_upgrade_is_on_record_and_neither_a_new_database_nor_a_repeat_is(empty_engine):
    def upgrades() -> list[dict[str, str]]:
        return [e.data for e in administration(empty_engine) if e.kind == "schema_upgraded"]

    migrate(empty_engine, NOW)
    assert upgrades() == []
    alembic(empty_engine, command.downgrade, "0007")
    for _ in range(2):
        migrate(empty_engine, NOW)
    assert upgrades() == [{"from": "0007", "to": newest_revision()}]


def test_going_back_from_troubles_loses_what_was_told_of_them_and_nothing_else(engine):
    a_town(engine)
    a_case(engine, "warning")
    an_alert(engine, "director")
    tell_troubles(engine, {"runs_crashed": 3}, NOW)
    raise_notices(engine, NOW + timedelta(days=700))
    send(engine, NOW + timedelta(days=700))
    with engine.connect() as connection:
        kept = list(connection.execute(OTHERS).scalars())
    alembic(engine, command.downgrade, "0007")
    with engine.connect() as connection:
        assert (
            list(connection.execute(sa.text("SELECT id FROM alerts ORDER BY id")).scalars()) == kept
        )
    migrate(engine, NOW)
    with engine.connect() as connection:
        assert list(connection.execute(OTHERS).scalars()) == kept


def test_a_fresh_database_has_the_default_policy_and_the_decreed_days_and_nothing_else(engine):
    filled = {name for name, rows in counts(engine).items() if rows}
    assert filled == {"policy_versions", "decrees", "administration", "alembic_version"}


def test_the_folder_of_a_new_database_is_made(tmp_path, sqlite_engine):
    from casework.connect import connect

    engine = connect(f"sqlite:///{tmp_path / 'a' / 'b' / 'estafette.db'}")
    migrate(engine, NOW)
    assert (tmp_path / "a" / "b" / "estafette.db").exists()
    engine.dispose()


def test_migrations_import_nothing_of_ours_so_that_old_ones_keep_working():
    for file in (MIGRATIONS / "versions").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        rooms = ("models", "casework", "escalation", "flows", "desk", "notifications")
        assert not any(f"import {room}" in text or f"from {room}" in text for room in rooms)


def counts(engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table: connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()
            for table in sa.inspect(engine).get_table_names()
        }


assert models  # defines the tables
