"""Whatever row is deleted by hand, the next audit says so, and mending brings back that row."""

import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlmodel import SQLModel

from casework.audit import NO_CASE, audit
from casework.audit_checks import REMOVED
from casework.audit_guards import AT_WORK, GUARDS
from casework.connect import connect
from casework.journal import broken_at
from casework.mending import mend, mend_installation
from casework.promises import answer
from casework.words import Answer, Role
from tests.builders import NOW, a_case, a_contact, a_town, act, announce_order, go
from tests.casework.handing import accepted, assigned, offered, refused
from tests.casework.looking import DAY, behind_the_back, raise_all, rows, without_keys
from tests.casework.outbox import send

LATER = NOW + 20 * DAY
T = SQLModel.metadata.tables


def played(engine: Engine) -> None:
    """Cases of many kinds after weeks of work: held, passed on, refused, answered, closed."""
    a_town(engine)
    for stage in ("signal", "voluntary_care", "behavioural_order", "house_closure", "aftercare"):
        a_case(engine, stage, address=f"{stage} 1")
    accepted(engine, offered(engine, "2026-00002").id)
    refused(engine, offered(engine, "2026-00003").id)
    announce_order(engine, "2026-00003", in_force_until="2026-09-01T12:00+02:00")
    assigned(engine, "2026-00004")
    first = rows(engine, "checkpoints", "case_id = 1 AND state = 'open'")[0]["id"]
    answer(engine, "2026-00001", str(first), given=Answer.DONE, by="director", now=NOW)
    raise_all(engine, LATER)
    send(engine, LATER)
    offered(engine, "2026-00001", now=LATER)
    closed = a_case(engine, address="Dicht 1", now=LATER)
    go(engine, closed, "unfounded", LATER)


def found(engine: Engine) -> set[tuple[str, str]]:
    return {(f.case_key, f.what) for f in audit(engine, LATER + DAY / 24).findings}


def expected(engine: Engine) -> set[tuple[str, str]]:
    """What is found in the played house itself: nothing was armed, since no Prefect is there; and
    whoever deletes a holder takes a trigger away first."""
    return {(key, what) for key, what in found(engine) if what not in {"no-run", "guard-off"}}


@pytest.fixture(scope="module")
def house(request, tmp_path_factory) -> Path:
    """A file with the played cases, and no connection to it."""
    file = tmp_path_factory.mktemp("played") / "estafette.db"
    file.write_bytes(request.getfixturevalue("sqlite_template").read_bytes())
    engine = connect(f"sqlite:///{file}")
    played(engine)
    assert expected(engine) == set()
    engine.dispose()
    return file


def by_hand(file: Path, table: str, key: int | UUID) -> None:
    """A person with a shell: foreign keys are off there, and triggers are not."""
    with sqlite3.connect(file, isolation_level=None) as shell:
        refusing = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE ?"
        for (name,) in shell.execute(refusing, (f"kept_%_{table}_delete",)).fetchall():
            shell.execute(f"DROP TRIGGER {name}")
        assert (
            shell.execute(f"DELETE FROM {table} WHERE id = ?", (getattr(key, "hex", key),)).rowcount
            == 1
        )
    shell.close()


@pytest.fixture(scope="module")
def again(tmp_path_factory) -> Iterator[Engine]:
    """One engine, on a file that is put back before each use: no statement is compiled twice."""
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('again') / 'estafette.db'}")
    yield engine
    engine.dispose()


def begin(engine: Engine, house: Path) -> Path:
    engine.dispose()
    file = Path(str(engine.url.database))
    for left in file.parent.glob("estafette.db*"):
        left.unlink()
    file.write_bytes(house.read_bytes())
    return file


@pytest.mark.parametrize("table", REMOVED)
def test_every_single_row_that_is_deleted_is_found_by_its_case_and_comes_back_as_it_was(
    house, again, table
):
    begin(again, house)
    before = {row["id"]: row for row in rows(again, table)}
    assert len(before) >= 4, "the played house has rows of every kind"
    for key in before:
        by_hand(begin(again, house), table, key)
        case = case_of(again)
        assert (case, REMOVED[table]) in found(again)
        mend(again, case, by="director", now=LATER)
        assert {row["id"]: row for row in rows(again, table)} == before
        assert expected(again) == set()


def case_of(engine: Engine) -> str:
    (removal,) = rows(engine, "removals")
    (case,) = rows(engine, "cases", f"id = {removal['case_id']}")
    return case["key"]


