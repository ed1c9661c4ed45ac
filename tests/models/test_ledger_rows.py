"""A promised date never moves and its ledger only grows: tried by raw SQL, on both databases."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from casework.ledger import extend_term, pause_term
from casework.schema import MIGRATIONS, migrate
from escalation.terms import Length
from tests.builders import NOW, a_case, a_town, act

T = SQLModel.metadata.tables
NEVER_MOVES = "a promised date never moves"
APPEND_ONLY = "the ledger of terms is append-only"
CHECK = "(?i)check"
UNIQUE = "(?i)unique"
SAID = {"by": "director", "ground": "Awb 4:15", "reason": "stukken ontbreken", "now": NOW}


def two_changes(engine) -> None:
    """A case with a promise whose date was changed twice."""
    a_town(engine)
    key = a_case(engine)
    act(engine, key, "enforcement_requested")
    day = NOW.date()
    pause_term(engine, key, "request_decided", on=day, until=day + timedelta(days=14), **SAID)
    extend_term(
        engine, key, "request_decided", on=day, length=Length.parse("6 weeks"), **SAID
    )  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request, worlds, tmp_path):
    made = worlds.copy(request.param, two_changes, tmp_path)
    yield made
    made.dispose()


def rows(engine, table: str) -> list[dict]:
    with engine.connect() as connection:
        query = sa.select(T[table]).order_by(T[table].c.id)
        return [dict(row) for row in connection.execute(query).mappings()]


def run(engine, sql) -> int:
    with engine.begin() as connection:
        return connection.execute(sa.text(sql) if isinstance(sql, str) else sql).rowcount


def refused(words: str):
    return pytest.raises(IntegrityError, match=words)


def a_line(engine, **changes) -> sa.Insert:
    """A line of the ledger that could be, with these changes: the last promise is replaced."""
    first, second = rows(engine, "term_changes")
    loose = next(r["id"] for r in rows(engine, "checkpoints") if r["key"] == "triaged")
    line = {k: v for k, v in second.items() if k != "id"}
    line |= {"checkpoint_id": second["successor_id"], "successor_id": loose, "seq": 3}
    assert first["root_id"] == second["root_id"]
    return sa.insert(T["term_changes"]).values(**(line | changes))


# --- a date never moves --------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["due_on", "due_at", "nominal_on", "since", "kind", "length",
                                    "exact"])  # fmt: skip
def test_what_a_promise_says_of_its_date_can_not_be_changed(engine, column):
    other = {
        "due_on": date(2027, 1, 4),
        "nominal_on": date(2027, 1, 4),
        "kind": "policy",
        "due_at": NOW,
        "since": NOW + timedelta(days=1),
        "length": "9 weeks",
        "exact": True,
    }
    some = T["checkpoints"].c.key == "request_decided"
    with refused(NEVER_MOVES):
        run(engine, sa.update(T["checkpoints"]).where(some).values(**{column: other[column]}))


def test_what_a_promise_says_beside_its_date_may_change(engine):
    assert run(engine, "UPDATE checkpoints SET next_rung = next_rung, due_on = due_on")
    assert run(engine, "UPDATE checkpoints SET rung = 0 WHERE key = 'triaged'") == 1


def test_a_promise_can_not_be_put_in_the_place_of_another(engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has INSERT OR REPLACE")
    row = rows(engine, "checkpoints")[0] | {"due_on": date(2027, 1, 4)}
    for identity in ({}, {"id": None}):
        with refused(NEVER_MOVES):
            run(engine, sa.insert(T["checkpoints"]).prefix_with("OR REPLACE").values(
                **(row | identity)))  # fmt: skip


def test_a_promise_has_always_the_day_its_counting_ended(engine):
    with refused("(?i)null"):
        row = rows(engine, "checkpoints")[0] | {"origin": "act:999", "nominal_on": None}
        run(engine, sa.insert(T["checkpoints"]).values(
            **{k: v for k, v in row.items() if k != "id"}))  # fmt: skip


@pytest.mark.parametrize(("awaits", "length"), [("ruling_received", None), (None, "3 days")])
def test_what_is_awaited_and_how_long_after_it_come_together(engine, awaits, length):
    with refused(CHECK):
        run(engine, sa.update(T["checkpoints"]).values(awaits=awaits, awaits_length=length))


# --- the ledger only grows -----------------------------------------------------------------------


@pytest.mark.parametrize("sql", [
    "UPDATE term_changes SET reason = 'anders'", "UPDATE term_changes SET seq = seq + 1",
    "DELETE FROM term_changes", "DELETE FROM term_changes WHERE seq = 2",
])  # fmt: skip
def test_a_line_of_the_ledger_stays_as_it_is(engine, sql):
    with refused(APPEND_ONLY):
        run(engine, sql)


def test_the_ledger_can_not_be_emptied(engine):
    if engine.dialect.name == "sqlite":
        pytest.skip("SQLite has no TRUNCATE")
    with pytest.raises(IntegrityError, match="history stays"):
        run(engine, "TRUNCATE term_changes")


def test_a_line_can_not_be_put_in_the_place_of_another(engine):
    if engine.dialect.name != "sqlite":
        pytest.skip("only SQLite has INSERT OR REPLACE")
    first = rows(engine, "term_changes")[0]
    for changes in (
        {"id": first["id"]}, {"checkpoint_id": first["checkpoint_id"]},
        {"successor_id": first["successor_id"]}, {"seq": 1},
    ):  # fmt: skip
        with refused(APPEND_ONLY):
            run(engine, a_line(engine, **changes).prefix_with("OR REPLACE"))


def test_a_line_that_could_be_is_taken(engine):
    run(engine, a_line(engine))
    assert len(rows(engine, "term_changes")) == 3


IMPOSSIBLE = {
    "a pause without a last day": ({"what": "paused", "length": None}, CHECK),
    "a last day of what is no pause": ({"until": date(2027, 1, 4)}, CHECK),
    "a pause that ends before it begins":
        ({"what": "paused", "length": None, "until": date(2020, 1, 1)}, CHECK),
    "an extension without a length": ({"length": None}, CHECK),
    "an extension with a blank length": ({"length": " "}, CHECK),
    "a length of what is no extension": ({"what": "resumed"}, CHECK),
    "something else than a change": ({"what": "forgotten", "length": None}, CHECK),
    "a change without a ground": ({"ground": "  "}, CHECK),
    "a change without a reason": ({"reason": ""}, CHECK),
    "a change before the first": ({"seq": 0}, CHECK),
    "two changes with one number": ({"seq": 2}, f"{UNIQUE}|{APPEND_ONLY}"),
    "a change to a promise that is not there": ({"successor_id": 999_999}, "(?i)foreign"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "words"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
def test_there_is_never(engine, changes, words):
    with refused(words):
        run(engine, a_line(engine, **changes))


def test_a_promise_is_replaced_once_and_replaces_one(engine):
    first = rows(engine, "term_changes")[0]
    for column in ("checkpoint_id", "successor_id"):
        with refused(f"{UNIQUE}|{APPEND_ONLY}"):
            run(engine, a_line(engine, **{column: first[column]}))


def test_a_promise_does_not_replace_itself(engine):
    last = rows(engine, "term_changes")[-1]["successor_id"]
    with refused("(?i)check|append-only"):
        run(engine, a_line(engine, successor_id=last))


# --- the step in between -------------------------------------------------------------------------


def test_promises_from_before_the_ledger_ended_where_their_counting_ended(engine):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(migrates=True).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    migrate(engine, NOW)
    found = rows(engine, "checkpoints")
    assert found
    assert [r["nominal_on"] for r in found] == [r["due_on"] for r in found]
    assert rows(engine, "term_changes") == []