# --- on both databases ---------------------------------------------------------------------------


DELETED = {
    "checkpoints": "DELETE FROM checkpoints WHERE id = (SELECT min(id) FROM checkpoints c "
                   "WHERE c.state = 'open' AND NOT EXISTS (SELECT 1 FROM journal j "
                   "WHERE j.checkpoint_id = c.id) AND c.case_id = 1)",
    "alerts": "DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts)",
    "deliveries": "DELETE FROM deliveries WHERE id = (SELECT max(id) FROM deliveries)",
}  # fmt: skip


@pytest.fixture
def worked(engine, in_voluntary_care):
    raise_all(engine, LATER)
    send(engine, LATER)
    raise_all(engine, LATER + 10 * DAY)
    return in_voluntary_care


@pytest.mark.parametrize("table", DELETED)
def test_a_row_deleted_on_either_database_comes_back_as_it_was(engine, worked, table):
    before = rows(engine, table)
    behind_the_back(engine, DELETED[table])
    assert len(rows(engine, table)) == len(before) - 1
    assert (worked, REMOVED[table]) in found(engine)
    done = mend(engine, worked, by="director", now=LATER)
    assert len(done.restored) == 1
    assert rows(engine, table) == before
    assert REMOVED[table] not in {what for _, what in found(engine)}


def test_an_assignment_deleted_on_either_database_comes_back(engine, worked):
    accepted(engine, offered(engine, worked, now=LATER).id, now=LATER)
    before = rows(engine, "assignments")
    _without_refusing(engine)
    behind_the_back(engine, "DELETE FROM assignments WHERE role = 'care_lead'")
    assert {(worked, "removed-assignment"), (worked, "assignment-gone")} <= found(engine)
    mend(engine, worked, by="director", now=LATER)
    assert rows(engine, "assignments") == before
    assert not {"removed-assignment", "assignment-gone"} & {what for _, what in found(engine)}


def _without_refusing(engine: Engine) -> None:
    name = "kept_2_assignments_delete" if engine.dialect.name == "sqlite" else None
    found_by = (
        "SELECT name FROM sqlite_master WHERE name LIKE 'kept_%_assignments_delete'"
        if name
        else "SELECT tgname FROM pg_trigger WHERE tgname LIKE 'kept_%_assignments_delete'"
    )
    with engine.begin() as connection:
        refusing = connection.execute(sa.text(found_by)).scalar_one()
        off = f"DROP TRIGGER {refusing}" if name else (
            f"ALTER TABLE assignments DISABLE TRIGGER {refusing}")  # fmt: skip
        connection.execute(sa.text(off))


def test_rows_of_several_tables_come_back_together(engine, worked):
    before = {table: rows(engine, table) for table in ("alerts", "deliveries")}
    behind_the_back(engine, "DELETE FROM deliveries")
    behind_the_back(engine, "DELETE FROM alerts")
    done = mend(engine, worked, by="director", now=LATER)
    assert len(done.restored) == sum(map(len, before.values()))
    assert {table: rows(engine, table) for table in before} == before
    assert mend(engine, worked, by="director", now=LATER).anything is False


def test_a_deleted_alert_of_no_case_comes_back_too(engine):
    a_contact(engine, "admin", "administrator")
    from casework.notices import raise_notices

    raise_notices(engine, NOW + 1000 * DAY)
    before = rows(engine, "alerts")
    assert before
    behind_the_back(engine, "DELETE FROM alerts")
    assert (NO_CASE, "removed-alert") in found(engine)
    mend_installation(engine, by="director", now=LATER)
    assert rows(engine, "alerts") == before
    assert (NO_CASE, "removed-alert") not in found(engine)


def test_a_row_whose_place_was_taken_stays_found_until_somebody_says_it_need_not_come(
    engine, worked
):
    behind_the_back(engine, DELETED["alerts"])
    number = rows(engine, "removals")[0]["row_key"]
    other = rows(engine, "alerts")[-1]
    taken = ", ".join(c for c in other if c not in {"id", "channel", "by_hand", "attempts"})
    behind_the_back(engine, f"INSERT INTO alerts (id, channel, by_hand, attempts, {taken}) "
                    f"SELECT {number}, 'other', by_hand, attempts, {taken} FROM alerts "
                    f"WHERE id = {other['id']}")  # fmt: skip
    done = mend(engine, worked, by="director", now=LATER)
    assert (done.restored, done.refused) == ((), (f"alerts {number}",))
    assert (worked, "removed-alert") in found(engine)
    done = mend(engine, worked, by="director", now=LATER, accepting=True)
    assert (done.refused, done.accepted) == ((), (f"alerts {number}",))
    assert (worked, "removed-alert") not in found(engine)


def test_the_copy_of_a_deleted_row_is_kept_no_longer_than_it_is_of_use(engine, worked):
    behind_the_back(engine, DELETED["alerts"])
    assert rows(engine, "removals")[0]["was"]
    mend(engine, worked, by="director", now=LATER)
    (removal,) = rows(engine, "removals")
    assert (removal["was"], removal["settled_how"], removal["settled_by"]) == (
        None, "restored", "director",
    )  # fmt: skip
    assert rows(engine, "removals", "was IS NULL"), "empty, and not the word null"


@pytest.mark.parametrize("sql", [
    "DELETE FROM removals",
    "UPDATE removals SET row_key = '9'",
    "UPDATE removals SET case_id = 9",
    "UPDATE removals SET settled_at = NULL, settled_how = NULL",
])  # fmt: skip
def test_the_trace_itself_can_be_neither_deleted_nor_rewritten(engine, worked, sql):
    behind_the_back(engine, DELETED["alerts"])
    with pytest.raises(sa.exc.IntegrityError, match=r"history and stays|only be settled"):
        behind_the_back(engine, sql)
    mend(engine, worked, by="director", now=LATER)
    with pytest.raises(sa.exc.IntegrityError, match=r"history and stays|only be settled"):
        behind_the_back(engine, sql)


def test_tables_are_not_emptied_at_one_stroke(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE; a DELETE of everything leaves its traces")
    for table in [*REMOVED, "removals"]:
        with pytest.raises(sa.exc.IntegrityError, match="history stays"):
            behind_the_back(engine, f"TRUNCATE {table} CASCADE")


# --- without the triggers ------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["alerts", "journal", "cases", "term_changes", "decrees"])
def test_a_trigger_that_is_taken_away_is_found(engine, worked, table):
    assert (NO_CASE, "guard-off") not in found(engine)
    behind_the_back(engine, "SELECT 1", table)
    off = [f.where for f in audit(engine, LATER).findings if f.what == "guard-off"]
    assert off
    assert all(table in name or name == "visits_called" for name in off)


def test_every_trigger_there_is_is_looked_for(engine):
    with engine.connect() as connection:
        at_work = connection.execute(sa.text(AT_WORK[engine.dialect.name])).scalars()
        assert set(at_work) == GUARDS[engine.dialect.name]


def test_every_trigger_names_every_column_of_its_table(sqlite_engine):
    # A migration that adds a column, or makes a table anew, watches its removals again.
    for table in REMOVED:
        name = f"tells_removal_{table}"
        (sql,) = [row[0] for row in _all(sqlite_engine, name)]
        told = sql.split("json_object(")[1]
        missing = [
            column for column in map(str, T[table].columns.keys()) if f"'{column}'" not in told
        ]
        assert missing == [], f"watch_removals({table!r}) in the newest migration"


def _all(engine: Engine, name: str):
    with engine.connect() as connection:
        return connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": name}
        ).all()


def test_a_promise_others_tell_of_is_missed_even_where_nothing_wrote_it_down(engine, worked):
    without_keys(engine, "DELETE FROM checkpoints WHERE id = (SELECT max(checkpoint_id) "
                 "FROM journal WHERE kind = 'raised')", "checkpoints")  # fmt: skip
    assert rows(engine, "removals") == []
    assert (worked, "promise-gone") in found(engine)


def test_an_alert_less_than_was_told_of_is_missed_even_where_nothing_wrote_it_down(engine, worked):
    behind_the_back(engine, "DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts "
                    "WHERE rung IS NOT NULL AND next_at IS NOT NULL)", "alerts")  # fmt: skip
    assert rows(engine, "removals") == []
    assert (worked, "rung-without-alert") in found(engine)


def test_an_alert_that_is_missed_is_made_again_or_it_is_said_that_nobody_is_left(engine, worked):
    behind_the_back(engine, "DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts "
                    "WHERE rung IS NOT NULL AND next_at IS NOT NULL)", "alerts")  # fmt: skip
    done = mend(engine, worked, by="director", now=LATER)
    assert done.alerts + done.unheard == 1
    assert done.anything
    assert (worked, "rung-without-alert") not in found(engine)
    assert not mend(engine, worked, by="director", now=LATER).anything


def test_a_director_who_was_taken_out_of_the_past_is_missed(engine, in_voluntary_care):
    for day, person in enumerate(("deputy", "jurist"), start=1):
        assigned(engine, in_voluntary_care, role=Role.DIRECTOR, to=person, now=NOW + day * DAY)
    assert "assignment-gone" not in {what for _, what in found(engine)}
    behind_the_back(engine, "DELETE FROM assignments WHERE until = (SELECT max(until) FROM "
                    "assignments)", "assignments")  # fmt: skip
    assert (in_voluntary_care, "assignment-gone") in found(engine)


def test_a_case_that_was_closed_and_opened_again_misses_nobody(engine, in_signal):
    from casework.stages import reopen

    go(engine, in_signal, "unfounded", NOW + DAY)
    reopen(engine, in_signal, stage="assessment", by="process", reason="toch", now=NOW + 3 * DAY)
    assert "assignment-gone" not in {what for _, what in found(engine)}


# --- other mending -------------------------------------------------------------------------------


def test_who_was_not_told_of_a_rung_is_told_once(engine, worked):
    count = len(rows(engine, "alerts"))
    behind_the_back(engine, "DELETE FROM alerts WHERE id = (SELECT max(id) FROM alerts WHERE "
                    "rung IS NOT NULL AND next_at IS NOT NULL)", "alerts")  # fmt: skip
    assert (worked, "rung-without-alert") in found(engine)
    assert mend(engine, worked, by="director", now=LATER + 11 * DAY).alerts == 1
    assert len(rows(engine, "alerts")) == count
    assert "rung-without-alert" not in {what for _, what in found(engine)}
    assert mend(engine, worked, by="director", now=LATER + 11 * DAY).anything is False


def test_of_a_promise_that_is_over_nobody_is_told_any_more(engine, worked):
    promise = rows(engine, "checkpoints", "rung IS NOT NULL AND state = 'open'")[0]
    answer(engine, worked, str(promise["id"]), given=Answer.DONE, by="director", now=LATER)
    _forget_alerts(engine, promise["id"])
    assert (worked, "rung-without-alert") in found(engine)
    assert mend(engine, worked, by="director", now=LATER).alerts == 0
    assert "rung-without-alert" not in {what for _, what in found(engine)}


def _forget_alerts(engine: Engine, promise: int) -> None:
    of_it = f"(SELECT id FROM alerts WHERE checkpoint_id = {promise})"
    behind_the_back(engine, f"DELETE FROM deliveries WHERE alert_id IN {of_it}", "deliveries")
    behind_the_back(engine, f"DELETE FROM alerts WHERE checkpoint_id = {promise}", "alerts")


def test_a_promise_that_comes_back_after_its_case_was_closed_is_over_and_rings_no_more(
    engine, in_signal
):
    behind_the_back(engine, "DELETE FROM checkpoints WHERE state = 'open' AND NOT outlives")
    go(engine, in_signal, "unfounded", NOW + DAY)
    done = mend(engine, in_signal, by="director", now=NOW + 2 * DAY)
    assert done.restored
    assert rows(engine, "checkpoints", "state = 'open' AND NOT outlives") == []
    assert mend(engine, in_signal, by="director", now=NOW + 2 * DAY).anything is False


def test_a_promise_that_was_put_off_rings_again_once_its_cause_is_mended(engine, in_signal):
    when = NOW + timedelta(days=4)
    damaged = "UPDATE checkpoints SET due_on = '9999-12-30', next_rung = 0"
    behind_the_back(engine, damaged, "checkpoints")
    raise_all(engine, when)
    assert (in_signal, "put-off") in found(engine)
    behind_the_back(engine, "UPDATE checkpoints SET due_on = '2026-03-04'", "checkpoints")
    assert raise_all(engine, when) == 0, "it was put off for an hour"
    done = mend(engine, in_signal, by="director", now=when)
    assert len(done.promises) >= 1
    assert raise_all(engine, when) >= len(done.promises)
    assert (in_signal, "put-off") not in found(engine)
    assert mend(engine, in_signal, by="director", now=when).anything is False


def test_the_journal_tells_who_mended_what_and_stays_whole(engine, worked):
    act(engine, worked, "note_added", LATER, text="eerst")
    behind_the_back(engine, DELETED["alerts"])
    mend(engine, worked, by="process", now=LATER)
    last = rows(engine, "journal")[-1]
    assert (last["kind"], last["actor"], last["data"]["of"]) == ("restored", "process", "alerts")
    assert broken_at(engine, worked) is None
